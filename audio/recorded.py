"""Prompts that a person has recorded: WAV files that replace the voice, keyed by their words.

The key names language and text, so a changed text is no longer replaced by the old recording.
"""

import hashlib
import threading
from pathlib import Path

import structlog

from audio import pcm as audio
from ivr.errors import InvalidInput

log = structlog.get_logger(__name__)
MOST_KEPT = 2_000
PREFIX = "rec"
"""Begins the names of recorded prompts, where they stand beside synthesised ones."""


def key_of(text: str, language: str) -> str:
    """Return the name of the file that replaces a text."""
    words = " ".join(text.split())
    return PREFIX + hashlib.sha256(f"{language}\x00{words}".encode()).hexdigest()[:16]


class RecordedPrompts:
    """The recordings below a folder: `<folder>/<language>/<key>.wav`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, bytes | None] = {}
        self._lock = threading.Lock()

    def get(self, text: str, language: str) -> bytes | None:
        """Return a recorded prompt as mu-law audio, levelled like the voice; None where there is none."""
        return self.stored(key_of(text, language), language)

    def stored(self, key: str, language: str | None = None) -> bytes | None:
        """Return a recording by its name."""
        with self._lock:
            if key in self._known:
                return self._known[key]
        ulaw = self._read(key, language)
        with self._lock:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[key] = ulaw
        return ulaw

    def _read(self, key: str, language: str | None) -> bytes | None:
        found = sorted(self._folder.glob(f"{language or '*'}/{key}.wav"))
        if not found:
            return None
        try:
            pcm, rate = audio.read_wav(found[0].read_bytes())
        except (InvalidInput, OSError) as error:
            log.warning("recorded prompt unusable", file=found[0].name, error=str(error))
            return None
        line = audio.levelled(audio.resample(audio.trimmed(pcm, rate), rate, audio.RATE))
        return audio.to_ulaw(line)
