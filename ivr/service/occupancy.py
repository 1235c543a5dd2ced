"""How long agents do what, by the hour: looked at by the process that matches, every few seconds."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ivr.ports import Clock
from ivr.storage.session import Database
from ivr.storage.tables import AgentRow, AgentTimeRow

LOOK_EVERY_S = 5.0
KEEP_S = 60.0
LONGEST_S = 30.0
"""A longer time between two looks is not counted: nobody knows what was in between."""
AVAILABLE = ("ready", "ringing", "talking", "wrap_up")
BUSY = ("talking", "wrap_up")


class Occupancy:
    """Adds up seconds by agent, hour and state. Used by the dispatcher's thread."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._looked: datetime | None = None
        self._kept: datetime | None = None
        self._times: dict[tuple[str, datetime, str], float] = defaultdict(float)

    def look(self) -> None:
        """Count the time since the last look for what each agent does now; keep it once a minute."""
        now = self._clock()
        before, self._looked = self._looked, now
        if before is None:
            self._kept = now
            return
        passed = (now - before).total_seconds()
        if 0 < passed <= LONGEST_S:
            hour = now.replace(minute=0, second=0, microsecond=0)
            with self._db.read() as session:
                for login, state in session.execute(select(AgentRow.login, AgentRow.state)):
                    if state != "away":
                        self._times[login, hour, state] += passed
        if self._kept is None or (now - self._kept).total_seconds() >= KEEP_S:
            self.keep()

    def keep(self) -> None:
        """Write down what has added up."""
        self._kept = self._clock()
        times, self._times = self._times, defaultdict(float)
        if not times:
            return
        with self._db.write() as session:
            for (agent, hour, state), seconds in times.items():
                row = session.get(AgentTimeRow, (agent, hour, state))
                if row is None:
                    session.add(AgentTimeRow(agent=agent, hour=hour, state=state, seconds=seconds))
                else:
                    row.seconds += seconds


def occupancy(db: Database, since: datetime) -> dict[str, dict[str, Any]]:
    """Return, by agent, seconds in each state and the occupancy: talk and wrap-up over the time available.

    A pause is no time available. Whole hours are counted, the one in which `since` lies included.
    """
    hour = since.replace(minute=0, second=0, microsecond=0)
    with db.read() as session:
        rows = session.scalars(select(AgentTimeRow).where(AgentTimeRow.hour >= hour)).all()
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        found[row.agent][row.state] += row.seconds
    return {agent: _figures(states) for agent, states in sorted(found.items())}


def _figures(states: dict[str, float]) -> dict[str, Any]:
    available = sum(states.get(state, 0.0) for state in AVAILABLE)
    busy = sum(states.get(state, 0.0) for state in BUSY)
    return {
        "seconds": {state: round(seconds) for state, seconds in sorted(states.items())},
        "occupancy": round(busy / available, 3) if available else 0.0,
    }
