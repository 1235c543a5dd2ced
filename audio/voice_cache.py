"""Prompts that have been spoken before: mu-law by content, in memory and on disk.

The key names all that the sound depends on, so a changed text or speed is another prompt. The folder
is shared by processes: files are written beside and renamed, end with their length and checksum, and
are read before they are believed. Both stores are bounded; what was used longest ago goes first, and
what the published menus need is never thrown away.
"""

import hashlib
import os
import secrets
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

import structlog

from ivr.ports import EngineInfo

log = structlog.get_logger(__name__)
MEMORY_BYTES = 32_000_000
DISK_BYTES = 500_000_000
DISK_FILES = 50_000
SPARE = 0.9
"""So full is the folder after tidying up."""
FORMAT = "6"
"""Changes when the same text would be made into other audio by the same voice."""

_TRAILER = struct.Struct("<II")
_SUFFIX = ".ulaw"
_KEPT = "published.keys"
_ABANDONED_S = 3600
"""A file in the making that is older was left by a process that died."""


def key_of(info: EngineInfo, text: str) -> str:
    """Return the name of the audio of a text as a voice says it."""
    content = "\x00".join((*map(str, astuple(info)), FORMAT, text))
    return hashlib.sha256(content.encode()).hexdigest()[:40]


@dataclass(slots=True)
class Counts:
    """What a store has done since it was opened."""

    hits: int = 0
    misses: int = 0
    written: int = 0
    evicted: int = 0
    spoilt: int = 0


class PromptStore:
    """The audio of prompts by key. Safe for threads, and for processes that share the folder."""

    def __init__(self, folder: Path, *, most_bytes: int = DISK_BYTES, most_files: int = DISK_FILES) -> None:
        self._folder, self._most_bytes, self._most_files = folder, most_bytes, most_files
        folder.mkdir(parents=True, exist_ok=True)
        self.counts = Counts()
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._in_memory = 0
        self._lock = threading.Lock()
        self._tidying = threading.Lock()
        self._files, self._bytes = self._measured()

    def get(self, key: str) -> bytes | None:
        """Return the mu-law audio of a prompt, or None."""
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                self.counts.hits += 1
                return self._memory[key]
        data = self._read(key)
        with self._lock:
            if data is None:
                self.counts.misses += 1
            else:
                self.counts.hits += 1
        if data is not None:
            self._remember(key, data)
        return data

    def has(self, key: str) -> bool:
        """Return whether there is whole audio under a key, without keeping it in memory."""
        with self._lock:
            if key in self._memory:
                return True
        return self._read(key) is not None

    def put(self, key: str, ulaw: bytes) -> None:
        """Keep a prompt. A disk that is full costs only speed."""
        self._remember(key, ulaw)
        path = self._path(key)
        part = path.with_suffix(f".{secrets.token_hex(4)}.part")
        try:
            part.write_bytes(ulaw + _TRAILER.pack(len(ulaw), zlib.crc32(ulaw)))
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            log.warning("prompt not stored", error=str(error))
            return
        with self._lock:
            self.counts.written += 1
            self._files += 1
            self._bytes += len(ulaw) + _TRAILER.size
            full = self._files > self._most_files or self._bytes > self._most_bytes
        if full:
            self.tidy()

    def keep(self, keys: Iterable[str]) -> None:
        """Say which prompts the published menus need; they stay, however many others come."""
        part = self._folder / f"{_KEPT}.{secrets.token_hex(4)}.part"
        try:
            part.write_text("\n".join(sorted(set(keys))))
            part.replace(self._folder / _KEPT)
        except OSError as error:
            part.unlink(missing_ok=True)
            log.warning("list of published prompts not stored", error=str(error))

    def kept(self) -> frozenset[str]:
        """Return which prompts the published menus need, as any process has last said it."""
        try:
            return frozenset((self._folder / _KEPT).read_text().split())
        except OSError:
            return frozenset()

    def tidy(self) -> None:
        """Throw away what was used longest ago until there is room, and what dead processes have left."""
        if not self._tidying.acquire(blocking=False):
            return
        try:
            self._tidy()
        finally:
            self._tidying.release()

    def _tidy(self) -> None:
        kept, now = self.kept(), _now(self._folder)
        files, size = 0, 0
        loose: list[tuple[float, int, os.DirEntry[str]]] = []
        with os.scandir(self._folder) as found:
            for entry in found:
                stat = _stat(entry)
                if stat is None:
                    continue
                if entry.name.endswith(".part") and now - stat.st_mtime > _ABANDONED_S:
                    Path(entry.path).unlink(missing_ok=True)
                if entry.name.endswith(_SUFFIX):
                    files, size = files + 1, size + stat.st_size
                    if entry.name.removesuffix(_SUFFIX) not in kept:
                        loose.append((stat.st_mtime, stat.st_size, entry))
        for _, length, entry in sorted(loose, key=lambda one: one[0]):
            if files <= self._most_files * SPARE and size <= self._most_bytes * SPARE:
                break
            Path(entry.path).unlink(missing_ok=True)
            files, size = files - 1, size - length
            with self._lock:
                self.counts.evicted += 1
        with self._lock:
            self._files, self._bytes = files, size

    def _measured(self) -> tuple[int, int]:
        with os.scandir(self._folder) as found:
            sizes = [stat.st_size for one in found if one.name.endswith(_SUFFIX) and (stat := _stat(one))]
        return len(sizes), sum(sizes)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_SUFFIX}"

    def _read(self, key: str) -> bytes | None:
        """Return a file's audio if it is whole; a damaged file is removed, to be made again."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            os.utime(path)  # used now, so it goes late
        except OSError:
            return None
        ulaw, trailer = data[: -_TRAILER.size], data[-_TRAILER.size :]
        if trailer == _TRAILER.pack(len(ulaw), zlib.crc32(ulaw)):
            return ulaw
        log.warning("damaged prompt removed", file=path.name)
        path.unlink(missing_ok=True)
        with self._lock:
            self.counts.spoilt += 1
        return None

    def _remember(self, key: str, data: bytes) -> None:
        with self._lock:
            self._in_memory += len(data) - len(self._memory.pop(key, b""))
            self._memory[key] = data
            while self._in_memory > MEMORY_BYTES and len(self._memory) > 1:
                _, old = self._memory.popitem(last=False)
                self._in_memory -= len(old)


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat()
    except OSError:  # another process has just removed it
        return None


def _now(folder: Path) -> float:
    """Return the time as the folder's disk has it, with which its files are compared."""
    probe = folder / f"{secrets.token_hex(4)}.part"
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:
        return 0.0
    finally:
        probe.unlink(missing_ok=True)
