"""A shop's own back end as the `Shop` port: which question is asked for what, and what makes a good answer.

The contract is `openapi.yaml` beside this file; `docs/http-shop.md` explains it to those who serve it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeVar

import structlog

from ivr.commerce.model import Coupon, Customer, Order, Product, Refund, Return, Shipment
from ivr.commerce.shop_line import Ask, ShopLine
from ivr.commerce.wire import (
    AskedRefund,
    AskedReturn,
    CheckedPin,
    Link,
    NewAddress,
    NewCoupon,
    NewPhone,
    TriedPin,
    fits,
    is_sayable,
    read,
    read_all,
    written,
)
from ivr.errors import InvalidInput, Unavailable
from ivr.ports import Clock

R = TypeVar("R")
log = structlog.get_logger(__name__)
Names = Mapping[str, str]
READ, CHANGE = ("not_found",), ("not_found", "refused")
"""Which problems are an answer."""
PIN: Mapping[str, bool | None] = {"right": True, "wrong": False, "not_set": None}


class HttpShop:
    """A shop over HTTP. What the contract cannot even say (an order "../1") does not exist, or is refused."""

    def __init__(self, url: str, key: str, clock: Clock, **line: Any) -> None:
        self._line = ShopLine(url, key, clock, **line)

    def close(self) -> None:
        """Close the connections."""
        self._line.close()

    # ---- look-ups

    def order(self, number: str) -> Order | None:
        """Return the order, or None."""
        return self._one(Order, "/v1/orders/{number}", {"number": number}, number=number)

    def orders_of(self, customer: str) -> list[Order]:
        """Return a customer's orders, the newest first."""
        found = self._all(Order, "orders", "/v1/customers/{id}/orders", {"id": customer}, customer=customer)
        return sorted(found, key=lambda one: one.placed_on or date.min, reverse=True)

    def customer(self, customer: str) -> Customer | None:
        """Return a customer, or None."""
        return self._one(Customer, "/v1/customers/{id}", {"id": customer}, id=customer)

    def customer_by_phone(self, phone: str) -> Customer | None:
        """Return the one customer with this number; a number that several share is nobody's."""
        if not phone:
            return None
        found = self._all(Customer, "customers", "/v1/customers", {}, {"phone": phone}, phone=phone)
        return found[0] if len(found) == 1 else None

    def shipment_of(self, order: str) -> Shipment | None:
        """Return the newest parcel of an order, or None."""
        return self._one(Shipment, "/v1/orders/{number}/shipment", {"number": order}, order=order)

    def refunds_of(self, order: str) -> list[Refund]:
        """Return the refunds of an order, the newest first."""
        return self._all(Refund, "refunds", "/v1/orders/{number}/refunds", {"number": order}, order=order)

    def returns_of(self, order: str) -> list[Return]:
        """Return what is on its way back of an order."""
        return self._all(Return, "returns", "/v1/orders/{number}/returns", {"number": order}, order=order)

    def refunds_of_customer(self, customer: str) -> list[Refund]:
        """Return the refunds of a customer's newest orders."""
        return self._all(Refund, "refunds", "/v1/customers/{id}/refunds", {"id": customer})

    def products(self, words: str) -> list[Product]:
        """Return the products that a caller may mean by some words, the likeliest first."""
        return self._all(Product, "products", "/v1/products", {}, {"words": words.strip()})

    def check_pin(self, customer: str, pin: str) -> bool | None:
        """Return whether this is the customer's PIN; None where they have set none."""
        path = "/v1/customers/{id}/pin-check"
        if not is_sayable(TriedPin(pin)):
            return False
        ask = Ask("POST", path, {"id": customer}, body=_json(TriedPin(pin)))
        checked = self._told(ask, READ, lambda data: read(CheckedPin, data))
        return PIN[checked.result] if checked else None

    def document(self, kind: str, order: str) -> str | None:
        """Return the address under which the customer finds a document of an order, or None."""
        link = self._one(Link, "/v1/orders/{number}/documents/{kind}", {"number": order, "kind": kind})
        return link.url if link else None

    def coupon(self, code: str) -> Coupon | None:
        """Return a coupon, or None."""
        return self._one(Coupon, "/v1/coupons/{code}", {"code": code.upper()}, code=code.upper())

    # ---- changes

    def request_refund(
        self, order: str, amount: Decimal, key: str, items: tuple[str, ...] = ()
    ) -> Refund | None:
        """Ask for a refund of an order or of some of its items, once per key."""
        asked, names = AskedRefund(amount, items), {"number": order}
        return self._change(Refund, "POST", "/v1/orders/{number}/refunds", names, key, asked, order=order)

    def cancel(self, order: str, key: str) -> Order | None:
        """Cancel an order that has not been handed over, once per key."""
        path, names = "/v1/orders/{number}/cancellation", {"number": order}
        return self._change(Order, "POST", path, names, key, None, number=order)

    def change_address(self, order: str, address: str, key: str) -> Order | None:
        """Send an order elsewhere that has not been handed over, once per key."""
        path, names = "/v1/orders/{number}/address", {"number": order}
        return self._change(Order, "PUT", path, names, key, NewAddress(address), number=order)

    def request_return(
        self, order: str, items: tuple[str, ...], wish: Literal["refund", "exchange"], reason: str, key: str
    ) -> Return | None:
        """Let items of a delivered order come back, once per key."""
        asked, names = AskedReturn(wish, items, reason), {"number": order}
        return self._change(Return, "POST", "/v1/orders/{number}/returns", names, key, asked, order=order)

    def grant_coupon(
        self, customer: str, amount: Decimal, currency: str, expires_on: date, key: str
    ) -> Coupon | None:
        """Give a customer a voucher, once per key."""
        asked, names = NewCoupon(amount, currency, expires_on), {"id": customer}
        path = "/v1/customers/{id}/coupons"
        return self._change(Coupon, "POST", path, names, key, asked, customer=customer)

    def lock_account(self, customer: str, key: str) -> Customer | None:
        """Let an account take no more orders and logins."""
        path, names = "/v1/customers/{id}/lock", {"id": customer}
        return self._change(Customer, "POST", path, names, key, None, id=customer)

    def change_phone(self, customer: str, phone: str, key: str) -> Customer | None:
        """Keep another telephone number (E.164) of a customer, once per key."""
        path, names = "/v1/customers/{id}/phone", {"id": customer}
        return self._change(Customer, "PUT", path, names, key, NewPhone(phone), id=customer)

    def reset_link(self, customer: str, key: str) -> str | None:
        """Return a fresh address at which a customer sets a new password, the same per key."""
        path = "/v1/customers/{id}/password-resets"
        link = self._change(Link, "POST", path, {"id": customer}, key, None)
        return link.url if link else None

    # ---- how they are asked

    def _one(self, kind: type[R], path: str, names: Names, **about: str) -> R | None:
        return self._told(Ask("GET", path, names), READ, lambda data: _same(read(kind, data), about))

    def _all(
        self, kind: type[R], listed: str, path: str, names: Names, query: Names | None = None, **about: str
    ) -> list[R]:
        def understood(data: object) -> list[R]:
            return [_same(one, about) for one in read_all(kind, data, listed)]

        return self._told(Ask("GET", path, names, query or {}), READ, understood) or []

    def _change(
        self, kind: type[R], method: str, path: str, names: Names, key: str, body: object | None, **about: str
    ) -> R | None:
        if body is not None and not is_sayable(body):
            return None
        ask = Ask(method, path, names, body=b"" if body is None else _json(body), key=_header(key))
        return self._told(ask, CHANGE, lambda data: _same(read(kind, data), about))

    def _told(self, ask: Ask, none: tuple[str, ...], understood: Callable[[object], R]) -> R | None:
        """Return what the shop tells; None for a name that cannot be, and for some problems."""
        if not all(fits(name, text) for name, text in (*ask.names.items(), *ask.query.items())):
            return None
        reply = self._line.ask(ask)
        if reply.problem in none:
            return None
        try:
            if reply.problem:
                raise InvalidInput(f"'{reply.problem}' does not answer a question")
            return understood(reply.data)
        except InvalidInput as fault:
            log.warning("the shop does not keep the contract", asked=str(ask), why=str(fault))
            raise Unavailable(f"the shop's reply does not keep the contract: {fault}") from None


def _same(record: R, about: Names) -> R:
    """Return a record that is about what was asked. Raise InvalidInput for another: it is somebody else's."""
    if any(getattr(record, name) != wanted for name, wanted in about.items()):
        raise InvalidInput("it is about something else than was asked")
    return record


def _json(record: object) -> bytes:
    return json.dumps(written(record), ensure_ascii=False).encode()


def _header(key: str) -> str:
    """Return an idempotency key that may stand in a header: itself, or its digest."""
    return key if re.fullmatch("[!-~]{1,128}", key) else hashlib.sha256(key.encode()).hexdigest()
