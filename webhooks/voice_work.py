"""What the webhook driver has under way for its calls: recordings being fetched, prompts promised.

Bounded: the oldest entries are dropped. A process that has just started knows none of them; then a
recording counts as silence and the caller is asked again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx

from audio import pcm as audio
from audio.pcm import RATE, Pcm
from audio.speech import Speech
from audio.vad import speech_part
from ivr.dialog.actions import Expect, Say
from ivr.ports import Transcript

MOST = 2_000
FETCHERS = 8
FETCH_LIMIT_S = 5.0
NOT_YET = (404, 425)
"""A carrier that still writes the file answers so."""
TRY_AGAIN_S = 0.4
TRIES = 6


class Work:
    """Work on recordings by call and turn, prompts by the key of their audio."""

    def __init__(self, speech: Speech, account: tuple[str, str]) -> None:
        self._speech, self._account = speech, account
        self._pool = ThreadPoolExecutor(FETCHERS, thread_name_prefix="recording")
        self._running: OrderedDict[str, Future[Any]] = OrderedDict()
        self._prompts: OrderedDict[str, Say] = OrderedDict()
        self._lock = threading.Lock()

    def once(self, key: str, work: Callable[[], Any]) -> "Future[Any]":
        """Begin some work in a thread, once per key."""
        with self._lock:
            if key not in self._running:
                self._running[key] = self._pool.submit(work)
                while len(self._running) > MOST:
                    self._running.popitem(last=False)
            return self._running[key]

    def running(self, key: str) -> "Future[Any] | None":
        """Return the work of a key, if there is any."""
        return self._running.get(key)

    def recognise(self, url: str, language: str) -> Transcript:
        """Fetch and recognise an answer; its text is "" when nothing was said."""
        pcm = self.speech_at(url)
        if not len(pcm):
            return Transcript("", 0.0)
        return self._speech.transcribe(pcm, RATE, language, Expect("open")).result(FETCH_LIMIT_S)

    def speech_at(self, url: str) -> Pcm:
        """Fetch a recording; return the stretch of it that holds speech, at 8 kHz, empty if none does."""
        pcm, rate = audio.read_wav(self._fetched(f"{url}.wav"))
        return speech_part(audio.resample(pcm, rate, RATE), RATE)

    def _fetched(self, url: str) -> bytes:
        transport = httpx.HTTPTransport(retries=2)
        with httpx.Client(
            transport=transport, timeout=FETCH_LIMIT_S, auth=self._account, follow_redirects=True
        ) as client:
            for left in reversed(range(TRIES)):
                answer = client.get(url)
                if answer.status_code not in NOT_YET or not left:
                    break
                time.sleep(TRY_AGAIN_S)
            answer.raise_for_status()
            return answer.content

    def promise(self, key: str, say: Say) -> None:
        """Remember a prompt whose address has been given out."""
        with self._lock:
            self._prompts[key] = say
            while len(self._prompts) > MOST:
                self._prompts.popitem(last=False)

    def promised(self, key: str) -> Say | None:
        """Return a promised prompt."""
        return self._prompts.get(key)

    def close(self) -> None:
        """Stop fetching."""
        self._pool.shutdown(wait=False, cancel_futures=True)
