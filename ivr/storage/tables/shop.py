"""The embedded demo shop: the records of `ivr.commerce.model`, a column for each field."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Numeric, String, Text
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
    email: Mapped[str] = mapped_column(String(254), default="")
    postcode: Mapped[str] = mapped_column(String(16), default="")
    points: Mapped[int] = mapped_column(default=0)
    points_expire: Mapped[date | None]
    pace: Mapped[str] = mapped_column(String(8), default="normal")
    locked: Mapped[bool] = mapped_column(default=False)


class PinRow(Base):
    """The hash of a customer's PIN."""

    __tablename__ = "shop_pins"

    customer: Mapped[str] = mapped_column(ForeignKey("shop_customers.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(128))


class ProductRow(Base):
    """A product."""

    __tablename__ = "shop_products"

    sku: Mapped[str] = mapped_column(String(24), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), index=True)
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    stock: Mapped[int] = mapped_column(default=0)
    warranty_months: Mapped[int] = mapped_column(default=24)
    details: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[list[Any]] = mapped_column(default=list)


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
    prices: Mapped[list[Any]] = mapped_column(default=list)
    address: Mapped[str] = mapped_column(Text, default="")
    gift: Mapped[bool] = mapped_column(default=False)
    instalments: Mapped[bool] = mapped_column(default=False)
    payment: Mapped[str] = mapped_column(String(16), default="paid")


class ShipmentRow(Base):
    """A parcel."""

    __tablename__ = "shop_shipments"

    number: Mapped[str] = mapped_column(String(24), primary_key=True)
    order: Mapped[str] = mapped_column(ForeignKey("shop_orders.number"), index=True)
    carrier: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(24))
    place: Mapped[str] = mapped_column(String(128), default="")
    scanned_on: Mapped[date | None]


class RefundRow(Base):
    """A refund."""

    __tablename__ = "shop_refunds"

    number: Mapped[str] = mapped_column(String(24), primary_key=True)
    order: Mapped[str] = mapped_column(ForeignKey("shop_orders.number"), index=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    status: Mapped[str] = mapped_column(String(16), default="requested")
    items: Mapped[list[Any]] = mapped_column(default=list)
    requested_on: Mapped[date | None]


class ReturnRow(Base):
    """Items on their way back."""

    __tablename__ = "shop_returns"

    number: Mapped[str] = mapped_column(String(24), primary_key=True)
    order: Mapped[str] = mapped_column(ForeignKey("shop_orders.number"), index=True)
    items: Mapped[list[Any]] = mapped_column(default=list)
    wish: Mapped[str] = mapped_column(String(16), default="refund")
    reason: Mapped[str] = mapped_column(Text, default="")


class CouponRow(Base):
    """A voucher."""

    __tablename__ = "shop_coupons"

    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    least: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=0)
    expires_on: Mapped[date | None]
    used: Mapped[bool] = mapped_column(default=False)
    customer: Mapped[str | None] = mapped_column(ForeignKey("shop_customers.id"), index=True)


class ShopRequestRow(Base):
    """A change that was asked for under a key, and the record that came of it: asking again finds it."""

    __tablename__ = "shop_requests"

    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime]
