"""Twilio's voice webhooks as plain data (https://www.twilio.com/docs/voice/twiml). Pure.

Parameters come and go without notice: what is known is read, the rest is left alone.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ivr.dialog.spoken.telephone import e164

FORGED = "TN-Validation-Failed"
"""STIR/SHAKEN (RFC 8588): the number that calls is not the caller's own, so it is nobody's."""


@dataclass(frozen=True, slots=True)
class VoiceRequest:
    """What a voice webhook says. Texts are "" where the parameter is missing.

    `hung_up` tells that a recording ended because the caller did.
    """

    call: str
    caller: str
    called: str
    status: str
    digits: str
    speech: str | None
    confidence: float
    recording_url: str
    hung_up: bool
    queue_result: str
    dial_status: str
    media: str


def parse(form: Mapping[str, str], region: str = "") -> VoiceRequest:
    """Read the form of a voice webhook. `From` may be no number at all: then it is "".

    `region` is the country of numbers without a country code (see `ivr.dialog.spoken.telephone`).
    """
    return VoiceRequest(
        call=form.get("CallSid", "")[:64],
        caller="" if form.get("StirVerstat", "").startswith(FORGED) else e164(form.get("From", ""), region),
        called=form.get("To", "")[:64],
        status=form.get("CallStatus", ""),
        digits="".join(d for d in form.get("Digits", "") if d in "0123456789*#"),
        speech=form.get("SpeechResult"),
        confidence=_share(form.get("Confidence")),
        recording_url=form.get("RecordingUrl", ""),
        hung_up=form.get("Digits") == "hangup",
        queue_result=form.get("QueueResult", ""),
        dial_status=form.get("DialCallStatus", ""),
        media=form.get("SipHeader_X-Ivr-Media", ""),
    )


def _share(text: str | None) -> float:
    """Return a confidence from 0.0 to 1.0; Twilio may leave it out, then the words count."""
    try:
        value = float(text) if text else 0.9
    except ValueError:
        return 0.0
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0


ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""Call states after which nothing comes any more."""
