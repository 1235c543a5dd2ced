"""The dispatcher: one thread of one process that feeds the router and carries its decisions out.

Web handlers only change rows and post what happened; nobody else matches callers with agents. Of several
processes on one database the holder of the lease matches; the others wake it, and one of them takes over
when it is gone. A decision is written, under the lease's token and on condition that the rows are still
as the router believes, before anyone rings. What the router does not know of the tables is found by
comparing (`ivr.service.differences`): at the start, at a takeover, and whenever another process wakes us.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue

import structlog
from sqlalchemy import func, select

from ivr.dialog.hours import Calendar
from ivr.ports import Clock
from ivr.routing.floor import place_of
from ivr.routing.model import (
    Closed,
    Configured,
    Decision,
    Entered,
    Event,
    NoAnswer,
    Opened,
    Tick,
    Together,
)
from ivr.routing.policy import Rules
from ivr.routing.router import Router
from ivr.routing.standing import explain
from ivr.service.differences import differences, milliseconds
from ivr.service.echo import OPEN, Echo
from ivr.service.feed import Feed
from ivr.service.lease import Fenced, Lease
from ivr.service.occupancy import LOOK_EVERY_S, Occupancy
from ivr.service.outcomes import Outcomes
from ivr.service.waits import LEARNT_FROM, Waits
from ivr.storage.session import Database
from ivr.storage.tables import AgentRow, TicketRow

log = structlog.get_logger(__name__)
LOOK_S = 0.05
"""How often the holder of the lease looks whether another process has woken it."""
RENEW_S = 1.0
COMPARE_S = 10.0
"""How often the router is compared with the tables though nobody has said that anything changed."""
STANDBY_S = 0.5
"""How often a process that waits for the lease tries to take it."""
MOST_AT_ONCE = 64
"""So many events, if as many have happened, share one commit of what follows from them."""


class Every:
    """Something that is due every so many seconds of this process's own clock."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._at = seconds, time.monotonic()

    def due(self) -> bool:
        """Return whether it is due, and begin to wait anew."""
        now = time.monotonic()
        if now - self._at < self._seconds:
            return False
        self._at = now
        return True


class Dispatcher:
    """Owns the router while this process holds the lease."""

    def __init__(
        self,
        db: Database,
        feed: Feed,
        clock: Clock,
        rules: Callable[[], Rules],
        hours: Callable[[Rules], Mapping[str, Calendar]] = lambda rules: {},
        lease: Lease | None = None,
    ) -> None:
        """`rules` tells the rules that are in force now, `hours` the calendars of queues that have any.

        Both change when menus are published.
        """
        self._db, self._feed, self._clock, self._rules, self._hours = db, feed, clock, rules, hours
        self._calendars: Mapping[str, Calendar] = {}
        self._lease = lease or Lease(db, clock)
        self._echo = Echo(db, feed)
        self._occupancy = Occupancy(db, clock)
        self._router = Router(rules())
        self._waits = Waits()
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._outcomes = Outcomes(db, self._lease, feed, clock, self.post)
        self._standby = False
        self._wakes = 0
        self._renewing, self._comparing, self._counting = (
            Every(RENEW_S),
            Every(COMPARE_S),
            Every(LOOK_EVERY_S),
        )

    @property
    def leading(self) -> bool:
        """Return whether this process matches."""
        return not self._standby

    def start(self) -> None:
        """Begin to match if nobody else does, else stand by."""
        self._standby = not self._lease.take()
        if self.leading:
            self._lead()
        else:
            log.info("another process matches callers with agents; standing by")
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop matching; what rings goes on ringing for the next holder of the lease to find."""
        self._events.put(None)
        if self._thread is not None:
            self._thread.join(5)
            if self.leading:
                self._occupancy.keep()
                self._lease.release()

    def post(self, event: Event) -> None:
        """Tell the router, from any thread, after the rows have been written."""
        if self._standby:
            self._lease.wake()
        else:
            self._events.put(event)

    def look(self) -> None:
        """Let whoever matches look at the tables and the rules again."""
        self._lease.wake()

    def position(self, ticket: str) -> int | None:
        """Return a ticket's place in its queue, from 1."""
        if self._standby:
            return self._place_in_tables(ticket)
        with self._lock:
            return self._router.position(ticket)

    def order(self) -> list[str]:
        """Return the tickets that wait or ring, in the one order; none where this process does not match."""
        with self._lock:
            waiting = [
                one for one in self._router.floor.tickets.values() if one.state in ("waiting", "ringing")
            ]
            return [] if self._standby else [one.id for one in sorted(waiting, key=place_of)]

    def wait_ms(self, ticket: str) -> tuple[float, float] | None:
        """Return between what a waiting ticket's further wait will end, in ms; None where nobody can say."""
        with self._lock:
            return None if self._standby else self._waits.range_ms(self._router, ticket)

    def waits(self) -> dict[str, dict[str, float]]:
        """Return what has been learnt of waits, by queue."""
        with self._lock:
            return self._waits.figures()

    def explain(self, ticket: str) -> str:
        """Return in words where a ticket stands now, as far as this process matches."""
        with self._lock:
            return "" if self._standby else explain(self._router, ticket)

    @property
    def alive(self) -> bool:
        """Return whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    # ---- the thread

    def _run(self) -> None:
        while True:
            events = self._happened()
            try:
                if self._standby:
                    self._stand_by([one for one in events if one is not None])
                else:
                    self._match([one for one in events if one is not None])
            except Fenced:
                self._standby = True
                log.error("another process has taken over; standing by")
            except Exception:  # the next events must still be handled
                log.exception("dispatch failed", what=[type(one).__name__ for one in events])
            if None in events:
                return

    def _happened(self) -> list[Event | None]:
        """Return what has happened, once something has or time is up; None is the end."""
        events: list[Event | None] = []
        try:
            events.append(self._events.get(timeout=STANDBY_S if self._standby else self._sleep_s()))
            while len(events) < MOST_AT_ONCE and events[-1] is not None:
                events.append(self._events.get_nowait())
        except Empty:
            pass
        return events

    def _match(self, events: Sequence[Event]) -> None:
        """Hold the lease, look whether others have changed something, and handle what happened."""
        if self._counting.due():
            self._occupancy.look()
        if self._renewing.due() and not self._lease.take():
            raise Fenced
        wakes = self._lease.wakes()
        if wakes != self._wakes:
            self._echo.look()
        if wakes != self._wakes or self._comparing.due():
            self._wakes = wakes
            self._compare()
        self.handle(*events)

    def _doors(self) -> Iterator[Event]:
        """Yield which queues open and close now, by their calendars (R18)."""
        now, closed = self._clock(), self._router.floor.closed
        shut = {queue for queue, one in self._calendars.items() if one.status(now).state != "open"}
        yield from (Opened(queue) for queue in sorted(closed - shut))
        yield from (Closed(queue) for queue in sorted(shut - closed))

    def _stand_by(self, events: Sequence[Event]) -> None:
        if events:
            self._lease.wake()  # they came in while another process took over
        self._echo.look()
        if self._lease.take():
            log.warning("the dispatcher is gone; this process takes over", token=self._lease.token)
            self._lead()
            self._standby = False

    def _lead(self) -> None:
        """Begin with what the tables say."""
        self._wakes = self._lease.wakes()
        with self._lock:
            self._router, self._waits, self._calendars = Router(self._rules()), Waits(), {}
            self._waits.learn(self._ended())
        self._echo.look()
        self._heal()
        self._compare()

    def _ended(self) -> list[TicketRow]:
        with self._db.read() as session:
            newest = (
                select(TicketRow).where(TicketRow.ended_at.is_not(None)).order_by(TicketRow.ended_at.desc())
            )
            return list(session.scalars(newest.limit(LEARNT_FROM)))[::-1]

    def _compare(self) -> None:
        """Tell the router what it does not know of the tables, all at once: nobody is matched before."""
        rules = self._rules()
        if rules != self._router.floor.rules:
            log.info("other routing rules are in force")
            self.handle(Configured(rules))
        with self._db.read() as session:
            tickets = session.scalars(
                select(TicketRow)
                .where(TicketRow.state.in_(OPEN))
                .order_by(TicketRow.entered_at, TicketRow.id)
            ).all()
            agents = session.scalars(select(AgentRow)).all()
            missing = self._router.floor.tickets.keys() - {row.id for row in tickets}
            given_up = select(TicketRow.id).where(TicketRow.id.in_(missing), TicketRow.state == "abandoned")
            abandoned = set(session.scalars(given_up)) if missing else set()
        if found := tuple(differences(self._router, tickets, agents, abandoned)):
            self.handle(Together(found))
        # Last: who waited before a takeover has not come to a closed queue.
        self._calendars = self._hours(rules)

    def _sleep_s(self) -> float:
        due = self._router.next_ms()
        return LOOK_S if due is None else min(LOOK_S, max(0.0, (due - self._now_ms()) / 1000))

    def _now_ms(self) -> int:
        return milliseconds(self._clock().timestamp())

    def handle(self, *events: Event) -> None:
        """Apply what happened, or that time has passed, and carry out together what follows from it."""
        decided: list[Decision] = []
        with self._lock:
            for event in (*self._doors(), *events) or (Tick(),):
                now = self._now_ms()
                self._waits.before(self._router, event, now)
                told = self._router.apply(event, now)
                self._waits.after(self._router, event, told, now)
                decided += told
        self._outcomes.end_wrap_ups(self._router)
        self._outcomes.carry_out(decided)
        for event in events:
            for one in event.events if isinstance(event, Together) else (event,):
                if isinstance(one, Entered | NoAnswer):
                    self._outcomes.keep_times(one, self._router)

    # ---- after a restart

    def _heal(self) -> None:
        """Let go of offers that ended while nobody matched; their callers have their places (R22)."""
        now = self._clock()
        with self._lease.write() as session:
            agents = {row.login: row for row in session.scalars(select(AgentRow))}
            rung: set[str] = set()
            for row in session.scalars(select(TicketRow).where(TicketRow.state == "offered")):
                agent = agents.get(row.agent or "")
                rings = agent is not None and agent.state == "ringing" and agent.ticket == row.id
                if rings and agent and row.offer_expires_at and row.offer_expires_at > now:
                    rung.add(agent.login)
                    continue
                row.state, row.last_agent = "waiting", row.agent
                row.agent = row.offer = row.offer_expires_at = None
            for agent in agents.values():
                if agent.state == "ringing" and agent.login not in rung:
                    agent.state, agent.ticket = "ready", None

    def _place_in_tables(self, ticket: str) -> int | None:
        """Return a ticket's place by age alone: the router of another process knows better."""
        with self._db.read() as session:
            row = session.get(TicketRow, ticket)
            if row is None or row.state not in ("waiting", "offered"):
                return None
            older = select(func.count()).where(
                TicketRow.queue == row.queue,
                TicketRow.state.in_(("waiting", "offered")),
                TicketRow.entered_at < row.entered_at,
            )
            return 1 + session.scalars(older).one()
