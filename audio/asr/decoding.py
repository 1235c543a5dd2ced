"""Search through what a decoder may write: freely, and at the same time within a grammar.

Both share every step of the network: a sentence begun is computed once, whoever follows it. Scores
are natural logarithms of the network's own probabilities, never made up anew within the grammar, so
that what fits can be compared with what was heard freely.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from audio.asr.pieces import END, Allowed, TokenAutomaton

Scores = NDArray[np.float32]
"""Log-probabilities, shape (rows, pieces)."""
WIDTH = 4
"""Sentences followed at once within the grammar. Greedy search runs into dead ends."""
PRUNE = 6.0
"""A sentence this much less likely than the best one is given up (natural logarithm)."""
HOPELESS = 12.0
"""The same for one this much less likely than what is heard freely so far."""


class Steps(Protocol):
    """One utterance in the decoder: rows of sentences begun."""

    def first(self) -> Scores:
        """Return the scores of the first piece, one row."""
        ...

    def step(self, rows: Sequence[int], tokens: Sequence[int]) -> Scores:
        """Continue the given rows of the last step with a token each; they become the new rows."""
        ...


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Token ids with the score of each; the last score is that of the end, where it was reached."""

    tokens: tuple[int, ...]
    scores: tuple[float, ...]

    @property
    def total(self) -> float:
        """The logarithm of its probability."""
        return sum(self.scores)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was heard freely, and what fits the grammar, likeliest first."""

    free: Hypothesis
    fitting: tuple[Hypothesis, ...] = ()


@dataclass(frozen=True, slots=True)
class _Begun:
    """A sentence in the making: its row in the last step, its state in the grammar."""

    row: int
    state: int
    sentence: Hypothesis
    total: float
    letters: str = ""


_EMPTY = Hypothesis((), ())


def decode(
    steps: Steps, grammar: TokenAutomaton | None, limit: int, width: int = WIDTH, prune: float = PRUNE
) -> Decoded:
    """Follow the likeliest sentence freely and the `width` likeliest of the grammar, up to `limit` pieces."""
    search = _Search(grammar, width, prune)
    scores = steps.first()
    for _ in range(limit):
        wanted = search.advance(scores)
        if not wanted:
            break
        scores = steps.step([row for row, _ in wanted], [token for _, token in wanted])
    return search.result()


class _Search:
    def __init__(self, grammar: TokenAutomaton | None, width: int, prune: float) -> None:
        self._grammar, self._width, self._prune = grammar, width, prune
        self._free: _Begun | None = _Begun(0, 0, _EMPTY, 0.0)
        self._heard = _EMPTY
        self._begun = [_Begun(0, grammar.start, _EMPTY, 0.0)] if grammar else []
        self._ended: dict[str, tuple[float, Hypothesis]] = {}

    def advance(self, scores: Scores) -> list[tuple[int, int]]:
        """Take one piece in every sentence; return the rows and tokens to compute next."""
        free = self._freely(scores)
        fitting = self._fitting(scores)
        wanted = list(dict.fromkeys([*free, *((row, token) for row, token, _ in fitting)]))
        place = {pair: number for number, pair in enumerate(wanted)}
        if free and self._free:
            self._free = _Begun(place[free[0]], 0, self._free.sentence, 0.0)
        self._begun = [replace(begun, row=place[row, token]) for row, token, begun in fitting]
        return wanted

    def _freely(self, scores: Scores) -> list[tuple[int, int]]:
        if self._free is None:
            return []
        row = scores[self._free.row]
        token = int(row.argmax())
        before = self._free.sentence
        given = (*before.scores, float(row[token]))
        self._heard = Hypothesis(before.tokens if token == END else (*before.tokens, token), given)
        pair = (self._free.row, token)
        self._free = None if token == END else _Begun(self._free.row, 0, self._heard, 0.0)
        return [] if token == END else [pair]

    def _fitting(self, scores: Scores) -> list[tuple[int, int, _Begun]]:
        longer: list[tuple[float, int, int, _Begun]] = []
        for number, begun in enumerate(self._begun):
            assert self._grammar is not None
            here = self._grammar.allowed(begun.state)
            row = scores[begun.row]
            if here.may_end:
                self._end(begun, float(row[END]))
            longer += [
                (total, number, at, begun) for total, at in _best(here, row, begun.total, 2 * self._width)
            ]
        longer.sort(key=lambda one: (-one[0], one[1], one[2]))
        best = max([self._best_ended(), *(total for total, *_ in longer[:1])])
        least = max(best - self._prune, self._heard.total - HOPELESS)
        longer = [one for one in longer if one[0] >= least]
        return self._apart(self._longer(scores, begun, at, total) for total, _, at, begun in longer)

    def _apart(self, longer: Iterable[tuple[int, int, _Begun]]) -> list[tuple[int, int, _Begun]]:
        """Keep the likeliest of those that differ in their commas and blanks only."""
        known: dict[tuple[int, str], tuple[int, int, _Begun]] = {}
        for one in longer:
            known.setdefault((one[2].state, one[2].letters), one)
            if len(known) == self._width:
                break
        return list(known.values())

    def _longer(self, scores: Scores, begun: _Begun, at: int, total: float) -> tuple[int, int, _Begun]:
        assert self._grammar is not None
        here = self._grammar.allowed(begun.state)
        token = int(here.ids[at])
        before = begun.sentence
        sentence = Hypothesis((*before.tokens, token), (*before.scores, float(scores[begun.row, token])))
        letters = begun.letters + self._grammar.letters[token]
        return begun.row, token, _Begun(0, int(here.targets[at]), sentence, total, letters)

    def _end(self, begun: _Begun, score: float) -> None:
        sentence = Hypothesis(begun.sentence.tokens, (*begun.sentence.scores, score))
        known = self._ended.get(begun.letters)
        if known is None or known[0] < begun.total + score:
            self._ended[begun.letters] = (begun.total + score, sentence)

    def _best_ended(self) -> float:
        return max((total for total, _ in self._ended.values()), default=-np.inf)

    def result(self) -> Decoded:
        least = self._best_ended() - self._prune
        order = sorted((one for one in self._ended.values() if one[0] >= least), key=lambda one: -one[0])
        return Decoded(self._heard, tuple(sentence for _, sentence in order))


def _best(here: Allowed, row: Scores, before: float, width: int) -> list[tuple[float, int]]:
    """Return the likeliest continuations: the total score, and the place among what is allowed."""
    if not len(here.ids):
        return []
    given = row[here.ids]
    places = np.argpartition(-given, width)[:width] if len(given) > width else np.arange(len(given))
    return [(before + float(given[at]), int(at)) for at in places]


def log_softmax(logits: NDArray[np.float32]) -> Scores:
    """Return logits as log-probabilities, row by row."""
    scores: Scores = logits - logits.max(axis=-1, keepdims=True)
    scores -= np.log(np.exp(scores).sum(axis=-1, keepdims=True))
    return scores
