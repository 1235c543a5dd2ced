"""The router: an index of waiting calls and ready agents; events in, decisions out.

Longest-waiting caller first over all queues; for one caller the best-skilled, then longest-idle
agent; ties break on identifiers, so the same events always give the same decisions. A caller whom
nobody free can take never holds up later ones.
"""

from collections.abc import Mapping

from ivr.routing.model import (
    Accepted,
    Away,
    Decision,
    Entered,
    Event,
    Idle,
    Left,
    Offer,
    Ready,
    Rejected,
    Rest,
    Restored,
    Rules,
    Tick,
    Waiting,
    Withdraw,
)


class Router:
    """All state is in three maps: who waits, who is ready, what rings."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.waiting: dict[str, Waiting] = {}
        self.ready: dict[str, Idle] = {}
        self.offers: dict[str, Offer] = {}
        self._resting: dict[str, int] = {}
        self._offered_calls: dict[str, Waiting] = {}
        self._offered_agents: dict[str, Idle] = {}

    def apply(self, event: Event, now_ms: int) -> list[Decision]:
        """Take one event and return what to do, in order. Repeating an event changes nothing."""
        decided: list[Decision] = self._expired(now_ms)
        match event:
            case Entered(call=call):
                if call.id not in self._offered_calls:
                    self.waiting[call.id] = call
            case Left(call=call_id):
                decided += self._left(call_id)
            case Ready(agent=agent):
                if agent.id not in self._offered_agents:
                    self.ready[agent.id] = agent
            case Away(agent=agent_id):
                decided += self._away(agent_id)
            case Restored():
                self._ring(event.offer, event.call, event.agent)
            case Accepted(offer=offer_id):
                self._accepted(offer_id)
            case Rejected(offer=offer_id):
                decided += self._missed(offer_id, "rejected", now_ms)
            case Tick():
                pass
        return decided + self._match(now_ms)

    def next_ms(self) -> int | None:
        """Return when time alone changes something next, or None."""
        due = [offer.expires_ms for offer in self.offers.values()]
        due += [until for agent, until in self._resting.items() if agent in self.ready]
        return min(due, default=None)

    def position(self, call_id: str) -> int | None:
        """Return a waiting call's place in its queue, counted from 1."""
        call = self.waiting.get(call_id) or self._offered_calls.get(call_id)
        if call is None:
            return None
        others = [*self.waiting.values(), *self._offered_calls.values()]
        return 1 + sum(o.queue == call.queue and o.place < call.place for o in others)

    # ---- what happens

    def _left(self, call_id: str) -> list[Decision]:
        self.waiting.pop(call_id, None)
        ringing = [offer for offer in self.offers.values() if offer.call == call_id]
        return [self._withdraw(offer, "the caller left", call_back=False) for offer in ringing]

    def _away(self, agent_id: str) -> list[Decision]:
        self.ready.pop(agent_id, None)
        ringing = [offer for offer in self.offers.values() if offer.agent == agent_id]
        return [self._withdraw(o, "the agent left", agent_back=False) for o in ringing]

    def _accepted(self, offer_id: str) -> None:
        offer = self.offers.pop(offer_id, None)
        if offer is not None:
            self._offered_calls.pop(offer.call, None)
            self._offered_agents.pop(offer.agent, None)
            self._resting.pop(offer.agent, None)

    def _expired(self, now_ms: int) -> list[Decision]:
        due = sorted(o.id for o in self.offers.values() if o.expires_ms <= now_ms)
        return [one for offer in due for one in self._missed(offer, "expired", now_ms)]

    def _missed(self, offer_id: str, because: str, now_ms: int) -> list[Decision]:
        offer = self.offers.get(offer_id)
        if offer is None:
            return []
        agent = self._offered_agents[offer.agent]
        missed = agent.missed + (because == "expired")
        tired = missed >= self.rules.max_missed
        self._offered_agents[offer.agent] = Idle(agent.id, agent.skills, agent.since_ms, missed)
        withdrawn = self._withdraw(offer, because, agent_back=not tired)
        self._resting[offer.agent] = now_ms + self.rules.cool_down_ms
        return [withdrawn, Rest(offer.agent, missed)] if tired else [withdrawn]

    def _withdraw(
        self, offer: Offer, because: str, *, call_back: bool = True, agent_back: bool = True
    ) -> Withdraw:
        self.offers.pop(offer.id, None)
        call = self._offered_calls.pop(offer.call, None)
        agent = self._offered_agents.pop(offer.agent, None)
        if call is not None and call_back:
            self.waiting[call.id] = Waiting(
                call.id, call.queue, call.skills, call.since_ms, call.priority, offer.agent, call.offers + 1
            )
        if agent is not None and agent_back:
            self.ready[agent.id] = agent
        return Withdraw(offer, because)

    # ---- who takes whom

    def _match(self, now_ms: int) -> list[Decision]:
        offers: list[Decision] = []
        for call in sorted(self.waiting.values(), key=lambda waiting: waiting.place):
            able = [a for a in self.ready.values() if suits(a.skills, call.skills)]
            free = [a for a in able if self._resting.get(a.id, 0) <= now_ms]
            # not the same agent twice in a row, unless nobody else could take the call
            others = [a for a in free if a.id != call.last_agent]
            if not others and any(a.id != call.last_agent for a in able):
                continue
            agent = min(others or free, key=lambda a: _rank(a, call), default=None)
            if agent is not None:
                offers.append(self._offer(call, agent, len(able), now_ms))
        return offers

    def _offer(self, call: Waiting, agent: Idle, able: int, now_ms: int) -> Offer:
        wanted = " and ".join(f"{name} {level} or better" for name, level in sorted(call.skills.items()))
        others = (
            f"{agent.id} is the best-skilled of {able}, then the longest idle"
            if able > 1
            else "only one is free"
        )
        why = f"Waiting for {(now_ms - call.since_ms) // 1000} s, needs {wanted or 'no skill'}; {others}."
        offer = Offer(f"{call.id}.{call.offers + 1}", call.id, agent.id, now_ms + self.rules.offer_ms, why)
        self._ring(offer, call, agent)
        return offer

    def _ring(self, offer: Offer, call: Waiting, agent: Idle) -> None:
        self.offers[offer.id] = offer
        self.waiting.pop(call.id, None)
        self.ready.pop(agent.id, None)
        self._offered_calls[call.id] = call
        self._offered_agents[agent.id] = agent


def suits(has: Mapping[str, int], wanted: Mapping[str, int]) -> bool:
    """Return whether every wanted skill is there at its least level."""
    return all(has.get(skill, 0) >= level for skill, level in wanted.items())


def _rank(agent: Idle, call: Waiting) -> tuple[int, int, str]:
    level = sum(agent.skills.get(skill, 0) for skill in call.skills)
    return -level, agent.since_ms, agent.id
