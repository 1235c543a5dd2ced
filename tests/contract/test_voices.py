"""Every voice keeps the same promises; pyttsx3 lives in a process that may be killed."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import numpy as np
import pytest

from audio import pcm as audio
from audio.asr.moonshine import Moonshine
from audio.recorded import RecordedPrompts
from audio.speech import Speech
from audio.tts.hibari import HibariVoice
from audio.tts.pyttsx3 import Pyttsx3Voice
from audio.voice_cache import PromptStore
from ivr.dialog.actions import Expect
from ivr.dialog.flow import prompts_of
from ivr.dialog.prompts import is_fixed
from ivr.dialog.spoken import UNITS, words
from ivr.errors import Unavailable
from tests.conftest import demo_flow


@pytest.fixture(scope="module")
def hibari():
    return HibariVoice()


@pytest.fixture(scope="module")
def pyttsx3_voice():
    voice = Pyttsx3Voice()
    yield voice
    voice.close()


@pytest.fixture(params=["hibari", "pyttsx3_voice"])
def voice(request):
    return request.getfixturevalue(request.param)


def whole(voice, text):
    return np.concatenate(list(voice.speak(text)))


def test_a_voice_speaks_for_about_as_long_as_people_would(voice):
    seconds = (
        len(whole(voice, "Your order has been shipped. It should arrive on Wednesday."))
        / voice.info.sample_rate
    )
    assert 2 < seconds < 8


def test_a_voice_is_loud_enough_and_not_clipped(voice):
    line = audio.levelled(audio.resample(whole(voice, "Welcome."), voice.info.sample_rate, 8000))
    assert abs(audio.dbfs(line) + 20) < 1
    assert np.abs(line.astype(int)).max() < 32_700


def test_two_at_once_both_get_their_audio(voice):
    with ThreadPoolExecutor(4) as pool:
        lengths = list(pool.map(lambda n: len(whole(voice, "One moment, please.")), range(4)))
    assert min(lengths) > 4000


HANGING = [sys.executable, "-c", "import sys, time\nfor line in sys.stdin: time.sleep(60)"]
DYING = [sys.executable, "-c", "import sys\nsys.stdin.readline()"]
LYING = [sys.executable, "-c", "import sys\nfor line in sys.stdin: print('ok', flush=True)"]


@pytest.mark.parametrize("worker", [HANGING, DYING, LYING], ids=["hangs", "dies", "writes no file"])
def test_a_pyttsx3_that_fails_is_killed_and_said_to_be_unavailable(worker, monkeypatch):
    monkeypatch.setattr("audio.tts.pyttsx3.BASE_TIMEOUT_S", 0.2)
    monkeypatch.setattr("audio.tts.pyttsx3.START_TIMEOUT_S", 0.2)
    voice = Pyttsx3Voice(worker=worker)
    for _ in range(2):
        with pytest.raises(Unavailable):
            list(voice.speak("Hello."))
        assert voice._process is None
    voice.close()


def test_a_killed_worker_is_started_again(pyttsx3_voice):
    whole(pyttsx3_voice, "Hello.")
    pyttsx3_voice._process.kill()
    pyttsx3_voice._process.wait()
    assert len(whole(pyttsx3_voice, "Hello again.")) > 4000


def test_espeak_is_never_loaded_into_our_own_process(pyttsx3_voice):
    from pathlib import Path

    whole(pyttsx3_voice, "Hello.")
    assert "espeak" not in Path("/proc/self/maps").read_text()


# ---- speaking through the store


def spoken(speech, text):
    pieces: SimpleQueue[bytes | None] = SimpleQueue()
    speech.speak(text, "en", pieces.put)
    return b"".join(iter(lambda: pieces.get(timeout=10), None))


def test_a_prompt_is_spoken_once_and_read_from_the_store_afterwards(hibari, tmp_path):
    speech = Speech({}, {"en": hibari}, PromptStore(tmp_path), RecordedPrompts(tmp_path / "recorded"))
    first = spoken(speech, "How can I help? One moment.")
    assert len(first) > 8000
    assert spoken(speech, "How can I help? One moment.") == first
    assert speech.stored(speech.key("How can I help? One moment.", "en")) == first
    assert speech.render("How can I help? One moment.", "en").result(5) == first
    speech.close()


class Broken:
    info = HibariVoice.info

    def speak(self, text):
        yield audio.silence(100, 24_000)
        raise Unavailable("broken")

    def close(self):
        pass


def test_a_voice_that_breaks_in_the_middle_ends_the_prompt_and_is_not_stored(tmp_path):
    speech = Speech({}, {"en": Broken()}, PromptStore(tmp_path), RecordedPrompts(tmp_path / "recorded"))
    spoken(speech, "Hello.")
    assert speech.stored(speech.key("Hello.", "en")) is None
    assert spoken(speech, "") is not None
    speech.close()


def test_without_a_voice_the_prompt_is_over_at_once(tmp_path):
    speech = Speech({}, {}, PromptStore(tmp_path), RecordedPrompts(tmp_path / "recorded"))
    assert spoken(speech, "Hello.") == b""
    speech.close()


def test_every_fixed_prompt_of_the_demo_hotline_is_understood_on_the_telephone(hibari):
    """Round trip: a prompt that a recogniser cannot read back is probably mispronounced."""
    recogniser, wrong = Moonshine(), []
    texts = {text for node in demo_flow().nodes.values() for _, text in prompts_of(node) if is_fixed(text)}
    for text in sorted(texts):
        line = audio.levelled(audio.resample(whole(hibari, text), 24_000, 8000))
        heard = recogniser.transcribe(audio.from_ulaw(audio.to_ulaw(line)), 8000, Expect("open")).text
        wanted, got = plain(text), plain(heard)
        missing = [word for word in wanted if word not in got]
        if len(missing) > max(1, len(wanted) // 8):
            wrong.append((text, heard))
    assert wrong == []


def plain(text):
    return [UNITS.get(word, word) for word in words(text.replace("-", ""))]


def test_the_worker_thread_count_stays_bounded(hibari, tmp_path):
    speech = Speech({}, {"en": hibari}, PromptStore(tmp_path), RecordedPrompts(tmp_path / "recorded"))
    for number in range(12):
        speech.render(f"Number {number}.", "en").result(10)
    assert sum(thread.name.startswith("tts") for thread in threading.enumerate()) <= 2 + 2
    speech.close()
