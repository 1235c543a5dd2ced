"""Hibari: the embedded English voice (24 kHz, one onnxruntime thread)."""

import re
import threading
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np

from audio.models import HIBARI, locate
from audio.pcm import Pcm
from audio.tts.manner import Manner, VoiceInfo
from ivr.errors import NotFound
from ivr.ports import EngineInfo

if TYPE_CHECKING:
    from hibari import Hibari

RATE = 24_000
VOICE = "heart"
_LETTER_A = re.compile(r"(?<=\b[A-Z\d] )A\b|(?<=\b[A-Z\d], )A\b|\bA(?=,? [A-Z\d]\b)")
"""A among spelt letters and figures, which is no article."""


class HibariVoice:
    """The engine, loaded when it is first needed.

    Reading is guarded by a lock (a millisecond); what takes long, synthesis, is not.
    """

    info: EngineInfo

    def __init__(self, manner: Manner | None = None, *, speed: float = 1.0) -> None:
        manner = manner or Manner(speed=speed)
        if manner.voice not in ("", VOICE):
            raise NotFound(f"hibari has no voice '{manner.voice}'; it has {VOICE}")
        locate(HIBARI)
        self.info = VoiceInfo(
            "hibari",
            "en",
            "Apache-2.0",
            RATE,
            metadata.version("hibari-tts"),
            VOICE,
            manner.speed,
            manner.volume_db,
        )
        self._speed = manner.speed
        self._lock = threading.Lock()
        self._loaded: Hibari | None = None

    def warm_up(self) -> None:
        """Speak one sentence into nothing; the first one costs a quarter of a second."""
        for _ in self.speak("Ready, 1 2 3."):
            pass

    def close(self) -> None:
        """Nothing runs on its own."""

    def speak(self, text: str) -> Iterator[Pcm]:
        """Yield one piece of audio a sentence; the same text always gives the same audio."""
        with self._lock:
            voice = self._voice()
            sentences = voice.phonemize(_LETTER_A.sub("[A](/ˈA/)", text))
        for sentence in sentences:
            floats = voice.from_phonemes(sentence, speed=self._speed, seed=0)
            if len(floats):
                yield (np.clip(floats, -1, 1) * 32767).astype(np.int16)

    def _voice(self) -> "Hibari":
        if self._loaded is None:
            from hibari import Hibari

            self._loaded = Hibari(threads=1)
        return self._loaded
