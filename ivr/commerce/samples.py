"""A few customers and orders in different states, for call scripts and tests; the demo shop has them, too."""

from datetime import date, timedelta
from decimal import Decimal

from ivr.commerce.model import Coupon, Customer, Order, Refund, Shipment
from ivr.commerce.records import MemoryRecords
from ivr.commerce.shop import EmbeddedShop
from ivr.ports import Clock


def sample_orders(today: date) -> dict[str, Order]:
    """Return orders by number, with dates around a day."""

    def order(number: str, status: str, total: str, **more: object) -> Order:
        return Order(number, status, Decimal(total), placed_on=today - timedelta(days=6), **more)  # type: ignore[arg-type]

    def days(count: int) -> date:
        return today + timedelta(days=count)

    def prices(*some: str) -> tuple[Decimal, ...]:
        return tuple(map(Decimal, some))

    made = [
        order("100245", "shipped", "89.90", eta=days(2), items=("rain jacket",), customer="C1"),
        order("100311", "delivered", "49.90", delivered_on=days(-5), items=("desk lamp",), customer="C1"),
        order("100378", "delivered", "129.00", delivered_on=days(-45), items=("headphones",), customer="C2"),
        order(
            "100402", "delivered", "349.00", delivered_on=days(-3), items=("coffee machine",), customer="C2"
        ),
        order("100417", "paid", "24.50", eta=days(4), items=("tea towels",), customer="C3"),
        order("100420", "cancelled", "15.00", items=("mug",), customer="C3"),
        order(
            "100433",
            "delivered",
            "79.80",
            delivered_on=days(-8),
            items=("running shoes", "water bottle"),
            prices=prices("64.90", "14.90"),
            customer="C2",
        ),
        order("100446", "paid", "39.90", eta=days(5), items=("cook book",), customer="C4", payment="double"),
        order("100459", "shipped", "59.00", eta=days(-6), items=("wall clock",), customer="C4"),
        order(
            "100462",
            "packed",
            "120.00",
            eta=days(3),
            items=("garden chair",),
            customer="C5",
            instalments=True,
        ),
        order("100475", "refunded", "18.50", delivered_on=days(-20), items=("phone case",), customer="C5"),
    ]
    return {one.number: one for one in made}


def sample_parcels(today: date) -> list[Shipment]:
    """Return parcels of the sample orders."""
    yesterday = today - timedelta(days=1)
    return [
        Shipment("P100245", "100245", "City Express", "in_transit", "Cologne", yesterday),
        Shipment("P100459", "100459", "City Express", "lost", "Leipzig", today - timedelta(days=12)),
        Shipment("P100311", "100311", "Postal Service", "delivered", "", today - timedelta(days=5)),
    ]


def sample_money(today: date) -> list[object]:
    """Return refunds and coupons around the sample orders."""
    return [
        Refund("700475", "100475", Decimal("18.50"), status="paid", requested_on=today - timedelta(days=9)),
        Coupon("WELCOME10", Decimal(10), least=Decimal(50), expires_on=today + timedelta(days=30)),
        Coupon("SUMMER5", Decimal(5), expires_on=today - timedelta(days=40)),
        Coupon("THANKS15", Decimal(15), customer="C1", expires_on=today + timedelta(days=60), used=True),
    ]


SAMPLE_CUSTOMERS = {
    one.phone: one
    for one in (
        Customer("C1", "Ada Brown", "+15550101", level="gold", email="ada@example.com", points=1240),
        Customer("C2", "Ben Okafor", "+15550102", email="ben@example.com", points=80),
        Customer("C3", "Chen Wei", "+15550103", email="chen@example.com"),
        Customer("C4", "Dora Diaz", "+15550104", email="dora@example.com", points=15),
        Customer(
            "C5", "Mei Huang", "+15550105", language="zh", level="silver", email="mei@example.com", points=430
        ),
    )
}


def sample_shop(clock: Clock, orders: dict[str, Order] | None = None) -> EmbeddedShop:
    """Return a shop in memory with the samples, or with these orders instead of the sample ones."""
    today = clock().date()
    records = [
        *SAMPLE_CUSTOMERS.values(),
        *(sample_orders(today) if orders is None else orders).values(),
        *sample_parcels(today),
        *sample_money(today),
    ]
    return EmbeddedShop(MemoryRecords(records), clock)
