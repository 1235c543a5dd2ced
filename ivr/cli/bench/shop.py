"""`ivr bench shop`: how long actions take in an embedded shop of a million orders, beside a bare look-up."""

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import insert

from ivr.cli.bench.figures import JSON, Figures, machine, show
from ivr.cli.progress import bar
from ivr.commerce.actions import run
from ivr.commerce.context import Context
from ivr.commerce.demo import made
from ivr.commerce.model import Customer, Product
from ivr.commerce.office_memory import MemoryOffice
from ivr.commerce.records_sql import SqlRecords
from ivr.commerce.shop import EmbeddedShop
from ivr.dialog.actions import Act
from ivr.dialog.events import Value
from ivr.ports import Proof
from ivr.storage.session import Database
from ivr.storage.tables import CustomerRow, OrderRow, RefundRow, ShipmentRow

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FIRST, CALLER = 10_000_000, 20_000_000
EACH, BATCH, ORDERS_A_CUSTOMER = 400, 20_000, 4
STATES = ("paid", "packed", "shipped", "delivered", "delivered", "delivered", "refunded", "cancelled")


@click.command("shop", epilog="\b\nExample:\n  ivr bench shop --orders 100000")
@JSON
@click.option("--orders", type=click.IntRange(1_000, 5_000_000), default=1_000_000, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
def bench_shop(as_json: bool, orders: int, seed: int) -> None:
    """Look-ups by order, by customer and by product, each with the check of who calls."""
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder:
        path = Path(folder) / "shop.db"
        db = Database(f"sqlite:///{path}")
        db.upgrade()
        began = time.perf_counter()
        with bar("orders") as progress:
            _fill(db, orders, progress)
        filling = time.perf_counter() - began
        figures: Figures = {
            "machine": machine(),
            "orders": orders,
            "filled, seconds": round(filling, 1),
            "database, MB": round(path.stat().st_size / 1e6),
        }
        figures |= _measured(db, orders, random.Random(seed))
        figures |= _bare(path, orders, random.Random(seed))
        db.close()
    show(figures, as_json)


def _fill(db: Database, orders: int, progress: Callable[[int, int], None]) -> None:
    """Fill the tables: a customer for every few orders, a parcel and some refunds."""
    today = NOW.date()
    goods = [one for one in made(today, customers=5, orders=20) if isinstance(one, Product)]
    SqlRecords(db, lambda: NOW).fill(goods)
    for start in range(0, orders, BATCH):
        numbers = range(start, min(start + BATCH, orders))
        with db.write() as session:
            for row, rows in (
                (CustomerRow, _customers(numbers)),
                (OrderRow, _orders(numbers, today)),
                (ShipmentRow, _parcels(numbers, today)),
                (RefundRow, _refunds(numbers, today)),
            ):
                some: list[dict[str, Any]] = list(rows)
                if some:
                    session.execute(insert(row), some)
        progress(numbers.stop, orders)


def _customers(numbers: range) -> Iterator[dict[str, Any]]:
    for number in numbers[::ORDERS_A_CUSTOMER]:
        who = number // ORDERS_A_CUSTOMER
        yield {"id": f"C{who}", "name": "Ada Brown", "phone": f"+1555{CALLER + who}", "postcode": "10115"}


def _orders(numbers: range, today: date) -> Iterator[dict[str, Any]]:
    for number in numbers:
        status, ago = STATES[number % len(STATES)], number % 90
        yield {
            "number": str(FIRST + number),
            "customer": f"C{number // ORDERS_A_CUSTOMER}",
            "status": status,
            "total": 64.90,
            "placed_on": today - timedelta(days=ago + 3),
            "eta": today + timedelta(days=2) if status == "shipped" else None,
            "delivered_on": today - timedelta(days=ago) if status in ("delivered", "refunded") else None,
            "items": ["desk lamp"],
            "prices": ["64.90"],
        }


def _parcels(numbers: range, today: date) -> Iterator[dict[str, Any]]:
    for number in numbers:
        if STATES[number % len(STATES)] in ("shipped", "delivered"):
            name = str(FIRST + number)
            state = "in_transit" if STATES[number % len(STATES)] == "shipped" else "delivered"
            yield {
                "number": f"P{name}",
                "order": name,
                "carrier": "Express",
                "state": state,
                "scanned_on": today,
            }


def _refunds(numbers: range, today: date) -> Iterator[dict[str, Any]]:
    for number in numbers:
        if STATES[number % len(STATES)] == "refunded":
            yield {
                "number": f"R{number}",
                "order": str(FIRST + number),
                "amount": 64.90,
                "requested_on": today,
            }


def _measured(db: Database, orders: int, dice: random.Random) -> Figures:
    shop = EmbeddedShop(SqlRecords(db, lambda: NOW), lambda: NOW)
    memory = MemoryOffice(lambda: NOW)
    asked: dict[str, Mapping[str, Value]] = {
        "order.lookup": {"number": "$order"},
        "shipment.track": {"order": "$order"},
        "payment.status": {"order": "$order"},
        "refund.check": {"order": "$order"},
        "refund.track": {"order": "$order"},
        "order.lookup by customer": {"customer": "caller"},
        "customer.identify": {"phone": "$caller"},
        "member.summary": {},
        "product.find": {"product": "the desk lamp"},
    }
    figures: Figures = {}
    for name, inputs in asked.items():
        spent = []
        for turn in range(EACH):
            order = dice.randrange(orders)
            who = order // ORDERS_A_CUSTOMER
            caller, call = f"+1555{CALLER + who}", f"{name}:{turn}"
            memory.keep(Proof(call, f"C{who}", "pin", 2, passed=True), call)
            filled = {"$order": str(FIRST + order), "$caller": caller}
            given = {key: filled.get(str(value), value) for key, value in inputs.items()}
            context = Context(shop, memory.office, {}, NOW, call, call, caller)
            began = time.perf_counter()
            done = run(Act(name.split()[0], given, "bench"), context)
            spent.append(1000 * (time.perf_counter() - began))
            if done.acted.outcome in ("unavailable", "unverified", "unknown"):
                raise RuntimeError(f"{name} ended as {done.acted.outcome}")
            memory.proofs.clear()
        spent.sort()
        figures[f"{name}: ms, median / 99 % (goal 5)"] = (
            f"{spent[EACH // 2]:.2f} / {spent[EACH * 99 // 100]:.2f}"
        )
    known = shop.records.get(Customer, "C0")
    assert known is not None
    return figures


def _bare(path: Path, orders: int, dice: random.Random) -> Figures:
    """The yardstick: one SELECT by key in the same file, without any of ours."""
    line = sqlite3.connect(path)
    spent = []
    for _ in range(EACH):
        number = str(FIRST + dice.randrange(orders))
        began = time.perf_counter()
        line.execute("SELECT * FROM shop_orders WHERE number = ?", (number,)).fetchone()
        spent.append(1000 * (time.perf_counter() - began))
    line.close()
    spent.sort()
    return {
        "a bare SELECT by key: ms, median / 99 %": f"{spent[EACH // 2]:.2f} / {spent[EACH * 99 // 100]:.2f}"
    }
