"""What the hotline did, in figures: how callers were understood, how long they waited."""

import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ivr.dialog.spoken import yes_or_no
from ivr.routing.tally import Tally
from ivr.service.occupancy import occupancy
from ivr.storage.session import Database
from ivr.storage.tables import CallRow, RatingRow, TicketRow, TurnRow

MOST_TURNS = 50_000
"""Newest turns that a report looks at."""
MOST_TICKETS = 20_000
MOST_REASONS, LOW = 5, 2
TALKED = ("connected", "wrap_up", "done")
"""States of tickets whose caller has talked with the agent."""
TARGET_S = 20
"""The T of the service level where nobody names another: 80 % in 20 seconds is the usual goal."""


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


@dataclass(slots=True)
class Rated:
    """The ratings of one thing: a survey, a matter, a menu version, an agent."""

    by: str
    name: str
    scores: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def add(self, score: int, reason: str) -> None:
        """Count one, the newest first."""
        self.scores.append(score)
        if reason and len(self.reasons) < MOST_REASONS:
            self.reasons.append(reason)

    def as_data(self) -> dict[str, Any]:
        """Return the figures as JSON data; `low` is the share of ones and twos."""
        low = sum(score <= LOW for score in self.scores) / len(self.scores)
        return {
            "by": self.by,
            "name": self.name,
            "count": len(self.scores),
            "mean": round(statistics.fmean(self.scores), 2),
            "low": round(low, 3),
            "reasons": self.reasons,
        }


class Reports:
    """Reports over what is stored."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def ratings(self, since: datetime) -> list[dict[str, Any]]:
        """Return what callers thought since then, and why: by survey, matter, menu version and agent.

        A rating counts for the agent who had talked with the caller in the same call.
        """
        query = (
            select(RatingRow, CallRow, TicketRow.agent)
            .join(CallRow, CallRow.id == RatingRow.call)
            .outerjoin(TicketRow, (TicketRow.call == CallRow.id) & TicketRow.state.in_(TALKED))
            .where(RatingRow.at >= since)
            .order_by(RatingRow.at.desc())
            .limit(MOST_TICKETS)
        )
        found: dict[tuple[str, str], Rated] = {}
        with self._db.read() as session:
            for row, call, agent in session.execute(query):
                about = {
                    "survey": row.survey,
                    "matter": call.state.get("matter") or "",
                    "menu version": call.menu_version[:12],
                    "agent": agent or "",
                }
                for kind, name in about.items():
                    if name:
                        found.setdefault((kind, name), Rated(kind, name)).add(row.score, row.reason)
        return [one.as_data() for one in sorted(found.values(), key=lambda one: (one.by, -len(one.scores)))]

    def understanding(self, since: datetime) -> list[dict[str, Any]]:
        """Return the figures of every node at which something was answered since then, the busiest first."""
        with self._db.read() as session:
            query = select(TurnRow).where(TurnRow.at >= since).order_by(TurnRow.at.desc()).limit(MOST_TURNS)
            found = understood(session.scalars(query))
        return [one.as_data() for one in sorted(found, key=lambda one: (-one.spoken - one.keyed, one.node))]

    def agents(self, since: datetime) -> dict[str, dict[str, Any]]:
        """Return what agents did in the hours since then, and how busy they were."""
        return occupancy(self._db, since)

    def queues(self, since: datetime, target_s: int = TARGET_S) -> list[dict[str, Any]]:
        """Return the measures of every queue for callers who have come since then, the busiest first.

        Shares run from 0.0 to 1.0, times are in seconds (`ivr.routing.tally`); `agents` are calls taken and
        time talked, by agent; `announced` how many callers were told a wait, and for how many it held.
        """
        with self._db.read() as session:
            query = select(TicketRow).where(TicketRow.entered_at >= since)
            rows = session.scalars(query.order_by(TicketRow.entered_at.desc()).limit(MOST_TICKETS)).all()
        found: dict[str, tuple[Tally, dict[str, list[float]]]] = {}
        ranges: dict[str, list[bool]] = {}
        for row in rows:
            tally, agents = found.setdefault(row.queue, (Tally(target_s * 1000), {}))
            _count_ticket(tally, row)
            if (held := range_held(row)) is not None:
                ranges.setdefault(row.queue, []).append(held)
            if row.agent and row.connected_at and row.ended_at:
                agents.setdefault(row.agent, []).append((row.ended_at - row.connected_at).total_seconds())
        return [
            {
                "queue": queue,
                "target_s": target_s,
                **{name: round(value, 3) for name, value in tally.figures().items()},
                "announced": {"told": len(ranges.get(queue, ())), "held": sum(ranges.get(queue, ()))},
                "agents": {
                    agent: {"calls": len(talks), "talk_s": round(sum(talks))}
                    for agent, talks in sorted(agents.items())
                },
            }
            for queue, (tally, agents) in sorted(found.items(), key=lambda one: (-one[1][0].offered, one[0]))
        ]


def range_held(row: TicketRow) -> bool | None:
    """Return whether a wait ended within the range that was told last; None where none was, or none ended."""
    told = row.told or {}
    low, _, high = str(told.get("wait", "")).partition("-")
    if row.connected_at is None or not low.isdigit() or not high.isdigit():
        return None
    waited_s = row.connected_at.timestamp() - float(told.get("since", 0))
    return int(low) * 60 <= waited_s <= int(high) * 60


def _count_ticket(tally: Tally, row: TicketRow) -> None:
    if row.callback is not None:
        return  # its wait was not on the line
    tally.offered += 1
    if row.connected_at is not None:
        tally.answer(_milliseconds(row.entered_at, row.connected_at))
    elif row.state == "abandoned" and row.ended_at is not None:
        tally.abandon(_milliseconds(row.entered_at, row.ended_at))
    elif row.state in ("overflowed", "left"):
        tally.overflowed += 1


def _milliseconds(begin: datetime, end: datetime) -> int:
    return max(0, round((end - begin).total_seconds() * 1000))


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
