"""The command line as people use it: what it prints, and the status it ends with."""

import json
import subprocess
import sys

import pytest

from audio import pcm as audio
from tests.conftest import MENUS


def ivr(*words, stdin="", cwd=None, env=None):
    command = [sys.executable, "-m", "ivr", *map(str, words)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=100, cwd=cwd, env=env)


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """An environment without any setting, in an empty folder."""
    import os

    return {name: value for name, value in os.environ.items() if not name.startswith("IVR_")}


def test_a_missing_secret_stops_the_start_with_its_name(tmp_path, bare):
    done = ivr("serve", cwd=tmp_path, env=bare)
    assert done.returncode == 2
    assert "IVR_TWILIO_AUTH_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "diff",
        "serve",
        "call",
        "demo",
        "check",
        "test",
        "understand",
        "transcribe",
        "say",
        "models",
        "policy",
        "bench",
    ],
)
def test_every_command_has_help_with_an_example(command):
    done = ivr(command, "--help")
    assert done.returncode == 0
    assert f"ivr {command}" in done.stdout.split("Usage:")[1].partition("\n")[2]


def test_say_and_transcribe_understand_each_other(tmp_path):
    wav = tmp_path / "number.wav"
    assert ivr("say", "My order number is one zero zero two four five.", "-o", wav).returncode == 0
    _, rate = audio.read_wav(wav.read_bytes())
    assert rate == 8000
    done = ivr("transcribe", "--expect", "digits", wav)
    heard = json.loads(done.stdout)
    assert set(heard) == {"file", "text", "digits", "confidence", "seconds", "engine"}
    assert heard["digits"] == "100245"
    assert heard["engine"] == "moonshine"


def test_bad_input_is_one_sentence_and_status_2(tmp_path):
    junk = tmp_path / "junk.wav"
    junk.write_bytes(b"not a wav")
    for words in (("transcribe", junk), ("transcribe", "--expect", "songs", junk), ("say", " ", "-o", junk),
                  ("models", "fetch", "nothing"), ("understand", "--node", "nowhere"), ("transcribe", "--language", "xx", junk)):  # fmt: skip
        done = ivr(*words)
        assert done.returncode == 2, words
        assert "Traceback" not in done.stderr


def test_silence_transcribes_to_nothing(tmp_path):
    wav = tmp_path / "silence.wav"
    wav.write_bytes(audio.to_wav(audio.silence(2000)))
    heard = json.loads(ivr("transcribe", wav).stdout)
    assert (heard["text"], heard["digits"], heard["confidence"]) == ("", None, 0.0)


def test_models_are_listed_with_licence_and_checksum():
    done = ivr("models", "list", "--json")
    models = {model["name"]: model for model in json.loads(done.stdout)["models"]}
    assert models["moonshine-tiny-en"]["installed"]
    assert models["moonshine-tiny-en"]["licence"] == "MIT"
    assert not models["vosk-model-small-cn-0.22"]["installed"]
    assert ivr("models", "verify").returncode == 0


def test_check_is_quiet_about_good_menus_and_exact_about_bad_ones(tmp_path):
    assert ivr("check", MENUS).returncode == 0
    (tmp_path / "hotline.yaml").write_text(
        "hotline: x\nstart: a\npatience: {give_up: a}\nnodes:\n  a: {say: b, goto: c}\n"
    )
    done = ivr("check", tmp_path, "--json")
    assert done.returncode == 1
    fault = json.loads(done.stdout)["faults"][0]
    assert (fault["file"], fault["line"], fault["rule"]) == ("hotline.yaml", 5, "unknown-target")


def test_diff_tells_what_a_caller_would_notice(tmp_path):
    import shutil

    shutil.copytree(MENUS, tmp_path / "new")
    text = (tmp_path / "new" / "orders.yaml").read_text()
    (tmp_path / "new" / "orders.yaml").write_text(
        text.replace("What is your order number?", "Which order?", 1)
    )
    done = ivr("diff", MENUS, tmp_path / "new")
    assert done.returncode == 0
    assert "At 'ask_order' callers now hear “Which order?" in done.stdout
    changes = json.loads(ivr("diff", MENUS, tmp_path / "new", "--json").stdout)["changes"]
    assert changes[0]["node"] == "ask_order"
    assert "nothing" in ivr("diff", MENUS, MENUS).stdout
    for other in ("no-such-revision", "version:x", "--help-me"):
        done = ivr("diff", "--", MENUS, other)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_pictures_of_the_flow_and_of_its_coverage(tmp_path):
    assert ivr("check", MENUS, "--diagram", tmp_path / "flow.svg").returncode == 0
    assert ivr("check", MENUS, "--diagram", tmp_path / "flow.mmd").returncode == 0
    assert ivr("test", MENUS, "--picture", tmp_path / "seen.svg").returncode == 0
    assert (tmp_path / "flow.svg").read_text().startswith("<svg")
    assert (tmp_path / "flow.mmd").read_text().startswith("flowchart")
    assert ivr("check", MENUS, "--diagram", tmp_path / "flow.png").returncode == 2


def test_the_call_scripts_pass_and_cover_every_node(tmp_path):
    done = ivr("test", MENUS, "--coverage", "--junit", tmp_path / "report.xml")
    assert done.returncode == 0, done.stdout
    assert "every node and exit is visited" in done.stdout
    assert "failures='0'" in (tmp_path / "report.xml").read_text()


def test_random_callers_are_placed_by_seed():
    done = ivr("test", MENUS, "--random", "50", "--seed", "2")
    assert done.returncode == 0
    assert "50 passed, 0 failed" in done.stdout


def test_understand_prints_a_line_of_json_for_each_sentence():
    done = ivr("understand", stdin="where is my order 100245\nmumble\n")
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["intent"], first["slots"]) == ("track_order", {"order": "100245"})
    assert second["intent"] is None


def test_a_user_is_added_listed_and_changed(tmp_path, bare):
    env = {**bare, "IVR_DATABASE_URL": f"sqlite:///{tmp_path}/t.db"}
    added = ivr("user", "add", "eve", "--name", "Eve", "--role", "agent", "--skill", "orders=2", "--password", "password-1",
                cwd=tmp_path, env=env)  # fmt: skip
    assert added.returncode == 0, added.stderr
    assert "orders 2" in ivr("user", "list", cwd=tmp_path, env=env).stdout
    again = ivr(
        "user",
        "add",
        "eve",
        "--name",
        "Eve",
        "--role",
        "agent",
        "--password",
        "password-1",
        cwd=tmp_path,
        env=env,
    )
    assert again.returncode == 2
    assert ivr("user", "passwd", "eve", "--password", "password-2", cwd=tmp_path, env=env).returncode == 0
    assert ivr("db", "upgrade", cwd=tmp_path, env=env).returncode == 0


def test_calling_where_nobody_answers_says_what_to_do(tmp_path):
    done = ivr("call", MENUS / "tests" / "three_misses.yaml", "--text", "--url", "http://127.0.0.1:9")
    assert done.returncode == 2
    assert "ivr serve" in done.stderr


def test_understanding_is_evaluated_on_a_file_of_sentences(tmp_path):
    file = tmp_path / "sentences.tsv"
    file.write_text(
        "intent\tstyle\ttext\ntrack_order\tterse\twhere is my parcel\n\tother\tthe moon is full\n"
    )
    done = ivr("understand", "--evaluate", file, "--json")
    found = json.loads(done.stdout)
    assert (found["sentences"], found["right"], found["outside_rejected"]) == (2, 1.0, 1.0)
    assert "best guess right          100.0 %" in ivr("understand", "--evaluate", file).stdout
    file.write_text("where is my parcel\n")
    done = ivr("understand", "--evaluate", file)
    assert done.returncode == 2
    assert "columns intent and text" in done.stderr


def test_a_policy_is_explained_for_an_order(tmp_path, bare):
    assert ivr("db", "demo", cwd=tmp_path, env=bare).returncode == 0
    done = ivr("policy", "explain", "100402", cwd=tmp_path, env=bare)
    assert "refund: over_limit, 349.00 is more than 200: a person decides" in done.stdout
    later = ivr("policy", "explain", "100311", "--on", "2099-01-01", "--json", cwd=tmp_path, env=bare)
    assert json.loads(later.stdout)["refund"] == "too_late"
    unknown = ivr("policy", "explain", "1", cwd=tmp_path, env=bare)
    assert unknown.returncode == 2
    assert "there is no order 1" in unknown.stderr
