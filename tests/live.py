"""A real hotline in a process of its own, for tests that need one."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

from ivr.clock import utc_now
from ivr.ports import Booking
from ivr.telephony.twilio.signature import sign

TOKEN, SECRET = "a-token-for-tests", "a-secret-for-tests"
CUSTOMER = "+15550101"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LiveHotline:
    """One server process on its own database."""

    def __init__(self, folder: Path, prompts: Path, **settings: str) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.database = f"sqlite:///{folder}/hotline.db"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("IVR_")},
            "IVR_SECRET_KEY": SECRET,
            "IVR_TWILIO_AUTH_TOKEN": TOKEN,
            "IVR_DATABASE_URL": self.database,
            "IVR_PROMPTS": str(prompts),
            "IVR_PORT": str(self.port),
            **settings,
        }
        self.log = folder / "serve.log"
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def ivr(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ivr", *words]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=100, cwd=self.folder
        )

    def start(self) -> float:
        """Start and wait until it is ready; return the seconds that took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "ivr", "serve"]
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, cwd=self.folder
            )
        while time.monotonic() - began < 40:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if httpx.get(f"{self.base}/readyz", timeout=2).status_code == 200:
                    return time.monotonic() - began
            except httpx.HTTPError:
                time.sleep(0.05)
        raise AssertionError(f"not ready: {self.log.read_text()}")

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def carrier_post(self, path: str, **form: str) -> httpx.Response:
        headers = {"X-Twilio-Signature": sign(self.base + path, list(form.items()), TOKEN)}
        return httpx.post(self.base + path, data=form, headers=headers, timeout=15)


@contextmanager
def live(folder: Path, prompts: Path, **settings: str):
    hotline = LiveHotline(folder, prompts, **settings)
    filled = hotline.ivr("db", "demo")
    assert filled.returncode == 0, filled.stderr
    hotline.start()
    try:
        yield hotline
    finally:
        hotline.stop()


def caller(hotline, sid):
    """A caller who presses 0 for a person."""
    hotline.carrier_post("/voice/twilio/incoming", CallSid=sid, From="+15550101", To="+1555")
    hotline.carrier_post("/voice/twilio/next?turn=1", CallSid=sid, From="+15550101", Digits="0")


def promise(hotline, db):
    """A call back that waits, as a caller booked it."""
    from ivr.routing.policy import Rules
    from ivr.service.dispatcher import Dispatcher
    from ivr.service.feed import Feed
    from ivr.service.followups import FollowUps
    from ivr.service.queue import Queue

    sid = f"CA{utc_now().timestamp()}"
    caller(hotline, sid)
    hotline.carrier_post("/voice/twilio/status", CallSid=sid, CallStatus="completed")
    elsewhere = Dispatcher(db, Feed(), utc_now, Rules)
    elsewhere._standby = True
    queue = Queue(db, elsewhere, None, Feed(), utc_now)
    booking = Booking(sid, CUSTOMER, "support", {"en": 1})
    return FollowUps(db, Feed(), utc_now, queue).book_callback(booking, sid)
