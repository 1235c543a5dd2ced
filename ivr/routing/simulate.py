"""A day of a scenario through the real router on a virtual clock: what every queue and agent came to.

At one instant talks end first, then agents come and go, then calls arrive, agents answer, callers give up.
"""

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

from ivr.routing.estimate import Estimator, Expected
from ivr.routing.model import (
    Accepted,
    Agent,
    Call,
    Closed,
    Connect,
    Ended,
    Entered,
    Event,
    Left,
    Offer,
    Overflow,
    Paused,
    Ready,
    Tick,
)
from ivr.routing.policy import QUEUE_TARGET, QueuePolicy, Rules
from ivr.routing.router import Router
from ivr.routing.scenario import INTERVAL_MS, Caller, Group, Scenario, callers
from ivr.routing.standing import ahead
from ivr.routing.tally import Tally, Worked

END, SHIFT, ARRIVE, ANSWER, GIVE_UP = range(5)
Figures = dict[str, dict[str, float]]


@dataclass(slots=True)
class Open:
    """A call that is on its way; `expected` is what it was told when it had to wait."""

    caller: Caller
    queue: str
    counted: bool
    agent: str | None = None
    expected: Expected | None = None
    range_ms: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True)
class Estimates:
    """How good the announced waits were, over callers who had to wait and were served."""

    number: int = 0
    waited_ms: int = 0
    wrong_ms: float = 0.0
    held: int = 0

    def figures(self) -> dict[str, float]:
        """Return the mean error over the mean wait, and how many waits were within their range."""
        if not self.number:
            return {"error": 0.0, "range_held": 1.0}
        return {"error": self.wrong_ms / max(1, self.waited_ms), "range_held": self.held / self.number}


@dataclass(slots=True)
class Day:
    """One run in the making."""

    scenario: Scenario
    number: int
    estimating: bool = True
    router: Router = field(init=False)
    now: int = 0
    end: int = field(init=False)
    ahead: list[tuple[int, int, int, str]] = field(default_factory=list)
    open: dict[str, Open] = field(default_factory=dict)
    present: dict[str, int] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    worked: dict[str, Worked] = field(default_factory=dict)
    estimators: dict[str, Estimator] = field(default_factory=dict)
    estimates: Estimates = field(default_factory=Estimates)
    count: int = 0

    def __post_init__(self) -> None:
        self.router = Router(without_endless_wrap_up(self.scenario.rules))
        self.end = self.scenario.intervals * INTERVAL_MS
        self.tallies = {name: Tally(self.scenario.target_ms) for name in self.scenario.matters}
        self.worked = {name: Worked() for name in self.scenario.agents}
        for number in range(self.scenario.intervals):
            heappush(self.ahead, (number * INTERVAL_MS, SHIFT, number, ""))

    # ---- the clock

    def run(self) -> "Day":
        """Live through the day, and on until everybody is served who can be."""
        for caller in callers(self.scenario, self.number):
            self.until(caller.arrive_ms, ARRIVE)
            self.arrive(caller)
        self.until(self.end, SHIFT)
        for queue in sorted({matter.queue for matter in self.scenario.matters.values()}):
            self.tell(Closed(queue), self.end)
        self.until(None, ARRIVE)
        for name in self.present:
            self.gone(name, self.end)
        for call in self.open.values():
            self.tallies[call.caller.matter].overflowed += call.counted
        return self

    def until(self, stop: int | None, kind: int) -> None:
        """Let everything happen that comes before a kind of event at a time; None: everything."""
        while True:
            due = self.router.next_ms()
            first = self.ahead[0][0] if self.ahead else None
            if due is not None and (first is None or due < first) and (stop is None or due < stop):
                self.tell(Tick(), due)
            elif first is not None and (stop is None or self.ahead[0][:2] < (stop, kind)):
                self.happen(*heappop(self.ahead))
            else:
                return

    def happen(self, at: int, kind: int, number: int, name: str) -> None:
        """Let one thing happen that was planned."""
        match kind:
            case 0:  # END
                self.over(name, at)
            case 1:  # SHIFT
                self.change_shift(number, at)
            case 3:  # ANSWER
                self.tell(Accepted(name), at)
            case _:
                self.give_up(name, at)

    def tell(self, event: Event, at: int) -> None:
        """Apply an event, and carry out what follows."""
        self.now = at
        for one in self.router.apply(event, at):
            match one:
                case Offer(id=offer):
                    heappush(self.ahead, (at + self.scenario.answer_ms, ANSWER, self.count, offer))
                case Connect(offer=offer_):
                    self.connect(offer_, at)
                case Overflow(call=call, to=to) if not to.startswith(QUEUE_TARGET):
                    gone = self.open.pop(call)
                    self.tallies[gone.caller.matter].overflowed += gone.counted

    # ---- callers

    def arrive(self, caller: Caller) -> None:
        """A call comes in."""
        matter = self.scenario.matters[caller.matter]
        self.count += 1
        name, counted = f"c{self.count:08}", caller.arrive_ms >= self.scenario.warm_up_ms
        self.open[name] = Open(caller, matter.queue, counted)
        self.tallies[caller.matter].offered += counted
        call = Call(
            name, matter.queue, matter.skills, caller.arrive_ms, matter.priority, prefer=matter.prefer
        )
        self.tell(Entered(call), caller.arrive_ms)
        waits = self.open.get(name)
        if waits is None or waits.agent is not None:
            return
        if caller.patience_ms is not None:
            heappush(self.ahead, (caller.arrive_ms + caller.patience_ms, GIVE_UP, self.count, name))
        if self.estimating:
            self.estimate(name, waits)

    def estimate(self, name: str, call: Open) -> None:
        """Work out what the caller would be told now."""
        stands, estimator = ahead(self.router, name), self.estimator(call.queue)
        call.expected = estimator.expect(stands.calls, stands.agents) if stands else None
        if call.expected is not None:
            call.range_ms = estimator.range_ms(call.expected)

    def estimator(self, queue: str) -> Estimator:
        """Return a queue's experience."""
        if queue not in self.estimators:
            self.estimators[queue] = Estimator()
        return self.estimators[queue]

    def give_up(self, name: str, at: int) -> None:
        """A caller's patience ends; one who is being served by then has none of it."""
        call = self.open.get(name)
        if call is None or call.agent is not None:
            return
        wait = at - call.caller.arrive_ms
        del self.open[name]
        if call.counted:
            self.tallies[call.caller.matter].abandon(wait)
        self.estimator(call.queue).waited(wait, True)
        self.tell(Left(name), at)

    def connect(self, offer: Offer, at: int) -> None:
        """A talk begins."""
        call = self.open[offer.call]
        call.agent = offer.agent
        wait, handle = at - call.caller.arrive_ms, call.caller.handle_ms
        heappush(self.ahead, (at + handle, END, int(offer.agent.rpartition(" ")[2]), offer.call))
        if call.counted:
            self.tallies[call.caller.matter].answer(wait)
        group = self.worked[offer.agent.rpartition(" ")[0]]
        group.calls += call.counted
        wrap_up = self.router.floor.rules.of(call.queue).wrap_up_ms or 0
        group.busy_ms += self.within(at, at + handle + wrap_up)
        if self.estimating:
            self.learn(call, wait, handle + wrap_up)

    def learn(self, call: Open, wait: int, handle: int) -> None:
        """Compare what the caller was told with what came true."""
        estimator = self.estimator(call.queue)
        if call.expected is not None:
            if call.counted:
                self.estimates.number += 1
                self.estimates.waited_ms += wait
                self.estimates.wrong_ms += abs(wait - call.expected.mean_ms)
                self.estimates.held += call.range_ms[0] <= wait <= call.range_ms[1]
            estimator.learn(call.expected, wait)
        estimator.waited(wait, False)
        estimator.handled(handle)

    def over(self, name: str, at: int) -> None:
        """A talk ends; an agent whose shift has ended goes."""
        call = self.open.pop(name)
        self.tell(Ended(name), at)
        agent = call.agent or ""
        seat = self.router.floor.seats.get(agent)
        if agent in self.present and seat is not None and seat.state == "paused":
            self.gone(agent, at)

    # ---- agents

    def change_shift(self, interval: int, at: int) -> None:
        """Let agents come and go."""
        for name, group in self.scenario.agents.items():
            want = group.at(interval)
            before = group.at(interval - 1) if interval else 0
            for number in range(before + 1, want + 1):
                self.come(f"{name} {number:04}", group, at)
            for number in range(want + 1, before + 1):
                self.go(f"{name} {number:04}", at)

    def come(self, agent: str, group: Group, at: int) -> None:
        """An agent signs in."""
        self.present.setdefault(agent, at)
        there = Agent(agent, group.skills, at, queues=group.queues, rings=group.rings, delays_ms=group.delays)
        self.tell(Ready(there), at)

    def go(self, agent: str, at: int) -> None:
        """An agent's shift ends; a talk is finished first."""
        self.tell(Paused(agent), at)
        if self.router.floor.seats[agent].state == "paused":
            self.gone(agent, at)

    def gone(self, agent: str, at: int) -> None:
        """Count how long an agent was there."""
        since = self.present.pop(agent) if at != self.end else self.present[agent]
        self.worked[agent.rpartition(" ")[0]].present_ms += self.within(since, at)

    def within(self, start: int, end: int) -> int:
        """Return how much of a time is counted: after the warm-up, before the day ends."""
        return max(0, min(end, self.end) - max(start, self.scenario.warm_up_ms))

    # ---- what came of it

    def figures(self) -> Figures:
        """Return all measures: of everybody, by matter, by group of agents, of the announced waits."""
        everybody = Tally(self.scenario.target_ms)
        for tally in self.tallies.values():
            _add(everybody, tally)
        total = Worked(
            sum(one.present_ms for one in self.worked.values()),
            sum(one.busy_ms for one in self.worked.values()),
        )
        found: Figures = {"all": {**everybody.figures(), "occupancy": total.occupancy}}
        found |= {f"matter {name}": tally.figures() for name, tally in self.tallies.items()}
        for name, one in self.worked.items():
            found[f"group {name}"] = {"occupancy": one.occupancy, "calls": float(one.calls)}
        if self.estimating:
            found["announced wait"] = self.estimates.figures()
        return found


def _add(everybody: Tally, tally: Tally) -> None:
    everybody.offered += tally.offered
    everybody.overflowed += tally.overflowed
    everybody.in_time += tally.in_time
    everybody.gone_in_time += tally.gone_in_time
    everybody.gone_short += tally.gone_short
    everybody.answered_ms += tally.answered_ms
    everybody.gone_ms += tally.gone_ms


def without_endless_wrap_up(rules: Rules) -> Rules:
    """Return rules in which wrap-up that agents would end themselves takes no time."""

    def ends(policy: QueuePolicy) -> QueuePolicy:
        return replace(policy, wrap_up_ms=0) if policy.wrap_up_ms is None else policy

    queues = {name: ends(policy) for name, policy in rules.queues.items()}
    return replace(rules, default=ends(rules.default), queues=queues)


def simulate(scenario: Scenario, run: int) -> Figures:
    """Return what one run of a scenario came to."""
    return Day(scenario, run).run().figures()
