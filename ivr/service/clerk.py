"""One thread that does what is due: sends the outbox, books call backs for cases."""

import threading
from collections.abc import Callable

import structlog

from ivr.service.cases import Cases
from ivr.service.outbox import Outbox

log = structlog.get_logger(__name__)
EVERY_S = 5.0


class Clerk:
    """Works through what is due every few seconds, at once when something is posted.

    Several processes may each have one: messages are claimed, bookings have keys.
    """

    def __init__(self, outbox: Outbox, cases: Cases) -> None:
        self._outbox, self._cases = outbox, cases
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="clerk", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._quietly(self._outbox.send_due)
            self._quietly(self._cases.call_due)
            self._outbox.posted.wait(EVERY_S)

    def _quietly(self, work: Callable[[], int]) -> None:
        try:
            work()
        except Exception:  # the next round tries again
            log.exception("the clerk failed")

    def stop(self) -> None:
        """End, after what is being sent."""
        self._stopped.set()
        self._outbox.posted.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
