"""Waits are learnt from calls as they are served, and from the tables at a start."""

import pytest

from tests.service.test_dispatcher_lease import caller, dispatcher


def serve(hotline, floor, clock, name, *, waits_s, talks_s):
    caller(hotline, name)
    floor.settle()
    clock.forward(waits_s)
    floor.ready("ann")
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    floor.settle()
    clock.forward(talks_s)
    hotline.queue.bridge_ended(name, "completed")
    hotline.queue.set_state("ann", "ready")
    floor.settle()
    hotline.queue.set_state("ann", "paused")
    floor.settle()


@pytest.fixture
def served(hotline, floor, clock):
    for number in range(12):
        serve(hotline, floor, clock, f"CA{number}", waits_s=30, talks_s=120)


def test_a_range_is_said_once_enough_is_known_and_an_agent_is_there(hotline, floor, clock, served):
    assert hotline.dispatcher.waits()["support"]["handle_s"] == pytest.approx(120, abs=1)
    floor.ready("ann")
    floor.call("CAtaken")
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    floor.settle()
    floor.call("CAnext")
    low, high = hotline.queue.wait_ms(floor.ticket("CAnext").id)
    assert 0 <= low < 120_000 < high < 600_000
    clock.forward(1)
    floor.call("CAlater")
    assert hotline.queue.wait_ms(floor.ticket("CAlater").id)[1] > high


def test_where_nobody_works_nothing_is_said(hotline, floor, served):
    floor.call("CAalone")
    assert hotline.queue.wait_ms(floor.ticket("CAalone").id) is None


def test_a_new_process_learns_from_the_tables(hotline, floor, served):
    second = dispatcher(hotline, "elsewhere:2:b")
    assert second._lease.take()
    second._lead()
    assert second.waits()["support"]["handle_s"] == pytest.approx(120, abs=1)
