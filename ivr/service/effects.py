"""Business actions on behalf of a call: in worker threads, with a time-out, never twice.

An action's outcome is stored by its idempotency key before the dialogue learns of it; asking again
with the same key returns the stored outcome.
"""

import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace

import structlog

from ivr.commerce.actions import run
from ivr.commerce.context import Context
from ivr.commerce.model import Customer
from ivr.dialog.actions import Act
from ivr.dialog.events import Acted, Value
from ivr.errors import Unavailable
from ivr.ports import Clock, FollowUps, Shop
from ivr.storage.session import Database
from ivr.storage.tables import EffectRow

log = structlog.get_logger(__name__)
WORKERS = 8
NAME_LIMIT_S = 0.4
"""Who calls is worth so much of the first webhook's time."""


class Effects:
    """Runs actions against the shop."""

    def __init__(self, db: Database, shop: Shop, follow: FollowUps, clock: Clock, timeout_s: float) -> None:
        self._db, self._shop, self._follow = db, shop, follow
        self._clock, self._timeout_s = clock, timeout_s
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="action")
        self._running: dict[str, tuple[Future[Acted], float]] = {}
        self._lock = threading.Lock()

    def run(
        self, key: str, call: str, act: Act, policies: Mapping[str, Value], wait_s: float | None = None
    ) -> Acted | None:
        """Return the action's outcome, or None if it is still running after `wait_s`.

        When the action's own time-out is over the outcome is `unavailable`, whatever it comes to.
        """
        known = self._stored(key)
        if known is not None:
            return known
        future, began = self._started(key, call, act, policies)
        left = max(0.0, began + self._timeout_s - self._clock().timestamp())
        try:
            acted = future.result(left if wait_s is None else min(wait_s, left))
        except FutureTimeout:
            if wait_s is not None and wait_s < left:
                return None
            acted = self._settled(key, call, act, Acted(self._clock(), act.action, "unavailable"))
        with self._lock:
            self._running.pop(key, None)
        return acted

    def _started(
        self, key: str, call: str, act: Act, policies: Mapping[str, Value]
    ) -> tuple[Future[Acted], float]:
        with self._lock:
            if key not in self._running:
                future = self._pool.submit(self._work, key, call, act, policies)
                self._running[key] = future, self._clock().timestamp()
            return self._running[key]

    def _work(self, key: str, call: str, act: Act, policies: Mapping[str, Value]) -> Acted:
        context = Context(self._shop, self._follow, policies, self._clock(), call, key)
        try:
            acted = run(act, context)
        except Exception:  # a fault of ours must reach the caller as words
            log.exception("action failed", call=call, action=act.action)
            acted = Acted(self._clock(), act.action, "unavailable")
        return self._settled(key, call, act, acted)

    def _settled(self, key: str, call: str, act: Act, acted: Acted) -> Acted:
        """Store the outcome; if one is stored already (a time-out came first), that one counts."""
        with self._db.write() as session:
            row = session.get(EffectRow, key)
            if row is None:
                session.add(
                    EffectRow(
                        key=key,
                        call=call,
                        action=act.action,
                        inputs=dict(act.inputs),
                        outcome=acted.outcome,
                        data=dict(acted.data),
                        at=acted.at,
                    )
                )
                return acted
            return _acted(row)

    def _stored(self, key: str) -> Acted | None:
        with self._db.read() as session:
            row = session.get(EffectRow, key)
            return _acted(row) if row else None

    def caller(self, phone: str) -> Customer | None:
        """Return the customer who calls, if known; a shop that is slow or down knows nobody."""
        if not phone:
            return None
        try:
            return self._pool.submit(self._shop.customer_by_phone, phone).result(NAME_LIMIT_S)
        except (FutureTimeout, Unavailable):
            return None

    def close(self) -> None:
        """Take no more work."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _acted(row: EffectRow) -> Acted:
    return Acted(row.at, row.action, row.outcome, row.data)


def now_at(acted: Acted, clock: Clock) -> Acted:
    """Return the outcome as an event of this moment: a stored one may be old."""
    return replace(acted, at=clock())
