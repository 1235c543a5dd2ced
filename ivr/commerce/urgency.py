"""How urgent a caller's matter is, and why: by the matter, what was said, who calls, and how often.

The figures are data: the part `priority` of policies.yaml. What is not there counts nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ivr.commerce.policy import PriorityPolicy
from ivr.dialog.spoken import words


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a caller goes before others, and how many steps of priority that counts."""

    because: str
    counts: int


def urgency(
    rules: PriorityPolicy,
    matter: str | None,
    said: Sequence[str],
    level: str,
    calls_before: int,
    open_cases: int = 0,
) -> list[Reason]:
    """Return the reasons that hold. `calls_before` is how often the caller has rung in the last day."""
    found = [
        Reason(f"matter: {(matter or '').replace('_', ' ')}", rules.matters.get(matter or "", 0)),
        Reason(f"{level} member", rules.levels.get(level, 0)),
        *urgent_words(rules, said),
        Reason("has rung before within a day", rules.called_before if calls_before else 0),
        Reason("has an open case", rules.open_case if open_cases else 0),
    ]
    return [reason for reason in found if reason.counts]


def priority(rules: PriorityPolicy, own: int, reasons: Sequence[Reason]) -> int:
    """Return a node's own priority raised by the reasons, up to the most that the policies allow."""
    return max(own, min(rules.most, own + sum(reason.counts for reason in reasons)))


def urgent_words(rules: PriorityPolicy, said: Sequence[str]) -> list[Reason]:
    """Return the weightiest of the words that count: two of them are not twice as urgent."""
    line = f" {' '.join(word for text in said for word in words(text))} "
    heard = [
        Reason(f"said “{word}”", counts)
        for word, counts in rules.words.items()
        if f" {' '.join(words(word))} " in line
    ]
    return sorted(heard, key=lambda reason: -reason.counts)[:1]
