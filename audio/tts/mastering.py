"""What a voice's audio goes through before the telephone: band, silence, level, ends. Pure.

The level is that of the parts with speech, measured as in ITU-T P.56 (method B): the signal's energy
over the time in which its envelope is above a threshold 15.9 dB below that very level, pauses up to
200 ms included. Every prompt is brought to -20 dBFS, so that none is louder than another.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from audio.pcm import RATE, Pcm, resample

LEVEL_DBFS = -20.0
BAND_HZ = (300, 3400)
"""What a telephone line carries."""
FADE_MS = 5
LEAD_MS, TAIL_MS = 20, 80
"""Silence that is left around speech; a caller waits through any more."""
QUIET_DB = 40.0
"""So far below the level of speech there is only silence."""
SOFT_PEAK = 0.7
"""Beyond it (-3 dBFS) peaks are rounded off rather than cut."""

_FRAME_MS = 5
_ENVELOPE_MS = 30
_HANGOVER_MS = 200
_MARGIN_DB = 15.9
_SPAN_DB = 50
_NOTHING_DBFS = -96.0

Floats = NDArray[np.floating]


def mastered(pcm: Pcm, source: int, *, rate: int = RATE, volume_db: float = 0.0) -> Pcm:
    """Return speech ready to be played: band-limited, without silence around it, levelled, faded."""
    line = resample(pcm, source, rate)
    if not len(line):
        return line
    floats = banded(line.astype(np.float32) / 32768, rate)
    level = active_level(floats, rate)
    if level <= _NOTHING_DBFS:
        return np.zeros(0, dtype=np.int16)
    speech = trimmed(floats, rate, level)
    if len(speech) < 4 * rate * FADE_MS // 1000:  # a click, no speech
        return np.zeros(0, dtype=np.int16)
    gain = 10 ** ((LEVEL_DBFS + volume_db - active_level(speech, rate)) / 20)
    return (faded(_rounded_off(speech * np.float32(gain)), rate) * 32767).astype(np.int16)


def banded(floats: Floats, rate: int) -> Floats:
    """Return a signal without what a telephone line does not carry."""
    taps = _band(rate)
    return np.convolve(floats, taps)[len(taps) // 2 :][: len(floats)].astype(np.float32)


@lru_cache(maxsize=8)
def _band(rate: int) -> Floats:
    """Return a linear-phase band pass: 16 ms of a Kaiser window (50 dB) around the ideal filter."""
    half = rate * 8 // 1000
    at = np.arange(-half, half + 1)
    low, high = (2 * min(edge, rate / 2) / rate for edge in BAND_HZ)
    ideal = high * np.sinc(high * at) - low * np.sinc(low * at)
    taps: Floats = (ideal * np.kaiser(len(at), 4.5)).astype(np.float32)
    return taps


def dbfs(pcm: Pcm, rate: int = RATE) -> float:
    """Return the active speech level of samples in dB relative to full scale."""
    return active_level(pcm.astype(np.float32) / 32768, rate)


def active_level(floats: Floats, rate: int) -> float:
    """Return the active speech level in dB relative to full scale; -96 where there is nothing."""
    envelope = _envelope(np.abs(floats), rate)
    energy = float(np.sum(floats.astype(np.float64) ** 2)) / (rate * _FRAME_MS / 1000)
    if not len(envelope) or energy <= 0 or envelope.max() < 1e-4:
        return _NOTHING_DBFS
    peak = 20 * np.log10(envelope.max())
    thresholds = peak - np.arange(0, _SPAN_DB + 1, 1.0)
    levels = np.array([10 * np.log10(energy / _active(envelope, 10 ** (at / 20))) for at in thresholds])
    margins = levels - thresholds
    below = np.flatnonzero(margins < _MARGIN_DB)  # from quiet thresholds upwards, the first to come too near
    at = int(below[-1]) if len(below) else 0
    if at == len(levels) - 1 or not len(below):
        return float(levels[at])
    share = (_MARGIN_DB - margins[at]) / (margins[at + 1] - margins[at])
    return float(levels[at] + share * (levels[at + 1] - levels[at]))


def _envelope(loud: Floats, rate: int) -> Floats:
    """Return the signal's envelope, a value a frame: two exponential means of 30 ms one after the other."""
    size = rate * _FRAME_MS // 1000
    frames = np.add.reduceat(loud, np.arange(0, len(loud), size)) / size if len(loud) else loud
    keep = float(np.exp(-_FRAME_MS / _ENVELOPE_MS))
    first = second = 0.0
    out = np.empty(len(frames), dtype=np.float32)
    for at, value in enumerate(frames.tolist()):
        first = keep * first + (1 - keep) * value
        second = keep * second + (1 - keep) * first
        out[at] = second
    return out


def _active(envelope: Floats, threshold: float) -> int:
    """Return in how many frames there is speech: above the threshold now, or up to 200 ms ago."""
    at = np.arange(len(envelope))
    last = np.maximum.accumulate(np.where(envelope >= threshold, at, -(10**9)))
    return max(1, int(np.count_nonzero(at - last <= _HANGOVER_MS // _FRAME_MS)))


def trimmed(floats: Floats, rate: int, level_dbfs: float) -> Floats:
    """Return a signal with no more than a little silence at its ends."""
    loud = np.flatnonzero(np.abs(floats) > 10 ** ((level_dbfs - QUIET_DB) / 20) * np.sqrt(2))
    if not len(loud):
        return floats
    first, last = int(loud[0]), int(loud[-1])
    return floats[max(0, first - rate * LEAD_MS // 1000) : last + 1 + rate * TAIL_MS // 1000]


def _rounded_off(floats: Floats) -> Floats:
    over = np.abs(floats) - SOFT_PEAK
    soft = SOFT_PEAK + (1 - SOFT_PEAK) * np.tanh(over / (1 - SOFT_PEAK))
    return np.where(over > 0, np.sign(floats) * soft, floats).astype(np.float32)


def faded(floats: Floats, rate: int) -> Floats:
    """Return a signal that begins and ends in silence, so that it joins others without a click."""
    ramp = min(rate * FADE_MS // 1000, len(floats) // 2)
    if not ramp:
        return floats
    out = floats.copy()
    rise = (1 - np.cos(np.linspace(0, np.pi, ramp))) / 2
    out[:ramp] *= rise
    out[-ramp:] *= rise[::-1]
    return out
