"""The demo shop: customers and orders made from a seed, with dates around the day of making."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from ivr.commerce.model import Customer, Order, OrderStatus
from ivr.commerce.shop_memory import SAMPLE_CUSTOMERS, sample_orders

FIRST = [
    "Ada",
    "Ben",
    "Chen",
    "Dora",
    "Emil",
    "Fatima",
    "Goran",
    "Hana",
    "Ivo",
    "Jade",
    "Kofi",
    "Lena",
    "Mei",
    "Nadia",
    "Omar",
    "Priya",
    "Quinn",
    "Rosa",
    "Sven",
    "Tara",
]
LAST = [
    "Abel",
    "Berg",
    "Costa",
    "Diaz",
    "Eng",
    "Fox",
    "Gray",
    "Huang",
    "Ito",
    "Jansen",
    "Khan",
    "Lopez",
    "Mori",
    "Novak",
    "Okoro",
    "Patel",
    "Reyes",
    "Silva",
    "Tanaka",
    "Wu",
]
ITEMS = (
    "desk lamp", "rain jacket", "coffee machine", "running shoes", "tea towels", "headphones", "backpack",
    "water bottle", "cook book", "wall clock", "phone case", "garden chair", "wool scarf", "board game",
)  # fmt: skip
STATES: tuple[OrderStatus, ...] = ("paid", "packed", "shipped", "delivered", "cancelled", "refunded")
Progress = Callable[[int, int], None]


def made(
    today: date,
    customers: int = 200,
    orders: int = 800,
    seed: int = 7,
    progress: Progress = lambda done, all_: None,
) -> tuple[list[Customer], list[Order]]:
    """Return customers and orders; the sample orders of the call scripts are among them."""
    dice = random.Random(seed)
    people = [*SAMPLE_CUSTOMERS.values()]
    people += [_customer(number, dice) for number in range(len(people) + 1, customers + 1)]
    shop = sample_orders(today)
    while len(shop) < orders:
        order = _order(100_500 + 7 * len(shop), dice, people, today)
        shop[order.number] = order
        if len(shop) % 100 == 0:
            progress(len(shop), orders)
    progress(orders, orders)
    return people, list(shop.values())


def _customer(number: int, dice: random.Random) -> Customer:
    name = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
    level = dice.choices(("basic", "silver", "gold"), (80, 15, 5))[0]
    return Customer(f"C{number}", name, f"+1555{20_0000 + number:07d}"[:12], level=level)


def _order(number: int, dice: random.Random, people: list[Customer], today: date) -> Order:
    status = dice.choices(STATES, (10, 10, 25, 45, 5, 5))[0]
    placed = today - timedelta(days=dice.randint(1, 90))
    delivered = status in ("delivered", "refunded")
    return Order(
        str(number),
        status,
        Decimal(dice.randint(900, 40_000)) / 100,
        placed_on=placed,
        eta=None if delivered or status == "cancelled" else today + timedelta(days=dice.randint(1, 9)),
        delivered_on=min(today, placed + timedelta(days=dice.randint(2, 6))) if delivered else None,
        items=tuple(dice.sample(ITEMS, dice.randint(1, 3))),
        customer=dice.choice(people).id,
    )
