"""Twilio Media Streams: messages of the socket, both ways (JSON text frames). Pure.

(https://www.twilio.com/docs/voice/media-streams/websocket-messages) Numbers come as texts; fields
that are not known are left alone; anything malformed raises `Malformed` and nothing else.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ivr.errors import InvalidInput

LARGEST = 65_536


class Malformed(InvalidInput):
    """A message that is not of the protocol."""

    code = "malformed_message"


@dataclass(frozen=True, slots=True)
class Connected:
    """The socket is open; nothing is known of the call yet."""


@dataclass(frozen=True, slots=True)
class Start:
    """The stream begins: which call, and the parameters that our TwiML gave along."""

    stream: str
    call: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Media:
    """Caller audio: mu-law, 8 kHz."""

    ulaw: bytes


@dataclass(frozen=True, slots=True)
class Dtmf:
    """One key."""

    digit: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The audio before this mark has been played, or was cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The stream ends."""


Message = Connected | Start | Media | Dtmf | Mark | Stop


def parse(text: str | bytes) -> Message | None:
    """Read one message; None for a kind that is not known. Raise Malformed."""
    if len(text) > LARGEST:
        raise Malformed(f"a message has at most {LARGEST} characters")
    try:
        data = orjson.loads(text)
        return _parsed(data)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, binascii.Error, ValueError) as error:
        raise Malformed(f"not a media message: {type(error).__name__}") from None


def _parsed(data: Any) -> Message | None:
    match data["event"]:
        case "media":
            return Media(base64.b64decode(data["media"]["payload"], validate=True))
        case "dtmf":
            return Dtmf(_digit(data["dtmf"]["digit"]))
        case "mark":
            return Mark(str(data["mark"]["name"]))
        case "start":
            return _start(data)
        case "connected":
            return Connected()
        case "stop":
            return Stop()
        case _:
            return None


def _digit(digit: str) -> str:
    if len(digit) != 1 or digit not in "0123456789*#ABCD":
        raise ValueError(digit)
    return digit


def _start(data: Mapping[str, Any]) -> Start:
    start = data["start"]
    form = start["mediaFormat"]
    if form["encoding"] != "audio/x-mulaw" or int(form["sampleRate"]) != 8000 or int(form["channels"]) != 1:
        raise Malformed(
            f"the stream is {form['encoding']}, {form['sampleRate']} Hz; mu-law at 8000 Hz is spoken here"
        )
    given = start.get("customParameters") or {}
    return Start(str(start["streamSid"]), str(start["callSid"]), {str(k): str(v) for k, v in given.items()})


# ---- to the carrier


def media(stream: str, ulaw: bytes) -> str:
    """Return a message with audio to play."""
    payload = base64.b64encode(ulaw).decode()
    return f'{{"event":"media","streamSid":"{stream}","media":{{"payload":"{payload}"}}}}'


def mark(stream: str, name: str) -> str:
    """Return a mark to be returned when everything before has been played."""
    return orjson.dumps({"event": "mark", "streamSid": stream, "mark": {"name": name}}).decode()


def clear(stream: str) -> str:
    """Return the order to throw away what has not been played."""
    return orjson.dumps({"event": "clear", "streamSid": stream}).decode()
