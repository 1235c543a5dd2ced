"""Noise for tests and benchmarks: white, pink, hum, clicks, voices; and speech in it at a known ratio.

All at 8 kHz, levels in dB relative to full scale (RMS over everything), the same for the same seed.
It knows no engine: babble is made of voices that it is given.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audio.samples import FRAME, RATE, Pcm, silence

Floats = NDArray[np.float64]
ACTIVE_DB = 30.0
"""A frame of 20 ms so much below the loudest one is a pause, not speech."""
HUM_PARTS = ((1, 1.0), (2, 0.4), (3, 0.6), (5, 0.3), (7, 0.15))
"""Harmonics of the mains, and how strong each is."""
COMFORT_DBFS = -62.0
"""As loud as lines are kept, to show that they are not dead."""
BAND_HZ = (300, 3400)
"""What a telephone lets through."""
CLICK_MS = 2


def white(milliseconds: int, dbfs: float = -30.0, seed: int = 0) -> Pcm:
    """Return noise of the same power at every frequency."""
    return at_level(_normal(milliseconds, seed), dbfs)


def pink(milliseconds: int, dbfs: float = -30.0, seed: int = 0) -> Pcm:
    """Return noise of the same power in every octave, as rooms have it."""
    hertz = _frequencies(milliseconds)
    return at_level(_weighted(_normal(milliseconds, seed), 1 / np.sqrt(np.maximum(hertz, 20.0))), dbfs)


def comfort(milliseconds: int, dbfs: float = COMFORT_DBFS, seed: int = 0) -> Pcm:
    """Return the faint noise of an open line."""
    hertz = _frequencies(milliseconds)
    inside = (hertz >= BAND_HZ[0]) & (hertz <= BAND_HZ[1])
    return at_level(_weighted(_normal(milliseconds, seed), inside.astype(np.float64)), dbfs)


def hum(milliseconds: int, dbfs: float = -30.0, hertz: float = 50.0) -> Pcm:
    """Return the hum of the mains."""
    time = np.arange(RATE * milliseconds // 1000) / RATE
    parts = [strength * np.sin(2 * np.pi * hertz * n * time + n) for n, strength in HUM_PARTS]
    return at_level(np.sum(parts, axis=0), dbfs)


def clicks(milliseconds: int, peak_dbfs: float = -12.0, per_s: float = 4.0, seed: int = 0) -> Pcm:
    """Return silence with clicks at irregular times, each a dying burst of 2 ms."""
    dice = np.random.default_rng(seed)
    length = RATE * milliseconds // 1000
    wave = np.zeros(length + RATE * CLICK_MS // 1000)
    shape = np.exp(-np.arange(RATE * CLICK_MS // 1000) / 4.0) * 32_767 * 10 ** (peak_dbfs / 20)
    for at in dice.integers(0, max(1, length), dice.poisson(per_s * milliseconds / 1000)):
        wave[at : at + len(shape)] += shape * dice.choice((-1, 1))
    return _clipped(wave[:length])


def babble(voices: Sequence[Pcm], milliseconds: int, dbfs: float = -30.0, seed: int = 0) -> Pcm:
    """Return people talking at once: each voice equally loud, from some place of its own, over and over."""
    dice = np.random.default_rng(seed)
    length = RATE * milliseconds // 1000
    wave = np.zeros(length)
    for voice in voices:
        begin = int(dice.integers(0, len(voice)))
        wave += _looped(voice, length, begin) * 10 ** (-active_dbfs(voice) / 20)
    return at_level(wave, dbfs)


# ---- levels


def rms_dbfs(wave: Floats | Pcm) -> float:
    """Return the level over everything, in dB relative to full scale."""
    floats = wave.astype(np.float64)
    power = float(np.mean(floats * floats)) if len(floats) else 0.0
    return 10 * float(np.log10(max(power, 1e-3))) - 20 * float(np.log10(32_768))


def active_dbfs(speech: Pcm) -> float:
    """Return the level of speech without its pauses: over frames at most 30 dB below the loudest one.

    In the manner of ITU-T P.56, and simpler.
    """
    count = -(-len(speech) // FRAME)
    padded = np.zeros(count * FRAME)
    padded[: len(speech)] = speech
    powers = np.mean(padded.reshape(-1, FRAME) ** 2, axis=1)
    active = powers[powers > powers.max(initial=0.0) * 10 ** (-ACTIVE_DB / 10)]
    mean = float(active.mean()) if len(active) else 1e-3
    return 10 * float(np.log10(mean)) - 20 * float(np.log10(32_768))


def at_level(wave: Floats | Pcm, dbfs: float) -> Pcm:
    """Return a sound at a level over everything; peaks beyond full scale are cut."""
    if not np.any(wave):
        return np.zeros(len(wave), dtype=np.int16)
    floats = wave.astype(np.float64)
    return _clipped(floats * 10 ** (dbfs / 20) * 32_768 / np.sqrt(np.mean(floats * floats)))


def mixed(speech: Pcm, noise: Pcm, snr_db: float) -> Pcm:
    """Return speech in noise, as long as the speech; noise that is shorter is repeated.

    The ratio is that of the active level of the speech (`active_dbfs`) to the level over everything
    of the noise used, both unweighted over 0 to 4 kHz. The speech keeps its level, unless the sum would
    go beyond full scale: then both are turned down together.
    """
    bed = _looped(noise, len(speech)) if len(noise) else np.zeros(len(speech))
    gain = 10 ** ((active_dbfs(speech) - snr_db - rms_dbfs(bed)) / 20)
    wave = speech + bed * gain
    peak = float(np.abs(wave).max(initial=0.0))
    return _clipped(wave * min(1.0, 32_767 / peak) if peak else wave)


def around(speech: Pcm, before_ms: int, behind_ms: int) -> Pcm:
    """Return a sound with silence around it."""
    return np.concatenate([silence(before_ms), speech, silence(behind_ms)])


def _normal(milliseconds: int, seed: int) -> Floats:
    return np.random.default_rng(seed).standard_normal(RATE * milliseconds // 1000)


def _frequencies(milliseconds: int) -> Floats:
    length = RATE * milliseconds // 1000
    hertz: Floats = np.fft.rfftfreq(max(length, 1), 1 / RATE).astype(np.float64)
    return hertz


def _weighted(wave: Floats, weights: Floats) -> Floats:
    if not len(wave):
        return wave
    return np.fft.irfft(np.fft.rfft(wave) * weights, len(wave))


def _looped(sound: Pcm, length: int, begin: int = 0) -> Floats:
    return np.take(sound, np.arange(begin, begin + length), mode="wrap").astype(np.float64)


def _clipped(wave: Floats) -> Pcm:
    pcm: Pcm = np.clip(np.rint(wave), -32_768, 32_767).astype(np.int16)
    return pcm
