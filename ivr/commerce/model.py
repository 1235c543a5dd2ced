"""What the hotline knows of a shop: customers, orders and refunds as plain records."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

OrderStatus = Literal["paid", "packed", "shipped", "delivered", "cancelled", "refunded"]


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer; `phone` is E.164, `level` the membership level."""

    id: str
    name: str
    phone: str
    language: str = "en"
    level: str = "basic"


@dataclass(frozen=True, slots=True)
class Order:
    """An order. `total` has two decimals; `eta` is the expected day of delivery."""

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


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back for an order."""

    number: str
    order: str
    amount: Decimal
    currency: str = "EUR"
    status: Literal["requested", "paid"] = "requested"
