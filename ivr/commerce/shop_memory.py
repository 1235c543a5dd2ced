"""A shop in memory, for call scripts and tests: what a script says it holds, and how it fails."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from ivr.commerce.model import Customer, Order, Refund
from ivr.errors import Unavailable


@dataclass(slots=True)
class MemoryShop:
    """Holds orders by number; `down` makes every call fail."""

    orders: dict[str, Order] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    down: bool = False
    _keys: dict[str, Refund] = field(default_factory=dict)

    def order(self, number: str) -> Order | None:
        """Return the order, or None."""
        self._up()
        return self.orders.get(number)

    def customer_by_phone(self, phone: str) -> Customer | None:
        """Return the customer with this number, or None."""
        self._up()
        return self.customers.get(phone)

    def refund_of(self, order: str) -> Refund | None:
        """Return the refund of an order, or None."""
        self._up()
        return self.refunds.get(order)

    def request_refund(self, order: str, amount: Decimal, key: str) -> Refund | None:
        """Ask for a refund, once per key."""
        self._up()
        if key in self._keys:
            return self._keys[key]
        known = self.orders.get(order)
        if known is None or amount > known.total or order in self.refunds:
            return None
        refund = Refund(f"R{len(self.refunds) + 7001}", order, amount, known.currency)
        self.refunds[order] = self._keys[key] = refund
        return refund

    def _up(self) -> None:
        if self.down:
            raise Unavailable("the shop is down")


def sample_orders(today: date) -> dict[str, Order]:
    """Return a few orders in different states, with dates around a day; the demo shop has them."""

    def order(number: str, status: str, total: str, **more: object) -> Order:
        return Order(number, status, Decimal(total), placed_on=today - timedelta(days=6), **more)  # type: ignore[arg-type]

    def days(count: int) -> date:
        return today + timedelta(days=count)

    made = [
        order("100245", "shipped", "89.90", eta=days(2), items=("rain jacket",), customer="C1"),
        order("100311", "delivered", "49.90", delivered_on=days(-5), items=("desk lamp",), customer="C1"),
        order("100378", "delivered", "129.00", delivered_on=days(-45), items=("headphones",), customer="C2"),
        order(
            "100402", "delivered", "349.00", delivered_on=days(-3), items=("coffee machine",), customer="C2"
        ),
        order("100417", "paid", "24.50", eta=days(4), items=("tea towels",), customer="C3"),
        order("100420", "cancelled", "15.00", items=("mug",), customer="C3"),
    ]
    return {one.number: one for one in made}


SAMPLE_CUSTOMERS = {
    "+15550101": Customer("C1", "Ada Brown", "+15550101", level="gold"),
    "+15550102": Customer("C2", "Ben Okafor", "+15550102"),
    "+15550103": Customer("C3", "Chen Wei", "+15550103"),
}
