"""How lines write sound: mu-law and A-law (ITU-T G.711) and linear PCM (L16), at 8 and 16 kHz.

Pure functions over tables; no `audioop`, which Python 3.13 no longer has. G.711 leaves open which code a
sample exactly on a decision value of the negative side gets; we take the one of the ITU's own
software (G.191: one's complement), for both laws.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.samples import Pcm
from ivr.errors import InvalidInput

Codes = NDArray[np.uint8]
EVERY_CODE = np.arange(256, dtype=np.int32)
EVERY_SAMPLE = np.arange(-32768, 32768, dtype=np.int32)
ULAW_BIAS = 33
ULAW_TOP = 0x1FFF
"""In units of the 14 bits that mu-law is defined over; a sample has two more."""


def _ulaw_samples() -> Pcm:
    codes = ~EVERY_CODE & 0xFF
    segment = (codes >> 4) & 7
    magnitude = ((((codes & 0x0F) << 1) + ULAW_BIAS) << segment) - ULAW_BIAS
    return np.where(codes & 0x80, -4 * magnitude, 4 * magnitude).astype(np.int16)


def _ulaw_codes() -> Codes:
    biased = np.minimum((_magnitude() >> 2) + ULAW_BIAS, ULAW_TOP)
    segment = _bits(biased) - 6
    code = (segment << 4) | ((biased >> (segment + 1)) & 0x0F)
    codes: Codes = (~(code | np.where(EVERY_SAMPLE < 0, 0x80, 0)) & 0xFF).astype(np.uint8)
    return codes


def _alaw_samples() -> Pcm:
    codes = EVERY_CODE ^ 0x55
    segment = (codes >> 4) & 7
    step = (codes & 0x0F) + np.where(segment > 0, 16, 0)
    magnitude = ((step << 4) + 8) << np.maximum(segment - 1, 0)
    pcm: Pcm = np.where(codes & 0x80, magnitude, -magnitude).astype(np.int16)
    return pcm


def _alaw_codes() -> Codes:
    magnitude = _magnitude() >> 4
    segment = np.maximum(_bits(magnitude) - 4, 0)
    code = (segment << 4) | ((magnitude >> np.maximum(segment - 1, 0)) & 0x0F)
    codes: Codes = ((code | np.where(EVERY_SAMPLE < 0, 0, 0x80)) ^ 0x55).astype(np.uint8)
    return codes


def _magnitude() -> NDArray[np.int32]:
    return np.where(EVERY_SAMPLE < 0, ~EVERY_SAMPLE, EVERY_SAMPLE).astype(np.int32)


def _bits(numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return how many bits each number takes (0 for 0)."""
    return np.frexp(numbers)[1].astype(np.int32)


_FROM_ULAW, _TO_ULAW = _ulaw_samples(), _ulaw_codes()
_FROM_ALAW, _TO_ALAW = _alaw_samples(), _alaw_codes()


def from_ulaw(data: bytes) -> Pcm:
    """Return the samples of mu-law bytes."""
    return _FROM_ULAW[np.frombuffer(data, dtype=np.uint8)]


def to_ulaw(pcm: Pcm) -> bytes:
    """Return samples as mu-law bytes."""
    return _TO_ULAW[pcm.astype(np.int32) + 32768].tobytes()


def from_alaw(data: bytes) -> Pcm:
    """Return the samples of A-law bytes."""
    return _FROM_ALAW[np.frombuffer(data, dtype=np.uint8)]


def to_alaw(pcm: Pcm) -> bytes:
    """Return samples as A-law bytes."""
    return _TO_ALAW[pcm.astype(np.int32) + 32768].tobytes()


def from_l16(data: bytes) -> Pcm:
    """Return the samples of big-endian PCM, as RTP sends it (RFC 3551)."""
    return np.frombuffer(data, dtype=">i2").astype(np.int16)


def to_l16(pcm: Pcm) -> bytes:
    """Return samples as big-endian PCM."""
    return pcm.astype(">i2").tobytes()


def from_linear(data: bytes) -> Pcm:
    """Return the samples of little-endian PCM, as media sockets send it."""
    return np.frombuffer(data, dtype="<i2").astype(np.int16)


def to_linear(pcm: Pcm) -> bytes:
    """Return samples as little-endian PCM."""
    return pcm.astype("<i2").tobytes()


@dataclass(frozen=True, slots=True)
class Codec:
    """One way of writing sound, at a rate in Hz."""

    name: str
    rate: int
    width: int
    """Bytes a sample."""
    decode: Callable[[bytes], Pcm]
    encode: Callable[[Pcm], bytes]

    def silence(self, milliseconds: int) -> bytes:
        """Return so much silence."""
        return self.encode(np.zeros(self.rate * milliseconds // 1000, dtype=np.int16))


PCMU = Codec("PCMU", 8000, 1, from_ulaw, to_ulaw)
PCMA = Codec("PCMA", 8000, 1, from_alaw, to_alaw)
L16, L16_WIDE = (Codec("L16", rate, 2, from_l16, to_l16) for rate in (8000, 16_000))
LINEAR, LINEAR_WIDE = (Codec("linear16", rate, 2, from_linear, to_linear) for rate in (8000, 16_000))
CODECS = (PCMU, PCMA, L16, L16_WIDE, LINEAR, LINEAR_WIDE)
ALSO_CALLED: Mapping[str, str] = {
    "ulaw": "pcmu", "mulaw": "pcmu", "x-mulaw": "pcmu", "basic": "pcmu",
    "alaw": "pcma", "x-alaw": "pcma",
    "x-l16": "l16",
    "raw": "linear16", "s16le": "linear16",
}  # fmt: skip


def codec(encoding: str, rate: int) -> Codec:
    """Return the codec that a carrier names (audio/x-mulaw, PCMA, L16 …). Raise InvalidInput for others."""
    name = encoding.lower().removeprefix("audio/")
    name = ALSO_CALLED.get(name, name)
    for one in CODECS:
        if (one.name.lower(), one.rate) == (name, rate):
            return one
    known = ", ".join(f"{one.name}/{one.rate}" for one in CODECS)
    raise InvalidInput(f"the line's audio is {encoding}/{rate}; understood are {known}")


class Decoder:
    """A line being decoded. However its bytes are cut, the samples are the same."""

    def __init__(self, of: Codec) -> None:
        self._codec, self._rest = of, b""

    def feed(self, data: bytes) -> Pcm:
        """Return the samples that are complete now."""
        held = self._rest + data if self._rest else data
        whole = len(held) // self._codec.width * self._codec.width
        self._rest = held[whole:]
        return self._codec.decode(held[:whole])
