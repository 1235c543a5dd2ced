"""The yardstick of the router: a queue as people build it on SQLite, and a durable log of decisions."""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from ivr.routing.model import Call, Offer

TABLES = """
CREATE TABLE calls (id TEXT PRIMARY KEY, score INTEGER NOT NULL);
CREATE INDEX by_score ON calls (score, id);
CREATE TABLE needs (call TEXT NOT NULL, skill TEXT NOT NULL, PRIMARY KEY (call, skill)) WITHOUT ROWID;
CREATE TABLE skills (agent TEXT NOT NULL, skill TEXT NOT NULL, PRIMARY KEY (agent, skill)) WITHOUT ROWID;
CREATE TABLE decisions (
    sequence INTEGER PRIMARY KEY, offer TEXT NOT NULL, call TEXT NOT NULL, agent TEXT NOT NULL,
    expires_ms INTEGER NOT NULL, reason TEXT NOT NULL
);
"""
NEXT_CALL = """
SELECT id FROM calls WHERE NOT EXISTS (
    SELECT 1 FROM needs WHERE needs.call = calls.id AND NOT EXISTS (
        SELECT 1 FROM skills WHERE skills.agent = ? AND skills.skill = needs.skill))
ORDER BY score, id LIMIT 1
"""


def connect(path: Path, synchronous: str = "NORMAL") -> sqlite3.Connection:
    """Return a connection to a new database with a write-ahead log."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(f"PRAGMA synchronous = {synchronous}")
    database.executescript(TABLES)
    return database


class SqlQueue:
    """Waiting calls and agents in tables; a free agent's call is found by one query."""

    def __init__(
        self, path: Path, agents: Iterable[tuple[str, Sequence[str]]], calls: Iterable[Call]
    ) -> None:
        self.database = connect(path)
        self.database.execute("BEGIN")
        for agent, skills in agents:
            rows = [(agent, skill) for skill in skills]
            self.database.executemany("INSERT INTO skills VALUES (?, ?)", rows)
        for call in calls:
            self._insert(call)
        self.database.execute("COMMIT")

    def _insert(self, call: Call) -> None:
        score = call.since_ms - call.priority * 60_000
        self.database.execute("INSERT INTO calls VALUES (?, ?)", (call.id, score))
        rows = [(call.id, skill) for skill in call.skills]
        self.database.executemany("INSERT INTO needs VALUES (?, ?)", rows)

    def decide(self, agent: str, arriving: Call) -> bool:
        """Choose a call for an agent, remove it, let another arrive: one transaction."""
        self.database.execute("BEGIN")
        row = self.database.execute(NEXT_CALL, (agent,)).fetchone()
        if row is not None:
            self.database.execute("DELETE FROM calls WHERE id = ?", row)
            self.database.execute("DELETE FROM needs WHERE call = ?", row)
        self._insert(arriving)
        self.database.execute("COMMIT")
        return row is not None


class DurableLog:
    """Decisions that are written before anybody rings; `group` of them in one commit."""

    def __init__(self, path: Path, synchronous: str, group: int) -> None:
        self.database = connect(path, synchronous)
        self.group, self._open = group, 0

    def write(self, offer: Offer, arriving: Call) -> None:
        """Write a decision and the call that came, and commit when the group is full."""
        if not self._open:
            self.database.execute("BEGIN")
        self.database.execute(
            "INSERT INTO decisions (offer, call, agent, expires_ms, reason) VALUES (?, ?, ?, ?, ?)",
            (offer.id, offer.call, offer.agent, offer.expires_ms, offer.why),
        )
        self.database.execute("DELETE FROM calls WHERE id = ?", (offer.call,))
        self.database.execute("INSERT INTO calls VALUES (?, ?)", (arriving.id, arriving.since_ms))
        self._open += 1
        if self._open >= self.group:
            self.database.execute("COMMIT")
            self._open = 0
