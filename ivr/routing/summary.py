"""Several runs in one figure each: the mean with its 95 % interval, and two plans compared run by run."""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from ivr.routing.erlang import Result, erlang_a, erlang_c, staff
from ivr.routing.scenario import INTERVAL_MS, Scenario
from ivr.routing.simulate import Figures

T_975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Student's t for a two-sided 95 % interval, by degrees of freedom from 1."""


class Mean(NamedTuple):
    """A mean over runs; the truth lies within `half` of it with 95 % probability. One run has no interval."""

    mean: float
    half: float | None

    @property
    def differs(self) -> bool:
        """Return whether a difference is more than chance."""
        return self.half is not None and abs(self.mean) > self.half


def t_975(degrees: int) -> float:
    """Return Student's t for a two-sided 95 % interval."""
    return T_975[degrees - 1] if degrees <= len(T_975) else 1.96 + 2.42 / degrees


def mean_of(values: Sequence[float]) -> Mean:
    """Return the mean of independent runs with its interval."""
    if len(values) < 2:
        return Mean(values[0], None)
    return Mean(fmean(values), t_975(len(values) - 1) * stdev(values) / sqrt(len(values)))


Summary = dict[str, dict[str, Mean]]


def summarise(runs: Sequence[Figures]) -> Summary:
    """Return every measure's mean over the runs."""
    return {
        part: {name: mean_of([run[part][name] for run in runs]) for name in measures}
        for part, measures in runs[0].items()
    }


def compare(ours: Sequence[Figures], theirs: Sequence[Figures]) -> Summary:
    """Return theirs less ours, run by run, of all that both have: both met the same callers."""
    return {
        part: {
            name: mean_of([b[part][name] - a[part][name] for a, b in zip(ours, theirs, strict=True)])
            for name in measures
            if name in theirs[0][part]
        }
        for part, measures in ours[0].items()
        if part in theirs[0]
    }


class Staffing(NamedTuple):
    """One quarter of an hour: the load, the agents that the formulas ask for, and who is planned.

    `planned_level` is the service level of those by the formula: Erlang A where callers give up, else C;
    None where Erlang C has no answer.
    """

    interval: int
    calls: float
    load: float
    needed_c: int
    needed_a: int | None
    planned: int
    planned_level: float | None


def staffing(scenario: Scenario) -> list[Staffing]:
    """Return the staffing table, as if everybody could do everything: fewer agents will not do."""
    return [_quarter(scenario, interval) for interval in range(scenario.intervals)]


def _quarter(scenario: Scenario, interval: int) -> Staffing:
    matters = scenario.matters.values()
    calls = sum(matter.calls[interval] for matter in matters)
    planned = sum(group.at(interval) for group in scenario.agents.values())
    if not calls:
        return Staffing(interval, 0.0, 0.0, 0, None, planned, 1.0)
    work = sum(m.calls[interval] * (m.handle.mean_ms + _wrap_up(scenario, m.queue)) for m in matters) / 1000
    rate, handle, target = calls / (INTERVAL_MS / 1000), work / calls, scenario.target_ms / 1000
    patience = _patience(scenario, interval)
    needed_a = staff(rate, handle, scenario.goal, target, patience)[0] if patience else None
    return Staffing(
        interval,
        calls,
        rate * handle,
        staff(rate, handle, scenario.goal, target)[0],
        needed_a,
        planned,
        _level(rate, handle, planned, target, patience),
    )


def _wrap_up(scenario: Scenario, queue: str) -> int:
    return scenario.rules.of(queue).wrap_up_ms or 0


def _patience(scenario: Scenario, interval: int) -> float | None:
    """Return the mean patience in seconds; None if some callers wait as long as it takes."""
    some = [(m.calls[interval], m.patience) for m in scenario.matters.values() if m.calls[interval]]
    if any(patience is None for _, patience in some):
        return None
    calls = sum(count for count, _ in some)
    return sum(count * patience.mean_ms for count, patience in some if patience) / calls / 1000


def _level(rate: float, handle: float, agents: int, target: float, patience: float | None) -> float | None:
    found: Result
    if not agents:
        return 0.0
    if patience:
        found = erlang_a(rate, handle, agents, patience, target)
    elif rate * handle < agents:
        found = erlang_c(rate, handle, agents, target)
    else:
        return None
    return found.service_level
