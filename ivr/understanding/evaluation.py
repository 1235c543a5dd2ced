"""How well sentences are understood: shares of right and wrong, what is confused, whether confidence holds.

A file of sentences is tab-separated with a heading that names the columns `intent` (empty for what belongs
to no intent), `text`, and if there is one `style`.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.dialog.events import Intent
from ivr.dialog.flow import Confidence
from ivr.errors import InvalidInput

BINS = 10
Rank = Callable[[str], Sequence[Intent]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sentence and what it is about; "" for nothing that the hotline knows."""

    text: str
    intent: str
    style: str = ""


def read_labelled(path: Path) -> list[Labelled]:
    """Return the sentences of a file. Raise InvalidInput, with the line, where it is not as described."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if not {"intent", "text"} <= set(rows.fieldnames or ()):
            raise InvalidInput(f"{path}: the first line must name the columns intent and text, tab-separated")
        found = [
            Labelled(row["text"], row["intent"] or "", row.get("style") or "") for row in rows if row["text"]
        ]
    if not found:
        raise InvalidInput(f"{path}: there are no sentences")
    return found


@dataclass(slots=True)
class Report:
    """What became of sentences. `taken` are those at or above the take threshold.

    `wrong` counts all that were taken as something else than they were, also what belongs to no intent.
    """

    inside: int = 0
    right: int = 0
    among_two: int = 0
    outside: int = 0
    rejected: int = 0
    taken: int = 0
    taken_right: int = 0
    asked: int = 0
    wrong: int = 0
    styles: dict[str, list[bool]] = field(default_factory=dict)
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)
    judged: list[tuple[float, bool]] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """Return the figures as JSON data; shares run from 0.0 to 1.0."""
        return {
            "sentences": self.inside + self.outside,
            "right": _share(self.right, self.inside),
            "among_two": _share(self.among_two, self.inside),
            "taken": _share(self.taken_right, self.inside),
            "wrong_and_taken": _share(self.wrong, self.inside + self.outside),
            "asked_back": _share(self.asked, self.inside + self.outside),
            "outside_rejected": _share(self.rejected, self.outside),
            "calibration_error": round(self.calibration_error(), 3),
            "styles": {name: _share(sum(done), len(done)) for name, done in sorted(self.styles.items())},
            "confused": [
                {"intent": wanted, "heard": got, "times": times}
                for (wanted, got), times in self.confused.most_common(10)
            ],
            "calibration": [
                {"confidence": [low, high], "sentences": count, "mean": mean, "right": right}
                for low, high, count, mean, right in self.bins()
            ],
        }

    def bins(self) -> list[tuple[float, float, int, float, float]]:
        """Return by tenths of confidence: from, to, how many sentences, mean confidence, share right."""
        tenths: dict[int, list[tuple[float, bool]]] = {}
        for confidence, right in self.judged:
            tenths.setdefault(min(BINS - 1, int(confidence * BINS)), []).append((confidence, right))
        return [
            (
                tenth / BINS,
                (tenth + 1) / BINS,
                len(some),
                round(sum(c for c, _ in some) / len(some), 3),
                round(sum(r for _, r in some) / len(some), 3),
            )
            for tenth, some in sorted(tenths.items())
        ]

    def calibration_error(self) -> float:
        """Return the expected calibration error: how far confidence is from the share right, on average."""
        count = len(self.judged) or 1
        return sum(abs(mean - right) * some for _, _, some, mean, right in self.bins()) / count


def _share(some: int, count: int) -> float | None:
    return round(some / count, 4) if count else None


def evaluate(sentences: Iterable[Labelled], rank: Rank, bands: Confidence) -> Report:
    """Return what becomes of sentences where answers are taken and asked back by these bands."""
    report = Report()
    for one in sentences:
        readings = rank(one.text)
        first = readings[0] if readings else Intent("", 0.0)
        right = bool(one.intent) and first.name == one.intent
        report.judged.append((first.confidence, right))
        taken = first.confidence >= bands.take
        report.asked += bands.confirm <= first.confidence < bands.take
        report.wrong += taken and not right
        if not one.intent:
            report.outside += 1
            report.rejected += not taken
            continue
        report.inside += 1
        report.right += right
        report.among_two += one.intent in [reading.name for reading in readings[:2]]
        report.taken += taken
        report.taken_right += taken and right
        report.styles.setdefault(one.style or "all", []).append(right)
        if not right:
            report.confused[one.intent, first.name] += 1
    return report
