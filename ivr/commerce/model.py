"""What the hotline knows of a shop: customers, products, orders and what becomes of them, as records.

Every record is found by its first field. Money has two decimals.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

OrderStatus = Literal["paid", "packed", "shipped", "delivered", "cancelled", "refunded"]
PaymentStatus = Literal["paid", "pending", "failed", "double"]
ShipmentState = Literal[
    "prepared", "in_transit", "out_for_delivery", "at_pickup", "missed", "delivered", "lost"
]
MONEY_CAME: tuple[PaymentStatus, ...] = ("paid", "double")
"""Payments of which there is money to give back."""
OPEN_TO_CHANGE = ("paid", "packed")
"""States in which an order has not been handed to the carrier."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer; `phone` is E.164, `level` the membership level (basic, silver, gold).

    `pace` is normal or slow: who needs more time to answer. A `locked` account takes no orders.
    """

    id: str
    name: str
    phone: str
    language: str = "en"
    level: str = "basic"
    email: str = ""
    postcode: str = ""
    points: int = 0
    points_expire: date | None = None
    pace: str = "normal"
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Pin:
    """What a customer proves themselves with: an Argon2 hash (RFC 9106), never the digits."""

    customer: str
    digest: str


@dataclass(frozen=True, slots=True)
class Product:
    """Something that the shop sells; `words` are other names by which callers may mean it, lower case."""

    sku: str
    name: str
    price: Decimal
    currency: str = "EUR"
    stock: int = 0
    warranty_months: int = 24
    details: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """An order. `eta` is the expected day of delivery, `prices` what each of the `items` cost."""

    number: str
    status: OrderStatus
    total: Decimal
    currency: str = "EUR"
    placed_on: date | None = None
    eta: date | None = None
    delivered_on: date | None = None
    method: str = "credit card"
    items: tuple[str, ...] = ()
    customer: str | None = None
    prices: tuple[Decimal, ...] = ()
    address: str = ""
    gift: bool = False
    instalments: bool = False
    payment: PaymentStatus = "paid"


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel of an order: where it was last seen, and when."""

    number: str
    order: str
    carrier: str
    state: ShipmentState
    place: str = ""
    scanned_on: date | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back for an order, or for some of its items (none named: all)."""

    number: str
    order: str
    amount: Decimal
    currency: str = "EUR"
    status: Literal["requested", "paid"] = "requested"
    items: tuple[str, ...] = ()
    requested_on: date | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """Items on their way back; `wish` is refund or exchange."""

    number: str
    order: str
    items: tuple[str, ...] = ()
    wish: Literal["refund", "exchange"] = "refund"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Coupon:
    """A voucher: an amount, good from a `least` total on, until a day; `customer` None: for everybody."""

    code: str
    amount: Decimal
    currency: str = "EUR"
    least: Decimal = Decimal(0)
    expires_on: date | None = None
    used: bool = False
    customer: str | None = None
