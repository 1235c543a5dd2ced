"""The back end of a call script: a shop in memory that holds and fails as the script says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ivr.commerce.actions import run
from ivr.commerce.context import Context
from ivr.commerce.model import Order, Refund, Shipment
from ivr.commerce.office_memory import MemoryOffice
from ivr.commerce.personal import known_caller
from ivr.commerce.records import MemoryRecords
from ivr.commerce.samples import (
    SAMPLE_CUSTOMERS,
    sample_goods,
    sample_money,
    sample_orders,
    sample_parcels,
    sample_pins,
)
from ivr.commerce.shop import EmbeddedShop
from ivr.dialog.actions import Act
from ivr.dialog.events import Acted, Value
from ivr.dialog.script import Perform, Script, failed_actions
from ivr.ports import Clock


@dataclass(frozen=True, slots=True)
class BackEnd:
    """Runs a script's actions; `known` is what the hotline knows of who calls."""

    perform: Perform
    known: Mapping[str, Value]

    def __call__(self, act: Act, now: datetime) -> Acted:
        """Run an action."""
        return self.perform(act, now)


def back_end(script: Script, policies: Mapping[str, Value]) -> BackEnd:
    """Return what runs a script's actions. Orders that it names replace samples."""
    given, today = script.given.orders or {}, script.at.date()
    orders = sample_orders(today) | {number: _order(number, data) for number, data in given.items()}
    records: list[object] = [
        *SAMPLE_CUSTOMERS.values(),
        *orders.values(),
        *sample_parcels(today),
        *sample_money(today),
        *sample_goods(),
        *sample_pins(),
    ]
    for number, data in given.items():
        records += _around(number, orders[number], data)
    refusing = {number for number, data in given.items() if data.get("refused")}
    shop = _RefusingShop(MemoryRecords(records), lambda: script.at, refusing)
    count, memory = iter(range(1_000_000)), MemoryOffice(lambda: script.at)
    for name in script.given.locked:
        memory.lock(name)

    def perform(act: Act, now: datetime) -> Acted:
        key = f"script:{next(count)}"
        done = run(
            act, Context(shop, memory.office, policies, now, "script", key, script.caller, script.language)
        )
        memory.ran(key, act, done)
        return done.acted

    known = known_caller(shop, memory.office, script.caller, script.at, policies)
    return BackEnd(failed_actions(script.given.faults, perform), known)


class _RefusingShop(EmbeddedShop):
    """Refuses refunds for some orders."""

    def __init__(self, records: MemoryRecords, clock: Clock, refusing: set[str]) -> None:
        super().__init__(records, clock)
        self.refusing = refusing

    def request_refund(
        self, order: str, amount: Decimal, key: str, items: tuple[str, ...] = ()
    ) -> Refund | None:
        """Refuse, or ask as ever."""
        return None if order in self.refusing else super().request_refund(order, amount, key, items)


def _order(number: str, data: Mapping[str, Any]) -> Order:
    return Order(
        number,
        data.get("status", "shipped"),
        Decimal(str(data.get("total", "49.90"))),
        str(data.get("currency", "EUR")),
        eta=_day(data.get("eta")),
        delivered_on=_day(data.get("delivered_on")),
        items=tuple(data.get("items", ())),
        customer=data.get("customer", "C1"),
        prices=tuple(Decimal(str(one)) for one in data.get("prices", ())),
        gift=bool(data.get("gift")),
        placed_on=_day(data.get("placed_on")),
        instalments=bool(data.get("instalments")),
        payment=data.get("payment", "paid"),
    )


def _around(number: str, order: Order, data: Mapping[str, Any]) -> list[object]:
    """Return the parcel and the refund that a script gives an order."""
    found: list[object] = []
    if parcel := data.get("parcel"):
        place, seen = str(parcel.get("place", "Cologne")), _day(parcel.get("scanned_on"))
        carrier = str(parcel.get("carrier", "City Express"))
        found.append(Shipment(f"P{number}", number, carrier, parcel.get("state", "in_transit"), place, seen))
    if refund := data.get("refund"):
        amount = Decimal(str(refund.get("amount", order.total)))
        status = refund.get("status", "requested")
        asked = _day(refund.get("requested_on"))
        found.append(Refund(f"7{number}", number, amount, order.currency, status, (), asked))
    return found


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
