"""The back end of a call script: a shop in memory that holds and fails as the script says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ivr.commerce.actions import Context, run
from ivr.commerce.model import Order
from ivr.commerce.shop_memory import SAMPLE_CUSTOMERS, MemoryShop, sample_orders
from ivr.dialog.actions import Act
from ivr.dialog.events import Acted, Value
from ivr.dialog.script import Perform, Script, failed_actions
from ivr.ports import Booking, Rating


def back_end(script: Script, policies: Mapping[str, Value]) -> Perform:
    """Return the function that runs a script's actions. Orders that it names replace samples."""
    given = script.given.orders or {}
    orders = sample_orders(script.at.date()) | {n: _order(n, data) for n, data in given.items()}
    refusing = {number for number, data in given.items() if data.get("refused")}
    shop = _RefusingShop(orders, dict(SAMPLE_CUSTOMERS), refusing=refusing)
    count, follow = iter(range(1_000_000)), MemoryFollowUps()

    def perform(act: Act, now: datetime) -> Acted:
        return run(act, Context(shop, follow, policies, now, "script", f"script:{next(count)}"))

    return failed_actions(script.given.faults, perform)


@dataclass(slots=True)
class MemoryFollowUps:
    """Keeps call backs and ratings in memory, once per key."""

    bookings: dict[str, Booking] = field(default_factory=dict)
    ratings: dict[str, Rating] = field(default_factory=dict)

    def book_callback(self, booking: Booking, key: str) -> str:
        """Keep a call back."""
        self.bookings.setdefault(key, booking)
        return f"B{list(self.bookings).index(key) + 1001}"

    def keep_rating(self, rating: Rating, key: str) -> None:
        """Keep a rating."""
        self.ratings.setdefault(key, rating)


class _RefusingShop(MemoryShop):
    """Refuses refunds for some orders."""

    def __init__(self, *held: Any, refusing: set[str]) -> None:
        super().__init__(*held)
        self.refusing = refusing

    def request_refund(self, order: str, amount: Decimal, key: str) -> Any:
        return None if order in self.refusing else super().request_refund(order, amount, key)


def _order(number: str, data: Mapping[str, Any]) -> Order:
    return Order(
        number,
        data.get("status", "shipped"),
        Decimal(str(data.get("total", "49.90"))),
        str(data.get("currency", "EUR")),
        eta=_day(data.get("eta")),
        delivered_on=_day(data.get("delivered_on")),
        items=tuple(data.get("items", ())),
    )


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
