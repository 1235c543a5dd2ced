"""The prompt store: whole or not at all, bounded, shared by processes that may die at any moment."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from audio.tts.manner import VoiceInfo
from audio.voice_cache import MEMORY_BYTES, PromptStore, key_of

INFO = VoiceInfo("hibari", "en", "Apache-2.0", 24_000, "0.2.1", "heart")
WRITER = """
import sys
from pathlib import Path
from audio.voice_cache import PromptStore
store = PromptStore(Path(sys.argv[1]))
print("ready", flush=True)
for turn in range(int(sys.argv[2])):
    for number in range(20):
        store.put(f"k{number}", bytes([number]) * (2000 + number))
"""


def writer(folder, turns):
    command = [sys.executable, "-c", WRITER, str(folder), str(turns)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    with process.stdout as out:
        assert out.readline() == b"ready\n"
    return process


def age(folder, key, seconds):
    path = folder / f"{key}.ulaw"
    was = path.stat().st_mtime
    os.utime(path, (was - seconds, was - seconds))


def on_disk(folder):
    return {path.name.removesuffix(".ulaw") for path in folder.glob("*.ulaw")}


def test_a_prompt_is_another_one_when_anything_its_sound_depends_on_is():
    others = [
        replace(INFO, name="pyttsx3"),
        replace(INFO, version="0.2.2"),
        replace(INFO, voice="emma"),
        replace(INFO, speed=1.1),
        replace(INFO, volume_db=-2.0),
        replace(INFO, sample_rate=22_050),
    ]
    keys = {key_of(info, "Hello.") for info in (INFO, *others)} | {key_of(INFO, "Hello!")}
    assert len(keys) == 8
    assert key_of(INFO, "Hello.") in keys


def test_what_was_put_is_there_for_another_process(tmp_path):
    store = PromptStore(tmp_path)
    assert store.get("k") is None
    store.put("k", b"\x00\x01")
    assert PromptStore(tmp_path).get("k") == b"\x00\x01"
    assert PromptStore(tmp_path).has("k")
    assert not list(tmp_path.glob("*.part"))


def test_an_empty_prompt_is_a_prompt(tmp_path):
    PromptStore(tmp_path).put("k", b"")
    assert PromptStore(tmp_path).get("k") == b""


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:100],
        lambda data: b"",
        lambda data: data[:10] + b"!" + data[11:],
        lambda data: data + b"more",
        lambda data: b"\x00" * len(data),
        lambda data: data[:-8],
    ],
    ids=["cut short", "empty", "one byte wrong", "longer", "all zeros", "of an older kind"],
)
def test_a_damaged_file_is_noticed_and_made_again(tmp_path, spoil):
    PromptStore(tmp_path).put("k", bytes(range(256)) * 4)
    path = tmp_path / "k.ulaw"
    path.write_bytes(spoil(path.read_bytes()))
    store = PromptStore(tmp_path)
    assert store.get("k") is None
    assert store.counts.spoilt == 1
    store.put("k", b"again")
    assert PromptStore(tmp_path).get("k") == b"again"


def test_beyond_the_bound_what_was_used_longest_ago_goes(tmp_path):
    store = PromptStore(tmp_path, most_files=10)
    for number in range(10):
        store.put(f"k{number}", b"x" * 100)
        age(tmp_path, f"k{number}", 1000 - number)
    PromptStore(tmp_path).get("k0")  # another process has used the oldest
    store.put("new", b"x")
    assert {"new", "k0", "k9"} <= on_disk(tmp_path)
    assert "k1" not in on_disk(tmp_path)
    assert len(on_disk(tmp_path)) <= 10


def test_the_bound_is_one_of_bytes_too(tmp_path):
    store = PromptStore(tmp_path, most_bytes=10_000)
    for number in range(50):
        store.put(f"k{number}", b"x" * 1000)
    assert sum(path.stat().st_size for path in tmp_path.glob("*.ulaw")) <= 10_000
    assert store.counts.evicted >= 40


def test_what_the_published_menus_need_is_never_thrown_away(tmp_path):
    store = PromptStore(tmp_path, most_files=5)
    store.keep({"a", "b", "c"})
    for key in ("a", "b", "c"):
        store.put(key, b"x")
        age(tmp_path, key, 10_000)
    other = PromptStore(tmp_path, most_files=5)  # a process that has not been told itself
    for number in range(40):
        other.put(f"k{number}", b"x")
    assert {"a", "b", "c"} <= on_disk(tmp_path)
    assert len(on_disk(tmp_path)) <= 5
    store.keep({"a"})
    for number in range(40):
        other.put(f"n{number}", b"x")
    assert "a" in on_disk(tmp_path)
    assert "b" not in on_disk(tmp_path)


def test_what_dead_processes_have_left_is_cleared_away(tmp_path):
    left, fresh = tmp_path / "k.dead.part", tmp_path / "k.live.part"
    for path in (left, fresh):
        path.write_bytes(b"half")
    os.utime(left, (1_000_000, 1_000_000))
    PromptStore(tmp_path, most_files=1).tidy()
    assert not left.exists()
    assert fresh.exists()


def test_memory_is_bounded(tmp_path):
    store = PromptStore(tmp_path)
    for number in range(5):
        store.put(f"k{number}", b"x" * (MEMORY_BYTES // 3))
    assert sum(map(len, store._memory.values())) <= MEMORY_BYTES
    assert store.get("k0") is not None


def test_a_folder_that_cannot_be_written_costs_only_speed(tmp_path):
    store = PromptStore(tmp_path / "prompts")
    (tmp_path / "prompts").rmdir()
    store.put("k", b"x")
    store.keep({"k"})
    assert store.get("k") == b"x"


def test_two_processes_may_write_the_same_prompts_at_once(tmp_path):
    writers = [writer(tmp_path, 30) for _ in range(2)]
    store = PromptStore(tmp_path)
    while any(process.poll() is None for process in writers):
        for number in range(20):
            found = store._read(f"k{number}")
            assert found in (None, bytes([number]) * (2000 + number))
    assert [process.wait() for process in writers] == [0, 0]
    assert store.counts.spoilt == 0
    assert on_disk(tmp_path) == {f"k{number}" for number in range(20)}
    assert not list(tmp_path.glob("*.part"))


def test_a_process_killed_while_it_writes_leaves_no_broken_prompt(tmp_path):
    for pause in (0.0, 0.003, 0.01, 0.02):
        process = writer(tmp_path, 10_000)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
    store = PromptStore(tmp_path)
    for key in on_disk(tmp_path):
        assert store.get(key) is not None
    assert store.counts.spoilt == 0
