"""pyttsx3 over eSpeak NG, in processes of its own that are killed when they hang.

pyttsx3 is not safe for threads and can hang or write no file without an error (nateshmbhat/pyttsx3
issues 194, 219); eSpeak NG is GPL-3.0. For both reasons it never runs in the hotline's process: a
worker (`audio.tts.pyttsx3_worker`) takes one text at a time and answers with a WAV file. There are
two, so that a text is spoken while another hangs.
"""

import threading
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from itertools import count
from pathlib import Path
from queue import Empty, LifoQueue
from tempfile import TemporaryDirectory

from audio.pcm import Pcm, resample
from audio.tts.manner import Manner, VoiceInfo
from audio.tts.pyttsx3_process import WorkerProcess
from ivr.errors import Unavailable
from ivr.ports import EngineInfo

RATE = 22_050
WORKERS = 2
BASE_TIMEOUT_S = 2.0
START_TIMEOUT_S = 10.0
ESPEAK_NAMES = {"zh": "cmn"}
"""Languages that eSpeak NG knows by another name."""
CHARS_PER_S = 12
"""Expected speed of speech; the time-out is the base plus a tenth of the expected audio."""
WORDS_A_MINUTE = 200
"""eSpeak's own pace."""
MOST_FAILURES = 3
REST_S = 30.0
"""After so many failures in a row nobody waits for it for a while; then one text tries again."""


class Pyttsx3Voice:
    """The engine: worker processes, one text at a time in each, restarted after a failure."""

    info: EngineInfo

    def __init__(
        self,
        language: str = "en",
        manner: Manner | None = None,
        *,
        worker: list[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        manner = manner or Manner()
        self._name = manner.voice or ESPEAK_NAMES.get(language, language)
        self._pace = round(WORDS_A_MINUTE * manner.speed)
        self.info = VoiceInfo(
            "pyttsx3",
            language,
            "MPL-2.0 over GPL-3.0 (own process)",
            RATE,
            metadata.version("pyttsx3"),
            self._name,
            manner.speed,
            manner.volume_db,
        )
        self._folder: TemporaryDirectory[str] | None = None
        self.workers = [WorkerProcess(worker) for _ in range(WORKERS)]
        self._idle: LifoQueue[WorkerProcess] = LifoQueue()
        for one in self.workers:
            self._idle.put(one)
        self._numbers, self._clock, self._lock = count(), clock, threading.Lock()
        self._failures, self._rests_until = 0, 0.0

    def warm_up(self) -> None:
        """Start a worker and let it speak once. Raise Unavailable when there is no such voice."""
        for _ in self.speak("Ready."):
            pass

    def close(self) -> None:
        """End the workers."""
        for worker in self.workers:
            worker.kill()
        if self._folder is not None:
            self._folder.cleanup()

    def speak(self, text: str) -> Iterator[Pcm]:
        """Yield the audio in one piece. Raise Unavailable when a worker hangs or fails."""
        words = " ".join("".join(mark for mark in text if mark.isprintable()).split())
        if not words:
            return
        self._refuse_while_resting()
        worker = self._free_worker()
        try:
            pcm, rate = self._spoken(worker, words)
        except Unavailable:
            self._failed()
            raise
        finally:
            self._idle.put(worker)
        self._failures = 0
        yield resample(pcm, rate, RATE)

    def _free_worker(self) -> WorkerProcess:
        try:
            return self._idle.get(timeout=BASE_TIMEOUT_S)
        except Empty:
            raise Unavailable("pyttsx3 is at work on other texts") from None

    def _spoken(self, worker: WorkerProcess, words: str) -> tuple[Pcm, int]:
        limit = BASE_TIMEOUT_S + len(words) / CHARS_PER_S / 10
        if not worker.running:
            limit += START_TIMEOUT_S
        path = str(self._made_folder() / f"{next(self._numbers)}.wav")
        return worker.spoken({"path": path, "voice": self._name, "rate": self._pace, "text": words}, limit)

    def _made_folder(self) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = TemporaryDirectory(prefix="ivr-pyttsx3-")
            return Path(self._folder.name)

    def _refuse_while_resting(self) -> None:
        with self._lock:
            if self._failures < MOST_FAILURES:
                return
            left = self._rests_until - self._clock()
            if left > 0:
                raise Unavailable(f"pyttsx3 failed {self._failures} times; it is tried again in {left:.0f} s")
            self._rests_until = self._clock() + REST_S  # one tries; others do not wait for it

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._rests_until = self._clock() + REST_S
