"""The dispatcher: one thread that feeds the router and carries its decisions out.

Web handlers only post what happened; nobody else matches callers with agents. A decision is
written, on condition that the rows are still as the router believes, before anyone rings. At start
the router's index is rebuilt from the tables, offers that still ring included.
"""

import threading
from datetime import timedelta
from queue import Empty, SimpleQueue

import structlog
from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from ivr.ports import Clock
from ivr.routing.model import (
    Agent,
    Away,
    Call,
    Connect,
    Decision,
    Entered,
    Event,
    Left,
    Merge,
    Offer,
    Overflow,
    Ready,
    Refuse,
    Rest,
    Restored,
    Tick,
    Withdraw,
)
from ivr.routing.policy import Rules
from ivr.routing.router import Router
from ivr.service.feed import Feed
from ivr.service.views import agent_data, ticket_data
from ivr.storage.session import Database
from ivr.storage.tables import AgentRow, TicketRow

log = structlog.get_logger(__name__)
IDLE_WAKE_S = 5.0


class Dispatcher:
    """Owns the router."""

    def __init__(self, db: Database, feed: Feed, clock: Clock, rules: Rules) -> None:
        self._db, self._feed, self._clock = db, feed, clock
        self._router = Router(rules)
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Rebuild the index and begin to match."""
        self._rebuild()
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop matching; what rings goes on ringing for the next start to find."""
        self._events.put(None)
        if self._thread is not None:
            self._thread.join(5)

    def post(self, event: Event) -> None:
        """Tell the router, from any thread."""
        self._events.put(event)

    def position(self, ticket: str) -> int | None:
        """Return a ticket's place in its queue, from 1."""
        with self._lock:
            return self._router.position(ticket)

    @property
    def alive(self) -> bool:
        """Return whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    # ---- the thread

    def _run(self) -> None:
        while True:
            try:
                event = self._events.get(timeout=self._sleep_s())
            except Empty:
                event = Tick()
            if event is None:
                return
            try:
                self.handle(event)
            except Exception:  # the next event must still be handled
                log.exception("dispatch failed", what=type(event).__name__)

    def _sleep_s(self) -> float:
        due = self._router.next_ms()
        return IDLE_WAKE_S if due is None else min(IDLE_WAKE_S, max(0.0, (due - self._now_ms()) / 1000))

    def _now_ms(self) -> int:
        return round(self._clock().timestamp() * 1000)

    def handle(self, event: Event) -> None:
        """Apply one event and carry out what follows from it."""
        with self._lock:
            decided = self._router.apply(event, self._now_ms())
        for decision in decided:
            self._carry_out(decision)

    def _carry_out(self, decision: Decision) -> None:
        match decision:
            case Offer():
                self._ring(decision)
            case Withdraw():
                self._withdraw(decision)
            case Rest():
                self._send_away(decision)
            case Connect():
                pass  # the row was written, and the carrier told, when the agent accepted
            case Refuse() | Overflow() | Merge():
                log.warning("decision not carried out", decision=decision)

    def _ring(self, offer: Offer) -> None:
        wrong = self._write_offer(offer)
        if wrong is not None:
            log.warning("offer overtaken by events", offer=offer.id, wrong=type(wrong).__name__)
            self.post(wrong)
            return
        log.info("offer", ticket=offer.call, agent=offer.agent, why=offer.why)
        self._tell(offer.call, offer.agent)

    def _write_offer(self, offer: Offer) -> Event | None:
        """Write the decision; return what the router has wrong when the rows are not so any more."""
        now = self._clock()
        with self._db.write() as session:
            took_agent = _changed(
                session,
                update(AgentRow)
                .where(AgentRow.login == offer.agent, AgentRow.state == "ready")
                .values(state="ringing", since=now, ticket=offer.call),
            )
            took_call = took_agent and _changed(
                session,
                update(TicketRow)
                .where(TicketRow.id == offer.call, TicketRow.state == "waiting")
                .values(
                    state="offered",
                    agent=offer.agent,
                    offer=offer.id,
                    reason=offer.why,
                    offers=TicketRow.offers + 1,
                    offer_expires_at=now + timedelta(milliseconds=offer.expires_ms - self._now_ms()),
                ),
            )
            if took_agent and took_call:
                return None
            session.rollback()
        return Away(offer.agent) if not took_agent else Left(offer.call)

    def _withdraw(self, withdrawn: Withdraw) -> None:
        offer = withdrawn.offer
        with self._db.write() as session:
            session.execute(
                update(TicketRow)
                .where(TicketRow.id == offer.call, TicketRow.offer == offer.id, TicketRow.state == "offered")
                .values(
                    state="waiting", agent=None, offer=None, offer_expires_at=None, last_agent=offer.agent
                )
            )
            missed = 1 if withdrawn.because == "expired" else 0
            session.execute(
                update(AgentRow)
                .where(
                    AgentRow.login == offer.agent, AgentRow.state == "ringing", AgentRow.ticket == offer.call
                )
                .values(state="ready", ticket=None, missed=AgentRow.missed + missed, since=self._clock())
            )
        log.info("offer ended", ticket=offer.call, agent=offer.agent, because=withdrawn.because)
        self._tell(offer.call, offer.agent)

    def _send_away(self, rest: Rest) -> None:
        with self._db.write() as session:
            session.execute(
                update(AgentRow)
                .where(AgentRow.login == rest.agent, AgentRow.state == "ready")
                .values(state="paused", since=self._clock(), pause_reason=f"missed {rest.missed} calls")
            )
        self._tell(None, rest.agent)

    def _tell(self, ticket: str | None, agent: str) -> None:
        with self._db.read() as session:
            row = session.get(TicketRow, ticket) if ticket else None
            who = session.get(AgentRow, agent)
            if row is not None:
                self._feed.publish("ticket", ticket_data(row))
            if who is not None:
                ringing = session.get(TicketRow, who.ticket) if who.ticket else None
                call = ticket_data(ringing) if ringing else None
                self._feed.publish("agent", {**agent_data(who), "call": call})

    # ---- after a restart

    def _rebuild(self) -> None:
        with self._db.read() as session:
            tickets = session.scalars(
                select(TicketRow)
                .where(TicketRow.state.in_(("waiting", "offered")))
                .order_by(TicketRow.entered_at)
            ).all()
            agents = session.scalars(select(AgentRow).where(AgentRow.state.in_(("ready", "ringing")))).all()
        ready = {row.login: idle(row) for row in agents}
        ringing = {row.agent: row for row in tickets if row.state == "offered"}
        for row in tickets:
            call, agent = waiting(row), ready.get(row.agent or "")
            if row.state == "offered" and agent is not None and row.offer and row.offer_expires_at:
                offer = Offer(row.offer, row.id, agent.id, _ms(row.offer_expires_at.timestamp()))
                self._router.apply(Restored(offer, call, agent), 0)
            else:
                self._free(row)
                self._router.apply(Entered(call), 0)
        for one in agents:
            if one.state == "ringing" and one.login not in ringing:
                self._ready_again(one.login)
            if one.login not in ringing:
                self.post(Ready(ready[one.login]))
        self.post(Tick())

    def _free(self, row: TicketRow) -> None:
        if row.state == "offered":
            with self._db.write() as session:
                session.execute(
                    update(TicketRow)
                    .where(TicketRow.id == row.id)
                    .values(state="waiting", agent=None, offer=None)
                )

    def _ready_again(self, login: str) -> None:
        with self._db.write() as session:
            session.execute(
                update(AgentRow).where(AgentRow.login == login).values(state="ready", ticket=None)
            )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def idle(row: AgentRow) -> Agent:
    """Return an agent as the router sees it."""
    return Agent(row.login, row.skills, _ms(row.idle_since.timestamp()), row.missed)


def waiting(row: TicketRow) -> Call:
    """Return a ticket as the router sees it."""
    since = _ms(row.entered_at.timestamp())
    return Call(row.id, row.queue, row.skills, since, row.priority, row.last_agent, row.offers)


def _changed(session: Session, statement: object) -> bool:
    result = session.execute(statement)  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)
    return result.rowcount == 1
