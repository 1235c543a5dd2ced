"""Business actions on behalf of a call: in worker threads, with a time-out, never twice.

An action's outcome is stored by its idempotency key before the dialogue learns of it; asking again
with the same key returns the stored outcome.
"""

import threading
from collections.abc import Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.exc import IntegrityError

from ivr.commerce.actions import Done, run
from ivr.commerce.context import Context
from ivr.commerce.personal import known_caller
from ivr.dialog.actions import Act
from ivr.dialog.events import Acted, Value
from ivr.ports import Clock, Office, Shop
from ivr.service.ledger import Ledger
from ivr.service.sealing import Seal, hidden
from ivr.storage.session import Database
from ivr.storage.tables import EffectRow


@dataclass(frozen=True, slots=True)
class Manners:
    """How actions are run: how long each may take, what is personal, the country of numbers without +."""

    timeout_s: float
    personal: Collection[str]
    region: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom an action runs: the call, its number (E.164) and its language."""

    id: str
    phone: str = ""
    language: str = "en"


log = structlog.get_logger(__name__)
WORKERS = 8
NAME_LIMIT_S = 0.4
"""Who calls is worth so much of the first webhook's time."""


class Effects:
    """Runs actions against the shop."""

    def __init__(
        self,
        db: Database,
        shop: Shop,
        office: Office,
        ledger: Ledger,
        clock: Clock,
        seal: Seal,
        manners: Manners,
    ) -> None:
        self._db, self._shop, self._office, self._ledger = db, shop, office, ledger
        self._clock, self._seal, self._manners = clock, seal, manners
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="action")
        self._running: dict[str, tuple[Future[Acted], float]] = {}
        self._lock = threading.Lock()

    def run(
        self,
        key: str,
        call: Caller,
        act: Act,
        policies: Mapping[str, Value],
        wait_s: float | None = None,
    ) -> Acted | None:
        """Return the action's outcome, or None if it is still running after `wait_s`.

        When the action's own time-out is over the outcome is `unavailable`, whatever it comes to.
        """
        known = self._stored(key)
        if known is not None:
            return known
        future, began = self._started(key, call, act, policies)
        left = max(0.0, began + self._manners.timeout_s - self._clock().timestamp())
        try:
            acted = future.result(left if wait_s is None else min(wait_s, left))
        except FutureTimeout:
            if wait_s is not None and wait_s < left:
                return None
            future.cancel()  # what has not begun yet shall not happen behind the caller's back
            acted = self._settled(key, call, act, Done(Acted(self._clock(), act.action, "unavailable")))
        with self._lock:
            self._running.pop(key, None)
        return acted

    def _started(
        self, key: str, call: Caller, act: Act, policies: Mapping[str, Value]
    ) -> tuple[Future[Acted], float]:
        with self._lock:
            if key not in self._running:
                future = self._pool.submit(self._work, key, call, act, policies)
                self._running[key] = future, self._clock().timestamp()
            return self._running[key]

    def _work(self, key: str, call: Caller, act: Act, policies: Mapping[str, Value]) -> Acted:
        context = Context(
            self._shop,
            self._office,
            policies,
            self._clock(),
            call.id,
            key,
            call.phone,
            call.language,
            self._manners.region,
        )
        try:
            done = run(replace(act, inputs=self._seal.opened(act.inputs)), context)
        except Exception:  # a fault of ours must reach the caller as words
            log.exception("action failed", call=call.id, action=act.action)
            done = Done(Acted(self._clock(), act.action, "unavailable"))
        try:
            return self._settled(key, call, act, done)
        finally:
            self._ledger.release(key)  # what it moved stands in the audit now

    def _settled(self, key: str, call: Caller, act: Act, done: Done) -> Acted:
        """Store the outcome; if one is stored already (a time-out came first), that one counts.

        Money that moved after the time-out is noted with it all the same.
        """
        try:
            return self._kept(key, call, act, done)
        except IntegrityError:  # the time-out and the answer came at the same instant
            return self._kept(key, call, act, done)

    def _kept(self, key: str, call: Caller, act: Act, done: Done) -> Acted:
        acted = done.acted
        with self._db.write() as session:
            row = session.get(EffectRow, key)
            if row is None:
                session.add(
                    EffectRow(
                        key=key,
                        call=call.id,
                        action=act.action,
                        inputs=hidden(act.inputs),
                        outcome=acted.outcome,
                        data=dict(acted.data),
                        at=acted.at,
                        customer=done.customer,
                        amount=done.amount,
                    )
                )
                return acted
            if done.amount and not row.amount:
                row.customer, row.amount = done.customer, done.amount
            return _acted(row)

    def _stored(self, key: str) -> Acted | None:
        with self._db.read() as session:
            row = session.get(EffectRow, key)
            return _acted(row) if row else None

    def caller(self, phone: str, policies: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return what is known of who calls; a shop that is slow or down knows nobody."""
        if not phone or not self._manners.personal:
            return {}
        now = self._clock()
        asked = (self._shop, self._office, phone, now, policies, self._manners.personal)
        try:
            return self._pool.submit(known_caller, *asked).result(NAME_LIMIT_S)
        except FutureTimeout:
            return {}

    def close(self) -> None:
        """Take no more work."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _acted(row: EffectRow) -> Acted:
    return Acted(row.at, row.action, row.outcome, row.data)


def now_at(acted: Acted, clock: Clock) -> Acted:
    """Return the outcome as an event of this moment: a stored one may be old."""
    return replace(acted, at=clock())
