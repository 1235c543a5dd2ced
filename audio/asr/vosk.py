"""Vosk (Kaldi): streaming speech to text for languages with a Vosk model, 8 kHz taken directly.

A list of phrases is used wherever the node expects some. The samples' form is asserted: wrong audio
gives fluent nonsense rather than an error (vosk-api issue 1431). Audio is handed on in blocks of one
size, so that the result does not depend on how it arrives.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from audio import pcm as audio
from audio.asr.wordlists import UNKNOWN, word_list
from audio.pcm import Pcm
from ivr.dialog.actions import Expect
from ivr.errors import NotFound, Unavailable
from ivr.ports import EngineInfo, Transcript

RATE = 8000
BLOCK_MS = 100


class Vosk:
    """The engine: one model, shared; one recogniser an utterance."""

    def __init__(self, folder: Path, language: str) -> None:
        import vosk

        vosk.SetLogLevel(-1)
        if not folder.is_dir():
            raise NotFound(f"there is no Vosk model at {folder.name}")
        try:
            self._model = vosk.Model(str(folder))
        except Exception as error:  # the binding raises bare Exception
            raise Unavailable(f"the Vosk model {folder.name} cannot be loaded: {error}") from error
        self._recogniser = vosk.KaldiRecognizer
        self.info = EngineInfo("vosk", language, "Apache-2.0", RATE)

    def warm_up(self) -> None:
        """Run once on silence."""
        self.transcribe(audio.silence(300), RATE, Expect("open"))

    def close(self) -> None:
        """Nothing runs on its own; the model goes with the last recogniser."""

    def transcribe(self, pcm: Pcm, rate: int, expect: Expect) -> Transcript:
        """Return the best reading; the confidence is the mean of the words', less for unknown ones."""
        hearing = self.listen(expect, rate)
        try:
            hearing.feed(pcm)
            return hearing.finish()
        finally:
            hearing.close()

    def listen(self, expect: Expect, rate: int) -> "VoskHearing":
        """Begin an utterance, with the node's phrases where it has some."""
        words = word_list(expect, self.info.language)
        try:
            if words is None:
                recogniser = self._recogniser(self._model, RATE)
            else:
                grammar = json.dumps([*words, UNKNOWN], ensure_ascii=False)
                recogniser = self._recogniser(self._model, RATE, grammar)
        except Exception as error:  # the binding raises bare Exception
            raise Unavailable(f"Vosk cannot listen: {error}") from error
        recogniser.SetWords(True)
        return VoskHearing(recogniser, rate, self.info.name)


class VoskHearing:
    """One utterance, as `ivr.ports.Hearing`."""

    def __init__(self, recogniser: Any, rate: int, engine: str) -> None:
        self._recogniser: Any = recogniser
        self._engine = engine
        self._resampler = audio.Resampler(rate, RATE)
        self._block = rate * BLOCK_MS // 1000
        self._held = np.zeros(0, dtype=np.int16)
        self._words: list[Mapping[str, Any]] = []
        self._partial = ""
        self._seconds = 0.0

    def feed(self, pcm: Pcm) -> str | None:
        """Take the next samples; return the words so far if they have changed, else None."""
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise Unavailable("Vosk takes mono 16-bit samples")
        self._held = np.concatenate([self._held, pcm])
        changed = None
        while len(self._held) >= self._block:
            block, self._held = self._held[: self._block], self._held[self._block :]
            changed = self._take(self._resampler.feed(block)) or changed
        return changed

    def finish(self) -> Transcript:
        """Return the best reading of all that was fed."""
        self._take(self._resampler.feed(self._held))
        self._take(self._resampler.finish())
        self._held = self._held[:0]
        began = time.perf_counter()
        self._keep(self._asked("FinalResult"))
        self._seconds += time.perf_counter() - began
        return self._transcript()

    def close(self) -> None:
        """Give the recogniser back."""
        self._recogniser = None

    def _take(self, line: Pcm) -> str | None:
        began = time.perf_counter()
        if len(line) and self._called("AcceptWaveform", line.tobytes()):
            self._keep(self._asked("Result"))
        partial = str(self._asked("PartialResult").get("partial", "")).replace(UNKNOWN, "")
        self._seconds += time.perf_counter() - began
        words = " ".join([*(word["word"] for word in self._known()), *partial.split()])
        if not words or words == self._partial:
            return None
        self._partial = words
        return words

    def _called(self, method: str, *given: Any) -> Any:
        if self._recogniser is None:
            raise Unavailable("this utterance is closed")
        try:
            return getattr(self._recogniser, method)(*given)
        except Exception as error:  # the binding raises bare Exception
            raise Unavailable(f"Vosk failed: {error}") from error

    def _asked(self, method: str) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = json.loads(self._called(method))
        return answer

    def _keep(self, result: Mapping[str, Any]) -> None:
        self._words += result.get("result", [])

    def _known(self) -> list[Mapping[str, Any]]:
        return [word for word in self._words if word["word"] != UNKNOWN]

    def _transcript(self) -> Transcript:
        known = self._known()
        text = " ".join(word["word"] for word in known)
        sure = sum(word["conf"] for word in known) / len(self._words) if known else 0.0
        readings = (text,) if text else ()
        return Transcript(text, round(min(sure, 1.0), 3), self._seconds, self._engine, readings)
