"""Keys heard in the sound of a line (DTMF, ITU-T Q.23), for lines that do not signal them; and their tones.

The limits are those of ITU-T Q.24 for receivers. Every 5 ms a window of 25 ms is looked at: do the
strongest row and column tone (Goertzel's sums, as one matrix product) hold most of its energy? If
so, both are fitted exactly, and what is left over tells a key from a voice. It knows no call and no
clock; the same samples give the same keys, however they are cut.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio.samples import RATE, Pcm, silence

ROWS = (697, 770, 852, 941)
COLUMNS = (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"
"""Row by row."""

WINDOW, HOP, HOPS = 200, 40, 4
STEP = HOP * HOPS
"""Samples that are worked on together: always as many, so that no cutting changes a rounding."""
HELD = WINDOW - HOP
"""Samples that are kept for the windows of the next step."""

FULL_SCALE_DBM0 = 3.17
"""A sine of full scale on a mu-law line (ITU-T G.711)."""
WEAKEST_DBM0 = -37.0
"""Each tone; -30 must be heard."""
TOLERANCE = 0.025
"""1.5 % off must be heard, 3.5 % off must not."""
LEAST_TWIST_DB, MOST_TWIST_DB = -10.0, 6.0
"""Column against row; -8 to +4 must be heard."""
MOST_LEFT_OVER = 0.16
"""Energy that is no tone, as a share: a signal-to-noise ratio of 15 dB (0.03) must be heard."""
MOST_HARMONIC = 0.02
"""Power of a tone's second harmonic against both tones': voices have it, keys do not."""
SHARE = 0.4
"""Energy in the two tones at which a closer look is worth it, and at which a key is still held."""
LEAST_HITS = 5
"""Windows in a row that make a key: a tone of 40 ms gives as many at any place, one of 23 ms does not."""
MOST_MISSES = 6
"""Windows without it that end a key: 40 ms of pause give as many, a gap of 10 ms does not."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Tables:
    """Goertzel's sums as matrices over the samples of a step; the window and its derivative."""

    sums: NDArray[np.float32]
    energies: NDArray[np.float32]
    window: Floats
    slope: Floats
    time: Floats


def _tables() -> _Tables:
    phase = 2 * np.pi * (np.arange(WINDOW) + 0.5) / WINDOW
    window, slope = 0.5 - 0.5 * np.cos(phase), np.pi / WINDOW * np.sin(phase)
    time = np.arange(WINDOW) / RATE
    tones = np.exp(-2j * np.pi * np.outer(time, ROWS + COLUMNS)) * window[:, np.newaxis]
    sums = np.zeros((HELD + STEP, 2, HOPS, 8))
    energies = np.zeros((HELD + STEP, HOPS))
    for hop in range(HOPS):
        at = slice(hop * HOP, hop * HOP + WINDOW)
        sums[at, 0, hop], sums[at, 1, hop] = tones.real, tones.imag
        energies[at, hop] = window**2
    scale = np.sqrt(2 * np.sum(window**2)) / np.sum(window)  # a tone's sum squared is then its energy
    flat = (sums * scale).reshape(HELD + STEP, -1)
    return _Tables(flat.astype(np.float32), energies.astype(np.float32), window, slope, time)


_T = _tables()
_FULL = 32_768.0 / 10 ** (FULL_SCALE_DBM0 / 20)
"""Amplitude of a sine at 0 dBm0."""
WEAKEST = _FULL * 10 ** (WEAKEST_DBM0 / 20)
QUIET = float(np.sum(_T.window**2)) * WEAKEST**2 / 2
"""Energy of a window below which no key is looked for."""


class DtmfDetector:
    """One line's ear for keys. Feed it the line's samples at 8 kHz."""

    def __init__(self) -> None:
        self._line = np.zeros(HELD + STEP, dtype=np.float32)
        self._filled = 0
        self._held, self._misses = "", 0
        self._coming, self._hits = "", 0

    @property
    def sounding(self) -> bool:
        """Whether a key is held down now: such sound is no speech."""
        return bool(self._held)

    def feed(self, pcm: Pcm) -> list[str]:
        """Return the keys that became certain with these samples, each once, some 40 ms into its tone."""
        keys: list[str] = []
        at = 0
        while at < len(pcm):
            taken = min(STEP - self._filled, len(pcm) - at)
            begin = HELD + self._filled
            self._line[begin : begin + taken] = pcm[at : at + taken]
            self._filled += taken
            at += taken
            if self._filled == STEP:
                keys += self._step()
                self._line[:HELD] = self._line[STEP:].copy()
                self._filled = 0
        return keys

    def _step(self) -> list[str]:
        line = self._line
        energies = np.square(line) @ _T.energies
        if not self._held and float(energies.max()) < QUIET:
            self._coming, self._hits = "", 0
            return []
        parts = np.square(line @ _T.sums).reshape(2, HOPS, 8)
        powers = parts[0] + parts[1]
        rows, columns = powers[:, :4], powers[:, 4:]
        likely = rows.max(axis=1) + columns.max(axis=1) > np.maximum(SHARE * energies, QUIET)
        if not self._held and not likely.any():
            self._coming, self._hits = "", 0
            return []
        keys = []
        best = rows.argmax(axis=1) * 4 + columns.argmax(axis=1)
        for hop in range(HOPS):
            key = KEYS[int(best[hop])] if likely[hop] else ""
            if self._note(key, line[hop * HOP : hop * HOP + WINDOW]):
                keys.append(key)
        return keys

    def _note(self, key: str, samples: NDArray[np.float32]) -> bool:
        """Take in which key a window may hold; return whether that makes a key.

        A key that is held, or coming, goes on while its tones are the strongest; a new one begins
        only with a window that holds nothing else.
        """
        if self._held:
            self._misses = 0 if key == self._held else self._misses + 1
            if self._misses == MOST_MISSES:
                self._held = ""
        sure = key not in ("", self._held) and _is_key(samples, key)
        if not sure and (not key or key != self._coming):
            self._coming, self._hits = "", 0
            return False
        if key != self._coming:
            self._coming, self._hits = key, 0
        self._hits += sure
        if self._hits < LEAST_HITS:
            return False
        self._held, self._misses = key, 0
        self._coming, self._hits = "", 0
        return True


def _is_key(samples: NDArray[np.float32], key: str) -> bool:
    """Return whether a window holds the two tones of a key and nothing else."""
    row, column = divmod(KEYS.index(key), 4)
    wanted = np.array([ROWS[row], COLUMNS[column]], dtype=np.float64)
    shaped = samples * _T.window
    found = _frequencies(samples, shaped, wanted)
    if (np.abs(found / wanted - 1) > TOLERANCE).any():
        return False
    return _alone(shaped, found)


def _frequencies(samples: NDArray[np.float32], shaped: Floats, near: Floats) -> Floats:
    """Return the exact frequencies (Hz) of the tones near these, by the slope of their phase."""
    turn = np.exp(-2j * np.pi * np.outer(near, _T.time))
    sums, slopes = turn @ shaped, turn @ (samples * _T.slope)
    exact: Floats = near - np.imag(slopes / np.where(sums == 0, 1, sums)) * RATE / (2 * np.pi)
    return exact


def _alone(shaped: Floats, frequencies: Floats) -> bool:
    """Fit the two tones; return whether level, twist, rest and harmonics are those of a key."""
    angle = 2 * np.pi * np.outer(frequencies, _T.time)
    waves = np.vstack([np.cos(angle), np.sin(angle), np.ones(WINDOW)]) * _T.window
    weights = np.linalg.solve(waves @ waves.T, waves @ shaped)
    rest = shaped - weights @ waves
    low, high = (float(weights[n] ** 2 + weights[n + 2] ** 2) for n in (0, 1))
    if min(low, high) < WEAKEST**2:
        return False
    if not LEAST_TWIST_DB <= 10 * np.log10(high / low) <= MOST_TWIST_DB:
        return False
    offset: Any = shaped - weights[4] * _T.window
    if float(rest @ rest) > MOST_LEFT_OVER * float(offset @ offset):
        return False
    doubled = np.exp(2j * angle) @ (rest * _T.window)
    harmonics = np.square(np.abs(doubled) * 2 / np.sum(np.square(_T.window)))
    return bool(harmonics.max() <= MOST_HARMONIC * (low + high))


# ---- tones


def key_tone(
    key: str, milliseconds: int, *, dbm0: float = -10.0, twist_db: float = 0.0, off: float = 0.0
) -> Pcm:
    """Return the tones of a key, the stronger one at `dbm0`, both `off` their frequencies (0.01 = 1 %)."""
    row, column = divmod(KEYS.index(key), 4)
    time = np.arange(RATE * milliseconds // 1000) / RATE
    low, high = (_FULL * 10 ** ((dbm0 + min(0.0, db)) / 20) for db in (-twist_db, twist_db))
    wave = low * np.sin(2 * np.pi * ROWS[row] * (1 + off) * time)
    wave += high * np.sin(2 * np.pi * COLUMNS[column] * (1 + off) * time)
    pcm: Pcm = np.clip(np.rint(wave), -32768, 32767).astype(np.int16)
    return pcm


def tones(keys: str, on_ms: int = 100, off_ms: int = 100, **shape: float) -> Pcm:
    """Return keys as a telephone sounds them, silence around each; `shape` as in `key_tone`."""
    quiet = silence(off_ms)
    pieces = [quiet]
    for key in keys:
        pieces += [key_tone(key, on_ms, **shape), quiet]
    return np.concatenate(pieces)
