"""The shop keeps the same promises wherever its records are: in memory, in our own tables, or behind HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.commerce.demo import made
from ivr.commerce.model import Customer, Order
from ivr.commerce.records import MemoryRecords
from ivr.commerce.records_sql import SqlRecords
from ivr.commerce.samples import (
    SAMPLE_CUSTOMERS,
    sample_goods,
    sample_money,
    sample_orders,
    sample_parcels,
    sample_pins,
)
from ivr.commerce.shop import EmbeddedShop
from ivr.errors import Unavailable
from ivr.storage.session import Database
from tests.conftest import NOON, database_url
from tests.contract.shop_server import http_shop, reference_of

TODAY = NOON.date()
RECORDS = [
    *SAMPLE_CUSTOMERS.values(),
    *sample_orders(TODAY).values(),
    *sample_parcels(TODAY),
    *sample_money(TODAY),
    *sample_goods(),
    *sample_pins(),
]


@pytest.fixture
def db(tmp_path):
    database = Database(database_url(tmp_path))
    database.upgrade()
    yield database
    database.close()


@pytest.fixture
def far_shop(clock):
    with (
        reference_of(EmbeddedShop(MemoryRecords(RECORDS), clock), clock) as url,
        http_shop(url, clock, timeout_s=20) as shop,
    ):
        yield shop


@pytest.fixture(params=["memory", "sql", "http"])
def any_shop(request, clock):
    if request.param == "memory":
        return EmbeddedShop(MemoryRecords(RECORDS), clock)
    if request.param == "http":
        return request.getfixturevalue("far_shop")
    records = SqlRecords(request.getfixturevalue("db"), clock)
    records.fill(RECORDS)
    records.fill(RECORDS)  # what is there stays as it is
    return EmbeddedShop(records, clock)


def test_records_come_back_as_they_are(any_shop):
    for order in sample_orders(TODAY).values():
        assert any_shop.order(order.number) == order
    assert any_shop.order("999999") is None
    assert any_shop.customer("C1") == SAMPLE_CUSTOMERS["+15550101"]
    assert any_shop.shipment_of("100245") == sample_parcels(TODAY)[0]
    assert any_shop.shipment_of("100417") is None
    assert any_shop.coupon("welcome10").amount == Decimal(10)
    assert [one.status for one in any_shop.refunds_of("100475")] == ["paid"]


def test_a_caller_is_known_by_number(any_shop):
    assert any_shop.customer_by_phone("+15550101").name == "Ada Brown"
    assert any_shop.customer_by_phone("+15559999") is None


def test_a_number_that_several_share_is_nobody_s(db, clock):
    records = SqlRecords(db, clock)
    records.fill([Customer("A", "Ann", "+1555"), Customer("B", "Bob", "+1555")])
    assert EmbeddedShop(records, clock).customer_by_phone("+1555") is None


def test_a_customer_s_orders_come_newest_first(any_shop):
    assert [one.number for one in any_shop.orders_of("C4")] == ["100459"]
    assert len(any_shop.orders_of("C1")) == 10
    assert any_shop.orders_of("nobody") == []


def test_a_refund_is_made_once_per_key(any_shop):
    first = any_shop.request_refund("100311", Decimal("49.90"), "k1")
    assert first.requested_on == TODAY
    assert any_shop.request_refund("100311", Decimal("49.90"), "k1") == first
    assert any_shop.refunds_of("100311") == [first]
    assert any_shop.refunds_of("100245") == []


@pytest.mark.parametrize(
    ("order", "amount"),
    [
        ("999999", "1"),
        ("100311", "49.91"),
        ("100311", "0"),
        ("100311", "-5"),
        ("100420", "1"),
        ("100475", "1"),
    ],
)
def test_a_refund_that_cannot_be_is_refused(any_shop, order, amount):
    assert any_shop.request_refund(order, Decimal(amount), "k1") is None


def test_an_order_is_refunded_once_even_with_other_keys(any_shop):
    any_shop.request_refund("100311", Decimal("20"), "k1")
    assert any_shop.request_refund("100311", Decimal("20"), "k2") is None


def test_items_are_refunded_one_by_one_and_none_of_them_twice(any_shop):
    shoes = any_shop.request_refund("100433", Decimal("64.90"), "k1", ("running shoes",))
    assert shoes.items == ("running shoes",)
    assert any_shop.request_refund("100433", Decimal("1"), "k2", ("running shoes",)) is None
    assert any_shop.request_refund("100433", Decimal("1"), "k3", ("mug",)) is None
    assert (
        any_shop.request_refund("100433", Decimal("14.91"), "k4", ("water bottle",)) is None
    )  # more than paid
    assert any_shop.request_refund("100433", Decimal("14.90"), "k5", ("water bottle",)) is not None
    assert sum(one.amount for one in any_shop.refunds_of("100433")) == any_shop.order("100433").total


def test_an_order_is_cancelled_before_it_is_handed_over_and_once_per_key(any_shop):
    cancelled = any_shop.cancel("100417", "k1")
    assert (cancelled.status, cancelled.eta) == ("cancelled", None)
    assert any_shop.cancel("100417", "k1") == cancelled
    assert any_shop.cancel("100417", "k2") is None
    assert any_shop.cancel("100245", "k3") is None
    assert any_shop.cancel("999999", "k4") is None


def test_an_order_is_sent_elsewhere_before_it_is_handed_over(any_shop):
    assert any_shop.change_address("100417", " 5 High Street ", "k1").address == "5 High Street"
    assert any_shop.order("100417").address == "5 High Street"
    assert any_shop.change_address("100245", "5 High Street", "k2") is None
    assert any_shop.change_address("100446", "  ", "k3") is None


def test_items_come_back_once(any_shop):
    back = any_shop.request_return("100433", ("water bottle",), "exchange", "leaks", "k1")
    assert (back.items, back.wish, back.reason) == (("water bottle",), "exchange", "leaks")
    assert any_shop.request_return("100433", ("water bottle",), "refund", "", "k1") == back
    assert any_shop.request_return("100433", (), "refund", "", "k2") is None
    assert any_shop.request_return("100433", ("running shoes",), "refund", "", "k3") is not None
    assert any_shop.request_return("100245", (), "refund", "", "k4") is None
    assert len(any_shop.returns_of("100433")) == 2


def test_a_pin_is_right_wrong_or_not_set(any_shop):
    assert any_shop.check_pin("C1", "2468") is True
    assert any_shop.check_pin("C1", "2469") is False
    assert any_shop.check_pin("C1", "") is False
    assert any_shop.check_pin("C2", "2468") is None
    assert any_shop.check_pin("nobody", "2468") is None


def test_a_voucher_is_granted_once_per_key_and_good_for_its_customer(any_shop):
    until = TODAY + timedelta(days=90)
    granted = any_shop.grant_coupon("C1", Decimal("7.50"), "EUR", until, "k1")
    assert (granted.amount, granted.currency, granted.expires_on) == (Decimal("7.50"), "EUR", until)
    assert (granted.customer, granted.used) == ("C1", False)
    assert any_shop.grant_coupon("C1", Decimal("7.50"), "EUR", until, "k1") == granted
    assert any_shop.coupon(granted.code) == granted
    assert any_shop.grant_coupon("C1", Decimal(0), "EUR", until, "k2") is None
    assert any_shop.grant_coupon("nobody", Decimal(5), "EUR", until, "k3") is None


def test_an_account_is_locked_and_stays_so(any_shop):
    assert any_shop.lock_account("C1", "k1").locked is True
    assert any_shop.lock_account("C1", "k1").locked is True
    assert any_shop.customer("C1").locked is True
    assert any_shop.lock_account("nobody", "k2") is None


def test_a_customer_gets_another_number(any_shop):
    assert any_shop.change_phone("C1", "+4930123456", "k1").phone == "+4930123456"
    assert any_shop.customer_by_phone("+4930123456").id == "C1"
    assert any_shop.customer_by_phone("+15550101") is None
    assert any_shop.change_phone("nobody", "+4930123456", "k2") is None


def test_a_password_is_set_at_an_address_that_is_the_same_per_key(any_shop):
    link = any_shop.reset_link("C1", "k1")
    assert link.startswith("https://")
    assert any_shop.reset_link("C1", "k1") == link
    assert any_shop.reset_link("C1", "k2") != link
    assert any_shop.reset_link("nobody", "k3") is None


def test_a_document_has_an_address(any_shop):
    assert "100311" in any_shop.document("invoice", "100311")
    assert any_shop.document("invoice", "999999") is None


def test_products_are_found_by_words_that_were_heard(any_shop):
    assert [one.sku for one in any_shop.products("desk lamp")] == ["S0002"]
    assert [one.sku for one in any_shop.products("coffee mashine")] == ["S0003"]
    assert {one.sku for one in any_shop.products("clock")} <= {"S0005", "S0006"}
    assert any_shop.products("qqqq") == []
    assert any_shop.products("") == []


def test_refunds_of_all_orders_of_a_customer_are_found(any_shop):
    made_now = any_shop.request_refund("100311", Decimal("49.90"), "k1")
    assert {one.number for one in any_shop.refunds_of_customer("C1")} == {"700475", made_now.number}
    assert any_shop.refunds_of_customer("C2") == []
    assert any_shop.refunds_of_customer("nobody") == []


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../orders/100311", "1/2", "100311?x=1", "一二三", "a\nb", "%2e", "x" * 500]
)
def test_what_can_be_nobody_s_name_is_not_there(any_shop, name):
    assert any_shop.order(name) is None
    assert any_shop.customer(name) is None
    assert any_shop.coupon(name) is None
    assert any_shop.shipment_of(name) is None
    assert any_shop.orders_of(name) == any_shop.refunds_of(name) == any_shop.returns_of(name) == []
    assert any_shop.customer_by_phone(name) is None
    assert any_shop.document("invoice", name) is None
    assert any_shop.cancel(name, "k1") is None
    assert any_shop.lock_account(name, "k2") is None
    assert any_shop.request_refund(name, Decimal(1), "k3") is None


def test_what_customers_say_comes_through_as_it_is(any_shop):
    address = '陈伟, 5 Högh Street\n"10115" Berlin'
    assert any_shop.change_address("100417", address, "the key of call “7”").address == address
    assert any_shop.change_address("100417", "elsewhere", "the key of call “7”").address == address
    assert any_shop.order("100417").address == address


@given(st.lists(st.tuples(st.integers(-100, 6000), st.sampled_from(["a", "b", "c"])), max_size=12))
def test_refunds_never_add_up_to_more_than_was_paid(wanted):
    order = Order("1", "delivered", Decimal("59.99"), items=("a", "b", "c"))
    shop = EmbeddedShop(MemoryRecords([order]), lambda: NOON)
    for number, (cents, item) in enumerate(wanted):
        before = shop.refunds_of("1")
        made_now = shop.request_refund("1", Decimal(cents) / 100, f"k{number}", (item,))
        assert shop.request_refund("1", Decimal(cents) / 100, f"k{number}", (item,)) == made_now
        assert len(shop.refunds_of("1")) == len(before) + (made_now is not None)
    assert sum((one.amount for one in shop.refunds_of("1")), Decimal(0)) <= order.total


def test_many_requests_at_once_make_one_refund(db, clock):
    records = SqlRecords(db, clock)
    records.fill(RECORDS)
    shop = EmbeddedShop(records, clock)
    with ThreadPoolExecutor(8) as pool:
        refunds = list(pool.map(lambda n: shop.request_refund("100311", Decimal("49.90"), f"k{n}"), range(8)))
        again = list(pool.map(lambda n: shop.cancel("100417", "the same"), range(8)))
    assert len([refund for refund in refunds if refund]) == 1
    assert len(shop.refunds_of("100311")) == 1
    assert {order.status for order in again} == {"cancelled"}


def test_a_change_that_breaks_off_has_changed_nothing(db, clock):
    records = SqlRecords(db, clock)
    records.fill(RECORDS)

    def work(change):
        order = change.get(Order, "100417")
        change.put(Order("100417", "refunded", order.total, customer="C3"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        records.change("k1", work)
    assert records.get(Order, "100417").status == "paid"
    assert EmbeddedShop(records, clock).cancel("100417", "k1") is not None  # the key is not used up


def test_the_demo_shop_is_filled_with_progress_and_every_order_is_there(db, clock):
    records, told = SqlRecords(db, clock), []
    everything = made(TODAY, customers=60, orders=200, products=20)
    records.fill(everything, lambda done, all_: told.append((done, all_)))
    assert told[-1] == (len(everything), len(everything))
    late = [one for one in everything if isinstance(one, Order)][-1]
    assert records.get(Order, late.number) == late
    assert late.placed_on < TODAY + timedelta(days=1)


def test_a_shop_whose_tables_are_gone_is_unavailable(tmp_path, clock):
    database = Database(f"sqlite:///{tmp_path}/empty.db")
    shop = EmbeddedShop(SqlRecords(database, clock), clock)
    for ask in (
        lambda: shop.order("1"),
        lambda: shop.customer_by_phone("+1555"),
        lambda: shop.refunds_of("1"),
        lambda: shop.request_refund("1", Decimal(1), "k"),
        lambda: shop.cancel("1", "k"),
    ):
        with pytest.raises(Unavailable):
            ask()
    database.close()
