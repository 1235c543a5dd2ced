"""`ivr bench route`: decisions a second beside a queue in SQL, days a second, memory, announced waits."""

import gc
import json
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from random import Random

import click

from ivr.cli.bench.figures import JSON, SECONDS, Figures, machine, show
from ivr.cli.bench.route_sql import DurableLog, SqlQueue
from ivr.cli.bench.route_tables import dispatcher_figures
from ivr.routing.estimate import Expected
from ivr.routing.model import Accepted, Agent, Call, Decision, Ended, Entered, Offer, Ready, Tick
from ivr.routing.policy import QueuePolicy, Rules
from ivr.routing.router import Router
from ivr.routing.scenario import read_scenario
from ivr.routing.simulate import Day, Open
from ivr.routing.snapshot import rebuild, snapshot
from ivr.routing.standing import positions

SKILLS = [f"s{number:02}" for number in range(20)]
AGENTS, CALLS, SERVABLE = 1_000, 5_000, 100
RULES = Rules(default=QueuePolicy(wrap_up_ms=0))
WARM_UP = 3_000
"""Decisions before the clock starts: every lane exists then."""


@click.command("route", epilog="\b\nExample:\n  ivr bench route --seconds 5")
@JSON
@SECONDS
def bench_route(as_json: bool, seconds: float) -> None:
    """Routing decisions a CPU second beside a queue in SQL; restart, days, memory, announced waits."""
    figures: Figures = {"machine": machine()}
    with tempfile.TemporaryDirectory() as folder:
        figures |= _decisions(Path(folder), seconds)
        figures |= _durable(Path(folder), seconds)
        figures |= dispatcher_figures(Path(folder), seconds)
    figures |= _restart()
    figures |= _days()
    figures |= _memory()
    figures |= _waits()
    show(figures, as_json)


# ---- decisions


class Floor:
    """1,000 agents with 3 of 20 skills, all talking; 5,000 callers of 5 priorities, a fifth with two skills.

    In the hard mix 4,900 of them, who came earlier, need what nobody has.
    """

    def __init__(self, hard: bool, waiting: int = CALLS, agents: int = AGENTS) -> None:
        self.rng, self.now, self.count = Random(1), 0, 0
        self.router = Router(RULES)
        self.agents = [(f"a{number:04}", self.rng.sample(SKILLS, 3)) for number in range(agents)]
        self.talks: dict[str, str] = {}
        self._occupy()
        self.calls = [self.call(hard and number < waiting - SERVABLE) for number in range(waiting)]
        for call in self.calls:
            self.router.apply(Entered(call), self.now)

    def _occupy(self) -> None:
        """Give everybody somebody to talk to."""
        for agent, skills in self.agents:
            self.router.apply(Ready(Agent(agent, dict.fromkeys(skills, 1), 0)), 0)
        for agent, skills in self.agents:
            self.count += 1
            call = Call(f"t{self.count:07}", "q", dict.fromkeys(skills, 1), 0, known_agent=agent)
            self.take(self.router.apply(Entered(call), 0))

    def call(self, nobody: bool = False) -> Call:
        """Return a call that comes now."""
        self.count, self.now = self.count + 1, self.now + 1
        names = (
            [f"x{self.rng.randrange(20)}"]
            if nobody
            else self.rng.sample(SKILLS, 1 + (self.rng.random() < 0.2))
        )
        return Call(f"c{self.count:07}", "q", dict.fromkeys(names, 1), self.now, self.rng.randrange(5))

    def take(self, told: Sequence[Decision]) -> Offer | None:
        """Accept what is offered."""
        for one in told:
            if isinstance(one, Offer):
                self.router.apply(Accepted(one.id), self.now)
                self.talks[one.agent] = one.call
                return one
        return None

    def decide(self, agent: str, arriving: Call) -> Offer | None:
        """An agent's talk ends: choose, reserve, take out; and a call arrives."""
        offer = self.take(self.router.apply(Ended(self.talks.pop(agent, "")), self.now))
        return self.take(self.router.apply(Entered(arriving), self.now)) or offer

    def steps(self, count: int) -> list[tuple[str, Call]]:
        """Return agents who become free and calls that arrive."""
        return [(self.rng.choice(self.agents)[0], self.call()) for _ in range(count)]


@dataclass(slots=True)
class Pace:
    """Decisions with their CPU time, and how long each took by the clock."""

    made: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    took: list[float] = field(default_factory=list)

    def p99(self) -> float:
        """Return the 99th percentile in µs."""
        return sorted(self.took)[int(0.99 * len(self.took))] * 1e6


def _pace(floor: Floor, seconds: float, log: DurableLog | None = None) -> Pace:
    """Let agents become free for so many CPU seconds."""
    pace = Pace()
    for agent, arriving in floor.steps(WARM_UP):
        floor.decide(agent, arriving)
    while pace.cpu < seconds:
        steps = floor.steps(5_000)
        gc.collect()
        began, wall = time.process_time(), time.perf_counter()
        for agent, arriving in steps:
            at = time.perf_counter()
            offer = floor.decide(agent, arriving)
            if offer is not None:
                pace.made += 1
                if log is not None:
                    log.write(offer, arriving)
            pace.took.append(time.perf_counter() - at)
        pace.cpu += time.process_time() - began
        pace.wall += time.perf_counter() - wall
    return pace


def _decisions(folder: Path, seconds: float) -> Figures:
    figures: Figures = {}
    rates = {}
    for mix in ("uniform", "hard"):
        floor = Floor(mix == "hard")
        queue = SqlQueue(folder / f"{mix}.db", floor.agents, floor.calls)
        pace = _pace(floor, seconds)
        rates[mix], sql = pace.made / pace.cpu, _sql_rate(queue, floor, seconds)
        figures |= {
            f"{mix} mix: decisions a CPU second (goal 50,000)": round(rates[mix]),
            f"{mix} mix: 99 % of decisions within µs (goal 100)": round(pace.p99(), 1),
            f"{mix} mix: the same in SQL, a CPU second": round(sql),
            f"{mix} mix: ratio{' (goal 50)' if mix == 'hard' else ''}": round(rates[mix] / sql, 1),
        }
    return figures | {"hard / uniform (goal 0.5)": round(rates["hard"] / rates["uniform"], 2)}


def _sql_rate(queue: SqlQueue, floor: Floor, seconds: float) -> float:
    made, spent = 0, 0.0
    while spent < seconds:
        steps = floor.steps(200)
        began = time.process_time()
        for agent, arriving in steps:
            made += queue.decide(agent, arriving)
        spent += time.process_time() - began
    return made / spent


def _durable(folder: Path, seconds: float) -> Figures:
    figures: Figures = {}
    for title, synchronous, group, goal in (
        ("written before it rings, WAL, a commit each", "NORMAL", 1, 5_000),
        ("the same with fsync, 64 in a commit", "FULL", 64, 3_000),
    ):
        for mix in ("uniform", "hard"):
            log = DurableLog(folder / f"log-{mix}-{group}.db", synchronous, group)
            pace = _pace(Floor(mix == "hard"), seconds / 2, log)
            figures[f"{mix} mix, {title}: a second (goal {goal:,})"] = round(pace.made / pace.wall)
            if group == 1:
                figures[f"{mix} mix, {title}: 99 % within ms (goal 5)"] = round(pace.p99() / 1000, 2)
    return figures


# ---- restart, days, memory


def _restart() -> Figures:
    floor = Floor(hard=False)
    kept = json.loads(json.dumps(snapshot(floor.router)))
    began = time.process_time()
    again = rebuild(kept, RULES)
    again.apply(Tick(), floor.now)
    spent = time.process_time() - began
    same = positions(again, "q") == positions(floor.router, "q")
    return {
        "5,000 waiting calls and 1,000 agents rebuilt: CPU seconds (goal 0.5)": round(spent, 3),
        "the order is the same": "yes" if same else "NO",
    }


def _days() -> Figures:
    agents = {f"g{n}": {"number": 6, "skills": dict.fromkeys(pair, 1)} for n, pair in enumerate(_pairs())}
    matters = {
        f"m{n}": {"calls": [21.0] * 794, "handle": {"mean": "10m"}, "skills": {f"k{n}": 1}} for n in range(6)
    }
    scenario = read_scenario(
        {"scenario": "days", "matters": matters, "agents": agents, "rules": {"offer": "0s"}}
    )
    day = Day(scenario, 1, estimating=False)
    began = time.process_time()
    day.run()
    return {
        "calls simulated, 90 agents, six matters": day.count,
        "CPU seconds for 100,000 of them (goal 30)": round(
            (time.process_time() - began) * 100_000 / day.count, 2
        ),
    }


def _pairs() -> Iterator[tuple[str, str]]:
    return ((f"k{a}", f"k{b}") for a in range(6) for b in range(a))


def _memory() -> Figures:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        used = pool.submit(_footprint).result()
    return {"10,000 waiting calls and 2,000 agents: MB of the whole process (goal 200)": round(used)}


def _footprint() -> float:
    floor = Floor(hard=False, waiting=10_000, agents=2_000)
    assert len(positions(floor.router, "q")) == 10_000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ---- announced waits


class MovingAverage(Day):
    """A day that also keeps Asterisk's estimate: (3 × the last + the newest wait) / 4."""

    __slots__ = ("average", "then", "wrong_ms")

    def __post_init__(self) -> None:
        """Begin to average."""
        Day.__post_init__(self)
        self.average, self.wrong_ms = 0.0, 0.0
        self.then: dict[int, float] = {}

    def estimate(self, name: str, call: Open) -> None:
        """Note what Asterisk would say."""
        Day.estimate(self, name, call)
        self.then[id(call)] = self.average

    def learn(self, call: Open, wait: int, handle: int) -> None:
        """Compare it with the truth."""
        Day.learn(self, call, wait, handle)
        said = self.then.pop(id(call), None)
        if said is not None and call.counted and isinstance(call.expected, Expected):
            self.wrong_ms += abs(wait - said)
        self.average = (3 * self.average + wait) / 4


CASES = (
    ("20 agents at 90 %", 0.1, 180, 20, None, 0.24),
    ("90 agents at 93.3 %", 0.14, 600, 90, None, 0.20),
    ("50 agents, callers give up", 0.8, 60, 50, 120, 0.30),
    ("20 agents at 110 %, callers give up", 22 / 180, 180, 20, 180, 0.37),
)


def _waits() -> Figures:
    figures: Figures = {}
    for title, rate, handle, agents, patience, goal in CASES:
        matter = {"calls": [rate * 900] * round(60_000 / rate / 900), "handle": {"mean": f"{handle}s"}}
        if patience:
            matter["patience"] = {"mean": f"{patience}s"}
        data = {"scenario": title, "matters": {"m": matter}, "agents": {"g": {"number": agents}}}
        day = MovingAverage(read_scenario({**data, "rules": {"offer": "0s"}, "warm_up": "3h"}), 1)
        day.run()
        found = day.estimates
        ours, theirs = found.wrong_ms / found.waited_ms, day.wrong_ms / found.waited_ms
        figures[f"announced wait, {title}: mean error / mean wait (goal {goal})"] = round(ours, 3)
        figures[f"announced wait, {title}: beside a moving average (goal 0.70)"] = round(ours / theirs, 2)
    return figures
