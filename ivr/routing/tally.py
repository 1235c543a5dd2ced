"""What a queue is measured by: service level in both definitions, waits, abandons, occupancy (R20)."""

from array import array
from dataclasses import dataclass, field

SHORT_MS = 5_000
"""Who gives up sooner has hardly waited: counted apart."""


def _whole() -> "array[int]":
    return array("q")


@dataclass(slots=True)
class Tally:
    """Counts of one queue or matter in one interval. `target_ms` is the T of the service level."""

    target_ms: int
    offered: int = 0
    overflowed: int = 0
    in_time: int = 0
    gone_in_time: int = 0
    gone_short: int = 0
    answered_ms: "array[int]" = field(default_factory=_whole)
    gone_ms: "array[int]" = field(default_factory=_whole)

    def answer(self, wait_ms: int) -> None:
        """Count a call that an agent took."""
        self.answered_ms.append(wait_ms)
        self.in_time += wait_ms <= self.target_ms

    def abandon(self, wait_ms: int) -> None:
        """Count a caller who gave up."""
        self.gone_ms.append(wait_ms)
        self.gone_in_time += wait_ms <= self.target_ms
        self.gone_short += wait_ms < SHORT_MS

    def figures(self) -> dict[str, float]:
        """Return the measures by name; shares of 1, times in seconds. Nothing counted: nothing missed."""
        answered, gone = len(self.answered_ms), len(self.gone_ms)
        waits = sorted(self.answered_ms)
        return {
            "offered": float(self.offered),
            "service_level": self.in_time / answered if answered else 1.0,
            "service_level_2": (self.in_time + self.gone_in_time) / (answered + gone)
            if answered + gone
            else 1.0,
            "asa": sum(waits) / answered / 1000 if answered else 0.0,
            "wait_p95": waits[int(0.95 * (answered - 1))] / 1000 if answered else 0.0,
            "longest_wait": max([*waits[-1:], *self.gone_ms], default=0) / 1000,
            "waited": sum(wait > 0 for wait in waits) / answered if answered else 0.0,
            "abandoned": gone / self.offered if self.offered else 0.0,
            "abandoned_short": self.gone_short / self.offered if self.offered else 0.0,
            "overflowed": self.overflowed / self.offered if self.offered else 0.0,
        }


@dataclass(slots=True)
class Worked:
    """What a group of agents did, in ms."""

    present_ms: int = 0
    busy_ms: int = 0
    calls: int = 0

    @property
    def occupancy(self) -> float:
        """Return talk and wrap-up over the time signed in."""
        return self.busy_ms / self.present_ms if self.present_ms else 0.0
