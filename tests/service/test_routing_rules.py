"""Routing rules are part of the menus: checked with them, published with them, in force at once."""

import re
from datetime import UTC, datetime

from ivr.service.menus import check, routing_rules
from ivr.service.reasons import reasons
from ivr.storage.tables import TicketRow
from tests.conftest import demo_files


def faults(text):
    return [str(fault) for fault in check({**demo_files(), "routing.yaml": text}).faults]


def with_rules(hotline, text):
    hotline.menus.publish({**demo_files(), "routing.yaml": text}, author="sam")
    hotline.dispatcher._compare()


def test_every_fault_is_told_with_its_line():
    text = "offer: 20s\nqueues:\n  suport: {max_wait: 2m}\n  refunds: {order: sideways}\nbonus: 1m\n"
    assert [line.split(" ")[0] for line in faults(text)] == ["routing.yaml:4:", "routing.yaml:5:"]
    assert "'order' is one of" in faults(text)[0]
    near = faults("queues:\n  suport: {max_wait: 2m}\n")
    assert near[0].startswith("routing.yaml:2:")
    assert "did you mean 'support'?" in near[0]
    assert faults("- a list\n") != []
    assert faults("offer: 20s\ndefault: {wrap_up: 30s}\n") == []


def test_the_settings_hold_where_the_rules_say_nothing():
    plain = check(demo_files()).flow
    own = check({**demo_files(), "routing.yaml": "offer: 20s\n"}).flow
    assert routing_rules(plain, 9_000).offer_ms == 9_000
    assert routing_rules(own, 9_000).offer_ms == 20_000


def test_published_rules_are_in_force_for_those_who_wait_already(hotline, floor, clock):
    floor.call("CA1")
    before = hotline.dispatcher._lease.wakes()
    with_rules(hotline, "default: {max_wait: 90s, overflow: voicemail}\n")
    assert hotline.dispatcher._lease.wakes() == before + 1  # whoever matches looks again
    clock.forward(89)
    floor.settle()
    ticket = floor.ticket("CA1")
    assert ticket.state == "waiting"
    clock.forward(1)
    floor.settle()
    assert floor.ticket("CA1") is None
    assert hotline.queue.overflowed("CA1")
    assert reasons(hotline.db, "CA1")[-1]["because"] == "the wait was too long: voicemail"
    hotline.dispatcher._compare()
    assert ticket.id not in hotline.dispatcher._router.floor.tickets


def test_a_call_that_overflows_into_another_queue_waits_there_with_its_time(hotline, floor, clock):
    with_rules(hotline, 'queues:\n  support: {max_wait: 60s, overflow: "queue:refunds"}\n')
    floor.call("CA1")
    ticket = floor.ticket("CA1")
    clock.forward(60)
    floor.settle()
    with hotline.db.read() as session:
        row = session.get_one(TicketRow, ticket.id)
    assert (row.queue, row.state, row.entered_at) == ("refunds", "waiting", ticket.entered_at)
    assert "to refunds" in reasons(hotline.db, "CA1")[-1]["because"]


def test_skills_that_nobody_has_are_given_up_in_time(hotline, floor, clock):
    with_rules(hotline, "default: {steps: [{after: 30s, drop: [orders]}]}\n")
    hotline.accounts.add("zoe", "Zoe", "agent", "password-1", {"en": 1})
    floor.ready("zoe")
    floor.call("CA1")
    assert floor.of("zoe")["state"] == "ready"
    clock.forward(30)
    floor.settle()
    assert floor.of("zoe")["call"]["call_id"] == "CA1"
    assert "after 30 s" in floor.of("zoe")["call"]["reason"]


def test_a_wrap_up_of_a_set_length_ends_by_itself(hotline, floor, clock):
    with_rules(hotline, "default: {wrap_up: 20s}\n")
    floor.ready("ann")
    floor.call("CA1")
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    floor.settle()
    floor.call("CA2")
    clock.forward(60)
    hotline.queue.bridge_ended("CA1", "completed")
    floor.settle()
    assert floor.of("ann")["state"] == "wrap_up"
    clock.forward(19.9)
    floor.settle()
    assert floor.of("ann")["state"] == "wrap_up"
    clock.forward(0.1)
    floor.settle()
    assert floor.of("ann")["call"]["call_id"] == "CA2"
    assert hotline.queue.ticket_of("CA1") is None
    assert hotline.dispatcher.waits()["support"]["handle_s"] == 80


def test_an_agent_may_end_a_wrap_up_before_its_time(hotline, floor, clock):
    with_rules(hotline, "default: {wrap_up: 20s}\n")
    floor.ready("ann")
    floor.call("CA1")
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    floor.settle()
    floor.call("CA2")
    clock.forward(60)
    hotline.queue.bridge_ended("CA1", "completed")
    floor.settle()
    clock.forward(5)
    floor.ready("ann")
    assert floor.of("ann")["call"]["call_id"] == "CA2"


def test_a_queue_with_hours_opens_and_closes_by_its_calendar(hotline, floor, clock):
    with_rules(hotline, "queues:\n  support: {hours: team}\n")
    clock.now = datetime(2026, 3, 3, 16, 59, 59, tzinfo=UTC)
    floor.call("CA1")
    assert floor.ticket("CA1").state == "waiting"
    clock.forward(1)  # 17:00: closed
    floor.call("CA2")
    assert floor.ticket("CA1").state == "waiting"  # those who wait are served still
    assert hotline.queue.overflowed("CA2")
    assert reasons(hotline.db, "CA2")[-1]["because"] == "closed"
    hotline.dispatcher._lead()  # another process takes over: who waited has not come to a closed queue
    floor.settle()
    assert floor.ticket("CA1").state == "waiting"
    floor.ready("ann")
    assert floor.of("ann")["call"]["call_id"] == "CA1"
    clock.now = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
    floor.call("CA3")
    assert floor.ticket("CA3").state == "waiting"


def test_at_closing_time_callers_are_released_where_the_rules_say_so(hotline, floor, clock):
    with_rules(hotline, "queues:\n  support: {hours: team, at_close: release}\n")
    clock.now = datetime(2026, 3, 3, 16, 59, 59, tzinfo=UTC)
    floor.call("CA1")
    clock.forward(1)
    floor.settle()
    assert hotline.queue.overflowed("CA1")


def test_hours_need_a_calendar_and_a_way_on_for_callers():
    assert (
        "no calendar 'teem' in calendars.yaml; did you mean 'team'?" in faults("default: {hours: teem}\n")[-1]
    )
    dead_end = {**demo_files(), "routing.yaml": "queues:\n  refunds: {hours: team}\n"}
    dead_end["refunds.yaml"] = re.sub(r"    overflow: .*\n", "", dead_end["refunds.yaml"])
    assert "give it an 'overflow'" in str(check(dead_end).faults[0])
