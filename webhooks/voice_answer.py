"""What the caller answered, out of a webhook: keys, words, a recording that is still being worked on.

Nothing slow runs here: recordings are fetched, kept and recognised by `Work`, and waited for briefly.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog
from flask import request

from audio.pcm import RATE, Pcm
from audio.session import WORTH_KEEPING_MS
from audio.vad import CONTEXT_MS
from ivr.bootstrap import Hotline
from ivr.dialog.actions import Record
from ivr.dialog.events import Event, Pressed, Silent, Spoke
from ivr.errors import HotlineError
from ivr.ports import Transcript
from ivr.service.calls import Part
from ivr.telephony.twilio.webhook import VoiceRequest
from webhooks import messages
from webhooks.voice_turn import hotline, work
from webhooks.voice_work import Work

log = structlog.get_logger(__name__)
WAIT_RECOGNITION_S = 0.3
RECOGNITION_LIMIT_S = 4.0
MOST_PAUSES = 8
"""Times that a caller waits one more second for a recording before it counts as silence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An event for the dialogue, and what is kept beside it."""

    event: Event
    heard: Mapping[str, Any] = field(default_factory=dict)


def answer(asked: VoiceRequest, part: Part) -> Answer | None:
    """Return what the caller answered to a part; None while a recording is still worked on."""
    now = hotline().clock()
    digits = asked.digits.removesuffix("#") if isinstance(part.waits, Record) else asked.digits
    if digits:
        return Answer(Pressed(now, digits))
    if asked.speech:
        kept = {"text": asked.speech, "confidence": asked.confidence}
        return Answer(Spoke(now, asked.speech, asked.confidence), kept)
    if not asked.recording_url and "heard" not in request.args:
        return Answer(Silent(now))
    if isinstance(part.waits, Record):
        return _message(asked, part, part.waits)
    return _words(asked, part)


def _words(asked: VoiceRequest, part: Part) -> Answer | None:
    language = str(hotline().calls.head(asked.call)["language"])
    mine, url = work(), asked.recording_url
    done, heard = _result(asked, part, lambda: mine.recognise(url, language))
    if not done:
        return None
    if not isinstance(heard, Transcript) or not heard.text:
        return Answer(Silent(hotline().clock()))
    kept = {"text": heard.text, "confidence": heard.confidence, "engine": heard.engine}
    return Answer(Spoke(hotline().clock(), heard.text, heard.confidence), kept)


def _message(asked: VoiceRequest, part: Part, record: Record) -> Answer | None:
    mine, house, url = work(), hotline(), asked.recording_url
    done, message = _result(asked, part, lambda: _kept(house, asked.call, record, mine.speech_at(url)))
    if not done:
        return None
    if not isinstance(message, messages.Message):
        return Answer(Silent(house.clock()))
    return Answer(message.event(house.clock()), message.measured())


def _result(asked: VoiceRequest, part: Part, begin: Callable[[], Any]) -> tuple[bool, Any]:
    """Return whether work on a recording is done, and what came of it: None if nothing did."""
    key = f"{asked.call}:{part.turn + 1}"
    running = work().once(key, begin) if asked.recording_url else work().running(key)
    if running is None or request.args.get("heard", 0, type=int) >= MOST_PAUSES:
        return True, None
    try:
        return True, running.result(WAIT_RECOGNITION_S)
    except FutureTimeout:
        return False, None
    except (HotlineError, httpx.HTTPError, OSError) as error:
        log.warning("recording lost", call=asked.call, error=str(error))
        return True, None


def _kept(house: Hotline, call: str, record: Record, pcm: Pcm) -> messages.Message | None:
    """Keep and recognise a message, in a worker; None when nothing is to be heard."""
    if not len(pcm):
        return None
    message = messages.keep(house, call, record, pcm)
    running = messages.recognition(house, record, pcm)
    if running is None:
        return message
    try:
        heard = running.result(RECOGNITION_LIMIT_S)
    except (FutureTimeout, HotlineError) as error:
        log.warning("message not understood", call=call, error=str(error))
        return message
    return messages.understood(house, record, message, heard)


def hung_up(asked: VoiceRequest, part: Part) -> None:
    """The caller has gone in the middle of a recording: keep what was said of a message, end the call."""
    mine, house, record = work(), hotline(), part.waits
    if not isinstance(record, Record) or not asked.recording_url:
        house.recordings.end(asked.call)
        house.calls.hang_up(asked.call)
        return
    mine.once(f"{asked.call}:{part.turn + 1}", lambda: _last_words(house, mine, asked, part, record))


def _last_words(house: Hotline, mine: Work, asked: VoiceRequest, part: Part, record: Record) -> None:
    try:
        pcm = mine.speech_at(asked.recording_url)
        if len(pcm) * 1000 // RATE - 2 * CONTEXT_MS >= WORTH_KEEPING_MS:
            message = messages.keep(house, asked.call, record, pcm)
            house.calls.advance(asked.call, part.turn + 1, message.event(house.clock()), message.measured())
    except Exception:  # the call ends in any case
        log.exception("last words lost", call=asked.call)
    finally:
        house.recordings.end(asked.call)
        house.calls.hang_up(asked.call)
