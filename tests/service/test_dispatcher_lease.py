"""Of several processes one matches callers with agents, and another takes over when it is gone."""

import subprocess
import sys

import pytest

from ivr.dialog.events import Pressed
from ivr.routing.model import Rules, Tick
from ivr.service.dispatcher import Dispatcher
from ivr.service.lease import LENGTH_S, Fenced, Lease
from ivr.service.reasons import reasons
from ivr.storage.tables import AgentRow, TicketRow


def lease(hotline, holder):
    return Lease(hotline.db, hotline.clock, holder)


def dispatcher(hotline, holder):
    return Dispatcher(hotline.db, hotline.feed, hotline.clock, Rules, lease=lease(hotline, holder))


def caller(hotline, name):
    hotline.calls.begin(name, "+15550101", "+1555", "webhook")
    hotline.calls.advance(name, 1, Pressed(hotline.clock(), "0"))


def settle(one):
    """Let a dispatcher do what its thread would do."""
    while not one._events.empty():
        one.handle(one._events.get())
    one._compare()
    one.handle(Tick())


def test_one_holder_at_a_time_and_the_next_one_after_it_has_gone_silent(hotline, clock):
    first, second = lease(hotline, "elsewhere:1:a"), lease(hotline, "elsewhere:2:b")
    assert first.take()
    assert not second.take()
    clock.forward(LENGTH_S - 1)
    assert first.take()  # held longer
    clock.forward(LENGTH_S - 1)
    assert not second.take()
    clock.forward(1.1)
    assert second.take()
    assert second.token == first.token + 1
    assert not first.take()


def test_a_holder_that_slept_through_a_takeover_writes_nothing_more(hotline, clock):
    first, second = lease(hotline, "elsewhere:1:a"), lease(hotline, "elsewhere:2:b")
    assert first.take()
    with first.write():
        pass
    clock.forward(LENGTH_S + 1)
    assert second.take()
    with pytest.raises(Fenced), first.write():
        raise AssertionError("it must not come to this")
    with second.write():
        pass


def test_a_holder_of_this_machine_whose_process_is_gone_holds_nothing(hotline):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here = Lease(hotline.db, hotline.clock).holder.split(":")[0]
    assert lease(hotline, f"{here}:{gone.pid}:a").take()
    assert lease(hotline, "elsewhere:2:b").take()


def test_who_gives_the_lease_back_is_followed_at_once(hotline):
    first, second = lease(hotline, "elsewhere:1:a"), lease(hotline, "elsewhere:2:b")
    assert first.take()
    first.release()
    assert second.take()


def test_what_happens_at_a_process_that_stands_by_reaches_the_one_that_matches(hotline, floor, clock):
    """The rows are the message: the holder compares them with what it knows."""
    holder, standby = dispatcher(hotline, "elsewhere:1:a"), hotline.dispatcher
    assert holder._lease.take()
    holder._lead()
    standby._standby = True
    before = holder._lease.wakes()
    hotline.queue.set_state("ann", "ready")
    caller(hotline, "CA1")
    clock.forward(1)
    caller(hotline, "CA2")
    assert holder._lease.wakes() == before + 3
    settle(holder)
    offer = floor.of("ann")["call"]["offer"]
    assert hotline.queue.position(floor.ticket("CA2").id) == 2
    hotline.queue.reject("ann", offer)
    settle(holder)
    assert floor.ticket("CA1").state == "waiting"
    hotline.queue.set_state("ann", "paused")
    hotline.queue.set_state("bob", "ready")
    settle(holder)
    offer = floor.of("bob")["call"]["offer"]
    assert hotline.queue.accept("bob", offer) == "CA1"
    settle(holder)
    assert holder._router.floor.tickets[floor.ticket("CA1").id].state == "connected"
    hotline.queue.caller_gone("CA2")
    settle(holder)
    assert set(holder._router.floor.tickets) == {floor.ticket("CA1").id}


def test_desks_of_a_process_hear_of_what_another_one_does(hotline, floor, clock):
    other = dispatcher(hotline, "elsewhere:1:a")
    told = []
    hotline.feed.subscribe(lambda message: told.append((message.topic, message.data.get("state"))))
    hotline.dispatcher._echo.look()
    assert other._lease.take()
    with other._lease.write() as session:
        session.get_one(AgentRow, "ann").state = "ready"
    hotline.dispatcher._echo.look()
    assert told == [("agent", "ready")]
    hotline.dispatcher._echo.look()
    assert len(told) == 1
    caller(hotline, "CA1")
    hotline.dispatcher._echo.look()
    told.clear()
    with other._lease.write() as session:
        row = session.get_one(TicketRow, floor.ticket("CA1").id)
        row.state, row.ended_at = "abandoned", clock()
    hotline.dispatcher._echo.look()
    assert told == [("ticket", "abandoned")]


def test_nothing_is_done_where_the_tables_say_what_the_router_knows(hotline, floor):
    floor.ready("ann")
    for name in ("CA1", "CA2", "CA3"):
        caller(hotline, name)
    floor.settle()
    before = floor.of("ann"), [floor.ticket(name).state for name in ("CA1", "CA2", "CA3")]
    told = []
    hotline.feed.subscribe(told.append)
    hotline.dispatcher._compare()
    assert (floor.of("ann"), [floor.ticket(name).state for name in ("CA1", "CA2", "CA3")]) == before
    assert not told


def test_a_takeover_goes_on_with_what_rings_and_keeps_the_order(hotline, floor, clock):
    first = dispatcher(hotline, "elsewhere:1:a")
    assert first._lease.take()
    hotline.queue.set_state("ann", "ready")
    for name in ("CA1", "CA2", "CA3"):
        caller(hotline, name)
        clock.forward(0.5)
    first._lead()
    offer = floor.of("ann")["call"]["offer"]
    clock.forward(LENGTH_S + 0.1)
    second = dispatcher(hotline, "elsewhere:2:b")
    assert second._lease.take()
    second._lead()
    assert floor.of("ann")["call"]["offer"] == offer
    assert [second.position(floor.ticket(name).id) for name in ("CA1", "CA2", "CA3")] == [1, 2, 3]
    assert hotline.queue.accept("ann", offer) == "CA1"
    clock.forward(20)
    with pytest.raises(Fenced):
        first.handle(Tick())  # it still believes in an offer that runs out now
    assert floor.ticket("CA1").state == "connected"


def test_every_decision_is_kept_with_its_reasons(hotline, floor):
    floor.ready("ann")
    floor.call("CA1")
    ticket = floor.ticket("CA1").id
    hotline.queue.reject("ann", floor.of("ann")["call"]["offer"])
    floor.settle()
    floor.ready("bob")
    hotline.queue.accept("bob", floor.of("bob")["call"]["offer"])
    floor.settle()
    assert reasons(hotline.db, ticket) == reasons(hotline.db, "CA1")
    entered, *kept = reasons(hotline.db, "CA1")
    assert entered["because"] == "support, for en and orders; goes before others: gold member"
    assert [(one["what"], one["agent"]) for one in kept] == [
        ("offered", "ann"),
        ("withdrawn", "ann"),
        ("offered", "bob"),
        ("connected", "bob"),
    ]
    assert "the only one waiting" in kept[0]["because"]
    assert kept[0]["reason"]["agents"]["number"] == 1
    assert kept[1]["because"] == "rejected"
