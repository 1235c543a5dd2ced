"""The hotline's own dispatcher on its own tables: a takeover with a full house, decisions a second."""

import gc
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import bindparam, insert, update

from ivr.bootstrap import configure_logging
from ivr.cli.bench.figures import Figures
from ivr.clock import utc_now
from ivr.routing.model import Accepted, Ended, Entered, Event, Offer, Ready
from ivr.routing.policy import QueuePolicy, Rules
from ivr.service.differences import idle, waiting
from ivr.service.dispatcher import MOST_AT_ONCE, Dispatcher
from ivr.service.feed import Feed
from ivr.storage.session import Database
from ivr.storage.tables import AgentRow, CallRow, TicketRow, UserRow

AGENTS, WAITING, SERVABLE = 1_000, 5_000, 100
SKILLS = [f"s{number:02}" for number in range(20)]
TICKETS: Any = TicketRow.__table__
DESKS: Any = AgentRow.__table__


def dispatcher_figures(folder: Path, seconds: float) -> Figures:
    """Take a full house over, then offer calls to agents as they come free, in both mixes."""
    configure_logging("error")
    figures: Figures = {}
    for mix in ("uniform", "hard"):
        house = House(folder / f"hotline-{mix}.db", hard=mix == "hard")
        began = time.perf_counter()
        house.open()
        figures[f"{mix} mix, the hotline's dispatcher takes {WAITING:,} callers over: s (goal 0.5)"] = round(
            time.perf_counter() - began, 2
        )
        for group, goal in ((1, ""), (MOST_AT_ONCE, " (goal 5,000)")):
            made, spent, slowest = house.pace(group, seconds / 4)
            about = f"{mix} mix, the hotline's dispatcher, {group} at once"
            figures[f"{about}: offers a second{goal}"] = round(made / spent)
            figures[f"{about}: 99 % within ms"] = round(slowest * 1000, 2)
        house.close()
    return figures


class House:
    """1,000 agents with 3 of 20 skills, 5,000 callers, a fifth with two skills, five priorities.

    In the hard mix 4,900 of them, who came earlier, need what nobody has.
    """

    def __init__(self, path: Path, *, hard: bool) -> None:
        self._db = Database(f"sqlite:///{path}")
        self._db.upgrade()
        self._random, self._count, self._now = Random(1), 0, utc_now()
        self._dispatcher = Dispatcher(
            self._db,
            Feed(),
            utc_now,
            lambda: Rules(offer_ms=600_000, default=QueuePolicy(wrap_up_ms=0)),
        )
        with self._db.write() as session:
            session.add(CallRow(id="CA", menu_version="v", state={}, started_at=self._now))
            for number in range(AGENTS):
                name, skills = f"a{number:04}", dict.fromkeys(self._random.sample(SKILLS, 3), 1)
                person = {"login": name, "name": name, "password_hash": "-", "created_at": self._now}
                session.add(UserRow(role="agent", **person))
                session.flush()
                times = {"since": self._now, "idle_since": self._now}
                session.add(AgentRow(login=name, skills=skills, state="away", **times))
            session.flush()
        self._enter(self._come(WAITING, nobody=WAITING - SERVABLE if hard else 0))
        self._talks: dict[str, str] = {}

    def open(self) -> None:
        """Take the lease and the callers who wait; then everybody comes to work and gets a call."""
        assert self._dispatcher._lease.take()
        self._dispatcher._lead()
        gc.collect()
        gc.freeze()  # as `ivr serve` does

    def close(self) -> None:
        """Close the database."""
        self._db.close()
        gc.unfreeze()

    def _come(self, count: int, nobody: int = 0) -> list[dict[str, Any]]:
        """Return callers who come now; the first `nobody` of them need what nobody has."""
        callers = []
        for number in range(count):
            self._count, self._now = self._count + 1, self._now + timedelta(milliseconds=1)
            some = self._random.sample(SKILLS, 1 + (self._random.random() < 0.2))
            names = [f"x{number % 20}"] if number < nobody else some
            callers.append(
                {
                    "id": f"T{self._count:07}",
                    "call": "CA",
                    "queue": "q",
                    "skills": dict.fromkeys(names, 1),
                    "language": "en",
                    "priority": self._random.randrange(5),
                    "entered_at": self._now,
                }
            )
        return callers

    def _enter(self, callers: Sequence[dict[str, Any]]) -> list[Event]:
        """Write callers as the web handlers do; return what they post."""
        with self._db.write() as session:
            session.execute(insert(TicketRow), callers)
        rows = (TicketRow(**one, dialled=False, offers=0, attempts=0, number="") for one in callers)
        return [Entered(waiting(row)) for row in rows]

    def _free(self, names: Sequence[str]) -> list[Event]:
        """Write that agents have hung up and are ready."""
        ended: list[Event] = [Ended(self._talks.pop(name)) for name in names if name in self._talks]
        with self._db.write() as session:
            if ended:
                over = [{"name": one.call} for one in ended if isinstance(one, Ended)]
                session.connection().execute(OVER, over)
            session.connection().execute(FREE, [{"name": name, "now": utc_now()} for name in names])
        with self._db.read() as session:
            rows = session.query(AgentRow).filter(AgentRow.login.in_(names)).all()
        return [*ended, *(Ready(idle(row)) for row in rows)]

    def _accept(self, offers: Sequence[Offer]) -> None:
        """Write that agents have accepted, and tell the dispatcher."""
        if not offers:
            return
        with self._db.write() as session:
            session.connection().execute(TALK, [{"name": one.agent} for one in offers])
            session.connection().execute(CONNECTED, [{"name": one.call} for one in offers])
        self._dispatcher.handle(*(Accepted(one.id) for one in offers))
        self._talks.update((one.agent, one.call) for one in offers)

    def pace(self, group: int, seconds: float) -> tuple[int, float, float]:
        """Let so many agents come free and callers arrive at once: offers, seconds, the slowest hundredth."""
        made = 0
        took: list[float] = []
        names = [f"a{number:04}" for number in range(AGENTS)]
        while sum(took) < seconds:
            free = self._free(self._random.sample(names, group))
            events = [*free, *self._enter(self._come(group))]
            began = time.perf_counter()
            self._dispatcher.handle(*events)
            took.append(time.perf_counter() - began)
            offers = self._rung()
            made += len(offers)
            self._accept(offers)
        return made, sum(took), sorted(took)[int(0.99 * len(took))]

    def _rung(self) -> list[Offer]:
        with self._db.read() as session:
            rows = session.query(TicketRow).filter_by(state="offered").all()
        return [Offer(row.offer or "", row.id, row.agent or "", 0) for row in rows]


OVER = update(TICKETS).where(TICKETS.c.id == bindparam("name")).values(state="done")
FREE = (
    update(DESKS)
    .where(DESKS.c.login == bindparam("name"))
    .values(state="ready", ticket=None, since=bindparam("now"), idle_since=bindparam("now"))
)
TALK = update(DESKS).where(DESKS.c.login == bindparam("name")).values(state="talking")
CONNECTED = update(TICKETS).where(TICKETS.c.id == bindparam("name")).values(state="connected")
