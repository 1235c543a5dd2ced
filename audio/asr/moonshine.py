"""Moonshine tiny-en on onnxruntime: English speech to text, weights from a pinned package.

The package is only a carrier of weights; no part of it is imported. The network takes the waveform
at 16 kHz and writes cased, punctuated text, one token at a time. (Jeffries et al. 2024,
"Moonshine: Speech Recognition for Live Transcription and Voice Commands".)
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from audio import pcm as audio
from audio.models import MOONSHINE, locate
from audio.pcm import Pcm
from ivr.dialog.actions import Expect
from ivr.ports import EngineInfo, Transcript

BEGIN, END = 1, 2
LAYERS, HEADS, WIDTH = 6, 8, 36
TOKENS_PER_S = 6.5
SPARE_TOKENS = 4
"""The cap on tokens stops the loops that such models fall into on noise."""
SHORT_S = 1.2
PAD_S = 0.5
"""Silence around short words matters: utterances under SHORT_S get PAD_S of it on both sides."""


@dataclass(frozen=True, slots=True)
class _Decoded:
    tokens: list[int]
    scores: list[float]


class Moonshine:
    """The engine. Its sessions are shared by threads; each call holds its own cache."""

    info = EngineInfo("moonshine", "en", "MIT", 16_000)

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or locate(MOONSHINE)
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False
        cpu = ["CPUExecutionProvider"]
        self._encoder = ort.InferenceSession(str(folder / "encoder_model.ort"), options, cpu)
        self._decoder = ort.InferenceSession(str(folder / "decoder_model_merged.ort"), options, cpu)
        self._encoder_inputs = {one.name for one in self._encoder.get_inputs()}
        self._pieces = read_pieces((folder / "tokenizer.bin").read_bytes())
        self._caches = [
            f"{layer}.{side}.{part}"
            for layer in range(LAYERS)
            for side in ("decoder", "encoder")
            for part in ("key", "value")
        ]

    def warm_up(self) -> None:
        """Run once on silence."""
        self._decode(np.zeros(16_000, dtype=np.float32), 2)

    def close(self) -> None:
        """Nothing runs on its own."""

    def transcribe(self, pcm: Pcm, rate: int, expect: Expect) -> Transcript:
        """Return the best reading of an utterance; the confidence is the mean token probability."""
        began = time.perf_counter()
        wave = _prepared(pcm, rate)
        if not len(wave):
            return Transcript("", 0.0, 0.0, self.info.name)
        limit = int(len(wave) / 16_000 * TOKENS_PER_S) + SPARE_TOKENS
        decoded = self._decode(wave, limit)
        text = self.text(decoded.tokens)
        sure = float(np.exp(np.mean(decoded.scores))) if decoded.scores else 0.0
        return Transcript(text, round(sure, 3), time.perf_counter() - began, self.info.name)

    def _decode(self, wave: np.ndarray[Any, np.dtype[np.float32]], limit: int) -> _Decoded:
        samples = wave[np.newaxis, :]
        mask = np.ones(samples.shape, dtype=np.int64)
        inputs: dict[str, Any] = {"input_values": samples}
        if "attention_mask" in self._encoder_inputs:
            inputs["attention_mask"] = mask
        hidden = self._encoder.run(None, inputs)[0]
        empty = np.zeros((1, HEADS, 0, WIDTH), dtype=np.float32)
        cache: dict[str, Any] = dict.fromkeys(self._caches, empty)
        decoded = _Decoded([], [])
        token, first = BEGIN, True
        names = ["logits", *(f"present.{name}" for name in self._caches)]
        while len(decoded.tokens) < limit:
            feed = {f"past_key_values.{name}": value for name, value in cache.items()}
            feed |= {
                "input_ids": np.array([[token]], dtype=np.int64),
                "encoder_hidden_states": hidden,
                "encoder_attention_mask": mask,
                "use_cache_branch": np.array([not first]),
            }
            logits, *present = self._decoder.run(names, feed)
            for name, value in zip(self._caches, present, strict=True):
                if first or ".decoder." in name:
                    cache[name] = value
            first = False
            row = logits[0, -1]
            token = int(row.argmax())
            top = float(row[token])
            score = -float(np.log(np.exp(row - top).sum()))
            decoded.scores.append(score)
            if token == END:
                break
            decoded.tokens.append(token)
        return decoded

    def text(self, tokens: list[int]) -> str:
        """Return the words of a list of token ids."""
        joined = b"".join(self._pieces[token] for token in tokens)
        plain = joined.decode("utf-8", "ignore").replace("\u2581", " ")
        return "".join(
            part.partition(">")[2] if n else part for n, part in enumerate(plain.split("<"))
        ).strip()


def _prepared(pcm: Pcm, rate: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    wave = audio.resample(pcm, rate, 16_000).astype(np.float32) / 32768
    if 0 < len(wave) < SHORT_S * 16_000:
        pad = np.zeros(int(PAD_S * 16_000), dtype=np.float32)
        wave = np.concatenate([pad, wave, pad])
    return wave.astype(np.float32, copy=False)


def read_pieces(data: bytes) -> list[bytes]:
    """Read the tokenizer file: a sequence of byte strings, each behind its length."""
    pieces = []
    at = 0
    while at < len(data):
        size = data[at]
        at += 1
        if size >= 128:
            size = data[at] * 128 + size - 128
            at += 1
        pieces.append(data[at : at + size])
        at += size
    return pieces
