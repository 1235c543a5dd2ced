"""The numbers that callers say or type: order numbers, telephone numbers, codes of figures."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ivr.dialog.spoken.checks import passes
from ivr.dialog.spoken.languages import numerals
from ivr.dialog.spoken.numerals import Numerals
from ivr.dialog.spoken.phrases import NUMBER, UNKNOWN, Item
from ivr.dialog.spoken.readings import ABSURD, DOUBTFUL, LONGEST, ODD, Reading, readings
from ivr.dialog.spoken.tokens import Span, words


class Candidate(NamedTuple):
    """Digits that can have been said in words[start:end], and what was said before them to mark them."""

    digits: str
    cost: int
    start: int
    end: int
    prefix: str = ""


def digits_in(text: str, least: int, greatest: int, language: str = "en") -> tuple[str, bool] | None:
    """Return the number of a fitting length and whether nothing else was said, or None."""
    spans = digit_spans(text, least, greatest, language)
    return (spans[0].value, spans[0].sure) if spans else None


def digit_spans(
    text: str, least: int, greatest: int, language: str = "en", check: str | None = None
) -> list[Span]:
    """Return every number of `least` to `greatest` digits that can have been said, best first.

    With a `check` (a name of CHECKS; KeyError for any other) the numbers that satisfy it come first,
    and only they can be sure. A number is sure when nothing but a number was said and no other is as
    likely. All runs of number words together are tried when no single one fits
    ("one zero zero … er … two four five").
    """
    n, said = numerals(language), words(text)
    heard = as_digits(said, n)
    runs = list(_runs(heard, n))
    found = [c for run in runs for c in _fitting(heard, run, n, least, greatest)]
    if not found and len(runs) > 1:
        joined = [place for run in runs for place in run]
        found = [c for c in _fitting(heard, joined, n, least, greatest) if c.cost < ODD]
    return ranked(found, only_a_number(said, n), check) if found else []


def only_a_number(said: Iterable[str], n: Numerals) -> bool:
    """Return whether the words are a number and what people say around one, nothing else."""
    return all(n.knows(w) or w in n.fillers or w in n.carriers or w in n.alike for w in said)


def as_digits(said: Sequence[str], n: Numerals) -> Sequence[str]:
    """Read "to" and "for" as digits where they stand between figures, or behind one at the end."""
    if n.alike.keys().isdisjoint(said):
        return said
    heard = list(said)
    for place in range(1, len(said)):
        follows = place + 1 == len(said) or n.knows(said[place + 1]) or said[place + 1] in n.alike
        if said[place] in n.alike and n.knows(heard[place - 1]) and follows:
            heard[place] = n.alike[said[place]]
    return heard


def run_at(heard: Sequence[str], place: int, n: Numerals) -> list[int]:
    """Return the places of the number words that follow one another from a place on, over fillers."""
    run: list[int] = []
    for here in range(place, len(heard)):
        if n.knows(heard[here]) or (run and _joins(heard, here, n)):
            run.append(here)
        elif heard[here] not in n.fillers:
            break
    return run


def digits_at(line: Sequence[str], place: int, n: Numerals) -> Item | None:
    """Return the whole run of number words at a place as one number, read in the plainest way."""
    if not n.knows(line[place]):
        return None
    run = run_at(line, place, n)
    kept = len(run)
    while kept and line[run[kept - 1]] in n.repeats:
        kept -= 1  # "double" counts for what follows
    run = run[:kept] or run
    plainest = next(iter(readings([line[here] for here in run], n)), None)
    tag = NUMBER if plainest else UNKNOWN
    return Item(tag, place, run[-1] + 1, 0, plainest.digits if plainest else "")


def _joins(heard: Sequence[str], place: int, n: Numerals) -> bool:
    """Return whether the word holds a number together: 三个五, "a hundred and two"."""
    if not 0 < place < len(heard) - 1 or not n.knows(heard[place + 1]):
        return False
    before = heard[place - 1]
    if heard[place] == n.counter:
        return n.digit(before) is not None and n.digit(heard[place + 1]) is not None
    return heard[place] in n.links and n.multiplies(before)


def _runs(heard: Sequence[str], n: Numerals) -> Iterator[list[int]]:
    place = 0
    while place < len(heard):
        if n.knows(heard[place]):
            run = run_at(heard, place, n)
            yield run
            place = run[-1]
        place += 1


def _fitting(heard: Sequence[str], run: Sequence[int], n: Numerals, least: int, most: int) -> list[Candidate]:
    fitting = fitting_readings([heard[place] for place in run], n, least, most)
    return [Candidate(digits, cost, run[0], run[-1] + 1) for digits, cost in fitting]


def fitting_readings(run: Sequence[str], n: Numerals, least: int, greatest: int) -> list[Reading]:
    """Return the readings of a fitting length; of half the run when the number was said twice."""
    fitting = [r for r in readings(run, n, greatest) if len(r.digits) >= least and r.cost < ABSURD]
    half, odd = divmod(len(run), 2)
    if fitting or odd or not 0 < half <= LONGEST or run[:half] != run[half:]:
        return fitting
    return fitting_readings(run[:half], n, least, greatest)


def ranked(found: Iterable[Candidate], clean: bool, check: str | None) -> list[Span]:
    """Return each number once, best first; the first is sure in a `clean` sentence without a rival."""
    best: dict[str, Candidate] = {}
    for candidate in found:
        value = candidate.prefix + candidate.digits
        if value not in best or candidate.cost < best[value].cost:
            best[value] = candidate
    order = sorted(best.items(), key=lambda known: (not passes(check, known[1].digits), known[1].cost))
    rivals = [c for _, c in order if passes(check, c.digits)][:2]
    sure = clean and bool(rivals) and _outright(rivals, checked=check is not None)
    return [Span(value, c.start, c.end, sure and c is order[0][1]) for value, c in order]


def _outright(rivals: Sequence[Candidate], *, checked: bool) -> bool:
    """Return whether the first is meant: alone to pass a check, or far likelier than the second."""
    if checked:
        return len(rivals) == 1
    plain = rivals[0].cost <= DOUBTFUL
    return plain and (len(rivals) == 1 or rivals[1].cost >= rivals[0].cost + ODD)
