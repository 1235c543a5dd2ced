"""The formulas of call centres: Erlang B, C and A, and queues with few places. Standard library only.

`rate` is arrivals a second, `handle` the mean handling time in seconds, their product the load in Erlang.
Sums run over probabilities relative to their greatest, so that thousands of agents lose no digit.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from math import ceil, exp, expm1, log

from ivr.errors import InvalidInput

NEGLIGIBLE = 1e-22
"""A probability this small beside the greatest adds nothing to a sum."""
ROUNDED = 1e-15
"""What is left of 1 after terms that sum to 1 have been taken from it: less than this is rounding."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a queue comes to. Times in seconds; the field names are those that `ivr route erlang` prints.

    `service_level` is the share of all calls that is answered within the target; `asa` is the mean wait of
    all calls (with abandonment those that give up included).
    """

    p_wait: float
    asa: float
    service_level: float
    occupancy: float
    p_abandon: float
    queue_length: float


def erlang_b(load: float, agents: int) -> float:
    """Return the share of calls that is lost where nobody can wait."""
    blocked = 1.0
    for count in range(1, agents + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked


def erlang_c(rate: float, handle: float, agents: int, target: float = 20.0) -> Result:
    """Return what a queue comes to where everybody waits as long as it takes.

    Raise InvalidInput where there are too few agents for the load: the queue grows without end.
    """
    load = rate * handle
    if load >= agents:
        raise InvalidInput(
            f"the queue is unstable: {load:g} Erlang grow without end with {agents} agents; "
            f"take {int(load) + 1} or more, or Erlang A with a patience"
        )
    blocked = erlang_b(load, agents)
    waits = agents * blocked / (agents - load * (1 - blocked))
    asa = waits * handle / (agents - load)
    level = 1 - waits * exp(-(agents - load) * target / handle)
    return Result(waits, asa, level, load / agents, 0.0, rate * asa)


# ---- few places


@dataclass(frozen=True, slots=True)
class Bounded:
    """What a queue with few places comes to; waits are those of the calls that found a place."""

    p_block: float
    p_wait: float
    asa: float
    p_late: float
    queue_length: float


def bounded(rate: float, handle: float, agents: int, places: int, target: float = 20.0) -> Bounded:
    """Return what a queue comes to that refuses calls where no place is free (M/M/N/K)."""
    service = agents / handle
    chances = dict(_chain(rate, handle, agents, 0.0, agents + places))
    block = chances.get(agents + places, 0.0)
    waiting = [chances.get(agents + ahead, 0.0) / (1 - block) for ahead in range(places)]
    length = sum((ahead + 1) * chances.get(agents + ahead + 1, 0.0) for ahead in range(places))
    late = sum(
        chance * few for chance, few in zip(waiting, _poisson_up_to(service * target, places), strict=True)
    )
    return Bounded(block, sum(waiting), length / (rate * (1 - block)), late, length)


def _poisson_up_to(mean: float, count: int) -> Iterator[float]:
    """Yield how likely a Poisson number is at most 0, 1, 2 …"""
    total, logged = 0.0, -mean
    for number in range(count):
        total += exp(logged)
        yield total
        logged += log(mean) - log(number + 1) if mean else -float("inf")


# ---- abandonment


def erlang_a(rate: float, handle: float, agents: int, patience: float, target: float = 20.0) -> Result:
    """Return what a queue comes to whose callers give up after an exponential patience (M/M/N+M)."""
    chances = list(_chain(rate, handle, agents, 1 / patience, None))
    waits = sum(chance for state, chance in chances if state >= agents)
    length = sum((state - agents) * chance for state, chance in chances if state > agents)
    abandons = length / patience / rate
    served = _served_in_time(handle, agents, patience, target)
    level = sum(chance for state, chance in chances if state < agents)
    by_queue = {state - agents: chance for state, chance in chances if state >= agents}
    longest = max(by_queue, default=0)
    level += sum(
        by_queue.get(ahead, 0.0) * share for ahead, share in takewhile(lambda one: one[0] <= longest, served)
    )
    occupancy = rate * (1 - abandons) * handle / agents
    return Result(waits, length / rate, level, occupancy, abandons, length)


def _served_in_time(
    handle: float, agents: int, patience: float, target: float
) -> Iterator[tuple[int, float]]:
    """Yield, by the number of calls ahead, how likely a caller is served within the target.

    Those ahead leave at rates agents/handle + i/patience, i falling to 0, and the caller has to outlast
    that. With c = agents * patience / handle, exp(-wait/patience) has the beta distribution (c, ahead + 1),
    so the chance is c / (c + ahead + 1) times the upper tail of the beta distribution (c + 1, ahead + 1):
    1 less the sum of the first terms of a negative binomial.
    """
    many, passed = agents * patience / handle, -expm1(-target / patience)
    if passed <= 0:
        return
    logged = -(many + 1) * target / patience
    left, ahead = 1 - exp(logged), 0
    while left > ROUNDED:
        yield ahead, many / (many + ahead + 1) * left
        ahead += 1
        logged += log(passed * (many + ahead) / ahead)
        left -= exp(logged)


def _chain(
    rate: float, handle: float, agents: int, leave: float, last: int | None
) -> Iterator[tuple[int, float]]:
    """Yield the states (calls present) of a birth-death chain with their chances, but for negligible ones."""

    def ratio(state: int) -> float:
        """Return how much likelier a state is than the one below it."""
        return rate / (min(state, agents) / handle + max(0, state - agents) * leave)

    top = _mode(rate, handle, agents, leave, last)
    found = [(top, 1.0)]
    state, chance = top, 1.0
    while state > 0 and chance > NEGLIGIBLE:
        chance /= ratio(state)
        state -= 1
        found.append((state, chance))
    found.reverse()
    state, chance = top, 1.0
    while (last is None or state < last) and chance > NEGLIGIBLE:
        state += 1
        chance *= ratio(state)
        found.append((state, chance))
    total = sum(chance for _, chance in found)
    return ((state, chance / total) for state, chance in found)


def _mode(rate: float, handle: float, agents: int, leave: float, last: int | None) -> int:
    """Return the likeliest state."""
    load = rate * handle
    if load < agents:
        return min(int(load), agents if last is None else last)
    if not leave:
        return agents if last is None else last
    over = agents + int((rate - agents / handle) / leave)
    return over if last is None else min(over, last)


# ---- how many agents


def staff(
    rate: float, handle: float, goal: float, target: float = 20.0, patience: float | None = None
) -> tuple[int, Result]:
    """Return the fewest agents that answer the share `goal` of all calls in time, and what comes of it."""

    def result(agents: int) -> Result:
        if patience is None:
            return erlang_c(rate, handle, agents, target)
        return erlang_a(rate, handle, agents, patience, target)

    fewest = int(rate * handle) + 1 if patience is None else 1
    most = max(fewest, ceil(rate * handle))
    while result(most).service_level < goal:
        most += max(10, most // 10)
    agents = bisect_left(range(most + 1), goal, fewest, key=lambda count: result(count).service_level)
    return agents, result(agents)
