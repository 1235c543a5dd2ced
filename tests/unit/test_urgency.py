"""Who goes before others, and why: data that supervisors edit."""

import pytest

from ivr.commerce.policy import PriorityPolicy
from ivr.commerce.urgency import Reason, priority, urgency
from ivr.dialog.events import Intent, Pressed, Spoke
from ivr.service.reasons import reasons
from tests.conftest import NOON, demo_flow

RULES = PriorityPolicy(
    matters={"complaint": 1, "account_security": 2},
    words={"urgent": 1, "fraud": 2, "被盗": 2},
    levels={"gold": 1},
    called_before=1,
    most=3,
)


@pytest.mark.parametrize(
    ("matter", "said", "level", "before", "because"),
    [
        ("track_order", ["where is it"], "basic", 0, []),
        ("complaint", [], "", 0, ["matter: complaint"]),
        (None, ["this is URGENT!", "fraud, I tell you"], "", 0, ["said “fraud”"]),
        (None, ["我的账户被盗了"], "", 0, ["said “被盗”"]),
        (None, ["a fraudulent word"], "", 0, []),
        (
            "complaint",
            [],
            "gold",
            2,
            ["matter: complaint", "gold member", "has rung before within a day"],
        ),
    ],
)
def test_every_reason_is_named(matter, said, level, before, because):
    assert [one.because for one in urgency(RULES, matter, said, level, before)] == because


def test_reasons_add_up_to_the_most_and_never_lower_what_the_menu_says():
    some = [Reason("a", 2), Reason("b", 2)]
    assert priority(RULES, 0, some) == 3
    assert priority(RULES, 0, some[:1]) == 2
    assert priority(PriorityPolicy(most=1), 2, some) == 2
    assert priority(PriorityPolicy(), -1, []) == -1


def test_without_rules_nobody_goes_before_others():
    assert urgency(PriorityPolicy(), "complaint", ["urgent"], "gold", 5) == []


def test_the_demo_hotline_has_rules_for_its_own_matters():
    given = demo_flow().policies["priority"]
    assert set(given["matters"]) <= set(demo_flow().intents)


def test_the_ticket_keeps_its_priority_with_the_reasons(hotline, floor):
    hotline.calls.begin("CA1", "+15550101", "+1555", "webhook")
    hotline.calls.hang_up("CA1")
    hotline.calls.begin("CA2", "+15550101", "+1555", "webhook")
    break_in = (Intent("account_security", 0.95),)
    hotline.calls.advance("CA2", 1, Spoke(NOON, "this is urgent, somebody is in my account", 0.9, break_in))
    hotline.calls.advance("CA2", 2, Pressed(NOON, "2"))  # no lock, a person
    floor.settle()
    ticket = floor.ticket("CA2")
    because = [one["because"] for one in ticket.summary["urgency"]]
    assert because == [
        "matter: account security",
        "gold member",
        "said “urgent”",
        "has rung before within a day",
    ]
    assert ticket.priority == 3  # the most that the policies allow
    assert "goes before others: matter: account security" in reasons(hotline.db, "CA2")[0]["because"]


def test_a_withheld_number_has_never_rung_before(hotline, floor):
    for name in ("CA1", "CA2"):
        hotline.calls.begin(name, "", "+1555", "webhook")
        hotline.calls.advance(name, 1, Pressed(NOON, "0"))
    assert floor.ticket("CA2").summary["urgency"] == []
