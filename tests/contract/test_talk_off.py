"""Nobody presses a key by talking: voices of all pitches on a telephone line, and keys under voices."""

import re
from contextlib import suppress
from pydoc_data.topics import topics

import numpy as np
import pytest

from audio import noise
from audio import pcm as audio
from audio.dtmf import KEYS, DtmfDetector, key_tone, tones
from audio.tts.hibari import HibariVoice
from audio.tts.pyttsx3 import Pyttsx3Voice
from ivr.errors import Unavailable

WORDS = " ".join(re.sub(r"[^A-Za-z ,']+", " ", text) for text in topics.values()).split()
PITCHES = (0.7, 0.85, 1.0, 1.2, 1.45)
"""One voice played slower and faster stands in for bigger and smaller speakers."""
WORDS_A_SENTENCE = 14


def spoken(voice, minutes, begin=0):
    """So many minutes of a voice reading, at 8 kHz."""
    pieces, length = [], 0
    for at in range(begin, len(WORDS), WORDS_A_SENTENCE):
        with suppress(Unavailable):  # a voice may fail at a sentence; the next one will do
            for piece in voice.speak(" ".join(WORDS[at : at + WORDS_A_SENTENCE]) + "."):
                pieces.append(audio.resample(piece, voice.info.sample_rate, audio.RATE))
                length += len(pieces[-1])
        if length >= minutes * 60 * audio.RATE:
            break
    return audio.levelled(np.concatenate(pieces))


@pytest.fixture(scope="module")
def hibari():
    return spoken(HibariVoice(), 2)


@pytest.fixture(scope="module")
def espeak():
    voice = Pyttsx3Voice("en")
    try:
        return spoken(voice, 2, begin=3000)
    finally:
        voice.close()


def keys_in_talk(speech):
    """Return the keys that are heard in speech at all pitches, and the minutes of it."""
    found, minutes = "", 0.0
    for pitch in PITCHES:
        line = audio.resample(speech, round(8000 * pitch), 8000)
        line = audio.from_ulaw(audio.to_ulaw(audio.levelled(line, -15)))
        detector = DtmfDetector()
        for at in range(0, len(line), 160):
            found += "".join(detector.feed(line[at : at + 160]))
        minutes += len(line) / 8000 / 60
    return found, minutes


@pytest.mark.parametrize("voice", ["hibari", "espeak"])
def test_talk_is_no_key(voice, request):
    found, minutes = keys_in_talk(request.getfixturevalue(voice))
    print(f"{voice}: {len(found)} keys in {minutes:.0f} minutes of talk")  # noqa: T201
    assert minutes > 9
    assert found == ""


def test_many_people_at_once_are_no_key(hibari, espeak):
    crowd = noise.babble([hibari, espeak, hibari[::-1], audio.resample(espeak, 8000, 7000)], 60_000, -15, 1)
    assert DtmfDetector().feed(crowd) == []


@pytest.mark.parametrize("talking", ["hibari", "espeak"])
def test_keys_are_heard_while_somebody_talks(talking, request):
    """The prompt that a key interrupts comes back as an echo; speech 15 dB below the tones must not matter."""
    line = tones(KEYS * 4, 100, 100)
    speech = request.getfixturevalue(talking)[: len(line)]
    gain = 10 ** ((noise.rms_dbfs(key_tone("5", 1000)) - 15 - noise.active_dbfs(speech)) / 20)
    both = np.clip(line + speech * gain, -32768, 32767).astype(np.int16)
    assert "".join(DtmfDetector().feed(both)) == KEYS * 4


@pytest.mark.slow
def test_hours_of_talk_are_no_key():
    found, minutes = keys_in_talk(spoken(HibariVoice(), 40))
    print(f"{len(found)} keys in {minutes:.0f} minutes of talk")  # noqa: T201
    assert minutes > 180
    assert found == ""
