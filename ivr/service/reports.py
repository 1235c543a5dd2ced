"""What the hotline did, in figures: how well callers are understood, node by node."""

import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ivr.dialog.spoken import yes_or_no
from ivr.storage.session import Database
from ivr.storage.tables import TurnRow

MOST_TURNS = 50_000
"""Newest turns that a report looks at."""


@dataclass(slots=True)
class Understanding:
    """How the answers at one node were understood. Shares run from 0.0 to 1.0, times in milliseconds."""

    node: str
    spoken: int = 0
    keyed: int = 0
    silent: int = 0
    missed: int = 0
    asked_back: int = 0
    corrected: int = 0
    confidences: list[float] = field(default_factory=list)
    recognition_ms: list[float] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """Return the figures as JSON data."""
        data = asdict(self)
        sure, times = data.pop("confidences"), data.pop("recognition_ms")
        answers = self.spoken + self.keyed
        return data | {
            "no_match": round(self.missed / answers, 3) if answers else None,
            "confidence": round(statistics.fmean(sure), 3) if sure else None,
            "recognition_ms": round(statistics.median(times)) if times else None,
        }


class Reports:
    """Reports over what is stored."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def understanding(self, since: datetime) -> list[dict[str, Any]]:
        """Return the figures of every node at which something was answered since then, the busiest first."""
        with self._db.read() as session:
            query = select(TurnRow).where(TurnRow.at >= since).order_by(TurnRow.at.desc()).limit(MOST_TURNS)
            found = understood(session.scalars(query))
        return [one.as_data() for one in sorted(found, key=lambda one: (-one.spoken - one.keyed, one.node))]


def understood(turns: Iterable[TurnRow]) -> list[Understanding]:
    """Count answers by node."""
    nodes: dict[str, Understanding] = {}
    for turn in turns:
        name = turn.heard.get("node")
        if name:
            _count(nodes.setdefault(name, Understanding(name)), turn)
    return list(nodes.values())


def _count(one: Understanding, turn: TurnRow) -> None:
    kind = turn.event["kind"]
    one.spoken += kind == "Spoke"
    one.keyed += kind == "Pressed"
    one.silent += kind == "Silent"
    one.missed += kind != "Silent" and turn.understood == "missed"
    if kind == "Spoke":
        one.confidences.append(float(turn.event["confidence"]))
        if "recognition_ms" in turn.heard:
            one.recognition_ms.append(float(turn.heard["recognition_ms"]))
    if turn.heard.get("asked_back"):
        one.asked_back += 1
        one.corrected += not _agreed(turn.event)


def _agreed(event: dict[str, Any]) -> bool:
    if event["kind"] == "Pressed":
        return bool(event["digits"] == "1")
    text = str(event.get("text", ""))
    return any(yes_or_no(text, language) is True for language in ("en", "zh"))
