"""How loud a caller is against the noise of the line. Pure: windows of samples in, levels out.

A voice activity detector takes the talk of other people for speech, and rightly; but they are
farther from the telephone than the caller. What does not stand out from the running level of the
line is not the caller.
"""

import math
from collections import deque

import numpy as np

from audio.pcm import Pcm

QUIETEST_DB = -55.0
"""Level (dBFS, root mean square of 32 ms) below which nobody speaks into a telephone."""
LOUDEST_FLOOR_DB = -30.0
"""What is louder than this is not held against a caller, however long it lasts."""
MEMORY = 64
"""Windows of 32 ms that make the running level of a line: two seconds."""


def level_db(window: Pcm) -> float:
    """Return the level of a window in dBFS."""
    power = float(np.mean(np.square(window, dtype=np.float32))) if len(window) else 0.0
    return 10 * math.log10(power / 32768**2 + 1e-10)


class LevelGate:
    """Follows the running level of one line (the median of two seconds), and tells what stands out."""

    def __init__(self) -> None:
        self._levels: deque[float] = deque(maxlen=MEMORY)

    def feed(self, level: float, *, caller: bool) -> None:
        """Take a window's level; what the `caller` says in a turn is no part of the line's noise."""
        if not caller:
            self._levels.append(level)

    @property
    def floor_db(self) -> float:
        """Return the running level of the line, within reason."""
        if not self._levels:
            return QUIETEST_DB
        middle = sorted(self._levels)[len(self._levels) // 2]
        return min(max(middle, QUIETEST_DB), LOUDEST_FLOOR_DB)

    def stands_out(self, level: float, by_db: float) -> bool:
        """Return whether a level is above that of the line by so much, and loud enough to be meant for us."""
        return level >= max(QUIETEST_DB, self.floor_db + by_db)
