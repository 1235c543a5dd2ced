"""The embedded shop: tables in the hotline's own database."""

import secrets
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ivr.commerce.model import Customer, Order, Refund
from ivr.errors import Unavailable
from ivr.ports import Clock
from ivr.storage.session import Database
from ivr.storage.tables import CustomerRow, OrderRow, RefundRow


class SqlShop:
    """Orders, customers and refunds in tables."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def order(self, number: str) -> Order | None:
        """Return the order, or None."""
        try:
            with self._db.read() as session:
                row = session.get(OrderRow, number)
        except SQLAlchemyError as error:
            raise Unavailable("the shop's tables cannot be read") from error
        return _order(row) if row else None

    def customer_by_phone(self, phone: str) -> Customer | None:
        """Return the one customer with this number; a number that several share is nobody's."""
        try:
            with self._db.read() as session:
                rows = session.scalars(select(CustomerRow).where(CustomerRow.phone == phone).limit(2)).all()
        except SQLAlchemyError as error:
            raise Unavailable("the shop's tables cannot be read") from error
        return _customer(rows[0]) if len(rows) == 1 else None

    def refund_of(self, order: str) -> Refund | None:
        """Return the refund of an order, or None."""
        try:
            with self._db.read() as session:
                row = session.scalars(select(RefundRow).where(RefundRow.order == order)).first()
        except SQLAlchemyError as error:
            raise Unavailable("the shop's tables cannot be read") from error
        return _refund(row) if row else None

    def request_refund(self, order: str, amount: Decimal, key: str) -> Refund | None:
        """Ask for a refund, once per key; the table allows one an order."""
        try:
            with self._db.write() as session:
                known = session.scalars(select(RefundRow).where(RefundRow.key == key)).first()
                if known is not None:
                    return _refund(known)
                row = session.get(OrderRow, order)
                if row is None or amount <= 0 or amount > row.total:
                    return None
                refund = RefundRow(
                    number=f"{secrets.randbelow(900_000) + 100_000}",
                    order=order,
                    amount=amount,
                    currency=row.currency,
                    key=key,
                    at=self._clock(),
                )
                session.add(refund)
                session.flush()
                return _refund(refund)
        except IntegrityError:
            return None
        except SQLAlchemyError as error:
            raise Unavailable("the shop's tables cannot be written") from error

    def fill(self, customers: list[Customer], orders: list[Order]) -> None:
        """Add records that are not there yet."""
        with self._db.write() as session:
            have = set(session.scalars(select(CustomerRow.id)))
            session.add_all(
                CustomerRow(id=c.id, name=c.name, phone=c.phone, language=c.language, level=c.level)
                for c in customers
                if c.id not in have
            )
            session.flush()
            known = set(session.scalars(select(OrderRow.number)))
            session.add_all(_order_row(order) for order in orders if order.number not in known)


def today(clock: Clock) -> date:
    """Return the present day in UTC."""
    now: datetime = clock()
    return now.astimezone(UTC).date()


def _order(row: OrderRow) -> Order:
    return Order(
        row.number,
        row.status,  # type: ignore[arg-type]  # the table holds what `fill` was given
        row.total,
        row.currency,
        row.placed_on,
        row.eta,
        row.delivered_on,
        row.method,
        tuple(row.items),
        row.customer,
    )


def _order_row(order: Order) -> OrderRow:
    return OrderRow(
        number=order.number,
        customer=order.customer,
        status=order.status,
        total=order.total,
        currency=order.currency,
        method=order.method,
        placed_on=order.placed_on,
        eta=order.eta,
        delivered_on=order.delivered_on,
        items=list(order.items),
    )


def _customer(row: CustomerRow) -> Customer:
    return Customer(row.id, row.name, row.phone, row.language, row.level)


def _refund(row: RefundRow) -> Refund:
    return Refund(row.number, row.order, row.amount, row.currency, row.status)  # type: ignore[arg-type]
