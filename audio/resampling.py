"""Audio at another rate, band-limited (soxr, "HQ"): whole, or as it comes in."""

from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from audio.samples import Pcm

QUALITY = "HQ"


def resample(pcm: Pcm, source: int, target: int) -> Pcm:
    """Return audio at another rate in Hz."""
    if source == target or not len(pcm):
        return pcm
    return _rounded(soxr.resample(pcm.astype(np.float32), source, target, QUALITY))


class Resampler:
    """A stream at another rate. However it is cut, the pieces make up what `resample` makes of the whole.

    What comes out lags behind what went in; `finish` gives the rest.
    """

    def __init__(self, source: int, target: int) -> None:
        self._stream: Any = None
        if source != target:
            self._stream = soxr.ResampleStream(source, target, 1, dtype="float32", quality=QUALITY)

    def feed(self, pcm: Pcm) -> Pcm:
        """Return what these samples complete."""
        if self._stream is None or not len(pcm):
            return pcm
        return _rounded(self._stream.resample_chunk(pcm.astype(np.float32)))

    def finish(self) -> Pcm:
        """Return what is still inside; then the resampler is ready for another stream."""
        if self._stream is None:
            return np.zeros(0, dtype=np.int16)
        rest = _rounded(self._stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True))
        self._stream.clear()
        return rest


def _rounded(floats: NDArray[np.float32]) -> Pcm:
    pcm: Pcm = np.clip(np.round(floats), -32768, 32767).astype(np.int16)
    return pcm
