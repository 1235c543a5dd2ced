"""`ivr say` and `ivr prompts --render`: the voice of the hotline at a terminal."""

import pytest
from click.testing import CliRunner

from audio import pcm as audio
from audio.tts.mastering import dbfs
from ivr.cli.main import main


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, value in {"IVR_PROMPTS": "prompts", "IVR_MODELS": "models"}.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(main, words)


def spoken(path):
    return audio.read_wav(path.read_bytes())


def test_a_text_is_spoken_into_a_file_as_callers_would_hear_it(run, tmp_path):
    told = run("say", "--timings", "Order SO100245 costs €49.90.", "-o", "a.wav")
    assert told.exit_code == 0
    assert "en: Order S O, 1 0 0, 2 4 5 costs forty nine euros and ninety cents." in told.output
    assert "first sound after" in told.output
    pcm, rate = spoken(tmp_path / "a.wav")
    assert rate == 8000
    assert dbfs(pcm) == pytest.approx(-20, abs=1)
    assert not (tmp_path / "prompts").exists()


def test_speed_volume_and_rate_are_options(run, tmp_path):
    run("say", "Your order has been shipped today.", "-o", "a.wav")
    run(
        "say",
        "Your order has been shipped today.",
        "-o",
        "b.wav",
        "--speed",
        "1.5",
        "--volume",
        "-6",
        "--rate",
        "16000",
    )
    (normal, _), (fast, rate) = spoken(tmp_path / "a.wav"), spoken(tmp_path / "b.wav")
    assert rate == 16_000
    assert len(fast) / 16_000 < 0.85 * len(normal) / 8000
    assert dbfs(fast, 16_000) == pytest.approx(-26, abs=1)


def test_words_of_two_languages_are_spoken_by_two_voices(run):
    told = run("say", "--timings", "--language", "zh", "请说VAT。", "-o", "a.wav")
    assert "zh: 请说" in told.output
    assert "en: V A T" in told.output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--speed", "fast", "hi"], "IVR_VOICE_SPEED: 'fast' is no number"),
        (["--volume", "99", "hi"], "IVR_VOICE_VOLUME_DB: '99' is not between -20 and 6"),
        (["--voice", "bob", "hi"], "hibari has no voice 'bob'; it has heart"),
        (["--engine", "kokoro", "--language", "zh", "您好"], "kokoro is not installed"),
        (["--engine", "hibari", "--language", "zh", "您好"], "hibari speaks English only"),
        (["--language", "xx", "hi"], "eSpeak NG has no voice 'xx'"),
        (["😀"], "nothing in this text can be said"),
        ([" "], "there is no text to say"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(run, words, why):
    told = run("say", *words, "-o", "a.wav")
    assert told.exit_code == 2
    assert why in told.output


def test_all_that_the_menus_can_say_is_rendered_once(run, tmp_path):
    told = run("prompts", "--render")
    assert told.exit_code == 0, told.output
    assert " prompts ready in prompts; " in told.output
    assert "; 0 pieces spoken" not in told.output
    assert len(list((tmp_path / "prompts").glob("*.ulaw"))) > 50
    again = run("prompts", "--render")
    assert " 0 pieces spoken" in again.output
