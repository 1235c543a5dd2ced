"""What is known of a caller from the first moment: only what is switched on, each with its reason."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ivr.commerce.model import Customer, Order
from ivr.commerce.office_memory import MemoryOffice
from ivr.commerce.personal import KINDS, known_caller, likely_order
from ivr.errors import InvalidInput
from ivr.settings import Settings
from tests.conftest import NOON
from tests.service.test_verification import Line

TODAY = NOON.date()


def known(shop, phone, kinds=KINDS, office=None):
    return known_caller(shop, (office or MemoryOffice(lambda: NOON)).office, phone, NOON, {}, kinds)


def test_a_known_number_has_a_name_and_reasons(shop):
    told = known(shop, "+15550101")
    assert (told["name"], told["level"], told["language"]) == ("Ada Brown", "gold", "en")
    assert told["because"]["greeting"] == "the number is that of customer C1"
    assert "likely" not in told


def test_nobody_is_known_by_a_hidden_or_shared_number_or_while_the_shop_is_down(shop):
    assert known(shop, "") == {}
    shop.records.put(Customer("C9", "Ann Brown", "+15550101"))
    assert known(shop, "+15550101") == {}
    shop.down = True
    assert known(shop, "+15550102") == {}


def test_what_is_switched_off_is_not_known(shop):
    assert set(known(shop, "+15550101", ())) == {"id", "because"}
    assert "name" in known(shop, "+15550101", ("greeting",))
    assert "level" not in known(shop, "+15550101", ("greeting",))


def test_a_late_order_is_the_likely_matter_with_the_reason(shop):
    told = known(shop, "+15550104")
    assert (told["likely"], told["order"], told["items"]) == ("late", "100459", ["wall clock"])
    assert told["because"]["offer"] == "order 100459 should have come on 2026-11-17"
    assert known(shop, "+15550103")["likely"] == "today"


def order(number, eta, status="shipped"):
    return Order(number, status, Decimal(5), eta=TODAY + timedelta(days=eta))


@pytest.mark.parametrize(
    ("orders", "likely"),
    [
        ([], None),
        ([order("1", 1)], None),
        ([order("1", -1, "delivered")], None),
        ([order("1", 0), order("2", -1)], ("late", "2")),
        ([order("1", -1), order("2", -4)], ("late", "2")),
        ([order("1", 3), order("2", 0)], ("today", "2")),
    ],
)
def test_the_latest_of_the_late_comes_before_what_is_due_today(orders, likely):
    found = likely_order(orders, TODAY)
    assert ((*found[:1], found[1].number) if found else None) == likely


def test_a_rating_is_not_asked_twice_in_thirty_days(shop):
    class Asked(MemoryOffice):
        ago = 29

        def last_rating(self, caller):
            return NOON - timedelta(days=self.ago)

    office = Asked(lambda: NOON)
    assert known(shop, "+15550101", office=office)["rating"] == "asked"
    assert known(shop, "+15550101", office=office)["because"]["rating"] == "last asked on 2026-10-25"
    office.ago = 31
    assert known(shop, "+15550101", office=office)["rating"] == "due"


def test_the_rating_of_a_call_keeps_the_next_one_from_being_asked(hotline, clock):
    asked = []
    for number, days in ((1, 0), (2, 10), (3, 35)):
        clock.forward(days * 86_400)
        line = Line(hotline, call=f"CA{number}")
        line.say("cancel order 100417" if number == 1 else "I want a refund for order 100311")
        line.key("1")
        line.say("no that's all")
        asked.append("One last question" in line.heard)
        if asked[-1]:
            line.key("4")
        hotline.calls.hang_up(f"CA{number}")
    assert asked[:2] == [True, False]


def test_a_caller_is_greeted_by_name_and_a_slow_one_has_more_time(hotline):
    line = Line(hotline)
    assert line.heard.startswith("Hello Ada Brown.")
    usual = line.part.listen
    slow = Line(hotline, "+15550102", "CA2").part.listen
    assert slow.no_input_ms == usual.no_input_ms * 3 // 2
    assert slow.end_ms > usual.end_ms
    assert not Line(hotline, "", "CA3").heard.startswith("Hello")


def test_a_word_that_is_unknown_in_the_settings_is_told():
    assert Settings(_env_file=None, personal="").personal_kinds == frozenset()
    with pytest.raises(InvalidInput, match="greating"):
        _ = Settings(_env_file=None, personal="greating").personal_kinds


def test_the_reasons_stand_in_the_call(hotline):
    Line(hotline, "+15550104")
    slots = hotline.calls.transcript("CA1")
    assert "order 100459 should have come on 2026-11-17" in str(slots["turns"][0]["event"])
    assert date(2026, 11, 23) == TODAY
