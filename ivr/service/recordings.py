"""What callers said after the tone: a WAV file and a row for each. It knows bytes, not sound.

It also knows which calls are being recorded now, so that the end of a call can wait for its last words.
"""

import os
import re
import secrets
import tempfile
import threading
from pathlib import Path

import structlog

from ivr.errors import NotFound
from ivr.ports import Clock
from ivr.storage.session import Database
from ivr.storage.tables import RecordingRow

log = structlog.get_logger(__name__)
_NAME = re.compile(r"REC[0-9a-f]{24}")


class Recordings:
    """The recordings in a folder."""

    def __init__(self, db: Database, folder: Path, clock: Clock) -> None:
        self._db, self._folder, self._clock = db, folder, clock
        self._running: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    # ---- what is kept

    def keep(self, call: str, node: str, wav: bytes, ms: int, text: str = "") -> RecordingRow:
        """Keep a recording of a call, `ms` long: the file first, then the row that names it.

        Raise OSError when the file cannot be written; then nothing is kept.
        """
        row = RecordingRow(
            name=f"REC{secrets.token_hex(12)}", call=call, node=node, ms=ms, text=text, at=self._clock()
        )
        path = self._path(row.name)
        _write(path, wav)
        try:
            with self._db.write() as session:
                session.add(row)
        except Exception:
            path.unlink(missing_ok=True)
            raise
        log.info("recording kept", call=call, recording=row.name, milliseconds=ms)
        return row

    def understood(self, name: str, text: str) -> None:
        """Note what was understood of a recording."""
        with self._db.write() as session:
            row = session.get(RecordingRow, name)
            if row is None:
                raise NotFound(f"there is no recording '{name}'")
            row.text = text

    def wav(self, name: str) -> bytes:
        """Return a recording as WAV. Raise NotFound."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"there is no recording '{name}'") from None

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise NotFound("no recording is called that")
        return self._folder / f"{name}.wav"

    # ---- what is being recorded now

    def begin(self, call: str) -> None:
        """Note that a call is recorded from now on."""
        with self._lock:
            self._running.setdefault(call, threading.Event())

    def end(self, call: str) -> None:
        """Note that the dialogue has what was recorded, or that nothing was."""
        with self._lock:
            ended = self._running.pop(call, None)
        if ended is not None:
            ended.set()

    def wait_end(self, call: str, seconds: float) -> None:
        """Wait at most so long for the end of a call's recording, if one runs."""
        running = self._running.get(call)
        if running is not None and not running.wait(seconds):
            log.warning("recording not waited for any longer", call=call)
            self.end(call)


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and to the disk before anything names it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise
