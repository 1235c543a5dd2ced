"""How a process speaks: manners by language, mastering, segments from the store, spare voices. No engine."""

import threading
from queue import SimpleQueue

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import pcm as audio
from audio.recorded import RecordedPrompts
from audio.recorded import key_of as recorded_key
from audio.speech import Speech
from audio.tts import mastering, speaking
from audio.tts.manner import Manner, VoiceInfo, manner_of
from audio.tts.speaking import LONG_TEXT, spoken, timed
from audio.voice_cache import PromptStore
from ivr.errors import InvalidInput, Unavailable

# ---- manners


@pytest.mark.parametrize(
    ("speed", "language", "wanted"),
    [("", "en", 1.0), ("1.2", "en", 1.2), ("en=1.0,zh=0.9", "zh", 0.9), ("1.2, zh = 0.9", "en", 1.2), ("zh=0.9", "en", 1.0)],
)  # fmt: skip
def test_a_setting_holds_for_all_languages_or_for_each(speed, language, wanted):
    assert manner_of(language, "", speed, "").speed == wanted


def test_voice_speed_and_volume_make_a_manner():
    assert manner_of("zh", "zh=zf_xiaobei", "0.9", "en=0,zh=-2") == Manner("zf_xiaobei", 0.9, -2.0)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"speed": "fast"}, "IVR_VOICE_SPEED"),
        ({"speed": "zh=9"}, "IVR_VOICE_SPEED"),
        ({"speed": "en="}, "IVR_VOICE_SPEED"),
        ({"speed": "nan"}, "IVR_VOICE_SPEED"),
        ({"volume_db": "loud"}, "IVR_VOICE_VOLUME_DB"),
        ({"volume_db": "40"}, "IVR_VOICE_VOLUME_DB"),
        ({"voice": "zh="}, "IVR_VOICE"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(given, name):
    with pytest.raises(InvalidInput, match=f"^{name}: .*write for example"):
        manner_of("en", **given)


# ---- mastering


def tone(seconds, loud=0.3, hertz=1000, rate=8000):
    at = np.arange(round(seconds * rate))
    return (np.sin(2 * np.pi * hertz * at / rate) * loud * 32767).astype(np.int16)


def syllables(loud=0.3, rate=24_000):
    """Bursts and pauses, as speech has them, with silence around."""
    quiet = np.zeros(rate // 8, dtype=np.int16)
    bursts = [tone(0.2, loud, hertz, rate) for hertz in (400, 900, 2000, 700)]
    return np.concatenate([quiet, quiet, *[part for burst in bursts for part in (burst, quiet)], quiet])


@pytest.mark.parametrize("loud", [0.003, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("rate", [8000, 22_050, 24_000])
def test_speech_of_any_loudness_comes_out_at_the_same_level(loud, rate):
    line = mastering.mastered(syllables(loud, rate), rate)
    assert mastering.dbfs(line) == pytest.approx(-20, abs=1)


def test_a_volume_is_added_to_the_level():
    line = mastering.mastered(syllables(), 24_000, volume_db=-6)
    assert mastering.dbfs(line) == pytest.approx(-26, abs=1)


def test_the_level_is_that_of_speech_whatever_the_pauses():
    speech = tone(1.0).astype(np.float32) / 32767
    long_pause = np.concatenate([speech, np.zeros(40_000, np.float32), speech])
    assert mastering.active_level(long_pause, 8000) == pytest.approx(
        mastering.active_level(speech, 8000), abs=1
    )


def test_the_level_of_a_steady_sound_is_its_power():
    noise = np.random.default_rng(1).normal(0, 0.05, 80_000).astype(np.float32)
    assert mastering.active_level(noise, 8000) == pytest.approx(20 * np.log10(0.05), abs=0.2)


@pytest.mark.parametrize(
    ("hertz", "least", "most"), [(60, -90, -35), (1000, -1, 1), (3000, -1, 1), (3900, -90, -35)]
)
def test_only_what_a_telephone_carries_is_left(hertz, least, most):
    wave = tone(1.0, 0.3, hertz).astype(np.float32) / 32767
    passed = mastering.banded(wave, 8000)[800:-800]
    gain = 20 * np.log10(np.sqrt(np.mean(passed**2)) / np.sqrt(np.mean(wave**2)) + 1e-9)
    assert least <= gain <= most


def test_silence_at_both_ends_is_cut_to_a_little():
    line = mastering.mastered(syllables(), 24_000)
    loud = np.flatnonzero(np.abs(line.astype(int)) > 300)
    assert loud[0] <= 8 * 40
    assert len(line) - loud[-1] <= 8 * 100


def test_silence_and_nothing_are_nothing():
    assert len(mastering.mastered(np.zeros(0, np.int16), 24_000)) == 0
    assert len(mastering.mastered(np.zeros(24_000, np.int16), 24_000)) == 0


@given(st.binary(max_size=4000), st.sampled_from([8000, 16_000, 22_050, 24_000]))
def test_no_samples_break_the_mastering(data, rate):
    samples = np.frombuffer(data[: len(data) // 2 * 2], dtype=np.int16)
    line = mastering.mastered(samples, rate)
    assert line.dtype == np.int16
    if len(line):
        assert abs(int(line[0])) <= 1
        assert abs(int(line[-1])) <= 1


# ---- speaking


class Fake:
    """A voice of tones that notes what it was asked; `breaks` makes it fail from a sentence on."""

    def __init__(self, language="en", name="fake", slow=False):
        self.info = VoiceInfo(name, language, "x", 8000, slow=slow)
        self.said = []
        self.breaks = False
        self.gate = None

    def warm_up(self):
        pass

    def close(self):
        pass

    def speak(self, text):
        if self.gate is not None:
            self.gate.wait(10)
        if self.breaks:
            raise Unavailable("broken")
        self.said.append(text)
        yield tone(0.05 * len(text) ** 0.5)


@pytest.fixture
def house(tmp_path):
    built = []

    def make(voices, spares=None):
        store = PromptStore(tmp_path / "prompts")
        speech = Speech({}, voices, store, RecordedPrompts(tmp_path / "recorded"), spares)
        built.append(speech)
        return speech

    yield make
    for speech in built:
        speech.close()


def heard(speech, text, language="en"):
    """The pieces of a text in order, as a caller gets them."""
    pieces: SimpleQueue[bytes | None] = SimpleQueue()
    speech.speak(text, language, pieces.put)
    return list(iter(lambda: pieces.get(timeout=10), None))


def test_a_sentence_that_was_spoken_in_another_text_is_not_spoken_again(house):
    voice = Fake()
    speech = house({"en": voice})
    heard(speech, "Order 100245 was sent. Is there anything else?")
    heard(speech, "Order 100246 was sent. Is there anything else?")
    assert voice.said.count("Is there anything else?") == 1


def test_the_first_sentence_is_heard_while_the_second_is_in_the_making(house):
    voice = Fake()
    speech, pieces, gate = house({"en": voice}), SimpleQueue(), threading.Event()
    heard(speech, "Hello there.")
    voice.gate = gate
    speech.speak("Hello there. This is new.", "en", pieces.put)
    assert pieces.get_nowait()
    assert pieces.empty()
    gate.set()
    assert pieces.get(timeout=10)
    assert pieces.get(timeout=10) is None


def test_what_is_stored_is_given_at_once_on_the_callers_thread(house):
    speech, pieces = house({"en": Fake()}), SimpleQueue()
    heard(speech, "One. Two. Three.")
    speech.speak("One. Two. Three.", "en", pieces.put)
    assert [pieces.get_nowait() is None for _ in range(4)] == [False, False, False, True]


def test_the_pieces_of_a_text_make_up_its_whole(house):
    speech = house({"en": Fake()})
    pieces = heard(speech, "One, two. And three.")
    assert speech.render("One, two. And three.", "en").result(10) == b"".join(pieces)
    assert speech.stored(speech.key("One, two. And three.", "en")) == b"".join(pieces)


def test_there_is_no_click_where_pieces_join(house):
    speech = house({"en": Fake(), "zh": Fake("zh")})
    pieces = heard(speech, "First, this. Then 你好 that. And the last one.")
    assert len(pieces) == 5
    whole = audio.from_ulaw(b"".join(pieces)).astype(int)
    at = 0
    for piece in pieces[:-1]:
        at += len(piece)
        assert np.abs(np.diff(whole[at - 4 : at + 4])).max() <= 64


def test_another_process_finds_what_was_spoken(house):
    first, second = Fake(), Fake()
    heard(house({"en": first}), "Hello there.")
    heard(house({"en": second}), "Hello there.")
    assert second.said == []


def test_a_recording_replaces_the_voice(house, tmp_path):
    voice = Fake()
    file = tmp_path / "recorded" / "en" / f"{recorded_key('Hello.', 'en')}.wav"
    file.parent.mkdir(parents=True)
    file.write_bytes(audio.to_wav(tone(1.0)))
    speech = house({"en": voice})
    assert len(heard(speech, "Hello.")[0]) > 7000
    speech.speaking.prepare("Hello.", "en")
    assert voice.said == []
    assert speech.speaking.keys("Hello.", "en") == ()


@pytest.mark.parametrize("text", ["", " ", "?!…", "😀", "\x00\x07", "\ud800", "--- ***", "\u200b"], ids=ascii)
def test_where_there_is_nothing_to_say_the_prompt_is_over_at_once(house, text):
    voice = Fake()
    speech = house({"en": voice})
    assert heard(speech, text) == []
    assert speech.render(text, "en").result(5) == b""
    assert speech.key(text, "en")
    assert voice.said == []


def test_without_a_voice_of_the_language_the_prompt_is_over_at_once(house):
    speech = house({"en": Fake()})
    assert heard(speech, "Bonjour.", "fr") == []
    assert not speech.speaks("fr")


def test_a_very_long_text_is_spoken_in_pieces_by_a_worker(house):
    voice = Fake()
    pieces = heard(house({"en": voice}), "This goes on and on. " * (10_000 // 21))
    assert voice.said == ["This goes on and on."]
    assert len(pieces) > LONG_TEXT // 21


def test_a_house_that_closes_ends_every_prompt(house):
    speech = house({"en": Fake()})
    speech.close()
    assert heard(speech, "Hello.") == []


# ---- failing voices


def test_the_spare_voice_speaks_where_the_first_one_fails(house):
    first, spare = Fake(), Fake(name="spare")
    speech = house({"en": first}, {"en": spare})
    first.breaks = True
    assert heard(speech, "Hello there.")
    assert spare.said == ["Hello there."]
    assert speech.stored(speech.key("Hello there.", "en")) is None
    first.breaks = False
    assert heard(speech, "Hello there.")
    assert first.said == ["Hello there."]


def test_a_spare_voice_s_audio_is_not_kept_as_the_first_one_s(house):
    first, spare = Fake(), Fake(name="spare")
    speech = house({"en": first}, {"en": spare})
    first.breaks = True
    assert speech.render("Hello there. And more.", "en").result(10)
    assert speech.stored(speech.key("Hello there. And more.", "en")) is None


def test_a_voice_that_fails_without_a_spare_ends_the_prompt(house):
    voice = Fake()
    speech = house({"en": voice})
    heard(speech, "Hello there.")
    voice.breaks = True
    assert len(heard(speech, "Hello there. This breaks. Never said.")) == 1
    with pytest.raises(Unavailable):
        speech.render("This breaks.", "en").result(10)


def test_ahead_of_time_only_the_language_s_own_voice_counts(house):
    first, spare = Fake(), Fake(name="spare")
    speech = house({"en": first}, {"en": spare})
    first.breaks = True
    with pytest.raises(Unavailable):
        speech.speaking.prepare("Hello there.", "en")
    assert spare.said == []


def test_a_slow_voice_speaks_ahead_of_time_and_the_spare_one_what_is_not_ready(house):
    slow, spare = Fake(slow=True), Fake(name="spare")
    speech = house({"en": slow}, {"en": spare})
    speech.speaking.prepare("Anything else?", "en")
    heard(speech, "Your order is A B. Anything else?")
    assert slow.said == ["Anything else?"]
    assert spare.said == ["Your order is A B."]


def test_a_slow_voice_without_a_spare_speaks_live_texts_too(house):
    slow = Fake(slow=True)
    assert heard(house({"en": slow}), "Your order is A B.")
    assert slow.said == ["Your order is A B."]


def test_ahead_of_time_gives_way_to_live_texts(house, monkeypatch):
    monkeypatch.setattr(speaking, "LIVE_WAIT_S", 5.0)
    voice = Fake()
    speech, gate, order = house({"en": voice}), threading.Event(), []
    voice.gate = gate
    live = speech.render("A live text.", "en")
    live.add_done_callback(lambda done: order.append("live"))
    while speech.speaking._live == 0:
        threading.Event().wait(0.001)
    ahead = threading.Thread(
        target=lambda: (speech.speaking.prepare("Ahead of time.", "en"), order.append("ahead"))
    )
    ahead.start()
    threading.Event().wait(0.05)
    gate.set()
    ahead.join(10)
    assert order == ["live", "ahead"]


# ---- without a store


def test_a_text_is_spoken_without_a_store_as_callers_would_hear_it(house):
    voices = {"en": Fake()}
    whole = b"".join(audio.to_ulaw(piece) for piece in spoken(voices, "One. Two.", "en"))
    assert whole == b"".join(heard(house(voices), "One. Two."))


def test_the_time_to_the_first_audio_is_told(house):
    told = timed({"en": Fake()}, "One. Two.", "en")
    assert told.segments == 2
    assert 0 < told.first_ms < told.whole_ms
    assert told.audio_s > 0.2
    assert timed({"en": Fake()}, "", "en").segments == 0
