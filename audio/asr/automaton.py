"""Sentences that may be said, as an automaton over characters. Knows no language, recogniser or token.

Text is compared by its spelling: lower case, letters, figures and currency signs; blanks, hyphens and
punctuation are one separator between words; an apostrophe is nothing. An automaton's states are worked
out when they are first reached and kept, so many threads may share one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

SEPARATOR = " "
_SEPARATES = frozenset(" \u2581,.?!-:;/\u2026\u2013\u2014")
_NOTHING = frozenset("'\u2019")
SIGNS = "$€£¥%"


def spelled(text: str) -> str | None:
    """Return a text's spelling, separators in a row as one; None if it holds a mark of another kind."""
    line = ""
    for mark in text.lower():
        if mark in _SEPARATES:
            line += SEPARATOR if not line.endswith(SEPARATOR) else ""
        elif mark in SIGNS or (mark.isascii() and mark.isalnum()):
            line += mark
        elif mark not in _NOTHING:
            return None
    return line


# ---- expressions


@dataclass(frozen=True, slots=True)
class Texts:
    """One of several phrases. What follows stands apart, unless they are `close`, as figures are."""

    spellings: tuple[str, ...]
    close: bool = False


@dataclass(frozen=True, slots=True)
class Seq:
    """One after the other; nothing at all if there are no parts."""

    parts: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Alt:
    """One of several."""

    parts: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Star:
    """As often as one likes, or not at all."""

    part: "Expr"


@dataclass(frozen=True, slots=True)
class Counted:
    """Parts in any order, each of a width, until `least` to `greatest` have come together.

    `between` may stand before each part.
    """

    parts: tuple[tuple["Expr", int], ...]
    least: int
    greatest: int
    between: "Expr" = Seq(())


Expr = Texts | Seq | Alt | Star | Counted


def said(*texts: str) -> Expr:
    """Return the expression for one of several phrases; marks that cannot be spelled are dropped."""
    spellings = dict.fromkeys((spelled(_plain(text)) or "").strip() for text in texts)
    return Texts(tuple(spelling for spelling in spellings if spelling))


def _plain(text: str) -> str:
    return "".join(mark if spelled(mark) is not None else " " for mark in text)


def close(*texts: str) -> Expr:
    """Return the expression for one of several pieces that the next may touch: figures, signs."""
    return Texts(texts, close=True)


def seq(*parts: Expr) -> Expr:
    """Return the expression for parts that follow one another."""
    return Seq(parts)


def alt(*parts: Expr) -> Expr:
    """Return the expression for one of several parts."""
    return Alt(parts)


def opt(*parts: Expr) -> Expr:
    """Return the expression for parts that may be left out together."""
    return Alt((Seq(parts), Seq(())))


def star(part: Expr) -> Expr:
    """Return the expression for a part said any number of times."""
    return Star(part)


# ---- the automaton


class _Graph:
    """Nodes with arcs by character and empty arcs, grown from expressions (Thompson's construction)."""

    def __init__(self) -> None:
        self.arcs: list[dict[str, list[int]]] = []
        self.empty: list[list[int]] = []

    def node(self) -> int:
        self.arcs.append({})
        self.empty.append([])
        return len(self.arcs) - 1

    def grow(self, expr: Expr, start: int) -> int:
        """Add an expression behind a node; return the node behind it."""
        match expr:
            case Texts():
                return self._texts(expr, start)
            case Seq(parts):
                for part in parts:
                    start = self.grow(part, start)
                return start
            case Alt(parts):
                end = self.node()
                for part in parts:
                    self.empty[self.grow(part, start)].append(end)
                return end
            case Star(part):
                middle = self.node()
                self.empty[start].append(middle)
                self.empty[self.grow(part, middle)].append(middle)
                return middle
            case Counted():
                return self._counted(expr, start)

    def _counted(self, expr: Counted, start: int) -> int:
        places = [start, *(self.node() for _ in range(expr.greatest))]
        end = self.node()
        for count, place in enumerate(places):
            if count >= expr.least:
                self.empty[place].append(end)
            behind = self.grow(expr.between, place) if count < expr.greatest else place
            for part, width in expr.parts:
                if count + width <= expr.greatest:
                    self.empty[self.grow(part, behind)].append(places[count + width])
        return end

    def _texts(self, expr: Texts, start: int) -> int:
        """Add phrases as a tree, so that what they begin with is there once."""
        root, end = self.node(), self.node()
        self.empty[start].append(root)
        known: dict[str, int] = {"": root}
        for spelling in expr.spellings:
            for size in range(len(spelling)):
                if spelling[: size + 1] not in known:
                    known[spelling[: size + 1]] = self._arc(known[spelling[:size]], spelling[size])
            self.arcs[known[spelling]].setdefault(SEPARATOR, []).append(end)
            if expr.close:
                self.empty[known[spelling]].append(end)
        return end

    def _arc(self, start: int, mark: str) -> int:
        end = self.node()
        self.arcs[start].setdefault(mark, []).append(end)
        return end

    def closed(self, nodes: Iterable[int]) -> frozenset[int]:
        """Return the nodes and all that empty arcs lead to from them."""
        found, waiting = set(nodes), list(nodes)
        while waiting:
            for node in self.empty[waiting.pop()]:
                if node not in found:
                    found.add(node)
                    waiting.append(node)
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class _State:
    nodes: frozenset[int]
    apart: bool
    """Whether a separator was just read, or nothing yet: a further one changes nothing."""


class Language:
    """The sentences of an expression, read character by character from state 0 on."""

    start = 0

    def __init__(self, expr: Expr) -> None:
        self._graph = _Graph()
        first = self._graph.node()
        self._end = self._graph.grow(expr, first)
        self._states = [_State(self._graph.closed([first]), apart=True)]
        self._numbers = {self._states[0]: 0}
        self._steps: dict[tuple[int, str], int | None] = {}
        self._marks: dict[int, str] = {}
        self._lock = Lock()

    def step(self, state: int, mark: str) -> int | None:
        """Return the state behind a character of a spelling; None if no sentence goes on with it."""
        key = (state, mark)
        if key not in self._steps:
            self._steps[key] = self._stepped(self._states[state], state, mark)
        return self._steps[key]

    def _stepped(self, here: _State, number: int, mark: str) -> int | None:
        if mark == SEPARATOR and here.apart:
            return number
        ends = [end for node in here.nodes for end in self._graph.arcs[node].get(mark, ())]
        return self._number(_State(self._graph.closed(ends), mark == SEPARATOR)) if ends else None

    def _number(self, state: _State) -> int:
        with self._lock:
            known = self._numbers.setdefault(state, len(self._states))
            if known == len(self._states):
                self._states.append(state)
        return known

    def marks(self, state: int) -> str:
        """Return the characters that sentences go on with from a state."""
        if state not in self._marks:
            here = self._states[state]
            found = {mark for node in here.nodes for mark in self._graph.arcs[node]}
            self._marks[state] = "".join(sorted(found | ({SEPARATOR} if here.apart else set())))
        return self._marks[state]

    def accepts(self, state: int) -> bool:
        """Return whether a sentence may end in a state."""
        here = self._states[state]
        if self._end in here.nodes:
            return True
        behind = self.step(state, SEPARATOR)
        return behind is not None and behind != state and self._end in self._states[behind].nodes

    def holds(self, text: str) -> bool:
        """Return whether a whole text is a sentence of the language."""
        state: int | None = self.start
        for mark in spelled(text) or "\0":
            state = self.step(state, mark) if state is not None else None
        return state is not None and self.accepts(state)
