"""Which of the sentences found is the answer: what fits a node, or what was heard freely. Pure.

Sentences that mean the same count together. What fits must nearly be as likely as what was heard
freely, by the whole logarithm of their probabilities: a grammar always finds some sentence, and the
means of scores do not tell a wrong one from a right one.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ivr.dialog.actions import Expect
from ivr.dialog.spoken import digit_spans, passes, words
from ivr.dialog.spoken import yes_or_no as answer_in

REACH = 8.0
"""How much less likely a number with the right check digit may be than one without."""
MOST_READINGS = 5
FAR = 12.0
"""The lead over a rival that is not there."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence with the log-probability of each of its pieces."""

    text: str
    scores: Sequence[float]

    @property
    def total(self) -> float:
        """The logarithm of its probability."""
        return sum(self.scores)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a sentence; logarithms of probabilities, so 0 is certain."""

    fits: bool
    gap: float = 0.0
    """By how much what was heard freely is likelier."""
    lead: float = FAR
    """By how much the next answer of another meaning is less likely."""
    mean: float = 0.0
    least: float = 0.0
    pieces: int = 0
    missing: int = 0
    """Digits of a number that were not heard freely: it may not have been said to its end."""
    valid: bool | None = None
    """Whether a number obeys its rule, if there is one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The readings of what fits, likeliest first, and the evidence for the first."""

    readings: tuple[str, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class _Meaning:
    value: str
    total: float
    best: Candidate


def fitting_answer(found: Sequence[Candidate], free: Candidate, expect: Expect) -> Answer | None:
    """Return what fits best among the sentences found in the grammar; None if there are none."""
    order = _ordered(_meanings(found, expect), expect)
    if not order:
        return None
    chosen, rivals = order[0], order[1:]
    lead = min([FAR, *(chosen.total - rival.total for rival in rivals)])
    evidence = replace(
        _evidence(chosen.best, fits=True),
        gap=free.total - chosen.best.total,
        lead=lead,
        missing=_missing(chosen.value, free.text) if expect.kind == "digits" else 0,
        valid=_passes(chosen, expect) if expect.check and chosen.value.startswith("#") else None,
    )
    texts = [meaning.best.text for meaning in order[:MOST_READINGS]]
    return Answer(tuple(dict.fromkeys(texts)), evidence)


def free_answer(free: Candidate) -> Answer:
    """Return what was heard freely."""
    return Answer((free.text,) if free.text else (), _evidence(free, fits=False))


def _evidence(sentence: Candidate, *, fits: bool) -> Evidence:
    count = max(len(sentence.scores), 1)
    least = min(sentence.scores, default=-FAR)
    return Evidence(fits, mean=sentence.total / count, least=least, pieces=count)


def _missing(value: str, heard: str) -> int:
    """Return how many digits at the end of a number are not in a number that was heard freely."""
    number, whole = number_in(heard), value.removeprefix("#")
    return len(whole) - len(number) if number and whole != value and whole.startswith(number) else 0


def _meanings(found: Iterable[Candidate], expect: Expect) -> list[_Meaning]:
    """Put sentences together that mean the same; their probabilities add up."""
    alike: dict[str, list[Candidate]] = {}
    for candidate in found:
        alike.setdefault(value_of(candidate.text, expect), []).append(candidate)
    meanings = [_Meaning(value, _sum(same), max(same, key=_total)) for value, same in alike.items()]
    return sorted(meanings, key=lambda meaning: -meaning.total)


def _total(candidate: Candidate) -> float:
    return candidate.total


def _sum(same: Sequence[Candidate]) -> float:
    return math.log(sum(math.exp(candidate.total) for candidate in same))


def value_of(text: str, expect: Expect) -> str:
    """Return what a sentence means to the node, as a word that is the same for the same meaning."""
    if expect.kind == "digits":
        number = number_in(text)
        return f"#{number}" if number else " ".join(words(text))
    if expect.kind == "yes_no":
        answer = answer_in(text)
        return " ".join(words(text)) if answer is None else f"#{answer}"
    return " ".join(words(text))


def number_in(text: str) -> str | None:
    """Return the digits of a sentence of a number grammar, in the plainest reading."""
    spans = digit_spans(text, 1, 20)
    return spans[0].value if spans else None


def _ordered(meanings: list[_Meaning], expect: Expect) -> list[_Meaning]:
    """Put numbers with the right check digit first, unless they are far less likely."""
    if expect.check is None or not meanings:
        return meanings
    worst = meanings[0].total - REACH
    good = [m for m in meanings if m.total >= worst and _passes(m, expect)]
    return [*good, *(m for m in meanings if m not in good)] if good else meanings


def _passes(meaning: _Meaning, expect: Expect) -> bool:
    number = meaning.value.removeprefix("#")
    least, most = expect.digits
    return number != meaning.value and least <= len(number) <= most and passes(expect.check, number)
