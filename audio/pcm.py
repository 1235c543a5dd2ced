"""Telephone audio under one name: samples, codecs, resampling, WAV. Each has a module of its own."""

from audio.codec import from_alaw, from_ulaw, to_alaw, to_ulaw
from audio.resampling import Resampler, resample
from audio.samples import (
    FRAME,
    FRAME_MS,
    RATE,
    SILENCE,
    Pcm,
    dbfs,
    frames,
    levelled,
    silence,
    trimmed,
)
from audio.wav import read_wav, read_wav_file, to_wav

__all__ = [
    "FRAME",
    "FRAME_MS",
    "RATE",
    "SILENCE",
    "Pcm",
    "Resampler",
    "dbfs",
    "frames",
    "from_alaw",
    "from_ulaw",
    "levelled",
    "read_wav",
    "read_wav_file",
    "resample",
    "silence",
    "to_alaw",
    "to_ulaw",
    "to_wav",
    "trimmed",
]
