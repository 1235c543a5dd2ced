from hypothesis import given
from hypothesis import strategies as st

from ivr.routing.model import (
    Accepted,
    Away,
    Entered,
    Idle,
    Left,
    Offer,
    Ready,
    Rejected,
    Rest,
    Restored,
    Rules,
    Tick,
    Waiting,
    Withdraw,
)
from ivr.routing.router import Router, suits

S = 1000
RULES = Rules(offer_ms=15 * S, cool_down_ms=5 * S, max_missed=3)


def call(name, *, since=0, skills=None, queue="support", priority=0):
    return Entered(Waiting(name, queue, skills or {"en": 1}, since * S, priority))


def agent(name, *, since=0, skills=None):
    return Ready(Idle(name, skills or {"en": 1}, since * S))


def drive(*steps):
    router, decided = Router(RULES), []
    for at, event in steps:
        decided += router.apply(event, int(at * S))
    return router, decided


def offers(decided):
    return [(one.call, one.agent) for one in decided if isinstance(one, Offer)]


def test_the_longest_waiting_caller_goes_first_over_all_queues():
    _, decided = drive(
        (5, call("c2", since=5, queue="sales")), (10, call("c1", since=10)), (100, agent("a1", since=100))
    )
    assert offers(decided) == [("c2", "a1")]


def test_a_caller_nobody_can_take_does_not_hold_up_the_next():
    _, decided = drive((0, call("c1", skills={"fr": 1})), (1, call("c2", since=1)), (2, agent("a1", since=2)))
    assert offers(decided) == [("c2", "a1")]


def test_the_longest_idle_agent_takes_the_call():
    _, decided = drive(
        (0, agent("a1", since=50)),
        (0, agent("a2", since=20)),
        (0, agent("a3", since=20)),
        (60, call("c", since=60)),
    )
    assert offers(decided) == [("c", "a2")]


def test_the_best_skilled_agent_comes_before_the_longest_idle_one():
    _, decided = drive(
        (0, agent("old", skills={"orders": 1, "en": 1})),
        (0, agent("expert", since=50, skills={"orders": 3, "en": 1})),
        (60, call("c", since=60, skills={"orders": 1, "en": 1})),
    )
    assert offers(decided) == [("c", "expert")]


def test_every_skill_must_be_there_at_its_level():
    assert suits({"billing": 2, "de": 1}, {"billing": 2, "de": 1})
    assert not suits({"billing": 3}, {"billing": 2, "de": 1})
    assert not suits({"billing": 1, "de": 3}, {"billing": 2, "de": 1})


def test_priority_counts_as_waiting_time_so_nobody_starves():
    _, decided = drive((0, call("low")), (59, call("vip", since=59, priority=1)), (60, agent("a")))
    assert offers(decided) == [("vip", "a")]
    _, decided = drive((0, call("low")), (61, call("vip", since=61, priority=1)), (62, agent("a")))
    assert offers(decided) == [("low", "a")]


def test_an_offer_that_is_not_answered_puts_the_caller_back_in_the_old_place():
    router, decided = drive((0, call("c1")), (1, call("c2", since=1)), (5, agent("a1")), (20, Tick()))
    assert [type(one) for one in decided] == [Offer, Withdraw]
    assert decided[1].because == "expired"
    assert router.position("c1") == 1
    assert offers(router.apply(Ready(Idle("a2", {"en": 1}, 20 * S)), 20 * S)) == [("c1", "a2")]


def test_a_rejected_call_goes_to_another_agent_first():
    router, _ = drive((0, agent("a1")), (0, agent("a2", since=1)), (5, call("c", since=5)))
    decided = router.apply(Rejected("c.1"), 6 * S)
    assert offers(decided) == [("c", "a2")]


def test_the_only_agent_is_offered_the_call_again_after_the_cool_down():
    router, _ = drive((0, agent("a1")), (5, call("c", since=5)), (6, Rejected("c.1")))
    assert router.next_ms() == 11 * S
    assert offers(router.apply(Tick(), 10_999)) == []
    assert offers(router.apply(Tick(), 11 * S)) == [("c", "a1")]


def test_an_agent_who_misses_three_offers_in_a_row_is_sent_away():
    router, decided = drive((0, agent("a1")), (0, call("c")))
    for at in (15, 20, 35, 40, 55, 60, 200):
        decided += router.apply(Tick(), at * S)
    assert [one for one in decided if isinstance(one, Rest)] == [Rest("a1", 3)]
    assert len(offers(decided)) == 3


def test_an_accepted_offer_is_over_and_accepting_twice_changes_nothing():
    router, _ = drive((0, agent("a1")), (0, call("c")), (1, Accepted("c.1")), (1, Accepted("c.1")))
    assert router.offers == router.waiting == router.ready == {}


def test_a_caller_who_hangs_up_while_it_rings_frees_the_agent_for_the_next():
    router, _ = drive((0, agent("a1")), (0, call("c1")), (1, call("c2", since=1)))
    decided = router.apply(Left("c1"), 2 * S)
    assert isinstance(decided[0], Withdraw)
    assert offers(decided) == [("c2", "a1")]


def test_an_agent_who_leaves_while_it_rings_gives_the_caller_back():
    router, _ = drive((0, agent("a1")), (0, call("c1")))
    router.apply(Away("a1"), 1 * S)
    assert router.position("c1") == 1
    assert router.ready == {}


def test_an_offer_restored_after_a_restart_is_still_alive_until_its_time():
    router = Router(RULES)
    waiting, idle = Waiting("c", "support", {"en": 1}, 0), Idle("a1", {"en": 1}, 0)
    router.apply(Restored(Offer("c.1", "c", "a1", 15 * S), waiting, idle), 3 * S)
    assert router.next_ms() == 15 * S
    assert isinstance(router.apply(Tick(), 15 * S)[0], Withdraw)


def test_positions_count_within_the_queue():
    router, _ = drive((0, call("c1")), (1, call("c2", since=1)), (2, call("s", since=2, queue="sales")))
    assert (router.position("c1"), router.position("c2"), router.position("s")) == (1, 2, 1)
    assert router.position("nobody") is None


STEPS = st.lists(
    st.tuples(
        st.integers(0, 4000),
        st.one_of(
            st.builds(
                lambda n, f: ("enter", n, {"fr": 1} if f else {"en": 1}), st.integers(0, 6), st.booleans()
            ),
            st.builds(lambda n: ("left", n), st.integers(0, 6)),
            st.builds(lambda n, both: ("ready", n, both), st.integers(0, 3), st.booleans()),
            st.builds(lambda n: ("away", n), st.integers(0, 3)),
            st.builds(lambda n: ("accept", n), st.integers(0, 6)),
            st.builds(lambda n: ("reject", n), st.integers(0, 6)),
            st.just(("tick",)),
        ),
    ),
    max_size=60,
)


def event_of(router, what, now):
    ringing = {offer.call: offer.id for offer in router.offers.values()}
    match what:
        case ("enter", n, skills):
            return Entered(Waiting(f"c{n}", "q", skills, now))
        case ("left", n):
            return Left(f"c{n}")
        case ("ready", n, both):
            return Ready(Idle(f"a{n}", {"en": 1, "fr": 1} if both else {"en": 1}, now))
        case ("away", n):
            return Away(f"a{n}")
        case ("accept", n):
            return Accepted(ringing.get(f"c{n}", "none"))
        case ("reject", n):
            return Rejected(ringing.get(f"c{n}", "none"))
    return Tick()


@given(STEPS)
def test_whatever_happens_nobody_has_two_offers_and_no_free_pair_is_left_waiting(steps):
    router, now = Router(RULES), 0
    for gap, what in steps:
        now += gap
        router.apply(event_of(router, what, now), now)
        calls = [offer.call for offer in router.offers.values()]
        agents = [offer.agent for offer in router.offers.values()]
        assert len(set(calls)) == len(calls)
        assert len(set(agents)) == len(agents)
        assert not set(calls) & set(router.waiting)
        assert not set(agents) & set(router.ready)
        for waiting in router.waiting.values():
            able = [a for a in router.ready.values() if suits(a.skills, waiting.skills)]
            assert all(router._resting.get(a.id, 0) > now or a.id == waiting.last_agent for a in able)


@given(STEPS)
def test_the_same_events_always_give_the_same_decisions(steps):
    def decisions():
        router, now, found = Router(RULES), 0, []
        for gap, what in steps:
            now += gap
            found += router.apply(event_of(router, what, now), now)
        return found

    assert decisions() == decisions()
