"""Calls by audio and by keys through the real path: switch, sockets, recognition, menus, shop, voice."""

import asyncio
import base64
import json
import signal
from xml.etree.ElementTree import fromstring

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ivr.cli.caller import ScriptedCall, SynthesisedCaller
from ivr.clock import utc_now
from ivr.dialog.script import Script, read_script
from ivr.service.echo import OPEN
from ivr.storage.session import Database
from ivr.storage.tables import CallRow, TicketRow, TurnRow
from ivr.telephony.twilio.signature import sign
from tests.conftest import MENUS
from tests.live import TOKEN, live


@pytest.fixture(scope="module")
def voice():
    return SynthesisedCaller()


def script(name):
    read, faults = read_script(name, (MENUS / "tests" / f"{name}.yaml").read_text())
    assert read is not None, faults
    return read


def placed(server, given, voice):
    lines = []
    call = ScriptedCall(server.base, given, voice, lines.append)
    report = asyncio.run(call.run())
    return call, report, lines


def rows(server, call):
    db = Database(server.database)
    try:
        with db.read() as session:
            row = session.get(CallRow, call)
            turns = session.query(TurnRow).filter_by(call=call).order_by(TurnRow.number).all()
            tickets = session.query(TicketRow).filter_by(call=call).all()
            return row, turns, tickets
    finally:
        db.close()


def test_an_order_is_asked_for_and_told_by_voice(server, voice):
    call, report, lines = placed(server, script("order_by_voice"), voice)
    assert report.failure is None, "\n".join(lines)
    assert report.outcome == "resolved"
    heard = " | ".join(text.lower() for _, text, _ in report.recognised)
    assert "order" in heard
    assert len(report.latencies_ms) == 3
    row, turns, tickets = rows(server, call.phone.call)
    assert (row.status, row.outcome, tickets) == ("ended", "resolved", [])
    spoken = [turn for turn in turns if turn.event["kind"] == "Spoke"]
    assert [turn.understood for turn in spoken] == ["taken", "taken", "taken"]
    assert all(turn.heard["engine"] == "moonshine" for turn in spoken)
    acted = [part["acted"] for turn in turns for part in turn.parts if part["acted"]]
    assert acted[0]["outcome"] == "found"
    assert sum(map(len, call.phone.heard)) > 8000 * 5


def test_a_refund_by_voice_interrupts_the_greeting_and_ends_with_a_person(server, voice):
    call, report, lines = placed(server, script("refund_by_voice"), voice)
    assert report.failure is None, "\n".join(lines)
    assert report.barge_in_ms
    row, _, tickets = rows(server, call.phone.call)
    assert row.outcome == "transferred"
    assert [(ticket.queue, ticket.state, ticket.summary["order"]) for ticket in tickets] == [
        ("support", "abandoned", "100311")
    ]


def test_keys_over_the_media_socket(server, voice):
    _, report, lines = placed(server, script("order_not_found_three_times"), voice)
    assert report.failure is None, "\n".join(lines)


@pytest.mark.parametrize(
    "name", ["agent_at_any_time", "changes_the_matter", "three_misses", "order_in_one_sentence"]
)
def test_the_same_scripts_in_text_mode(server, name):
    _, report, lines = placed(server, script(name), None)
    assert report.failure is None, "\n".join(lines)


def test_hanging_up_in_the_middle_of_a_prompt_ends_the_call(server, voice):
    given = Script.model_validate(
        {"call": "t", "turns": [{"hear": "welcome"}], "ends": {"outcome": "gave_up"}}
    )
    call, report, lines = placed(server, given, voice)
    assert report.failure is None, "\n".join(lines)
    row, _, tickets = rows(server, call.phone.call)
    assert (row.status, tickets) == ("ended", [])


def test_webhook_mode_takes_the_same_call_by_recordings(tmp_path, prompts, voice):
    with live(tmp_path, prompts, IVR_MEDIA="webhook") as hotline:
        given = Script.model_validate(
            {"call": "t", "turns": [{"hear": "welcome"}, {"press": "1", "interrupt": True}, {"hear": "ask_order"},
                                    {"say": "My order number is one zero zero, two four five."}, {"hear": "tell_on_its_way"}],
             "ends": {"outcome": "resolved"}}
        )  # fmt: skip
        _, report, lines = placed(hotline, given, voice)
        assert report.failure is None, "\n".join(lines)


def test_without_a_recogniser_the_caller_is_told_to_use_keys(tmp_path, prompts, voice):
    with live(tmp_path, prompts, IVR_ASR="none") as hotline:
        given = Script.model_validate(
            {"call": "t", "turns": [{"hear": "welcome"}, {"press": "1"}, {"hear": "ask_order"},
                                    {"press": "100245#", "interrupt": True}, {"hear": "tell_on_its_way"},
                                    {"press": "9", "interrupt": True}, {"hear": "goodbye"}],
             "ends": {"outcome": "resolved"}}
        )  # fmt: skip
        call, report, lines = placed(hotline, given, voice)
        assert report.failure is None, "\n".join(lines)
        assert "keys only" in hotline.log.read_text()
        said_by_line = sum(map(len, call.phone.heard)) / 8000
        assert said_by_line > 8  # the greeting with the words that explain the keys


# ---- the media socket


def opened(server, sid):
    answer = server.carrier_post("/voice/twilio/incoming", CallSid=sid, From="+15550102", To="+1555")
    stream = fromstring(answer.content).find("Connect/Stream")
    assert stream is not None
    return stream.get("url"), stream.find("Parameter").get("value")


def start(sid, token):
    form = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    body = {"streamSid": "MZ1", "callSid": sid, "mediaFormat": form, "customParameters": {"token": token}}
    return json.dumps({"event": "start", "sequenceNumber": "1", "streamSid": "MZ1", "start": body})


async def closed_with(url, *messages, **headers):
    async with connect(url, additional_headers=headers, max_queue=None) as socket:
        for message in messages:
            await socket.send(message)
        try:
            async with asyncio.timeout(8):
                while True:
                    await socket.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code


def test_a_socket_without_a_good_one_use_token_is_closed_with_1008(server):
    url, token = opened(server, "CAtoken")
    assert asyncio.run(closed_with(url, start("CAtoken", "wrong"))) == 1008
    assert asyncio.run(closed_with(url, start("CAother", token))) == 1008
    assert (
        asyncio.run(
            closed_with(url, json.dumps({"event": "stop", "stop": {}}), "nonsense", start("CAtoken", ""))
        )
        == 1008
    )


def test_a_token_opens_one_stream_only(server):
    url, token = opened(server, "CAonce")

    async def twice():
        async with connect(url, max_queue=None) as first:
            await first.send(start("CAonce", token))
            await first.recv()
            return await closed_with(url, start("CAonce", token))

    assert asyncio.run(twice()) == 1008


def test_a_wrong_signature_on_the_handshake_is_refused(server):
    url, token = opened(server, "CAsigned")

    async def open_with(signature):
        async with connect(url, additional_headers={"X-Twilio-Signature": signature}) as socket:
            await socket.send(start("CAsigned", token))
            return json.loads(await socket.recv())["event"]

    with pytest.raises(Exception, match="403"):
        asyncio.run(open_with("wrong"))
    assert asyncio.run(open_with(sign(url, [], TOKEN))) == "media"


def test_malformed_and_binary_frames_are_logged_once_and_the_call_goes_on(server):
    url, token = opened(server, "CAnoise")
    before = server.log.read_text().count("malformed media message")

    async def talk():
        async with connect(url, max_queue=None) as socket:
            await socket.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
            await socket.send(start("CAnoise", token))
            for junk in ("{", b"\x00\x01", '{"event":"media"}', '{"event":"mystery"}', "[]"):
                await socket.send(junk)
            await socket.send(json.dumps({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "1"}}))
            silence = base64.b64encode(b"\xff" * 160).decode()
            events = []
            async with asyncio.timeout(10):
                while events.count("mark") < 1:
                    await socket.send(json.dumps({"event": "media", "media": {"payload": silence}}))
                    events.append(json.loads(await socket.recv())["event"])
            return events

    events = asyncio.run(talk())
    assert "media" in events
    assert server.log.read_text().count("malformed media message") == before + 1
    _, turns, _ = rows(server, "CAnoise")
    assert turns[1].event["digits"] == "1"


# ---- crashes


def test_a_kill_loses_no_waiting_caller_and_changes_no_order(tmp_path, prompts):
    with live(tmp_path, prompts, IVR_ASR="none", IVR_TTS="none") as hotline:
        for sid in ("CAfirst", "CAsecond"):
            hotline.carrier_post("/voice/twilio/incoming", CallSid=sid, From="+15550101", To="+1555")
            hotline.carrier_post("/voice/twilio/next?turn=1", CallSid=sid, From="+15550101", Digits="0")
        before = [
            (ticket.id, ticket.entered_at)
            for sid in ("CAfirst", "CAsecond")
            for ticket in rows(hotline, sid)[2]
        ]
        hotline.stop(signal.SIGKILL)
        hotline.start()
        after = [
            (ticket.id, ticket.entered_at)
            for sid in ("CAfirst", "CAsecond")
            for ticket in rows(hotline, sid)[2]
        ]
        assert after == before
        assert all(rows(hotline, sid)[2][0].state in OPEN for sid in ("CAfirst", "CAsecond"))
        waiting = hotline.carrier_post("/voice/twilio/wait", CallSid="CAsecond", From="+15550101")
        assert "number 2" in waiting.text
        assert utc_now() > before[0][1]


def test_a_full_house_still_answers_the_health_check(server):
    import time

    import httpx

    async def fill():
        sockets = []
        for number in range(12):
            url, token = await asyncio.to_thread(opened, server, f"CAfull{number}")
            socket = await connect(url, max_queue=None)
            await socket.send(start(f"CAfull{number}", token))
            sockets.append(socket)
        began = time.monotonic()
        answer = await asyncio.to_thread(httpx.get, f"{server.base}/healthz")
        spent = time.monotonic() - began
        for socket in sockets:
            await socket.close()
        return answer.status_code, spent

    status, spent = asyncio.run(fill())
    assert status == 200
    assert spent < 5
