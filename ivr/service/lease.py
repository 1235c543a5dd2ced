"""The dispatcher's lease: of several processes on one database, one matches callers with agents.

Who takes the lease raises its token, and every write of the dispatcher is refused unless the token is
still its own: a holder that slept through a takeover can do no harm (a fencing token; Kleppmann,
"How to do distributed locking", 2016).
"""

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from ivr.ports import Clock
from ivr.storage.session import Database
from ivr.storage.tables import LeaseRow

NAME = "dispatcher"
LENGTH_S = 3.0
"""A holder that has not renewed the lease for so long has lost it."""


class Fenced(Exception):
    """Another process has taken the lease: this one must not write."""


class Lease:
    """One process's side of the lease."""

    def __init__(self, db: Database, clock: Clock, holder: str = "") -> None:
        self._db, self._clock = db, clock
        self.holder = holder or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.token = 0

    def take(self) -> bool:
        """Take the lease if nobody holds it, or hold it longer. Return whether it is ours.

        A holder on this machine whose process is gone holds nothing.
        """
        now = self._clock()
        with self._db.write() as session:
            row = session.get_one(LeaseRow, NAME)
            if row.holder == self.holder:
                row.expires_at = now + timedelta(seconds=LENGTH_S)
                return True
            if row.expires_at is not None and row.expires_at > now and not _is_dead(row.holder):
                return False
            token = row.token + 1
            taken = session.execute(
                update(LeaseRow)
                .where(LeaseRow.name == NAME, LeaseRow.token == row.token)
                .values(holder=self.holder, token=token, expires_at=now + timedelta(seconds=LENGTH_S))
            )
            if cast("CursorResult[object]", taken).rowcount:
                self.token = token
                return True
        return False

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session for writing that only the holder has. Raise Fenced for anybody else."""
        with self._db.write() as session:
            ours = session.execute(
                update(LeaseRow)
                .where(LeaseRow.name == NAME, LeaseRow.token == self.token)
                .values(token=self.token)
            )
            if not cast("CursorResult[object]", ours).rowcount:
                session.rollback()
                raise Fenced
            yield session

    def release(self) -> None:
        """Let another process take over at once."""
        with self._db.write() as session:
            session.execute(
                update(LeaseRow)
                .where(LeaseRow.name == NAME, LeaseRow.holder == self.holder)
                .values(holder="", expires_at=None)
            )

    def wake(self) -> None:
        """Tell the holder, wherever it is, that something has changed."""
        with self._db.write() as session:
            session.execute(update(LeaseRow).where(LeaseRow.name == NAME).values(wakes=LeaseRow.wakes + 1))

    def wakes(self) -> int:
        """Return how often the holder has been told."""
        with self._db.read() as session:
            return session.scalars(select(LeaseRow.wakes).where(LeaseRow.name == NAME)).one()


def _is_dead(holder: str) -> bool:
    """Return whether a holder was a process of this machine that is gone."""
    host, pid, _ = (*holder.split(":"), "", "")[:3]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False
