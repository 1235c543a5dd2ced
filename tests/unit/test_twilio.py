import base64
import hashlib
import json
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from ivr.dialog.actions import Expect, HangUp, JoinQueue, Listen, Record, Say, Transfer
from ivr.telephony.twilio import media, twiml
from ivr.telephony.twilio.signature import sign, valid
from ivr.telephony.twilio.webhook import parse

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
VECTOR = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


# ---- signatures


def test_the_signature_is_the_one_that_twilio_publishes():
    assert sign(URL, FORM, "12345") == VECTOR
    assert valid(URL, FORM, ["12345"], VECTOR)


@given(
    st.dictionaries(st.text("abcXYZ", min_size=1, max_size=6), st.text(max_size=12), max_size=6),
    st.text("ab/?&=%20"),
)
def test_our_signature_is_the_library_s_for_any_form(form, tail):
    url = f"https://x.test/voice/{tail}"
    assert sign(url, list(form.items()), "secret") == RequestValidator("secret").compute_signature(url, form)


@pytest.mark.parametrize(
    "signature",
    [None, "", "x", "ü", VECTOR[:-1], VECTOR.lower()],
    ids=["missing", "empty", "x", "ü", "short", "case"],
)
def test_a_wrong_or_missing_signature_is_refused_without_an_error(signature):
    assert not valid(URL, FORM, ["12345"], signature)


def test_a_changed_parameter_or_token_is_refused():
    assert not valid(URL, [*FORM[:-1], ("To", "+1900")], ["12345"], VECTOR)
    assert not valid(URL, FORM, ["54321"], VECTOR)
    assert not valid(URL, FORM, [], VECTOR)


def test_two_tokens_may_be_accepted_during_rotation():
    assert valid(URL, FORM, ["new", "12345"], VECTOR)


@pytest.mark.parametrize(
    ("signed", "seen"),
    [
        ("https://x.test:443/v?", "https://x.test/v?"),
        ("https://x.test/v", "https://x.test:443/v"),
        ("https://user:pw@x.test:8443/v", "https://user:pw@x.test:8443/v"),
        ("wss://x.test:443/media", "wss://x.test/media"),
        ("wss://x.test/media/", "wss://x.test/media"),
        ("https://x.test/v", "https://x.test/v#rc=3"),
        ("http://x.test:80/v", "http://x.test/v"),
    ],
)
def test_ports_fragments_and_closing_slashes_do_not_matter(signed, seen):
    assert valid(seen, FORM, ["t"], sign(signed, FORM, "t"))


def test_empty_and_repeated_parameters_are_signed_as_the_library_does():
    form = [("SpeechResult", ""), ("A", "2"), ("A", "1"), ("A", "1")]
    signature = RequestValidator("t").compute_signature(URL, MultiDict(form))
    assert sign(URL, form, "t") == signature


def test_a_body_hash_in_the_url_must_fit_the_body():
    url = f"https://x.test/v?bodySHA256={hashlib.sha256(b'hello').hexdigest()}"
    assert valid(url, [], ["t"], sign(url, [], "t"), b"hello")
    assert not valid(url, [], ["t"], sign(url, [], "t"), b"other")


# ---- webhooks


def test_a_webhook_is_read_as_plain_data():
    asked = parse({"CallSid": "CA1", "From": "+15550101", "To": "+1555", "Digits": "12x#", "Extra": "?"})
    assert (asked.call, asked.caller, asked.digits, asked.speech) == ("CA1", "+15550101", "12#", None)


def test_a_caller_who_hung_up_in_a_recording_has_pressed_no_key():
    asked = parse({"CallSid": "CA1", "RecordingUrl": "https://x/r", "Digits": "hangup"})
    assert asked.hung_up
    assert asked.digits == ""


@pytest.mark.parametrize("caller", ["anonymous", "client:ann", "sip:a@b", "", "+", "+1", "+12ab5"])
def test_a_caller_without_a_number_is_nobody(caller):
    assert parse({"From": caller}).caller == ""


@pytest.mark.parametrize(
    ("text", "share"), [("0.8", 0.8), ("", 0.9), ("nan", 0.0), ("-1", 0.0), ("7", 1.0), ("x", 0.0)]
)
def test_a_confidence_is_a_share(text, share):
    assert parse({"Confidence": text}).confidence == share


# ---- TwiML

LISTEN = Listen(Expect("digits"), "n", "en", max_keys=6, finish_key="#")
TO = twiml.Addresses("https://x/next?turn=1&a=2", "https://x/q", "https://x/w", "https://x/t")


def tags(document):
    return [element.tag for element in fromstring(document.encode())]


def test_prompts_that_listen_stand_inside_gather_so_that_a_key_stops_them():
    document = twiml.conversation(
        [Say("Hi <you>", "n", "en"), LISTEN], lambda s: twiml.say(s.text), TO, speech="record"
    )
    root = fromstring(document.encode())
    assert [child.tag for child in root] == ["Gather", "Record"]
    assert root[0][0].text == "Hi <you>"
    assert root[0].get("numDigits") == "6"
    assert root[0].get("finishOnKey") == "#"
    assert root[0].get("action") == TO.answer


def test_without_speech_silence_comes_back_by_a_redirect():
    assert tags(twiml.conversation([LISTEN], lambda s: "", TO, speech="")) == ["Gather", "Redirect"]


def test_a_queue_and_an_end_are_rendered():
    said = Say("Bye.", "n", "en")
    assert tags(twiml.conversation([said, JoinQueue("q")], lambda s: twiml.play("u"), TO)) == [
        "Play",
        "Enqueue",
    ]
    assert tags(twiml.conversation([said, HangUp()], lambda s: twiml.play("u"), TO)) == ["Play", "Hangup"]


@pytest.mark.parametrize(("key", "finish"), [("", ""), ("#", "#"), ("*", "*")])
def test_the_finish_key_is_the_menu_s(key, finish):
    listen = Listen(Expect("digits"), "n", "en", max_keys=6, finish_key=key)
    document = twiml.conversation([listen], lambda s: "", TO, speech="")
    assert fromstring(document.encode())[0].get("finishOnKey") == finish


RECORD = Record("n", "en", longest_ms=90_500, silence_ms=2500)


def test_a_message_is_recorded_behind_prompts_that_a_key_stops():
    document = twiml.conversation([Say("Speak.", "n", "en"), RECORD], lambda s: twiml.say(s.text), TO)
    gather, record = fromstring(document.encode())
    assert (gather.tag, gather.get("numDigits"), gather.get("finishOnKey")) == ("Gather", "1", "")
    assert (record.get("timeout"), record.get("maxLength")) == ("3", "91")
    assert (record.get("finishOnKey"), record.get("playBeep")) == ("1234567890*#", "true")
    assert gather.get("action") == record.get("action") == TO.answer


def test_a_carrier_that_does_the_speech_gathers_the_words_of_a_message():
    document = twiml.conversation([Say("Speak.", "n", "en"), RECORD], lambda s: "", TO, speech="gather")
    gather, redirect = fromstring(document.encode())
    assert (gather.get("input"), redirect.text) == ("dtmf speech", TO.answer)


@pytest.mark.parametrize(
    ("to", "noun"), [("+4930123456", "Number"), ("sip:help@shop.example", "Sip"), ("sips:a@b?x=1&y=2", "Sip")]
)
def test_a_transfer_dials_a_number_or_a_sip_address(to, noun):
    document = twiml.conversation(
        [Say("Hold on.", "n", "en"), Transfer(to, "n", 20_000)], lambda s: "<Play/>", TO
    )
    play, dial = fromstring(document.encode())
    assert (play.tag, dial.get("action"), dial.get("timeout")) == ("Play", TO.after_transfer, "20")
    assert dial.get("answerOnBridge") == "true"
    assert [(one.tag, one.text) for one in dial] == [(noun, to)]


@given(st.text(max_size=40))
def test_any_text_is_escaped(text):
    clean = "".join(mark for mark in text if mark.isprintable())
    assert (fromstring(twiml.document(twiml.say(clean)).encode())[0].text or "") == clean


def test_the_stream_document_names_socket_token_and_way_back():
    root = fromstring(twiml.connect_stream("wss://x/m", "https://x/n?a=1&b=2", "tok").encode())
    assert root[0].get("action") == "https://x/n?a=1&b=2"
    assert root[0][0].get("url") == "wss://x/m"
    assert root[0][0][0].get("value") == "tok"


# ---- Media Streams


def message(**data):
    return json.dumps(data)


START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ1",
    "start": {
        "accountSid": "AC1",
        "streamSid": "MZ1",
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": "t"},
    },
}


def test_each_message_of_the_carrier_is_read():
    assert media.parse(message(event="connected", protocol="Call", version="1.0.0")) == media.Connected()
    assert media.parse(json.dumps(START)) == media.Start("MZ1", "CA1", {"token": "t"})
    payload = base64.b64encode(b"\xff\x7f").decode()
    assert media.parse(message(event="media", media={"payload": payload, "chunk": "1"})) == media.Media(
        b"\xff\x7f"
    )
    assert media.parse(message(event="dtmf", dtmf={"track": "inbound_track", "digit": "5"})) == media.Dtmf(
        "5"
    )
    assert media.parse(message(event="mark", mark={"name": "p1"})) == media.Mark("p1")
    assert media.parse(message(event="stop", stop={})) == media.Stop()
    assert media.parse(message(event="something-new")) is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", "nonsense", '{"event":"media"}', '{"event":"media","media":{"payload":"%%"}}',
     '{"event":"dtmf","dtmf":{"digit":"55"}}', '{"event":"start","start":{}}', "x" * 70_000],
)  # fmt: skip
def test_a_malformed_message_is_named_as_such(text):
    with pytest.raises(media.Malformed):
        media.parse(text)


def test_audio_of_another_kind_is_refused_loudly():
    other = json.loads(json.dumps(START))
    other["start"]["mediaFormat"]["encoding"] = "audio/l16"
    with pytest.raises(media.Malformed, match="mu-law"):
        media.parse(json.dumps(other))


@given(st.binary(max_size=100) | st.text(max_size=100))
def test_any_bytes_are_either_a_message_or_malformed(data):
    try:
        media.parse(data)
    except media.Malformed:
        return


def test_messages_to_the_carrier_are_json_as_it_wants():
    assert json.loads(media.media("MZ1", b"\xff")) == {
        "event": "media", "streamSid": "MZ1", "media": {"payload": "/w=="},
    }  # fmt: skip
    assert json.loads(media.mark("MZ1", "p1"))["mark"] == {"name": "p1"}
    assert json.loads(media.clear("MZ1")) == {"event": "clear", "streamSid": "MZ1"}
