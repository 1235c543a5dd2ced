"""Callers who wait for a person: tickets, offers, connections. The database decides every race.

The router (pure) decides who; the dispatcher writes the decision before anybody rings.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.orm import Session

from ivr.dialog.actions import JoinQueue
from ivr.dialog.spoken import masked
from ivr.errors import Conflict, NotFound, Unavailable
from ivr.ports import Carrier, Clock
from ivr.routing.model import Accepted, Away, Ended, Entered, Left, NoAnswer, Ready, Rejected, Transferred
from ivr.service.differences import idle, waiting
from ivr.service.dispatcher import Dispatcher
from ivr.service.echo import OPEN
from ivr.service.feed import Feed
from ivr.service.views import agent_data, ticket_data
from ivr.storage.session import Database
from ivr.storage.tables import AgentRow, AuditRow, CallbackRow, CallRow, DecisionRow, TicketRow

log = structlog.get_logger(__name__)
NOTE = 4000
"""Characters of a note."""
TRANSFERRED = (
    "queue",
    "skills",
    "known_agent",
    "last_agent",
    "state",
    "joined_at",
    "agent",
    "offer",
    "offer_expires_at",
    "connected_at",
    "summary",
)
"""What of a ticket is another after it has been passed on."""
DIAL_AGAIN = timedelta(minutes=1)
"""After a failure of the carrier a call back waits so long."""


class Queue:
    """The use cases around tickets."""

    def __init__(
        self,
        db: Database,
        dispatcher: Dispatcher,
        carrier: Carrier,
        feed: Feed,
        clock: Clock,
        known_for: timedelta = timedelta(days=7),
    ) -> None:
        """`known_for` is how long an agent counts as knowing a caller after a talk."""
        self._db, self._dispatcher, self._carrier, self._known_for = db, dispatcher, carrier, known_for
        self._feed, self._clock = feed, clock

    # ---- the caller's side

    def add(self, session: Session, call: CallRow, join: JoinQueue, summary: Mapping[str, Any]) -> str:
        """Write a ticket inside the caller's own transaction; `entered` tells the router afterwards.

        Who waits in that queue already keeps the ticket.
        """
        mine = _open_ticket(session, call.id)
        if mine is not None and mine.queue == join.queue and mine.state in ("waiting", "offered"):
            return mine.id
        row = TicketRow(
            id=f"T{secrets.token_hex(6)}",
            call=call.id,
            queue=join.queue,
            skills=dict(join.skills),
            language=call.state.get("language", "en"),
            priority=join.priority,
            number=call.caller,
            known_agent=self._known_agent(session, call.caller),
            matter=join.matter,
            summary=dict(summary),
            entered_at=(now := self._clock()),
            joined_at=now,
        )
        session.add(row)
        return row.id

    def _known_agent(self, session: Session, number: str) -> str | None:
        """Return who talked with a number last, if that is not too long ago."""
        if not number or not self._known_for:
            return None
        talks = select(TicketRow.agent).where(
            TicketRow.number == number,
            TicketRow.agent.is_not(None),
            TicketRow.connected_at >= self._clock() - self._known_for,
        )
        return session.scalars(talks.order_by(TicketRow.connected_at.desc()).limit(1)).first()

    def entered(self, ticket: str) -> None:
        """Tell the router of a ticket that has been committed."""
        with self._db.read() as session:
            row = session.get_one(TicketRow, ticket)
        self._dispatcher.post(Entered(waiting(row)))
        self._tell(row)

    def ticket_of(self, call: str) -> TicketRow | None:
        """Return a call's open ticket, or None."""
        with self._db.read() as session:
            return _open_ticket(session, call)

    def overflowed(self, call: str) -> bool:
        """Return whether the router has sent a call out of its queue."""
        with self._db.read() as session:
            newest = select(TicketRow).where(TicketRow.call == call).order_by(TicketRow.entered_at.desc())
            row = session.scalars(newest.limit(1)).first()
        return row is not None and row.state == "overflowed"

    def position(self, ticket: str) -> int | None:
        """Return a ticket's place in its queue, from 1, or None when it does not wait."""
        return self._dispatcher.position(ticket)

    def add_callback(self, session: Session, promised: CallbackRow) -> str:
        """Write the ticket of a call back that was promised; `entered` tells the router afterwards."""
        row = TicketRow(
            id=f"T{secrets.token_hex(6)}",
            call=promised.call,
            queue=promised.queue,
            skills=dict(promised.skills),
            language=promised.language,
            priority=promised.priority,
            number=promised.number,
            known_agent=self._known_agent(session, promised.number),
            callback=promised.id,
            not_before=promised.not_before,
            matter=promised.matter,
            summary=dict(promised.summary),
            entered_at=promised.entered_at,
        )
        session.add(row)
        return row.id

    # ---- call backs

    def language_of(self, session: Session, ticket: str) -> str | None:
        """Return the language of a call back that is being dialled; None where none is."""
        row = session.get(TicketRow, ticket)
        dialling = row is not None and row.callback is not None and row.state in ("connecting", "connected")
        return row.language if row is not None and dialling else None

    def dialled(self, ticket: str, call: str) -> str | None:
        """A customer has answered a call back, as this call. Return the agent; None where nobody waits."""
        with self._db.write() as session:
            row = session.get(TicketRow, ticket)
            if row is None or row.state not in ("connecting", "connected") or row.callback is None:
                return None
            row.call, row.dialled = call, True
            row.state, row.connected_at = "connected", self._clock()
            promised = session.get(CallbackRow, row.callback)
            if promised is not None:
                promised.state = "done"
            agent = row.agent
        self._tell(row)
        if agent:
            self.tell_agent(agent)
        return agent

    def not_answered(self, ticket: str) -> None:
        """A customer did not answer a call back: an attempt. It keeps its place for the next one."""
        with self._db.write() as session:
            row = session.get(TicketRow, ticket)
            if row is None or row.state not in ("connecting", "connected") or row.dialled:
                return
            agent = row.agent
            row.state, row.last_agent, row.attempts = "waiting", agent, row.attempts + 1
            row.agent = row.offer = row.offer_expires_at = row.connected_at = None
            one = session.get(AgentRow, agent or "")
            if one is not None and one.state == "talking" and one.ticket == ticket:
                one.state, one.since, one.ticket = "ready", self._clock(), None
        self._dispatcher.post(NoAnswer(ticket))
        self._tell(row)
        if agent:
            self.tell_agent(agent)

    def _dial_later(self, ticket: str) -> None:
        """The carrier failed to ring a customer: not an attempt of theirs; the place is kept."""
        now = self._clock()
        with self._db.write() as session:
            row = session.get_one(TicketRow, ticket)
            agent = session.get_one(AgentRow, row.agent)
            _back_to_place(row)
            row.not_before = now + DIAL_AGAIN
            agent.state, agent.since, agent.ticket = "ready", now, None
        self._dispatcher.post(Entered(waiting(row)))
        self._dispatcher.post(Ready(idle(agent)))
        self._tell(row)
        self.tell_agent(agent.login)

    # ---- the caller's side, at the end

    def caller_gone(self, call: str) -> None:
        """Close a call's ticket: abandoned while it waited, to wrap-up when it was connected."""
        with self._db.write() as session:
            row = _open_ticket(session, call)
            if row is None:
                return
            was, agent = row.state, row.agent
            row.ended_at = self._clock()
            row.state = "wrap_up" if was in ("connecting", "connected") else "abandoned"
            if row.state == "wrap_up" and agent:
                self._to_wrap_up(session, agent)
        self._dispatcher.post(Left(row.id))
        self._tell(row)
        if row.state == "wrap_up" and agent:
            self.tell_agent(agent)

    def leave(self, call: str) -> bool:
        """Take a waiting caller out of the queue on their own wish; the place may be kept for a call back.

        Return False when nobody waits there any more, for example because an agent is being rung.
        """
        with self._db.write() as session:
            row = _open_ticket(session, call)
            if row is None or row.state != "waiting":
                return False
            done = session.execute(
                update(TicketRow)
                .where(TicketRow.id == row.id, TicketRow.state == "waiting")
                .values(state="left", ended_at=self._clock())
            )
            if not cast("CursorResult[Any]", done).rowcount:
                return False
        with self._db.read() as session:
            row = session.get_one(TicketRow, row.id)
        self._dispatcher.post(Left(row.id, gave_up=False))
        self._tell(row)
        return True

    def wait_ms(self, ticket: str) -> tuple[float, float] | None:
        """Return between what a ticket's further wait will end, in ms, or None while nobody can say."""
        return self._dispatcher.wait_ms(ticket)

    def keep_told(self, ticket: str, told: Mapping[str, Any]) -> None:
        """Keep what a caller has been told of the wait."""
        with self._db.write() as session:
            session.execute(update(TicketRow).where(TicketRow.id == ticket).values(told=dict(told)))

    def answered(self, call: str) -> bool:
        """Return whether an agent has talked with a caller already."""
        with self._db.read() as session:
            query = select(TicketRow.id).where(
                TicketRow.call == call, TicketRow.state.in_(("connecting", "connected", "wrap_up", "done"))
            )
            return session.scalars(query.limit(1)).first() is not None

    def waited_ms(self, ticket: str) -> int:
        """Return how long a caller has been waiting on the line this time, in milliseconds."""
        with self._db.read() as session:
            row = session.get_one(TicketRow, ticket)
        return round((self._clock() - (row.joined_at or row.entered_at)).total_seconds() * 1000)

    def bridge_ended(self, call: str, dial_status: str) -> bool:
        """Take the end of the bridge. Return whether the caller must wait again.

        An agent's phone that never answered puts the caller back into the original place.
        """
        with self._db.write() as session:
            row = _open_ticket(session, call)
            if row is None or row.state not in ("connecting", "connected"):
                return False
            answered = dial_status in ("completed", "answered")
            agent = row.agent
            if answered:
                row.state, row.ended_at = "wrap_up", self._clock()
                if agent:
                    self._to_wrap_up(session, agent)
            else:
                _back_to_place(row)
                if agent:
                    _set_state(session, agent, "paused", self._clock(), reason="phone did not answer")
        self._dispatcher.post(Ended(row.id) if answered else Entered(waiting(row)))
        self._tell(row)
        if agent:
            self.tell_agent(agent)
        return not answered

    def _to_wrap_up(self, session: Session, agent: str) -> None:
        row = session.get(AgentRow, agent)
        if row is not None and row.state == "talking":
            row.state, row.since = "wrap_up", self._clock()

    # ---- the agent's side

    def accept(self, agent: str, offer: str) -> str:
        """Connect the offered caller to the agent; a repeat is harmless. Return the call.

        Raise Conflict when the offer is no longer this agent's, Unavailable when the carrier
        cannot connect (the caller then keeps the place).
        """
        now = self._clock()
        with self._db.write() as session:
            row = session.scalars(select(TicketRow).where(TicketRow.offer == offer)).first()
            if row is None or row.agent != agent:
                raise Conflict("this offer is not yours any more")
            if row.state in ("connecting", "connected"):
                return row.call
            if row.state != "offered" or (row.offer_expires_at and row.offer_expires_at <= now):
                raise Conflict("this offer has ended")
            row.state = "connecting"
            _set_state(session, agent, "talking", now, ticket=row.id)
        self._dispatcher.post(Accepted(offer))
        self._connect(row, agent)
        return row.call

    def _connect(self, row: TicketRow, agent: str) -> None:
        try:
            if row.callback is not None and not row.dialled:
                self._carrier.dial(row.number, _our_number(self._db, row.call), row.id)
            else:
                self._carrier.connect(row.call, agent, row.id)
        except Unavailable as error:
            log.error("carrier could not connect", call=row.call, agent=agent, error=str(error))
            if row.callback is not None and not row.dialled:
                self._dial_later(row.id)
            else:
                self.bridge_ended(row.call, "failed")
            raise
        if row.callback is not None and not row.dialled:
            return  # connected when the customer answers
        with self._db.write() as session:
            now = self._clock()
            session.execute(
                update(TicketRow)
                .where(TicketRow.id == row.id, TicketRow.state == "connecting")
                .values(state="connected", connected_at=now)
            )
            fresh = session.get_one(TicketRow, row.id)
        self._tell(fresh)
        self.tell_agent(agent)

    def reject(self, agent: str, offer: str) -> None:
        """Turn an offer down; the caller keeps the place."""
        with self._db.write() as session:
            row = session.scalars(select(TicketRow).where(TicketRow.offer == offer)).first()
            if row is None or row.agent != agent or row.state != "offered":
                raise Conflict("this offer has ended")
            row.state, row.last_agent = "waiting", agent
            row.agent = row.offer = row.offer_expires_at = None
            one = session.get_one(AgentRow, agent)
            if one.state == "ringing":
                one.state, one.since, one.ticket = "ready", self._clock(), None
        self._dispatcher.post(Rejected(offer))
        self._tell(row)
        self.tell_agent(agent)

    def transfer(self, agent: str, queue: str, skills: Mapping[str, int], note: str = "") -> str:
        """Pass the agent's caller on to another queue, in the place of the first entry. Return the call.

        Rows first: were the carrier never told, the next agent's acceptance would still end the bridge.
        Raise Conflict where that cannot be done now, Unavailable when the carrier refuses (they talk on).
        """
        with self._db.write() as session:
            row, mine = self._passed_on(session, agent)
            turn = session.get_one(CallRow, row.call).turn
            before = {name: getattr(row, name) for name in TRANSFERRED}
            one = {"by": mine.user.name, "from": row.queue, "note": masked(note, row.language)[:NOTE]}
            row.summary = {**row.summary, "passed_on": [*row.summary.get("passed_on", []), one]}
            row.queue, row.skills, row.known_agent, row.last_agent = queue, dict(skills), None, agent
            row.state, row.joined_at = "waiting", self._clock()
            row.agent = row.offer = row.offer_expires_at = row.connected_at = None
            self._to_wrap_up(session, agent)
            about = {"ticket": row.id, "agent": agent, "what": "transferred", "because": f"to {queue}"}
            decision = DecisionRow(at=self._clock(), token=0, data={}, **about)
            session.add(decision)
        try:
            self._carrier.hold(row.call, queue, turn)
        except Unavailable:
            self._take_back(row.id, agent, before, decision.id)
            raise
        self._dispatcher.post(Transferred(row.id, queue, dict(skills)))
        self._tell(row)
        self.tell_agent(agent)
        return row.call

    def _passed_on(self, session: Session, agent: str) -> tuple[TicketRow, AgentRow]:
        """Return the ticket and the row of an agent who talks. Raise Conflict for anybody else."""
        mine = session.get(AgentRow, agent)
        row = session.get(TicketRow, mine.ticket) if mine is not None and mine.ticket else None
        if mine is None or row is None or row.state != "connected" or row.agent != agent:
            raise Conflict("you are not on a call")
        if row.callback is not None:
            raise Conflict("somebody who was called back cannot be passed on; book another call back instead")
        return row, mine

    def _take_back(self, ticket: str, agent: str, before: Mapping[str, Any], decision: int) -> None:
        """The carrier has not moved a caller: the talk goes on as if nobody had tried."""
        with self._db.write() as session:
            row, mine = session.get_one(TicketRow, ticket), session.get_one(AgentRow, agent)
            for name, value in before.items():
                setattr(row, name, value)
            mine.state = "talking"
            session.execute(delete(DecisionRow).where(DecisionRow.id == decision))

    def set_state(self, agent: str, state: str, reason: str | None = None) -> None:
        """Make an agent ready, paused or away. Raise Conflict in the middle of a call."""
        now = self._clock()
        with self._db.write() as session:
            row = session.get(AgentRow, agent)
            if row is None:
                raise NotFound(f"there is no agent '{agent}'")
            if row.state == "talking":
                raise Conflict("end the call first")
            if row.state == "wrap_up" and row.ticket:
                session.execute(
                    update(TicketRow)
                    .where(TicketRow.id == row.ticket, TicketRow.state == "wrap_up")
                    .values(state="done")
                )
            was_ready = row.state == "ready"
            row.state, row.since, row.pause_reason = state, now, reason
            if state == "ready":
                row.ticket, row.missed = None, 0
                if not was_ready:
                    row.idle_since = now
            free = idle(row)
        self._dispatcher.post(Ready(free) if state == "ready" else Away(agent))
        self.tell_agent(agent)

    def phone_gone(self, agent: str) -> None:
        """An agent's phone has closed: nobody is rung there until the agent is ready again."""
        with self._db.read() as session:
            row = session.get(AgentRow, agent)
        if row is not None and row.state in ("ready", "ringing"):
            self.set_state(agent, "away", "the desk was closed")

    def note(self, agent: str, ticket: str, text: str) -> None:
        """Keep an agent's note on a call."""
        with self._db.write() as session:
            row = session.get(TicketRow, ticket)
            if row is None or agent not in (row.agent, row.last_agent):
                raise NotFound("there is no such call of yours")
            row.note = masked(text, row.language)[:NOTE]
            session.add(AuditRow(at=self._clock(), who=agent, what="ticket.note", data={"ticket": ticket}))

    def hang_up(self, agent: str) -> None:
        """End the agent's present call."""
        with self._db.read() as session:
            row = session.get(AgentRow, agent)
            ticket = session.get(TicketRow, row.ticket) if row and row.ticket else None
        if ticket is None or ticket.state not in ("connecting", "connected"):
            raise Conflict("you are not on a call")
        self._carrier.hang_up(ticket.call)

    # ---- what is shown

    def agent(self, login: str) -> dict[str, Any]:
        """Return an agent's own view: state, and the call that rings or runs."""
        with self._db.read() as session:
            row = session.get(AgentRow, login)
            if row is None:
                raise NotFound(f"there is no agent '{login}'")
            ticket = session.get(TicketRow, row.ticket) if row.ticket else None
            return {**agent_data(row), "call": ticket_data(ticket) if ticket else None}

    def floor(self) -> dict[str, Any]:
        """Return everybody who waits and everybody who works."""
        with self._db.read() as session:
            tickets = session.scalars(
                select(TicketRow).where(TicketRow.state.in_(OPEN)).order_by(TicketRow.entered_at)
            ).all()
            agents = session.scalars(select(AgentRow).order_by(AgentRow.login)).all()
            return {"tickets": [ticket_data(t) for t in tickets], "agents": [agent_data(a) for a in agents]}

    def tell_agent(self, login: str) -> None:
        """Publish an agent's view."""
        self._feed.publish("agent", self.agent(login))

    def _tell(self, row: TicketRow) -> None:
        self._feed.publish("ticket", ticket_data(row))


def _open_ticket(session: Session, call: str) -> TicketRow | None:
    mine = or_(TicketRow.callback.is_(None), TicketRow.dialled)  # not what was promised for later
    query = select(TicketRow).where(TicketRow.call == call, TicketRow.state.in_(OPEN), mine)
    return session.scalars(query.order_by(TicketRow.entered_at.desc())).first()


def _our_number(db: Database, call: str) -> str:
    """Return the number that a customer had dialled: the one that calls back."""
    with db.read() as session:
        row = session.get(CallRow, call)
    return row.called if row is not None else ""


def _back_to_place(row: TicketRow) -> None:
    row.state, row.last_agent = "waiting", row.agent
    row.agent = row.offer = row.offer_expires_at = row.connected_at = None
    row.offers += 1


def _set_state(
    session: Session,
    agent: str,
    state: str,
    now: datetime,
    *,
    ticket: str | None = None,
    reason: str | None = None,
) -> None:
    row = session.get_one(AgentRow, agent)
    row.state, row.since, row.ticket, row.pause_reason = state, now, ticket, reason
    row.missed = 0
