"""The dispatcher: one thread of one process that feeds the router and carries its decisions out.

Web handlers only change rows and post what happened; nobody else matches callers with agents. Of several
processes on one database the holder of the lease matches; the others wake it, and one of them takes over
when it is gone. A decision is written, under the lease's token and on condition that the rows are still
as the router believes, before anyone rings. What the router does not know of the tables is found by
comparing (`ivr.service.differences`): at the start, at a takeover, and whenever another process wakes us.
"""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from ivr.ports import Clock
from ivr.routing.model import (
    Away,
    Configured,
    Connect,
    Decision,
    Entered,
    Event,
    Left,
    Merge,
    NoAnswer,
    Offer,
    Overflow,
    Refuse,
    Rest,
    Tick,
    Together,
    Withdraw,
)
from ivr.routing.policy import QUEUE_TARGET, Rules
from ivr.routing.router import Router
from ivr.routing.standing import explain
from ivr.service.differences import differences, milliseconds
from ivr.service.feed import Feed
from ivr.service.lease import Fenced, Lease
from ivr.service.views import agent_data, ticket_data
from ivr.service.waits import LEARNT_FROM, Waits
from ivr.storage.session import Database
from ivr.storage.tables import AgentRow, CallbackRow, DecisionRow, TicketRow

log = structlog.get_logger(__name__)
OPEN = ("waiting", "offered", "connecting", "connected")
LOOK_S = 0.05
"""How often the holder of the lease looks whether another process has woken it."""
RENEW_S = 1.0
COMPARE_S = 10.0
"""How often the router is compared with the tables though nobody has said that anything changed."""
STANDBY_S = 0.5
"""How often a process that waits for the lease tries to take it."""


class Dispatcher:
    """Owns the router while this process holds the lease."""

    def __init__(
        self, db: Database, feed: Feed, clock: Clock, rules: Callable[[], Rules], lease: Lease | None = None
    ) -> None:
        """`rules` tells the rules that are in force now; they change when menus are published."""
        self._db, self._feed, self._clock, self._rules = db, feed, clock, rules
        self._lease = lease or Lease(db, clock)
        self._router = Router(rules())
        self._waits = Waits()
        self._wrapping: set[str] = set()
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._standby = False
        self._wakes = 0

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
        renewed = compared = time.monotonic()
        while True:
            try:
                event = self._events.get(timeout=STANDBY_S if self._standby else self._sleep_s())
            except Empty:
                event = Tick()
            if event is None:
                return
            now = time.monotonic()
            try:
                if self._standby:
                    self._stand_by(event)
                    renewed = compared = now
                    continue
                if now - renewed >= RENEW_S:
                    renewed = now
                    if not self._lease.take():
                        raise Fenced
                if (wakes := self._lease.wakes()) != self._wakes or now - compared >= COMPARE_S:
                    self._wakes, compared = wakes, now
                    self._compare()
                self.handle(event)
            except Fenced:
                self._step_down()
            except Exception:  # the next event must still be handled
                log.exception("dispatch failed", what=type(event).__name__)

    def _stand_by(self, event: Event) -> None:
        if not isinstance(event, Tick):
            self._lease.wake()  # it came in while another process took over
        if self._lease.take():
            log.warning("the dispatcher is gone; this process takes over", token=self._lease.token)
            self._lead()
            self._standby = False

    def _step_down(self) -> None:
        log.error("another process has taken over; standing by")
        self._standby = True
        self._lease.wake()

    def _lead(self) -> None:
        """Begin with what the tables say."""
        self._wakes = self._lease.wakes()
        with self._lock:
            self._router, self._waits = Router(self._rules()), Waits()
            self._waits.learn(self._ended())
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
        if found := tuple(differences(self._router, tickets, agents)):
            self.handle(Together(found))

    def _sleep_s(self) -> float:
        due = self._router.next_ms()
        return LOOK_S if due is None else min(LOOK_S, max(0.0, (due - self._now_ms()) / 1000))

    def _now_ms(self) -> int:
        return milliseconds(self._clock().timestamp())

    def handle(self, event: Event) -> None:
        """Apply one event and carry out what follows from it."""
        now = self._now_ms()
        with self._lock:
            self._waits.before(self._router, event, now)
            decided = self._router.apply(event, now)
            self._waits.after(self._router, event, decided, now)
        self._end_wrap_ups()
        for decision in decided:
            self._carry_out(decision)
        for one in event.events if isinstance(event, Together) else (event,):
            if isinstance(one, Entered | NoAnswer):
                self._keep_times(one)

    def _end_wrap_ups(self) -> None:
        """Agents whose wrap-up the rules have ended are ready, before anything rings at them (R14)."""
        seats = self._router.floor.seats
        for agent in [name for name in self._wrapping if name not in seats or seats[name].state != "wrap_up"]:
            self._wrapping.discard(agent)
            if agent in seats and seats[agent].state in ("idle", "ringing"):
                self._make_ready(agent)
        self._wrapping |= {name for name, seat in seats.items() if seat.state == "wrap_up" and seat.due}

    def _make_ready(self, agent: str) -> None:
        now = self._clock()
        with self._lease.write() as session:
            row = session.get(AgentRow, agent)
            if row is None or row.state != "wrap_up":
                return
            done = update(TicketRow).where(TicketRow.id == row.ticket, TicketRow.state == "wrap_up")
            session.execute(done.values(state="done"))
            row.state, row.since, row.idle_since, row.ticket = "ready", now, now, None
        self._tell(None, agent)

    def _carry_out(self, decision: Decision) -> None:
        match decision:
            case Offer():
                self._ring(decision)
            case Withdraw():
                self._withdraw(decision)
            case Rest():
                self._send_away(decision)
            case Connect(offer=offer):
                self._keep_connected(offer)
            case Merge():
                self._end_callback(decision.callback, "merged", "the caller rang in")
            case Overflow(call=call, to=to, because=because) if to.startswith(QUEUE_TARGET):
                self._move(call, to.removeprefix(QUEUE_TARGET), because)
            case Overflow(call=call, because=because) if self._is_callback(call):
                self._end_callback(call, "given_up", because)
            case Overflow(call=call, to=to, because=because):
                self._overflow(call, to, because)
            case Refuse(offer=refused):
                log.warning("an acceptance came too late", offer=refused)

    def _keep_connected(self, offer: Offer) -> None:
        """Write down that they talk; the rows were changed, and the carrier told, when the agent accepted."""
        known = select(DecisionRow.id).where(
            DecisionRow.ticket == offer.call, DecisionRow.because == offer.id, DecisionRow.what == "connected"
        )
        with self._lease.write() as session:
            if session.scalars(known).first() is None:
                self._keep(session, offer.call, offer.agent, "connected", offer.id)

    def _keep_times(self, event: Entered | NoAnswer) -> None:
        """Write down what the router knows better: an older place, when a call back is due again."""
        name = event.call if isinstance(event, NoAnswer) else event.call.id
        ticket = self._router.floor.tickets.get(name)
        if ticket is None:
            return
        values: dict[str, Any] = {}
        if isinstance(event, NoAnswer):
            values["not_before"] = _moment(ticket.not_before_ms)
        elif ticket.since_ms < event.call.since_ms:
            values["entered_at"] = _moment(ticket.since_ms)
        if values:
            with self._lease.write() as session:
                session.execute(update(TicketRow).where(TicketRow.id == name).values(**values))

    def _move(self, ticket: str, queue: str, because: str) -> None:
        """A call waits in another queue now; the router has moved it already."""
        with self._lease.write() as session:
            if _changed(session, update(TicketRow).where(TicketRow.id == ticket).values(queue=queue)):
                self._keep(session, ticket, None, "moved", f"to {queue}, because {because}")

    def _overflow(self, ticket: str, to: str, because: str) -> None:
        """A caller leaves the queue: the menus' own overflow says what follows (`webhooks.voice_wait`)."""
        with self._lease.write() as session:
            left = update(TicketRow).where(
                TicketRow.id == ticket, TicketRow.state.in_(("waiting", "offered"))
            )
            if _changed(session, left.values(state="overflowed", agent=None, ended_at=self._clock())):
                self._keep(session, ticket, None, "overflowed", f"{because}{f': {to}' if to else ''}")
        with self._db.read() as session:
            row = session.get(TicketRow, ticket)
        if row is not None:
            self._feed.publish("ticket", ticket_data(row))

    def _is_callback(self, ticket: str) -> bool:
        with self._db.read() as session:
            row = session.get(TicketRow, ticket)
        return row is not None and row.callback is not None

    def _end_callback(self, ticket: str, state: str, because: str) -> None:
        """A call back is off: its caller has rung in, or nobody answered it often enough."""
        with self._lease.write() as session:
            row = session.get(TicketRow, ticket)
            if row is None:
                return
            row.state, row.ended_at = "left", self._clock()
            promised = session.get(CallbackRow, row.callback or "")
            if promised is not None:
                promised.state = state
            what = "merged" if state == "merged" else "overflowed"
            self._keep(session, ticket, None, what, because)
        self._feed.publish("ticket", ticket_data(row))
        log.info("call back ended", ticket=ticket, state=state, because=because)

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
        with self._lease.write() as session:
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
                reason = offer.reason._asdict() if offer.reason is not None else {}
                self._keep(session, offer.call, offer.agent, "offered", offer.why, plain(reason))
                return None
            session.rollback()
        return Away(offer.agent) if not took_agent else Left(offer.call)

    def _keep(
        self,
        session: Session,
        ticket: str,
        agent: str | None,
        what: str,
        because: str = "",
        data: dict[str, Any] | None = None,
    ) -> None:
        """Write down what was decided and why, beside the change itself."""
        token, now = self._lease.token, self._clock()
        kept = {"ticket": ticket, "agent": agent, "what": what, "because": because, "data": data or {}}
        session.add(DecisionRow(at=now, token=token, **kept))

    def _withdraw(self, withdrawn: Withdraw) -> None:
        offer = withdrawn.offer
        with self._lease.write() as session:
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
            self._keep(session, offer.call, offer.agent, "withdrawn", withdrawn.because)
        log.info("offer ended", ticket=offer.call, agent=offer.agent, because=withdrawn.because)
        self._tell(offer.call, offer.agent)

    def _send_away(self, rest: Rest) -> None:
        with self._lease.write() as session:
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


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def plain(value: Any) -> Any:
    """Return a record of the router as data that fits JSON."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if hasattr(value, "items"):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [plain(one) for one in value]
    return value


def _changed(session: Session, statement: object) -> bool:
    result = session.execute(statement)  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)
    return result.rowcount == 1
