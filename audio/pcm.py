"""Telephone audio: mu-law (ITU-T G.711), resampling, levels, silence, WAV. Pure array functions.

All PCM is mono int16. One frame is 20 ms: 160 samples, 160 mu-law bytes, at 8 kHz.
"""

import io
import wave
from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from ivr.errors import InvalidInput

Pcm = NDArray[np.int16]
"""Mono linear PCM, 16 bit; the rate stands beside it."""
RATE = 8000
FRAME = 160
FRAME_MS = 20
SILENCE = b"\xff" * FRAME
"""One frame of mu-law silence."""


def _decode_table() -> Pcm:
    codes = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent = (codes >> 4) & 7
    magnitude = (((codes & 0x0F) << 3) + 0x84 << exponent) - 0x84
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.int16)


def _encode_table() -> NDArray[np.uint8]:
    samples = np.arange(-32768, 32768, dtype=np.int32)
    sign = np.where(samples < 0, 0x80, 0)
    biased = np.minimum(np.abs(samples), 32635) + 0x84
    exponent = np.floor(np.log2(biased)).astype(np.int32) - 7
    mantissa = (biased >> (exponent + 3)) & 0x0F
    codes: NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return codes


_DECODE = _decode_table()
_ENCODE = _encode_table()


def from_ulaw(data: bytes) -> Pcm:
    """Return the samples of mu-law bytes."""
    return _DECODE[np.frombuffer(data, dtype=np.uint8)]


def to_ulaw(pcm: Pcm) -> bytes:
    """Return samples as mu-law bytes."""
    return _ENCODE[pcm.astype(np.int32) + 32768].tobytes()


def resample(pcm: Pcm, source: int, target: int) -> Pcm:
    """Return audio at another rate in Hz, band-limited (soxr HQ)."""
    if source == target or not len(pcm):
        return pcm
    floats = soxr.resample(pcm.astype(np.float32), source, target, "HQ")
    pcm16: Pcm = np.clip(np.round(floats), -32768, 32767).astype(np.int16)
    return pcm16


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


def read_wav(data: bytes) -> tuple[Pcm, int]:
    """Return the samples of a WAV file as mono, and its rate in Hz. Raise InvalidInput."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        return _read_ulaw_wav(data, error)
    if width != 2:
        raise InvalidInput(f"the WAV file has {width * 8}-bit samples; 16-bit is read")
    pcm = np.frombuffer(raw[: len(raw) // (2 * channels) * 2 * channels], dtype="<i2")
    if channels > 1:
        pcm = pcm.reshape(-1, channels).mean(axis=1).astype(np.int16)
    return pcm.astype(np.int16), rate


def _read_ulaw_wav(data: bytes, error: Exception) -> tuple[Pcm, int]:
    """Read a WAV with mu-law samples (format 7), which the standard library does not know."""
    at = data.find(b"fmt ")
    start = data.find(b"data")
    if data[:4] != b"RIFF" or at < 0 or start < 0 or data[at + 8 : at + 10] != b"\x07\x00":
        raise InvalidInput(f"this is not a WAV file: {error}") from error
    rate = int.from_bytes(data[at + 12 : at + 16], "little")
    size = int.from_bytes(data[start + 4 : start + 8], "little")
    return from_ulaw(data[start + 8 : start + 8 + size]), rate


def to_wav(pcm: Pcm, rate: int = RATE) -> bytes:
    """Return a WAV file with 16-bit samples."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.astype("<i2").tobytes())
    return buffer.getvalue()
