"""Word error rate: how many words must be changed, added or left out to make one text of another."""

from ivr.dialog.spoken import FILLERS, UNITS
from ivr.dialog.spoken import words as words_of

_FIGURES = {figure: word for word, figure in reversed(UNITS.items())}


def edits(said: str, heard: str) -> int:
    """Return the least number of words changed (Levenshtein)."""
    one, other = compared(said), compared(heard)
    row = list(range(len(other) + 1))
    for place, word in enumerate(one, 1):
        before, row[0] = row[0], place
        for at, rival in enumerate(other, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != rival))
    return row[-1]


def error_rate(said: str, heard: str) -> float:
    """Return the edits for each word that was said."""
    return edits(said, heard) / max(len(compared(said)), 1)


def compared(text: str) -> list[str]:
    """Return the words that count: no hesitations, single figures as words, "it is" and "it's" alike."""
    line = " ".join(_spelled(word) for word in words_of(text) if word not in FILLERS - {"and", "then"})
    for short, long in (
        ("it's", "it is"),
        ("i'd", "i would"),
        ("that's", "that is"),
        ("i'm", "i am"),
        ("okay", "ok"),
    ):
        line = f" {line} ".replace(f" {short} ", f" {long} ").strip()
    return line.split()


def _spelled(word: str) -> str:
    return _FIGURES.get(word, word)
