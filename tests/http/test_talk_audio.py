"""What a talk keeps and hears by its settings: both sides of the call, unclear answers, keys as tones."""

import asyncio

import numpy as np
import pytest

from audio import pcm as audio
from audio.asr.scripted import Scripted
from audio.dtmf import tones
from audio.registry import Engines
from ivr.bootstrap import build
from ivr.storage.tables import RecordingRow
from tests.conftest import make_settings
from tests.http.test_talk import LoudVad, until
from webhooks import tape
from webhooks.talk import Talk

SPEECH = audio.to_ulaw(np.random.default_rng(1).normal(0, 5000, 160).astype(np.int16))


@pytest.fixture
def make(tmp_path, clock, shop, carrier):
    made = []

    def hotline(heard=None, **settings):
        engines = Engines({"en": heard} if heard else {}, {})
        made.append(
            build(
                make_settings(tmp_path, **settings), clock=clock, shop=shop, engines=engines, carrier=carrier
            )
        )
        made[-1].calls.begin("CA1", "+15550101", "", "stream")
        return made[-1]

    yield hotline
    for one in made:
        one.close()


def rows(hotline):
    with hotline.db.read() as session:
        return session.query(RecordingRow).all()


async def talking(hotline, act):
    talk = Talk(hotline, "CA1", lambda outputs: None, LoudVad())
    running = asyncio.create_task(talk.run())
    await until(lambda: talk._session._listening is not None)
    await act(talk)
    talk.done.set()
    await running
    await talk.close()


async def says(talk, milliseconds=800):
    for _ in range(milliseconds // 20):
        talk.audio(SPEECH)
    for _ in range(60):
        talk.audio(audio.SILENCE)


def test_both_sides_of_a_call_are_kept_where_the_settings_say_so(make):
    hotline = make(record_calls=True)
    asyncio.run(talking(hotline, says))
    tape._writer.submit(lambda: None).result(5)
    (row,) = rows(hotline)
    assert (row.call, row.node) == ("CA1", "")
    assert hotline.recordings.wav(row.name)[:4] == b"RIFF"


def test_nothing_is_kept_by_default(make):
    hotline = make(Scripted(["mumble"], 0.3))
    asyncio.run(talking(hotline, answered(hotline)))
    assert rows(hotline) == []


def answered(hotline):
    async def act(talk):
        await says(talk)
        await until(lambda: hotline.calls.current("CA1").turn > 0)

    return act


@pytest.mark.parametrize(
    ("which", "confidence", "kept"), [("unclear", 0.5, 1), ("unclear", 0.9, 0), ("all", 0.9, 1)]
)
def test_answers_are_kept_as_audio_where_the_settings_say_so(make, which, confidence, kept):
    hotline = make(Scripted(["mumble"] * 3, confidence), keep_utterances=which)
    asyncio.run(talking(hotline, answered(hotline)))
    assert [(row.node, row.text) for row in rows(hotline)] == [("welcome", "mumble")] * kept


def test_keys_are_heard_as_tones_where_the_line_does_not_signal_them(make):
    hotline = make(inband_keys=True)

    async def keyed(talk):
        sound = audio.to_ulaw(tones("1", on_ms=120, off_ms=80))
        for at in range(0, len(sound), 160):
            talk.audio(sound[at : at + 160])
        await until(lambda: hotline.calls.head("CA1")["node"] == "ask_order")

    asyncio.run(talking(hotline, keyed))


def test_a_line_that_signals_keys_is_not_listened_to_for_tones(make):
    hotline = make(inband_keys=True)

    async def keyed(talk):
        talk.key("1")
        await until(lambda: hotline.calls.head("CA1")["node"] == "ask_order")
        assert talk._tones is None

    asyncio.run(talking(hotline, keyed))
