"""What other processes have changed, told to the desks and studios of this one."""

from typing import Any

from sqlalchemy import select

from ivr.service.feed import Feed
from ivr.service.views import agent_data, ticket_data
from ivr.storage.session import Database
from ivr.storage.tables import AgentRow, TicketRow

OPEN = ("waiting", "offered", "connecting", "connected")


class Echo:
    """Compares agents and open tickets with what it saw last; what is told twice does no harm."""

    def __init__(self, db: Database, feed: Feed) -> None:
        self._db, self._feed = db, feed
        self._seen: dict[tuple[str, str], dict[str, Any]] | None = None

    def look(self) -> None:
        """Publish what has changed since the last look; the first one only remembers."""
        now = self._now()
        before, self._seen = self._seen, now
        if before is None:
            return
        for (topic, name), data in now.items():
            if before.get((topic, name)) != data:
                self._feed.publish(topic, data)
        gone = [name for topic, name in before.keys() - now.keys() if topic == "ticket"]
        self._tell_of_gone(sorted(gone))

    def _now(self) -> dict[tuple[str, str], dict[str, Any]]:
        with self._db.read() as session:
            opened = session.scalars(select(TicketRow).where(TicketRow.state.in_(OPEN)))
            tickets = {row.id: row for row in opened}
            agents = session.scalars(select(AgentRow)).all()
            shown = {row.login: row.ticket for row in agents if row.ticket and row.ticket not in tickets}
            others = {name: session.get(TicketRow, name) for name in shown.values()}
            calls = {**others, **tickets}
            found = {("ticket", name): ticket_data(row) for name, row in tickets.items()}
            for row in agents:
                call = calls.get(row.ticket or "")
                data = {**agent_data(row), "call": ticket_data(call) if call else None}
                found["agent", row.login] = data
        return found

    def _tell_of_gone(self, names: list[str]) -> None:
        if not names:
            return
        with self._db.read() as session:
            rows = session.scalars(select(TicketRow).where(TicketRow.id.in_(names))).all()
        for row in rows:
            self._feed.publish("ticket", ticket_data(row))
