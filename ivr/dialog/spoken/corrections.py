"""Corrections of a number that was read back: "no, 46 not 45", "it ends in 46", 不是45，是46."""

import re
from collections.abc import Callable, Mapping, Sequence

from ivr.dialog.spoken.correction_words import CORRECTIONS
from ivr.dialog.spoken.digits import digits_at, run_at
from ivr.dialog.spoken.languages import chosen, numerals_alone
from ivr.dialog.spoken.numerals import Numerals
from ivr.dialog.spoken.phrases import KNOWN, NUMBER, Item, items, tags
from ivr.dialog.spoken.readings import readings
from ivr.dialog.spoken.tokens import sentence

Said = Mapping[str, Sequence[str]]
"""The readings of the numbers in a correction, plainest first, by the name that the pattern gives them."""
Rule = Callable[[str, Said, int], str | None]
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-"
FEWEST = 2
"""Digits of a number that by itself, without a "no", corrects the end: a single one may be a key."""


def correction(text: str, current: str, language: str = "en") -> str | None:
    """Return the number that a caller means who corrects part of `current`, or None.

    None also when the part to be replaced is not there, or at several places none of which is the end,
    and when the whole number is said anew. Letters before the figures of `current` stay.
    """
    n, said = numerals_alone(language), sentence(text)
    row = [i for i in items(said, chosen(CORRECTIONS, language), n, digits_at) if i.tag != KNOWN]
    line, figures = tags(row), current.lstrip(_LETTERS)
    for pattern, rule in _RULES:
        match = pattern.search(line)
        if match:
            parts = {name: row[match.start(name)] for name in match.groupdict()}
            numbers = {name: _read(item, said.words, n) for name, item in parts.items() if item.tag == NUMBER}
            changed = rule(figures, numbers, parts["at"].number if "at" in parts else 0)
            return current.removesuffix(figures) + changed if changed and changed != figures else None
    return None


def _read(number: Item, line: Sequence[str], n: Numerals) -> list[str]:
    run = run_at(line[: number.end], number.start, n)
    return [reading.digits for reading in readings([line[place] for place in run], n)]


def _swapped(current: str, said: Said, count: int) -> str | None:
    """Replace a part that was named: at the end if it is there, else where it is found once."""
    for old in said["old"]:
        if len(old) < len(current) and old in current:
            new = next((new for new in said["new"] if len(new) == len(old)), said["new"][0])
            at_end = current.endswith(old)
            if len(new) < len(current) and (at_end or current.count(old) == 1):
                return current.removesuffix(old) + new if at_end else current.replace(old, new)
    return None


def _denied(current: str, said: Said, count: int) -> str | None:
    """Read "not 4546" as 45 that should be 46, and 不是46 as "no, 46" where there is no 46 to deny."""
    both = said["tail"][0]
    middle = len(both) // 2
    if middle >= FEWEST and len(both) % 2 == 0:
        return _swapped(current, {"old": [both[:middle]], "new": [both[middle:]]}, 0)
    return None if both in current else _alone(current, said, 0)


def _tail(current: str, said: Said, count: int) -> str | None:
    tail = _part(said["tail"], count, current)
    return current[: -len(tail)] + tail if tail else None


def _alone(current: str, said: Said, count: int) -> str | None:
    return _tail(current, said, 0) if len(said["tail"][0]) >= FEWEST else None


def _head(current: str, said: Said, count: int) -> str | None:
    head = _part(said["head"], count, current)
    return head + current[len(head) :] if head else None


def _part(readings: Sequence[str], count: int, current: str) -> str:
    """Return the first reading that is shorter than the number and, if told, has so many digits."""
    fitting = (r for r in readings if len(r) < len(current) and (not count or len(r) == count))
    return next(fitting, "")


def _digit(current: str, said: Said, place: int) -> str | None:
    digit = said["digit"][0]
    index = place - 1 if place > 0 else len(current) + place
    if len(digit) != 1 or not 0 <= index < len(current):
        return None
    return current[:index] + digit + current[index + 1 :]


# the most telling first; what a caller says about one place counts before what is somewhere in the number
_RULES: Sequence[tuple[re.Pattern[str], Rule]] = [
    (re.compile(pattern), rule)
    for pattern, rule in (
        ("(?P<at>K)[&w]?(?P<digit>N)", _digit),
        ("(?P<at>E)[&w]?(?P<tail>N)", _tail),
        ("(?P<at>B)[&w]?(?P<head>N)", _head),
        ("(?P<new>N)(?:I|&?!)&?(?P<old>N)", _swapped),
        ("!&*(?P<old>N)&*(?P<new>N)", _swapped),
        ("(?P<old>N)[wn]+&?(?P<new>N)", _swapped),
        ("r(?P<old>N)t(?P<new>N)", _swapped),
        ("(?P<tail>N)e", _tail),
        ("(?P<head>N)b", _head),
        ("^n*!(?P<tail>N)$", _denied),
        ("^n+[&w]?(?P<tail>N)$", _tail),
        ("^[&w]?(?P<tail>N)$", _alone),
    )
]
