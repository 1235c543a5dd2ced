"""Whether a recogniser can tell the phrases of a menu apart.

Telephone audio (300 to 3,400 Hz) blurs voiced and voiceless consonants and most short vowels; words
that differ in nothing else are taken for each other. Chinese is compared by its characters.
"""

import re
from collections.abc import Iterator
from itertools import combinations

from rapidfuzz.fuzz import ratio

from ivr.dialog.flow import Flow, Menu
from ivr.dialog.lint.where import Where, listening
from ivr.dialog.spoken import words

ALIKE = 88
"""Likeness of letters (0 to 100) from which two phrases are taken for each other."""
SHORTEST = 4
_SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"tion|cian|sion", "xn"),
        (r"ph|v", "f"),
        (r"^kn", "n"),
        (r"^wr", "r"),
        (r"gh", ""),
        (r"ck|q|c(?![eiyh])|g(?![eiy])", "k"),
        (r"c(?=[eiy])|z", "s"),
        (r"ch|sh|j|g(?=[eiy])|dg", "x"),
        (r"x", "x"),
        (r"th|d", "t"),
        (r"b", "p"),
        (r"m", "n"),
        (r"w|h|y", ""),
        (r"(.)\1+", r"\1"),
    )
]
_VOWELS = re.compile(r"(?<=.)[aeiou]+")


def check(flow: Flow, where: Where) -> None:
    """same-phrase, confusable-phrases."""
    for node in listening(flow):
        if not isinstance(node, Menu):
            continue
        for (_, one), (second, other) in combinations(enumerate(node.choices), 2):
            pairs = _pairs(one.phrases, other.phrases)
            for rule, message in pairs:
                where(node.name).fault(rule, message, "choices", second, "phrases")
                break


def _pairs(phrases: tuple[str, ...], others: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what two choices have in common, the worst first."""
    found = [(one, other) for one in phrases for other in others]
    for one, other in found:
        if words(one) == words(other):
            yield "same-phrase", f"'{other}' stands for two choices"
    for one, other in found:
        if sound_alike(one, other):
            yield "confusable-phrases", f"'{other}' sounds like '{one}' of another choice"


def sound_alike(one: str, other: str) -> bool:
    """Return whether two phrases can be taken for each other on the telephone.

    >>> sound_alike("bill", "pill"), sound_alike("refund", "order")
    (True, False)
    """
    left, right = " ".join(words(one)), " ".join(words(other))
    if not left or not right or left == right:
        return False
    if not left.isascii() or not right.isascii():
        return len(left) == len(right) and len(left) > 5 and ratio(left, right) >= ALIKE
    same = _sound(left) == _sound(right)
    return same or (min(len(left), len(right)) >= SHORTEST and ratio(left, right) >= ALIKE)


def _sound(text: str) -> str:
    return " ".join(_word_sound(word) for word in text.split())


def _word_sound(word: str) -> str:
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return _VOWELS.sub("", word)
