"""The embedded shop: what may be done with orders, whatever its records are kept in.

A change is made as a whole and once per idempotency key, so that asking twice does nothing twice.
"""

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ivr.commerce.catalogue import Catalogue
from ivr.commerce.model import (
    MONEY_CAME,
    OPEN_TO_CHANGE,
    Coupon,
    Customer,
    Order,
    Pin,
    Product,
    Refund,
    Return,
    Shipment,
)
from ivr.commerce.records import Change, Records
from ivr.errors import Unavailable
from ivr.ports import Clock

Wish = Literal["refund", "exchange"]
SITE = "https://shop.example"
"""Where the embedded shop's customers find their documents."""
GIVEN_BACK = ("shipped", "delivered")
"""States of orders whose money may go back; what has not been sent is cancelled."""
CATALOGUE_LASTS = timedelta(minutes=1)
"""So long names of products are not read again; price and stock always are."""
_HASHER = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
"""Four digits are guessed at once from any hash; what guards them is that three wrong ones lock."""


def hashed_pin(pin: str, salt: bytes | None = None) -> str:
    """Return what is kept of a PIN; `salt` of 16 bytes only where the same must come out again."""
    return _HASHER.hash(pin, salt=salt)


def is_pin(digest: str, pin: str) -> bool:
    """Return whether a PIN is the one that was kept."""
    try:
        return _HASHER.verify(digest, pin)
    except (VerificationError, InvalidHashError):
        return False


def _coming_back(change: Change, order: Order, items: tuple[str, ...]) -> bool:
    """Return whether some items of an order (none named: any) are on their way back already."""
    back = {item for one in change.find(Return, "order", order.number) for item in one.items or order.items}
    return bool(back & set(items or order.items))


class EmbeddedShop:
    """A shop on records. `down` makes every call fail, for tests."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._kept, self._clock = records, clock
        self._catalogue: tuple[datetime, Catalogue] | None = None
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

    def refunds_of_customer(self, customer: str) -> list[Refund]:
        """Return the refunds of a customer's newest orders."""
        orders = [one.number for one in self.orders_of(customer)]
        return self.records.find(Refund, "order", *orders) if orders else []

    def products(self, words: str) -> list[Product]:
        """Return the products that a caller may mean by some words, the likeliest first."""
        now = self._clock()
        if self._catalogue is None or now - self._catalogue[0] > CATALOGUE_LASTS:
            self._catalogue = now, Catalogue(self.records.all(Product))
        found = (self.records.get(Product, sku) for sku in self._catalogue[1].likely(words))
        return [one for one in found if one is not None]

    def check_pin(self, customer: str, pin: str) -> bool | None:
        """Return whether this is the customer's PIN; None where they have set none."""
        kept = self.records.get(Pin, customer)
        return None if kept is None else is_pin(kept.digest, pin)

    def document(self, kind: str, order: str) -> str | None:
        """Return the address under which the customer finds a document of an order, or None."""
        known = self.records.get(Order, order)
        return f"{SITE}/{kind.replace('_', '-')}/{order}" if known else None

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
            if known is None or known.status not in GIVEN_BACK or amount <= 0:
                return None
            if known.payment not in MONEY_CAME or _coming_back(change, known, items):
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
            if known is None or known.status not in OPEN_TO_CHANGE or change.find(Refund, "order", order):
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

    def grant_coupon(
        self, customer: str, amount: Decimal, currency: str, expires_on: date, key: str
    ) -> Coupon | None:
        """Give a customer a voucher, once per key; None for an unknown customer or no amount."""

        def work(change: Change) -> Coupon | None:
            if change.get(Customer, customer) is None or amount <= 0:
                return None
            code = f"SORRY{change.new_number(Coupon)}"
            coupon = Coupon(code, amount, currency, expires_on=expires_on, customer=customer)
            change.put(coupon)
            return coupon

        return self.records.change(key, work)

    def lock_account(self, customer: str, key: str) -> Customer | None:
        """Let an account take no more orders and logins; None for an unknown customer."""
        return self._changed(customer, key, locked=True)

    def change_phone(self, customer: str, phone: str, key: str) -> Customer | None:
        """Keep another telephone number (E.164) of a customer, once per key."""
        return self._changed(customer, key, phone=phone)

    def reset_link(self, customer: str, key: str) -> str | None:
        """Return a fresh address at which a customer sets a new password, the same per key."""
        known = self._changed(customer, key)
        token = hashlib.sha256(f"{customer} {key}".encode()).hexdigest()[:20]
        return f"{SITE}/new-password/{token}" if known else None

    def _changed(self, customer: str, key: str, **fields: Any) -> Customer | None:
        def work(change: Change) -> Customer | None:
            known = change.get(Customer, customer)
            if known is None:
                return None
            changed = replace(known, **fields)
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
            if _coming_back(change, known, tuple(wanted)):
                return None
            gone = {item for one in change.find(Refund, "order", order) for item in one.items or known.items}
            if gone & set(wanted):
                return None
            back = Return(change.new_number(Return), order, tuple(wanted), wish, reason)
            change.put(back)
            return back

        return self.records.change(key, work)
