"""Prompts that a person has recorded: WAV files that replace the voice, keyed by their words.

The key names language and text, so a changed text is no longer replaced by the old recording.
"""

import hashlib
import threading
from pathlib import Path

import structlog

from audio import pcm as audio
from audio.tts.mastering import mastered
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
        self._known: dict[Path, tuple[int, bytes | None]] = {}
        self._lock = threading.Lock()

    def get(self, text: str, language: str) -> bytes | None:
        """Return a recorded prompt as mu-law audio, levelled like the voice; None where there is none."""
        return self._of(self._folder / language / f"{key_of(text, language)}.wav")

    def stored(self, key: str) -> bytes | None:
        """Return a recording by its name alone."""
        found = sorted(self._folder.glob(f"*/{key}.wav")) if key.isalnum() else []
        return self._of(found[0]) if found else None

    def _of(self, path: Path) -> bytes | None:
        """Return a file's audio; one that was put there or changed while we run counts at once."""
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            return None
        with self._lock:
            known = self._known.get(path)
        if known is not None and known[0] == changed:
            return known[1]
        ulaw = _read(path)
        with self._lock:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[path] = changed, ulaw
        return ulaw


def _read(path: Path) -> bytes | None:
    try:
        pcm, rate = audio.read_wav(path.read_bytes())
    except (InvalidInput, OSError) as error:
        log.warning("recorded prompt unusable", file=path.name, error=str(error))
        return None
    return audio.to_ulaw(mastered(pcm, rate))
