import threading

import pytest

from audio.workers import MOST_LOST, Workers
from ivr.errors import TooBusy, Unavailable


@pytest.fixture
def stuck():
    """Work that comes back only when the test ends."""
    gate = threading.Event()
    yield gate.wait
    gate.set()


@pytest.fixture
def made():
    opened = []

    def make(count=1, most=4, limit=0.3):
        opened.append(Workers("test", count, most, limit))
        return opened[-1]

    yield make
    for workers in opened:
        workers.close()


def test_work_is_done_and_its_errors_are_told(made):
    workers = made()
    assert workers.submit(lambda: 42).result(5) == 42
    with pytest.raises(ZeroDivisionError):
        workers.submit(lambda: 1 / 0).result(5)


def test_work_that_hangs_costs_its_own_caller_and_the_worker_is_replaced(made, stuck):
    workers = made(count=1)
    hung, following = workers.submit(stuck), workers.submit(lambda: "served")
    with pytest.raises(Unavailable):
        hung.result(5)
    assert following.result(5) == "served"


def test_when_too_much_waits_the_next_is_refused_at_once_and_it_shows(made, stuck):
    workers = made(count=1, most=3, limit=30)
    workers.submit(stuck)
    while not workers._running:
        pass
    workers.submit(stuck)
    workers.submit(stuck)
    assert not workers.overloaded()
    with pytest.raises(TooBusy):
        workers.submit(stuck)
    assert workers.overloaded()
    assert not workers.idle


def test_too_many_stuck_workers_refuse_work_instead_of_growing_for_ever(made, stuck):
    workers = made(count=2, most=20, limit=0.15)
    hung = [workers.submit(stuck) for _ in range(MOST_LOST)]
    for future in hung:
        with pytest.raises(Unavailable):
            future.result(10)
    with pytest.raises(Unavailable):
        workers.submit(lambda: 1)


def test_what_waits_when_the_workers_are_closed_is_cancelled(made, stuck):
    workers = made(count=1, limit=30)
    workers.submit(stuck)
    while not workers._running:
        pass
    waiting = workers.submit(lambda: 1)
    workers.close()
    assert waiting.cancelled()
