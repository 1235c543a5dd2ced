"""A recorded trace through the real router on a virtual clock: who took which call, and after what wait.

At one instant agents become free first, in the order of their numbers, then calls arrive, then callers
give up. The formats are described in docs/routing.md.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from ivr.routing.model import Agent, Call, Connect, Decision, Ended, Entered, Left, Overflow, Ready
from ivr.routing.policy import QueuePolicy, Rules, read_as
from ivr.routing.router import Router

HEADER = ["call", "arrive_ms", "skill", "handle_ms", "patience_ms"]
RESULT_HEADER = "call,outcome,agent,wait_ms"
FREE, GIVE_UP = 0, 2
"""What happens at one instant, in this order; arrivals come in between."""
ARRIVE = 1
QUEUE = "all"
LEVELS = 1_000_000
"""Above any number of skills: the router's levels are higher where a skill stands nearer to the front."""


@checked(frozen=True, slots=True, config=ConfigDict(extra="forbid", strict=True))
class Setting:
    """Who works and how: each agent's skills, best first; places to wait; which call goes first."""

    agents: tuple[tuple[int | str, ...], ...]
    policy: Literal["fcfs", "level"]
    K: Annotated[int, Field(ge=0)] | None = None


def read_setting(data: object) -> Setting:
    """Return a setting from plain data. Raise Faulty with every fault."""
    return read_as(Setting, data)


class TraceFault(ValueError):
    """A line of a trace that cannot be used."""

    def __init__(self, line: int, said: str) -> None:
        super().__init__(f"line {line}: {said}")


@dataclass(frozen=True, slots=True)
class Row:
    """One call of a trace. `patience_ms` None: the caller never gives up."""

    line: int
    call: int
    arrive_ms: int
    skill: str
    handle_ms: int
    patience_ms: int | None


def read_trace(lines: Iterable[str]) -> Iterator[Row]:
    """Yield the calls of a trace. Raise TraceFault at the first line that is wrong."""
    reader = csv.reader(lines)
    header = next(reader, [])
    if [name.strip().removeprefix("\ufeff") for name in header] != HEADER:
        raise TraceFault(1, f"the header is not {','.join(HEADER)}")
    latest, last_call = 0, -1
    for cells in reader:
        if not cells:
            continue
        row = _row(reader.line_num, cells)
        if row.arrive_ms < latest:
            raise TraceFault(
                row.line, f"call {row.call} arrives at {row.arrive_ms}, before the line above it"
            )
        if row.call == last_call:
            raise TraceFault(row.line, f"call {row.call} stands twice")
        latest, last_call = row.arrive_ms, row.call
        yield row


def _row(line: int, cells: list[str]) -> Row:
    if len(cells) != len(HEADER):
        raise TraceFault(line, f"{len(cells)} values where {len(HEADER)} belong ({','.join(HEADER)})")
    call, arrive, skill, handle, patience = cells
    if not skill:
        raise TraceFault(line, "'skill' is empty")
    return Row(
        line,
        _number(line, "call", call),
        _number(line, "arrive_ms", arrive),
        skill.strip(),
        _number(line, "handle_ms", handle),
        _number(line, "patience_ms", patience) if patience.strip() else None,
    )


def _number(line: int, name: str, text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        raise TraceFault(line, f"'{name}' is '{text}', not a whole number of 0 or more")
    return int(text)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call: A answered, X gave up, B refused for lack of a place."""

    call: int
    outcome: str
    agent: int
    wait_ms: int

    def __str__(self) -> str:
        """Return the line of the result."""
        return f"{self.call},{self.outcome},{self.agent},{self.wait_ms}"


def replay(setting: Setting, rows: Iterable[Row]) -> Iterator[Outcome]:
    """Yield what becomes of each call in the order of the trace, as soon as all before it are decided."""
    run = _Run(setting)
    for row in rows:
        run.until(row.arrive_ms, ARRIVE)
        run.arrive(row)
        yield from run.decided()
    run.until(None, ARRIVE)
    yield from run.decided()
    if run.open:
        row = next(iter(run.open.values()))
        raise TraceFault(
            row.line,
            f"call {row.call} waits for ever: no agent has skill {row.skill}, and it has no patience_ms",
        )


@dataclass(slots=True)
class _Run:
    """The router, the calls that are not decided yet, and what happens next."""

    setting: Setting
    router: Router = field(init=False)
    open: dict[str, Row] = field(default_factory=dict)
    done: dict[int, Outcome] = field(default_factory=dict)
    ahead: list[tuple[int, int, int, str]] = field(default_factory=list)
    line_up: deque[int] = field(default_factory=deque)

    def __post_init__(self) -> None:
        policy = QueuePolicy(agents=("level", "idle"), wrap_up_ms=0, limit=self.setting.K, resume_ms=0)
        self.router = Router(Rules(offer_ms=0, calls=self.setting.policy, rare_first_ms=0, default=policy))
        for number, skills in enumerate(self.setting.agents):
            levels = {str(skill): LEVELS - place for place, skill in reversed(list(enumerate(skills)))}
            self.router.apply(Ready(Agent(f"{number:06}", levels, 0)), 0)

    def until(self, now_ms: int | None, kind: int) -> None:
        """Let everything happen that comes before a kind of event at a time; None: everything."""
        ahead = self.ahead
        while ahead and (now_ms is None or ahead[0][:2] < (now_ms, kind)):
            at, what, _, name = heappop(ahead)
            if what == FREE:
                self.note(self.router.apply(Ended(name), at), at)
            elif name in self.open:
                row = self.open.pop(name)
                self.done[row.line] = Outcome(row.call, "X", -1, at - row.arrive_ms)
                self.router.apply(Left(name), at)

    def arrive(self, row: Row) -> None:
        """Let a call arrive."""
        name = f"{row.call:015}"
        self.open[name] = row
        self.line_up.append(row.line)
        told = self.router.apply(Entered(Call(name, QUEUE, {row.skill: 1}, row.arrive_ms)), row.arrive_ms)
        self.note(told, row.arrive_ms)
        if row.patience_ms is not None and name in self.open:
            heappush(self.ahead, (row.arrive_ms + row.patience_ms, GIVE_UP, row.call, name))

    def note(self, told: list[Decision], now_ms: int) -> None:
        """Keep what was decided about calls; a call that is answered ends after its handling time."""
        for one in told:
            match one:
                case Connect(offer=offer):
                    row, agent = self.open.pop(offer.call), int(offer.agent)
                    self.done[row.line] = Outcome(row.call, "A", agent, now_ms - row.arrive_ms)
                    heappush(self.ahead, (now_ms + row.handle_ms, FREE, agent, offer.call))
                case Overflow(call=name):
                    row = self.open.pop(name)
                    self.done[row.line] = Outcome(row.call, "B", -1, 0)

    def decided(self) -> Iterator[Outcome]:
        """Yield what is known of all calls before the first that is open."""
        while self.line_up and self.line_up[0] in self.done:
            yield self.done.pop(self.line_up.popleft())
