"""pyttsx3 over eSpeak NG, in a process of its own that is killed when it hangs.

pyttsx3 is not safe for threads and can hang or write no file without an error (nateshmbhat/pyttsx3
issues 194, 219); eSpeak NG is GPL-3.0. For both reasons it never runs in the hotline's process:
the worker (`audio.tts.pyttsx3_worker`) takes one text at a time and answers with a WAV file.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryDirectory
from typing import IO

from audio.pcm import Pcm, read_wav
from ivr.errors import InvalidInput, Unavailable
from ivr.ports import EngineInfo

BASE_TIMEOUT_S = 2.0
START_TIMEOUT_S = 10.0
ESPEAK_NAMES = {"zh": "cmn"}
"""Languages that eSpeak NG knows by another name."""
CHARS_PER_S = 12
"""Expected speed of speech; the time-out is the base plus a tenth of the expected audio."""


class Pyttsx3Voice:
    """The engine: one worker process, one request at a time, restarted after a failure."""

    def __init__(self, language: str = "en", *, worker: list[str] | None = None) -> None:
        self.info = EngineInfo("pyttsx3", language, "MPL-2.0 over GPL-3.0 (own process)", 22_050)
        self._command = worker or [sys.executable, "-m", "audio.tts.pyttsx3_worker"]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._answers: Queue[str] = Queue()
        self._folder = TemporaryDirectory(prefix="ivr-pyttsx3-")

    def warm_up(self) -> None:
        """Start the worker and let it speak once."""
        for _ in self.speak("Ready."):
            pass

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            self._kill()
        self._folder.cleanup()

    def speak(self, text: str) -> Iterator[Pcm]:
        """Yield the audio in one piece. Raise Unavailable when the worker hangs or fails."""
        with self._lock:
            pcm, rate = self._spoken(text)
        if rate != self.info.sample_rate:
            self.info = EngineInfo(self.info.name, self.info.language, self.info.licence, rate)
        yield pcm

    def _spoken(self, text: str) -> tuple[Pcm, int]:
        path = Path(self._folder.name) / "speech.wav"
        path.unlink(missing_ok=True)
        fresh = self._process is None or self._process.poll() is not None
        process = self._start() if fresh or self._process is None else self._process
        limit = BASE_TIMEOUT_S + len(text) / CHARS_PER_S / 10 + (START_TIMEOUT_S if fresh else 0)
        try:
            self._ask(process, path, text, limit)
            return read_wav(path.read_bytes())
        except (OSError, InvalidInput, TimeoutError) as error:
            self._kill()
            raise Unavailable(f"pyttsx3 gave no audio: {error}") from error

    def _ask(self, process: subprocess.Popen[str], path: Path, text: str, limit: float) -> None:
        assert process.stdin is not None
        voice = ESPEAK_NAMES.get(self.info.language, self.info.language)
        process.stdin.write(f"{path}\t{voice}\t{' '.join(text.split())}\n")
        process.stdin.flush()
        until = time.monotonic() + limit
        try:
            answer = self._answers.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            raise TimeoutError(f"no answer in {limit:.1f} s") from None
        if answer != "ok":
            raise OSError(answer or "the worker ended")
        if path.stat().st_size <= 44:
            raise OSError("the file is empty")

    def _start(self) -> subprocess.Popen[str]:
        self._kill()
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._answers = Queue()
        reader = threading.Thread(target=_read, args=(process.stdout, self._answers), daemon=True)
        reader.start()
        self._process = process
        return process

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()


def _read(stream: IO[str] | None, answers: Queue[str]) -> None:
    try:
        for line in stream or ():
            answers.put(line.strip())
    except ValueError:  # the stream was closed by a kill
        return
    answers.put("")
