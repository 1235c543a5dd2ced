"""A recording holds both sides where they were heard, and can be read whatever happens to its writer."""

import errno
import io
import os
import signal
import subprocess
import sys
import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import pcm as audio
from audio.conversation import BLOCK, Conversation, ConversationFile, repair
from audio.sounds import tone
from ivr.errors import InvalidInput

CALLER, HOTLINE = tone(440, 20, level=0.3), tone(880, 20, level=0.3)
ROOT = Path(__file__).parents[2]


def whole(conversation, now_ms=0.0):
    """Both sides of a conversation, to its end."""
    pieces = list(conversation.finished(now_ms))
    both = np.concatenate(pieces) if pieces else np.zeros((0, 2), dtype=np.int16)
    return both[:, 0], both[:, 1]


def spoken(pcm):
    """Where there is sound, as (from, to) in milliseconds, gaps under 10 ms left out."""
    loud = np.flatnonzero(np.abs(pcm.astype(int)) > 100)
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > 80)
    starts, ends = [loud[0], *loud[breaks + 1]], [*loud[breaks], loud[-1]]
    return [(round(start / 8), round(end / 8)) for start, end in zip(starts, ends, strict=True)]


def near(found, wanted):
    assert len(found) == len(wanted), found
    for (begin, end), (from_ms, to_ms) in zip(found, wanted, strict=True):
        assert abs(begin - from_ms) <= 2, found
        assert abs(end - to_ms) <= 2, found


def say(add, from_ms, to_ms, frame, step=20):
    for at in range(from_ms, to_ms, step):
        add(frame, float(at))


# ---- the time line


def test_each_side_is_on_its_channel_at_its_time():
    call = Conversation()
    say(call.hotline, 0, 500, HOTLINE)
    say(call.caller, 800, 1000, CALLER)
    caller, hotline = whole(call)
    near(spoken(hotline), [(0, 500)])
    near(spoken(caller), [(800, 1000)])
    assert len(caller) == len(hotline) == 8000


def test_a_caller_who_speaks_into_the_hotline_is_kept_and_so_is_the_hotline():
    call = Conversation()
    say(call.hotline, 0, 1000, HOTLINE)
    say(call.caller, 400, 700, CALLER)
    caller, hotline = whole(call)
    near(spoken(hotline), [(0, 1000)])
    near(spoken(caller), [(400, 700)])


def test_what_is_sent_ahead_is_heard_one_after_another():
    call = Conversation()
    for _ in range(15):
        call.hotline(HOTLINE, 100.0)
    near(spoken(whole(call)[1]), [(100, 400)])


def test_jitter_of_the_network_leaves_no_clicks():
    call = Conversation()
    for number, at in enumerate((0, 25, 38, 64, 81, 140, 141)):
        call.caller(np.full(160, 1000 + number, dtype=np.int16), at)
    caller, _ = whole(call)
    assert (caller[: 7 * 160] >= 1000).all(), "seven frames without a gap"


def test_a_real_gap_is_silence_of_its_length():
    call = Conversation()
    say(call.caller, 0, 100, CALLER)
    say(call.caller, 400, 500, CALLER)
    near(spoken(whole(call)[0]), [(0, 100), (400, 500)])


def test_what_the_caller_interrupted_was_not_heard():
    call = Conversation()
    for at in range(0, 600, 20):
        call.hotline(HOTLINE, float(at))
    for _ in range(20):
        call.hotline(HOTLINE, 600.0)
    call.cleared(700.0)
    say(call.hotline, 1500, 1600, HOTLINE)
    near(spoken(whole(call)[1]), [(0, 700), (1500, 1600)])


def test_what_was_still_to_be_played_when_the_caller_hung_up_was_not_heard():
    call = Conversation()
    for _ in range(50):
        call.hotline(HOTLINE, 0.0)
    caller, hotline = whole(call, 300.0)
    near(spoken(hotline), [(0, 300)])
    assert len(hotline) == len(caller) == 300 * 8


def test_the_silence_at_the_end_is_part_of_the_call():
    call = Conversation()
    say(call.caller, 0, 100, CALLER)
    assert len(whole(call, 5000.0)[0]) == 5000 * 8


def test_what_settles_bit_by_bit_is_what_the_whole_would_be():
    def told(call):
        say(call.hotline, 0, 3000, HOTLINE)
        say(call.caller, 700, 2600, CALLER)
        return call

    at_once = np.stack(whole(told(Conversation())), axis=1)
    call, pieces = Conversation(), []
    for at in range(0, 3000, 20):
        call.hotline(HOTLINE, float(at))
        if 700 <= at < 2600:
            call.caller(CALLER, float(at))
        pieces += list(call.settled(float(at)))
    pieces += list(call.finished())
    assert (np.concatenate(pieces) == at_once).all()


def test_audio_that_comes_too_late_is_kept_where_there_is_still_room():
    call = Conversation()
    say(call.hotline, 0, 3000, HOTLINE)
    first = np.concatenate(list(call.settled(3000.0)))
    call.caller(CALLER, 500.0)
    rest = np.concatenate(list(call.finished()))
    near(spoken(np.concatenate([first, rest])[:, 0]), [(2000, 2020)])


def test_audio_far_ahead_and_beyond_the_longest_recording_is_counted_as_lost():
    call = Conversation()
    for _ in range(70):
        call.hotline(np.full(8000, 1000, dtype=np.int16), 0.0)
    assert call.lost_ms == pytest.approx(9000, abs=1000)
    call = Conversation()
    call.caller(CALLER, 1e15)
    assert call.lost_ms == 20
    assert len(whole(call)[0]) == 0


def test_a_long_silence_is_given_in_pieces():
    call = Conversation()
    call.caller(CALLER, 3_600_000.0)
    sizes = [len(piece) for piece in call.finished()]
    assert max(sizes) <= BLOCK
    assert sum(sizes) == 3_600_020 * 8


HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["caller", "hotline", "cleared", "settled"]),
        st.integers(0, 8000),
        st.integers(0, 400),
    ),
    max_size=40,
)


@given(HAPPENINGS)
def test_no_order_of_happenings_loses_or_doubles_the_callers_words(happenings):
    call, said, out = Conversation(), 0, []
    for what, at, length in happenings:
        match what:
            case "caller":
                call.caller(np.full(length, 7, dtype=np.int16), float(at))
                said += length
            case "hotline":
                call.hotline(np.full(length, 9, dtype=np.int16), float(at))
            case "cleared":
                call.cleared(float(at))
            case "settled":
                out += list(call.settled(float(at)))
    out += list(call.finished())
    both = np.concatenate(out) if out else np.zeros((0, 2), dtype=np.int16)
    assert (both[:, 0] == 7).sum() == said
    assert set(np.unique(both[:, 1])) <= {0, 9}


# ---- the file


def read(path):
    data = path.read_bytes()
    return audio.read_wav(data, channel=0)[0], audio.read_wav(data, channel=1)[0]


def test_a_call_is_a_stereo_file_that_every_player_reads(tmp_path):
    file = ConversationFile(tmp_path / "new" / "call.wav")
    for at in range(0, 12_000, 20):
        file.hotline(HOTLINE, float(at))
        if 3000 <= at < 5000:
            file.caller(CALLER, float(at))
    assert file.close(12_000.0) == 12_000
    assert file.close() == 12_000, "closing twice is no error"
    with wave.open(str(file.path)) as opened:
        assert opened.getparams()[:4] == (2, 2, 8000, 96_000)
    caller, hotline = read(file.path)
    near(spoken(caller), [(3000, 5000)])
    near(spoken(hotline), [(0, 12_000)])
    assert file.path.stat().st_mode & 0o077 == 0, "nobody else may listen"
    assert not repair(file.path)


def test_a_recording_is_never_written_over(tmp_path):
    ConversationFile(tmp_path / "call.wav").close()
    with pytest.raises(FileExistsError):
        ConversationFile(tmp_path / "call.wav")


def test_a_call_of_an_hour_stays_out_of_the_memory(tmp_path):
    file = ConversationFile(tmp_path / "call.wav")
    tracemalloc.start()
    for at in range(0, 3_600_000, 1000):
        file.hotline(np.zeros(8000, dtype=np.int16), float(at))
        file.caller(np.zeros(8000, dtype=np.int16), float(at))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert file.close(3_600_000.0) == 3_600_000
    assert peak < 2_000_000
    assert file.path.stat().st_size == 44 + 3_600_000 * 8 * 4


KILLED = """
import sys, numpy as np
from pathlib import Path
from audio.conversation import ConversationFile
file = ConversationFile(Path(sys.argv[1]))
at = 0.0
while True:
    file.hotline(np.full(160, 1000, dtype=np.int16), at)
    file.caller(np.full(160, 2000, dtype=np.int16), at)
    at += 20
    if at == 60_000:
        print("written", flush=True)
        sys.stdin.read()
"""


def test_the_file_of_a_killed_process_can_be_read_and_repaired(tmp_path):
    path = tmp_path / "call.wav"
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    with writer:
        assert writer.stdout.readline() == b"written\n"
        writer.send_signal(signal.SIGKILL)
    with wave.open(str(path)) as opened:
        assert opened.getnframes() >= 53_000 * 8, "a player misses no more than a few seconds"
    with path.open("ab") as file:
        file.write(b"abc")
    assert repair(path)
    caller, hotline = read(path)
    assert len(caller) >= 57_000 * 8
    assert (caller == 2000).all()
    assert (hotline == 1000).all()
    assert not repair(path), "once is enough"


def test_only_our_recordings_are_repaired(tmp_path):
    for data in (b"", b"notes", audio.to_wav(CALLER), audio.to_wav(np.stack([CALLER, CALLER], 1), 16_000)):
        path = tmp_path / "other.wav"
        path.write_bytes(data)
        with pytest.raises(InvalidInput, match=r"other\.wav is no recording of a call"):
            repair(path)
        assert path.read_bytes() == data
    path.write_bytes(audio.to_wav(np.zeros((0, 2), dtype=np.int16)))
    assert not repair(path)


class FullDisk(io.FileIO):
    """A disk with room for 1,000,002 bytes."""

    def write(self, data):
        room = 1_000_002 - self.tell()
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(bytes(data[:room]))


def test_when_the_disk_is_full_the_call_goes_on_and_the_file_is_right(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fdopen", lambda handle, mode, buffering: FullDisk(handle, mode))
    file = ConversationFile(tmp_path / "call.wav")
    failures = 0
    for at in range(0, 60_000, 20):
        try:
            file.hotline(HOTLINE, float(at))
        except OSError:
            failures += 1
    assert failures == 1, "told once"
    assert file.close(60_000.0) == file.milliseconds == 31_248
    with wave.open(str(file.path)) as opened:
        assert opened.getnframes() * 4 + 44 == file.path.stat().st_size == 1_000_000
