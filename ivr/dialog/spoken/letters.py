"""Spelled codes and names: letters by name, by alphabet word and by example, mixed with figures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ivr.dialog.spoken.digits import digits_at
from ivr.dialog.spoken.languages import chosen, is_number_word, numerals_alone
from ivr.dialog.spoken.phrases import KNOWN, NUMBER, UNKNOWN, Book, Item, Meaning, book, items
from ivr.dialog.spoken.tokens import Sentence, sentence

ALPHABET = {
    "A": "alpha, alfa", "B": "bravo", "C": "charlie", "D": "delta", "E": "echo", "F": "foxtrot", "G": "golf",
    "H": "hotel", "I": "india", "J": "juliet, juliett, juliette", "K": "kilo", "L": "lima", "M": "mike",
    "N": "november", "O": "oscar", "P": "papa", "Q": "quebec", "R": "romeo", "S": "sierra", "T": "tango",
    "U": "uniform", "V": "victor", "W": "whiskey, whisky", "X": "x-ray, xray", "Y": "yankee", "Z": "zulu",
}  # fmt: skip
"""The words of the ITU and NATO, with the spellings that recognisers write."""
NAMES = {
    "C": "cee", "D": "dee", "F": "ef, eff", "H": "aitch, haitch", "J": "jay", "K": "kay", "L": "el, ell",
    "M": "em", "N": "en", "R": "ar", "S": "ess", "V": "vee", "W": "double u, double you", "Z": "zed, zee",
}  # fmt: skip
SOUNDS = {
    "I": "eye", "B": "be, bee", "C": "see, sea", "G": "gee", "P": "pea, pee", "Q": "queue, cue",
    "R": "are", "T": "tea, tee", "U": "you", "X": "ex", "Y": "why", "O": "owe",
}  # fmt: skip
"""Words of their own that sound like a letter; they count among letters only."""


def _by_phrase(table: Mapping[str, str]) -> dict[str, str]:
    return {phrase: letter for letter, phrases in table.items() for phrase in phrases.split(",")}


# L a letter, A its name or alphabet word, a a word of one letter, s a sound, o the letter or the digit ·
# E what introduces an example, e the same if the example fits · D double
_COMMON: dict[str, Meaning] = {
    "L": {letter: letter.upper() for letter in "bcdefghjklmnpqrstuvwxyz"},
    "A": _by_phrase(ALPHABET) | _by_phrase(NAMES),
    "a": {"a": "A", "i": "I"},
    "s": _by_phrase(SOUNDS),
    "o": {"o": "o", "oh": "o"},
    "E": "as in, like in",
    "e": "for, like, wie",
    "D": {"double": 2, "triple": 3, "treble": 3, "双": 2},
    "": """
        capital, upper case, uppercase, lower case, lowercase, the letter, letter, dot, dash, 大写, 小写,
        字母
    """,
}
BOOKS: Mapping[str, Book] = {
    "en": book(
        _COMMON
        | {
            KNOWN: """
                my, name, is, it's, its, it, that's, that, this, the, code, spelled, spelt, i spell, order,
                number, reference, postcode, post code, plate, email, yes, yeah, okay, ok, please, so, no,
                spell
            """,
            UNKNOWN: "have, has, i'm, i am, i'd, i have, i see, i think, i want, would",
        }
    ),
    "zh": book(
        _COMMON
        | {KNOWN: "我的, 名字, 是, 叫, 订单, 订单号, 号码, 编号, 拼写, 姓, 代码, 请, 的, 我, 好, 好的, 对"},
    ),
}
LONGEST_CODE = 4
_VOWELS = frozenset("aeiouy")
_TIGHT = ("", "-")
DOUBTS = {"L": 0, "A": 0, "a": 1, "o": 1, "s": 2}
"""The tags of letters, each with the `doubt` of a piece."""
_NO_SPELLING = frozenset(["st", "nd", "rd", "th", "mr", "mrs", "ms", "pm", "pls", "hmm", "mm", "shh", "psst"])
"""Short words without vowels that nevertheless are words, or endings of ordinals."""


class _Piece(NamedTuple):
    """Part of a spelling, or without text what parts two of them."""

    text: str
    doubt: int = 0
    """0 a letter or number; 1 a word of one letter, such as "a"; 2 a word that sounds like a letter."""


_PAUSE, _STRANGE = _Piece(""), _Piece("", 1)


def letters_in(text: str, language: str = "en") -> str | None:
    """Return what was spelled, in upper case without marks, at least two characters; or None.

    "B as in Bravo, oscar, double t" is BOTT. An ordinary sentence is none, whatever sounds like a
    letter in it.
    """
    said = sentence(text)
    row = items(said, chosen(BOOKS, language), numerals_alone(language), digits_at)
    pieces = list(_pieces(row, said))
    best = max(_stretches(pieces), key=lambda stretch: sum(len(piece.text) for piece in stretch), default=[])
    spelled = _with_os("".join(piece.text for piece in best))
    return spelled if len(spelled) > 1 and _is_spelling(best, pieces.count(_STRANGE)) else None


def _is_spelling(stretch: Sequence[_Piece], strange: int) -> bool:
    """Return whether letters and figures outweigh what merely sounds like them, and other words."""
    firm = sum(len(p.text) if p.text.isalpha() else 1 for p in stretch if not p.doubt)
    sounds = sum(p.doubt == 2 or (p.doubt == 1 and strange > 0) for p in stretch)
    return firm > 0 and sounds <= firm and 2 * strange <= firm


def _stretches(pieces: Iterable[_Piece]) -> list[list[_Piece]]:
    stretches: list[list[_Piece]] = [[]]
    for piece in pieces:
        if piece.text:
            stretches[-1].append(piece)
        elif stretches[-1]:
            stretches.append([])
    return stretches


def _pieces(row: Sequence[Item], said: Sentence) -> Iterator[_Piece]:
    place = 0
    while place < len(row):
        item, following = row[place], row[place + 1 : place + 3]
        example = example_letter(item, following, said.words)
        place += 3 if example else 1
        if example:
            yield _Piece(example)
        elif not _said_again(item, following):
            yield _piece(item, following, said)


def _piece(item: Item, following: Sequence[Item], said: Sentence) -> _Piece:
    if item.tag in DOUBTS:
        return _Piece(item.text, DOUBTS[item.tag])
    if item.tag == NUMBER:
        return _Piece(item.text)
    if item.tag == "D" and following and following[0].tag in (*DOUBTS, NUMBER):
        return _Piece(following[0].text[0] * (item.number - 1))
    if _is_code(item.start, said):
        return _Piece(said.words[item.start].upper())
    return _PAUSE if item.tag == KNOWN else _STRANGE


def example_letter(item: Item, following: Sequence[Item], line: Sequence[str]) -> str:
    """Return the letter that "B as in Bravo" or "b for bravo" tells, or nothing where there is no example.

    After "as in" the example counts, even for another letter: long words are heard better.
    """
    if item.tag not in DOUBTS or len(following) < 2 or following[0].tag not in ("E", "e"):
        return ""
    first = line[following[1].start][0].upper()
    return first if first == item.text.upper() or (following[0].tag == "E" and first.isalpha()) else ""


def _said_again(item: Item, following: Sequence[Item]) -> bool:
    """Return whether the alphabet word follows for a letter just said: "B, Bravo"."""
    once = bool(following) and item.tag in ("L", "a", "o") and following[0].tag == "A"
    return once and following[0].text == item.text.upper()


def _is_code(place: int, said: Sentence) -> bool:
    """Return whether a short word is letters: it has no vowel, or is written together with figures."""
    word = said.words[place]
    if not 1 < len(word) <= LONGEST_CODE or not (word.isascii() and word.isalpha()) or word in _NO_SPELLING:
        return False
    behind = said.words[place + 1 : place + 2] if said.gaps[place + 1] in _TIGHT else []
    before = said.words[max(place - 1, 0) : place] if said.gaps[place] in _TIGHT else []
    return _VOWELS.isdisjoint(word) or any(map(_is_figure, [*before, *behind]))


def _is_figure(word: str) -> bool:
    return word.isdigit() or (not word.isascii() and is_number_word(word))


def _with_os(spelled: str) -> str:
    """Read each "o" as the letter beside letters, else as the digit: "s o one" is SO1, "one o one" 101."""
    read = ""
    for place, mark in enumerate(spelled):
        before, after = read[-1:], spelled[place + 1 : place + 2]
        letter = before.isalpha() or (not before and after.isalpha() and after != "o")
        read += mark if mark != "o" else "O" if letter else "0"
    return read
