"""The speech of one process: engines by language, worker threads, the prompt store.

Recognition and synthesis never run on the caller's thread: they are handed to small pools, with a
bound on what may wait. onnxruntime gives the interpreter lock back while it computes, so threads
share one set of weights.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import structlog

from audio import pcm as audio
from audio.pcm import Pcm
from audio.recorded import PREFIX, RecordedPrompts
from audio.recorded import key_of as recorded_key
from audio.voice_cache import PromptStore, key_of
from ivr.dialog.actions import Expect
from ivr.errors import TooBusy, Unavailable
from ivr.ports import Recogniser, Transcript, Voice

log = structlog.get_logger(__name__)
ASR_WORKERS = 2
TTS_WORKERS = 2
MOST_WAITING = 32
"""Recognitions that may wait; beyond it the answer is "too busy" at once (keys still work)."""

SENTENCE_GAP_MS = 200

Sink = Callable[[bytes | None], None]


class Speech:
    """Hears and speaks."""

    def __init__(
        self,
        recognisers: Mapping[str, Recogniser],
        voices: Mapping[str, Voice],
        prompts: PromptStore,
        recorded: RecordedPrompts,
    ) -> None:
        self.recognisers, self.voices = recognisers, voices
        self._prompts, self._recorded = prompts, recorded
        self._asr = ThreadPoolExecutor(ASR_WORKERS, thread_name_prefix="asr")
        self._tts = ThreadPoolExecutor(TTS_WORKERS, thread_name_prefix="tts")
        self._waiting = 0
        self._lock = threading.Lock()

    def hears(self, language: str) -> bool:
        """Return whether a language can be recognised."""
        return language in self.recognisers

    def speaks(self, language: str) -> bool:
        """Return whether a language can be spoken."""
        return language in self.voices

    def transcribe(self, pcm: Pcm, rate: int, language: str, expect: Expect) -> Future[Transcript]:
        """Recognise one utterance in a worker. Raise TooBusy when too many wait."""
        engine = self.recognisers.get(language)
        if engine is None:
            raise Unavailable(f"no recogniser is installed for '{language}'")
        with self._lock:
            if self._waiting >= MOST_WAITING:
                raise TooBusy("too many callers speak at once")
            self._waiting += 1
        future = self._asr.submit(engine.transcribe, pcm, rate, expect)
        future.add_done_callback(self._done)
        return future

    def _done(self, future: Future[Transcript]) -> None:
        with self._lock:
            self._waiting -= 1

    def speak(self, text: str, language: str, sink: Sink) -> None:
        """Give the text's audio (mu-law, 8 kHz) to `sink`, piece by piece, then None.

        A stored prompt is given at once, on the caller's thread; else a worker speaks it. A voice
        that fails gives what it has; the failure is logged.
        """
        voice = self.voices.get(language)
        ready = self._ready(text, language)
        if voice is None or ready is not None:
            if ready:
                sink(ready)
            sink(None)
            return
        self._tts.submit(self._speak, voice, text, sink)

    def _ready(self, text: str, language: str) -> bytes | None:
        """Return a text's audio if it is there: as a person recorded it, or as it was spoken before."""
        recorded = self._recorded.get(text, language)
        if recorded is not None:
            return recorded
        voice = self.voices.get(language)
        return self._prompts.get(key_of(voice.info, text)) if voice else None

    def _speak(self, voice: Voice, text: str, sink: Sink) -> None:
        try:
            for piece in self.spoken(voice, text):
                sink(piece)
        except Exception as error:  # the caller must not wait for ever, whatever broke  # noqa: BLE001
            log.error("voice failed", engine=voice.info.name, error=str(error))
        finally:
            sink(None)

    def spoken(self, voice: Voice, text: str) -> Iterator[bytes]:
        """Yield a text's audio from a voice, and keep it in the store when it is whole."""
        whole: list[bytes] = []
        for piece in voice.speak(text):
            bare = audio.trimmed(piece, voice.info.sample_rate)
            line = audio.levelled(audio.resample(bare, voice.info.sample_rate, audio.RATE))
            ulaw = audio.to_ulaw(np.concatenate([audio.silence(SENTENCE_GAP_MS), line]) if whole else line)
            whole.append(ulaw)
            yield ulaw
        if whole:
            self._prompts.put(key_of(voice.info, text), b"".join(whole))

    def key(self, text: str, language: str) -> str:
        """Return the name under which a text's audio is stored."""
        if self._recorded.get(text, language) is not None:
            return recorded_key(text, language)
        return key_of(self.voices[language].info, text)

    def stored(self, key: str) -> bytes | None:
        """Return stored audio by its name."""
        return self._recorded.stored(key) if key.startswith(PREFIX) else self._prompts.get(key)

    def render(self, text: str, language: str) -> Future[bytes]:
        """Speak a whole text in a worker; the result is its mu-law audio."""
        voice = self.voices[language]
        ready = self._ready(text, language)
        if ready is not None:
            done: Future[bytes] = Future()
            done.set_result(ready)
            return done
        return self._tts.submit(lambda: b"".join(self.spoken(voice, text)))

    def close(self) -> None:
        """Stop the workers and the engines."""
        self._asr.shutdown(wait=False, cancel_futures=True)
        self._tts.shutdown(wait=False, cancel_futures=True)
        for recogniser in self.recognisers.values():
            recogniser.close()
        for voice in self.voices.values():
            voice.close()
