"""A day in a call centre as data: who calls about what and when, who works when, by which rules.

Read and checked here, without files. Calls are drawn from the seed alone, so that two plans for the same
day meet the same callers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass as plain
from heapq import merge
from math import exp, log, sqrt
from random import Random
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from ivr.routing.policy import CHECKED, Faulty, Ms, Place, Rules, Text, read_as

INTERVAL_MS = 900_000
"""A quarter of an hour, as work-force planning counts."""

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=0, le=10_000)]
SkillLevel = Annotated[int, Field(ge=1, le=1000)]


@dataclass(frozen=True, slots=True, config=CHECKED)
class Spread:
    """A distribution of times by its mean. `spread` is the standard deviation over the mean (lognormal)."""

    mean_ms: Ms
    shape: Literal["exponential", "lognormal", "fixed"] = "exponential"
    spread: Annotated[float, Field(gt=0, le=10)] = 1.0

    def draw(self, rng: Random) -> int:
        """Return one time."""
        if self.shape == "fixed":
            return self.mean_ms
        if self.shape == "exponential":
            return round(self.mean_ms * rng.expovariate(1.0))
        sigma = sqrt(log(1 + self.spread**2))
        return round(self.mean_ms * exp(sigma * rng.gauss(0, 1) - sigma**2 / 2))


@dataclass(frozen=True, slots=True, config=CHECKED)
class Matter:
    """What callers want: how many call in each quarter of an hour, how long it takes, how long they wait."""

    calls: Annotated[tuple[Annotated[float, Field(ge=0, le=100_000)], ...], Field(min_length=1)]
    handle: Spread
    patience: Spread | None = None
    queue: Text = "support"
    skills: Mapping[Text, SkillLevel] = Field(default_factory=dict)
    prefer: Mapping[Text, SkillLevel] = Field(default_factory=dict)
    priority: Annotated[int, Field(ge=-10, le=10)] = 0


@dataclass(frozen=True, slots=True, config=CHECKED)
class Group:
    """Agents who are alike: how many in each quarter of an hour (or always so many)."""

    number: Count | tuple[Count, ...]
    skills: Mapping[Text, SkillLevel] = Field(default_factory=dict)
    queues: frozenset[Text] | None = None
    rings: Mapping[Text, SkillLevel] = Field(default_factory=dict)
    delays: Mapping[Text, Ms] = Field(default_factory=dict)

    def at(self, interval: int) -> int:
        """Return how many work in a quarter of an hour."""
        return self.number if isinstance(self.number, int) else self.number[interval]


@dataclass(frozen=True, slots=True, config=CHECKED)
class Scenario:
    """A whole day. Calls that come before `warm_up` is over are served but not counted."""

    scenario: Text
    matters: Annotated[Mapping[Text, Matter], Field(min_length=1)]
    agents: Annotated[Mapping[Text, Group], Field(min_length=1)]
    rules: Rules = Field(default_factory=Rules)
    answer_ms: Ms = 0
    target_ms: Ms = 20_000
    goal: Share = 0.8
    warm_up_ms: Ms = 0
    seed: int = 1

    @property
    def intervals(self) -> int:
        """Return how many quarters of an hour the day has."""
        return len(next(iter(self.matters.values())).calls)


def read_scenario(data: object) -> Scenario:
    """Return a scenario from plain data. Raise Faulty with every fault."""
    scenario = read_as(Scenario, data, Matter, Group, Spread)
    faults = list(_faults(scenario))
    if faults:
        raise Faulty(faults)
    return scenario


def _faults(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    """Yield what does not fit together."""
    count = scenario.intervals
    lengths: list[tuple[Place, int]] = [
        (("matters", name, "calls"), len(matter.calls)) for name, matter in scenario.matters.items()
    ]
    for name, group in scenario.agents.items():
        if not isinstance(group.number, int):
            lengths.append((("agents", name, "number"), len(group.number)))
    for place, length in lengths:
        if length != count:
            yield place, f"there are {length} quarters of an hour here where the first matter has {count}"
    if scenario.warm_up_ms >= count * INTERVAL_MS:
        yield ("warm_up",), "'warm_up' is longer than the day"


@plain(frozen=True, slots=True, order=True)
class Caller:
    """One call of a day. `patience_ms` None: as long as it takes."""

    arrive_ms: int
    matter: str
    handle_ms: int
    patience_ms: int | None


def callers(scenario: Scenario, run: int) -> Iterator[Caller]:
    """Yield the calls of a run in the order of their coming. Each matter has dice of its own."""
    return merge(*(_of(scenario, name, run) for name in scenario.matters))


def _of(scenario: Scenario, name: str, run: int) -> Iterator[Caller]:
    """A Poisson stream: times between calls are exponential, at the rate of their quarter of an hour."""
    matter, rng = scenario.matters[name], Random(f"{scenario.seed}/{run}/{name}")
    for number, count in enumerate(matter.calls):
        at, end = float(number * INTERVAL_MS), (number + 1) * INTERVAL_MS
        while count and (at := at + rng.expovariate(1.0) * INTERVAL_MS / count) < end:
            patience = matter.patience.draw(rng) if matter.patience else None
            yield Caller(int(at), name, matter.handle.draw(rng), patience)
