"""Moonshine's two networks on onnxruntime: sound to frames, and one piece of text after another.

The cross-attention caches depend on the sound alone: they stay as they are, with one row for all
sentences that are followed at once (onnxruntime broadcasts them). Only the self-attention caches are
put in a new order from step to step.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from audio.asr.decoding import Scores, log_softmax
from ivr.errors import Unavailable

BEGIN = 1
LAYERS, HEADS, WIDTH = 6, 8, 36
RATE = 16_000
Wave = NDArray[np.float32]
"""Mono samples from -1 to 1 at 16 kHz."""


class Network:
    """The sessions, shared by threads; each utterance holds its own caches."""

    def __init__(self, folder: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False
        cpu = ["CPUExecutionProvider"]
        try:
            self._encoder = ort.InferenceSession(str(folder / "encoder_model.ort"), options, cpu)
            self.decoder = ort.InferenceSession(str(folder / "decoder_model_merged.ort"), options, cpu)
        except Exception as error:  # onnxruntime raises its own, without a common root
            raise Unavailable(f"the speech network cannot be loaded: {error}") from error
        self._takes_mask = "attention_mask" in {one.name for one in self._encoder.get_inputs()}

    def listen(self, wave: Wave) -> "Utterance":
        """Return an utterance ready for decoding. Raise Unavailable when the network fails."""
        samples = wave[np.newaxis, :]
        mask = np.ones(samples.shape, dtype=np.int64)
        inputs: dict[str, Any] = {"input_values": samples}
        if self._takes_mask:
            inputs["attention_mask"] = mask
        return Utterance(self, run(self._encoder, ["last_hidden_state"], inputs)[0], mask)


def run(session: Any, names: list[str], feed: dict[str, Any]) -> list[Any]:
    """Run a session. Raise Unavailable when it fails."""
    try:
        found: list[Any] = session.run(names, feed)
    except Exception as error:  # onnxruntime raises its own, without a common root
        raise Unavailable(f"the speech network failed: {error}") from error
    return found


def _names(side: str) -> list[str]:
    return [f"{layer}.{side}.{part}" for layer in range(LAYERS) for part in ("key", "value")]


OWN, CROSS = _names("decoder"), _names("encoder")


class Utterance:
    """One utterance in the decoder, as `decoding.Steps`."""

    def __init__(self, network: Network, hidden: NDArray[np.float32], mask: NDArray[np.int64]) -> None:
        self._decoder = network.decoder
        self._hidden, self._mask = hidden, mask
        empty = np.zeros((1, HEADS, 0, WIDTH), dtype=np.float32)
        self._own: list[Any] = [empty] * len(OWN)
        self._cross: list[Any] = [empty] * len(CROSS)

    def first(self) -> Scores:
        """Return the scores of the first piece, shape (1, pieces)."""
        wanted = ["logits", *(f"present.{name}" for name in (*OWN, *CROSS))]
        logits, *caches = run(self._decoder, wanted, self._feed([BEGIN], begun=False))
        self._own, self._cross = caches[: len(OWN)], caches[len(OWN) :]
        return log_softmax(logits[:, -1])

    def step(self, rows: Sequence[int], tokens: Sequence[int]) -> Scores:
        """Return the scores of the piece behind each token, shape (rows, pieces)."""
        if len(rows) != len(self._own[0]) or any(row != n for n, row in enumerate(rows)):
            self._own = [cache[list(rows)] for cache in self._own]
        wanted = ["logits", *(f"present.{name}" for name in OWN)]
        logits, *self._own = run(self._decoder, wanted, self._feed(tokens, begun=True))
        return log_softmax(logits[:, -1])

    def _feed(self, tokens: Sequence[int], *, begun: bool) -> dict[str, Any]:
        caches = zip((*OWN, *CROSS), (*self._own, *self._cross), strict=True)
        return {f"past_key_values.{name}": cache for name, cache in caches} | {
            "input_ids": np.array(tokens, dtype=np.int64)[:, np.newaxis],
            "encoder_hidden_states": self._hidden,
            "encoder_attention_mask": self._mask,
            "use_cache_branch": np.array([begun]),
        }
