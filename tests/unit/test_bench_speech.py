"""The benchmark of recognition is fair: texts mean what they say, and nothing is fitted to them."""

import numpy as np
import pytest

from audio import pcm as audio
from ivr.cli.bench import callers
from ivr.cli.bench.callers import DEVELOPMENT, TEST, Line, over
from ivr.cli.bench.material import NOTHING, TAKE, Hotline, material
from ivr.cli.bench.recognition import Result, reliability, wrong_and_taken
from ivr.cli.bench.words import edits, error_rate

VOICES = ("one", "two", "three")


def test_fitting_and_benchmark_share_no_voice_and_only_the_shortest_texts():
    assert not set(DEVELOPMENT) & set(TEST)
    both = {s.text for s in material("development", VOICES, 1)} & {
        s.text for s in material("test", VOICES, 1)
    }
    assert all(len(text.split()) <= 4 for text in both)
    assert len(both) < 20


@pytest.mark.parametrize("name", ["development", "test"])
def test_the_dialogue_understands_every_text_when_it_is_heard_word_for_word(name):
    hotline = Hotline(name)
    for said in material(name, VOICES, 1):
        if said.task not in ("outside", "sentence"):
            assert hotline.understood(said.node, said.text, 1.0)[0] == said.meaning, said.text


def test_words_outside_a_grammar_mean_nothing_or_what_they_say():
    hotline = Hotline("test")
    outside = [said for said in material("test", VOICES, 1) if said.task == "outside"]
    meant = {said.text: hotline.means(said) for said in outside}
    assert sum(meaning == NOTHING for meaning in meant.values()) > 0.9 * len(outside)


def test_voices_take_turns():
    spoken = material("test", VOICES, 1)
    assert {said.voice for said in spoken[:3]} == set(VOICES)
    assert len(material("test", ("a", "b", "c", "d"), 2)) == 2 * len(spoken)


def tone(seconds=1.0):
    times = np.arange(int(8000 * seconds)) / 8000
    return (8000 * np.sin(2 * np.pi * 1000 * times)).astype(np.int16)


def test_a_line_is_the_same_every_time_and_has_the_noise_it_should(monkeypatch):
    monkeypatch.setattr(callers, "_crowd", lambda: np.random.default_rng(5).normal(0, 1000, 40_000))
    for noise in ("pink", "babble"):
        quiet, loud = (over(Line(snr, noise), tone(), 3) for snr in (30, 5))
        assert np.array_equal(over(Line(30, noise), tone(), 3), quiet)
        before = slice(0, 2000)
        assert audio.dbfs(loud[before]) > audio.dbfs(quiet[before]) + 15
        spectrum = np.abs(np.fft.rfft(quiet.astype(np.float64)))
        heights = np.fft.rfftfreq(len(quiet), 1 / 8000)
        assert spectrum[heights < 250].sum() < 0.1 * spectrum.sum()


def test_silence_passes_through_a_line():
    assert len(over(Line(20), audio.silence(500), 1)) == 8 * 1100


@pytest.mark.parametrize(
    ("said", "heard", "count"),
    [
        ("I'd like it.", "I would like it", 0),
        ("Where is my order?", "where is the order", 1),
        ("one two three", "1 2 3", 0),
        ("one two three", "", 3),
        ("", "a b", 2),
    ],
)
def test_word_errors_are_counted(said, heard, count):
    assert edits(said, heard) == count
    assert error_rate(said, heard) == count / max(len(said.split()) + said.count("I'd"), 1)


def result(confidence, meaning, sure=None):
    said = next(s for s in material("test", VOICES, 1) if s.task == "yes_no")
    right = meaning == said.meaning
    sure = confidence if sure is None else sure
    return Result(said, Line(20), "", confidence, meaning, sure, right, "", "", 0.0, False, 1.0, 1.0, 1.0)


def test_reliability_compares_confidence_with_what_was_right():
    rows, error = reliability([result(0.95, "yes")] * 9 + [result(0.95, "no")])
    assert rows == [{"from": 0.9, "to": 0.97, "n": 10, "mean": 0.95, "right": 0.9}]
    assert error == pytest.approx(0.05)


def test_wrong_and_taken_is_what_the_hotline_would_go_on_with():
    assert wrong_and_taken(result(TAKE, "no"))
    assert not wrong_and_taken(result(TAKE - 0.01, "no"))
    assert not wrong_and_taken(result(0.9, "yes"))
    assert not wrong_and_taken(result(0.9, NOTHING))
