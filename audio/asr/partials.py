"""Words while they are spoken, from an engine that can only hear whole utterances.

Everything heard so far is recognised anew after each stretch of new audio, freely and cheaply. The
last recognition has the whole utterance and the grammar, so it is the same as without partials.
"""

from typing import Protocol

import numpy as np

from audio.pcm import Pcm
from ivr.dialog.actions import Expect
from ivr.errors import Unavailable
from ivr.ports import Transcript

EVERY_MS = 500
"""New audio after which the words so far are worked out anew."""
LONGEST_S = 20
"""Beyond it nothing is worked out any more before the end."""
FREELY = Expect("text")


class Whole(Protocol):
    """An engine for whole utterances."""

    def transcribe(self, pcm: Pcm, rate: int, expect: Expect) -> Transcript:
        """Return the best reading of an utterance."""
        ...


class Redecoded:
    """An utterance in the making, as `ivr.ports.Hearing`."""

    def __init__(self, engine: Whole, expect: Expect, rate: int) -> None:
        self._engine: Whole | None = engine
        self._expect, self._rate = expect, rate
        self._pieces: list[Pcm] = []
        self._samples = self._decoded = 0
        self._words = ""

    def feed(self, pcm: Pcm) -> str | None:
        """Take the next samples; return the words so far if they have changed, else None."""
        engine = self._open()
        self._pieces.append(pcm)
        self._samples += len(pcm)
        fresh = (self._samples - self._decoded) * 1000 >= EVERY_MS * self._rate
        if not fresh or self._samples > LONGEST_S * self._rate:
            return None
        self._decoded = self._samples
        words = engine.transcribe(self._whole(), self._rate, FREELY).text
        if words == self._words:
            return None
        self._words = words
        return words

    def finish(self) -> Transcript:
        """Return the best reading of all that was fed."""
        return self._open().transcribe(self._whole(), self._rate, self._expect)

    def close(self) -> None:
        """Forget the audio."""
        self._engine = None
        self._pieces.clear()

    def _open(self) -> Whole:
        if self._engine is None:
            raise Unavailable("this utterance is closed")
        return self._engine

    def _whole(self) -> Pcm:
        self._pieces = [np.concatenate(self._pieces)] if self._pieces else [np.zeros(0, dtype=np.int16)]
        return self._pieces[0]
