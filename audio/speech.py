"""The speech of one process: recognisers by language and their worker threads; `audio.tts.speaking` speaks.

Recognition and synthesis never run on the caller's thread: they are handed to small pools, with a
bound on what may wait. onnxruntime gives the interpreter lock back while it computes, so threads
share one set of weights.
"""

from collections.abc import Mapping
from concurrent.futures import Future

from audio.pcm import Pcm
from audio.recorded import RecordedPrompts
from audio.tts.speaking import Sink, Speaking
from audio.voice_cache import PromptStore
from audio.workers import Workers
from ivr.dialog.actions import Expect
from ivr.errors import Unavailable
from ivr.ports import Recogniser, Transcript, Voice

ASR_WORKERS = 2
MOST_WAITING = 32
"""Recognitions that may wait; beyond it the answer is "too busy" at once (keys still work)."""
RECOGNITION_LIMIT_S = 4.0
"""A recognition that takes longer is given up, and its worker replaced."""


class Speech:
    """Hears and speaks."""

    def __init__(
        self,
        recognisers: Mapping[str, Recogniser],
        voices: Mapping[str, Voice],
        prompts: PromptStore,
        recorded: RecordedPrompts,
        spares: Mapping[str, Voice] | None = None,
    ) -> None:
        self.recognisers = recognisers
        self.speaking = Speaking(voices, prompts, recorded, spares)
        self._asr = Workers("asr", ASR_WORKERS, MOST_WAITING, RECOGNITION_LIMIT_S)

    @property
    def idle(self) -> bool:
        """Return whether no recognition waits: then there is time to look at unfinished sentences."""
        return self._asr.idle

    @property
    def overloaded(self) -> bool:
        """Return whether recognitions were refused in the last seconds: callers are told to use keys."""
        return self._asr.overloaded()

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
        return self._asr.submit(lambda: engine.transcribe(pcm, rate, expect))

    # ---- the speaking half

    @property
    def voices(self) -> Mapping[str, Voice]:
        """Return the voices by language."""
        return self.speaking.voices

    @voices.setter
    def voices(self, voices: Mapping[str, Voice]) -> None:
        self.speaking.voices = voices

    def speak(self, text: str, language: str, sink: Sink) -> None:
        """Give the text's audio (mu-law, 8 kHz) to `sink`, piece by piece, then None."""
        self.speaking.speak(text, language, sink)

    def render(self, text: str, language: str) -> Future[bytes]:
        """Speak a whole text in a worker; the result is its mu-law audio."""
        return self.speaking.render(text, language)

    def key(self, text: str, language: str) -> str:
        """Return the name under which a text's audio is stored."""
        return self.speaking.key(text, language)

    def stored(self, key: str) -> bytes | None:
        """Return stored audio by its name."""
        return self.speaking.stored(key)

    def close(self) -> None:
        """Stop the workers and the engines."""
        self._asr.close()
        self.speaking.close()
        for recogniser in self.recognisers.values():
            recogniser.close()
