"""Messages that callers leave by webhooks, and transfers to other telephones."""

import threading
import time

import httpx
import pytest

from audio import pcm as audio
from audio.asr.scripted import Scripted
from audio.registry import Engines
from audio.sounds import tone
from ivr.bootstrap import build
from ivr.errors import Unavailable
from ivr.storage.tables import RecordingRow
from tests.conftest import make_settings
from tests.http.conftest import BASE
from tests.http.test_voice_queue import CALL, INCOMING, NEXT, in_stream, tags, verbs, words
from tests.small_shop import DESK, OFFICE, written

STATUS = "/voice/twilio/status"
RECORDED = {**CALL, "RecordingUrl": "http://carrier.test/RE1", "RecordingDuration": "3"}


@pytest.fixture
def hotline(tmp_path, clock, shop, carrier):
    settings = make_settings(tmp_path, menus=written(tmp_path / "menus"))
    built = build(settings, clock=clock, shop=shop, engines=Engines({}, {}), carrier=carrier)
    yield built
    built.close()


class Carrier:
    """Serves one recording over HTTP; `missing` times it has not written the file yet."""

    def __init__(self, pcm):
        self.pcm, self.missing, self.asked = pcm, 0, 0
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, request):
        self.asked += 1
        self.gate.wait(5)
        if self.missing:
            self.missing -= 1
            return httpx.Response(404)
        return httpx.Response(200, content=audio.to_wav(self.pcm))


@pytest.fixture
def carrier_files(monkeypatch):
    """The carrier's recording: three seconds, all of it taken for speech."""
    carrier = Carrier(tone(300, 3000))
    client = httpx.Client
    monkeypatch.setattr(
        "webhooks.voice_work.httpx.Client", lambda **more: client(transport=httpx.MockTransport(carrier))
    )
    monkeypatch.setattr("webhooks.voice_work.speech_part", lambda pcm, rate: pcm)
    monkeypatch.setattr("webhooks.voice_work.TRY_AGAIN_S", 0.0)
    return carrier


@pytest.fixture
def asked(carrier_post):
    """A caller who is asked for a message."""
    carrier_post(INCOMING, **CALL)
    answer = carrier_post(NEXT + "?turn=1", **CALL, Digits="1")
    assert tags(answer) == ["Gather", "Record"]
    return carrier_post


def settled(post, path, **form):
    """Follow the pauses of the carrier until the work on a recording is done."""
    answer = post(path, **form)
    for heard in range(1, 9):
        if tags(answer) != ["Pause", "Redirect"]:
            break
        answer = post(f"{path}&heard={heard}", **CALL)
    return answer


def kept(hotline):
    with hotline.db.read() as session:
        return session.query(RecordingRow).all()


def until(true):
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        threading.Event().wait(0.01)
    assert true()


# ---- messages


def test_a_message_is_fetched_kept_and_named_to_the_dialogue(asked, carrier_files, hotline):
    answer = settled(asked, NEXT + "?turn=2", **RECORDED, Digits="#")
    assert words(answer) == "Thank you, we have your message."
    assert tags(answer)[-1] == "Hangup"
    [row] = kept(hotline)
    assert (row.call, row.node, row.ms, row.text) == ("CA1", "leave_message", 3000, "")
    assert len(audio.read_wav(hotline.recordings.wav(row.name))[0]) == 24_000
    event = hotline.calls.transcript("CA1")["turns"][-1]["event"]
    assert (event["kind"], event["recording"], event["ms"]) == ("Recorded", row.name, 3000)
    asked(STATUS, **{**CALL, "CallStatus": "completed"})
    assert hotline.calls.head("CA1")["outcome"] == "voicemail"


def test_a_repeated_message_is_kept_once(asked, carrier_files, hotline):
    first = settled(asked, NEXT + "?turn=2", **RECORDED)
    assert asked(NEXT + "?turn=2", **RECORDED).data == first.data
    assert len(kept(hotline)) == 1
    assert carrier_files.asked == 1


def test_a_file_that_the_carrier_still_writes_is_asked_for_again(asked, carrier_files, hotline):
    carrier_files.missing = 2
    settled(asked, NEXT + "?turn=2", **RECORDED)
    assert len(kept(hotline)) == 1


def test_a_slow_file_is_covered_by_pauses(asked, carrier_files, hotline):
    carrier_files.gate.clear()
    answer = asked(NEXT + "?turn=2", **RECORDED)
    assert tags(answer) == ["Pause", "Redirect"]
    carrier_files.gate.set()
    again = verbs(answer).find("Redirect").text.removeprefix(BASE)
    assert words(settled(asked, again, **CALL)) == "Thank you, we have your message."


def test_a_message_in_which_nothing_is_to_be_heard_is_silence(asked, carrier_files, hotline, monkeypatch):
    from audio.vad import speech_part

    monkeypatch.setattr("webhooks.voice_work.speech_part", speech_part)
    carrier_files.pcm = audio.silence(3000)
    answer = settled(asked, NEXT + "?turn=2", **RECORDED)
    assert words(answer) == "I did not hear anything. Please speak after the tone."
    assert kept(hotline) == []


def test_a_file_that_never_comes_asks_again(asked, carrier_files, hotline):
    carrier_files.missing = 99
    answer = settled(asked, NEXT + "?turn=2", **RECORDED)
    assert "speak after the tone" in words(answer)
    assert kept(hotline) == []


def test_a_key_wins_over_a_message(asked, carrier_files, hotline):
    answer = asked(NEXT + "?turn=2", **RECORDED, Digits="0")
    assert tags(answer)[-1] == "Enqueue"
    assert kept(hotline) == []


def test_hash_in_the_prompt_leads_straight_to_the_tone(asked, hotline):
    answer = asked(NEXT + "?turn=2", **CALL, Digits="#")
    assert tags(answer) == ["Record"]
    assert asked(NEXT + "?turn=2", **CALL, Digits="#").data == answer.data
    assert hotline.calls.head("CA1")["node"] == "leave_message"


def test_a_short_message_is_understood_and_a_long_one_only_kept(carrier_post, carrier_files, hotline):
    hotline.speech.recognisers = {"en": Scripted(["call me", "call me"])}
    carrier_post(INCOMING, **CALL)
    carrier_post(NEXT + "?turn=1", **CALL, Digits="1")
    settled(carrier_post, NEXT + "?turn=2", **RECORDED)
    carrier_files.pcm = tone(300, 31_000)
    other = {**RECORDED, "CallSid": "CA2"}
    carrier_post(INCOMING, **{**CALL, "CallSid": "CA2"})
    carrier_post(NEXT + "?turn=1", **{**CALL, "CallSid": "CA2"}, Digits="1")
    answer = carrier_post(NEXT + "?turn=2", **other)
    until(lambda: tags(carrier_post(NEXT + "?turn=2&heard=1", **{**CALL, "CallSid": "CA2"}))[0] != "Pause")
    assert answer.status_code == 200
    assert [(row.ms, row.text) for row in kept(hotline)] == [(3000, "call me"), (31_000, "")]


def failing():
    raise Unavailable("the recogniser hangs")


def test_a_message_that_cannot_be_understood_is_kept_all_the_same(asked, carrier_files, hotline):
    hotline.speech.recognisers = {"en": Scripted([failing])}
    assert words(settled(asked, NEXT + "?turn=2", **RECORDED)) == "Thank you, we have your message."
    assert [row.text for row in kept(hotline)] == [""]


@pytest.mark.parametrize(("said", "following"), [("yes I agree", "Dial"), ("no thanks", "Hangup")])
def test_a_consent_is_what_was_understood(carrier_post, carrier_files, hotline, said, following):
    hotline.speech.recognisers = {"en": Scripted([said])}
    carrier_post(INCOMING, **CALL)
    carrier_post(NEXT + "?turn=1", **CALL, Digits="4")
    assert tags(settled(carrier_post, NEXT + "?turn=2", **RECORDED))[-1] == following
    assert [(row.node, row.text) for row in kept(hotline)] == [("consent", said)]


def test_a_full_disk_is_met_with_words_and_a_person(asked, carrier_files, hotline, monkeypatch):
    def full(*given):
        raise OSError("no space left on device")

    monkeypatch.setattr("ivr.service.recordings._write", full)
    answer = settled(asked, NEXT + "?turn=2", **RECORDED)
    assert "speak after the tone" in words(answer)
    assert kept(hotline) == []


# ---- hanging up in the middle


def test_who_hangs_up_in_the_middle_has_left_a_message(asked, carrier_files, hotline):
    carrier_files.gate.clear()
    answer = asked(NEXT + "?turn=2", **RECORDED, Digits="hangup")
    assert tags(answer) == ["Hangup"]
    ended = threading.Thread(target=lambda: asked(STATUS, **{**CALL, "CallStatus": "completed"}))
    ended.start()  # the carrier tells of the end while the recording is still fetched
    carrier_files.gate.set()
    ended.join(10)
    until(lambda: hotline.calls.head("CA1")["status"] == "ended")
    assert hotline.calls.head("CA1")["outcome"] == "voicemail"
    assert len(kept(hotline)) == 1
    asked(NEXT + "?turn=2", **RECORDED, Digits="hangup")
    assert len(kept(hotline)) == 1


def test_a_few_sounds_before_hanging_up_are_no_message(asked, carrier_files, hotline):
    carrier_files.pcm = tone(300, 900)
    asked(NEXT + "?turn=2", **RECORDED, Digits="hangup")
    until(lambda: hotline.calls.head("CA1")["status"] == "ended")
    assert kept(hotline) == []
    assert hotline.calls.head("CA1")["outcome"] == "gave_up"


def test_hanging_up_in_an_answer_ends_the_call(carrier_post, hotline):
    carrier_post(INCOMING, **CALL)
    assert tags(carrier_post(NEXT + "?turn=1", **RECORDED, Digits="hangup")) == ["Hangup"]
    assert hotline.calls.head("CA1")["status"] == "ended"


def test_the_end_of_a_call_does_not_wait_for_ever_for_its_last_words(asked, hotline, monkeypatch):
    monkeypatch.setattr("webhooks.voice.LAST_WORDS_S", 0.01)
    assert asked(STATUS, **{**CALL, "CallStatus": "completed"}).status_code == 204
    assert hotline.calls.head("CA1")["status"] == "ended"


# ---- transfers


@pytest.fixture
def transferred(carrier_post):
    """A caller for whom the office is rung."""
    carrier_post(INCOMING, **CALL)
    answer = carrier_post(NEXT + "?turn=1", **CALL, Digits="2")
    dial = verbs(answer).find("Dial")
    assert dial.get("action") == f"{BASE}{NEXT}?after=transfer&turn=2"
    assert dial.get("timeout") == "20"
    assert dial.findtext("Number") == OFFICE
    assert words(answer) == "I will connect you with the office."
    return carrier_post


def test_a_sip_address_is_dialled_as_one(carrier_post):
    carrier_post(INCOMING, **CALL)
    assert verbs(carrier_post(NEXT + "?turn=1", **CALL, Digits="3")).find("Dial").findtext("Sip") == DESK


AFTER = NEXT + "?after=transfer&turn=2"


@pytest.mark.parametrize("status", ["completed", "answered"])
def test_a_transfer_that_was_answered_ends_the_call(transferred, hotline, status):
    assert tags(transferred(AFTER, **CALL, DialCallStatus=status)) == ["Hangup"]
    transferred(STATUS, **{**CALL, "CallStatus": "completed"})
    assert hotline.calls.head("CA1")["outcome"] == "transferred"


@pytest.mark.parametrize(
    ("status", "outcome", "said"),
    [
        ("busy", "busy", "The office is talking. Is there anything else?"),
        ("no-answer", "no_answer", "Please speak after the tone."),
        ("failed", "failed", "Please speak after the tone."),
        ("canceled", "failed", "Please speak after the tone."),
        ("", "failed", "Please speak after the tone."),
        ("something-new", "failed", "Please speak after the tone."),
    ],
)
def test_the_dialogue_goes_on_where_nobody_answered(transferred, hotline, status, outcome, said):
    answer = transferred(AFTER, **CALL, DialCallStatus=status)
    assert words(answer) == said
    assert hotline.calls.transcript("CA1")["turns"][-1]["event"]["outcome"] == outcome
    assert verbs(answer).find("Gather").get("action") == f"{BASE}{NEXT}?turn=3"


def test_a_repeated_end_of_a_transfer_gets_the_same_answer(transferred, hotline):
    first = transferred(AFTER, **CALL, DialCallStatus="busy")
    assert transferred(AFTER, **CALL, DialCallStatus="completed").data == first.data
    transferred(NEXT + "?turn=3", **CALL, Digits="1")
    assert transferred(AFTER, **CALL, DialCallStatus="busy").data == first.data
    assert len(hotline.calls.transcript("CA1")["turns"]) == 4


def test_in_stream_mode_a_transfer_follows_the_stream_and_a_new_stream_follows_it(transferred, hotline):
    in_stream(hotline)
    assert verbs(transferred(NEXT + "?after=stream", **CALL)).find("Dial/Number").text == OFFICE
    answer = transferred(AFTER, **CALL, DialCallStatus="no-answer")
    token = verbs(answer).find("Connect/Stream/Parameter").get("value")
    assert transferred(AFTER, **CALL, DialCallStatus="no-answer").data == answer.data
    assert hotline.calls.claim_stream("CA1", token)
    assert hotline.calls.current("CA1").node == "leave_message"


def test_in_stream_mode_an_answered_transfer_needs_no_new_stream(transferred, hotline):
    in_stream(hotline)
    assert tags(transferred(AFTER, **CALL, DialCallStatus="completed")) == ["Hangup"]


def test_a_caller_who_hangs_up_while_it_rings_was_handed_over(transferred, hotline):
    gone = {**CALL, "CallStatus": "completed", "DialCallStatus": "canceled"}
    assert tags(transferred(AFTER, **gone)) == ["Hangup"]
    assert hotline.calls.head("CA1")["outcome"] == "transferred"
    assert hotline.queue.ticket_of("CA1") is None


def test_the_end_of_a_transfer_that_never_was_hears_an_apology(carrier_post):
    assert "went wrong" in words(carrier_post(NEXT + "?after=transfer&turn=7", **CALL))
    carrier_post(INCOMING, **CALL)
    assert "went wrong" in words(carrier_post(NEXT + "?after=transfer&turn=7", **CALL))
    assert "went wrong" in words(carrier_post(NEXT + "?after=transfer", **CALL))


def test_a_text_line_is_transferred_too(carrier_post):
    form = {**CALL, "SipHeader_X-Ivr-Media": "text"}
    carrier_post(INCOMING, **form)
    assert verbs(carrier_post(NEXT + "?turn=1", **form, Digits="2")).find("Dial/Number").text == OFFICE
    assert words(carrier_post(AFTER, **form, DialCallStatus="busy")).startswith("The office is talking.")


# ---- what breaks


def test_a_crash_in_the_middle_of_a_call_leads_to_a_person(asked, hotline, monkeypatch):
    real = type(hotline.calls).advance
    monkeypatch.setattr(type(hotline.calls), "advance", lambda *a, **more: 1 / 0)
    answer = asked(NEXT + "?turn=2", **CALL, Digits="5")
    monkeypatch.setattr(type(hotline.calls), "advance", real)
    assert "went wrong on our side" in words(answer)
    assert tags(answer)[-1] == "Enqueue"
    assert hotline.queue.ticket_of("CA1").state == "waiting"
