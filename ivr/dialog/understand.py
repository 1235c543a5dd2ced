"""Which matter a sentence is about: nearest of the supervisors' examples, with a confidence.

A model is built from the examples once, is immutable, and needs no more than a few microseconds
per example. It returns readings, likeliest first, and never guesses where no word is known.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ivr.dialog.events import Intent
from ivr.dialog.flow import Flow
from ivr.dialog.spoken import FILLERS, words

SOFT = frozenset(
    [
        "i",
        "i'd",
        "i'm",
        "i've",
        "a",
        "an",
        "the",
        "to",
        "of",
        "is",
        "it's",
        "it",
        "my",
        "me",
        "you",
        "your",
        "do",
        "does",
        "can",
        "could",
        "would",
        "will",
        "please",
        "want",
        "like",
        "am",
        "are",
        "be",
        "in",
        "on",
        "for",
        "with",
        "and",
        "that",
        "this",
        "uh",
        "um",
        "er",
        "well",
        "hi",
        "hello",
        "hey",
        "so",
        "just",
        "need",
        "have",
        "there",
        "think",
        "know",
        "tell",
    ]
)
SOFT_WEIGHT = 0.25
"""Weight of words that carry little meaning, beside the rarity weight of the others."""
MOST_READINGS = 5


@dataclass(frozen=True, slots=True)
class _Example:
    intent: str
    vector: Mapping[str, float]
    norm: float


class IntentModel:
    """Ranks intents by the cosine of weighted words and word pairs with the nearest example."""

    def __init__(self, examples: Mapping[str, Sequence[str]]) -> None:
        counted = [(name, Counter(_terms(text))) for name, texts in examples.items() for text in texts]
        seen: dict[str, set[str]] = {}
        for name, terms in counted:
            for term in terms:
                seen.setdefault(term, set()).add(name)
        total = max(len(examples), 1)
        self._weights = {
            term: _softness(term) * math.log(1 + total / len(names)) for term, names in seen.items()
        }
        self._examples = [self._weighted(name, terms) for name, terms in counted]

    def _weighted(self, name: str, terms: Counter[str]) -> _Example:
        vector = {term: self._weights.get(term, 0.0) for term in terms}
        return _Example(name, vector, math.sqrt(sum(w * w for w in vector.values())) or 1.0)

    def rank(self, text: str) -> tuple[Intent, ...]:
        """Return the readings of a sentence, likeliest first; none when no word is known.

        Words that no example has count against every reading, so an unrelated sentence with one
        known word stays below the bands.
        """
        terms = Counter(_terms(text))
        known = {term: self._weights[term] for term in terms if term in self._weights}
        strange = sum(_softness(t) * UNKNOWN_WEIGHT for t in terms if t not in known and " " not in t)
        norm = math.sqrt(sum(w * w for w in known.values()) + strange * strange)
        if not norm:
            return ()
        best: dict[str, float] = {}
        for example in self._examples:
            shared = sum(w * example.vector[t] for t, w in known.items() if t in example.vector)
            score = shared / (norm * example.norm)
            if score > best.get(example.intent, 0.0):
                best[example.intent] = score
        ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))[:MOST_READINGS]
        return _with_margin(ranked)


class Models:
    """The models of a hotline, one for each language that it speaks."""

    def __init__(self, flow: Flow) -> None:
        self._models = {
            language: IntentModel(flow.speaking(language).examples) for language in flow.languages
        }

    def rank(self, text: str, language: str) -> tuple[Intent, ...]:
        """Return the readings of a sentence in a language, likeliest first."""
        model = self._models.get(language)
        return model.rank(text) if model is not None else ()


UNKNOWN_WEIGHT = 0.6


def _softness(term: str) -> float:
    return SOFT_WEIGHT if all(word in SOFT for word in term.split()) else 1.0


def _terms(text: str) -> list[str]:
    said = [_stem(word) for word in words(text) if word not in FILLERS]
    pairs = [f"{one} {two}" for one, two in pairwise(said)]
    return said + pairs


def _stem(word: str) -> str:
    """Cut the commonest endings, so that "orders" and "ordered" meet "order"."""
    for ending in ("'s", "ing", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word.removesuffix(ending)
    return word


def _with_margin(ranked: Sequence[tuple[str, float]]) -> tuple[Intent, ...]:
    """Turn similarities into confidences: a close second reading makes the first less sure."""
    readings = []
    for place, (name, score) in enumerate(ranked):
        rival = ranked[1][1] if place == 0 and len(ranked) > 1 else ranked[0][1]
        sure = 1 / (1 + math.exp(-12 * (score - 0.42)))
        if place == 0:
            sure *= 1 - 0.5 * max(0.0, 1 - (score - rival) / 0.12) if rival > 0.3 else 1.0
        else:
            sure *= 0.5
        readings.append(Intent(name, round(sure, 3)))
    return tuple(readings)
