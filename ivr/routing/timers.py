"""One heap of all times at which something happens by itself. Entries that do not hold any more are dead."""

from heapq import heapify, heappop, heappush

from ivr.routing.records import Seat, Ticket

SEAT, OFFER, STAGE, WAIT = range(4)
"""At one instant: agents come free, offers end, calls are opened further, waits end."""
SLACK = 256

Timer = tuple[int, int, str, int, Seat | Ticket]


def holds(timer: Timer) -> bool:
    """Return whether a timer is still about something."""
    due, kind, _, _, about = timer
    if isinstance(about, Seat):
        return about.due == due
    if kind == OFFER:
        return about.offer is not None and about.offer.expires_ms == due and about.state == "ringing"
    return due == (about.stage_due if kind == STAGE else about.wait_due)


class Timers:
    """When what is due. Timers of one instant come in the order of their kinds, then by identifier."""

    def __init__(self) -> None:
        self.heap: list[Timer] = []
        self._count = 0
        self._sweep_at = SLACK

    def set(self, due: int, kind: int, about: Seat | Ticket) -> None:
        """Remember that something is due."""
        self._count += 1
        heappush(self.heap, (due, kind, about.id, self._count, about))
        if len(self.heap) > self._sweep_at:
            self.heap = [timer for timer in self.heap if holds(timer)]
            heapify(self.heap)
            self._sweep_at = 2 * len(self.heap) + SLACK

    def pop(self, now: int) -> Timer | None:
        """Return the next timer that is due, or None."""
        heap = self.heap
        while heap and heap[0][0] <= now:
            timer = heappop(heap)
            if holds(timer):
                return timer
        return None

    def next(self) -> int | None:
        """Return when the next timer is due."""
        heap = self.heap
        while heap and not holds(heap[0]):
            heappop(heap)
        return heap[0][0] if heap else None
