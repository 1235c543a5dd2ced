"""A hotline inside this process, so that its shop can be slowed down and its leftovers counted."""

import asyncio
import threading
import time

import pytest
import uvicorn

from audio.asr.scripted import Scripted
from audio.registry import Engines
from audio.tts.hibari import HibariVoice
from ivr.bootstrap import build
from ivr.cli.caller import ScriptedCall
from ivr.clock import utc_now
from ivr.commerce.records import MemoryRecords
from ivr.commerce.samples import SAMPLE_CUSTOMERS, sample_orders
from ivr.commerce.shop import EmbeddedShop
from ivr.dialog.script import Script
from ivr.errors import Unavailable
from tests.conftest import make_settings
from tests.live import free_port
from webhooks.asgi import Server


class SlowShop(EmbeddedShop):
    """Takes its time over every order."""

    seconds = 0.0

    def order(self, number):
        threading.Event().wait(self.seconds)
        return super().order(number)


class House:
    def __init__(self, tmp_path, shop, recogniser=None):
        self.settings = make_settings(tmp_path, port=free_port())
        engines = Engines({"en": recogniser} if recogniser else {}, {"en": HibariVoice()})
        self.hotline = build(self.settings, shop=shop, engines=engines)
        self.app = Server(self.hotline)
        config = uvicorn.Config(self.app, port=self.settings.port, log_level="error", lifespan="on")
        self.uvicorn = uvicorn.Server(config)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=lambda: self.loop.run_until_complete(self.uvicorn.serve()))
        self.base = f"http://127.0.0.1:{self.settings.port}"

    def __enter__(self):
        self.thread.start()
        until = time.monotonic() + 20
        while not self.uvicorn.started and time.monotonic() < until:
            threading.Event().wait(0.02)
        return self

    def __exit__(self, *gone):
        self.uvicorn.should_exit = True
        self.thread.join(20)
        self.loop.close()

    def call(self, turns, voice=None, outcome=None):
        given = {"call": "t", "turns": turns}
        if outcome:
            given["ends"] = {"outcome": outcome}
        lines = []
        call = ScriptedCall(
            self.base, Script.model_validate(given), voice or (lambda text: b"\xff" * 1600), lines.append
        )
        report = asyncio.run(call.run())
        assert report.failure is None, "\n".join([*lines, report.failure or ""])
        return call

    def tasks(self):
        return len(asyncio.all_tasks(self.loop))


def shop_of(kind=EmbeddedShop):
    records = [*SAMPLE_CUSTOMERS.values(), *sample_orders(utc_now().date()).values()]
    return kind(MemoryRecords(records), utc_now)


LOOK_UP = [
    {"hear": "welcome"},
    {"press": "1", "interrupt": True},
    {"hear": "ask_order"},
    {"press": "100245", "interrupt": True},
]


def test_a_slow_shop_is_covered_by_a_filler_and_answers_in_the_end(tmp_path):
    shop = shop_of(SlowShop)
    shop.seconds = 1.2
    with House(tmp_path, shop) as house:
        house.call([*LOOK_UP, {"hear": "tell_on_its_way"}], outcome="resolved")
        filler = house.hotline.speech.key("One moment, I am looking that up.", "en")
        assert house.hotline.speech.stored(filler) is not None


def test_a_shop_that_takes_too_long_leads_to_a_person(tmp_path):
    shop = shop_of(SlowShop)
    shop.seconds = 6
    with House(tmp_path, shop) as house:
        house.call([*LOOK_UP, {"hear": ["shop_down", "to_agent"]}], outcome="transferred")


def failing():
    raise Unavailable("the recogniser hangs")


def test_a_recogniser_that_fails_is_a_miss_and_keys_still_work(tmp_path):
    from ivr.cli.caller import SynthesisedCaller

    broken = Scripted([failing] * 50)
    with House(tmp_path, shop_of(), broken) as house:
        house.call(
            [{"hear": "welcome"}, {"say": "Where is my order?"}, {"hear": {"text": "Sorry"}}, {"press": "1"},
             {"hear": "ask_order"}],
            SynthesisedCaller(),
        )  # fmt: skip


def test_calls_that_end_anywhere_leave_no_task_and_no_thread(tmp_path):
    with House(tmp_path, shop_of()) as house:
        house.call([{"hear": "welcome"}])
        tasks, threads = house.tasks(), threading.active_count()
        for turns in ([{"hear": "welcome"}], LOOK_UP[:3], [{"hear": "welcome"}, {"press": "0", "interrupt": True},
                                                           {"hear": "to_agent"}]):  # fmt: skip
            house.call(turns)
        until = time.monotonic() + 10
        while house.tasks() > tasks and time.monotonic() < until:
            threading.Event().wait(0.05)
        assert house.tasks() <= tasks
        assert threading.active_count() <= threads + 4  # pools that had not grown to their bound yet
        assert house.hotline.calls.live() == []
        assert house.hotline.queue.floor()["tickets"] == []


@pytest.mark.parametrize("path", ["/nowhere", "/switch/other", "/media/other"])
def test_unknown_sockets_are_refused(tmp_path, path):
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    with House(tmp_path, shop_of()) as house, pytest.raises(InvalidStatus):
        connect(house.base.replace("http", "ws") + path)
