"""Where a shop's records are kept: what a shop asks of it, and records in memory for call scripts."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any, Protocol, TypeVar

R = TypeVar("R")
MOST = 20
"""Records that one search returns for a value."""
ALL = 5_000
"""Records of a kind that are read as a whole, such as a catalogue."""


class Records(Protocol):
    """Records by kind. Every method raises Unavailable when they cannot be reached."""

    def get(self, kind: type[R], name: str) -> R | None:
        """Return a record by its first field, or None."""
        ...

    def find(self, kind: type[R], field: str, *values: str) -> list[R]:
        """Return the records in which a field has one of the values, the greatest first field first.

        At most MOST a value.
        """
        ...

    def all(self, kind: type[R]) -> list[R]:
        """Return all records of a kind of which there are few (ALL at most), by their first field."""
        ...

    def change(self, key: str, work: Callable[["Change"], R | None]) -> R | None:
        """Do some work as a whole, once per key: a repeat returns what came of it. None: nothing was done."""
        ...


class Change(Records, Protocol):
    """Records inside a change; nobody else changes what it has read."""

    def put(self, record: object) -> None:
        """Add a record, or put it in the place of the one of its name."""
        ...

    def new_number(self, kind: type) -> str:
        """Return a number that no record of a kind has yet."""
        ...


def name_of(record: object) -> str:
    """Return what a record is found by: its first field."""
    return str(getattr(record, fields(record)[0].name))  # type: ignore[arg-type]  # records are dataclasses


class MemoryRecords:
    """Records in memory. `down` makes every call fail; numbers count up, so that scripts hear the same."""

    def __init__(self, records: Iterable[object] = ()) -> None:
        self._kept: dict[type, dict[str, Any]] = {}
        self._done: dict[str, Any] = {}
        self._lock = threading.RLock()
        for record in records:
            self.put(record)

    def get(self, kind: type[R], name: str) -> R | None:
        """Return a record by its first field, or None."""
        return self._kept.get(kind, {}).get(name)

    def find(self, kind: type[R], field: str, *values: str) -> list[R]:
        """Return the records in which a field has one of the values."""
        found = [one for one in self._kept.get(kind, {}).values() if getattr(one, field) in values]
        return sorted(found, key=name_of, reverse=True)[: MOST * len(values)]

    def all(self, kind: type[R]) -> list[R]:
        """Return all records of a kind."""
        return sorted(self._kept.get(kind, {}).values(), key=name_of)[:ALL]

    def change(self, key: str, work: Callable[[Change], R | None]) -> R | None:
        """Do some work as a whole, once per key."""
        with self._lock:
            if key not in self._done:
                done = work(self)
                if done is None:
                    return None
                self._done[key] = done
            result: R = self._done[key]
            return result

    def put(self, record: object) -> None:
        """Add or replace a record."""
        self._kept.setdefault(type(record), {})[name_of(record)] = record

    def new_number(self, kind: type) -> str:
        """Return the next number of a kind."""
        return f"{kind.__name__[0]}{len(self._kept.get(kind, {})) + 7001}"
