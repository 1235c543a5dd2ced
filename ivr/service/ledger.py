"""What actions have done already, out of the audit: for limits by call, customer and day."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select

from ivr.commerce.actions import DONE
from ivr.storage.session import Database
from ivr.storage.tables import EffectRow


class Ledger:
    """Sums over the actions that ran."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def moved(self, action: str, since: datetime, *, call: str = "", customer: str = "") -> Decimal:
        """Return the money that an action has moved since a time, of a call or a customer if named."""
        query = select(func.sum(EffectRow.amount)).where(EffectRow.action == action, EffectRow.at >= since)
        if call:
            query = query.where(EffectRow.call == call)
        if customer:
            query = query.where(EffectRow.customer == customer)
        with self._db.read() as session:
            return Decimal(session.scalar(query) or 0)

    def last(self, action: str, customer: str) -> datetime | None:
        """Return when an action last did what it is for, for a customer."""
        query = select(func.max(EffectRow.at)).where(
            EffectRow.action == action,
            EffectRow.customer == customer,
            EffectRow.outcome == DONE.get(action, ""),
        )
        with self._db.read() as session:
            return session.scalar(query)
