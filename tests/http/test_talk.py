"""A talk over the media socket, without the socket: messages, and hanging up in the middle of them."""

import asyncio
import threading

import numpy as np
import pytest

from audio import pcm as audio
from audio.asr.scripted import Scripted
from audio.registry import Engines
from audio.session import SendAudio, SendMark
from audio.sounds import tone
from ivr.bootstrap import build
from ivr.dialog.events import Pressed
from ivr.errors import Unavailable
from ivr.storage.tables import RecordingRow
from tests.conftest import NOON, make_settings
from tests.small_shop import written
from webhooks.talk import BEEP, Talk

LOUD, QUIET = audio.to_ulaw(tone(440, 20, level=0.5)), audio.SILENCE


class LoudVad:
    """Takes the loudness of the audio for speech."""

    def __init__(self):
        self.rest = 0

    def feed(self, pcm):
        self.rest += len(pcm)
        count, self.rest = divmod(self.rest, 256)
        return [0.9 if len(pcm) and int(np.abs(pcm.astype(int)).max()) > 1000 else 0.0] * count


@pytest.fixture
def hotline(tmp_path, clock, shop, carrier):
    settings = make_settings(tmp_path, menus=written(tmp_path / "menus"))
    built = build(settings, clock=clock, shop=shop, engines=Engines({}, {}), carrier=carrier)
    yield built
    built.close()


class Caller:
    """A caller who has pressed the keys that lead to a node, at a line that returns marks at once."""

    def __init__(self, hotline, keys="1"):
        self.hotline, self.sent = hotline, []
        hotline.calls.begin("CA1", "+15550101", "+1555", "stream")
        hotline.calls.advance("CA1", 1, Pressed(NOON, keys))
        self.talk = Talk(hotline, "CA1", self.take, LoudVad())

    def take(self, outputs):
        for output in outputs:
            self.sent.append(output)
            if isinstance(output, SendMark):
                asyncio.get_running_loop().call_later(0.25, self.talk.mark, output.name)

    @property
    def heard_ms(self):
        return sum(len(output.ulaw) / 8 for output in self.sent if isinstance(output, SendAudio))

    def says(self, milliseconds, frame=LOUD):
        for _ in range(milliseconds // 20):
            self.talk.audio(frame)

    async def tone(self):
        await until(lambda: any(isinstance(output, SendMark) for output in self.sent))
        await until(lambda: not self.talk._session.playing(self.now))

    @property
    def now(self):
        from webhooks.talk import now_ms

        return now_ms()

    @property
    def node(self):
        return self.hotline.calls.head("CA1")["node"]

    async def gone(self):
        """The line is closed, as the socket does it: the talk's last words, then the end of the call."""
        await self.talk.close()
        await asyncio.to_thread(self.hotline.calls.hang_up, "CA1")


async def until(true):
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


def lived(caller, script):
    async def run():
        running = asyncio.create_task(caller.talk.run())
        try:
            await script()
        finally:
            await caller.talk.close()
            await running

    asyncio.run(run())


def kept(hotline):
    with hotline.db.read() as session:
        return session.query(RecordingRow).all()


def test_a_message_is_kept_understood_and_the_talk_goes_on(hotline):
    hotline.speech.recognisers = {"en": Scripted(["call me back"])}
    caller = Caller(hotline)

    async def leave():
        await caller.tone()
        assert caller.heard_ms == len(BEEP) / 8
        caller.says(2000)
        caller.talk.key("#")
        await until(lambda: caller.node == "kept")
        await until(caller.talk.done.is_set)

    lived(caller, leave)
    assert caller.talk.over_by_us
    [row] = kept(hotline)
    assert (row.node, row.text) == ("leave_message", "call me back")
    assert row.ms == pytest.approx(2000, abs=100)
    turn = hotline.calls.transcript("CA1")["turns"][-1]
    assert (turn["event"]["recording"], turn["event"]["text"]) == (row.name, "call me back")
    assert turn["heard"]["engine"] == "scripted"


def test_hash_without_a_word_counts_as_silence_and_asks_once_more(hotline):
    caller = Caller(hotline)

    async def say_nothing():
        await caller.tone()
        caller.talk.key("#")
        await until(lambda: sum(isinstance(output, SendMark) for output in caller.sent) > 1)

    lived(caller, say_nothing)
    last = hotline.calls.transcript("CA1")["turns"][-1]
    assert (last["event"]["kind"], last["said"][0]) == (
        "Silent",
        "I did not hear anything. Please speak after the tone.",
    )
    assert kept(hotline) == []


def test_keys_win_over_a_message(hotline):
    caller = Caller(hotline)

    async def press():
        await caller.tone()
        caller.says(1500)
        caller.talk.key("0")
        await until(lambda: caller.node == "person")

    lived(caller, press)
    assert kept(hotline) == []


def test_hanging_up_in_the_middle_keeps_the_message_and_the_end_of_the_call_waits_for_it(hotline):
    caller = Caller(hotline)
    waited = threading.Thread(
        target=lambda: (hotline.recordings.wait_end("CA1", 10), hotline.calls.hang_up("CA1"))
    )

    async def hang_up():
        await caller.tone()
        caller.says(1500)
        waited.start()  # the carrier's word of the end comes before the socket is closed
        await caller.gone()

    lived(caller, hang_up)
    waited.join(10)
    [row] = kept(hotline)
    assert row.ms == pytest.approx(1500, abs=100)
    assert hotline.calls.head("CA1")["outcome"] == "voicemail"


def test_hanging_up_while_a_message_is_understood_loses_nothing(hotline):
    gate = threading.Event()
    hotline.speech.recognisers = {"en": Scripted([lambda: gate.wait(10) and "too late"])}
    caller = Caller(hotline)

    async def hang_up():
        await caller.tone()
        caller.says(1500)
        caller.talk.key("#")
        await until(lambda: bool(kept(hotline)))
        await caller.gone()

    lived(caller, hang_up)
    gate.set()
    assert [row.text for row in kept(hotline)] == [""]
    assert hotline.calls.head("CA1")["outcome"] == "voicemail"


def test_a_few_sounds_before_hanging_up_are_no_message(hotline):
    caller = Caller(hotline)

    async def hang_up():
        await caller.tone()
        caller.says(500)
        await caller.gone()

    lived(caller, hang_up)
    assert kept(hotline) == []
    assert hotline.calls.head("CA1")["outcome"] == "gave_up"


def failing():
    raise Unavailable("the recogniser hangs")


def broken():
    raise RuntimeError("a fault of the recogniser")


@pytest.mark.parametrize("fault", [failing, broken])
def test_a_message_that_cannot_be_understood_goes_on_without_words(hotline, fault):
    hotline.speech.recognisers = {"en": Scripted([fault])}
    caller = Caller(hotline)

    async def leave():
        await caller.tone()
        caller.says(1500)
        caller.talk.key("#")
        await until(lambda: caller.node == "kept")

    lived(caller, leave)
    assert [row.text for row in kept(hotline)] == [""]


def test_a_message_that_cannot_be_written_leads_to_a_person(hotline, monkeypatch):
    def full(*given):
        raise OSError("no space left on device")

    monkeypatch.setattr("ivr.service.recordings._write", full)
    caller = Caller(hotline)

    async def leave():
        await caller.tone()
        caller.says(1500)
        caller.talk.key("#")
        await until(lambda: caller.node == "person")
        await until(caller.talk.done.is_set)

    lived(caller, leave)
    assert hotline.queue.ticket_of("CA1").state == "waiting"


def test_a_transfer_closes_the_talk(hotline):
    caller = Caller(hotline, "2")

    async def listen():
        await until(caller.talk.done.is_set)

    lived(caller, listen)
    assert caller.talk.over_by_us
    assert hotline.calls.current("CA1").last.to == "+4930123456"
