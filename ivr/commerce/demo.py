"""The demo shop: customers, products, orders in every state, from a seed, around the day of making."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from ivr.commerce.catalogue import Catalogue
from ivr.commerce.model import (
    Coupon,
    Customer,
    Order,
    OrderStatus,
    PaymentStatus,
    Pin,
    Product,
    Refund,
    Return,
    Shipment,
    ShipmentState,
)
from ivr.commerce.samples import (
    SAMPLE_CUSTOMERS,
    sample_goods,
    sample_money,
    sample_orders,
    sample_parcels,
    sample_pins,
)
from ivr.commerce.shop import hashed_pin


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


FIRST = _names(
    "Ada, Ben, Carla, Dora, Emil, Fatima, Goran, Hana, Ivo, Jade, Kofi, Lena, Marc, Nadia, Omar, Priya, "
    "Quinn, Rosa, Sven, Tara"
)
LAST = _names(
    "Abel, Berg, Costa, Diaz, Eng, Fox, Gray, Hahn, Ito, Jansen, Khan, Lopez, Mori, Novak, Okoro, "
    "Patel, Reyes, Silva, Tanaka, Young"
)
CHINESE_LAST = ("王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡")
CHINESE_FIRST = _names("伟, 芳, 娜, 敏, 静, 强, 磊, 洋, 艳, 勇, 杰, 娟, 涛, 明, 超, 秀英, 小红, 建国")
KINDS = _names("small, large, red, blue, green, black, white, wooden, steel, woollen, folding, travel")
THINGS = _names(
    "desk lamp, rain jacket, coffee machine, running shoes, tea towel, headphones, backpack, water "
    "bottle, cook book, wall clock, phone case, garden chair, wool scarf, board game, bread knife, "
    "picture frame, bath mat, yoga mat, umbrella, toaster, kettle, keyboard, bicycle bell, flower pot, "
    "tent"
)
STATES: tuple[OrderStatus, ...] = ("paid", "packed", "shipped", "delivered", "cancelled", "refunded")
PAYMENTS: tuple[PaymentStatus, ...] = ("paid", "pending", "failed", "double")
UNDER_WAY: tuple[ShipmentState, ...] = (
    "prepared",
    "in_transit",
    "out_for_delivery",
    "at_pickup",
    "missed",
    "lost",
)
CARRIERS = ("City Express", "Postal Service", "Green Wheels")
TOWNS = ("Berlin", "Cologne", "Leipzig", "Lyon", "Madrid", "Vienna", "Prague", "Turin")
METHODS = ("credit card", "PayPal account", "bank account")
Progress = Callable[[int, int], None]


def made(
    today: date,
    customers: int = 2_000,
    orders: int = 8_000,
    products: int = 300,
    seed: int = 7,
    progress: Progress = lambda done, all_: None,
) -> list[object]:
    """Return all records of the demo shop, in the order in which they refer to each other.

    The samples of the call scripts are among them.
    """
    dice = random.Random(seed)
    people = [*SAMPLE_CUSTOMERS.values()]
    people += [_customer(number, dice, today) for number in range(len(people) + 1, customers + 1)]
    goods = _products(products, dice)
    shop = sample_orders(today)
    others: list[object] = [*sample_parcels(today), *sample_money(today)]
    while len(shop) < orders:
        order = _order(100_500 + 7 * len(shop), dice, people, goods, today)
        shop[order.number] = order
        others += _around(order, dice, today)
        if len(shop) % 500 == 0:
            progress(len(shop), orders)
    coupons = [_coupon(number, dice, people, today) for number in range(200)]
    progress(orders, orders)
    pins = [*sample_pins(), *(_pin(one, dice) for one in people[len(SAMPLE_CUSTOMERS) :: 10])]
    return [*people, *pins, *goods, *shop.values(), *others, *coupons]


def _customer(number: int, dice: random.Random, today: date) -> Customer:
    chinese = dice.random() < 0.2
    name = (
        f"{dice.choice(CHINESE_LAST)}{dice.choice(CHINESE_FIRST)}"
        if chinese
        else f"{dice.choice(FIRST)} {dice.choice(LAST)}"
    )
    return Customer(
        f"C{number}",
        name,
        f"+1555{20_0000 + number:07d}"[:12],
        "zh" if chinese else "en",
        dice.choices(("basic", "silver", "gold"), (80, 15, 5))[0],
        f"customer{number}@example.com",
        f"{dice.randrange(10_000, 99_999)}",
        dice.randrange(0, 3_000),
        today + timedelta(days=dice.randint(10, 400)),
        pace="slow" if dice.random() < 0.05 else "normal",
    )


@cache
def catalogue() -> Catalogue:
    """Return the names of the demo shop's products."""
    return Catalogue(_products(300, random.Random(7)))


def _products(count: int, dice: random.Random) -> list[Product]:
    known = sample_goods()
    had = {one.name for one in known}
    names = [one for one in THINGS if one not in had]
    names += [f"{kind} {thing}" for thing in THINGS for kind in KINDS]
    return known[:count] + [
        Product(
            f"S{number + len(known) + 1:04}",
            name,
            Decimal(dice.randint(490, 39_900)) / 100,
            stock=dice.choice((0, 0, 3, 12, 80, 250)),
            warranty_months=dice.choice((12, 24, 36)),
            details=f"A {name}, {dice.randint(100, 9_000)} grams.",
        )
        for number, name in enumerate(names[: max(0, count - len(known))])
    ]


def _pin(customer: Customer, dice: random.Random) -> Pin:
    return Pin(customer.id, hashed_pin(f"{dice.randrange(10_000):04}", dice.randbytes(16)))


def _order(
    number: int, dice: random.Random, people: list[Customer], goods: list[Product], today: date
) -> Order:
    status = dice.choices(STATES, (10, 10, 25, 45, 5, 5))[0]
    placed = today - timedelta(days=dice.randint(1, 90))
    arrived = status in ("delivered", "refunded")
    chosen = dice.sample(goods, dice.choices((1, 2, 3, 4), (60, 25, 10, 5))[0])
    return Order(
        str(number),
        status,
        sum((one.price for one in chosen), Decimal(0)),
        placed_on=placed,
        eta=None if arrived or status == "cancelled" else today + timedelta(days=dice.randint(-2, 9)),
        delivered_on=min(today, placed + timedelta(days=dice.randint(2, 6))) if arrived else None,
        method=dice.choice(METHODS),
        items=tuple(one.name for one in chosen),
        customer=dice.choice(people).id,
        prices=tuple(one.price for one in chosen),
        address=f"{dice.randint(1, 200)} Main Street, {dice.choice(TOWNS)}",
        gift=dice.random() < 0.05,
        instalments=dice.random() < 0.05,
        payment=dice.choices(PAYMENTS, (94, 3, 2, 1))[0],
    )


def _around(order: Order, dice: random.Random, today: date) -> list[object]:
    """Return what belongs to an order in its state: parcel, refunds, what is on its way back."""
    found: list[object] = []
    if order.status in ("shipped", "delivered", "refunded"):
        state = "delivered" if order.delivered_on else dice.choices(UNDER_WAY, (10, 50, 20, 8, 8, 4))[0]
        seen = order.delivered_on or today - timedelta(days=dice.randint(0, 3))
        place = "" if order.delivered_on else dice.choice(TOWNS)
        found.append(Shipment(f"P{order.number}", order.number, dice.choice(CARRIERS), state, place, seen))
    number, asked = str(int(order.number) + 500_000), today - timedelta(days=dice.randint(1, 12))
    if order.status == "refunded":
        found.append(Refund(number, order.number, order.total, order.currency, "paid", (), asked))
    elif order.status == "delivered" and dice.random() < 0.08:
        found.append(
            Refund(number, order.number, order.prices[0], order.currency, "requested", order.items[:1], asked)
        )
    elif order.status == "delivered" and dice.random() < 0.05:
        found.append(
            Return(number, order.number, order.items[:1], dice.choice(("refund", "exchange")), "wrong size")
        )
    return found


def _coupon(number: int, dice: random.Random, people: list[Customer], today: date) -> Coupon:
    return Coupon(
        f"CODE{number:04}",
        Decimal(dice.choice((5, 10, 15, 20))),
        least=Decimal(dice.choice((0, 30, 50, 100))),
        expires_on=today + timedelta(days=dice.randint(-60, 120)),
        used=dice.random() < 0.3,
        customer=dice.choice(people).id if dice.random() < 0.5 else None,
    )
