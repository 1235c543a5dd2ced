"""What the webhook driver has under way for its calls: recordings being recognised, prompts promised.

Bounded: the oldest entries are dropped. A process that has just started knows none of them; then a
recording counts as silence and the caller is asked again.
"""

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor

import httpx

from audio import pcm as audio
from audio.speech import Speech
from audio.vad import speech_part
from ivr.dialog.actions import Expect, Say
from ivr.ports import Transcript

MOST = 2_000
FETCHERS = 8
FETCH_LIMIT_S = 5.0


class Work:
    """Recognitions by call and turn, prompts by the key of their audio."""

    def __init__(self, speech: Speech, account: tuple[str, str]) -> None:
        self._speech, self._account = speech, account
        self._pool = ThreadPoolExecutor(FETCHERS, thread_name_prefix="recording")
        self._recognitions: OrderedDict[str, Future[Transcript]] = OrderedDict()
        self._prompts: OrderedDict[str, Say] = OrderedDict()
        self._lock = threading.Lock()

    def recognition(self, key: str, url: str, language: str) -> Future[Transcript]:
        """Fetch and recognise a recording, once per key."""
        with self._lock:
            if key not in self._recognitions:
                self._recognitions[key] = self._pool.submit(self._recognise, url, language)
                while len(self._recognitions) > MOST:
                    self._recognitions.popitem(last=False)
            return self._recognitions[key]

    def running(self, key: str) -> Future[Transcript] | None:
        """Return the recognition of a key, if there is one."""
        return self._recognitions.get(key)

    def _recognise(self, url: str, language: str) -> Transcript:
        transport = httpx.HTTPTransport(retries=2)
        with httpx.Client(
            transport=transport, timeout=FETCH_LIMIT_S, auth=self._account, follow_redirects=True
        ) as client:
            answer = client.get(f"{url}.wav")
            answer.raise_for_status()
        pcm, rate = audio.read_wav(answer.content)
        pcm = speech_part(pcm, rate)
        if not len(pcm):
            return Transcript("", 0.0)
        return self._speech.transcribe(pcm, rate, language, Expect("open")).result(FETCH_LIMIT_S)

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
