"""The hotline's own dispatcher on its own tables: decisions a second, a takeover with a full house."""

import time
from datetime import timedelta
from pathlib import Path

from ivr.bootstrap import configure_logging
from ivr.cli.bench.figures import Figures
from ivr.clock import utc_now
from ivr.routing.model import Rules, Tick
from ivr.service.dispatcher import Dispatcher
from ivr.service.feed import Feed
from ivr.storage.session import Database
from ivr.storage.tables import AgentRow, CallRow, TicketRow, UserRow

AGENTS, WAITING = 500, 5_000


def dispatcher_figures(folder: Path) -> Figures:
    """Take a full house over and offer a call to everybody, each offer written with its reasons."""
    configure_logging("error")
    db = Database(f"sqlite:///{folder}/hotline.db")
    db.upgrade()
    _fill(db)
    one = Dispatcher(db, Feed(), utc_now, lambda: Rules(offer_ms=600_000))
    if not one._lease.take():
        return {}
    began = time.perf_counter()
    one._lead()
    one.handle(Tick())
    spent = time.perf_counter() - began
    with db.read() as session:
        made = session.query(TicketRow).filter_by(state="offered").count()
    db.close()
    return {
        f"the hotline's dispatcher: {WAITING:,} callers taken over and {made} offers written, s": round(
            spent, 2
        ),
        "the hotline's dispatcher: offers a second, takeover included": round(made / spent),
    }


def _fill(db: Database) -> None:
    now = utc_now()
    with db.write() as session:
        session.add(CallRow(id="CA", menu_version="v", state={}, started_at=now))
        for number in range(AGENTS):
            login = f"a{number:04}"
            session.add(UserRow(login=login, name=login, role="agent", password_hash="-", created_at=now))
            session.flush()
            session.add(AgentRow(login=login, skills={"en": 1}, state="ready", since=now, idle_since=now))
        session.flush()
        session.add_all(
            TicketRow(
                id=f"T{number:05}",
                call="CA",
                queue="support",
                skills={"en": 1},
                language="en",
                entered_at=now + timedelta(milliseconds=number),
            )
            for number in range(WAITING)
        )
