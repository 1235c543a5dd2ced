"""How busy agents are is added up by the hour."""

from ivr.service.occupancy import Occupancy


def passes(clock, book, seconds):
    for _ in range(seconds // 5):
        clock.forward(5)
        book.look()


def test_talk_and_wrap_up_over_the_time_available(hotline, floor, clock):
    book, began = Occupancy(hotline.db, clock), clock()
    book.look()
    floor.ready("ann")
    passes(clock, book, 120)
    floor.call("CA1")
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    floor.settle()
    passes(clock, book, 240)
    hotline.queue.bridge_ended("CA1", "completed")
    passes(clock, book, 60)
    hotline.queue.set_state("ann", "paused")
    passes(clock, book, 600)
    book.keep()
    (found,) = hotline.reports.agents(began).values()  # bob was away all the time
    assert found["seconds"] == {"paused": 600, "ready": 120, "talking": 240, "wrap_up": 60}
    assert found["occupancy"] == round(300 / 420, 3)


def test_two_processes_in_turn_add_up_and_a_gap_is_not_counted(hotline, floor, clock):
    began = clock()
    floor.ready("ann")
    for _ in range(2):
        book = Occupancy(hotline.db, clock)
        book.look()
        passes(clock, book, 30)
        clock.forward(3600 * 2 - 30)
        book.look()
        book.keep()
    seconds = hotline.reports.agents(began)["ann"]["seconds"]
    assert seconds == {"ready": 60}


def test_hours_before_are_left_out(hotline, floor, clock):
    book = Occupancy(hotline.db, clock)
    book.look()
    floor.ready("ann")
    passes(clock, book, 10)
    book.keep()
    clock.forward(3 * 3600)
    assert hotline.reports.agents(clock()) == {}
