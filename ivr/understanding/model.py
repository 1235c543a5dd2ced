"""A trained model of one language's intents: sentences in, readings with calibrated confidence out.

A kernel machine: a sentence is compared with every example, by runs of words and of letters (TF-IDF)
and by what a sentence encoder makes of it, and each intent's score is a weighted sum of the likenesses
(kernel ridge regression; Schölkopf and Smola, "Learning with Kernels", 2002). Word and letter parts are
folded into one weight a term. The last class, `OUTSIDE`, is what belongs to no intent.
"""

import io
import math
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ivr.dialog.events import Intent
from ivr.understanding.terms import letter_terms, said, word_terms

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]
Listed = NDArray[np.bytes_]
OUTSIDE = "(outside)"
LONGEST = 60
"""Words of a sentence that are read: what a caller wants stands near the beginning or the end."""
MOST_READINGS = 5
SHARPNESS = 8.0
"""How much of the doubt goes to the second reading rather than to the later ones."""
REMEMBERED = 4096


class Encoder(Protocol):
    """A sentence encoder."""

    name: str

    def encode(self, text: str) -> Floats:
        """Return what a sentence means as a vector, [size], of length 1."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """One kind of terms: which there are, how rare they are, and what each says for each intent.

    `listed` is [terms], sorted, in UTF-8: a tenth of a dictionary's memory. `rarity` is [terms], `weights`
    [terms, classes]; those of a file stay in its half precision until a sentence needs them.
    """

    listed: Listed
    rarity: Floats
    weights: Floats | Halves

    def scores(self, terms: Sequence[str]) -> Floats:
        """Return what the terms of a sentence say for each class, [classes]."""
        places, values = weighted(terms, self.listed, self.rarity)
        scores: Floats = values @ floats(self.weights[places])
        return scores


def listing(terms: Iterable[str]) -> Listed:
    """Return each term once, sorted, in UTF-8."""
    return np.array(sorted({term.encode() for term in terms}), np.bytes_)


def weighted(terms: Sequence[str], listed: Listed, rarity: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the places of known terms and their TF-IDF, of length 1."""
    counts = Counter(term for term in map(str.encode, terms) if len(term) <= listed.itemsize)
    wanted = np.array(list(counts), listed.dtype)
    where = np.searchsorted(listed, wanted)
    known = where < len(listed)
    known[known] = listed[where[known]] == wanted[known]
    where = where[known]
    often = np.array([1 + math.log(count) for count in counts.values()], np.float32)
    values = often[known] * rarity[where]
    return where, values / (float(np.linalg.norm(values)) or 1.0)


@dataclass(frozen=True)
class Trained:
    """All that was learnt. `names` are the classes, the last one `OUTSIDE`.

    `words` and `letters` are the terms; `vectors` [examples, size] what the encoder made of the examples,
    less their `mean`, of length 1, and `pulls` [examples, classes] what each says; `doubt` [5] the weights
    of `confidence`. Without an encoder `vectors` and `pulls` are empty.
    """

    names: tuple[str, ...]
    words: Terms
    letters: Terms
    mean: Floats
    vectors: Floats
    pulls: Floats
    narrow: float
    doubt: Floats
    encoder: str = ""

    def scores(self, line: Sequence[str], vector: Floats | None) -> tuple[Floats, float]:
        """Return each class's score, [classes], and how near the nearest example is, 0 to 1."""
        total = self.words.scores(word_terms(line)) + self.letters.scores(letter_terms(line))
        near = 0.0
        if vector is not None and len(self.vectors):
            alike = likeness(centred(vector, self.mean) @ self.vectors.T, self.narrow)
            total, near = total + alike @ self.pulls, float(alike.max())
        return total, near

    def to_bytes(self) -> bytes:
        """Return the model as one compressed file, half precision."""
        arrays: dict[str, NDArray[Any]] = {}
        for name, terms in (("words", self.words), ("letters", self.letters)):
            arrays[f"{name}.places"] = np.array(b"\n".join(terms.listed.tolist()).decode())
            arrays[f"{name}.rarity"] = terms.rarity.astype(np.float16)
            arrays[f"{name}.weights"] = terms.weights.astype(np.float16)
        for name in ("mean", "vectors", "pulls"):
            arrays[name] = getattr(self, name).astype(np.float16)
        arrays["doubt"], arrays["narrow"] = self.doubt, np.array(self.narrow)
        arrays["names"], arrays["encoder"] = np.array(self.names), np.array(self.encoder)
        file = io.BytesIO()
        np.savez_compressed(file, allow_pickle=False, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Trained":
        """Read what `to_bytes` wrote. Raise ValueError for anything else."""
        try:
            return cls._read(data)
        except (KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"this is no trained model: {error}") from error

    @classmethod
    def _read(cls, data: bytes) -> "Trained":
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            terms: dict[str, Terms] = {}
            for name in ("words", "letters"):
                listed = listing(filter(None, str(file[f"{name}.places"]).split("\n")))
                weights = file[f"{name}.weights"].astype(np.float16, copy=False)
                terms[name] = Terms(listed, floats(file[f"{name}.rarity"]), weights)
            return cls(
                names=tuple(map(str, file["names"])),
                words=terms["words"],
                letters=terms["letters"],
                mean=floats(file["mean"]),
                vectors=floats(file["vectors"]),
                pulls=floats(file["pulls"]),
                doubt=floats(file["doubt"]),
                narrow=float(file["narrow"]),
                encoder=str(file["encoder"]),
            )


def floats(array: NDArray[Any]) -> Floats:
    """Return an array in single precision."""
    return np.ascontiguousarray(array, np.float32)


def centred(vectors: Floats, mean: Floats) -> Floats:
    """Return vectors less their mean, of length 1 each; [..., size]."""
    moved = vectors - mean
    length = np.linalg.norm(moved, axis=-1, keepdims=True)
    result: Floats = moved / np.maximum(length, 1e-6)
    return result


def likeness(cosines: Floats, narrow: float) -> Floats:
    """Return how alike sentences are by their cosines: 1 for the same, quickly less for others."""
    alike: Floats = np.exp(narrow * (cosines - 1)).astype(np.float32)
    return alike


def evidence(scores: Floats, near: Floats) -> Floats:
    """Return what confidence is judged by: [sentences, 5] of scores [sentences, classes] and nearness."""
    real = (
        np.sort(scores[:, :-1], axis=1) if scores.shape[1] > 2 else np.pad(scores[:, :-1], ((0, 0), (1, 0)))
    )
    first, second = real[:, -1], real[:, -2]
    columns = (first, first - second, scores[:, -1], near, np.ones_like(first))
    return np.stack(columns, axis=1).astype(np.float32)


class IntentModel:
    """Reads sentences with what was learnt. Threads may share it."""

    def __init__(self, trained: Trained, encoder: Encoder | None) -> None:
        self._trained = trained
        self._encoder = encoder if len(trained.vectors) else None
        self.rank: Callable[[str], tuple[Intent, ...]] = lru_cache(maxsize=REMEMBERED)(self._rank)

    @cached_property
    def intents(self) -> tuple[str, ...]:
        """Return the intents that it knows."""
        return self._trained.names[:-1]

    def _rank(self, text: str) -> tuple[Intent, ...]:
        """Return the readings of a sentence, likeliest first, with the chance that each is right.

        The chances and that of none of them add up to one. Nothing is read into a sentence without words.
        """
        line = said(text)
        if not line or not self.intents:
            return ()
        if len(line) > LONGEST:
            line = [*line[: LONGEST // 2], *line[-LONGEST // 2 :]]
        vector = self._encoder.encode(" ".join(line)) if self._encoder else None
        scores, near = self._trained.scores(line, vector)
        judged = evidence(scores[None, :], np.array([near], np.float32))[0]
        sure = 1 / (1 + math.exp(-float(np.clip(judged @ self._trained.doubt, -30, 30))))
        order = np.argsort(-scores[:-1], kind="stable")[:MOST_READINGS]
        first, *others = order
        pulls = np.exp(SHARPNESS * (scores - scores[first]))
        rest = float(pulls.sum() - pulls[first]) or 1.0
        readings = [Intent(self.intents[first], round(sure, 3))]
        readings += [
            Intent(self.intents[one], round((1 - sure) * float(pulls[one]) / rest, 3)) for one in others
        ]
        return tuple(readings)
