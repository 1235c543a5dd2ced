"""kill -9 at the worst moments: no caller is lost, nobody is connected twice, the order stays.

A process of its own runs the real dispatcher on the test's tables and is killed there, by itself, with
signal 9; then a dispatcher of this process takes over.
"""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ivr.routing.model import Rules, Tick
from ivr.service.dispatcher import Dispatcher
from ivr.storage.tables import DecisionRow, LeaseRow
from tests.service.test_dispatcher_lease import caller

CHILD = """
import os, sys
from ivr.clock import utc_now
from ivr.routing.model import Rules
from ivr.service import dispatcher, lease
from ivr.service.feed import Feed
from ivr.storage.session import Database

def die(*given, **more):
    os.kill(os.getpid(), 9)

db = Database(sys.argv[1])
one = dispatcher.Dispatcher(db, Feed(), utc_now, lambda: Rules(offer_ms=60_000))
assert one._lease.take()
{moment}
one._lead()
print("went through", flush=True)
die()
"""
MOMENTS = {
    "before the decision is written": "one._outcomes._write_offers = die",
    "between decision and ring": "one._outcomes._tell = die",
    "between ring and accept": "",
    "while it takes the lease over": "one._heal = die",
}


@pytest.fixture
def clock():
    """Real time: the other process has its own clock."""
    from ivr.clock import utc_now

    return utc_now


def killed(hotline, moment):
    code = textwrap.dedent(CHILD).format(moment=MOMENTS[moment])
    done = subprocess.run(
        [sys.executable, "-c", code, hotline.settings.database_url],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == -9, done.stderr


def takes_over(hotline):
    one = Dispatcher(hotline.db, hotline.feed, hotline.clock, lambda: Rules(offer_ms=60_000))
    object.__setattr__(hotline, "dispatcher", one)
    object.__setattr__(hotline.queue, "_dispatcher", one)
    assert one._lease.take(), "the holder is dead: nobody waits for its lease to run out"
    one._lead()
    one.handle(Tick())
    return one


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_loses_nobody_connects_nobody_twice_and_keeps_the_order(hotline, floor, moment):
    calls = ("CA1", "CA2", "CA3")
    hotline.dispatcher._standby = True  # this process only takes calls
    hotline.queue.set_state("ann", "ready")
    for name in calls:
        caller(hotline, name)
    entered = [(floor.ticket(name).id, floor.ticket(name).entered_at) for name in calls]
    killed(hotline, moment)
    takes_over(hotline)
    assert [(floor.ticket(name).id, floor.ticket(name).entered_at) for name in calls] == entered
    served = []
    for _ in calls:
        ringing = floor.of("ann")["call"]
        assert ringing["state"] == "offered"
        served.append(hotline.queue.accept("ann", ringing["offer"]))
        assert hotline.queue.accept("ann", ringing["offer"]) == served[-1]  # said twice, done once
        floor.settle()
        hotline.queue.bridge_ended(served[-1], "completed")
        hotline.queue.set_state("ann", "ready")
        floor.settle()
    assert served == list(calls)
    assert hotline.carrier.connected == [(name, "ann") for name in calls]
    with hotline.db.read() as session:
        tokens = [row.token for row in session.query(DecisionRow).order_by(DecisionRow.id)]
        assert tokens == sorted(tokens)
        assert session.get_one(LeaseRow, "dispatcher").token == tokens[-1]
