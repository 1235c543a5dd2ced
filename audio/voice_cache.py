"""Prompts that have been spoken before: mu-law by content, in memory and on disk.

The key names the engine, its voice and the text, so a changed text is another prompt. Files are
written beside and renamed, so that two writers cannot tear one; both stores are bounded.
"""

import hashlib
import os
import secrets
import threading
from collections import OrderedDict
from pathlib import Path

from ivr.ports import EngineInfo

MEMORY_BYTES = 32_000_000
DISK_FILES = 20_000


def key_of(info: EngineInfo, text: str) -> str:
    """Return the name of a prompt's audio."""
    content = "\x00".join((info.name, info.language, str(info.sample_rate), "4", text))
    return hashlib.sha256(content.encode()).hexdigest()[:40]


class PromptStore:
    """The audio of prompts by key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._files = sum(1 for _ in folder.glob("*.ulaw"))

    def get(self, key: str) -> bytes | None:
        """Return the mu-law audio of a prompt, or None."""
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        try:
            data = self._path(key).read_bytes()
        except OSError:
            return None
        self._remember(key, data)
        return data

    def put(self, key: str, ulaw: bytes) -> None:
        """Keep a prompt. A disk that is full costs only speed."""
        self._remember(key, ulaw)
        path = self._path(key)
        part = path.with_suffix(f".{secrets.token_hex(4)}.part")
        try:
            part.write_bytes(ulaw)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            return
        self._files += 1
        if self._files > DISK_FILES:
            self._shrink()

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.ulaw"

    def _remember(self, key: str, data: bytes) -> None:
        with self._lock:
            if key not in self._memory:
                self._bytes += len(data)
            self._memory[key] = data
            self._memory.move_to_end(key)
            while self._bytes > MEMORY_BYTES and len(self._memory) > 1:
                _, old = self._memory.popitem(last=False)
                self._bytes -= len(old)

    def _shrink(self) -> None:
        """Throw away the half of the files that was written longest ago."""
        with os.scandir(self._folder) as found:
            files = sorted((one.stat().st_mtime, one.path) for one in found if one.name.endswith(".ulaw"))
        for _, path in files[: len(files) // 2]:
            Path(path).unlink(missing_ok=True)
        self._files = len(files) - len(files) // 2
