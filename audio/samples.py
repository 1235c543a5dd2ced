"""Samples of a telephone line: their type, levels, silence, frames. It knows no codec and no file.

All PCM is mono int16. One frame is 20 ms: 160 samples, 160 mu-law bytes, at 8 kHz.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""Mono linear PCM, 16 bit; the rate stands beside it."""
RATE = 8000
FRAME = 160
FRAME_MS = 20
SILENCE = b"\xff" * FRAME
"""One frame of mu-law silence."""


def dbfs(pcm: Pcm) -> float:
    """Return the level of the parts with sound, in dB relative to full scale (RMS)."""
    if not len(pcm):
        return -96.0
    floats = pcm.astype(np.float64)
    loud = floats[np.abs(floats) > 0.02 * max(1.0, float(np.abs(floats).max()))]
    rms = float(np.sqrt(np.mean(loud * loud))) if len(loud) else 0.0
    return 20 * float(np.log10(max(rms, 0.5) / 32768))


def levelled(pcm: Pcm, target_dbfs: float = -20.0) -> Pcm:
    """Return audio at a level, without clipping, faded 5 ms at both ends."""
    if not len(pcm):
        return pcm
    gain = 10 ** ((target_dbfs - dbfs(pcm)) / 20)
    peak = float(np.abs(pcm.astype(np.int32)).max()) or 1.0
    floats = pcm.astype(np.float32) * min(gain, 32000 / peak)
    ramp = min(RATE * 5 // 1000, len(floats) // 2)
    if ramp:
        floats[:ramp] *= np.linspace(0, 1, ramp, dtype=np.float32)
        floats[-ramp:] *= np.linspace(1, 0, ramp, dtype=np.float32)
    return floats.astype(np.int16)


def trimmed(pcm: Pcm, rate: int, lead_ms: int = 20, tail_ms: int = 80) -> Pcm:
    """Return audio with no more than so much silence around it: a caller waits through silence."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 300)
    if not len(loud):
        return pcm
    first, last = int(loud[0]), int(loud[-1])
    return pcm[max(0, first - rate * lead_ms // 1000) : last + 1 + rate * tail_ms // 1000]


def silence(milliseconds: int, rate: int = RATE) -> Pcm:
    """Return silence."""
    return np.zeros(rate * milliseconds // 1000, dtype=np.int16)


def frames(ulaw: bytes) -> Iterator[bytes]:
    """Cut mu-law bytes into frames; the last is filled up with silence."""
    for start in range(0, len(ulaw), FRAME):
        frame = ulaw[start : start + FRAME]
        yield frame + SILENCE[len(frame) :]
