"""A shop's records in tables of the hotline's own database: a row for a record, a column for a field."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from ivr.commerce.model import Coupon, Customer, Order, Pin, Product, Refund, Return, Shipment
from ivr.commerce.records import ALL, MOST, Change, name_of
from ivr.errors import Unavailable
from ivr.ports import Clock
from ivr.storage.session import Database
from ivr.storage.tables import (
    CouponRow,
    CustomerRow,
    OrderRow,
    PinRow,
    ProductRow,
    RefundRow,
    ReturnRow,
    ShipmentRow,
    ShopRequestRow,
)

R = TypeVar("R")
ROWS: dict[type, Any] = {
    Customer: CustomerRow,
    Pin: PinRow,
    Product: ProductRow,
    Order: OrderRow,
    Shipment: ShipmentRow,
    Refund: RefundRow,
    Return: ReturnRow,
    Coupon: CouponRow,
}
KINDS = {kind.__name__: kind for kind in ROWS}
BATCH = 500
Progress = Callable[[int, int], None]


class SqlRecords:
    """Records in tables."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def get(self, kind: type[R], name: str) -> R | None:
        """Return a record by its first field, or None."""
        with _told(), self._db.read() as session:
            return _Session(session).get(kind, name)

    def find(self, kind: type[R], field: str, *values: str) -> list[R]:
        """Return the records in which a field has one of the values."""
        with _told(), self._db.read() as session:
            return _Session(session).find(kind, field, *values)

    def all(self, kind: type[R]) -> list[R]:
        """Return all records of a kind."""
        with _told(), self._db.read() as session:
            return _Session(session).all(kind)

    def change(self, key: str, work: Callable[[Change], R | None]) -> R | None:
        """Do some work in one transaction, once per key."""
        with _told():
            try:
                return self._changed(key, work)
            except IntegrityError:  # somebody has just done it under this key, or taken this number
                return self._changed(key, work)

    def _changed(self, key: str, work: Callable[[Change], R | None]) -> R | None:
        with self._db.write() as session:
            here = _Session(session, locks=True)
            known = session.get(ShopRequestRow, key)
            if known is not None:
                result: R | None = here.get(KINDS[known.kind], known.name)
                return result
            done = work(here)
            if done is not None:
                kind, name = type(done).__name__, name_of(done)
                session.add(ShopRequestRow(key=key, kind=kind, name=name, at=self._clock()))
            return done

    def fill(self, records: Sequence[object], progress: Progress = lambda done, all_: None) -> None:
        """Add the records that are not there yet."""
        with _told(), self._db.write() as session:
            known = {kind: set(session.scalars(select(_key(row)))) for kind, row in ROWS.items()}
            done = 0
            for some in _batches(records):
                for kind in dict.fromkeys(type(one) for one in some):
                    new = [one for one in some if type(one) is kind and name_of(one) not in known[kind]]
                    if new:
                        session.bulk_insert_mappings(ROWS[kind], [_columns(one) for one in new])
                done += len(some)
                progress(done, len(records))


def _batches(records: Sequence[object]) -> Iterator[Sequence[object]]:
    return (records[start : start + BATCH] for start in range(0, len(records), BATCH))


class _Session:
    """The records of one database session; what it reads stays as it is until the end if it `locks`."""

    def __init__(self, session: Session, *, locks: bool = False) -> None:
        self._session, self._locks = session, locks

    def get(self, kind: type[R], name: str) -> R | None:
        row = self._session.get(ROWS[kind], name, with_for_update=True if self._locks else None)
        return _record(kind, row) if row is not None else None

    def find(self, kind: type[R], field: str, *values: str) -> list[R]:
        row = ROWS[kind]
        column = getattr(row, field)
        wanted = column == values[0] if len(values) == 1 else column.in_(values)
        query = select(row).where(wanted).order_by(_key(row).desc()).limit(MOST * len(values))
        return [_record(kind, one) for one in self._session.scalars(query)]

    def all(self, kind: type[R]) -> list[R]:
        row = ROWS[kind]
        return [
            _record(kind, one) for one in self._session.scalars(select(row).order_by(_key(row)).limit(ALL))
        ]

    def change(self, key: str, work: Callable[[Change], R | None]) -> R | None:
        return work(self)  # part of the change that it is in

    def put(self, record: object) -> None:
        self._session.merge(ROWS[type(record)](**_columns(record)))
        self._session.flush()

    def new_number(self, kind: type) -> str:
        while True:
            number = str(secrets.randbelow(900_000) + 100_000)
            if self._session.get(ROWS[kind], number) is None:
                return number


def _key(row: Any) -> Any:
    return next(iter(row.__mapper__.primary_key))


def _columns(record: Any) -> dict[str, Any]:
    return {one.name: _plain(getattr(record, one.name)) for one in fields(record)}


def _plain(value: Any) -> Any:
    return [str(one) for one in value] if isinstance(value, tuple) else value


def _record(kind: type[R], row: Any) -> R:
    values = {one.name: getattr(row, one.name) for one in fields(kind)}  # type: ignore[arg-type]
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(Decimal(one) if name == "prices" else one for one in value)
    return kind(**values)


@contextmanager
def _told() -> Iterator[None]:
    """Turn a failure of the database into one of the shop."""
    try:
        yield
    except SQLAlchemyError as error:
        raise Unavailable("the shop's tables cannot be used") from error
