"""How long a caller will wait: a range, from who is ahead and from how wrong earlier ranges were.

With k calls ahead, n agents, a mean handling time s and callers who give up at a rate θ, the wait is the
sum of k + 1 times between departures: 1 / (n/s + iθ) for i = 0 … k.
"""

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass
from math import sqrt

MINUTE_MS = 60_000
MEMORY = 2000
"""Calls over which handling times and patience are averaged; older ones fade."""
ERRORS_KEPT = 200
ERRORS_NEEDED = 50
"""Estimates compared with the truth before their own error sets the range."""
SAMPLE_NEEDED = 10
TAIL = 0.1
"""The range leaves out so much at either end."""
Z = 1.2816
"""The normal deviate of that tail."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a wait is expected to be: its mean and its spread, in ms."""

    mean_ms: float
    spread_ms: float


@dataclass(frozen=True, slots=True)
class Said:
    """What a caller is told: whole minutes, and the place in the queue. Under a minute is 0 to 1.

    None where there is nothing that may be said.
    """

    minutes: tuple[int, int] | None
    position: int | None

    @property
    def words(self) -> str:
        """Return the minutes in words."""
        if self.minutes is None:
            return ""
        low, high = self.minutes
        if high <= 1:
            return "under a minute"
        return f"up to {high} minutes" if low == 0 else f"{low} to {high} minutes"


class Estimator:
    """One queue's experience: handling times, patience, and the errors of its own estimates."""

    def __init__(self, handle_ms: float | None = None, patience_ms: float | None = None) -> None:
        self._calls = float(SAMPLE_NEEDED) if handle_ms else 0.0
        self._handled = self._calls * (handle_ms or 0.0)
        waited = 10 * (patience_ms or MINUTE_MS)
        self._gone, self._waited = (10.0 if patience_ms else 0.0), float(waited)
        self._errors: deque[float] = deque()
        self._sorted: list[float] = []

    @property
    def handle_ms(self) -> float:
        """Return the mean handling time, wrap-up included."""
        return self._handled / self._calls if self._calls else 0.0

    @property
    def leaving(self) -> float:
        """Return how many of the waiting callers give up a millisecond, each."""
        return self._gone / self._waited

    def handled(self, handle_ms: int) -> None:
        """Take note of a call that is over, wrap-up included."""
        fade = 1 - 1 / MEMORY
        self._calls, self._handled = self._calls * fade + 1, self._handled * fade + handle_ms

    def waited(self, wait_ms: int, gave_up: bool) -> None:
        """Take note of a wait that is over."""
        fade = 1 - 1 / MEMORY
        self._waited, self._gone = self._waited * fade + wait_ms, self._gone * fade + gave_up

    def expect(self, calls_ahead: float, agents: float) -> Expected | None:
        """Return what a wait is expected to be; None while too little is known, or nobody works."""
        if self._calls < SAMPLE_NEEDED - 0.5 or agents <= 0 or self._handled <= 0:
            return None
        mean = variance = 0.0
        for number in range(int(calls_ahead) + 2):
            share = min(1.0, calls_ahead + 1 - number)
            each = 1 / (agents / self.handle_ms + number * self.leaving)
            mean, variance = mean + share * each, variance + share * each * each
        return Expected(mean, sqrt(variance))

    def learn(self, expected: Expected, wait_ms: int) -> None:
        """Compare an estimate with the wait it was about."""
        error = (wait_ms - expected.mean_ms) / expected.spread_ms
        self._errors.append(error)
        insort(self._sorted, error)
        if len(self._errors) > ERRORS_KEPT:
            oldest = self._errors.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]

    def errors(self) -> dict[str, float]:
        """Return how many estimates were compared with the truth, and which share of the waits they held."""
        count = len(self._sorted)
        if not count:
            return {"compared": 0}
        within = sum(abs(error) <= Z for error in self._sorted) / count
        return {"compared": count, "within_range": round(within, 3)}

    def range_ms(self, expected: Expected) -> tuple[float, float]:
        """Return between what four of five such waits end: by past errors, or by a gamma distribution."""
        if len(self._sorted) >= ERRORS_NEEDED:
            last = len(self._sorted) - 1
            low, high = self._sorted[round(TAIL * last)], self._sorted[round((1 - TAIL) * last)]
            return max(0.0, expected.mean_ms + low * expected.spread_ms), max(
                0.0, expected.mean_ms + high * expected.spread_ms
            )
        return _gamma(expected, -Z), _gamma(expected, Z)


def _gamma(expected: Expected, deviate: float) -> float:
    """Return a quantile of the gamma distribution with this mean and spread (Wilson and Hilferty)."""
    ninth = (expected.spread_ms / expected.mean_ms) ** 2 / 9
    return expected.mean_ms * max(0.0, 1 - ninth + deviate * sqrt(ninth)) ** 3


def say(range_ms: tuple[float, float] | None, position: int | None, before: Said | None) -> Said | None:
    """Return what a caller may be told now; None: stay silent.

    Neither the range nor the position ever rises: what has become worse is not said.
    """
    minutes = None
    if range_ms is not None:
        low, high = int(range_ms[0] // MINUTE_MS), max(1, -int(-range_ms[1] // MINUTE_MS))
        minutes = (min(low, high - 1), high)
    if before is not None and before.minutes is not None and minutes is not None:
        worse = minutes[0] > before.minutes[0] or minutes[1] > before.minutes[1]
        minutes = None if worse else minutes
    if before is not None and before.position is not None and position is not None:
        position = None if position > before.position else position
    return None if minutes is None and position is None else Said(minutes, position)


def last_said(now: Said, before: Said | None) -> Said:
    """Return what has been said last of each: the measure for the next time."""
    if before is None:
        return now
    return Said(
        before.minutes if now.minutes is None else now.minutes,
        before.position if now.position is None else now.position,
    )
