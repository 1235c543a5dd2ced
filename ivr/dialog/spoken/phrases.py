"""A sentence as a row of tagged items, so that one pattern of tags serves every language."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from ivr.dialog.spoken.numerals import LONGEST_FIGURES, Numerals, cardinals
from ivr.dialog.spoken.tokens import Sentence, words

KNOWN = "~"
"""Tag of a word that says nothing: "my", "please"."""
UNKNOWN = "?"
"""Tag of a word that nobody expected here."""
NUMBER, SPELLED = "N", "S"
"""Tags of a number said as a whole and of one said digit by digit."""
SEPARATORS = frozenset([".", ",", "/", "-"])
"""Marks between two groups of figures that are items of their own, tagged with themselves."""


class Item(NamedTuple):
    """What words[start:end] are: a tag of one character, with the number or text that they name."""

    tag: str
    start: int
    end: int
    number: int = 0
    text: str = ""


class _Phrase(NamedTuple):
    words: list[str]
    tag: str
    number: int
    text: str


Book = Mapping[str, Sequence[_Phrase]]
"""Phrases by their first word, longest first."""
Reader = Callable[[Sequence[str], int, Numerals], Item | None]
Meaning = str | Mapping[str, int] | Mapping[str, str]


def book(meanings: Mapping[str, Meaning]) -> Book:
    """Build a book from phrases by tag: a text with commas, or a mapping to what each phrase names.

    >>> book({"Y": "yes, of course", "M": {"march": 3}})
    """
    pages: dict[str, list[_Phrase]] = {}
    for tag, meaning in meanings.items():
        for text, value in _named(meaning):
            said = words(text)
            number, name = (value, "") if isinstance(value, int) else (0, value)
            pages.setdefault(said[0], []).append(_Phrase(said, tag, number, name))
    for page in pages.values():
        page.sort(key=lambda phrase: -len(phrase.words))
    return pages


def _named(meaning: Meaning) -> Iterable[tuple[str, int | str]]:
    if isinstance(meaning, str):
        return [(text, 0) for text in meaning.split(",")]
    return list(meaning.items())


def items(
    said: Sentence, known: Book, n: Numerals, reader: Reader, signs: Mapping[str, str] | None = None
) -> list[Item]:
    """Tag a sentence: phrases of the book first, then numbers, then words that say nothing or too much.

    Fillers are left out. `signs` names marks between words that count, such as "€".
    """
    found: list[Item] = []
    place, line = 0, said.words
    while place < len(line):
        if said.gaps[place]:
            found += _marks(said, place, signs or {})
        item = phrase_at(line, place, known) or reader(line, place, n) or _rest(line[place], place, n)
        if item.tag:
            found.append(item)
        place = item.end
    return [*found, *_marks(said, place, signs or {})]


def tags(found: Iterable[Item]) -> str:
    """Return the row of tags that patterns are written for, one character an item."""
    return "".join(item.tag for item in found)


def phrase_at(line: Sequence[str], place: int, known: Book) -> Item | None:
    """Return the longest phrase of a book that begins at a place."""
    for phrase in known.get(line[place], ()):
        end = place + len(phrase.words)
        if line[place:end] == phrase.words:
            return Item(phrase.tag, place, end, phrase.number, phrase.text)
    return None


def _rest(word: str, place: int, n: Numerals) -> Item:
    if word in n.fillers:
        return Item("", place, place + 1)
    return Item(KNOWN if word in n.carriers else UNKNOWN, place, place + 1, 0, word)


def _marks(said: Sentence, place: int, signs: Mapping[str, str]) -> Iterator[Item]:
    """Yield the marks before a word: a separator, or a sign.

    A sign that leans on the next word only is "Q", any other "C", and one that names nothing "o".
    """
    gap = said.gaps[place]
    if gap in SEPARATORS and 0 < place < len(said.words):
        if said.words[place - 1].isdigit() and said.words[place].isdigit():
            yield Item(gap, place, place)
        return
    for mark in gap:
        if mark in signs:
            leans = gap.endswith(mark) and not (gap.startswith(mark) and place)
            tag = "Q" if leans and place < len(said.words) else "C"
            yield Item(tag if signs[mark] else "o", place, place, 0, signs[mark])


def number_at(line: Sequence[str], place: int, n: Numerals) -> Item | None:
    """Return the longest number that begins at a place; digits said one by one stay together."""
    if not n.knows(line[place]):
        return None
    spelled, end = _digits_at(line, place, n)
    if len(spelled) > 1:
        return Item(SPELLED, place, end, int(spelled[:LONGEST_FIGURES]), spelled)
    longest = next(iter(cardinals(line, place, n)), None)
    if longest is None:
        return _figures_at(line, place)
    value, end = longest
    text = line[place] if line[place].isdigit() and end == place + 1 else str(value)
    return Item(NUMBER, place, end, value, text)


def _digits_at(line: Sequence[str], place: int, n: Numerals) -> tuple[str, int]:
    """Return the digits said from a place on, without one that counts a power: not 三 in 二三百."""
    here = takewhile(lambda at: line[at] in n.digits or n.skips(line[at]), range(place, len(line)))
    said = [at for at in here if line[at] in n.digits]
    if said and said[-1] + 1 < len(line) and n.multiplies(line[said[-1] + 1]):
        said.pop()
    return "".join(n.digits[line[at]] for at in said), said[-1] + 1 if said else place


def _figures_at(line: Sequence[str], place: int) -> Item | None:
    """Return figures that no number begins with, such as "05"."""
    word = line[place]
    if not word.isdigit() or len(word) > LONGEST_FIGURES:
        return None
    return Item(NUMBER, place, place + 1, int(word), word)
