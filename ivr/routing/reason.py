"""Why a call went to an agent: the figures that decided it, and the same in words."""

from collections.abc import Mapping
from typing import Any, NamedTuple

Key = tuple[int | str, ...]

BY_ORDER = {
    "ring": "{agent} in the nearest ring of {idle}",
    "prefer": "{agent} preferred of {idle}",
    "level": "{agent} best-skilled of {idle}",
    "fit": "{agent} the specialist of {idle}",
    "idle": "{agent} idle longest of {idle}",
    "fewest_calls": "{agent} with the fewest calls of {idle}",
    "least_talk": "{agent} with the least talk of {idle}",
    "id": "{agent} first by name of {idle}",
}


class Rivals(NamedTuple):
    """Who stood to choose from: keys of the winner and the runner-up (smaller first), and how many.

    `special` is a call whose rarity decided, or an agent who knows the caller.
    """

    key: Key
    next: Key | None
    number: int
    special: bool = False


class Reason(NamedTuple):
    """The record of a decision.

    `calls` are the waiting calls that the agent could take, `agents` the agents who could take the call
    at once, ordered by `order`. `needs` is what was in force of what was `asked`, after `step` steps.
    """

    agent: str
    waited_ms: int
    bonus_ms: int
    asked: Mapping[str, int]
    needs: Mapping[str, int]
    ring: int
    step: int
    step_after_ms: int
    order: tuple[str, ...]
    calls: Rivals
    agents: Rivals

    def as_data(self) -> dict[str, Any]:
        """Return the record as data that fits JSON."""
        data = self._asdict()
        data.update(asked=dict(self.asked), needs=dict(self.needs))
        data.update(calls=self.calls._asdict(), agents=self.agents._asdict())
        return data

    def words(self) -> str:
        """Return the decision as a sentence."""
        return "; ".join(part for part in (self._call(), self._agent(), self._relaxed()) if part)

    def _call(self) -> str:
        wanted, waited = skills_in_words(self.needs), seconds(self.waited_ms)
        count = self.calls.number
        if count == 1:
            return f"the only one waiting for {wanted}, for {waited}"
        if self.calls.special:
            return f"first of {count} for {wanted} because fewer agents can take it, waiting for {waited}"
        if self.bonus_ms:
            more = f"counts as {seconds(self.bonus_ms)} more"
            return f"first of {count} for {wanted} by wait and priority, waiting for {waited} ({more})"
        return f"longest waiting of {count} for {wanted}, for {waited}"

    def _agent(self) -> str:
        if self.agents.special:
            return f"{self.agent} knows the caller"
        if self.agents.next is None:
            return f"{self.agent} the only one ready"
        decided = self._decided_by()
        said = BY_ORDER[decided].format(agent=self.agent, idle=self.agents.number)
        if "level" in self.order[: self.order.index(decided)]:
            said += f" at level {-int(self.agents.key[self.order.index('level')])}"
        return said

    def _decided_by(self) -> str:
        """Return the first of the orders in which the agent and the runner-up differ."""
        pairs = zip(self.order, self.agents.key, self.agents.next or (), strict=False)
        return next((name for name, ours, theirs in pairs if ours != theirs), "id")

    def _relaxed(self) -> str:
        if not self.step:
            return ""
        now = self.needs
        changes = [
            f"{skill} dropped" if skill not in now else f"{skill} relaxed from {level} to {now[skill]}"
            for skill, level in sorted(self.asked.items())
            if now.get(skill) != level
        ]
        if self.ring > 1:
            changes.append(f"agents of ring {self.ring} let in")
        return f"{', '.join(changes) or 'relaxed'} after {seconds(self.step_after_ms)}"


def seconds(ms: int) -> str:
    """Return a time in whole seconds, as "30 s"."""
    return f"{ms // 1000} s"


def skills_in_words(needs: Mapping[str, int]) -> str:
    """Return needed skills as "en and orders>=2"."""
    parts = [f"{skill}>={level}" if level > 1 else skill for skill, level in sorted(needs.items())]
    return " and ".join(parts) or "anybody"
