"""What people say for numbers, yes and no, turned into data. English; knows no recogniser."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

UNITS = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "nil": "0", "one": "1", "two": "2",
    "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
REPEATS = {"double": 2, "triple": 3, "treble": 3}
SOUND_ALIKE = {"to": "two", "too": "two", "for": "four", "won": "one", "ate": "eight"}
FILLERS = frozenset(["uh", "um", "er", "erm", "hm", "then", "and", "dash", "hyphen", "minus", "space"])
CARRIERS = frozenset(
    [
        "my",
        "order",
        "number",
        "is",
        "it's",
        "its",
        "it",
        "the",
        "a",
        "an",
        "that's",
        "thats",
        "this",
        "that",
        "i",
        "think",
        "please",
        "so",
        "yes",
        "yeah",
        "no",
        "well",
        "okay",
        "ok",
        "number's",
        "have",
        "for",
        "of",
        "be",
        "would",
        "here",
        "with",
        "about",
        "order",
        "refund",
        "return",
        "want",
        "get",
    ]
)
MOST_READINGS = 64

YES = frozenset(
    [
        "yes",
        "yeah",
        "yep",
        "yup",
        "sure",
        "correct",
        "right",
        "exactly",
        "absolutely",
        "certainly",
        "definitely",
        "okay",
        "ok",
        "affirmative",
        "indeed",
        "please",
    ]
)
NO = frozenset(["no", "nope", "nah", "wrong", "incorrect", "negative", "never", "not", "don't", "dont"])
YES_PHRASES = (
    "go ahead",
    "do it",
    "that's right",
    "thats right",
    "of course",
    "sounds good",
    "uh huh",
    "mm hm",
)
NO_PHRASES = (
    "not right",
    "not correct",
    "no thanks",
    "no thank you",
    "leave it",
    "forget it",
    "uh uh",
    "that's all",
    "thats all",
)

_WORD = re.compile(r"[a-z']+|\d+")


def words(text: str) -> list[str]:
    """Split a transcript into lower-case words and runs of figures, punctuation dropped."""
    return _WORD.findall(text.casefold().replace("\u2019", "'"))


def is_number_word(word: str) -> bool:
    """Return whether the word can be part of a spoken number."""
    return (
        word.isdigit()
        or word in UNITS
        or word in TEENS
        or word in TENS
        or word in REPEATS
        or word == "hundred"
    )


def numbers(text: str) -> list[tuple[str, ...]]:
    """Return the readings of every spoken number in a text, each run's likeliest first.

    "one hundred two" reads as 102 and as 1002: the caller of this function knows which fits.
    """
    return [readings(run) for run in _runs(words(text))]


def digits_in(text: str, least: int, greatest: int) -> tuple[str, bool] | None:
    """Return the number of a fitting length and whether nothing else was said, or None.

    All runs together are tried when no single one fits ("one zero zero … er … two four five").
    """
    runs = _runs(words(text))
    fitting = _fitting((reading for run in runs for reading in readings(run)), least, greatest)
    if not fitting and len(runs) > 1:
        joined = [word for run in runs for word in run]
        fitting = _fitting(readings(joined), least, greatest)
    if not fitting:
        return None
    distinct = dict.fromkeys(fitting)
    return fitting[0], len(distinct) == 1 and _only_a_number(words(text))


def _fitting(candidates: Iterable[str], least: int, greatest: int) -> list[str]:
    return [candidate for candidate in candidates if least <= len(candidate) <= greatest]


def _only_a_number(said: Sequence[str]) -> bool:
    return all(is_number_word(w) or w in FILLERS or w in CARRIERS or w in SOUND_ALIKE for w in said)


def _runs(said: Sequence[str]) -> list[list[str]]:
    said = _without_sound_alikes(said)
    runs: list[list[str]] = []
    inside = False
    for word in said:
        if is_number_word(word):
            if not inside:
                runs.append([])
            runs[-1].append(word)
            inside = True
        elif word not in FILLERS:
            inside = False
    return runs


def _without_sound_alikes(said: Sequence[str]) -> list[str]:
    """Read "to" and "for" as figures where they stand between or after figures."""
    heard = list(said)
    for place, (before, word) in enumerate(pairwise(said), 1):
        after = said[place + 1] if place + 1 < len(said) else "zero"
        if word in SOUND_ALIKE and is_number_word(before) and is_number_word(after):
            heard[place] = SOUND_ALIKE[word]
    return heard


def readings(run: Sequence[str]) -> tuple[str, ...]:
    """Return every digit string that a run of number words can mean, the plainest first."""
    partial: dict[int, list[str]] = {0: [""]}
    for place in range(len(run)):
        for text in partial.get(place, [])[:MOST_READINGS]:
            for digits, used in _heads(run[place:]):
                partial.setdefault(place + used, []).append(text + digits)
    return tuple(dict.fromkeys(partial.get(len(run), [])))


def _heads(run: Sequence[str]) -> list[tuple[str, int]]:
    """Return what the first words of a run can mean, each with the count of words used."""
    word = run[0]
    following = run[1] if len(run) > 1 else ""
    if word in REPEATS:
        digit = _one_digit(following) if following else None
        return [(digit * REPEATS[word], 2)] if digit else [("", 1)]
    if word.isdigit() or word in UNITS:
        digits = word if word.isdigit() else UNITS[word]
        if following == "hundred":
            return _hundreds(int(digits), run)
        return [(digits, 1)]
    if word in TEENS:
        return _hundreds(TEENS[word], run) if following == "hundred" else [(str(TEENS[word]), 1)]
    if word in TENS:
        digit = _one_digit(following) if following else None
        joined = [(str(TENS[word] + int(digit)), 2)] if digit and digit != "0" else []
        return [*joined, (str(TENS[word]), 1)]
    return [("00", 1)]


def _hundreds(count: int, run: Sequence[str]) -> list[tuple[str, int]]:
    """Read "one hundred …" both as a round hundred and with what follows added to it."""
    plain = [(f"{count}00", 2)]
    added = [
        (str(count * 100 + int(digits)), 2 + used)
        for digits, used in (_heads(run[2:]) if run[2:] and run[2] not in REPEATS else [])
        if digits and len(digits) <= 2
    ]
    return [*added, *plain]


def _one_digit(word: str) -> str | None:
    if word in UNITS:
        return UNITS[word]
    return word if word.isdigit() and len(word) == 1 else None


def yes_or_no(text: str) -> bool | None:
    """Return what a caller answered, or None when it is neither or both."""
    said = words(text)
    line = f" {' '.join(said)} "
    if any(f" {phrase} " in line for phrase in NO_PHRASES):
        return False
    refused = any(word in NO for word in said)
    agreed = any(word in YES for word in said) or any(f" {p} " in line for p in YES_PHRASES)
    if refused and not agreed:
        return False
    if agreed and not refused:
        return True
    return said[0] in YES if refused and agreed and said[0] in YES | NO else None


def amount(text: str) -> str | None:
    """Return an amount of money such as "49.90" from a transcript, or None."""
    figures = re.search(r"\d+(?:[.,]\d{1,2})?", text)
    if figures:
        return figures[0].replace(",", ".")
    found = [run[0] for run in numbers(text) if run]
    return ".".join(found[:2]) if found else None
