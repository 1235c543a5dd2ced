"""The embedded demo shop: customers, orders, refunds."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from ivr.storage.tables.base import Base


class CustomerRow(Base):
    """A customer."""

    __tablename__ = "shop_customers"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    phone: Mapped[str] = mapped_column(String(32), index=True)
    language: Mapped[str] = mapped_column(String(8), default="en")
    level: Mapped[str] = mapped_column(String(16), default="basic")


class OrderRow(Base):
    """An order."""

    __tablename__ = "shop_orders"

    number: Mapped[str] = mapped_column(String(24), primary_key=True)
    customer: Mapped[str | None] = mapped_column(ForeignKey("shop_customers.id"), index=True)
    status: Mapped[str] = mapped_column(String(16))
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    method: Mapped[str] = mapped_column(String(32), default="credit card")
    placed_on: Mapped[date | None]
    eta: Mapped[date | None]
    delivered_on: Mapped[date | None]
    items: Mapped[list[Any]] = mapped_column(default=list)


class RefundRow(Base):
    """A refund; `key` makes asking twice harmless, `order` allows one an order."""

    __tablename__ = "shop_refunds"

    number: Mapped[str] = mapped_column(String(24), primary_key=True)
    order: Mapped[str] = mapped_column(ForeignKey("shop_orders.number"), unique=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    status: Mapped[str] = mapped_column(String(16), default="requested")
    key: Mapped[str] = mapped_column(String(128), unique=True)
    at: Mapped[datetime]
