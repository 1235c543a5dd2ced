"""How urgent a caller's matter is, and why: by the matter, what was said, who calls, and how often.

The figures are data: the part `priority` of policies.yaml. What is not there counts nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.dialog.events import Value
from ivr.dialog.spoken import words

MOST = 3
"""The highest priority, where the policies name none."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a caller goes before others, and how many steps of priority that counts."""

    because: str
    counts: int


def urgency(
    policies: Mapping[str, Value], matter: str | None, said: Sequence[str], level: str, calls_before: int
) -> list[Reason]:
    """Return the reasons that hold. `calls_before` is how often the caller has rung in the last day."""
    given = policies.get("priority")
    rules = given if isinstance(given, dict) else {}
    found = [
        Reason(f"matter: {matter.replace('_', ' ')}" if matter else "", _counts(rules, "matters", matter)),
        Reason(f"{level} member", _counts(rules, "levels", level)),
        *_urgent_words(rules, said),
    ]
    if calls_before:
        found.append(Reason("has rung before within a day", _figure(rules.get("called_before"))))
    return [reason for reason in found if reason.counts]


def priority(policies: Mapping[str, Value], own: int, reasons: Sequence[Reason]) -> int:
    """Return a node's own priority raised by the reasons, up to the most that the policies allow."""
    given = policies.get("priority")
    most = _figure(given.get("most")) if isinstance(given, dict) and "most" in given else MOST
    return max(own, min(most, own + sum(reason.counts for reason in reasons)))


def _urgent_words(rules: Mapping[str, Value], said: Sequence[str]) -> list[Reason]:
    """Return the weightiest of the words that count: two of them are not twice as urgent."""
    listed = rules.get("words")
    line = f" {' '.join(word for text in said for word in words(text))} "
    heard = [
        Reason(f"said “{word}”", _figure(counts))
        for word, counts in (listed.items() if isinstance(listed, dict) else ())
        if f" {' '.join(words(word))} " in line
    ]
    return sorted(heard, key=lambda reason: -reason.counts)[:1]


def _counts(rules: Mapping[str, Value], table: str, name: str | None) -> int:
    found = rules.get(table)
    return _figure(found.get(name or "")) if isinstance(found, dict) else 0


def _figure(value: Value) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
