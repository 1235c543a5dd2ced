"""The pieces that Moonshine writes text with, and which of them may come next in a grammar."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio.asr.automaton import SEPARATOR, Language, spelled

BLANK = "\u2581"
FIRST_BYTE, LAST_BYTE = 3, 258
END = 2
WORD, MARK, GAP = 0, 1, 2
"""What the newest piece was: letters or figures, a punctuation mark, a blank of its own."""
MARKS = ",.?!-'"


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


def text_of(pieces: Sequence[bytes], tokens: Sequence[int]) -> str:
    """Return the text of a list of token ids, without what stands in angle brackets."""
    joined = b"".join(pieces[token] for token in tokens)
    plain = joined.decode("utf-8", "ignore").replace(BLANK, " ")
    return "".join(part.partition(">")[2] if n else part for n, part in enumerate(plain.split("<"))).strip()


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    ids: dict[int, list[int]] = field(default_factory=dict)
    """Token ids whose spelling ends here, by their class (WORD, MARK or GAP)."""


class PieceTrie:
    """All pieces that a spoken sentence may be written with, by their spelling."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.root = _Node()
        self.letters: dict[int, str] = {}
        """The spelling of each token without its separators."""
        for token, piece in enumerate(pieces):
            self._add(token, piece)

    def _add(self, token: int, piece: bytes) -> None:
        try:
            text = piece.decode("utf-8")
        except UnicodeDecodeError:
            return
        line = spelled(text) if text else None
        kind = _class(text)
        if line is None or kind is None:
            return
        node = self.root
        for mark in line:
            node = node.children.setdefault(mark, _Node())
        node.ids.setdefault(kind, []).append(token)
        self.letters[token] = line.replace(SEPARATOR, "")


def _class(text: str) -> int | None:
    """Return what a piece is; None for marks that no sentence needs."""
    if text == BLANK or text == " ":
        return GAP
    if any(mark.isalnum() or mark in "$€£%" for mark in text):
        return WORD
    return MARK if text.strip(BLANK) in MARKS and len(text.strip(BLANK)) == 1 else None


_FOLLOWS: dict[int, tuple[int, ...]] = {WORD: (WORD, MARK, GAP), MARK: (WORD, GAP), GAP: (WORD,)}
"""Two marks never follow one another: a lost sentence would run on as dots for ever."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Token ids that may come next, the state behind each, and whether the sentence may end."""

    ids: NDArray[np.int64]
    targets: NDArray[np.int64]
    may_end: bool


class TokenAutomaton:
    """A language over pieces: every way to write its sentences. States are worked out on first use."""

    start = 0

    def __init__(self, language: Language, trie: PieceTrie) -> None:
        self.language = language
        self.letters = trie.letters
        self._trie = trie
        self._known: dict[int, Allowed] = {}

    def allowed(self, state: int) -> Allowed:
        """Return what may come next in a state; a state holds the language's and the last class."""
        if state not in self._known:
            self._known[state] = self._worked_out(*divmod(state, 3))
        return self._known[state]

    def _worked_out(self, place: int, last: int) -> Allowed:
        found: dict[int, int] = {}
        for node, behind in self._reached(self._trie.root, place):
            for kind in _FOLLOWS[last]:
                found |= dict.fromkeys(node.ids.get(kind, ()), behind * 3 + kind)
        order = sorted(found)
        return Allowed(
            np.array(order, dtype=np.int64),
            np.array([found[token] for token in order], dtype=np.int64),
            self.language.accepts(place),
        )

    def _reached(self, node: _Node, place: int) -> Iterator[tuple[_Node, int]]:
        """Yield the nodes of the trie whose spelling the language allows, each with the place behind it."""
        if node.ids:
            yield node, place
        for mark, child in node.children.items():
            behind = self.language.step(place, mark)
            if behind is not None:
                yield from self._reached(child, behind)

    def accepts(self, tokens: Sequence[int]) -> bool:
        """Return whether a sentence of the language can be written as these tokens."""
        state: Any = self.start
        for token in tokens:
            here = self.allowed(int(state))
            at = int(np.searchsorted(here.ids, token))
            if at >= len(here.ids) or here.ids[at] != token:
                return False
            state = here.targets[at]
        return self.allowed(int(state)).may_end
