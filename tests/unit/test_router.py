"""What the router promises, rule by rule, beyond the timed scenarios."""

import pytest

from ivr.routing.estimate import Estimator, Expected, Said, last_said, say
from ivr.routing.model import (
    Accepted,
    Away,
    Booked,
    Changed,
    Closed,
    Configured,
    Connect,
    Ended,
    Left,
    Merge,
    NoAnswer,
    Offer,
    Overflow,
    Paused,
    Ready,
    Refuse,
    Rejected,
    Removed,
    Rest,
    Restored,
    Tick,
    Transferred,
    Withdraw,
    WrappingUp,
)
from ivr.routing.policy import Faulty, read_rules
from ivr.routing.router import Router
from ivr.routing.standing import ahead, explain, positions
from tests.unit.routing import EN, Clock, S, call, ready, rules

AUTO = {"offer": "0s"}
ORDERS = {"orders": 1, "en": 1}


def kinds(told):
    return [type(one) for one in told]


# ---- which agent


def test_preferred_skills_order_the_agents_and_never_block():
    floor = Clock()
    floor.at(
        0, ready("A1"), ready("A2", 1, {"en": 1, "jazz": 1}), ready("A3", 2, {"en": 1, "jazz": 1, "rock": 1})
    )
    floor.at(9, *(call(name, 9, prefer={"jazz": 1, "rock": 2}) for name in ("C1", "C2", "C3")))
    assert [agent for _, _, agent in floor.offers] == ["A3", "A2", "A1"]


def test_the_best_skilled_comes_before_the_longest_idle():
    floor = Clock()
    floor.at(50, ready("old", 0, ORDERS), ready("expert", 50, {"orders": 3, "en": 1}))
    floor.at(60, call("C", 60, ORDERS))
    assert floor.offers == [(60, "C", "expert")]


@pytest.mark.parametrize(("order", "first"), [("idle", "A1"), ("fewest_calls", "A2"), ("least_talk", "A3")])
def test_agents_may_be_ordered_by_what_they_have_done(order, first):
    floor = Clock(rules(agents=[order]))
    floor.at(
        0,
        ready("A1", 0, calls=9, talk_ms=9),
        ready("A2", 1, calls=3, talk_ms=5),
        ready("A3", 2, calls=5, talk_ms=3),
    )
    floor.at(9, call("C", 9))
    assert floor.offers == [(9, "C", first)]


def test_fewest_calls_are_counted_as_they_come():
    floor = Clock(rules(AUTO, agents=["fewest_calls"], wrap_up="0s"))
    floor.at(0, ready("A1"), ready("A2", 1))
    for at in range(10, 50, 10):
        floor.at(at, call(f"C{at}", at))
        floor.at(at + 5, Ended(f"C{at}"))
    assert [agent for _, _, agent in floor.connected] == ["A1", "A2", "A1", "A2"]


def test_the_known_agent_goes_first_when_idle():
    floor = Clock()
    floor.at(0, ready("A1"), ready("A2", 1))
    floor.at(9, call("C", 9, known_agent="A2"))
    assert floor.offers == [(9, "C", "A2")]


def test_a_missed_offer_does_not_move_the_agent_to_the_front_or_the_back():
    floor = Clock(rules({"cool_downs": {"rejected": "0s"}}))
    floor.at(0, ready("A1", 0), call("X"))
    floor.at(5, ready("A2", 5), Rejected("X.1"), Left("X"))
    floor.at(9, call("C", 9))
    assert floor.offers[-1] == (9, "C", "A1")


def test_busy_rejected_and_no_answer_have_cool_downs_of_their_own():
    floor = Clock(rules({"cool_downs": {"no_answer": "3s", "rejected": "7s", "busy": "1m"}, "offer": "10s"}))
    floor.at(0, ready("A1"), call("C"))
    floor.at(14, Rejected("C.2"))
    floor.at(22, Rejected("C.3", busy=True))
    floor.at(100)
    assert [at for at, _, _ in floor.offers] == [0, 13, 21, 82, 95]


# ---- which call


def test_rare_skills_go_first_on_agents_that_the_others_do_not_need():
    """Only Bo can take C2; Al can take C1, too. So Bo takes C2, up to the bound."""
    floor = Clock(rules({"rare_first": "60s"}))
    floor.at(0, ready("Al"), call("X"), Accepted("X.1"))
    floor.at(1, call("C1", 1))
    floor.at(50, call("C2", 50, {"zh": 1}))
    floor.at(55, ready("Bo", 55, {"en": 1, "zh": 1}))
    assert floor.offers[-1] == (55, "C2", "Bo")
    assert "fewer agents can take it" in floor.log[-1][1].why
    late = Clock(rules({"rare_first": "60s"}))
    late.at(0, ready("Al"), call("X"), Accepted("X.1"), call("C1"))
    late.at(70, call("C2", 70, {"zh": 1}))
    late.at(75, ready("Bo", 75, {"en": 1, "zh": 1}))
    assert late.offers[-1] == (75, "C1", "Bo")


def test_with_the_same_agents_nobody_is_rarer():
    floor = Clock()
    floor.at(0, call("C1"), call("C2", 1, {"zh": 1}))
    floor.at(5, ready("Bo", 5, {"en": 1, "zh": 1}))
    assert floor.offers == [(5, "C1", "Bo")]


def test_the_reserve_leaves_the_last_flexible_agents_to_rare_calls():
    floor = Clock(rules({"reserve": {"zh": 1}}))
    both = {"en": 1, "zh": 1}
    floor.at(0, ready("B1", 0, both), call("C1"))
    assert floor.offers == []
    floor.at(1, ready("B2", 1, both))
    assert floor.offers == [(1, "C1", "B1")]
    floor.at(2, call("C2", 2, {"zh": 1}))
    assert floor.offers[-1] == (2, "C2", "B2")


def test_level_first_takes_the_call_of_the_best_skill():
    floor = Clock(rules({"calls": "level", **AUTO}))
    floor.at(0, call("C1", 0, {"en": 1}), call("C2", 1, {"fr": 1}))
    floor.at(5, ready("A", 5, {"en": 1, "fr": 3}))
    assert floor.connected == [(5, "C2", "A")]


def test_a_queue_may_weigh_more():
    floor = Clock(rules({"queues": {"vip": {"weight": "30s"}}}))
    floor.at(0, call("C1"))
    floor.at(29, call("V1", 29, queue="vip"))
    floor.at(40, ready("A", 40))
    assert floor.offers == [(40, "V1", "A")]
    assert floor.waited("V1") == 11  # the reported wait is never adjusted


def test_a_call_may_count_as_older_than_it_is():
    floor = Clock()
    floor.at(0, call("C1"))
    floor.at(10, call("C2", 10, older_ms=11 * S))
    floor.at(20, ready("A", 20))
    assert floor.offers == [(20, "C2", "A")]
    assert floor.waited("C2") == 10


def test_agents_may_serve_some_queues_only():
    floor = Clock()
    floor.at(0, call("C1"), ready("A", 0, queues=frozenset({"sales"})))
    floor.at(1, call("C2", 1, queue="sales"))
    assert floor.offers == [(1, "C2", "A")]


# ---- wrap-up


def test_wrap_up_may_be_made_longer_or_shorter():
    floor = Clock(rules(AUTO, wrap_up="20s"))
    floor.at(0, ready("A"), call("X"))
    floor.at(10, Ended("X"), call("C", 10), WrappingUp("A", 40 * S))
    floor.at(39)
    assert len(floor.connected) == 1
    floor.at(41)
    assert floor.connected[-1] == (40, "C", "A")
    floor.at(50, Ended("C"), call("D", 50), WrappingUp("A", 50 * S))
    assert floor.connected[-1] == (50, "D", "A")


def test_wrap_up_ends_when_the_agent_says_so():
    floor = Clock(rules(AUTO, wrap_up="20s"))
    floor.at(0, ready("A"), call("X"))
    floor.at(10, Ended("X"), call("C", 10))
    floor.at(12, ready("A", 12))
    assert floor.connected[-1] == (12, "C", "A")


def test_wrap_up_without_a_length_waits_for_the_agent():
    floor = Clock(rules(AUTO))
    floor.at(0, ready("A"), call("X"))
    floor.at(10, Ended("X"), call("C", 10))
    floor.at(5000)
    assert len(floor.connected) == 1


def test_an_agent_who_pauses_in_a_talk_pauses_after_it():
    floor = Clock(rules(AUTO, wrap_up="0s"))
    floor.at(0, ready("A"), call("X"))
    floor.at(5, Paused("A"), call("C", 5))
    floor.at(10, Ended("X"))
    floor.at(100)
    assert len(floor.connected) == 1
    floor.at(101, ready("A", 101))
    assert floor.connected[-1] == (101, "C", "A")


# ---- call backs


def booked(**policy) -> Clock:
    floor = Clock(rules(AUTO, callback=policy, wrap_up="0s"))
    floor.at(0, call("C1", number="+1"))
    floor.at(5, Booked("C1"))
    return floor


def test_a_call_back_is_dialled_and_tried_again_but_not_for_ever():
    floor = booked(retry="60s", tries=2, give_up="letter")
    told = floor.at(10, ready("A", 10))
    assert told == [Connect(told[0].offer, dial=True)]
    floor.at(20, NoAnswer("C1"))
    floor.at(79)
    assert len(floor.connected) == 1
    floor.at(80)
    assert floor.connected[-1] == (80, "C1", "A")
    floor.at(90, NoAnswer("C1"))
    assert floor.overflows == [(90, "C1", "letter")]


def test_an_agent_who_refuses_a_call_back_is_no_attempt():
    floor = Clock(rules(callback={"tries": 1}))
    floor.at(0, call("C1", number="+1"), Booked("C1"), ready("A"))
    floor.at(1, Rejected("C1.1"))
    floor.at(10)
    assert floor.offers == [(0, "C1", "A"), (6, "C1", "A")]
    assert floor.overflows == []


def test_a_caller_who_rings_in_is_merged_with_the_call_back():
    floor = booked(first_delay="10m")
    floor.at(50, call("C2", 50))
    told = floor.at(60, call("C3", 60, number="+1"))
    assert told == [Merge("C1", "C3")]
    floor.at(70, ready("A", 70))
    assert floor.connected == [(70, "C3", "A")]
    assert floor.router.floor.tickets["C3"].since_ms == 0
    assert "C1" not in floor.router.floor.tickets


def test_a_call_back_does_not_overflow_and_takes_no_place():
    floor = Clock(rules(max_wait="60s", limit=1, overflow="voicemail", when_full="busy"))
    floor.at(0, call("C1", number="+1"), Booked("C1"), call("C2"))
    floor.at(1, call("C3", 1))
    floor.at(100)
    assert floor.overflows == [(1, "C3", "busy"), (60, "C2", "voicemail")]
    assert floor.router.position("C1") == 1


# ---- joining and leaving


def test_a_full_queue_refuses_whom_nobody_takes_at_once():
    floor = Clock(rules(AUTO, limit=1, when_full="voicemail"))
    floor.at(0, ready("A"), call("C1"), call("C2"))
    assert floor.at(1, call("C3", 1)) == [Overflow("C3", "voicemail", "full")]
    floor.at(2, ready("B", 2))
    floor.at(3, ready("D", 3), call("C4", 3))
    assert [one for _, one, _ in floor.connected] == ["C1", "C2", "C4"]


def test_calls_overflow_from_queue_to_queue_in_their_time_and_not_in_circles():
    given = rules({"queues": {"sales": {"max_wait": "30s", "overflow": "queue:support"}}}, max_wait="60s")
    floor = Clock(given)
    floor.at(0, call("C1", queue="sales"))
    floor.at(10, call("C2", 10))
    floor.at(31)
    assert positions(floor.router, "support") == {"C1": 1, "C2": 2}
    floor.at(100)
    assert floor.overflows == [(30, "C1", "queue:support"), (70, "C2", ""), (90, "C1", "")]


def test_two_full_queues_do_not_send_a_call_to_and_fro():
    queue = {"limit": 0}
    given = {
        "sales": {**queue, "when_full": "queue:support"},
        "support": {**queue, "when_full": "queue:sales"},
    }
    told = Clock(rules({"queues": given})).at(0, call("C", queue="sales"))
    assert told == [Overflow("C", "queue:support", "full"), Overflow("C", "", "full")]


def test_nobody_there_to_join():
    floor = Clock(rules(join_empty=False, overflow="voicemail", empty_states=["paused"]))
    assert floor.at(0, call("C1")) == [Overflow("C1", "voicemail", "nobody is there")]
    floor.at(1, ready("A"), Paused("A"))
    assert floor.at(2, call("C2", 2)) == [Overflow("C2", "voicemail", "nobody is there")]
    floor.at(3, ready("A", 3))
    assert kinds(floor.at(4, call("C3", 4))) == [Offer]


def test_a_call_that_rings_overflows_too_when_the_last_agent_goes():
    floor = Clock(rules(leave_empty=True, overflow="voicemail"))
    floor.at(0, ready("A"), call("C1"), call("C2"))
    assert kinds(floor.at(1, Away("A"))) == [Withdraw, Overflow, Overflow]


def test_a_queue_that_closes_lets_what_rings_finish():
    floor = Clock(rules(at_close="release", when_closed="goodbye"))
    floor.at(0, ready("A"), call("C1"), call("C2"))
    assert floor.at(1, Closed("support")) == [Overflow("C2", "goodbye", "closed")]
    assert floor.at(2, Rejected("C1.1"))[1:] == [Overflow("C1", "goodbye", "closed")]


def test_a_queue_that_is_removed_overflows():
    floor = Clock(rules(overflow="voicemail"))
    floor.at(0, ready("A"), call("C1"), call("C2"))
    assert kinds(floor.at(1, Removed("support"))) == [Withdraw, Overflow, Overflow]
    assert floor.at(2, call("C3", 2)) == [Overflow("C3", "voicemail", "the queue is gone")]


# ---- transfers


@pytest.mark.parametrize(("keeps", "since"), [(True, 0), (False, 30)])
def test_a_transfer_keeps_the_time_if_the_queue_says_so(keeps, since):
    floor = Clock(rules(AUTO, keep_time=keeps))
    floor.at(0, ready("A"), call("C"))
    floor.at(30, Transferred("C", "sales", {"sales": 1}))
    ticket = floor.router.floor.tickets["C"]
    assert (ticket.since_ms, ticket.history, ticket.state) == (since * S, ("support",), "waiting")
    assert floor.router.floor.seats["A"].state == "wrap_up"
    floor.at(40, ready("B", 40, {"sales": 1}))
    assert floor.connected[-1] == (40, "C", "B")


# ---- events that come twice, too late, or to nobody (the table in docs/routing.md)


def test_what_concerns_nobody_changes_nothing():
    router = Router()
    strangers = [Ended("x"), Left("x"), Rejected("x.1"), Away("x"), Paused("x"), Booked("x"), NoAnswer("x")]
    strangers += [Transferred("x", "q"), WrappingUp("x", 5), Changed(ready("x").agent), Tick()]
    for event in strangers:
        assert router.apply(event, 5) == []
    assert router.apply(Accepted("x.1"), 5) == [Refuse("x.1")]
    assert not router.floor.tickets
    assert not router.floor.seats


def test_a_caller_who_left_before_the_entry_arrived_does_not_wait():
    floor = Clock()
    floor.at(0, Left("C"))
    floor.at(1, call("C", 0), ready("A", 1))
    assert floor.offers == []


def test_a_call_whose_connection_failed_comes_back_to_its_place():
    floor = Clock()
    floor.at(0, ready("A"), call("C1"))
    floor.at(1, call("C2", 1), Accepted("C1.1"))
    floor.at(2, call("C1", 0))  # the first entry once more: nothing
    assert floor.router.position("C1") is None
    floor.at(3, call("C1", 0, offers=2))
    assert floor.router.position("C1") == 1
    floor.at(4, ready("B", 4))
    assert floor.offers[-1] == (4, "C1", "B")


def test_a_clock_that_goes_back_is_the_latest_time_seen():
    floor = Clock()
    floor.at(100, call("C", 100))
    told = floor.router.apply(ready("A", 50), 50 * S)
    assert told[0].expires_ms == 115 * S
    assert floor.router.apply(Tick(), 0) == []
    assert kinds(floor.router.apply(Tick(), 115 * S)) == [Withdraw]


def test_a_clock_that_leaps_ends_each_offer_once_and_rings_afresh():
    floor = Clock()
    floor.at(0, ready("A"), call("C"))
    told = floor.router.apply(Tick(), 10_000 * S)
    assert kinds(told) == [Withdraw]
    assert floor.router.floor.seats["A"].missed == 1


def test_an_agent_who_signs_in_twice_is_one_agent_with_the_newer_skills():
    floor = Clock()
    floor.at(0, ready("A", 0, {"fr": 1}), ready("A", 0, EN))
    floor.at(1, call("C1", 1), call("C2", 1, {"fr": 1}))
    assert floor.offers == [(1, "C1", "A")]
    assert len(floor.router.floor.seats) == 1


def test_a_skill_that_is_taken_away_while_a_call_waits_for_it():
    floor = Clock()
    both = {"en": 1, "fr": 1}
    floor.at(0, ready("A", 0, both), call("X"), Accepted("X.1"), call("C", 0, {"fr": 1}))
    floor.at(1, Changed(ready("A", 1).agent))
    floor.at(2, ready("A", 2))
    assert len(floor.offers) == 1
    assert "nobody who is signed in" in explain(floor.router, "C")
    floor.at(3, Changed(ready("A", 3, both).agent))
    assert floor.offers[-1] == (3, "C", "A")


def test_an_offer_goes_on_ringing_when_the_agent_loses_the_skill():
    floor = Clock()
    floor.at(0, ready("A"), call("C"))
    assert floor.at(1, Changed(ready("A", 1, {"fr": 1}).agent)) == []
    assert kinds(floor.at(2, Accepted("C.1"))) == [Connect]


def test_other_rules_hold_for_those_who_wait_already():
    floor = Clock(rules(max_wait="100s"))
    floor.at(0, ready("A", 0, {"en": 1}), call("C", 0, {"en": 3}))
    floor.at(10, Configured(rules(steps=[{"after": "5s", "min_levels": {"en": 1}}])))
    assert floor.offers == [(10, "C", "A")]
    floor.at(200)
    assert floor.overflows == []


def test_an_agent_who_leaves_while_it_rings_gives_the_caller_back():
    floor = Clock()
    floor.at(0, ready("A"), call("C"))
    floor.at(1, Away("A"))
    assert floor.router.position("C") == 1
    assert not floor.router.floor.seats


def test_a_caller_who_hangs_up_while_it_rings_frees_the_agent_for_the_next():
    floor = Clock()
    floor.at(0, ready("A"), call("C1"), call("C2"))
    told = floor.at(1, Left("C1"))
    assert kinds(told) == [Withdraw, Offer]


def test_an_offer_restored_after_a_restart_rings_until_its_time():
    floor = Clock()
    floor.at(3, Restored(Offer("C.1", "C", "A", 15 * S), call("C").call, ready("A").agent))
    assert floor.router.next_ms() == 15 * S
    told = floor.at(15)
    assert kinds(told) == [Withdraw]
    assert floor.router.position("C") == 1


def test_positions_count_within_the_queue():
    floor = Clock()
    floor.at(0, call("C1"), call("C2", 1), call("S1", 2, queue="sales"), ready("A"))
    assert [floor.router.position(name) for name in ("C1", "C2", "S1", "nobody")] == [1, 2, 1, None]
    assert positions(floor.router, "support") == {"C1": 1, "C2": 2}


def test_a_rest_is_told_once_and_the_agent_may_come_back():
    floor = Clock(rules({"max_missed": 1}))
    floor.at(0, ready("A"), call("C"))
    floor.at(40)
    assert [one for _, one in floor.log if isinstance(one, Rest)] == [Rest("A", 1)]
    floor.at(50, ready("A", 50))
    assert floor.offers[-1] == (50, "C", "A")


# ---- why


def why(floor: Clock) -> str:
    return next(one for _, one in reversed(floor.log) if isinstance(one, Offer)).why


def test_the_reason_names_the_call_and_the_agent():
    floor = Clock()
    floor.at(0, *(call(f"C{n}", n, {"orders": 2}) for n in (1, 2, 3)))
    floor.at(30, ready("ann", 30, {"orders": 2}))
    assert why(floor) == "longest waiting of 3 for orders>=2, for 29 s; ann the only one ready"
    floor = Clock()
    generalist = {"orders": 1, "en": 1, "fr": 1}
    floor.at(2, ready("ann", 0, ORDERS), ready("bob", 1, ORDERS), ready("eve", 0, generalist))
    floor.at(5, call("C", 5, {"orders": 1}))
    assert why(floor) == "the only one waiting for orders, for 0 s; ann idle longest of 3 at level 1"


def test_the_reason_names_relaxation_priority_and_who_knows_whom():
    floor = Clock(rules(steps=[{"after": "30s", "min_levels": {"fr": 1}, "drop": ["vip"]}], bonus="60s"))
    floor.at(0, ready("ann", 0, {"fr": 2}), call("C", 0, {"fr": 4, "vip": 1}))
    floor.at(40)
    assert why(floor).endswith("ann the only one ready; fr relaxed from 4 to 1, vip dropped after 30 s")
    floor = Clock()
    floor.at(0, call("C1"), call("C2", priority=1))
    floor.at(5, ready("ann", 5))
    assert "by wait and priority" in why(floor)
    assert "counts as 60 s more" in why(floor)
    floor = Clock()
    floor.at(0, ready("ann"), call("C", known_agent="ann"))
    assert why(floor).endswith("ann knows the caller")


def test_the_reason_keeps_the_keys_of_winner_and_runner_up():
    floor = Clock()
    floor.at(0, call("C1"), call("C2", 1), ready("ann"))
    reason = floor.log[-1][1].reason
    assert reason.calls == ((0, "C1"), (1 * S, "C2"), 2, False)
    floor.at(5, Accepted("C1.1"), call("C3", 5), ready("bob", 5))
    reason = floor.log[-1][1].reason
    assert reason.calls == ((1 * S, "C2"), (5 * S, "C3"), 2, False)


def test_a_waiting_call_can_be_explained():
    floor = Clock(rules(sticky="60s"))
    floor.at(0, ready("ann"), call("X"), Accepted("X.1"))
    floor.at(1, call("C1", 1))
    assert explain(floor.router, "C1") == "number 1, waiting for en: 1 could take it (1 talking)"
    assert explain(floor.router, "X").startswith("talks to ann")
    assert explain(floor.router, "nobody") == "not in a queue"
    floor.at(2, Booked("C1", 100 * S))
    assert explain(floor.router, "C1") == "a call back that is due in 98 s"


# ---- how long


def test_who_is_ahead_counts_by_the_share_of_agents():
    floor = Clock()
    for name in ("A1", "A2", "A3", "B1"):
        skills = {"a": 1} if name[0] == "A" else {"a": 1, "b": 1}
        floor.at(
            0, ready(name, 0, skills), call(f"T{name}", 0, skills, known_agent=name), Accepted(f"T{name}.1")
        )
    floor.at(1, *(call(f"C{n}", 1, {"a": 1}) for n in range(8)))
    floor.at(2, call("B", 2, {"b": 1}), call("A", 2, {"a": 1}))
    assert ahead(floor.router, "A") == (9.0, 4)  # B goes first at its one agent, who is a fourth of ours
    assert ahead(floor.router, "B") == (0.0, 1)
    assert ahead(floor.router, "TA1") is None


def test_an_estimate_is_the_sum_over_departures():
    estimator = Estimator(handle_ms=180_000)
    assert estimator.expect(0, 20).mean_ms == pytest.approx(9_000)
    assert estimator.expect(3, 20).mean_ms == pytest.approx(36_000)
    assert estimator.expect(3, 20).spread_ms == pytest.approx(18_000)
    assert estimator.expect(1.5, 20).mean_ms == pytest.approx(22_500)
    assert estimator.expect(3, 0) is None


def test_callers_who_give_up_shorten_the_wait():
    estimator = Estimator(handle_ms=60_000, patience_ms=120_000)
    rates = [10 / 60_000 + number / 120_000 for number in range(6)]
    assert estimator.expect(5, 10).mean_ms == pytest.approx(sum(1 / rate for rate in rates))


def test_nothing_is_said_while_too_little_is_known():
    estimator = Estimator()
    for _ in range(9):
        estimator.handled(60_000)
    assert estimator.expect(3, 5) is None
    estimator.handled(60_000)
    assert estimator.expect(3, 5) is not None


def test_the_range_follows_past_errors():
    estimator, expected = Estimator(handle_ms=60_000), Expected(100_000, 30_000)
    low, high = estimator.range_ms(expected)
    assert low < 70_000 < 130_000 < high
    for _ in range(60):
        estimator.learn(expected, 160_000)
    assert estimator.range_ms(expected) == pytest.approx((160_000, 160_000))


def test_what_is_said_never_rises():
    first = say((130_000, 230_000), 5, None)
    assert (first, first.words) == (Said((2, 4), 5), "2 to 4 minutes")
    worse = say((130_000, 290_000), 6, first)
    assert worse is None
    better = say((40_000, 110_000), 3, first)
    assert (better, better.words) == (Said((0, 2), 3), "up to 2 minutes")
    soon = say((5_000, 50_000), 3, last_said(better, first))
    assert (soon.minutes, soon.words) == ((0, 1), "under a minute")
    assert say((5_000, 50_000), 4, soon) == Said((0, 1), None)
    assert say(None, None, soon) is None
    assert last_said(Said(None, 1), soon) == Said((0, 1), 1)


# ---- policies as data


def test_rules_are_read_from_plain_data():
    found = read_rules(
        {"offer": "20s", "queues": {"vip": {"order": "strict", "bonus": {"1": "2m"}, "max_wait": "5m"}}}
    )
    assert (found.offer_ms, found.of("vip").bonus_ms, found.of("vip").max_wait_ms) == (
        20_000,
        {1: 120_000},
        300_000,
    )
    assert found.of("other").order == "seconds"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"offer": "soon"}, "offer: 'offer': write a time such as 30s, 500ms or 2m"),
        ({"ofer": "5s"}, "'ofer' is not known here; did you mean 'offer'?"),
        ({"queues": {"vip": {"order": "fair"}}}, "queues.vip.order: 'order' is one of 'seconds' or 'strict'"),
        ({"default": {"agents": ["idle", "fit"]}}, "only at the end"),
        ({"default": {"agents": []}}, "must not be empty"),
        ({"default": {"steps": [{"after": "9s"}, {"after": "9s"}]}}, "each step comes later"),
        ({"default": {"steps": [{"after": "9s", "ring": 3}, {"after": "10s", "ring": 2}]}}, "never narrows"),
        ({"default": {"limit": -1}}, "'limit' must not be less than 0"),
        (
            {"queues": {"a": {"overflow": "queue:b"}, "b": {"overflow": "queue:a"}}},
            "in a circle: a to b to a",
        ),
        ({"max_missed": True}, "max_missed"),
    ],
)
def test_wrong_rules_are_named_in_sentences(data, said):
    with pytest.raises(Faulty) as found:
        read_rules(data)
    assert said in str(found.value)


def test_all_faults_are_named_at_once():
    with pytest.raises(Faulty) as found:
        read_rules({"offer": "soon", "max_missed": 0, "default": {"limit": -1}})
    assert len(found.value.faults) == 3


def test_a_ready_agent_before_the_event_of_the_talk_is_a_repetition():
    floor = Clock(rules(AUTO))
    floor.at(0, ready("A"), call("C"))
    floor.at(1, Ready(ready("A", 0).agent))
    assert floor.router.floor.tickets["C"].state == "connected"
