from datetime import date, timedelta
from decimal import Decimal

import pytest

from ivr.commerce.actions import ACTION_TYPES, Context, run
from ivr.commerce.demo import made
from ivr.commerce.model import Order, Refund
from ivr.commerce.policy import RefundPolicy, check_refund, refund_policy
from ivr.commerce.scripted import MemoryFollowUps
from ivr.dialog.actions import Act
from tests.conftest import NOON

TODAY = date(2026, 11, 23)
POLICY = RefundPolicy()


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
    assert check_refund(POLICY, given, None, TODAY) == outcome


def test_a_running_refund_is_not_given_twice():
    assert check_refund(POLICY, order(), Refund("R1", "1", Decimal(50)), TODAY) == "already"


def test_policies_are_data_with_defaults():
    assert refund_policy({"refund": {"limit": 75}}) == RefundPolicy(30, Decimal(75), 5)
    assert refund_policy({"refund": "nonsense"}) == POLICY
    assert refund_policy({"refund": {"limit": "much"}}) == POLICY


def acted(shop, action, **inputs):
    return run(Act(action, inputs, "n"), Context(shop, MemoryFollowUps(), {}, NOON, "call", "key"))


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
        outcome = acted(shop, name, number="1", order="1", amount="1").outcome
        assert outcome == "unavailable"
        assert outcome in kind.outcomes


def test_a_call_back_needs_a_number_that_can_be_dialled(shop):
    assert acted(shop, "callback.book", queue="support", number="+15550101").data["phone"] == "+15550101"
    for number in (None, "", "call me", "12"):
        assert acted(shop, "callback.book", queue="support", number=number).outcome == "no_number"


def test_a_rating_is_kept_with_its_reason(shop):
    assert acted(shop, "survey.record", survey="s", score=4, reason="fine").outcome == "recorded"
    assert acted(shop, "survey.record", survey="s", score="many").outcome == "unavailable"


def test_the_demo_shop_is_the_same_for_the_same_seed():
    assert made(TODAY) == made(TODAY)
    customers, orders = made(TODAY)
    assert len(customers) == 200
    assert len(orders) == 800
    assert {order.status for order in orders} == {
        "paid",
        "packed",
        "shipped",
        "delivered",
        "cancelled",
        "refunded",
    }
    assert len({customer.phone for customer in customers}) == 200
