import threading

import pytest
from sqlalchemy.exc import IntegrityError

from ivr.errors import NotFound
from ivr.storage.tables import RecordingRow
from tests.conftest import NOON


@pytest.fixture
def recordings(hotline):
    hotline.calls.begin("CA1", "+15550101", "+1555", "webhook")
    return hotline.recordings


def files(hotline):
    return sorted(path.name for path in hotline.settings.recordings.glob("*"))


def test_a_recording_is_a_file_and_a_row_of_one_name(hotline, recordings):
    row = recordings.keep("CA1", "leave_message", b"RIFF-sound", 2500)
    assert files(hotline) == [f"{row.name}.wav"]
    assert recordings.wav(row.name) == b"RIFF-sound"
    with hotline.db.read() as session:
        kept = session.get_one(RecordingRow, row.name)
    assert (kept.call, kept.node, kept.ms, kept.text, kept.at) == ("CA1", "leave_message", 2500, "", NOON)


def test_what_was_understood_is_noted_later(hotline, recordings):
    row = recordings.keep("CA1", "leave_message", b"x", 2500)
    recordings.understood(row.name, "call me back")
    with hotline.db.read() as session:
        assert session.get_one(RecordingRow, row.name).text == "call me back"
    with pytest.raises(NotFound):
        recordings.understood("REC" + "0" * 24, "nobody")


@pytest.mark.parametrize(
    "name",
    ["", "REC", "../hotline", "REC../../etc/passwd", "REC" + "0" * 24, "REC" + "0" * 24 + "/..", "\x00"],
)
def test_a_name_that_is_no_recording_s_is_not_found(recordings, name):
    with pytest.raises(NotFound):
        recordings.wav(name)


def test_a_recording_of_no_call_leaves_no_file(hotline, recordings):
    with pytest.raises(IntegrityError):
        recordings.keep("CA404", "leave_message", b"x", 2500)
    assert files(hotline) == []


def test_a_file_that_cannot_be_written_leaves_nothing(hotline, recordings, monkeypatch):
    def full(handle):
        raise OSError("no space left on device")

    monkeypatch.setattr("ivr.service.recordings.os.fsync", full)
    with pytest.raises(OSError, match="space"):
        recordings.keep("CA1", "leave_message", b"x", 2500)
    assert files(hotline) == []
    with hotline.db.read() as session:
        assert session.query(RecordingRow).count() == 0


def test_the_end_of_a_call_waits_for_its_recording(recordings):
    recordings.begin("CA1")
    recordings.begin("CA1")
    waited = threading.Thread(target=lambda: recordings.wait_end("CA1", 10))
    waited.start()
    assert waited.is_alive()
    recordings.end("CA1")
    waited.join(5)
    assert not waited.is_alive()
    recordings.end("CA1")
    recordings.wait_end("CA1", 10)  # nothing runs: at once


def test_a_recording_that_never_ends_is_waited_for_only_so_long_and_once(recordings):
    recordings.begin("CA1")
    recordings.wait_end("CA1", 0.01)
    recordings.wait_end("CA1", 10)


def test_audio_that_is_too_old_is_deleted_with_its_row_and_the_rest_stays(hotline, recordings, clock):
    old = recordings.keep("CA1", "leave_message", b"old", 10).name
    clock.forward(3600)
    new = recordings.keep("CA1", "leave_message", b"new", 10).name
    assert recordings.purge(clock()) == 1
    assert files(hotline) == [f"{new}.wav"]
    with pytest.raises(NotFound):
        recordings.wav(old)
    with hotline.db.read() as session:
        assert session.get(RecordingRow, old) is None


def test_a_file_that_no_row_names_is_deleted_once_it_is_old(hotline, recordings, clock):
    import os

    _, path = recordings.new_path()
    path.write_bytes(b"cut off by a kill")
    recordings.purge(clock())
    assert path.exists()
    os.utime(path, (0, 0))
    assert recordings.purge(clock()) == 1
    assert not path.exists()


def test_a_whole_call_is_noted_when_it_is_written(hotline, recordings):
    name, _ = recordings.new_path()
    recordings.written(name, "CA1", 9000)
    recordings.written("REC" + "1" * 24, "a call that nobody knows", 9000)
    with hotline.db.read() as session:
        rows = session.query(RecordingRow).all()
    assert [(row.name, row.ms) for row in rows] == [(name, 9000)]
