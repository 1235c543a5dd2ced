"""Texts as a voice should read them: figures, money, dates, codes and abbreviations in words.

Pure, by language; English and Chinese have rules of their own, a text of any other language is only
cleaned. Nothing here raises, and what comes out is left as it is when it comes in again.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from audio.tts.normalise import chinese, english
from audio.tts.normalise.marks import clean

MOST_CHARS = 4000
"""No prompt is longer (some five minutes); the carrier's own voice takes 4096. The rest is not said."""
MOST_PASSES = 4
"""A rule may make work for an earlier one; so often the rules are gone through at most."""

RULES: Mapping[str, Callable[[str], str]] = {"en": english.spoken, "zh": chinese.spoken}


@lru_cache(maxsize=4096)
def normalised(text: str, language: str) -> str:
    """Return a text in the words in which a language says it; "" where there is nothing to say.

    >>> normalised("Order SO100245 costs €49.90.", "en")
    'Order S O, 1 0 0, 2 4 5 costs forty nine euros and ninety cents.'
    """
    said = clean(_bounded(text))
    rules = RULES.get(language.replace("_", "-").split("-")[0])
    for _ in range(MOST_PASSES if rules else 0):
        before, said = said, rules(said) if rules else said
        if said == before:
            break
    return said if any(map(str.isalnum, said)) else ""


def warm_up(language: str) -> None:
    """Load what words of numbers and money need, so that the first caller does not wait for it."""
    normalised("€12.50, 1st", language)


def _bounded(text: str) -> str:
    """Return a text of bearable length, cut behind a sentence where that can be."""
    if len(text) <= MOST_CHARS:
        return text
    end = max(text.rfind(mark, 0, MOST_CHARS) for mark in ".!?。！？")
    return text[: end + 1 if end > MOST_CHARS // 2 else MOST_CHARS]
