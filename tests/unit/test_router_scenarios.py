"""The timed scenarios that pin the rules down. Times are seconds on the virtual clock; names are as there."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ivr.dialog.hours import read_calendars
from ivr.routing.model import (
    Accepted,
    Away,
    Booked,
    Closed,
    Connect,
    Ended,
    Foreseen,
    Left,
    Offer,
    Opened,
    Overflow,
    Paused,
    Refuse,
    Rejected,
    Rest,
    Withdraw,
)
from ivr.routing.snapshot import rebuild, snapshot
from tests.unit.routing import Clock, S, call, ready, rules

BOTH = {"sales": 1, "support": 1}


def test_s01_first_come_first_served_over_all_queues():
    floor = Clock(rules({"offer": "0s"}))
    floor.at(5, call("C2", 5, {"sales": 1}, "sales"))
    floor.at(10, call("C1", 10, {"support": 1}))
    floor.at(20, call("C3", 20, {"sales": 1}, "sales"))
    floor.at(100, ready("A1", 100, BOTH))
    floor.at(110, ready("A1", 110, BOTH))
    floor.at(120, ready("A1", 120, BOTH))
    assert floor.connected == [(100, "C2", "A1"), (110, "C1", "A1"), (120, "C3", "A1")]


def test_s02_a_call_that_nobody_can_take_holds_nobody_up():
    floor = Clock()
    floor.at(0, call("C1", 0, {"fr": 1}))
    floor.at(1, call("C2", 1))
    floor.at(2, ready("A1", 2))
    assert floor.offers == [(2, "C2", "A1")]
    assert floor.waited("C2") == 1


def test_s03_the_agent_who_is_idle_longest():
    floor = Clock()
    floor.at(50, ready("A2", 20), ready("A3", 20), ready("A1", 50))
    floor.at(60, call("C1", 60), call("C2", 60), call("C3", 60))
    assert [agent for _, _, agent in floor.offers] == ["A2", "A3", "A1"]


@pytest.mark.parametrize(("at", "first"), [(120, "A2"), (131, "A2")])
def test_s04_the_idle_clock_starts_after_wrap_up(at, first):
    floor = Clock(rules({"offer": "0s"}, wrap_up="30s"))
    floor.at(0, ready("A1"), call("X1"))
    floor.at(1, ready("A2", wrap_up_ms=0), call("X2"))
    floor.at(100, Ended("X1"))
    floor.at(110, Ended("X2"))
    floor.at(at, call("C", at))
    assert floor.connected[-1] == (at, "C", first)
    if at == 131:  # A1 was idle, too, since 130
        floor.at(at, call("D", at))
        assert floor.connected[-1] == (at, "D", "A1")


def test_s05_wrap_up_ends_at_exactly_its_time():
    floor = Clock(rules({"offer": "0s"}, wrap_up="15s"))
    floor.at(0, ready("A1"), call("X"))
    floor.at(90, call("C", 90))
    floor.at(100, Ended("X"))
    floor.at(114.999)
    assert len(floor.connected) == 1
    floor.at(200)
    assert floor.connected[1] == (115, "C", "A1")


STEPS = [{"after": "30s", "min_levels": {"fr": 3}}, {"after": "60s", "min_levels": {"dy": 4}}]


@pytest.mark.parametrize(
    ("agents", "offered"),
    [
        ({"A1": (3, 5), "A2": (5, 4)}, (30, "C", "A1")),
        ({"A2": (5, 4)}, (60, "C", "A2")),
        ({"A3": (2, 5)}, None),
    ],
)
def test_s06_relaxation_step_by_step(agents, offered):
    floor = Clock(rules(steps=STEPS, max_wait="100s", overflow="voicemail"))
    floor.at(0, *(ready(name, 0, {"fr": fr, "dy": dy}) for name, (fr, dy) in agents.items()))
    floor.at(0, call("C", 0, {"fr": 4, "dy": 5}))
    floor.at(99)
    assert floor.offers[:1] == ([offered] if offered else [])
    if offered is None:
        floor.at(100)
        assert floor.overflows == [(100, "C", "voicemail")]


RINGS = {"steps": [{"after": "10s", "ring": 2}]}


def ring(name: str, at: float, number: int):
    return ready(name, at, rings={"support": number})


def test_s07_the_second_ring_opens_at_its_time():
    floor = Clock(rules(**RINGS))
    floor.at(0, ring("far", 0, 2), call("C"))
    floor.at(12, ring("near", 12, 1))
    assert floor.offers == [(10, "C", "far")]


def test_s07_the_nearer_ring_frees_first():
    floor = Clock(rules(**RINGS))
    floor.at(0, call("C"))
    floor.at(12, ring("near", 12, 1))
    floor.at(12.5, ring("far", 12.5, 2))
    assert floor.offers == [(12, "C", "near")]


def test_s07_both_free_at_one_instant():
    floor = Clock(rules(**RINGS))
    floor.at(0, call("C"))
    floor.at(12, ring("far", 12, 2), ring("near", 12, 1), together=True)
    assert floor.offers == [(12, "C", "near")]


@pytest.mark.parametrize(("passed", "at"), [(True, 0), (False, 10)])
def test_s08_an_empty_ring_is_passed_at_once_if_configured(passed, at):
    floor = Clock(rules(pass_empty=passed, **RINGS))
    floor.at(0, ring("far", 0, 2), call("C"))
    floor.at(20)
    assert floor.offers[0] == (at, "C", "far")


def targets(pass_empty: bool, max_missed: int):
    steps = [{"after": "10s", "queue": "Q2"}, {"after": "20s", "queue": "Q3"}]
    queue = {"steps": steps, "pass_empty": pass_empty, "max_wait": "30s", "overflow": "voicemail"}
    return rules({"offer": "5s", "max_missed": max_missed, "queues": {"Q1": queue}})


@pytest.mark.parametrize(("pass_empty", "second"), [(True, 8), (False, 10)])
def test_s09_time_outs_of_targets_are_cumulative(pass_empty, second):
    """The agent of Q1 misses and is sent away: Q1 has nobody then. Q2 ends at 20 all the same."""
    floor = Clock(targets(pass_empty, max_missed=1))
    for number in "123":
        floor.at(0, ready(f"A{number}", queues=frozenset({f"Q{number}"})))
    floor.at(0, ready("B2", queues=frozenset({"Q2"})))
    floor.at(0, call("X", queue="Q1"), Accepted("X.1"), call("Y", queue="Q2"), Accepted("Y.1"))
    floor.at(0, call("C", queue="Q1"))
    floor.at(3, ready("A1", 3, queues=frozenset({"Q1"})))
    floor.at(29)
    assert floor.offers[2:] == [(3, "C", "A1"), (second, "C", "B2"), (20, "C", "A3")]
    floor.at(30)
    assert floor.overflows == [(30, "C", "voicemail")]


def expired() -> Clock:
    floor = Clock()
    floor.at(0, call("C1"))
    floor.at(1, call("C2", 1))
    floor.at(5, ready("A1", 5))
    floor.at(20, ready("A2", 20))
    return floor


def test_s10_an_offer_in_time_out_gives_the_call_its_first_place_back():
    floor = expired()
    assert floor.offers == [(5, "C1", "A1"), (20, "C1", "A2")]
    assert floor.waited("C1") == 20
    assert floor.router.next_ms() == 25 * S  # A1 rests for 5 s
    floor.at(25)
    assert floor.offers[-1] == (25, "C2", "A1")


def test_s11_three_misses_send_the_agent_away():
    floor = Clock()
    floor.at(0, ready("A1"), call("C"))
    floor.at(500)
    assert [(at, one) for at, one in floor.log if isinstance(one, Rest)] == [(55, Rest("A1", 3))]
    assert len(floor.offers) == 3


def test_s11_an_answered_call_in_between_starts_the_count_anew():
    floor = Clock(rules(wrap_up="0s"))
    floor.at(0, ready("A1"), call("C"))
    floor.at(41, Accepted("C.3"))
    floor.at(50, Ended("C"))
    floor.at(51, call("D", 51))
    floor.at(100)
    assert not [one for _, one in floor.log if isinstance(one, Rest)]


def test_s12_an_acceptance_that_comes_too_late_is_refused_always_the_same():
    floor = expired()
    assert floor.at(20.5, Accepted("C1.1")) == [Refuse("C1.1")]
    assert floor.at(20.6, Accepted("C1.1")) == [Refuse("C1.1")]
    taken = floor.at(21, Accepted("C1.2"))
    assert [(one.offer.call, one.offer.agent) for one in taken if isinstance(one, Connect)] == [("C1", "A2")]
    assert floor.at(21, Accepted("C1.2")) == taken


def aged(order: str) -> list[str]:
    floor = Clock(rules({"offer": "0s"}, order=order, bonus={"1": "120s", "3": "0s"}))
    low, high = (3, 1) if order == "seconds" else (0, 1)
    floor.at(0, call("C1", 0, priority=low))
    floor.at(119, call("C2", 119, priority=high))
    floor.at(121, call("C3", 121, priority=high))
    for at in (130, 140, 150):
        floor.at(at, ready("A", at))
    return [name for _, name, _ in floor.connected]


def test_s13_priority_counts_as_waiting_and_nobody_starves():
    assert aged("seconds") == ["C2", "C1", "C3"]


def test_s14_strict_priority():
    assert aged("strict") == ["C2", "C3", "C1"]


def test_s15_a_profile_sees_calls_only_after_its_delay():
    floor = Clock()
    floor.at(0, ready("A1", delays_ms={"Q2": 30 * S}), call("C", queue="Q2"))
    floor.at(40)
    assert floor.offers == [(30, "C", "A1")]


def test_s15_a_call_without_delay_goes_first_meanwhile():
    floor = Clock()
    floor.at(0, ready("A1", delays_ms={"Q2": 30 * S}), call("C", queue="Q2"))
    floor.at(29, call("D", 29, queue="Q1"))
    floor.at(40)
    assert floor.offers == [(29, "D", "A1")]


TEN = 10 * 3600


@pytest.mark.parametrize(("delay", "first"), [("0s", "C1"), ("99s", "C2")])
def test_s16_a_call_back_keeps_its_place(delay, first):
    floor = Clock(rules(callback={"first_delay": delay}))
    floor.at(TEN, call("C1", TEN, number="+1"))
    floor.at(TEN + 120, call("C2", TEN + 120))
    floor.at(TEN + 300, Booked("C1"))
    floor.at(TEN + 360, ready("A1", TEN + 360))
    assert floor.offers == [(TEN + 360, first, "A1")]
    floor.at(TEN + 361, Accepted(f"{first}.1"))
    floor.at(TEN + 390, ready("A2", TEN + 390))
    floor.at(TEN + 400)
    if delay == "99s":
        assert floor.offers[1] == (TEN + 399, "C1", "A2")
    assert floor.waited("C1") == (360 if delay == "0s" else 399)


def known(free_at: float) -> Clock:
    floor = Clock(rules({"offer": "0s"}, sticky="30s"))
    floor.at(0, ready("A1"), call("X"))
    floor.at(1, Foreseen("A1", round(free_at * S)), ready("A2", 1))
    floor.at(10, call("C1", 10, known_agent="A1"))
    return floor


def test_s17_a_known_agent_who_is_busy_for_too_long_is_not_waited_for():
    assert known(50).connected[-1] == (10, "C1", "A2")


def test_s17_a_call_is_held_for_the_known_agent():
    floor = known(30)
    floor.at(12, call("C2", 12))
    assert floor.connected[-1] == (12, "C2", "A2")
    floor.at(30, ready("A1", 30))
    assert floor.connected[-1] == (30, "C1", "A1")


def test_s17_the_hold_ends_after_its_time_and_the_place_is_the_old_one():
    floor = known(30)
    floor.at(60)
    assert floor.connected[-1] == (40, "C1", "A2")
    floor = known(30)
    floor.at(11, call("C2", 11))
    floor.at(15, call("C3", 15))
    floor.at(40)
    floor.at(50, ready("A2", 50))
    assert floor.connected[-1] == (50, "C1", "A2")


@pytest.mark.parametrize(("back", "since"), [(90, 0), (100, 0), (110, 110)])
def test_s18_who_hangs_up_and_rings_again_has_the_old_place(back, since):
    floor = Clock()
    floor.at(0, call("C1", number="+1"))
    floor.at(40, Left("C1"))
    floor.at(back, call("C2", back, number="+1"))
    floor.at(120, ready("A1", 120))
    assert floor.offers == [(120, "C2", "A1")]
    assert floor.waited("C2") == 120 - since


def at_the_maximum() -> Clock:
    floor = Clock(rules(max_wait="120s", overflow="voicemail"))
    floor.at(0, call("C1"))
    floor.at(118, ready("A1", 118))
    return floor


def test_s19_at_the_maximum_wait_a_ringing_call_may_finish_its_attempt():
    floor = at_the_maximum()
    floor.at(122, Accepted("C1.1"))
    assert floor.connected == [(122, "C1", "A1")]
    assert floor.overflows == []


def test_s19_a_refusal_after_the_maximum_wait_overflows_at_once():
    floor = at_the_maximum()
    told = floor.at(122, Rejected("C1.1"))
    assert [type(one) for one in told] == [Withdraw, Overflow]
    floor.at(200)
    assert floor.overflows == [(122, "C1", "voicemail")]
    assert len(floor.offers) == 1


CALENDAR = {
    "london": {
        "timezone": "Europe/London",
        "week": {"mon-sun": "09:00-17:00"},
        "holidays": [{"date": "01-01"}],
    }
}
LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=LONDON), datetime(2026, 10, 25, tzinfo=LONDON)])
@pytest.mark.parametrize("at_close", ["drain", "release"])
def test_s20_a_queue_opens_and_closes_by_its_own_zone(day, at_close):
    """The calendar says when; the router is told, and does what the policy says."""
    faults = []
    calendar = read_calendars(CALENDAR, lambda *fault: faults.append(fault))["london"]
    assert not faults
    opens = calendar.status(day.replace(hour=8)).opens
    closes = calendar.status(day.replace(hour=12)).closes
    assert opens == day.replace(hour=9).astimezone(UTC)
    assert closes == day.replace(hour=17).astimezone(UTC)
    floor = Clock(rules(at_close=at_close, when_closed="goodbye"))
    start = opens.timestamp()
    floor.at(start - 3600, Closed("support"))
    floor.at(start - 1, call("early", start - 1))
    floor.at(start, Opened("support"), call("C", start), Left("C"))
    end = closes.timestamp()
    floor.at(end - 10, call("late", end - 10))
    floor.at(end, Closed("support"))
    floor.at(end + 5, ready("A1", end + 5))
    released = [(end, "late", "goodbye")] if at_close == "release" else []
    assert floor.overflows == [(start - 1, "early", "goodbye"), *released]
    assert floor.offers == ([] if released else [(end + 5, "late", "A1")])


def test_s20_new_years_day_is_closed():
    calendar = read_calendars(CALENDAR, lambda *fault: None)["london"]
    assert calendar.status(datetime(2027, 1, 1, 12, tzinfo=LONDON)).state == "holiday"


@pytest.mark.parametrize("leaving", [Away("A1"), Paused("A1"), None])
@pytest.mark.parametrize("counted", [True, False])
def test_s21_when_the_last_agent_goes_all_overflow_at_once(leaving, counted):
    empty = ["paused", "wrap_up"] if counted else []
    floor = Clock(rules({"offer": "0s"}, leave_empty=True, overflow="voicemail", empty_states=empty))
    floor.at(0, ready("A1"), call("X"))
    floor.at(1, *(call(f"C{n}", 1) for n in (1, 2, 3)))
    ended = floor.at(9, Ended("X"))
    if counted:  # wrap-up counts as nobody there
        assert [one.call for one in ended] == ["C1", "C2", "C3"]
        return
    assert ended == []
    if leaving is not None:
        told = floor.at(10, leaving)
        gone = isinstance(leaving, Away)
        assert [one.call for one in told] == (["C1", "C2", "C3"] if gone else [])


def test_s22_a_rejected_call_goes_to_another_agent():
    floor = Clock()
    floor.at(0, ready("A1"), ready("A2", 1), call("C1"))
    told = floor.at(2, Rejected("C1.1"))
    assert [one.agent for one in told if isinstance(one, Offer)] == ["A2"]


def test_s22_the_only_agent_has_the_call_again_after_the_cool_down():
    floor = Clock(rules({"cool_downs": {"rejected": "7s"}}))
    floor.at(0, ready("A1"), call("C1"))
    floor.at(2, Rejected("C1.1"))
    floor.at(20)
    assert floor.offers == [(0, "C1", "A1"), (9, "C1", "A1")]


def test_s23_two_skills_are_needed_together():
    floor = Clock()
    floor.at(0, ready("A1", skills={"billing": 3}), ready("A2", skills={"de": 3}))
    floor.at(1, call("C", 1, {"billing": 2, "de": 1}))
    assert floor.offers == []
    floor.at(2, ready("A3", 2, {"billing": 2, "de": 1}))
    assert floor.offers == [(2, "C", "A3")]


def test_s24_the_specialist_before_the_generalist():
    floor = Clock()
    floor.at(10, ready("A2", 0, {"en": 1, "fr": 1}), ready("A1", 10))
    floor.at(20, call("C", 20))
    assert floor.offers == [(20, "C", "A1")]


def test_s25_after_a_crash_the_call_is_first_and_rings_until_its_time():
    """What a store keeps is a snapshot; the process that comes back makes its router of it."""
    before = expired()
    after = rebuild(snapshot(before.router), rules())
    assert after.position("C1") == 1
    assert after.position("C2") == 2
    assert [type(one) for one in after.apply(Accepted("C1.2"), 21 * S)] == [Connect]
    late = rebuild(snapshot(before.router), rules())
    told = late.apply(Accepted("C1.2"), 40 * S)  # while it was down, the offer ran out
    assert Refuse("C1.2") in told
    assert [one.call for one in told if isinstance(one, Offer)] == ["C1"]
