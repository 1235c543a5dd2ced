"""A few customers and orders in different states, for call scripts and tests; the demo shop has them, too."""

from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from ivr.commerce.model import Coupon, Customer, Order, Pin, Product, Refund, Shipment
from ivr.commerce.records import MemoryRecords
from ivr.commerce.shop import EmbeddedShop, hashed_pin
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
        order("100378", "delivered", "129.00", delivered_on=days(-45), items=("headphones",), customer="C1"),
        order(
            "100402", "delivered", "349.00", delivered_on=days(-3), items=("coffee machine",), customer="C1"
        ),
        order("100417", "paid", "24.50", eta=days(4), items=("tea towels",), customer="C1"),
        order("100420", "cancelled", "15.00", items=("mug",), customer="C1"),
        order(
            "100433",
            "delivered",
            "79.80",
            delivered_on=days(-8),
            items=("running shoes", "water bottle"),
            prices=prices("64.90", "14.90"),
            customer="C1",
        ),
        order("100446", "paid", "39.90", eta=days(5), items=("cook book",), customer="C1", payment="double"),
        order("100459", "shipped", "59.00", eta=days(-6), items=("wall clock",), customer="C4"),
        order(
            "100462",
            "packed",
            "120.00",
            eta=days(3),
            items=("garden chair",),
            customer="C1",
            instalments=True,
        ),
        order("100488", "delivered", "64.90", delivered_on=days(-1), items=("backpack",), customer="C2"),
        order("100491", "shipped", "39.90", eta=days(0), items=("board game",), customer="C3"),
        order(
            "100494",
            "delivered",
            "59.00",
            delivered_on=days(-2),
            items=("wool scarf",),
            customer="C5",
            gift=True,
            address="Rosa Diaz, 7 Mill Lane, 20095 Hamburg",
        ),
        order("100475", "refunded", "18.50", delivered_on=days(-20), items=("phone case",), customer="C1"),
    ]
    return {one.number: one for one in made}


def sample_parcels(today: date) -> list[Shipment]:
    """Return parcels of the sample orders."""
    yesterday = today - timedelta(days=1)
    return [
        Shipment("P100245", "100245", "City Express", "in_transit", "Cologne", yesterday),
        Shipment("P100459", "100459", "City Express", "lost", "Leipzig", today - timedelta(days=12)),
        Shipment("P100491", "100491", "Green Wheels", "out_for_delivery", "Leipzig", today),
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


def sample_goods() -> list[Product]:
    """Return what the sample orders are of, and a little more."""

    def product(number: int, name: str, zh: str, price: str, stock: int, grams: int) -> Product:
        details = f"A {name}, {grams} grams."
        return Product(f"S{number:04}", name, Decimal(price), stock=stock, details=details, words=(zh,))

    return [
        product(1, "rain jacket", "雨衣", "89.90", 12, 640),
        product(2, "desk lamp", "台灯", "49.90", 0, 900),
        product(3, "coffee machine", "咖啡机", "349.00", 3, 5400),
        product(4, "running shoes", "跑鞋", "64.90", 80, 560),
        product(5, "wall clock", "挂钟", "59.00", 12, 800),
        product(6, "alarm clock", "闹钟", "24.90", 40, 310),
        product(7, "headphones", "耳机", "129.00", 25, 240),
        product(8, "backpack", "背包", "64.90", 17, 980),
    ]


@cache
def sample_pins() -> tuple[Pin, ...]:
    """Return the PINs of the sample customers who have set one: Ada Brown 2468, Mei Huang 1357."""
    return Pin("C1", hashed_pin("2468")), Pin("C5", hashed_pin("1357"))


SAMPLE_CUSTOMERS = {
    one.phone: one
    for one in (
        Customer(
            "C1", "Ada Brown", "+15550101", "en", "gold", "ada@example.com", "10115", 1240, date(2027, 6, 30)
        ),
        Customer("C2", "Ben Okafor", "+15550102", "en", "basic", "ben@example.com", "50667", 80, pace="slow"),
        Customer("C3", "Chen Wei", "+15550103", "en", "basic", "", "04109"),
        Customer("C4", "Dora Diaz", "+15550104", "en", "basic", "dora@example.com", "20095", 15),
        Customer("C5", "Mei Huang", "+15550105", "zh", "silver", "mei@example.com", "80331", 430),
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
        *sample_goods(),
        *sample_pins(),
    ]
    return EmbeddedShop(MemoryRecords(records), clock)
