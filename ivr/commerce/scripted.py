"""The back end of a call script: a shop in memory that holds and fails as the script says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ivr.commerce.actions import run
from ivr.commerce.context import Context
from ivr.commerce.model import Order, Refund, Shipment
from ivr.commerce.records import MemoryRecords
from ivr.commerce.samples import SAMPLE_CUSTOMERS, sample_money, sample_orders, sample_parcels
from ivr.commerce.shop import EmbeddedShop
from ivr.dialog.actions import Act
from ivr.dialog.events import Acted, Value
from ivr.dialog.script import Perform, Script, failed_actions
from ivr.ports import Booking, Clock, Rating


def back_end(script: Script, policies: Mapping[str, Value]) -> Perform:
    """Return the function that runs a script's actions. Orders that it names replace samples."""
    given, today = script.given.orders or {}, script.at.date()
    orders = sample_orders(today) | {number: _order(number, data) for number, data in given.items()}
    records: list[object] = [
        *SAMPLE_CUSTOMERS.values(),
        *orders.values(),
        *sample_parcels(today),
        *sample_money(today),
    ]
    for number, data in given.items():
        records += _around(number, orders[number], data)
    refusing = {number for number, data in given.items() if data.get("refused")}
    shop = _RefusingShop(MemoryRecords(records), lambda: script.at, refusing)
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


class _RefusingShop(EmbeddedShop):
    """Refuses refunds for some orders."""

    def __init__(self, records: MemoryRecords, clock: Clock, refusing: set[str]) -> None:
        super().__init__(records, clock)
        self.refusing = refusing

    def request_refund(
        self, order: str, amount: Decimal, key: str, items: tuple[str, ...] = ()
    ) -> Refund | None:
        """Refuse, or ask as ever."""
        return None if order in self.refusing else super().request_refund(order, amount, key, items)


def _order(number: str, data: Mapping[str, Any]) -> Order:
    return Order(
        number,
        data.get("status", "shipped"),
        Decimal(str(data.get("total", "49.90"))),
        str(data.get("currency", "EUR")),
        eta=_day(data.get("eta")),
        delivered_on=_day(data.get("delivered_on")),
        items=tuple(data.get("items", ())),
        customer=data.get("customer"),
        instalments=bool(data.get("instalments")),
        payment=data.get("payment", "paid"),
    )


def _around(number: str, order: Order, data: Mapping[str, Any]) -> list[object]:
    """Return the parcel and the refund that a script gives an order."""
    found: list[object] = []
    if parcel := data.get("parcel"):
        place, seen = str(parcel.get("place", "Cologne")), _day(parcel.get("scanned_on"))
        carrier = str(parcel.get("carrier", "City Express"))
        found.append(Shipment(f"P{number}", number, carrier, parcel.get("state", "in_transit"), place, seen))
    if refund := data.get("refund"):
        amount = Decimal(str(refund.get("amount", order.total)))
        status = refund.get("status", "requested")
        asked = _day(refund.get("requested_on"))
        found.append(Refund(f"7{number}", number, amount, order.currency, status, (), asked))
    return found


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
