"""A day as it was, from the tables, as a scenario for `ivr route simulate`."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from ivr.errors import NotFound
from ivr.routing.scenario import INTERVAL_MS
from ivr.storage.session import Database
from ivr.storage.tables import AgentRow, TicketRow

QUARTER = timedelta(milliseconds=INTERVAL_MS)
LEAST_SPREAD, MOST_SPREAD = 0.1, 3.0


def scenario_of(db: Database, day: date, zone: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return a day's callers and agents as scenario data, from its first quarter of an hour to its last.

    Matters are told apart by queue, matter and needed skills. Agents count as working from their first call
    of the day to their last. Patience is estimated from all waits and those who gave up.
    Raise NotFound where nobody asked for a person that day.
    """
    begin = datetime.combine(day, time(), ZoneInfo(zone))
    with db.read() as session:
        query = select(TicketRow).where(
            TicketRow.entered_at >= begin,
            TicketRow.entered_at < begin + timedelta(days=1),
            TicketRow.callback.is_(None),
        )
        tickets = session.scalars(query.order_by(TicketRow.entered_at)).all()
        skills = {row.login: dict(row.skills) for row in session.scalars(select(AgentRow))}
    if not tickets:
        raise NotFound(f"nobody asked for a person on {day}")
    first = _quarter(min(row.entered_at for row in tickets), begin)
    last = _quarter(max(row.ended_at or row.entered_at for row in tickets), begin)
    count = last - first + 1
    return {
        "scenario": f"{day} as it was",
        "matters": _matters(tickets, begin, first, count),
        "agents": _agents(tickets, skills, begin, first, count),
        "rules": dict(rules),
        "answer": "4s",
    }


def _quarter(at: datetime, begin: datetime) -> int:
    return max(0, (at - begin) // QUARTER)


def _matters(
    tickets: Iterable[TicketRow], begin: datetime, first: int, count: int
) -> dict[str, dict[str, Any]]:
    alike: dict[tuple[Any, ...], list[TicketRow]] = defaultdict(list)
    for row in tickets:
        alike[row.queue, row.matter or "", tuple(sorted(row.skills.items()))].append(row)
    named: dict[str, dict[str, Any]] = {}
    for (queue, matter, skills), rows in sorted(alike.items()):
        calls = [0] * count
        for row in rows:
            calls[_quarter(row.entered_at, begin) - first] += 1
        name = " ".join(filter(None, (queue, matter)))
        name = name if name not in named else f"{name} {' '.join(skill for skill, _ in skills)}"
        named[name] = {
            "calls": calls,
            "handle": _handling(rows),
            "queue": queue,
            "skills": dict(skills),
            "priority": max(row.priority for row in rows),
            **_patience(rows),
        }
    return named


def _handling(rows: Iterable[TicketRow]) -> dict[str, Any]:
    talks = [_seconds(row.connected_at, row.ended_at) for row in rows if row.connected_at and row.ended_at]
    if not talks:
        return {"mean": "3m"}
    mean = max(statistics.fmean(talks), 1.0)
    if len(talks) < 2:
        return {"mean": f"{round(mean)}s"}
    spread = min(max(statistics.stdev(talks) / mean, LEAST_SPREAD), MOST_SPREAD)
    return {"mean": f"{round(mean)}s", "shape": "lognormal", "spread": round(spread, 2)}


def _patience(rows: Iterable[TicketRow]) -> dict[str, Any]:
    """All waits over the number of those who gave up: exact where patience is exponential."""
    waited, gone = 0.0, 0
    for row in rows:
        end = row.connected_at or row.ended_at
        waited += _seconds(row.entered_at, end) if end else 0.0
        gone += row.connected_at is None and row.state == "abandoned"
    return {"patience": {"mean": f"{max(1, round(waited / gone))}s"}} if gone else {}


def _seconds(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds())


def _agents(
    tickets: Iterable[TicketRow],
    skills: Mapping[str, dict[str, int]],
    begin: datetime,
    first: int,
    count: int,
) -> dict[str, dict[str, Any]]:
    seen: dict[str, tuple[int, int]] = {}
    for row in tickets:
        if row.agent and row.connected_at:
            come, gone = _quarter(row.connected_at, begin), _quarter(row.ended_at or row.connected_at, begin)
            before = seen.get(row.agent, (come, gone))
            seen[row.agent] = min(before[0], come), max(before[1], gone)
    groups: dict[tuple[tuple[str, int], ...], list[int]] = defaultdict(lambda: [0] * count)
    for agent, (come, gone) in seen.items():
        numbers = groups[tuple(sorted(skills.get(agent, {}).items()))]
        for quarter in range(come - first, gone - first + 1):
            numbers[quarter] += 1
    found = {
        " ".join(f"{skill}{level}" for skill, level in having) or "anybody": {
            "number": numbers,
            "skills": dict(having),
        }
        for having, numbers in sorted(groups.items())
    }
    return found or {"nobody": {"number": 0}}
