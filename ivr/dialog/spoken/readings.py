"""Every digit string that a run of number words can mean, each with what speaks against it."""

from collections.abc import Sequence
from typing import NamedTuple

from ivr.dialog.spoken.numerals import Numerals, cardinals

LONGEST = 40
"""Digits beyond which nobody is asked for a number; an IBAN has 34 characters."""
MOST_READINGS = 64
ODD = 2
"""Cost of a cut that people seldom mean: "twenty three" for 203."""
ABSURD = 2 * ODD
"""Cost of a reading that nobody means: "twenty three forty five" for 203405."""
DOUBTFUL = 1
"""Cost of a cut that is as likely as none: "one hundred two" for 1002."""


class Reading(NamedTuple):
    """Digits, and a cost: 0 for the plain meaning, `ODD` or more for one that is rarely meant."""

    digits: str
    cost: int


def readings(run: Sequence[str], numerals: Numerals, longest: int = LONGEST) -> list[Reading]:
    """Return the readings of at most `longest` digits, the plainest first, no more than MOST_READINGS.

    >>> readings(["one", "hundred", "two"], ENGLISH)
    [Reading("102", 0), Reading("1002", 1)]
    """
    longest = min(longest, LONGEST)
    partial: dict[int, dict[str, int]] = {place: {"": cost} for place, cost in _beginnings(run, numerals)}
    for place in range(len(run)):
        known = partial.pop(place, None)
        if known:
            _extend(partial, run, place, _cheapest(known), numerals, longest)
        elif not partial:
            break
    whole = partial.get(len(run), {})
    return [Reading(digits, cost) for digits, cost in _cheapest(whole) if digits]


def _beginnings(run: Sequence[str], numerals: Numerals) -> list[tuple[int, int]]:
    """Begin at the first word, or behind it when it may be a sigh: "oh, one zero zero …"."""
    sighed = len(run) > 1 and run[0] in numerals.sighs
    return [(0, 0), (1, DOUBTFUL)] if sighed else [(0, 0)]


def _cheapest(known: dict[str, int]) -> list[tuple[str, int]]:
    if len(known) == 1:
        return list(known.items())
    return sorted(known.items(), key=lambda reading: reading[1])[:MOST_READINGS]


def _extend(
    partial: dict[int, dict[str, int]],
    run: Sequence[str],
    place: int,
    known: Sequence[tuple[str, int]],
    numerals: Numerals,
    longest: int,
) -> None:
    for digits, end in _heads(run, place, numerals):
        seam = _seam(run[end - 1], run[end], numerals) if end < len(run) else 0
        if seam is None:
            continue
        longer = partial.setdefault(end, {})
        for text, cost in known:
            if len(text) + len(digits) <= longest:
                longer[text + digits] = min(cost + seam, longer.get(text + digits, cost + seam))
        if not longer:
            del partial[end]


def _heads(run: Sequence[str], place: int, numerals: Numerals) -> list[tuple[str, int]]:
    """Return what the words at a place can mean, each with the place after the words used."""
    word, following = run[place], run[place + 1] if place + 1 < len(run) else ""
    if word in numerals.repeats:
        digit = numerals.digit(following)
        return [(digit * numerals.repeats[word], place + 2)] if digit else [("", place + 1)]
    if word == numerals.counter or word in numerals.links:
        return [("", place + 1)]
    if word.isdigit() or not following:
        return _figures_first(run, place, numerals)
    return _repeated(run, place, numerals) + _spelled(run, place, numerals)


def _figures_first(run: Sequence[str], place: int, numerals: Numerals) -> list[tuple[str, int]]:
    word = run[place]
    if not word.isdigit():
        return _spelled(run, place, numerals)
    longer = [(str(value), end) for value, end in cardinals(run, place, numerals) if end > place + 1]
    return [*_repeated(run, place, numerals), *longer, (word, place + 1)]


def _spelled(run: Sequence[str], place: int, numerals: Numerals) -> list[tuple[str, int]]:
    following = run[place + 1] if place + 1 < len(run) else ""
    if run[place] in numerals.digits and not numerals.multiplies(following):
        return [(numerals.digits[run[place]], place + 1)]
    return [(str(value), end) for value, end in cardinals(run, place, numerals)]


def _repeated(run: Sequence[str], place: int, numerals: Numerals) -> list[tuple[str, int]]:
    """Read "three zeros" and 三个五 as the digit so many times."""
    count = numerals.digit(run[place]) or "0"
    following = run[place + 1] if place + 1 < len(run) else ""
    if following in numerals.plurals:
        return [(numerals.plurals[following] * int(count), place + 2)] if count > "1" else []
    if following and following == numerals.counter and place + 2 < len(run):
        digit = numerals.digit(run[place + 2])
        return [(digit * int(count), place + 3)] if digit and count > "1" else []
    return []


def _seam(before: str, after: str, numerals: Numerals) -> int | None:
    """Return the cost of a cut between two words; none where they cannot be parted."""
    if numerals.multiplies(after):
        return ODD + 1 if numerals.digit(before) == "0" else None
    if after == numerals.counter or after in numerals.links:
        return ODD
    if before in numerals.tens or numerals.powers.get(before) == 10:
        return ODD if (numerals.digits.get(after) or "0") != "0" else 0
    if not numerals.multiplies(before):
        return 0
    return ODD if numerals.firm else DOUBTFUL
