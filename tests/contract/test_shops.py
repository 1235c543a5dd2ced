"""Both shops keep the same promises: the tables, and the one in memory that call scripts use."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from ivr.commerce.shop_memory import SAMPLE_CUSTOMERS, MemoryShop, sample_orders
from ivr.commerce.shop_sql import SqlShop
from ivr.errors import Unavailable
from ivr.storage.session import Database
from tests.conftest import NOON


@pytest.fixture(params=["memory", "sql"])
def any_shop(request, tmp_path, clock):
    orders = sample_orders(NOON.date())
    if request.param == "memory":
        yield MemoryShop(orders, dict(SAMPLE_CUSTOMERS))
        return
    db = Database(f"sqlite:///{tmp_path}/shop.db")
    db.upgrade()
    shop = SqlShop(db, clock)
    shop.fill(list(SAMPLE_CUSTOMERS.values()), list(orders.values()))
    shop.fill(list(SAMPLE_CUSTOMERS.values()), list(orders.values()))
    yield shop
    db.close()


def test_an_order_comes_back_as_it_is(any_shop):
    assert any_shop.order("100245") == sample_orders(NOON.date())["100245"]
    assert any_shop.order("999999") is None


def test_a_caller_is_known_by_number(any_shop):
    assert any_shop.customer_by_phone("+15550101").name == "Ada Brown"
    assert any_shop.customer_by_phone("+15559999") is None


def test_a_refund_is_made_once_per_key(any_shop):
    first = any_shop.request_refund("100311", Decimal("49.90"), "k1")
    assert any_shop.request_refund("100311", Decimal("49.90"), "k1") == first
    assert any_shop.refund_of("100311") == first
    assert any_shop.refund_of("100245") is None


@pytest.mark.parametrize(("order", "amount"), [("999999", "1"), ("100311", "49.91")])
def test_a_refund_that_cannot_be_is_refused(any_shop, order, amount):
    assert any_shop.request_refund(order, Decimal(amount), "k1") is None


def test_an_order_is_refunded_once_even_with_other_keys(any_shop):
    any_shop.request_refund("100311", Decimal("20"), "k1")
    assert any_shop.request_refund("100311", Decimal("20"), "k2") is None


def test_many_requests_at_once_make_one_refund(tmp_path, clock):
    db = Database(f"sqlite:///{tmp_path}/shop.db")
    db.upgrade()
    shop = SqlShop(db, clock)
    shop.fill(list(SAMPLE_CUSTOMERS.values()), list(sample_orders(NOON.date()).values()))
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: shop.request_refund("100311", Decimal("49.90"), f"k{n}"), range(8)))
    assert len([refund for refund in made if refund]) == 1
    db.close()


def test_a_shop_whose_tables_are_gone_is_unavailable(tmp_path, clock):
    db = Database(f"sqlite:///{tmp_path}/empty.db")
    shop = SqlShop(db, clock)
    for ask in (
        lambda: shop.order("1"),
        lambda: shop.customer_by_phone("+1555"),
        lambda: shop.refund_of("1"),
        lambda: shop.request_refund("1", Decimal(1), "k"),
    ):
        with pytest.raises(Unavailable):
            ask()
    db.close()
