"""Moonshine tiny-en on onnxruntime: English speech to text, weights from a pinned package.

The package is only a carrier of weights; no part of it is imported. The network takes the waveform
at 16 kHz and writes cased, punctuated text, one piece at a time. (Jeffries et al. 2024,
"Moonshine: Speech Recognition for Live Transcription and Voice Commands".)
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from audio import pcm as audio
from audio.asr.calibration import WAS_NOISE, chosen, combined
from audio.asr.choosing import Answer, Candidate, fitting_answer, free_answer
from audio.asr.cleaning import cleaned, slowed
from audio.asr.decoding import WIDTH, Hypothesis, decode
from audio.asr.grammar import grammar_of
from audio.asr.network import RATE, Network, Wave
from audio.asr.partials import Redecoded
from audio.asr.pieces import PieceTrie, TokenAutomaton, read_pieces, text_of
from audio.models import MOONSHINE, locate
from audio.pcm import Pcm
from ivr.dialog.actions import Expect
from ivr.errors import Unavailable
from ivr.ports import EngineInfo, Hearing, Transcript

PIECES_PER_S = 6.5
SPARE_PIECES = 4
"""The cap on pieces of text stops the loops that such models fall into on noise."""
SHORT_S = 1.2
PAD_S = 0.5
"""Silence around short words matters: utterances under SHORT_S get PAD_S of it on both sides."""
LONGEST_S = 20.0
SHORTEST_CUT_S = 12.0
"""What is longer is cut, at its quietest place behind SHORTEST_CUT_S, and taken down piece by piece."""
QUIETEST = 2e-4
"""A peak (of 1.0) below which a line is digital silence."""
CHECKED_WIDTH = 6
"""Sentences followed where a check digit can tell them apart."""
UNSURE = 0.75
LOST = 0.1
"""A number that two looks make so little of is not looked for a third time: numbers are long."""
LOOKED_AT_AGAIN = frozenset(["digits", "yes_no", "phrases", "date", "amount"])
LOOKS = (cleaned, slowed)
"""Where an answer that is not sure is looked for again, and how the sound is changed for it."""
OPEN = Expect("open")


class Moonshine:
    """The engine. Its sessions are shared by threads; each call holds its own cache."""

    info = EngineInfo("moonshine", "en", "MIT", RATE)

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or locate(MOONSHINE)
        self._network = Network(folder)
        self._pieces = read_pieces((folder / "tokenizer.bin").read_bytes())
        self._trie = PieceTrie(self._pieces)
        self._automaton = lru_cache(maxsize=128)(self._new_automaton)

    def warm_up(self) -> None:
        """Run once on noise, so that memory is there and the commonest grammars are known."""
        noise = np.random.default_rng(0).normal(0, 300, RATE).astype(np.int16)
        for expect in (OPEN, Expect("yes_no"), Expect("digits", digits=(6, 6))):
            self.transcribe(noise, RATE, expect)

    def close(self) -> None:
        """Forget the grammars; nothing runs on its own."""
        self._automaton.cache_clear()

    def transcribe(self, pcm: Pcm, rate: int, expect: Expect) -> Transcript:
        """Return the best reading of an utterance, as far as it fits what is expected.

        The confidence is the chance that the answer is right, as measured on synthetic callers. Raise
        Unavailable when the network fails.
        """
        began = time.perf_counter()
        heard = self._heard(_wave(pcm, rate), expect)
        return replace(heard, seconds=time.perf_counter() - began)

    def listen(self, expect: Expect, rate: int) -> Hearing:
        """Begin an utterance; its words so far come from decoding anew what has been heard."""
        return Redecoded(self, expect, rate)

    def _heard(self, wave: Wave, expect: Expect) -> Transcript:
        if not len(wave) or float(np.abs(wave).max()) < QUIETEST:
            return Transcript("", 0.0, 0.0, self.info.name)
        if len(wave) > LONGEST_S * RATE:
            return _joined([self._heard(part, OPEN) for part in _parts(wave)])
        answer, sure = chosen(*self.answers(wave, expect), expect)
        worth = 1.0 if answer.readings else WAS_NOISE
        for otherwise in LOOKS if expect.kind in LOOKED_AT_AGAIN else ():
            if sure * worth >= UNSURE:
                break
            if otherwise is slowed and expect.kind == "digits" and sure < LOST:
                break
            again = chosen(*self.answers(otherwise(wave), expect), expect)
            answer, sure = combined((answer, sure), again, expect)
        sure *= worth
        text = answer.readings[0] if answer.readings else ""
        return Transcript(text, round(sure, 3) if text else 0.0, 0.0, self.info.name, answer.readings)

    def answers(self, wave: Wave, expect: Expect) -> tuple[Answer | None, Answer]:
        """Return what fits best, if anything does, and what was heard freely, each with its evidence."""
        limit = int(len(wave) / RATE * PIECES_PER_S) + SPARE_PIECES
        utterance = self._network.listen(_padded(wave))
        width = CHECKED_WIDTH if expect.check else WIDTH
        found = decode(utterance, self._automaton(expect), limit, width)
        free = self._candidate(found.free)
        fitting = [self._candidate(sentence) for sentence in found.fitting]
        return fitting_answer(fitting, free, expect), free_answer(free)

    def _candidate(self, sentence: Hypothesis) -> Candidate:
        return Candidate(text_of(self._pieces, sentence.tokens).rstrip(" ,-"), sentence.scores)

    def _new_automaton(self, expect: Expect) -> TokenAutomaton | None:
        language = grammar_of(expect)
        return TokenAutomaton(language, self._trie) if language else None


def _wave(pcm: Pcm, rate: int) -> Wave:
    if pcm.dtype != np.int16 or pcm.ndim != 1:
        raise Unavailable("Moonshine takes mono 16-bit samples")
    wave: Wave = audio.resample(pcm, rate, RATE).astype(np.float32) / np.float32(32768)
    return wave


def _padded(wave: Wave) -> Wave:
    if len(wave) >= SHORT_S * RATE:
        return wave
    pad = np.zeros(int(PAD_S * RATE), dtype=np.float32)
    return np.concatenate([pad, wave, pad])


def _parts(wave: Wave) -> Iterator[Wave]:
    """Cut a long recording where it is quietest (over 100 ms), so that no word is cut in two."""
    shortest, longest, window = int(SHORTEST_CUT_S * RATE), int(LONGEST_S * RATE), RATE // 10
    while len(wave) > longest:
        powers = np.convolve(wave[shortest:longest] ** 2, np.ones(window, dtype=np.float32), "valid")
        cut = shortest + int(powers.argmin()) + window // 2
        yield wave[:cut]
        wave = wave[cut:]
    yield wave


def _joined(parts: list[Transcript]) -> Transcript:
    """Put the parts of a long recording together; it is as sure as its parts, by their length."""
    said = [part for part in parts if part.text]
    text = " ".join(part.text for part in said)
    letters = sum(len(part.text) for part in said)
    sure = sum(part.confidence * len(part.text) for part in said) / letters if letters else 0.0
    return Transcript(text, round(sure, 3), 0.0, Moonshine.info.name, (text,) if text else ())
