"""What callers said after the tone: a WAV file and a row for each. It knows bytes, not sound.

It also knows which calls are being recorded now, so that the end of a call can wait for its last words.
"""

import os
import re
import secrets
import tempfile
import threading
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import select

from ivr.errors import NotFound
from ivr.ports import Clock
from ivr.storage.session import Database
from ivr.storage.tables import CallRow, RecordingRow

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

    def new_path(self) -> tuple[str, Path]:
        """Return a name and the file for a recording that is written while the call goes on."""
        name = f"REC{secrets.token_hex(12)}"
        self._folder.mkdir(parents=True, exist_ok=True)
        return name, self._path(name)

    def written(self, name: str, call: str, ms: int) -> None:
        """Note a recording of a whole call that has been written."""
        with self._db.write() as session:
            if session.get(CallRow, call) is not None:
                session.add(RecordingRow(name=name, call=call, node="", ms=ms, text="", at=self._clock()))

    def purge(self, before: datetime) -> int:
        """Delete every recording that is older, and files that no row names; return how many there were."""
        with self._db.write() as session:
            rows = session.scalars(select(RecordingRow).where(RecordingRow.at < before)).all()
            for row in rows:
                session.delete(row)
            known = set(session.scalars(select(RecordingRow.name)).all()) - {row.name for row in rows}
        gone = 0
        for path in self._folder.glob("REC*.wav"):
            if path.stem not in known and path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)
                gone += 1
        for row in rows:
            if _NAME.fullmatch(row.name) and self._path(row.name).exists():
                self._path(row.name).unlink(missing_ok=True)
                gone += 1
        return gone

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
