"""Whether a shop's back end keeps the contract: what the hotline asks, without changing anything."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

import httpx

from ivr.commerce.http_shop import HttpShop
from ivr.commerce.model import Customer, Order
from ivr.commerce.shop_line import Ask, ShopLine
from ivr.commerce.signature import WINDOW_S
from ivr.errors import HotlineError, Unavailable
from ivr.ports import Clock

Check = Callable[[HttpShop], str]
"""Asks something and tells what it saw; raises Broken or Unavailable where the contract is not kept."""
NOBODY, NO_PHONE, NO_WORDS = "ivr-check-0", "+999000000000", "qzx vbn"
TIMEOUT_S = 5.0
"""Slower than a caller would stand, so that it is seen how slow."""


class Broken(HotlineError):
    """The contract is not kept."""


@dataclass(frozen=True, slots=True)
class Known:
    """What there is in the shop: an order, a voucher, words that mean a product; "" for not told."""

    order: str = ""
    code: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check, why, and how long it took."""

    what: str
    passed: bool
    why: str
    ms: int


def checked(url: str, key: str, clock: Clock, known: Known) -> Iterator[Checked]:
    """Check a back end; what is not known to be there is only asked for in vain.

    Raise InvalidInput for what is no address.
    """
    for what, check in (*_signed(url, key, clock), *_missing(), *_there(known)):
        with closing(HttpShop(url, key, clock, timeout_s=TIMEOUT_S)) as shop:  # no check suffers from another
            began, passed = time.monotonic(), True
            try:
                why = check(shop)
            except (Broken, Unavailable) as fault:
                why, passed = str(fault), False
            yield Checked(what, passed, why, round((time.monotonic() - began) * 1000))


Checks = Iterator[tuple[str, Check]]


def _signed(url: str, key: str, clock: Clock) -> Checks:
    yield "no signature", lambda _: _unsigned(url)
    yield "a signature by another key", lambda _: _refused(url, "not-the-key-of-the-shop", clock)
    yield (
        "a signature that is too old",
        lambda _: _refused(url, key, lambda: clock() - timedelta(seconds=WINDOW_S + 60)),
    )


def _unsigned(url: str) -> str:
    address = f"{url.rstrip('/')}/v1/orders/{NOBODY}"
    try:
        status = httpx.get(address, timeout=TIMEOUT_S, trust_env=False).status_code
    except httpx.HTTPError:
        raise Broken("there was no answer") from None
    if status not in (401, 403):
        raise Broken(f"it was answered with the status {status}")
    return "refused"


def _refused(url: str, key: str, clock: Clock) -> str:
    with closing(ShopLine(url, key, clock, timeout_s=TIMEOUT_S)) as line:
        try:
            line.ask(Ask("GET", "/v1/orders/{number}", {"number": NOBODY}))
        except Unavailable as error:
            if "signature" in str(error):
                return "refused"
            raise
    raise Broken("it was answered")


def _missing() -> Checks:
    yield "no such order", lambda shop: _none(shop.order(NOBODY))
    yield "no such order's parcel", lambda shop: _none(shop.shipment_of(NOBODY))
    yield "no such order's refunds", lambda shop: _none(shop.refunds_of(NOBODY))
    yield "no such order's returns", lambda shop: _none(shop.returns_of(NOBODY))
    yield "no such order's invoice", lambda shop: _none(shop.document("invoice", NOBODY))
    yield "no such customer", lambda shop: _none(shop.customer(NOBODY))
    yield "no such customer's orders", lambda shop: _none(shop.orders_of(NOBODY))
    yield "no such customer's refunds", lambda shop: _none(shop.refunds_of_customer(NOBODY))
    yield "nobody's telephone number", lambda shop: _none(shop.customer_by_phone(NO_PHONE))
    yield "no such voucher", lambda shop: _none(shop.coupon(NOBODY))
    yield "words that mean nothing", lambda shop: f"{len(shop.products(NO_WORDS))} products"


def _none(found: object) -> str:
    if found:
        raise Broken("there is one")
    return "none"


def _there(known: Known) -> Checks:
    yield from _about(known.order) if known.order else ()
    if known.code:
        yield "the voucher", lambda shop: _some(shop.coupon(known.code))
    if known.words:
        yield "the product", lambda shop: _some(shop.products(known.words))


def _about(number: str) -> Checks:
    yield "the order", lambda shop: _order(shop, number).status
    yield "its parcel", lambda shop: "there" if shop.shipment_of(number) else "none"
    yield "its refunds", lambda shop: f"{len(shop.refunds_of(number))} refunds"
    yield "its returns", lambda shop: f"{len(shop.returns_of(number))} returns"
    yield "its invoice", lambda shop: "there" if shop.document("invoice", number) else "none"
    yield "its customer", lambda shop: f"level {_owner(shop, number).level}"
    yield "the customer by telephone", lambda shop: _by_phone(shop, number)
    yield "the customer's orders", lambda shop: _among(shop, number)
    yield (
        "the customer's refunds",
        lambda shop: f"{len(shop.refunds_of_customer(_owner(shop, number).id))} refunds",
    )
    yield "whether a PIN is set", lambda shop: _pin(shop, number)


def _some(found: object) -> str:
    if not found:
        raise Broken("there is none")
    return "there"


def _order(shop: HttpShop, number: str) -> Order:
    order = shop.order(number)
    if order is None:
        raise Broken("there is no such order")
    return order


def _owner(shop: HttpShop, number: str) -> Customer:
    order = _order(shop, number)
    customer = shop.customer(order.customer) if order.customer else None
    if customer is None:
        raise Broken("the order names no customer, or one that is not there")
    return customer


def _by_phone(shop: HttpShop, number: str) -> str:
    owner = _owner(shop, number)
    if not owner.phone:
        return "no number is known"
    found = shop.customer_by_phone(owner.phone)
    if found is None:
        raise Broken("nobody has the number, or several have it")
    if found != owner:
        raise Broken("another customer has the number, or the same one looks different")
    return "the same"


def _among(shop: HttpShop, number: str) -> str:
    orders = shop.orders_of(_owner(shop, number).id)
    if number not in [one.number for one in orders]:
        raise Broken("the order is not among them")
    return f"{len(orders)} orders"


def _pin(shop: HttpShop, number: str) -> str:
    return "none" if shop.check_pin(_owner(shop, number).id, "") is None else "set"
