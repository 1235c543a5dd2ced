"""A call back keeps the caller's place, is dialled when its turn comes, tried again, or merged."""

from datetime import timedelta

import pytest

from ivr.errors import Conflict, Unavailable
from ivr.ports import Booking
from ivr.service.reasons import reasons
from ivr.storage.tables import CallbackRow, CallRow, TicketRow
from tests.service.test_dispatcher_lease import dispatcher

CUSTOMER = "+15550101"


@pytest.fixture
def promised(hotline, floor, clock):
    """A caller who waited for a while and asked to be called back; another one came later."""
    floor.call("CA1")
    clock.forward(60)
    hotline.calls.begin("CA2", "+15550202", "+1555", "webhook")
    from ivr.dialog.events import Pressed

    hotline.calls.advance("CA2", 1, Pressed(clock(), "0"))
    floor.settle()
    clock.forward(30)
    assert hotline.queue.leave("CA1")
    hotline.followups.book_callback(Booking("CA1", CUSTOMER, "support", {"en": 1}), "key-1")
    hotline.calls.hang_up("CA1")
    floor.settle()
    return ticket(hotline)


def ticket(hotline):
    with hotline.db.read() as session:
        return session.query(TicketRow).filter(TicketRow.callback.is_not(None)).one()


def state(hotline):
    with hotline.db.read() as session:
        return session.query(CallbackRow).one().state


def take(hotline, floor, agent="ann"):
    offer = floor.of(agent)["call"]["offer"]
    hotline.queue.accept(agent, offer)
    floor.settle()
    return offer


def test_it_is_dialled_in_its_place_before_who_came_later(hotline, floor, clock, promised, carrier):
    floor.ready("ann")
    assert floor.of("ann")["call"]["callback"] == promised.callback
    take(hotline, floor)
    assert carrier.dialled == [(CUSTOMER, "+1555", promised.id)]
    assert ticket(hotline).state == "connecting"
    assert hotline.calls.called_back("CAout", promised.id, CUSTOMER, "+1555") == "ann"
    assert (ticket(hotline).state, state(hotline)) == ("connected", "done")
    clock.forward(90)
    hotline.queue.bridge_ended("CAout", "completed")
    hotline.calls.hang_up("CAout")
    with hotline.db.read() as session:
        assert session.get_one(CallRow, "CAout").outcome == "transferred"
    hotline.queue.set_state("ann", "ready")
    floor.settle()
    assert floor.of("ann")["call"]["call_id"] == "CA2"


def test_the_caller_may_go_on_talking_while_the_promise_waits(hotline, floor, promised):
    assert floor.ticket("CA1") is None
    assert ticket(hotline).state == "waiting"


def test_nobody_answers_and_it_is_tried_again_by_plan_then_given_up(hotline, floor, clock, promised, carrier):
    for tries in (1, 2, 3):
        floor.ready("ann")
        take(hotline, floor)
        assert len(carrier.dialled) == tries
        hotline.queue.not_answered(promised.id)
        hotline.queue.not_answered(promised.id)  # the carrier says it twice
        floor.settle()
        if tries < 3:
            assert floor.of("ann")["call"]["call_id"] == "CA2"  # the agent is free for others at once
            assert ticket(hotline).not_before == clock() + timedelta(minutes=5)
            hotline.queue.reject("ann", floor.of("ann")["call"]["offer"])
            hotline.queue.set_state("ann", "paused")
            clock.forward(301)
            floor.settle()
    assert state(hotline) == "given_up"
    assert ticket(hotline).state == "left"
    assert "nobody answered" in reasons(hotline.db, promised.id)[-1]["because"]


def test_a_refusal_of_the_agent_is_no_attempt(hotline, floor, promised):
    floor.ready("ann")
    hotline.queue.reject("ann", floor.of("ann")["call"]["offer"])
    floor.settle()
    assert ticket(hotline).attempts == 0


def test_who_rings_in_before_has_the_place_and_the_promise_is_off(hotline, floor, clock, promised):
    clock.forward(100)
    floor.call("CA9")
    assert state(hotline) == "merged"
    assert floor.ticket("CA9").entered_at == promised.entered_at
    assert hotline.queue.position(floor.ticket("CA9").id) == 1
    assert hotline.queue.waited_ms(floor.ticket("CA9").id) == 0  # on the line; nobody is sent away for it
    assert ticket(hotline).state == "left"


def test_a_carrier_that_fails_leaves_the_promise_in_its_place(hotline, floor, clock, promised, carrier):
    carrier.down = True
    floor.ready("ann")
    with pytest.raises(Unavailable):
        hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    floor.settle()
    assert ticket(hotline).entered_at == promised.entered_at
    assert (ticket(hotline).state, ticket(hotline).attempts) == ("waiting", 0)  # not the customer's doing
    assert floor.of("ann")["call"]["call_id"] == "CA2"  # the agent is free for others at once
    hotline.queue.reject("ann", floor.of("ann")["call"]["offer"])
    floor.settle()
    carrier.down = False
    clock.forward(61)
    floor.settle()
    assert floor.of("ann")["call"]["callback"] == promised.callback


def test_a_takeover_knows_of_promises_and_when_they_are_due_again(hotline, floor, clock, promised):
    floor.ready("ann")
    take(hotline, floor)
    hotline.queue.not_answered(promised.id)
    floor.settle()
    second = dispatcher(hotline, "elsewhere:2:b")
    assert second._lease.take()
    second._lead()
    kept = second._router.floor.tickets[promised.id]
    assert (kept.state, kept.attempts, kept.callback) == ("dormant", 1, True)


def test_an_answer_that_comes_too_late_is_told_so(hotline, floor, promised):
    assert hotline.calls.called_back("CAout", promised.id, CUSTOMER, "+1555") is None
    assert hotline.calls.called_back("CAout", "T0", CUSTOMER, "+1555") is None
    with pytest.raises(Conflict):
        hotline.queue.accept("ann", "T0.1")


@pytest.mark.parametrize("leaves", [True, False])
def test_the_same_is_found_by_comparing_where_no_message_comes(hotline, floor, clock, leaves):
    floor.call("CA1")
    entered = floor.ticket("CA1").entered_at
    clock.forward(40)
    hotline.dispatcher.post = lambda event: None  # lost on the way
    if leaves:
        hotline.queue.leave("CA1")
    hotline.calls.hang_up("CA1")
    del hotline.dispatcher.post
    hotline.dispatcher._compare()
    floor.call("CA2")
    assert floor.ticket("CA2").entered_at == (clock() if leaves else entered)


def test_who_left_the_queue_on_purpose_and_rings_again_waits_anew(hotline, floor, clock):
    floor.call("CA1")
    clock.forward(40)
    assert hotline.queue.leave("CA1")
    hotline.calls.hang_up("CA1")
    floor.settle()
    clock.forward(5)
    floor.call("CA2")
    assert floor.ticket("CA2").entered_at == clock()


def test_who_hangs_up_and_rings_again_at_once_has_the_old_place(hotline, floor, clock):
    floor.call("CA1")
    entered = floor.ticket("CA1").entered_at
    clock.forward(40)
    hotline.calls.hang_up("CA1")
    floor.settle()
    clock.forward(50)
    floor.call("CA2")
    assert floor.ticket("CA2").entered_at == entered
