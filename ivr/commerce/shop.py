"""The embedded shop: what may be done with orders, whatever its records are kept in.

A change is made as a whole and once per idempotency key, so that asking twice does nothing twice.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal

from ivr.commerce.model import (
    OPEN_TO_CHANGE,
    Coupon,
    Customer,
    Order,
    Product,
    Refund,
    Return,
    Shipment,
)
from ivr.commerce.records import Change, Records
from ivr.errors import Unavailable
from ivr.ports import Clock

Wish = Literal["refund", "exchange"]


class EmbeddedShop:
    """A shop on records. `down` makes every call fail, for tests."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._kept, self._clock = records, clock
        self.down = False

    @property
    def records(self) -> Records:
        """Return the records. Raise Unavailable while the shop is down."""
        if self.down:
            raise Unavailable("the shop is down")
        return self._kept

    def today(self) -> date:
        """Return the present day in UTC."""
        return self._clock().date()

    # ---- look-ups

    def order(self, number: str) -> Order | None:
        """Return the order, or None."""
        return self.records.get(Order, number)

    def orders_of(self, customer: str) -> list[Order]:
        """Return a customer's orders, the newest first."""
        found = self.records.find(Order, "customer", customer)
        return sorted(found, key=lambda one: (one.placed_on or date.min, one.number), reverse=True)

    def customer(self, customer: str) -> Customer | None:
        """Return a customer, or None."""
        return self.records.get(Customer, customer)

    def customer_by_phone(self, phone: str) -> Customer | None:
        """Return the one customer with this number; a number that several share is nobody's."""
        found = self.records.find(Customer, "phone", phone)
        return found[0] if len(found) == 1 else None

    def shipment_of(self, order: str) -> Shipment | None:
        """Return the newest parcel of an order, or None."""
        return next(iter(self.records.find(Shipment, "order", order)), None)

    def refunds_of(self, order: str) -> list[Refund]:
        """Return the refunds of an order, the newest first."""
        return self.records.find(Refund, "order", order)

    def returns_of(self, order: str) -> list[Return]:
        """Return what is on its way back of an order."""
        return self.records.find(Return, "order", order)

    def product(self, name: str) -> Product | None:
        """Return the product that goes by a name, or None."""
        return next(iter(self.records.find(Product, "name", name.lower())), None)

    def coupon(self, code: str) -> Coupon | None:
        """Return a coupon, or None."""
        return self.records.get(Coupon, code.upper())

    # ---- changes

    def request_refund(
        self, order: str, amount: Decimal, key: str, items: tuple[str, ...] = ()
    ) -> Refund | None:
        """Ask for a refund of an order or of some of its items, once per key; None when that cannot be.

        All refunds of an order together are never more than was paid, and no item is refunded twice.
        """

        def work(change: Change) -> Refund | None:
            known = change.get(Order, order)
            if known is None or known.status in ("cancelled", "refunded") or amount <= 0:
                return None
            before = change.find(Refund, "order", order)
            if sum((one.amount for one in before), amount) > known.total:
                return None
            if any(not one.items or not items or set(one.items) & set(items) for one in before):
                return None
            if not set(items) <= set(known.items):
                return None
            number = change.new_number(Refund)
            refund = Refund(number, order, amount, known.currency, "requested", items, self.today())
            change.put(refund)
            return refund

        return self.records.change(key, work)

    def cancel(self, order: str, key: str) -> Order | None:
        """Cancel an order that has not been handed over, once per key; None when it is too late."""

        def work(change: Change) -> Order | None:
            known = change.get(Order, order)
            if known is None or known.status not in OPEN_TO_CHANGE:
                return None
            cancelled = replace(known, status="cancelled", eta=None)
            change.put(cancelled)
            return cancelled

        return self.records.change(key, work)

    def change_address(self, order: str, address: str, key: str) -> Order | None:
        """Send an order elsewhere, once per key; None when it has been handed over, or is none."""

        def work(change: Change) -> Order | None:
            known = change.get(Order, order)
            if known is None or known.status not in OPEN_TO_CHANGE or not address.strip():
                return None
            changed = replace(known, address=address.strip())
            change.put(changed)
            return changed

        return self.records.change(key, work)

    def request_return(
        self, order: str, items: tuple[str, ...], wish: Wish, reason: str, key: str
    ) -> Return | None:
        """Let items of a delivered order come back, once per key; None when they cannot, or are already."""

        def work(change: Change) -> Return | None:
            known = change.get(Order, order)
            if known is None or known.status != "delivered":
                return None
            wanted = items or known.items
            if not set(wanted) <= set(known.items):
                return None
            before = {
                item for one in change.find(Return, "order", order) for item in one.items or known.items
            }
            if before & set(wanted):
                return None
            back = Return(change.new_number(Return), order, tuple(wanted), wish, reason)
            change.put(back)
            return back

        return self.records.change(key, work)
