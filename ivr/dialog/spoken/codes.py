"""Order numbers that begin with letters, such as SO-100245, spelled or typed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ivr.dialog.spoken.digits import (
    Candidate,
    as_digits,
    digit_spans,
    fitting_readings,
    only_a_number,
    ranked,
    run_at,
)
from ivr.dialog.spoken.languages import chosen, numerals
from ivr.dialog.spoken.letters import BOOKS, DOUBTS
from ivr.dialog.spoken.numerals import Numerals
from ivr.dialog.spoken.phrases import Book, phrase_at
from ivr.dialog.spoken.tokens import Span, words


def coded_in(
    text: str,
    prefixes: Sequence[str],
    least: int,
    greatest: int,
    language: str = "en",
    check: str | None = None,
) -> list[Span]:
    """Return every number behind one of the prefixes, best first, as prefix and figures: "SO100245".

    The number has `least` to `greatest` figures, and the check is made on them, the prefix left aside.
    If there is one prefix only, it need not be said.
    """
    n, said = numerals(language), words(text)
    found = list(_behind_prefixes(said, prefixes, least, greatest, n, chosen(BOOKS, language)))
    if found:
        others = said[: found[0].start] + said[found[0].end :]
        return ranked(found, only_a_number(others, n), check)
    if len(prefixes) != 1:
        return []
    plain = digit_spans(text, least, greatest, language, check)
    return [replace(span, value=prefixes[0].upper() + span.value) for span in plain]


def _behind_prefixes(
    said: Sequence[str], prefixes: Sequence[str], least: int, greatest: int, n: Numerals, known: Book
) -> Iterator[Candidate]:
    heard, place = as_digits(said, n), 0
    while place < len(said):
        last = place
        for prefix in prefixes:
            start = _behind(prefix.upper(), said, place, n, known)
            run = run_at(heard, start, n) if start else []
            last = run[-1] if run else last
            for digits, cost in fitting_readings([heard[here] for here in run], n, least, greatest):
                yield Candidate(digits, cost, place, run[-1] + 1, prefix.upper())
        place = last + 1


def _behind(prefix: str, said: Sequence[str], place: int, n: Numerals, known: Book) -> int:
    """Return the place behind a prefix that is spelled or written from a place on, or 0."""
    rest = prefix
    while rest and place < len(said):
        letters, place = _letters_at(said, place, rest, n, known)
        if not rest.startswith(letters or ("" if rest != prefix else "?")):
            return 0
        rest = rest.removeprefix(letters)
    return 0 if rest else place


def _letters_at(said: Sequence[str], place: int, rest: str, n: Numerals, known: Book) -> tuple[str, int]:
    """Return the letters at a place, "?" if there are none, and the place behind them and their example."""
    word, phrase = said[place], phrase_at(said, place, known)
    if len(word) > 1 and rest.startswith(word.upper()):
        return word.upper(), place + 1
    if phrase and phrase.tag in DOUBTS:
        return phrase.text.upper(), _behind_example(phrase.text, said, phrase.end, known)
    if word in n.fillers or (phrase and not phrase.tag):
        return "", place + 1
    return n.digit(word) or "?", place + 1


def _behind_example(letter: str, said: Sequence[str], place: int, known: Book) -> int:
    introduced = phrase_at(said, place, known) if place < len(said) else None
    if introduced is None or introduced.tag not in ("E", "e") or introduced.end >= len(said):
        return place
    return introduced.end + 1 if said[introduced.end].startswith(letter.lower()) else place
