"""What holds whatever happens: random worlds of callers, agents and rules, every step checked."""

import json
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from ivr.routing.model import (
    Accepted,
    Agent,
    Call,
    Connect,
    Ended,
    Entered,
    Left,
    Offer,
    Opened,
    Overflow,
    Ready,
    Tick,
    Together,
    Transferred,
)
from ivr.routing.router import Router
from ivr.routing.snapshot import rebuild, snapshot
from tests.unit.router_world import World
from tests.unit.routing import Clock, call, ready

SEEDS = st.integers(0, 2**32)


def world(seed: int, **more) -> World:
    return World(Random(seed), **more)


@given(SEEDS, st.booleans())
def test_nobody_is_left_waiting_beside_an_idle_agent_and_nobody_is_taken_out_of_turn(seed, reserve):
    some = world(seed, reserve=reserve)
    for _ in range(120):
        some.step()


@given(SEEDS)
def test_the_same_events_give_the_same_decisions(seed):
    def story():
        some = world(seed)
        return [some.step() for _ in range(80)]

    assert story() == story()


@given(SEEDS, st.booleans())
@example(31710, True)
def test_a_router_rebuilt_from_a_snapshot_goes_on_as_the_first(seed, reserve):
    some = world(seed, reserve=reserve)
    for _ in range(60):
        some.step()
    kept = json.loads(json.dumps(snapshot(some.router)))
    again = rebuild(kept, some.router.floor.rules)
    assert snapshot(again) == snapshot(some.router)
    for _ in range(60):
        some.pass_time()
        event = some.event()
        assert again.apply(event, some.now) == some.router.apply(event, some.now)
    assert snapshot(again) == snapshot(some.router)


@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_kept_decides_nothing(seed, shuffler):
    some = world(seed)
    for _ in range(60):
        some.step()
    data = snapshot(some.router)
    shuffler.shuffle(data["tickets"])
    shuffler.shuffle(data["seats"])
    for one in data["tickets"]:
        one["needs"] = dict(reversed(one["needs"].items()))
    for one in data["seats"]:
        one["agent"]["skills"] = dict(reversed(one["agent"]["skills"].items()))
    again = rebuild(data, some.router.floor.rules)
    for _ in range(60):
        some.pass_time()
        event = some.event()
        assert again.apply(event, some.now) == some.router.apply(event, some.now)


@given(SEEDS)
def test_an_event_that_comes_twice_counts_once(seed):
    """But for a transfer out of a talk, and a call that comes again after it has overflowed."""
    some = world(seed)
    for _ in range(100):
        some.pass_time()
        some.router.apply(Tick(), some.now)
        event = some.event()
        told = some.router.apply(event, some.now)
        if isinstance(event, Together | Transferred) or any(isinstance(one, Overflow) for one in told):
            continue
        before = snapshot(some.router)
        told = some.router.apply(event, some.router.floor.now)
        assert not [one for one in told if isinstance(one, Offer)]
        after = snapshot(some.router)
        assert after == before


@given(SEEDS)
def test_names_permuted_with_their_order_permute_the_decisions(seed):
    """Agents and calls are known by their names only where nothing else decides."""
    rng = Random(seed)
    events = [
        ("call", n, rng.randrange(3)) if rng.random() < 0.5 else ("ready", n, rng.randrange(3))
        for n in range(30)
    ]

    def story(prefix):
        floor = Clock()
        for at, (kind, n, skill) in enumerate(events):
            build = call if kind == "call" else ready
            floor.at(at, build(f"{prefix}{n:02}", at, {f"s{skill}": 1}))
        return [(at, one.removeprefix(prefix), who.removeprefix(prefix)) for at, one, who in floor.offers]

    assert story("a") == story("zz")


@given(SEEDS)
def test_once_nobody_comes_any_more_everybody_is_served(seed):
    some = world(seed)
    for _ in range(80):
        some.step()
    router, now = some.router, some.router.floor.now
    for queue in ("sales", "support", "night"):
        router.apply(Opened(queue), now)
    for _ in range(400):
        now = max(now + 1, router.next_ms() or 0)
        told = router.apply(Tick(), now)
        told += router.apply(Ready(some_agent(now)), now)
        for one in told:
            if isinstance(one, Offer):
                router.apply(Accepted(one.id), now)
        for ticket in list(router.floor.tickets.values()):
            if ticket.state == "connected":
                router.apply(Ended(ticket.id), now + 1)
        if not router.floor.tickets:
            break
    assert not [t for t in router.floor.tickets.values() if t.state != "dormant"]


def some_agent(now: int):
    return Agent("all", {"en": 9, "fr": 9, "orders": 9}, now)


@given(st.lists(st.sampled_from(["come", "leave", "take", "end"]), max_size=80))
def test_every_call_is_accounted_for(steps):
    router, now, come, gone = Router(), 0, 0, 0
    for step in steps:
        now += 1000
        tickets = sorted(router.floor.tickets)
        talking = [t for t in tickets if router.floor.tickets[t].state == "connected"]
        if step == "come":
            come += 1
            told = router.apply(Entered(_call(come, now)), now)
        elif step == "leave" and tickets:
            gone += 1
            told = router.apply(Left(tickets[0]), now)
        elif step == "take" and not talking:
            told = router.apply(Ready(some_agent(now)), now)
        else:
            gone += bool(talking)
            told = router.apply(Ended(talking[0]) if talking else Tick(), now)
        for one in told:
            if isinstance(one, Offer):
                assert isinstance(router.apply(Accepted(one.id), now)[0], Connect)
        assert come == gone + len(router.floor.tickets)


def _call(number: int, now: int):
    return Call(f"c{number:03}", "support", {"en": 1}, now)
