"""How far a waiting call is opened: which skills, rings and queues after how many steps (R3, R9)."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.routing.policy import QueuePolicy, RelaxStep


@dataclass(frozen=True, slots=True)
class Stage:
    """What is in force: whose agents, at which levels, out to which ring (0: all)."""

    pool: str
    needs: Mapping[str, int]
    ring: int


def stage(policy: QueuePolicy, queue: str, asked: Mapping[str, int], count: int) -> Stage:
    """Return what is in force after so many steps."""
    needs, pool = dict(asked), queue
    ring = 1 if any(step.ring is not None for step in policy.steps) else 0
    for step in policy.steps[:count]:
        needs = relaxed(needs, step)
        pool = step.queue or pool
        ring = step.ring or ring
    return Stage(pool, needs, ring)


def relaxed(needs: Mapping[str, int], step: RelaxStep) -> dict[str, int]:
    """Return what is still needed after one step: levels only fall."""
    return {
        skill: min(level, step.min_levels.get(skill, level))
        for skill, level in needs.items()
        if skill not in step.drop
    }


def steps_due(steps: Sequence[RelaxStep], age_ms: int) -> int:
    """Return how many steps are due at an age, counted from the original entry."""
    count = 0
    while count < len(steps) and steps[count].after_ms <= age_ms:
        count += 1
    return count


def band(delays: Sequence[int], age_ms: int) -> int:
    """Return the longest delay that a call of an age has outlived; 0 if none."""
    passed = bisect_right(delays, age_ms)
    return delays[passed - 1] if passed else 0


def next_change(steps: Sequence[RelaxStep], count: int, delays: Sequence[int], age_ms: int) -> int | None:
    """Return the age at which time alone opens a call further, after `count` steps; None: never."""
    passed = bisect_right(delays, age_ms)
    ages = [step.after_ms for step in steps[count : count + 1]] + list(delays[passed : passed + 1])
    return min(ages, default=None)
