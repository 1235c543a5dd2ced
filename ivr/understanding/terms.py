"""A sentence as what its meaning is read from: plain words, and runs of words and of letters."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from ivr.dialog.spoken import is_number_word, words

FILLERS = frozenset(["uh", "um", "er", "erm", "hm", "hmm", "mhm", "mm", "嗯", "呃", "额", "啊", "哦"])
NUMBER = "0"
"""Stands for every number: which one it was says nothing of the matter."""
ENDINGS = ("'s", "ing", "ed", "es", "s")
LETTERS = (3, 4, 5)
CHARACTERS = (1, 2, 3)
"""How many letters of English, characters of Chinese, a run has."""


def said(text: str) -> list[str]:
    """Return the words of a sentence that mean something; numbers are all alike, Chinese is by character."""
    line = [word for word in words(text) if word not in FILLERS]
    found: list[str] = []
    for number, run in groupby(line, _is_number):
        group = list(run)
        alone = len(group) == 1 and not group[0].isdigit()  # "another one" is no number
        found += [NUMBER] if number and not alone else group
    return found


def _is_number(word: str) -> bool:
    return word.isdigit() or is_number_word(word)


def word_terms(line: Sequence[str]) -> list[str]:
    """Return words without their endings, and pairs of them; of Chinese, runs of characters."""
    if is_chinese(line):
        return ["".join(run) for run in _runs(line, CHARACTERS)]
    stems = [stem(word) for word in line]
    return [*stems, *(f"{one} {two}" for one, two in pairwise(stems))]


def letter_terms(line: Sequence[str]) -> list[str]:
    """Return runs of letters, word limits included: what typing errors and other endings leave alike."""
    return ["".join(run) for run in _runs(f" {' '.join(line)} ", LETTERS)]


def _runs(line: Sequence[str], lengths: Sequence[int]) -> Iterator[Sequence[str]]:
    for length in lengths:
        for start in range(len(line) - length + 1):
            yield line[start : start + length]


def is_chinese(line: Sequence[str]) -> bool:
    """Return whether more than half of the words are Chinese characters."""
    return 2 * sum(word >= "\u3007" for word in line) > len(line)


def stem(word: str) -> str:
    """Cut the commonest endings, so that "orders" and "ordered" meet "order"."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word.removesuffix(ending)
    return word
