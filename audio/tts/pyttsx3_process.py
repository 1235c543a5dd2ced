"""One worker process of pyttsx3, seen from outside: asked in a line of JSON, killed when it is late."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, Queue
from typing import IO

from audio.pcm import Pcm, read_wav
from ivr.errors import InvalidInput, Unavailable

COMMAND = [sys.executable, "-m", "audio.tts.pyttsx3_worker"]
WAV_HEADER = 44


class WorkerProcess:
    """A process that speaks one text at a time; started when it is first needed and after a failure."""

    def __init__(self, command: list[str] | None = None) -> None:
        self._command = command or COMMAND
        self._process: subprocess.Popen[str] | None = None
        self._answers: Queue[str] = Queue()

    @property
    def running(self) -> bool:
        """Return whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Return the number of the process that runs."""
        return self._process.pid if self._process is not None and self.running else None

    def spoken(self, asked: Mapping[str, str | int], limit: float) -> tuple[Pcm, int]:
        """Return the audio of a text and its rate. Without any in time, kill and raise Unavailable."""
        path = Path(str(asked["path"]))
        try:
            self._ask(json.dumps(asked), limit)
            data = path.read_bytes()
            if len(data) <= WAV_HEADER:
                raise OSError("the file is empty")
            return read_wav(data)
        except (OSError, ValueError, InvalidInput) as error:
            self.kill()
            raise Unavailable(f"pyttsx3 gave no audio: {error}") from error
        finally:
            path.unlink(missing_ok=True)

    def _ask(self, line: str, limit: float) -> None:
        process = self._process if self._process is not None and self.running else self._start()
        assert process.stdin is not None
        until = time.monotonic() + limit
        process.stdin.write(line + "\n")
        process.stdin.flush()
        try:
            answer = self._answers.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            raise TimeoutError(f"no answer in {limit:.1f} s") from None
        if answer != "ok":
            raise OSError(answer or "the worker ended")

    def _start(self) -> subprocess.Popen[str]:
        self.kill()
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._answers = Queue()
        threading.Thread(target=_read, args=(process.stdout, self._answers), daemon=True).start()
        self._process = process
        return process

    def kill(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                try:
                    stream.close()
                except OSError:  # what it had not taken is lost with it
                    continue


def _read(stream: IO[str] | None, answers: Queue[str]) -> None:
    try:
        for line in stream or ():
            answers.put(line.strip())
    except ValueError:  # the stream was closed by a kill
        return
    answers.put("")
