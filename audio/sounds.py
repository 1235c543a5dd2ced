"""Sounds that are made, not recorded: hold music and the phone's tones. 8 kHz, deterministic."""

from functools import lru_cache

import numpy as np

from audio.pcm import RATE, Pcm

CHORDS = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (261.6, 329.6, 392.0), (196.0, 246.9, 293.7))
CHORD_S = 4.0


@lru_cache(maxsize=1)
def hold_music() -> Pcm:
    """Return 16 s of slow, quiet chords that loop without a seam."""
    return np.concatenate([_chord(notes) for notes in CHORDS])


def _chord(notes: tuple[float, ...]) -> Pcm:
    t = np.arange(int(RATE * CHORD_S)) / RATE
    wave = np.zeros_like(t)
    for place, note in enumerate(notes):
        begin = place * 0.6
        since = np.clip(t - begin, 0, None)
        swell = np.minimum(since / 0.4, 1) * np.exp(-since / 1.6)
        wave += np.sin(2 * np.pi * note * t) * swell
    fade = np.minimum(1, (CHORD_S - t) / 0.3)
    return (wave * fade * 2600).astype(np.int16)


def tone(hertz: float, milliseconds: int, level: float = 0.2) -> Pcm:
    """Return a plain tone, for the beep before a recording and for tests."""
    t = np.arange(RATE * milliseconds // 1000) / RATE
    return (np.sin(2 * np.pi * hertz * t) * 32767 * level).astype(np.int16)
