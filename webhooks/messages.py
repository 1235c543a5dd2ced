"""What becomes of a message that a caller has spoken: it is kept, and understood as far as it is short.

Used by both drivers. The audio is on the disk before anything else is tried with it.
"""

from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from audio.pcm import RATE, Pcm, to_wav
from ivr.bootstrap import Hotline
from ivr.dialog.actions import Expect, Record
from ivr.dialog.events import Recorded
from ivr.dialog.spoken import masked
from ivr.errors import Unavailable
from ivr.ports import Transcript

log = structlog.get_logger(__name__)
LONGEST_UNDERSTOOD_MS = 30_000
"""A longer message is kept for people to hear; recognising it would make the caller wait."""
NOTHING = Transcript("", 0.0)


@dataclass(frozen=True, slots=True)
class Message:
    """A recording that has been kept, and what was understood of it."""

    name: str
    ms: int
    heard: Transcript = NOTHING

    def event(self, at: datetime) -> Recorded:
        """Return what the dialogue learns."""
        return Recorded(at, self.name, self.ms, self.heard.text)

    def measured(self) -> dict[str, Any]:
        """Return what is kept beside the turn."""
        heard = self.heard
        if not heard.engine:
            return {"speech_ms": self.ms}
        took = {"engine": heard.engine, "recognition_ms": round(heard.seconds * 1000)}
        return {"text": heard.text, "confidence": heard.confidence, "speech_ms": self.ms, **took}


def keep(hotline: Hotline, call: str, record: Record, pcm: Pcm) -> Message:
    """Keep what a caller said after the tone (8 kHz). Raise OSError when it cannot be written."""
    row = hotline.recordings.keep(call, record.node, to_wav(pcm), _ms(pcm))
    return Message(row.name, row.ms)


def recognition(hotline: Hotline, record: Record, pcm: Pcm) -> "Future[Transcript] | None":
    """Begin to recognise a message in a worker; None where that is not worth trying."""
    if _ms(pcm) > LONGEST_UNDERSTOOD_MS or not hotline.speech.hears(record.language):
        return None
    try:
        return hotline.speech.transcribe(pcm, RATE, record.language, Expect("text"))
    except Unavailable as error:
        log.warning("message not understood", error=str(error))
        return None


def understood(hotline: Hotline, record: Record, message: Message, heard: Transcript) -> Message:
    """Note the words of a message."""
    if heard.text:
        heard = replace(heard, text=masked(heard.text, record.language))
        hotline.recordings.understood(message.name, heard.text)
    return Message(message.name, message.ms, heard)


def _ms(pcm: Pcm) -> int:
    return len(pcm) * 1000 // RATE
