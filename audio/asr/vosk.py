"""Vosk (Kaldi): streaming speech to text for languages with a Vosk model, 8 kHz taken directly.

A phrase grammar is used wherever the node expects one. The model's own sample rate and 16-bit mono
are asserted: wrong audio gives fluent nonsense rather than an error (vosk-api issue 1431).
"""

import json
import time
from pathlib import Path

import numpy as np

from audio import pcm as audio
from audio.pcm import Pcm
from ivr.dialog.actions import Expect
from ivr.errors import NotFound, Unavailable
from ivr.ports import EngineInfo, Transcript

RATE = 8000
GRAMMAR_KINDS = frozenset({"phrases", "yes_no", "digits"})


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
        """Nothing runs on its own."""

    def transcribe(self, pcm: Pcm, rate: int, expect: Expect) -> Transcript:
        """Return the best reading; the confidence is the mean of the words'."""
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise Unavailable("Vosk takes mono 16-bit samples")
        began = time.perf_counter()
        recogniser = self._new(expect)
        recogniser.SetWords(True)
        recogniser.AcceptWaveform(audio.resample(pcm, rate, RATE).tobytes())
        result = json.loads(recogniser.FinalResult())
        heard = [word for word in result.get("result", []) if word["word"] != "[unk]"]
        sure = sum(word["conf"] for word in heard) / len(heard) if heard else 0.0
        text = " ".join(word["word"] for word in heard)
        return Transcript(text, round(sure, 3), time.perf_counter() - began, self.info.name)

    def partials(self, pcm: Pcm, rate: int, expect: Expect) -> list[str]:
        """Return the distinct interim readings while the audio is fed in 20 ms frames."""
        recogniser = self._new(expect)
        line = audio.resample(pcm, rate, RATE)
        found: list[str] = []
        for start in range(0, len(line), audio.FRAME):
            recogniser.AcceptWaveform(line[start : start + audio.FRAME].tobytes())
            text = str(json.loads(recogniser.PartialResult()).get("partial", ""))
            if text and text not in found[-1:]:
                found.append(text)
        return found

    def _new(self, expect: Expect):  # type: ignore[no-untyped-def]  # the binding has no types
        if expect.kind in GRAMMAR_KINDS and expect.phrases:
            grammar = json.dumps([*expect.phrases, "[unk]"], ensure_ascii=False)
            return self._recogniser(self._model, RATE, grammar)
        return self._recogniser(self._model, RATE)
