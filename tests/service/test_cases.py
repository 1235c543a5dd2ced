"""What is followed up: a number, an owner, a promised time, a history, and a call when it is due."""

from datetime import timedelta

import pytest

from ivr.dialog.events import Recorded
from ivr.errors import InvalidInput, NotFound
from ivr.ports import NewCase
from tests.conftest import NOON
from tests.service.test_verification import Line


def a_case(call="CA1", **more):
    given = {
        "queue": "complaints",
        "due": timedelta(hours=24),
        "phone": "+15550101",
        "customer": "C1",
        **more,
    }
    return NewCase(call, "complaint", **given)


def test_a_complaint_in_own_words_becomes_a_case_with_a_promised_time(hotline):
    line = Line(hotline)
    assert "after the tone" in line.say("I want to complain about your service")
    heard = line._go(Recorded(NOON, "R1", 4000, "the box was torn"))
    (case,) = hotline.cases.list()
    assert f"{' '.join(case['number'][:3])}, {' '.join(case['number'][3:])}" in heard
    assert "by tomorrow at noon" in heard
    assert (case["words"], case["recording"], case["queue"]) == ("the box was torn", "R1", "complaints")
    assert (case["customer"], case["phone"], case["severity"]) == ("C1", "+15550101", 1)
    assert hotline.cases.one(case["number"])["history"][0]["what"] == "opened"


def test_a_case_is_opened_once_per_key(hotline):
    Line(hotline)
    first = hotline.cases.open(a_case(), "k1")
    assert hotline.cases.open(a_case(), "k1") == first
    assert len(hotline.cases.list()) == 1


def test_a_second_complaint_while_one_is_open_goes_to_a_person(hotline):
    Line(hotline)
    hotline.cases.open(a_case(), "k1")
    again = Line(hotline, call="CA2")
    again.say("I want to complain about your service")
    again._go(Recorded(NOON, "R2", 4000, "it has come torn once more"))
    assert again.queue == "complaints"
    assert hotline.cases.list()[0]["severity"] == 3  # severe ones are due first


def test_who_has_an_open_case_goes_before_others_and_the_reason_is_told(hotline):
    Line(hotline, "+15550102")
    hotline.cases.open(a_case(customer="C2"), "k1")
    line = Line(hotline, "+15550102", "CA2")
    line.key("0")
    ticket = hotline.queue.ticket_of("CA2")
    assert "has an open case" in [one["because"] for one in ticket.summary["urgency"]]


def test_a_case_that_is_due_is_called_back_once(hotline, clock):
    Line(hotline)
    case = hotline.cases.open(a_case(), "k1")
    assert hotline.cases.call_due() == 0
    clock.forward(24 * 3600)
    assert hotline.cases.call_due() == 1
    assert hotline.cases.call_due() == 0
    (booked,) = hotline.followups.callbacks()
    assert (booked["number"], booked["queue"]) == ("+15550101", "complaints")
    told = hotline.cases.one(case.number)
    assert told["state"] == "calling"
    assert [one["what"] for one in told["history"]] == ["opened", "call back booked"]


def test_a_crash_between_booking_and_noting_books_nothing_twice(hotline, clock, monkeypatch):
    Line(hotline)
    hotline.cases.open(a_case(), "k1")
    clock.forward(24 * 3600)
    write = hotline.cases._db.write

    def crash():
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(
        hotline.cases._db, "write", lambda: write() if not hotline.followups.callbacks() else crash()
    )
    with pytest.raises(RuntimeError):
        hotline.cases.call_due()
    monkeypatch.setattr(hotline.cases._db, "write", write)
    hotline.cases.call_due()
    assert len(hotline.followups.callbacks()) == 1


def test_a_case_without_a_number_is_left_to_people_when_it_is_due(hotline, clock):
    Line(hotline)
    case = hotline.cases.open(a_case(phone=""), "k1")
    clock.forward(24 * 3600)
    assert hotline.cases.call_due() == 0
    assert hotline.cases.one(case.number)["history"][-1]["note"] == "no number to call"


def test_people_note_give_put_off_close_and_open_again(hotline, clock):
    Line(hotline)
    number = hotline.cases.open(a_case(), "k1").number
    hotline.cases.note(number, "sam", "parcel is being looked for")
    hotline.cases.give(number, "sam", "logistics")
    hotline.cases.put_off(number, "sam", clock() + timedelta(hours=48))
    hotline.cases.close(number, "sam", "found")
    assert hotline.cases.list() == []
    assert [one["number"] for one in hotline.cases.list(closed=True)] == [number]
    told = hotline.cases.reopen(number, "sam")
    assert [one["what"] for one in told["history"]] == [
        "opened", "note", "given", "put off", "closed", "reopened",
    ]  # fmt: skip
    assert told["queue"] == "logistics"
    with pytest.raises(InvalidInput):
        hotline.cases.put_off(number, "sam", clock())
    with pytest.raises(InvalidInput):
        hotline.cases.note(number, "sam", "  ")
    with pytest.raises(NotFound):
        hotline.cases.one("000000")
