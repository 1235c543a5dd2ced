"""Whether what a line brings is the echo of what we have sent. Pure; time in milliseconds.

What we play is known, so an echo can be recognised: it is the played signal again, later and
quieter, through the telephone's band. A caller who speaks at the same time is not explained by it.
Measured by the largest normalised cross-correlation over the delays of telephone echoes.
"""

from collections import deque

import numpy as np

from audio.pcm import FRAME_MS, RATE, Pcm, from_ulaw

LONGEST_DELAY_MS = 400
"""An echo comes back within the round trip of the line."""
SPAN_MS = 160
"""So much of the line is compared: enough for a clear peak, short enough for the barge-in."""
EXPLAINED = 0.7
"""Correlation from which the line holds our own signal and little else."""
KEPT_MS = LONGEST_DELAY_MS + SPAN_MS + 200


class EchoDetector:
    """Remembers what the caller has been hearing, and compares."""

    def __init__(self) -> None:
        self._played: deque[tuple[float, bytes]] = deque(maxlen=KEPT_MS // FRAME_MS + 20)
        self._near: deque[Pcm] = deque(maxlen=SPAN_MS // 32)

    def played(self, ulaw: bytes, heard_at: float) -> None:
        """Note a frame of ours and when the caller hears it."""
        self._played.append((heard_at, ulaw))

    def line(self, window: Pcm) -> None:
        """Note a window that the line brought."""
        self._near.append(window)

    def is_echo(self, now: float) -> bool:
        """Return whether the last windows of the line are our own signal coming back."""
        near = np.concatenate(self._near).astype(np.float32) if self._near else np.zeros(0, np.float32)
        far = self._far(now)
        if len(near) * 1000 < SPAN_MS * RATE * 0.9 or len(far) <= len(near):
            return False
        return correlation(near, far) >= EXPLAINED

    def _far(self, now: float) -> np.ndarray:
        frames = [ulaw for at, ulaw in self._played if now - KEPT_MS <= at <= now]
        return from_ulaw(b"".join(frames)).astype(np.float32) if frames else np.zeros(0, np.float32)


def correlation(near: np.ndarray, far: np.ndarray) -> float:
    """Return the largest normalised cross-correlation of `near` with any stretch of `far` (0.0 to 1.0)."""
    near = near - near.mean()
    far = far - far.mean()
    energy = float(np.dot(near, near))
    if energy < 1.0:
        return 0.0
    size = 1 << int(np.ceil(np.log2(len(near) + len(far))))
    product = np.fft.irfft(np.fft.rfft(far, size) * np.conj(np.fft.rfft(near, size)), size)
    lags = len(far) - len(near) + 1
    sums = np.concatenate([[0.0], np.cumsum(np.square(far, dtype=np.float64))])
    windows = sums[len(near) :] - sums[: len(sums) - len(near)]
    norms = np.sqrt(np.maximum(windows[:lags], 1.0) * energy)
    return float(np.max(np.abs(product[:lags]) / norms))
