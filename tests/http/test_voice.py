from xml.etree.ElementTree import fromstring

import pytest

from audio import pcm as audio
from audio.asr.scripted import Scripted
from audio.sounds import tone
from audio.tts.hibari import HibariVoice
from ivr.dialog.events import Spoke
from ivr.telephony.twilio.signature import sign
from tests.conftest import NOON
from tests.http.conftest import BASE
from webhooks.voice_turn import speech_by

CALL = {"CallSid": "CA1", "From": "+15550101", "To": "+15550000", "CallStatus": "ringing"}
INCOMING, NEXT = "/voice/twilio/incoming", "/voice/twilio/next"


def verbs(answer):
    assert answer.status_code == 200
    assert answer.content_type == "text/xml; charset=utf-8"
    return fromstring(answer.data)


def tags(answer):
    return [element.tag for element in verbs(answer)]


def words(answer):
    return " ".join(element.text or "" for element in verbs(answer).iter("Say"))


# ---- at the door


@pytest.mark.parametrize("signature", [None, "", "wrong", "\u00fc", "A" * 5000])
@pytest.mark.parametrize("path", [INCOMING, NEXT, "/voice/twilio/status", "/voice/twilio/wait"])
def test_what_the_carrier_has_not_signed_is_refused(client, path, signature):
    headers = {"X-Twilio-Signature": signature} if signature is not None else {}
    assert client.post(path, data=CALL, headers=headers).status_code == 403


def test_a_signature_over_other_parameters_is_refused(client):
    signature = sign(BASE + INCOMING, [("CallSid", "CA2")], "token")
    assert client.post(INCOMING, data=CALL, headers={"X-Twilio-Signature": signature}).status_code == 403


def test_the_query_counts_as_it_was_sent(client):
    path = NEXT + "?turn=1&x=a%20b"
    good = {"X-Twilio-Signature": sign(BASE + path, list(CALL.items()), "token")}
    assert client.post(path, data=CALL, headers=good).status_code == 200
    assert client.post(path.replace("%20", "+"), data=CALL, headers=good).status_code == 403


def test_unknown_parameters_are_signed_and_otherwise_left_alone(carrier_post):
    assert carrier_post(INCOMING, **CALL, SomethingNew="1", Empty="").status_code == 200


# ---- a call by webhooks


def test_a_call_by_keys_from_greeting_to_goodbye(carrier_post, hotline):
    greeting = carrier_post(INCOMING, **CALL)
    assert tags(greeting) == ["Gather", "Redirect"]
    assert "Welcome to Sunrise Store" in words(greeting)
    assert verbs(greeting)[0].get("action") == f"{BASE}{NEXT}?turn=1"
    asked = carrier_post(NEXT + "?turn=1", **CALL, Digits="1")
    assert "What is your order number?" in words(asked)
    told = carrier_post(NEXT + "?turn=2", **CALL, Digits="100245")
    assert "has been shipped. It should arrive on Wednesday." in words(told)
    bye = carrier_post(NEXT + "?turn=3", **CALL, Digits="9")
    assert tags(bye)[-1] == "Hangup"
    carrier_post("/voice/twilio/status", **{**CALL, "CallStatus": "completed"})
    assert hotline.calls.head("CA1")["outcome"] == "resolved"


def test_a_repeated_webhook_gets_the_same_answer(carrier_post):
    assert carrier_post(INCOMING, **CALL).data == carrier_post(INCOMING, **CALL).data
    first = carrier_post(NEXT + "?turn=1", **CALL, Digits="1")
    assert carrier_post(NEXT + "?turn=1", **CALL, Digits="2").data == first.data


def test_silence_is_a_miss_and_three_are_a_person(carrier_post):
    carrier_post(INCOMING, **CALL)
    for turn in (1, 2):
        assert "Sorry" in words(carrier_post(f"{NEXT}?turn={turn}", **CALL))
    queued = carrier_post(NEXT + "?turn=3", **CALL)
    assert tags(queued)[-1] == "Enqueue"
    assert verbs(queued)[-1].text == "support"


def test_who_waits_hears_the_place_and_music(carrier_post, floor, clock):
    floor.call("CA0")
    clock.forward(61)  # a gold member counts as a minute older
    carrier_post(INCOMING, **CALL)
    carrier_post(NEXT + "?turn=1", **CALL, Digits="0")
    floor.settle()
    waiting = carrier_post("/voice/twilio/wait", **CALL)
    assert words(waiting) == "You are number 2 in the queue."
    assert tags(waiting) == ["Say", "Play", "Play", "Play", "Redirect"]  # 45 s until it is told again
    assert verbs(waiting)[-3].text == f"{BASE}/voice/twilio/sound/calm.wav"


def test_hanging_up_in_the_queue_leaves_no_ticket(carrier_post, hotline):
    carrier_post(INCOMING, **CALL)
    carrier_post(NEXT + "?turn=1", **CALL, Digits="0")
    carrier_post(NEXT + "?after=queue", **CALL, QueueResult="hangup")
    assert hotline.queue.ticket_of("CA1") is None
    assert hotline.calls.head("CA1")["outcome"] == "transferred"


def test_an_agent_whose_phone_is_silent_sends_the_caller_back_to_the_queue(carrier_post, hotline, floor):
    floor.ready("ann")
    carrier_post(INCOMING, **CALL)
    carrier_post(NEXT + "?turn=1", **CALL, Digits="0")
    floor.settle()
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    assert tags(carrier_post(NEXT + "?after=agent", **CALL, DialCallStatus="no-answer")) == ["Enqueue"]
    assert hotline.queue.ticket_of("CA1").state == "waiting"


def test_the_end_of_a_talk_with_an_agent_ends_the_call(carrier_post, hotline, floor):
    floor.ready("ann")
    carrier_post(INCOMING, **CALL)
    carrier_post(NEXT + "?turn=1", **CALL, Digits="0")
    floor.settle()
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    assert tags(carrier_post(NEXT + "?after=agent", **CALL, DialCallStatus="completed")) == ["Hangup"]
    assert floor.of("ann")["state"] == "wrap_up"


# ---- whatever goes wrong


@pytest.mark.parametrize(
    "path",
    [
        NEXT,
        NEXT + "?turn=1",
        NEXT + "?turn=x",
        NEXT + "?turn=99999999",
        NEXT + "?after=stream",
        NEXT + "?turn=0&part=7",
    ],
)
def test_an_unknown_call_or_turn_hears_an_apology(carrier_post, path, capsys):
    answer = carrier_post(path, **CALL)
    assert "something went wrong" in words(answer)
    assert tags(answer)[-1] == "Hangup"


def test_a_webhook_without_a_call_hears_an_apology(carrier_post):
    assert "something went wrong" in words(carrier_post(INCOMING, From="+1555"))


def test_a_crash_of_ours_becomes_an_apology_not_an_error_page(carrier_post, hotline, monkeypatch):
    monkeypatch.setattr(type(hotline.calls), "begin", lambda *a: 1 / 0)
    assert "something went wrong" in words(carrier_post(INCOMING, **CALL))


def test_when_all_lines_are_busy_the_caller_is_told(carrier_post, hotline):
    object.__setattr__(hotline.calls, "_max_calls", 0)
    assert "All our lines are busy" in words(carrier_post(INCOMING, **CALL))


def test_a_known_number_is_known_by_name_and_a_slow_shop_does_not_hold_the_call(carrier_post, hotline):
    carrier_post(INCOMING, **CALL)
    assert hotline.calls.head("CA1")["name"] == "Ada Brown"
    hotline.shop.down = True
    carrier_post(INCOMING, **{**CALL, "CallSid": "CA2"})
    assert hotline.calls.head("CA2")["name"] is None


def test_a_withheld_number_is_no_obstacle(carrier_post, hotline):
    assert carrier_post(INCOMING, **{**CALL, "From": "anonymous"}).status_code == 200
    assert hotline.calls.head("CA1")["caller"] == ""


def test_a_slow_shop_is_covered_by_a_filler(carrier_post, hotline, monkeypatch):
    monkeypatch.setattr("webhooks.voice_turn.WAIT_ACTION_S", 0.01)
    gate = __import__("threading").Event()
    slow = {
        "order": staticmethod(lambda number: (gate.wait(5), None)[1]),
        "customer_by_phone": staticmethod(lambda n: None),
    }
    shop = type("Slow", (), slow)()
    object.__setattr__(hotline.effects, "_shop", shop)
    carrier_post(INCOMING, **CALL)
    carrier_post(NEXT + "?turn=1", **CALL, Digits="1")
    filler = carrier_post(NEXT + "?turn=2", **CALL, Digits="100245")
    assert words(filler) == "One moment, I am looking that up."
    again = verbs(filler)[-1].text
    assert "part=0" in again
    path = again.removeprefix(BASE)
    assert tags(carrier_post(path, **CALL)) == ["Pause", "Redirect"]
    gate.set()
    for _ in range(200):
        answer = carrier_post(path, **CALL)
        if tags(answer)[0] != "Pause":
            break
    assert "I cannot find an order" in words(answer)


# ---- with speech


@pytest.fixture
def speaking(hotline):
    hotline.speech.voices = {"en": HibariVoice()}
    hotline.speech.recognisers = {"en": Scripted(["where is my order", ""])}
    return hotline


def test_stream_mode_opens_a_media_socket_with_a_one_use_token(carrier_post, speaking):
    root = verbs(carrier_post(INCOMING, **CALL))
    stream = root.find("Connect/Stream")
    assert stream.get("url") == "ws://127.0.0.1:8000/media/twilio"
    assert stream.find("Parameter").get("value") == speaking.calls.stream_token("CA1")
    assert root.find("Connect").get("action") == f"{BASE}{NEXT}?after=stream"
    assert carrier_post(INCOMING, **CALL).data == carrier_post(INCOMING, **CALL).data


def test_a_stream_that_broke_off_leads_to_a_person(carrier_post, speaking):
    carrier_post(INCOMING, **CALL)
    answer = carrier_post(NEXT + "?after=stream", **CALL)
    assert tags(answer)[-1] == "Enqueue"
    assert "went wrong on our side" in words(answer)


def test_webhook_mode_plays_our_own_voice_and_records_the_answer(carrier_post, client, speaking, monkeypatch):
    object.__setattr__(speaking, "settings", replace_media(speaking.settings))
    greeting = verbs(carrier_post(INCOMING, **CALL))
    assert [element.tag for element in greeting] == ["Gather", "Record"]
    url = greeting.find("Gather/Play").text.removeprefix(BASE)
    sound = client.get(url)
    assert sound.mimetype == "audio/wav"
    assert len(audio.read_wav(sound.data)[0]) > 8000
    recording = audio.to_wav(tone(300, 1000))
    monkeypatch.setattr("webhooks.voice_work.speech_part", lambda pcm, rate: pcm)
    monkeypatch.setattr("webhooks.voice_work.httpx.Client", lambda **more: _Fetch(recording))
    answer = carrier_post(NEXT + "?turn=1", **CALL, RecordingUrl="http://127.0.0.1/rec")
    path = NEXT + "?turn=1&heard=1"
    for _ in range(50):
        if [element.tag for element in verbs(answer)] != ["Pause", "Redirect"]:
            break
        answer = carrier_post(path, **CALL)
    assert speaking.calls.head("CA1")["node"] == "ask_order"


def replace_media(settings):
    return settings.model_copy(update={"media": "webhook"})


class _Fetch:
    status_code = 200

    def __init__(self, content):
        self.content = content

    def __enter__(self):
        return self

    def __exit__(self, *gone):
        return None

    def get(self, url):
        return self

    def raise_for_status(self):
        return None


def test_a_recording_that_cannot_be_fetched_counts_as_silence(carrier_post, speaking):
    object.__setattr__(speaking, "settings", replace_media(speaking.settings))
    carrier_post(INCOMING, **CALL)
    answer = carrier_post(NEXT + "?turn=1", **CALL, RecordingUrl="http://127.0.0.1:9/none")
    for heard in range(1, 12):
        if [element.tag for element in verbs(answer)] != ["Pause", "Redirect"]:
            break
        answer = carrier_post(f"{NEXT}?turn=1&heard={heard}", **CALL)
    assert speaking.calls.head("CA1")["node"] == "welcome"


def test_sounds_that_nobody_has_promised_are_not_found(client):
    assert client.get("/voice/twilio/prompt/0123abc.wav").status_code == 404
    assert client.get("/voice/twilio/prompt/..%2Fx.wav").status_code == 404
    assert client.get("/voice/twilio/sound/other.wav").status_code == 404
    assert client.get("/voice/twilio/sound/calm.wav").mimetype == "audio/wav"


def test_text_mode_lets_the_carrier_do_the_speech(carrier_post, hotline):
    form = {**CALL, "SipHeader_X-Ivr-Media": "text"}
    greeting = verbs(carrier_post(INCOMING, **form))
    assert greeting[0].get("input") == "dtmf speech"
    answer = carrier_post(NEXT + "?turn=1", **form, SpeechResult="where is my order", Confidence="0.9")
    assert "What is your order number?" in words(answer)


def test_a_pin_is_keyed_and_never_recorded_by_the_carrier(app, hotline, monkeypatch):
    monkeypatch.setattr(type(hotline.speech), "hears", lambda self, language: True)
    greeted = hotline.calls.begin("CA1", "+15550101", "+15550000", "webhook")
    asked = hotline.calls.advance("CA1", 1, Spoke(NOON, "how many loyalty points do I have left", 0.95))
    part = hotline.calls.settle(asked)
    assert (part.node, part.listen.secret) == ("ask_pin", True)
    with app.test_request_context():
        assert speech_by(greeted, "webhook") == "record"
        assert speech_by(part, "webhook") == ""
