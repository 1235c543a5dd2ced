import pytest

from ivr.dialog.prompts import Hole, Saying, grouped, is_fixed, parts, render
from tests.conftest import NOON

SAYING = Saying(NOON, "UTC", {"status.shipped": "has been shipped"})


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Hello.", "Hello."),
        ("Order {order.number|digits} {order.status|status}.", "Order 1 0 0, 2 4 5 has been shipped."),
        ("It comes {order.eta|day}.", "It comes on Wednesday."),
        ("You get {order.total|money}.", "You get 49 euros and 90 cents."),
        ("Hello {nobody}!", "Hello !"),
        ("{order}", "100245"),
        ("{names|list}", "a, b and c"),
        ("{order.status}", "shipped"),
    ],
)
def test_templates_are_filled_in_the_words_of_a_voice(template, said):
    slots = {
        "order": {
            "number": "100245",
            "status": "shipped",
            "eta": "2026-11-25",
            "total": {"amount": "49.90", "currency": "EUR"},
        },
        "names": ["a", "b", "c"],
    }
    assert render(template, slots, SAYING) == said


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-23", "today"),
        ("2026-11-24", "tomorrow"),
        ("2026-11-22", "yesterday"),
        ("2026-11-27", "on Friday"),
        ("2026-11-18", "last Wednesday"),
        ("2026-12-22", "on December 22nd"),
        ("2026-10-03", "on October 3rd"),
        ("soon", "soon"),
    ],
)
def test_days_are_said_as_a_caller_would_hear_them(day, said):
    assert render("{d|day}", {"d": day}, SAYING) == said


@pytest.mark.parametrize(
    ("digits", "said"),
    [("1", "1"), ("1234", "1 2 3 4"), ("12345", "1 2 3, 4 5"), ("1234567", "1 2 3, 4 5 6 7")],
)
def test_numbers_are_grouped_in_threes_and_fours(digits, said):
    assert grouped(digits) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [("1", "1 euro"), ("0.5", "50 cents"), ("0.01", "1 cent"), ("0", "0 euros"), ("20.00", "20 euros")],
)
def test_money_is_said_with_its_plural(amount, said):
    assert render("{m|money}", {"m": {"amount": amount, "currency": "EUR"}}, SAYING) == said


def test_pounds_have_pence():
    money = {"amount": "2.01", "currency": "GBP"}
    assert render("{m|money}", {"m": money}, SAYING) == "2 pounds and 1 penny"


def test_a_text_without_holes_can_be_spoken_ahead():
    assert is_fixed("Hello.")
    assert not is_fixed("Hello {name}.")
    assert parts("a {b.c|day}") == ("a ", Hole(("b", "c"), "day"))
