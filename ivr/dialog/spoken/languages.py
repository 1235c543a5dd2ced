"""Which words count in which language. What we have no words for is heard as English."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from ivr.dialog.spoken.numbers_en import ENGLISH
from ivr.dialog.spoken.numbers_zh import CHINESE
from ivr.dialog.spoken.numerals import Numerals

NUMERALS: Mapping[str, Numerals] = {"en": ENGLISH, "zh": CHINESE}
_ALONE = {language: replace(known, carriers=frozenset()) for language, known in NUMERALS.items()}
Thing = TypeVar("Thing")


def chosen(by_language: Mapping[str, Thing], language: str) -> Thing:
    """Return what a table holds for a language such as "zh" or "zh-CN", or its English entry."""
    return by_language.get(language.partition("-")[0], by_language["en"])


def numerals(language: str) -> Numerals:
    """Return the number words of a language."""
    return chosen(NUMERALS, language)


def numerals_alone(language: str) -> Numerals:
    """Return the number words of a language for readers to whom "my order" is no mere frame of a number."""
    return chosen(_ALONE, language)


def fillers(language: str) -> frozenset[str]:
    """Return the words that mean nothing inside a number: "uh", "and", 嗯."""
    return numerals(language).fillers


def is_number_word(word: str) -> bool:
    """Return whether the word can be part of a spoken number in any language."""
    return any(known.knows(word) for known in NUMERALS.values())
