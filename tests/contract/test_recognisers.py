"""Every recogniser keeps the same promises; the embedded one also hears our own voice."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from audio import models
from audio import pcm as audio
from audio.asr.moonshine import Moonshine, read_pieces
from audio.asr.scripted import Scripted
from audio.asr.vosk import Vosk
from audio.recorded import RecordedPrompts
from audio.registry import load_engines, recogniser_name, voice_name
from audio.speech import MOST_WAITING, Speech
from audio.tts.hibari import HibariVoice
from audio.vad import SileroDetector, speech_part
from audio.voice_cache import PromptStore
from ivr.dialog.actions import Expect
from ivr.dialog.spoken import digits_in
from ivr.errors import InvalidInput, NotFound, TooBusy, Unavailable

OPEN = Expect("open")


@pytest.fixture(scope="module")
def moonshine():
    return Moonshine()


@pytest.fixture(scope="module")
def vosk():
    return Vosk(models.locate(models.VOSK_KO), "ko")


@pytest.fixture(scope="module")
def voice():
    return HibariVoice()


@pytest.fixture(params=["moonshine", "vosk", "scripted"])
def recogniser(request):
    if request.param == "scripted":
        return Scripted([])
    return request.getfixturevalue(request.param)


def on_the_line(voice, text):
    """Speech as a telephone brings it: band-limited, mu-law, 8 kHz."""
    whole = np.concatenate(list(voice.speak(text)))
    line = audio.levelled(audio.resample(whole, voice.info.sample_rate, audio.RATE))
    return audio.from_ulaw(audio.to_ulaw(line))


def test_a_recogniser_says_what_it_is(recogniser):
    info = recogniser.info
    assert info.name
    assert info.language
    assert info.licence
    assert info.sample_rate in (8000, 16_000)


@pytest.mark.parametrize("milliseconds", [0, 10, 300, 2000])
def test_silence_gives_a_transcript_with_a_share_for_confidence(recogniser, milliseconds):
    heard = recogniser.transcribe(audio.silence(milliseconds), 8000, OPEN)
    assert 0 <= heard.confidence <= 1
    assert heard.engine == recogniser.info.name


@pytest.mark.parametrize("rate", [8000, 16_000, 24_000])
def test_any_usual_rate_is_taken(recogniser, rate):
    recogniser.warm_up()
    recogniser.transcribe(audio.silence(400, rate), rate, Expect("digits", digits=(6, 6)))


def test_several_threads_share_one_recogniser(recogniser):
    wave = np.random.default_rng(1).integers(-3000, 3000, 8000).astype(np.int16)
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda n: recogniser.transcribe(wave, 8000, OPEN).text, range(8)))
    assert len(set(texts)) == 1


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Where is my order?", "order"),
        ("I want my money back.", "money"),
        ("Yes, please.", "yes"),
        ("Agent.", "agent"),
    ],
)
def test_moonshine_hears_a_sentence_over_the_telephone(moonshine, voice, said, word):
    heard = moonshine.transcribe(on_the_line(voice, said), 8000, OPEN)
    assert word in heard.text.lower()
    assert heard.confidence > 0.6
    assert heard.seconds > 0


@pytest.mark.parametrize("digits", ["100245", "100311", "804771"])
def test_moonshine_hears_an_order_number(moonshine, voice, digits):
    heard = moonshine.transcribe(on_the_line(voice, f"My order number is {' '.join(digits)}."), 8000, OPEN)
    found = digits_in(heard.text, 6, 6)
    assert found is not None
    assert found[0] == digits


def test_the_tokenizer_file_is_read_whole():
    data = (models.locate(models.MOONSHINE) / "tokenizer.bin").read_bytes()
    assert len(read_pieces(data)) == 32_768
    assert read_pieces(b"\x01a\x80\x01" + b"b" * 128) == [b"a", b"b" * 128]


def test_vosk_uses_the_phrases_of_the_node_and_gives_partials(vosk):
    from audio.tts.pyttsx3 import Pyttsx3Voice

    speaker = Pyttsx3Voice("ko")
    try:
        wave = on_the_line(speaker, "주문 확인")
    finally:
        speaker.close()
    phrases = Expect("phrases", ("주문", "환불", "상담원"))
    heard = vosk.transcribe(wave, 8000, phrases)
    assert set(heard.text.split()) <= {"주문", "환불", "상담원"}
    assert isinstance(vosk.partials(wave, 8000, OPEN), list)


def test_vosk_refuses_audio_of_another_kind(vosk):
    with pytest.raises(Unavailable):
        vosk.transcribe(np.zeros(800, dtype=np.float32), 8000, OPEN)  # type: ignore[arg-type]


def test_vosk_without_a_model_says_so(tmp_path):
    with pytest.raises(NotFound):
        Vosk(tmp_path / "none", "en")
    (tmp_path / "empty").mkdir()
    with pytest.raises(Unavailable):
        Vosk(tmp_path / "empty", "en")


def test_noise_and_silence_are_not_speech(voice):
    noise = np.random.default_rng(2).normal(0, 400, 16_000).astype(np.int16)
    assert not len(speech_part(noise, 8000))
    assert not len(speech_part(audio.silence(1000), 8000))
    assert not len(speech_part(audio.silence(0), 8000))
    hello = on_the_line(voice, "Hello there.")
    around = np.concatenate([audio.silence(3000), hello, audio.silence(3000)])
    assert 0.5 * len(hello) < len(speech_part(around, 8000)) < len(hello) + 8 * 700


def test_the_detector_takes_frames_of_any_length():
    wave = np.random.default_rng(3).normal(0, 400, 4096).astype(np.int16)
    whole = SileroDetector().feed(wave)
    detector, pieces = SileroDetector(), []
    for start in range(0, 4096, 160):
        pieces += detector.feed(wave[start : start + 160])
    assert pieces == pytest.approx(whole)
    assert len(whole) == 16


# ---- which engine is used


def test_auto_takes_the_embedded_engine_for_english_and_vosk_where_its_model_is():
    assert recogniser_name("auto", "en", None) == "moonshine"
    assert recogniser_name("auto", "ko", None) == "vosk"
    assert recogniser_name("auto", "zh", None) is None
    assert recogniser_name("en=none,ko=vosk", "en", None) is None
    assert recogniser_name("none", "ko", None) is None
    assert voice_name("auto", "en") == "hibari"
    assert voice_name("en=pyttsx3", "en") == "pyttsx3"
    with pytest.raises(InvalidInput, match="siri"):
        recogniser_name("siri", "en", None)


def test_auto_takes_vosk_for_english_when_a_model_has_been_put_there(tmp_path):
    (tmp_path / "vosk-model-small-en-us-0.15").mkdir()
    assert recogniser_name("auto", "en", tmp_path) == "vosk"


def test_no_engine_at_all_means_keys_only_and_is_said():
    engines = load_engines("none", "none", ("en",), None)
    assert engines.recognisers == {}
    assert any("keys only" in sentence for sentence in engines.missing)


def test_a_damaged_model_is_refused(tmp_path):
    broken = tmp_path / "moonshine-tiny-en"
    broken.mkdir()
    (broken / "tokenizer.bin").write_bytes(b"x")
    assert models.wrong_files(models.MOONSHINE, broken) == (
        "encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin",
    )  # fmt: skip
    for model in (models.MOONSHINE, models.HIBARI, models.SILERO):
        assert models.wrong_files(model, models.find(model)) == ()


# ---- the pool


def test_recognition_fails_at_once_when_too_many_wait(tmp_path):
    gate = threading.Event()
    slow = Scripted([lambda: (gate.wait(10), "x")[1]] * 100)
    speech = Speech({"en": slow}, {}, PromptStore(tmp_path), RecordedPrompts(tmp_path / "recorded"))
    waiting = [speech.transcribe(audio.silence(100), 8000, "en", OPEN) for _ in range(MOST_WAITING)]
    with pytest.raises(TooBusy):
        speech.transcribe(audio.silence(100), 8000, "en", OPEN)
    gate.set()
    assert [future.result(10).text for future in waiting] == ["x"] * MOST_WAITING
    with pytest.raises(Unavailable):
        speech.transcribe(audio.silence(100), 8000, "xx", OPEN)
    speech.close()
