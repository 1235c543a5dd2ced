"""The speaking half of a process: texts in, telephone audio out, from the store wherever it can be.

A text is spoken segment by segment (`segments.py`); each is stored by its content, so that a sentence
that another text has as well is not made again, and a caller hears the first one while the next is
still in the making. A voice that fails is stood in for by the spare one of its language.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
import structlog

from audio import pcm as audio
from audio.pcm import Pcm
from audio.recorded import PREFIX, RecordedPrompts
from audio.recorded import key_of as recorded_key
from audio.tts.manner import VoiceInfo
from audio.tts.mastering import mastered
from audio.tts.segments import Segment, segments
from audio.voice_cache import PromptStore, key_of
from ivr.ports import EngineInfo, Voice

log = structlog.get_logger(__name__)
WORKERS = 2
LONG_TEXT = 300
"""Texts with more letters are cut into segments by a worker: it takes time."""
LIVE_WAIT_S = 2.0
"""What is made ahead of time gives way to live texts for so long, sentence by sentence."""

Sink = Callable[[bytes | None], None]


@dataclass(frozen=True, slots=True)
class Timing:
    """How a text was spoken: when its first audio was there, when all of it, how long it is."""

    first_ms: float
    whole_ms: float
    audio_s: float
    segments: int


class Speaking:
    """Speaks. `voices` and `spares` are by language; a spare may be missing."""

    def __init__(
        self,
        voices: Mapping[str, Voice],
        prompts: PromptStore,
        recorded: RecordedPrompts,
        spares: Mapping[str, Voice] | None = None,
    ) -> None:
        self.voices, self.spares = voices, spares or {}
        self.prompts, self._recorded = prompts, recorded
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="tts")
        self._live = 0
        self._lock = threading.Lock()

    def close(self) -> None:
        """Stop the workers and the engines."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for voice in chain(self.voices.values(), self.spares.values()):
            voice.close()

    # ---- live

    def speak(self, text: str, language: str, sink: Sink) -> None:
        """Give the text's audio (mu-law, 8 kHz) to `sink`, piece by piece, then None.

        What is stored is given at once, on the caller's thread; a worker speaks the rest. Where no
        voice can, the prompt ends with what there is; the failure is logged.
        """
        text = _sound(text)
        recorded = self._recorded.get(text, language)
        if recorded is not None:
            sink(recorded)
            sink(None)
        elif len(text) > LONG_TEXT:
            self._hand_over(partial(self.segments, text, language), sink)
        else:
            self._speak_stored(self.segments(text, language), sink)

    def _speak_stored(self, parts: tuple[Segment, ...], sink: Sink) -> None:
        for number, part in enumerate(parts):
            ready = self.prompts.get(self._key(part))
            if ready is None:
                self._hand_over(partial(tuple, parts[number:]), sink)
                return
            sink(_after_pause(part, ready))
        sink(None)

    def _hand_over(self, parts: Callable[[], tuple[Segment, ...]], sink: Sink) -> None:
        try:
            self._pool.submit(self._speak, parts, sink)
        except RuntimeError:  # the house is closing
            sink(None)

    def _speak(self, parts: Callable[[], tuple[Segment, ...]], sink: Sink) -> None:
        try:
            for piece in self._pieces(parts()):
                sink(piece)
        except Exception as error:  # the caller must not wait for ever, whatever broke  # noqa: BLE001
            log.error("nothing could speak", error=str(error))
        finally:
            sink(None)

    def _pieces(self, parts: tuple[Segment, ...]) -> Iterator[bytes]:
        for part in parts:
            yield _after_pause(part, self._audio(part))

    def render(self, text: str, language: str) -> Future[bytes]:
        """Speak a whole text in a worker, or at once where it is stored; the result is mu-law audio."""
        text = _sound(text)
        ready = self._recorded.get(text, language)
        parts = self.segments(text, language) if ready is None else ()
        if ready is None and all(self.prompts.has(self._key(part)) for part in parts):
            ready = self._whole(parts)
        if ready is None:
            return self._pool.submit(self._whole, parts)
        done: Future[bytes] = Future()
        done.set_result(ready)
        return done

    def _whole(self, parts: tuple[Segment, ...]) -> bytes:
        """Return a text's audio in one; it is stored under the text's own name, for carriers to fetch."""
        whole = b"".join(self._pieces(parts))
        ours = all(self.prompts.has(self._key(part)) for part in parts)  # and not a spare voice's
        if len(parts) > 1 and ours and not self.prompts.has(self._joined(parts)):
            self.prompts.put(self._joined(parts), whole)
        return whole

    # ---- one segment

    def _audio(self, part: Segment) -> bytes:
        """Return a segment's audio: stored, or spoken now, if need be by the spare voice."""
        voice, spare = self.voices[part.language], self.spares.get(part.language)
        ready = self.prompts.get(self._key(part))
        if ready is not None:
            return ready
        if spare is None:
            return self._live_made(voice, part.text)
        if not is_slow(voice.info):  # a caller does not wait for a slow voice while there is another
            try:
                return self._live_made(voice, part.text)
            except Exception as error:  # engines fail in ways of their own  # noqa: BLE001
                log.warning("voice failed", engine=voice.info.name, error=str(error), spare=spare.info.name)
        ready = self.prompts.get(key_of(spare.info, part.text))
        return ready if ready is not None else self._live_made(spare, part.text)

    def _live_made(self, voice: Voice, text: str) -> bytes:
        with self._lock:
            self._live += 1
        try:
            return self._made(voice, text)
        finally:
            with self._lock:
                self._live -= 1

    def _made(self, voice: Voice, text: str) -> bytes:
        """Speak with a voice and store the audio when it is whole."""
        ulaw = audio.to_ulaw(_mastered(voice, text, audio.RATE))
        self.prompts.put(key_of(voice.info, text), ulaw)
        return ulaw

    # ---- ahead of time

    def prepare(self, text: str, language: str) -> None:
        """Make what is missing of a text's audio, on this thread, while no live text is spoken.

        Raise Unavailable when the language's own voice cannot: a spare one is for live texts.
        """
        if not self.keys(text, language):
            return
        for part in self.segments(_sound(text), language):
            if not self.prompts.has(self._key(part)):
                self._give_way()
                self._made(self.voices[part.language], part.text)

    def _give_way(self) -> None:
        until = time.monotonic() + LIVE_WAIT_S
        while self._live and time.monotonic() < until:
            time.sleep(0.005)

    def keys(self, text: str, language: str) -> tuple[str, ...]:
        """Return the names of all that a text's audio is made of; () where a recording replaces it."""
        if self._recorded.get(_sound(text), language) is not None:
            return ()
        return tuple(self._key(part) for part in self.segments(_sound(text), language))

    def keep(self, keys: set[str]) -> None:
        """Never throw these away, until the next call."""
        self.prompts.keep(keys)

    # ---- names

    def segments(self, text: str, language: str) -> tuple[Segment, ...]:
        """Return the segments of a text as the voices here speak it."""
        return segments(text, language, frozenset(self.voices))

    def key(self, text: str, language: str) -> str:
        """Return the name under which a text's audio is stored."""
        text = _sound(text)
        if self._recorded.get(text, language) is not None:
            return recorded_key(text, language)
        return self._joined(self.segments(text, language))

    def stored(self, key: str) -> bytes | None:
        """Return stored audio by its name."""
        return self._recorded.stored(key) if key.startswith(PREFIX) else self.prompts.get(key)

    def _key(self, part: Segment) -> str:
        return key_of(self.voices[part.language].info, part.text)

    def _joined(self, parts: tuple[Segment, ...]) -> str:
        if len(parts) == 1:
            return self._key(parts[0])
        content = ",".join(f"{self._key(part)}+{part.pause_ms}" for part in parts)
        return hashlib.sha256(content.encode()).hexdigest()[:40]


def _sound(text: str) -> str:
    """Return a text that can be encoded, whatever came in."""
    return text.encode("utf-8", "ignore").decode()


def _after_pause(part: Segment, ulaw: bytes) -> bytes:
    return audio.SILENCE[:1] * (part.pause_ms * audio.RATE // 1000) + ulaw if ulaw else b""


def spoken(voices: Mapping[str, Voice], text: str, language: str, rate: int = audio.RATE) -> Iterator[Pcm]:
    """Yield a text's audio piece by piece as callers would hear it, without any store."""
    for part in segments(_sound(text), language, frozenset(voices)):
        pcm = _mastered(voices[part.language], part.text, rate)
        if len(pcm):
            yield np.concatenate([audio.silence(part.pause_ms, rate), pcm])


def timed(voices: Mapping[str, Voice], text: str, language: str) -> Timing:
    """Speak a text without any store and tell how long it took."""
    began = time.perf_counter()
    ends, samples = [], 0
    for piece in spoken(voices, text, language):
        audio.to_ulaw(piece)
        ends.append((time.perf_counter() - began) * 1000)
        samples += len(piece)
    return Timing(ends[0], ends[-1], samples / audio.RATE, len(ends)) if ends else Timing(0, 0, 0, 0)


def _mastered(voice: Voice, text: str, rate: int) -> Pcm:
    pieces = list(voice.speak(text))
    pcm = np.concatenate(pieces) if pieces else audio.silence(0)
    return mastered(pcm, voice.info.sample_rate, rate=rate, volume_db=volume_of(voice.info))


def is_slow(info: EngineInfo) -> bool:
    """Return whether a voice takes long for a sentence."""
    return isinstance(info, VoiceInfo) and info.slow


def volume_of(info: EngineInfo) -> float:
    """Return by how many decibels a voice is to differ from the common level."""
    return info.volume_db if isinstance(info, VoiceInfo) else 0.0
