"""What actions have done already, out of the audit: for limits by call, customer and day."""

import threading
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select

from ivr.ports import Spending
from ivr.storage.session import Database
from ivr.storage.tables import EffectRow


class Ledger:
    """Sums over the actions that ran, and over those of this process that are running."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._reserved: dict[str, Spending] = {}
        self._lock = threading.Lock()

    def reserve(self, key: str, wanted: Spending, since: datetime) -> bool:
        """Set money aside for an action, once per key; False where a limit since a time would be passed."""
        with self._lock:
            if key in self._reserved:
                return True
            for most, call, customer in (
                (wanted.of_call, wanted.call, ""),
                (wanted.of_customer, "", wanted.customer),
                (wanted.of_all, "", ""),
            ):
                if (
                    most is not None
                    and self._spent(wanted.action, since, call, customer) + wanted.amount > most
                ):
                    return False
            self._reserved[key] = wanted
            return True

    def release(self, key: str) -> None:
        """Take a reservation back: the action has ended, and what it moved stands in the audit."""
        with self._lock:
            self._reserved.pop(key, None)

    def _spent(self, action: str, since: datetime, call: str, customer: str) -> Decimal:
        query = select(func.sum(EffectRow.amount)).where(EffectRow.action == action, EffectRow.at >= since)
        if call:
            query = query.where(EffectRow.call == call)
        if customer:
            query = query.where(EffectRow.customer == customer)
        with self._db.read() as session:
            done = Decimal(session.scalar(query) or 0)
        running = (
            one.amount
            for one in self._reserved.values()
            if one.action == action and call in ("", one.call) and customer in ("", one.customer)
        )
        return sum(running, done)

    def last(self, action: str, customer: str) -> datetime | None:
        """Return when an action last moved money for a customer, however late it was noticed."""
        query = select(func.max(EffectRow.at)).where(
            EffectRow.action == action, EffectRow.customer == customer, EffectRow.amount > 0
        )
        with self._db.read() as session:
            return session.scalar(query)
