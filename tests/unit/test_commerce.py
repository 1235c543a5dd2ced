from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from ivr.commerce.actions import ACTION_TYPES, run
from ivr.commerce.context import Context
from ivr.commerce.demo import made
from ivr.commerce.model import Customer, Order, Product, Refund, Return, Shipment
from ivr.commerce.office_memory import MemoryOffice
from ivr.commerce.policy import (
    RefundPolicy,
    check_refund,
    explained,
    read_policies,
    refund_policy,
    returnable,
)
from ivr.commerce.samples import sample_orders
from ivr.dialog.actions import Act
from ivr.routing.policy import Faulty
from ivr.service.menus import check
from tests.conftest import NOON, demo_files

TODAY = date(2026, 11, 23)
SAMPLES = sample_orders(TODAY)
POLICY = RefundPolicy()
ADA = "+15550101"


def order(status="delivered", total="50.00", ago=5):
    return Order("1", status, Decimal(total), delivered_on=TODAY - timedelta(days=ago))


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (order(), "eligible"),
        (order(ago=30), "eligible"),
        (order(ago=31), "too_late"),
        (order(total="200.00"), "eligible"),
        (order(total="200.01"), "over_limit"),
        (order(status="shipped"), "needs_return"),
        (order(status="refunded"), "already"),
    ],
)
def test_the_refund_policy_decides_by_its_figures(given, outcome):
    assert check_refund(POLICY, given, Decimal(0), TODAY) == outcome


def test_what_went_back_is_not_given_twice_and_the_rest_may_still_go():
    assert check_refund(POLICY, order(), Decimal(50), TODAY) == "already"
    assert check_refund(POLICY, order(), Decimal("49.99"), TODAY) == "eligible"
    assert (
        check_refund(POLICY, order(total="250.00"), Decimal(60), TODAY) == "eligible"
    )  # the limit is of the rest


def test_what_may_come_back_is_decided_by_the_same_window():
    assert returnable(POLICY, order(), TODAY) == "returnable"
    assert returnable(POLICY, order(ago=31), TODAY) == "too_late"
    assert returnable(POLICY, order(status="shipped"), TODAY) == "not_delivered"


def test_policies_are_data_with_defaults():
    assert refund_policy({"refund": {"limit": 75}}) == RefundPolicy(30, Decimal(75), 5)
    assert refund_policy({}) == POLICY
    assert refund_policy({"refund": {"limit": "much"}}) == POLICY  # of a version that was published before


CHRISTMAS = {
    "refund": [
        {"window_days": 30, "limit": 200, "working_days": 5},
        {"since": "2026-11-15", "until": "2026-12-31", "window_days": 60, "limit": 300, "working_days": 5},
        {"since": "2027-01-01", "window_days": 30, "limit": 250, "working_days": 3},
    ]
}


@pytest.mark.parametrize(
    ("placed", "days"),
    [("2020-01-01", 30), ("2026-11-14", 30), ("2026-11-15", 60), ("2026-12-31", 60), ("2027-01-01", 30)],
)
def test_the_policy_of_the_day_on_which_an_order_was_placed_holds(placed, days):
    assert refund_policy(CHRISTMAS, date.fromisoformat(placed)).window_days == days


@pytest.mark.parametrize(
    ("refund", "said"),
    [
        ([{"until": "2026-11-30"}, {"since": "2026-12-02"}], "no refund policy holds from 2026-12-01"),
        ([{"until": "2026-12-05"}, {"since": "2026-12-02"}], "two refund policies hold from 2026-12-02"),
        ([{}, {}], "two refund policies hold at once"),
        ([{"since": "2026-12-05", "until": "2026-12-01"}], "before it begins"),
        ({"window": 30}, "'window' is not known here"),
        ({"limit": -1}, "must not be less than 0"),
        ({"window_days": "a month"}, "window_days"),
        ([{"since": "yesterday"}], "since"),
    ],
)
def test_a_policy_with_a_gap_in_time_or_an_odd_figure_is_told_with_its_place(refund, said):
    with pytest.raises(Faulty, match=said):
        read_policies({"refund": refund})


def test_faults_of_policies_stand_at_their_line_and_such_menus_are_not_published():
    text = "refund:\n  - {until: 2026-11-30}\n  - {since: 2026-12-02}\npriority:\n  most: many\n"
    found = check({**demo_files(), "policies.yaml": text})
    assert found.flow is None
    assert [str(fault).split(":")[1] for fault in found.errors] == ["5"]
    gap = check({**demo_files(), "policies.yaml": text.replace("many", "3")})
    assert [str(fault).split(":")[1] for fault in gap.errors] == ["3"]
    single = check({**demo_files(), "policies.yaml": "refund:\n  limit: 200\n  window_days: -5\n"})
    assert [str(fault).split(":")[1] for fault in single.errors] == ["3"]
    matter = check({**demo_files(), "policies.yaml": "priority:\n  matters: {complaints: 1}\n"})
    assert "did you mean 'complaint'" in str(matter.errors[0])


def test_what_a_policy_means_for_an_order_is_told_in_words():
    told = explained({}, order(), Decimal(20), TODAY)
    assert "refund: eligible, 30.00 EUR may go back" in told
    assert "return: returnable, 25 days are left" in told
    assert "cancelling: not possible, it is delivered" in told
    late = explained({}, order(ago=40), Decimal(0), TODAY)
    assert "refund: too_late, it was delivered 40 days ago, 30 are allowed" in late
    hand = explained({}, Order("1", "paid", Decimal(5), instalments=True), Decimal(0), TODAY)
    assert "cancelling: possible, by a person because it is paid in instalments" in hand


def acted(shop, action, **inputs):
    return act(shop, "key", action, **inputs)


def act(shop, key, action, **inputs):
    office = MemoryOffice(lambda: NOON).office
    order = None if shop.down else shop.order(str(inputs.get("order")))
    owner = shop.customer(order.customer).phone if order and order.customer else ADA
    context = Context(shop, office, {}, NOON, "call", key, owner)
    return run(Act(action, inputs, "n"), context).acted


def test_every_outcome_of_an_action_is_one_that_it_names(shop):
    assert acted(shop, "order.lookup", number="100245").outcome == "found"
    assert acted(shop, "order.lookup", number="1").outcome == "not_found"
    assert acted(shop, "refund.check", order="100311").outcome == "eligible"
    assert acted(shop, "refund.check", order="100378").outcome == "too_late"
    assert acted(shop, "refund.check", order="100402").outcome == "over_limit"
    assert acted(shop, "refund.check", order="1").outcome == "not_found"
    wanted = {"amount": "49.90"}
    accepted = acted(shop, "refund.request", order="100311", amount=wanted)
    assert accepted.outcome == "accepted"
    assert acted(shop, "refund.request", order="100311", amount=wanted).data == accepted.data
    assert acted(shop, "refund.check", order="100311").outcome == "already"
    shop.down = True
    for name, kind in ACTION_TYPES.items():
        if name in ("callback.book", "survey.record"):
            continue  # these need no shop
        outcome = acted(shop, name, number="1", order="1", amount="1", phone="1", code="1").outcome
        assert outcome == "unavailable"
        assert outcome in kind.outcomes


def test_a_call_back_needs_a_number_that_can_be_dialled(shop):
    assert acted(shop, "callback.book", queue="support", number="+15550101").data["phone"] == "+15550101"
    for number in (None, "", "call me", "12"):
        assert acted(shop, "callback.book", queue="support", number=number).outcome == "no_number"


def test_a_rating_is_kept_with_its_reason(shop):
    assert acted(shop, "survey.record", survey="s", score=4, reason="fine").outcome == "recorded"
    assert acted(shop, "survey.record", survey="s", score="many").outcome == "unavailable"


def test_orders_are_cancelled_and_sent_elsewhere_only_before_they_are_handed_over(shop):
    ends = {"100417": "cancelled", "100420": "already", "100245": "too_late", "1": "not_found"}
    ends["100462"] = "by_hand"  # paid by instalments
    for order, outcome in ends.items():
        assert act(shop, order, "order.cancel", order=order).outcome == outcome
    changed = act(shop, "k2", "order.change_address", order="100446", address=" 5 High Street, Berlin ")
    assert (changed.outcome, changed.data["address"]) == ("changed", "5 High Street, Berlin")
    assert act(shop, "k3", "order.change_address", order="100245", address="x").outcome == "too_late"
    assert act(shop, "k4", "order.change_address", order="100446", address="").outcome == "too_late"


@pytest.mark.parametrize(
    ("order", "outcome"),
    [
        ("100245", "on_the_way"),
        ("100459", "lost"),
        ("100311", "delivered"),
        ("100402", "delivered"),
        ("100417", "not_sent"),
        ("100420", "cancelled"),
        ("1", "not_found"),
    ],
)
def test_where_a_parcel_is(shop, order, outcome):
    assert acted(shop, "shipment.track", order=order).outcome == outcome


@pytest.mark.parametrize(("order", "outcome"), [("100475", "paid"), ("100311", "none"), ("1", "not_found")])
def test_how_far_a_refund_is(shop, order, outcome):
    assert acted(shop, "refund.track", order=order).outcome == outcome


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("welcome 10", "valid_from"), ("SUMMER5", "expired"), ("THANKS15", "used"), ("NOPE", "not_found")],
)
def test_what_a_coupon_is_worth(shop, code, outcome):
    assert acted(shop, "coupon.check", code=code).outcome == outcome


def test_an_order_comes_back_once_within_its_window(shop):
    assert acted(shop, "return.label", order="100433").outcome == "sent"
    assert act(shop, "k2", "return.label", order="100433").outcome == "already"
    assert act(shop, "k3", "return.label", order="100378", wish="exchange").outcome == "too_late"
    assert act(shop, "k4", "return.label", order="100245").outcome == "not_delivered"


def test_a_caller_is_told_by_the_number_of_the_telephone(shop):
    assert acted(shop, "customer.identify", phone="+15550101").data["name"] == "Ada Brown"
    assert acted(shop, "customer.identify", phone=None).outcome == "unknown"
    assert acted(shop, "payment.status", order="100446").outcome == "double"


def test_the_demo_shop_is_the_same_for_the_same_seed_and_has_everything():
    records = made(TODAY)
    assert records == made(TODAY)
    count = Counter(type(one) for one in records)
    assert count[Customer] == 2000
    assert count[Product] == 300
    assert count[Order] == 8000
    orders = [one for one in records if isinstance(one, Order)]
    assert {one.status for one in orders} == {
        "paid",
        "packed",
        "shipped",
        "delivered",
        "cancelled",
        "refunded",
    }
    assert all(sum(one.prices) == one.total for one in orders if one.number not in SAMPLES)
    assert len({one.phone for one in records if isinstance(one, Customer)}) == 2000
    assert {one.language for one in records if isinstance(one, Customer)} == {"en", "zh"}
    known = {one.number: one for one in orders}
    for one in records:
        if isinstance(one, Refund | Return | Shipment):
            assert one.order in known
        if isinstance(one, Refund):
            assert 0 < one.amount <= known[one.order].total


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("is the rain jacket in stock", ["rain jacket"]),
        ("the rain jackets", ["rain jacket"]),
        ("S0003", ["coffee machine"]),
        ("咖啡机现在有没有货", ["coffee machine"]),
        ("do you have a clock", ["alarm clock", "wall clock"]),
        ("the alarm clock please", ["alarm clock"]),
        ("headphone", ["headphones"]),
        ("a flying carpet", []),
        ("rain", []),
        ("", []),
    ],
)
def test_a_product_is_found_by_what_callers_say_of_it(shop, said, names):
    assert sorted(one.name for one in shop.products(said)) == names


def test_price_and_stock_are_never_old(shop):
    assert shop.products("backpack")[0].stock == 17
    shop.records.put(replace(shop.products("backpack")[0], stock=0))
    assert shop.products("backpack")[0].stock == 0


def test_who_has_had_refunds_lately_and_the_limits_are_told_in_words():
    data = {"limits": {"refund.request": {"call": 100, "day": 5000}}, "verification": {"postcode": 0}}
    told = explained(data, order(), Decimal(0), TODAY, lately=3)
    assert "refund: over_limit, the customer has had 3 in 90 days: a person decides" in told
    assert "who calls proves it by: the customer's own number, PIN, one-time code" in told
    assert "refunds by the hotline: at most 100 in a call, 5000 in a day" in told
