"""`ivr transcribe`: one line a file, one sentence a file that cannot be read, and never a trace."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from audio import pcm as audio
from audio.asr.scripted import Scripted
from ivr.cli import transcribe as command
from ivr.cli.main import main


class Known(Scripted):
    """Says what it was asked to expect."""

    def transcribe(self, pcm, rate, expect):
        self.expected = expect
        return super().transcribe(pcm, rate, expect)


@pytest.fixture
def engine(monkeypatch):
    known = Known(["four zero zero two"] * 9)
    monkeypatch.setattr(command, "RECOGNISERS", {"moonshine": lambda language, models: known})
    monkeypatch.setattr(
        command, "speech_part", lambda pcm, rate: pcm if np.abs(pcm).max(initial=0) else pcm[:0]
    )
    return known


@pytest.fixture
def wav(tmp_path):
    path = tmp_path / "good.wav"
    path.write_bytes(audio.to_wav(np.full(8000, 900, dtype=np.int16)))
    return path


def ivr(*words):
    return CliRunner().invoke(main, ["transcribe", *map(str, words)])


def test_a_number_is_told_by_its_length_and_rule(engine, wav):
    line = json.loads(ivr("--expect", "digits", "--length", "4", "--check", "luhn", wav).stdout)
    assert line["digits"] == "4002"
    assert line["file"] == str(wav)
    assert (engine.expected.kind, engine.expected.digits, engine.expected.check) == ("digits", (4, 4), "luhn")
    assert json.loads(ivr("--expect", "digits", "--length", "5-6", wav).stdout)["digits"] is None
    assert json.loads(ivr("--expect", "digits", "--check", "verhoeff", wav).stdout)["digits"] is None
    assert json.loads(ivr(wav).stdout)["digits"] == "4002"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.wav", b""),
        ("text.wav", b"this is no sound at all, but it is long enough to have a header " * 3),
        ("head.wav", audio.to_wav(audio.silence(10))[:20]),
        ("rate.wav", audio.to_wav(audio.silence(100), 100)),
        ("missing.wav", None),
    ],
)
def test_a_file_that_cannot_be_read_keeps_no_other_from_being_read(engine, wav, tmp_path, name, data):
    bad = tmp_path / name
    if data is not None:
        bad.write_bytes(data)
    done = ivr(bad, wav)
    assert done.exit_code == 2
    assert json.loads(done.stdout)["file"] == str(wav)
    assert done.stderr.startswith(f"ivr: {bad}: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "sound",
    [
        audio.to_wav(audio.silence(0)),
        audio.to_wav(audio.silence(2000)),
        audio.to_wav(audio.silence(2000, 44_100), 44_100),
        audio.to_wav(audio.silence(600_000)),
    ],
)
def test_where_nobody_speaks_nothing_is_heard(engine, tmp_path, sound):
    path = tmp_path / "silence.wav"
    path.write_bytes(sound)
    done = ivr(path)
    assert done.exit_code == 0
    line = json.loads(done.stdout)
    assert (line["text"], line["digits"], line["confidence"]) == ("", None, 0.0)


def test_stereo_of_eight_bits_is_read(engine, tmp_path):
    import wave

    path = tmp_path / "stereo.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(1)
        file.setframerate(11_025)
        file.writeframes(bytes([90, 200]) * 4000)
    assert ivr(path).exit_code == 0


def test_more_than_an_hour_is_refused(engine, wav, monkeypatch):
    monkeypatch.setattr(command, "LONGEST_S", 0.5)
    done = ivr(wav)
    assert done.exit_code == 2
    assert "at most" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--expect", "songs"),
        ("--expect", "phrases:nowhere.txt"),
        ("--length", "4"),
        ("--check", "luhn"),
        ("--expect", "digits", "--length", "none"),
        ("--expect", "digits", "--length", "6-4"),
        ("--expect", "digits", "--length", "0"),
        ("--expect", "digits", "--length", "21"),
    ],
)
def test_wrong_options_are_a_sentence(engine, wav, words):
    done = ivr(*words, wav)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_phrases_come_from_a_file(engine, wav, tmp_path):
    phrases = tmp_path / "menu.txt"
    phrases.write_text("where is my order\n\n  refund \nrefund\n", encoding="utf-8")
    assert ivr("--expect", f"phrases:{phrases}", wav).exit_code == 0
    assert engine.expected.phrases == ("where is my order", "refund")
    for data in (b"\n \n", b"\xff\xfe\x00", b"x\n" * 10 + b"".join(b"%d\n" % n for n in range(3000))):
        phrases.write_bytes(data)
        assert ivr("--expect", f"phrases:{phrases}", wav).exit_code == 2


def test_an_engine_that_fails_spoils_one_file_only(engine, wav):
    engine._texts = iter([None, "yes"])
    done = ivr(wav, wav)
    assert done.exit_code == 2
    assert json.loads(done.stdout)["text"] == "yes"
