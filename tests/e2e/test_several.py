"""Several processes on one database, and agents whose laptops close: real processes, really killed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest

from ivr.clock import utc_now
from ivr.service.lease import Lease
from ivr.storage.session import Database
from ivr.storage.tables import AgentRow, TicketRow
from tests.live import SECRET, LiveHotline, caller, live
from webhooks.auth import token

QUIET = {"IVR_ASR": "none", "IVR_TTS": "none", "IVR_OFFER_TIMEOUT_S": "60"}


@contextmanager
def tables(hotline):
    db = Database(hotline.database)
    try:
        yield db
    finally:
        db.close()


def until(true, seconds=20.0):
    """Wait for something; return what it came to."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came to that")


def matching(hotline):
    return httpx.get(f"{hotline.base}/readyz", timeout=5).json()["matching"]


def make_ready(db, login):
    with db.write() as session:
        row = session.get_one(AgentRow, login)
        row.state, row.since, row.idle_since, row.skills = (
            "ready",
            utc_now(),
            utc_now(),
            {"en": 3, "orders": 3},
        )
    Lease(db, utc_now).wake()


def tickets(db):
    with db.read() as session:
        return session.query(TicketRow).order_by(TicketRow.entered_at).all()


def an_agent(db):
    with db.read() as session:
        return session.query(AgentRow).order_by(AgentRow.login).first().login


def test_a_standby_takes_over_from_a_killed_process_and_nothing_is_lost(tmp_path, prompts):
    with live(tmp_path, prompts, **QUIET) as first, tables(first) as db:
        second = LiveHotline(tmp_path, prompts, **QUIET)
        second.start()
        try:
            assert matching(first) == "here"
            assert matching(second).startswith("another process")
            for sid in ("CAone", "CAtwo"):
                caller(second, sid)
            make_ready(db, an_agent(db))
            rings = until(lambda: [row for row in tickets(db) if row.state == "offered"])
            assert [row.call for row in rings] == ["CAone"]
            first.stop(signal.SIGKILL)
            until(lambda: matching(second) == "here", 10)
            one, two = tickets(db)
            assert (one.offer, one.entered_at) == (rings[0].offer, rings[0].entered_at)
            assert (one.state, two.state) == ("offered", "waiting")
            assert "number 2" in second.carrier_post("/voice/twilio/wait", CallSid="CAtwo", From="+1").text
        finally:
            second.stop()


LAPTOP = """
import sys
from websockets.sync.client import connect
with connect(sys.argv[1]) as line:
    print("open", flush=True)
    for message in line:
        pass
"""


@pytest.mark.timeout(180)
def test_a_laptop_that_was_closed_is_seen_and_its_agent_is_away(tmp_path, prompts):
    with live(tmp_path, prompts, **QUIET) as hotline, tables(hotline) as db:
        agent = an_agent(db)
        address = f"{hotline.base.replace('http', 'ws')}/switch/line?token={token(SECRET, 'client', agent)}"
        laptop = subprocess.Popen(
            [sys.executable, "-c", LAPTOP, address], stdout=subprocess.PIPE, env=dict(os.environ)
        )
        try:
            assert laptop.stdout.readline() == b"open\n"
            make_ready(db, agent)
            laptop.send_signal(signal.SIGSTOP)  # it answers nothing more, and closes nothing
            began = time.monotonic()
            until(lambda: state_of(db, agent) == "away", 40)
            print(f"seen after {time.monotonic() - began:.1f} s")  # noqa: T201
        finally:
            laptop.kill()
            laptop.communicate()


def state_of(db, login):
    with db.read() as session:
        return session.get_one(AgentRow, login).state
