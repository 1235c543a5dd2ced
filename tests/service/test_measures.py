"""What queues are measured by, from the tickets as they are stored."""

from datetime import timedelta

from tests.service.test_dispatcher_lease import caller


def test_service_level_waits_and_those_who_gave_up_are_counted_by_queue(hotline, floor, clock):
    began = clock()
    for name, waits in (("CA1", 5), ("CA2", 40)):
        caller(hotline, name)
        floor.settle()
        clock.forward(waits)
        floor.ready("ann")
        hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
        floor.settle()
        clock.forward(120)
        hotline.queue.bridge_ended(name, "completed")
        hotline.queue.set_state("ann", "ready")
        hotline.queue.set_state("ann", "paused")
        floor.settle()
    caller(hotline, "CA3")
    clock.forward(3)
    hotline.calls.hang_up("CA3")
    caller(hotline, "CA4")
    clock.forward(70)
    hotline.queue.leave("CA4")
    (found,) = hotline.reports.queues(began)
    assert found["queue"] == "support"
    assert found["offered"] == 4
    assert found["service_level"] == 0.5
    assert found["service_level_2"] == 0.667  # one answered and one gone in time, of three
    assert (found["asa"], found["longest_wait"]) == (22.5, 40)
    assert (found["abandoned"], found["abandoned_short"], found["overflowed"]) == (0.25, 0.25, 0.25)
    assert found["agents"] == {"ann": {"calls": 2, "talk_s": 240}}
    assert hotline.reports.queues(clock() + timedelta(seconds=1)) == []
