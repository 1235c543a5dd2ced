"""Hibari: the embedded English voice (24 kHz, one onnxruntime thread)."""

import threading
from collections.abc import Iterator

import numpy as np

from audio.models import HIBARI, locate
from audio.pcm import Pcm
from ivr.ports import EngineInfo

RATE = 24_000


class HibariVoice:
    """The engine. It is guarded by a lock: a sentence takes some 15 ms."""

    info = EngineInfo("hibari", "en", "Apache-2.0", RATE)

    def __init__(self, speed: float = 1.0) -> None:
        locate(HIBARI)
        from hibari import Hibari

        self._voice = Hibari(threads=1)
        self._speed = speed
        self._lock = threading.Lock()

    def warm_up(self) -> None:
        """Speak one sentence into nothing; the first one costs a quarter of a second."""
        for _ in self.speak("Ready, 1 2 3."):
            pass

    def close(self) -> None:
        """Nothing runs on its own."""

    def speak(self, text: str) -> Iterator[Pcm]:
        """Yield one piece of audio a sentence; the same text always gives the same audio."""
        for sentence in self._voice.split_sentences(text):
            with self._lock:
                floats = self._voice(sentence, speed=self._speed, seed=0)
            if len(floats):
                yield (np.clip(floats, -1, 1) * 32767).astype(np.int16)
