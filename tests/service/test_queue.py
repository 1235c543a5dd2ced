import pytest

from ivr.errors import Conflict, NotFound, Unavailable
from ivr.routing.model import Rules
from ivr.service.dispatcher import Dispatcher
from ivr.service.reasons import reasons


def test_a_caller_rings_at_the_best_skilled_agent(hotline, floor):
    floor.ready("ann")
    floor.ready("bob")
    floor.call("CA1")
    assert floor.of("ann")["state"] == "ringing"
    assert floor.of("bob")["state"] == "ready"
    assert floor.of("ann")["call"]["summary"]["caller"] == "+15550101"
    assert "best-skilled" in floor.ticket("CA1").reason


def test_accepting_connects_the_caller_once(hotline, floor, carrier):
    floor.ready("ann")
    floor.call("CA1")
    offer = floor.of("ann")["call"]["offer"]
    assert hotline.queue.accept("ann", offer) == "CA1"
    assert hotline.queue.accept("ann", offer) == "CA1"
    floor.settle()
    assert carrier.connected == [("CA1", "ann")]
    assert floor.of("ann")["state"] == "talking"
    assert floor.ticket("CA1").state == "connected"


def test_an_offer_is_not_somebody_else_s(hotline, floor):
    floor.ready("ann")
    floor.call("CA1")
    offer = floor.of("ann")["call"]["offer"]
    for agent, name in (("bob", offer), ("ann", "T0.1")):
        with pytest.raises(Conflict):
            hotline.queue.accept(agent, name)


def test_an_offer_in_time_out_returns_the_caller_to_the_original_place(hotline, floor, clock):
    floor.ready("ann")
    floor.call("CA1")
    entered = floor.ticket("CA1").entered_at
    clock.forward(1)
    floor.call("CA2")
    offer = floor.of("ann")["call"]["offer"]
    clock.forward(15)
    floor.settle()
    assert floor.of("ann")["state"] == "ready"
    assert floor.of("ann")["missed"] == 1
    assert floor.ticket("CA1").entered_at == entered
    assert hotline.queue.position(floor.ticket("CA1").id) == 1
    with pytest.raises(Conflict):
        hotline.queue.accept("ann", offer)


def test_a_declined_call_goes_to_another_agent(hotline, floor):
    floor.ready("ann")
    floor.ready("bob")
    floor.call("CA1")
    hotline.queue.reject("ann", floor.of("ann")["call"]["offer"])
    floor.settle()
    assert floor.of("bob")["state"] == "ringing"
    assert floor.of("ann")["state"] == "ready"


def test_an_agent_who_misses_three_calls_is_paused_and_told_why(hotline, floor, clock):
    floor.ready("ann")
    floor.call("CA1")
    for _ in range(3):
        clock.forward(15)
        floor.settle()
        clock.forward(5)
        floor.settle()
    assert floor.of("ann")["state"] == "paused"
    assert floor.of("ann")["pause_reason"] == "missed 3 calls"
    assert floor.ticket("CA1").state == "waiting"


def test_a_caller_who_hangs_up_while_it_rings_stops_the_ringing(hotline, floor):
    floor.ready("ann")
    floor.call("CA1")
    hotline.calls.hang_up("CA1")
    floor.settle()
    assert floor.of("ann")["state"] == "ready"


def test_after_the_talk_the_agent_wraps_up_and_is_ready_again(hotline, floor):
    floor.ready("ann")
    floor.call("CA1")
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    ticket = floor.ticket("CA1").id
    with pytest.raises(Conflict):
        hotline.queue.set_state("ann", "paused")
    assert not hotline.queue.bridge_ended("CA1", "completed")
    assert floor.of("ann")["state"] == "wrap_up"
    hotline.queue.note("ann", ticket, "sent a new jacket")
    assert floor.of("ann")["call"]["note"] == "sent a new jacket"
    floor.ready("ann")
    assert floor.of("ann") == {**floor.of("ann"), "state": "ready", "call": None}
    with pytest.raises(NotFound):
        hotline.queue.note("bob", ticket, "not mine")


def test_a_phone_that_does_not_answer_puts_the_caller_back(hotline, floor):
    floor.ready("ann")
    floor.call("CA1")
    entered = floor.ticket("CA1").entered_at
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    assert hotline.queue.bridge_ended("CA1", "no-answer")
    floor.settle()
    assert floor.of("ann")["state"] == "paused"
    assert (floor.ticket("CA1").state, floor.ticket("CA1").entered_at) == ("waiting", entered)


def test_a_carrier_that_is_down_loses_nobody(hotline, floor, carrier):
    carrier.down = True
    floor.ready("ann")
    floor.call("CA1")
    with pytest.raises(Unavailable):
        hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    floor.settle()
    assert floor.ticket("CA1").state == "waiting"


def test_an_agent_hangs_up_the_caller(hotline, floor, carrier):
    floor.ready("ann")
    with pytest.raises(Conflict):
        hotline.queue.hang_up("ann")
    floor.call("CA1")
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    hotline.queue.hang_up("ann")
    assert carrier.ended == ["CA1"]


def test_what_was_tried_is_on_the_ticket(hotline, floor):
    from ivr.dialog.events import Pressed, Spoke
    from tests.conftest import NOON

    hotline.calls.begin("CA1", "+15550101", "", "webhook")
    hotline.calls.advance("CA1", 1, Spoke(NOON, "where is my order", 0.9))
    hotline.calls.settle(hotline.calls.advance("CA1", 2, Pressed(NOON, "100417")))
    hotline.calls.advance("CA1", 3, Spoke(NOON, "let me talk to a human", 0.9))
    summary = floor.ticket("CA1").summary
    assert summary["matter"] == "track_order"
    assert summary["order"] == "100417"
    assert summary["tried"] == ["order.lookup: found"]
    assert summary["said"] == ["where is my order", "let me talk to a human"]


def restarted(hotline):
    """A dispatcher of a new process on the same tables."""
    dispatcher = Dispatcher(hotline.db, hotline.feed, hotline.clock, Rules)
    assert dispatcher._lease.take()
    object.__setattr__(hotline, "dispatcher", dispatcher)
    object.__setattr__(hotline.queue, "_dispatcher", dispatcher)
    dispatcher._lead()


def test_a_restart_keeps_order_offers_and_ready_agents(hotline, floor, clock):
    floor.ready("ann")
    floor.call("CA1")
    clock.forward(1)
    floor.call("CA2")
    clock.forward(1)
    floor.call("CA3")
    offer = floor.of("ann")["call"]["offer"]
    restarted(hotline)
    floor.settle()
    assert floor.of("ann")["call"]["offer"] == offer
    assert [hotline.queue.position(floor.ticket(call).id) for call in ("CA1", "CA2", "CA3")] == [1, 2, 3]
    floor.ready("bob")
    assert floor.of("bob")["call"]["call_id"] == "CA2"
    assert hotline.queue.accept("ann", offer) == "CA1"


def test_an_offer_that_ran_out_during_the_restart_goes_back_to_its_place(hotline, floor, clock):
    floor.ready("ann")
    floor.call("CA1")
    clock.forward(60)
    restarted(hotline)
    floor.settle()
    assert floor.ticket("CA1").state in ("waiting", "offered")
    clock.forward(6)
    floor.settle()
    assert floor.of("ann")["call"]["call_id"] == "CA1"


def test_an_agent_who_rang_for_nobody_is_ready_after_a_restart(hotline, floor):
    floor.ready("ann")
    floor.call("CA1")
    hotline.calls.hang_up("CA1")
    restarted(hotline)
    floor.settle()
    assert floor.of("ann")["state"] == "ready"


def test_the_dispatcher_thread_matches_by_itself(hotline):
    from ivr.dialog.events import Pressed

    rang = __import__("threading").Event()
    hotline.feed.subscribe(lambda m: rang.set() if m.data.get("state") == "ringing" else None)
    hotline.start()
    try:
        hotline.queue.set_state("ann", "ready")
        hotline.calls.begin("CA1", "", "", "webhook")
        hotline.calls.advance("CA1", 1, Pressed(hotline.clock(), "0"))
        assert rang.wait(5)
    finally:
        hotline.dispatcher.stop()


def talk(hotline, floor, call, agent):
    """Let an agent and a caller talk, and both be done."""
    floor.call(call)
    hotline.queue.accept(agent, floor.of(agent)["call"]["offer"])
    floor.settle()
    hotline.queue.bridge_ended(call, "completed")
    hotline.queue.set_state(agent, "ready")
    floor.settle()


def test_a_caller_goes_to_the_agent_of_the_last_call_first_for_a_week(hotline, floor, clock):
    floor.ready("bob")
    talk(hotline, floor, "CA1", "bob")
    floor.ready("ann")  # better skilled, and yet
    clock.forward(6 * 24 * 3600)
    floor.call("CA2")
    assert floor.of("bob")["call"]["call_id"] == "CA2"
    assert "bob knows the caller" in floor.ticket("CA2").reason
    hotline.calls.hang_up("CA2")
    clock.forward(2 * 24 * 3600)
    floor.call("CA3")
    assert floor.of("ann")["call"]["call_id"] == "CA3"


@pytest.fixture
def talking(hotline, floor):
    """Ann talks with a caller who came first; another one waits."""
    floor.ready("ann")
    floor.call("CA1")
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    floor.settle()


def test_a_caller_who_is_passed_on_keeps_the_place_and_the_next_agent_reads_why(
    hotline, floor, clock, carrier, talking
):
    entered = floor.ticket("CA1").entered_at
    clock.forward(60)
    floor.call("CA2")
    assert hotline.queue.transfer("ann", "refunds", {"refunds": 1, "en": 1}, "wants the money back") == "CA1"
    floor.settle()
    assert [held[:2] for held in carrier.held] == [("CA1", "refunds")]
    moved = floor.ticket("CA1")
    assert (moved.queue, moved.state, moved.entered_at) == ("refunds", "waiting", entered)
    assert hotline.queue.waited_ms(moved.id) == 0  # the wait on the line begins anew
    assert floor.of("ann")["state"] == "wrap_up"
    hotline.queue.note("ann", moved.id, "the order is 1234")  # her wrap-up is hers
    floor.ready("bob")
    offered = floor.of("bob")["call"]
    assert offered["call_id"] == "CA1"  # before who came later
    assert offered["summary"]["passed_on"] == [
        {"by": "Ann", "from": "support", "note": "wants the money back"}
    ]
    floor.ready("ann")
    assert floor.of("ann")["call"]["call_id"] == "CA2"
    steps = [(step["what"], step["agent"]) for step in reasons(hotline.db, "CA1")]
    assert steps == [
        ("entered", None),
        ("offered", "ann"),
        ("connected", "ann"),
        ("transferred", "ann"),
        ("offered", "bob"),
    ]


def test_a_carrier_that_cannot_pass_on_leaves_them_talking(hotline, floor, carrier, talking):
    carrier.down = True
    with pytest.raises(Unavailable):
        hotline.queue.transfer("ann", "refunds", {"refunds": 1}, "")
    floor.settle()
    assert floor.of("ann")["state"] == "talking"
    assert (floor.ticket("CA1").state, floor.ticket("CA1").queue) == ("connected", "support")
    assert "passed_on" not in floor.ticket("CA1").summary
    with pytest.raises(Conflict):
        hotline.queue.transfer("bob", "refunds", {}, "")


def test_another_process_hears_of_a_caller_who_is_passed_on(hotline, floor, talking):
    hotline.queue.transfer("ann", "refunds", {"refunds": 1, "en": 1})
    while not hotline.dispatcher._events.empty():
        hotline.dispatcher._events.get()  # what was posted is lost
    hotline.dispatcher._compare()
    floor.settle()
    assert hotline.queue.position(floor.ticket("CA1").id) == 1
    floor.ready("bob")
    assert floor.of("bob")["call"]["call_id"] == "CA1"
