"""Messages, queues that are left and transfers, by audio through the real path."""

import asyncio
from contextlib import ExitStack
from functools import cache

import pytest

from audio import pcm as audio
from ivr.cli.caller import ScriptedCall, SynthesisedCaller
from ivr.dialog.script import Script
from ivr.storage.session import Database
from ivr.storage.tables import CallbackRow, CallRow, RecordingRow, TicketRow, TurnRow
from tests.live import live
from tests.small_shop import written

WORDS = "This is Ada. Please call me back about my green chair, it arrived without its legs."


@pytest.fixture(scope="module")
def voice():
    return SynthesisedCaller()


@pytest.fixture(scope="module")
def shops(tmp_path_factory, prompts):
    """Hotlines by media, each started once; their queue offers a call back after 1 s and is left after 6 s."""
    with ExitStack() as running:

        @cache
        def start(media):
            folder = tmp_path_factory.mktemp(media)
            menus = written(folder / "menus", offer="1s", overflow="6s")
            return running.enter_context(live(folder, prompts, IVR_MENUS=str(menus), IVR_MEDIA=media))

        yield start


@pytest.fixture
def shop(shops):
    return shops("stream")


@pytest.fixture(params=["stream", "webhook"])
def either_shop(request, shops):
    return shops(request.param)


class Caller(ScriptedCall):
    """A caller by a script who does something of their own at its end."""

    act = None

    async def _finish(self):
        if self.act is not None and self.report.failure is None:
            await self.act(self)
        await super()._finish()


def call(shop, turns, voice, *, act=None, outcome):
    lines = []
    script = Script.model_validate({"call": "t", "turns": turns, "ends": {"outcome": outcome}})
    caller = Caller(shop.base, script, voice, lines.append)
    caller.act = act
    report = asyncio.run(caller.run())
    assert report.failure is None, "\n".join([*lines, report.failure])
    return caller


def stored(shop, kind, call):
    db = Database(shop.database)
    try:
        with db.read() as session:
            column = kind.id if kind is CallRow else kind.call
            return session.query(kind).filter(column == call).all()
    finally:
        db.close()


def heard_in(shop, row):
    """The audio of a recording: what is in its file."""
    pcm, rate = audio.read_wav((shop.folder / "data" / "recordings" / f"{row.name}.wav").read_bytes())
    assert rate == 8000
    assert len(pcm) * 1000 // rate == row.ms
    return pcm


TO_THE_TONE = [{"hear": "welcome"}, {"press": "1", "interrupt": True}, {"hear": "leave_message"}]


def test_a_message_is_left_after_the_tone_and_ended_by_hash(either_shop, voice):
    async def leave(caller):
        spoken = await asyncio.to_thread(voice, WORDS)
        await caller._quiet()
        if caller._media == "webhook":
            await caller._beep()
        caller.turns.clear()
        await caller.phone.speak(spoken)
        await caller.phone.press("#")
        assert await caller._hear("kept") is None

    caller = call(either_shop, TO_THE_TONE, voice, act=leave, outcome="voicemail")
    [row] = stored(either_shop, RecordingRow, caller.phone.call)
    pcm = heard_in(either_shop, row)
    said = len(voice(WORDS)) / 8
    assert row.ms == pytest.approx(said, abs=1500)
    assert audio.dbfs(pcm) > -35
    assert "chair" in row.text.lower()
    turn = stored(either_shop, TurnRow, caller.phone.call)[-1]
    assert (turn.event["kind"], turn.event["recording"]) == ("Recorded", row.name)


def test_a_message_ends_by_itself_after_a_silence(shop, voice):
    caller = call(
        shop, [*TO_THE_TONE, {"say": "Please call me back."}, {"hear": "kept"}], voice, outcome="voicemail"
    )
    [row] = stored(shop, RecordingRow, caller.phone.call)
    assert "call" in row.text.lower()


def test_who_hangs_up_in_the_middle_of_a_message_has_left_it(either_shop, voice):
    async def hang_up(caller):
        spoken = await asyncio.to_thread(voice, WORDS)
        await caller._quiet()
        if caller._media == "webhook":
            await caller._beep()
        await caller.phone.speak(spoken[: 8 * 2500])
        await caller.phone.hang_up()

    caller = call(either_shop, TO_THE_TONE, voice, act=hang_up, outcome="voicemail")
    [row] = stored(either_shop, RecordingRow, caller.phone.call)
    assert 1000 <= row.ms <= 4000
    assert audio.dbfs(heard_in(either_shop, row)) > -35
    [ended] = stored(either_shop, CallRow, caller.phone.call)
    assert (ended.status, ended.outcome) == ("ended", "voicemail")


def test_hanging_up_before_a_word_leaves_nothing(shop, voice):
    async def hang_up(caller):
        await caller._quiet()
        await caller.phone.hang_up()

    caller = call(shop, TO_THE_TONE, voice, act=hang_up, outcome="gave_up")
    assert stored(shop, RecordingRow, caller.phone.call) == []


def test_who_waits_too_long_for_a_person_is_asked_for_a_message(shop, voice):
    turns = [
        {"hear": "welcome"}, {"press": "0", "interrupt": True}, {"hear": "person"}, {"wait": "6s"},
        {"hear": {"text": "All colleagues are busy"}}, {"say": "Please call me back."}, {"hear": "kept"},
    ]  # fmt: skip
    caller = call(shop, turns, voice, outcome="voicemail")
    assert len(stored(shop, RecordingRow, caller.phone.call)) == 1
    [ticket] = stored(shop, TicketRow, caller.phone.call)
    assert ticket.state == "left"
    kinds = [turn.event["kind"] for turn in stored(shop, TurnRow, caller.phone.call)]
    assert kinds == ["CallStarted", "Pressed", "Offered", "Silent", "Waited", "Recorded"]


def test_a_call_back_is_asked_for_by_a_key_in_the_queue_and_the_talk_goes_on(either_shop, voice):
    turns = [
        {"hear": "welcome"}, {"press": "0", "interrupt": True}, {"hear": "person"}, {"wait": "2s"},
        {"press": "1"}, {"hear": "booked"}, {"press": "9"}, {"hear": "bye"},
    ]  # fmt: skip
    caller = call(either_shop, turns, voice, outcome="callback")
    [booked] = stored(either_shop, CallbackRow, caller.phone.call)
    left, promised = sorted(
        stored(either_shop, TicketRow, caller.phone.call), key=lambda one: one.callback or ""
    )
    assert (left.state, promised.callback) == ("left", booked.id)
    assert (booked.number, booked.entered_at) == ("+15550101", left.entered_at)
    assert promised.entered_at == left.entered_at


def test_a_transfer_that_nobody_answers_comes_back_to_the_hotline(shop, voice):
    turns = [
        {"hear": "welcome"}, {"press": "2", "interrupt": True}, {"hear": "office"}, {"transfer": "no_answer"},
        {"hear": "leave_message"}, {"say": "Please call me back."}, {"hear": "kept"},
    ]  # fmt: skip
    caller = call(shop, turns, voice, outcome="voicemail")
    events = [turn.event for turn in stored(shop, TurnRow, caller.phone.call)]
    assert [event.get("outcome") for event in events if event["kind"] == "Transferred"] == ["no_answer"]


def test_the_same_in_text_mode(shop):
    turns = [
        {"hear": "welcome"}, {"press": "0"}, {"hear": "person"}, {"wait": "1s"}, {"press": "1"},
        {"hear": "booked"}, {"press": "2"}, {"hear": "leave_message"}, {"say": "Hello, it is Ada."}, {"hear": "kept"},
    ]  # fmt: skip
    call(shop, turns, None, outcome="voicemail")
