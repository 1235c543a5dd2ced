import json

import pytest
from click.testing import CliRunner

from audio import pcm as audio
from audio.recorded import RecordedPrompts, key_of
from audio.sounds import tone
from ivr.cli.main import main

TEXT = "Thank you for calling Sunrise Store. Goodbye."


def put(folder, text=TEXT, language="en", sound=None):
    path = folder / language / f"{key_of(text, language)}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(audio.to_wav(tone(440, 300, level=0.05)) if sound is None else sound)
    return path


def test_a_recording_replaces_the_text_it_is_named_after_and_no_other(tmp_path):
    put(tmp_path)
    recorded = RecordedPrompts(tmp_path)
    assert recorded.get(TEXT, "en") is not None
    assert recorded.get(f"  {TEXT} ", "en") is not None
    assert recorded.get(TEXT + " Now.", "en") is None
    assert recorded.get(TEXT, "zh") is None


def test_a_recording_is_as_loud_as_the_voice(tmp_path):
    put(tmp_path)
    ulaw = RecordedPrompts(tmp_path).get(TEXT, "en")
    assert audio.dbfs(audio.from_ulaw(ulaw)) == pytest.approx(-20, abs=1)


def test_a_recording_put_there_or_changed_while_we_run_counts_at_once(tmp_path):
    recorded = RecordedPrompts(tmp_path)
    assert recorded.get(TEXT, "en") is None
    put(tmp_path)
    first = recorded.get(TEXT, "en")
    assert first is not None
    put(tmp_path, sound=audio.to_wav(tone(800, 500)))
    assert recorded.get(TEXT, "en") != first


def test_a_file_that_is_no_sound_is_passed_over(tmp_path):
    put(tmp_path, sound=b"not a wave")
    assert RecordedPrompts(tmp_path).get(TEXT, "en") is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "rec*", ""])
def test_no_other_file_can_be_named(tmp_path, name):
    assert RecordedPrompts(tmp_path).stored(name) is None


def test_the_texts_are_listed_with_their_keys_and_a_take_is_added(tmp_path, monkeypatch):
    monkeypatch.setenv("IVR_RECORDED_PROMPTS", str(tmp_path / "store"))
    take = tmp_path / "take.wav"
    take.write_bytes(audio.to_wav(tone(440, 300)))
    run = CliRunner()
    lines = [json.loads(line) for line in run.invoke(main, ["prompts", "--json"]).stdout.splitlines()]
    goodbye = next(line for line in lines if line["text"] == TEXT)
    assert not goodbye["recorded"]
    assert all(line["key"] == "" for line in lines if "{" in line["text"])
    assert {line["language"] for line in lines} == {"en", "zh"}
    done = run.invoke(main, ["prompts", "--add", goodbye["key"], str(take)])
    assert done.exit_code == 0
    missing = run.invoke(main, ["prompts", "--missing"]).stdout
    assert TEXT not in missing
    assert run.invoke(main, ["prompts", "--add", "rec0", str(take)]).exit_code == 2
