"""Every recogniser keeps the same promises; the embedded one also hears our own voice."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from audio import models
from audio import pcm as audio
from audio.asr.moonshine import LONGEST_S, Moonshine
from audio.asr.partials import EVERY_MS, Redecoded
from audio.asr.scripted import Scripted
from audio.asr.vosk import Vosk, VoskHearing
from audio.asr.wordlists import word_list
from audio.recorded import RecordedPrompts
from audio.registry import load_engines, recogniser_name, voice_name
from audio.speech import MOST_WAITING, Speech
from audio.tts.hibari import HibariVoice
from audio.vad import SileroDetector, speech_part
from audio.voice_cache import PromptStore
from ivr.dialog.actions import Expect
from ivr.dialog.flow import Confidence
from ivr.dialog.spoken import digit_spans, digits_in
from ivr.errors import InvalidInput, NotFound, TooBusy, Unavailable
from ivr.ports import Transcript

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


# ---- what is expected


@pytest.mark.parametrize(
    ("said", "expect", "heard"),
    [
        ("My order number is one zero zero, two four five.", Expect("digits", (), (6, 6)), "100245"),
        ("Four five, double two.", Expect("digits", (), (1, 20)), "4522"),
        ("Four zero zero two.", Expect("digits", (), (4, 8), "luhn"), "4002"),
    ],
)
def test_moonshine_hears_numbers_in_a_grammar(moonshine, voice, said, expect, heard):
    transcript = moonshine.transcribe(on_the_line(voice, said), 8000, expect)
    assert digit_spans(transcript.text, *expect.digits, check=expect.check)[0].value == heard
    assert transcript.readings[0] == transcript.text


MENU = Expect("phrases", ("where is my order", "refund", "opening hours", "agent"))


@pytest.mark.parametrize(
    ("said", "expect", "word"),
    [
        ("Refund.", MENU, "refund"),
        ("Where is my order, please?", MENU, "order"),
        ("Agent!", Expect("digits", ("agent",), (6, 6)), "agent"),
        ("Yes, that's right.", Expect("yes_no", ("agent",)), "yes"),
        ("No, thank you.", Expect("yes_no", ("agent",)), "no"),
        ("The third of May.", Expect("date"), "may"),
        ("Twenty five dollars.", Expect("amount"), "dollars"),
        ("Where is my order?", Expect("open", ("where is my order",)), "order"),
    ],
)
def test_moonshine_hears_what_fits(moonshine, voice, said, expect, word):
    transcript = moonshine.transcribe(on_the_line(voice, said), 8000, expect)
    assert word in transcript.text.lower() or (word == "dollars" and "$25" in transcript.text)
    assert transcript.confidence >= 0.75


@pytest.mark.parametrize("expect", [MENU, Expect("yes_no"), Expect("digits", (), (6, 6))])
def test_moonshine_does_not_force_other_words_into_a_grammar(moonshine, voice, expect):
    line = on_the_line(voice, "I left the green umbrella in the train this morning.")
    heard = moonshine.transcribe(line, 8000, expect)
    assert "umbrella" in heard.text
    assert not digits_in(heard.text, 6, 6)


def test_a_broken_off_number_is_not_taken_for_a_whole_one(moonshine, voice):
    line = on_the_line(voice, "Seven zero nine.")
    heard = moonshine.transcribe(line, 8000, Expect("digits", (), (6, 6)))
    assert heard.confidence < 0.75 or digits_in(heard.text, 6, 6) is None


@pytest.mark.parametrize("expect", [OPEN, MENU, Expect("yes_no"), Expect("digits", (), (1, 20))])
def test_noise_is_not_taken_for_an_answer(moonshine, expect):
    for seed in range(4):
        noise = np.random.default_rng(seed).normal(0, 800, 12_000).astype(np.int16)
        assert moonshine.transcribe(noise, 8000, expect).confidence < Confidence().take


def test_the_same_sound_gives_the_same_result(moonshine, voice):
    line = on_the_line(voice, "My number is four four one nine.")
    for expect in (OPEN, Expect("digits", (), (4, 4))):
        one, other = (moonshine.transcribe(line, 8000, expect) for _ in range(2))
        assert (one.text, one.confidence, one.readings) == (other.text, other.confidence, other.readings)


def test_digital_silence_is_nothing_heard(moonshine):
    for expect in (OPEN, MENU):
        heard = moonshine.transcribe(audio.silence(3000), 8000, expect)
        assert (heard.text, heard.confidence, heard.readings) == ("", 0.0, ())


def test_a_long_recording_is_taken_down_in_parts(moonshine, voice):
    sentence = on_the_line(voice, "I have been waiting for the delivery of a lamp since Monday.")
    whole = np.concatenate([sentence, audio.silence(400)] * 8)
    assert len(whole) > 1.5 * LONGEST_S * 8000
    heard = moonshine.transcribe(whole, 8000, Expect("text"))
    assert heard.text.lower().count("lamp") >= 7
    assert 0.3 < heard.confidence <= 1


@pytest.mark.parametrize("wave", [np.zeros(800, dtype=np.float32), np.zeros((2, 800), dtype=np.int16)])
def test_samples_of_another_form_are_refused(moonshine, vosk, wave):
    for engine in (moonshine, vosk):
        with pytest.raises(Unavailable):
            engine.transcribe(wave, 8000, OPEN)


def test_a_network_that_cannot_be_loaded_is_said(tmp_path):
    (tmp_path / "encoder_model.ort").write_bytes(b"nothing of use")
    with pytest.raises(Unavailable):
        Moonshine(tmp_path)


def test_a_network_that_breaks_is_unavailable(voice):
    broken = Moonshine()
    broken._network.decoder = None
    with pytest.raises(Unavailable):
        broken.transcribe(on_the_line(voice, "Hello."), 8000, OPEN)


# ---- while somebody speaks


@pytest.mark.parametrize("rate", [8000, 16_000])
@pytest.mark.parametrize("chunk", [160, 333, 4000, 100_000])
def test_the_end_does_not_depend_on_the_pieces(recogniser, voice, chunk, rate):
    if recogniser.info.name == "scripted":
        pytest.skip("it has no ear")
    line = audio.resample(on_the_line(voice, "Where is my order?"), 8000, rate)
    expect = Expect("phrases", ("주문", "환불")) if recogniser.info.language == "ko" else MENU
    hearing = recogniser.listen(expect, rate)
    for start in range(0, len(line), chunk):
        hearing.feed(line[start : start + chunk])
    heard, whole = hearing.finish(), recogniser.transcribe(line, rate, expect)
    hearing.close()
    assert (heard.text, heard.confidence, heard.readings) == (whole.text, whole.confidence, whole.readings)


def test_moonshine_tells_the_words_so_far(moonshine, voice):
    line = on_the_line(voice, "I would like to know where my order is at the moment, please.")
    hearing = moonshine.listen(OPEN, 8000)
    partials = [
        words for start in range(0, len(line), 160) if (words := hearing.feed(line[start : start + 160]))
    ]
    assert 2 <= len(partials) <= len(line) / 8 / EVERY_MS + 1
    assert "order" in partials[-1]
    assert "order" in hearing.finish().text


def test_nothing_more_is_fed_to_a_closed_utterance(recogniser):
    hearing = recogniser.listen(OPEN, 8000)
    hearing.feed(audio.silence(100))
    hearing.close()
    hearing.close()
    with pytest.raises(Unavailable):
        hearing.feed(audio.silence(500))


def test_an_utterance_without_sound_is_nothing_heard(recogniser):
    assert recogniser.listen(OPEN, 8000).finish().text == ""


def test_an_engine_that_fails_in_the_middle_is_unavailable():
    hearing = Redecoded(Scripted(["so far", None]), OPEN, 8000)
    assert hearing.feed(audio.silence(EVERY_MS)) == "so far"
    with pytest.raises(Unavailable):
        hearing.feed(audio.silence(EVERY_MS))


# ---- Vosk


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
    hearing = vosk.listen(OPEN, 8000)
    partials = [
        words for start in range(0, len(wave), 160) if (words := hearing.feed(wave[start : start + 160]))
    ]
    assert len(partials) < 40
    hearing.close()


def test_vosk_hears_numbers_and_answers_freely_in_a_language_without_words_for_them(vosk):
    assert word_list(Expect("digits", (), (6, 6)), "ko") is None
    assert {"zero", "double", "agent"} <= set(word_list(Expect("digits", ("Agent",), (6, 6)), "en"))
    assert {"是", "不是"} <= set(word_list(Expect("yes_no"), "zh-CN"))
    assert word_list(OPEN, "en") is None
    vosk.transcribe(audio.silence(500), 8000, Expect("digits", (), (6, 6)))


def test_unknown_words_make_vosk_less_sure():
    hearing = VoskHearing(None, 8000, "vosk")
    hearing._keep({"result": [{"word": "order", "conf": 1.0}, {"word": "[unk]", "conf": 0.9}]})
    assert hearing._transcript() == Transcript("order", 0.5, 0.0, "vosk", ("order",))
    only_unknown = VoskHearing(None, 8000, "vosk")
    only_unknown._keep({"result": [{"word": "[unk]", "conf": 0.9}]})
    assert only_unknown._transcript() == Transcript("", 0.0, 0.0, "vosk", ())


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
    waiting = []
    with pytest.raises(TooBusy):
        waiting.extend(  # a generator: what was accepted before stays in the list
            speech.transcribe(audio.silence(100), 8000, "en", OPEN) for _ in range(MOST_WAITING + 9)
        )
    assert MOST_WAITING <= len(waiting) < MOST_WAITING + 9
    gate.set()
    assert {future.result(10).text for future in waiting} == {"x"}
    with pytest.raises(Unavailable):
        speech.transcribe(audio.silence(100), 8000, "xx", OPEN)
    speech.close()
