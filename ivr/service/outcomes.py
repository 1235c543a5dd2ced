"""What the router decides, carried out: rows changed and reasons kept in one transaction, desks told.

Every write is under the lease's token and on condition that the rows are still as the router believes.
Offers that are made at one instant are written together, before anybody rings.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from ivr.ports import Clock
from ivr.routing.model import (
    Away,
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
    Withdraw,
)
from ivr.routing.policy import QUEUE_TARGET
from ivr.routing.router import Router
from ivr.service.differences import milliseconds
from ivr.service.feed import Feed
from ivr.service.lease import Lease
from ivr.service.views import agent_data, ticket_data
from ivr.storage.session import Database
from ivr.storage.tables import AgentRow, CallbackRow, DecisionRow, TicketRow

log = structlog.get_logger(__name__)
AGENTS: Any = AgentRow.__table__
TICKETS: Any = TicketRow.__table__
DECISIONS: Any = DecisionRow.__table__


class Outcomes:
    """Carries decisions out. Used by the dispatcher's thread only."""

    def __init__(
        self, db: Database, lease: Lease, feed: Feed, clock: Clock, correct: Callable[[Event], None]
    ) -> None:
        """`correct` is told what the router has wrong, where the rows are not as it believes."""
        self._db, self._lease, self._feed, self._clock = db, lease, feed, clock
        self._correct = correct
        self._wrapping: set[str] = set()

    def carry_out(self, decided: Sequence[Decision]) -> None:
        """Do what was decided, in order; offers that follow each other together, and connections, too."""
        for kind, alike in groupby(decided, type):
            some = list(alike)
            if kind is Offer:
                self._ring([one for one in some if isinstance(one, Offer)])
            elif kind is Connect:
                self._keep_connected([one.offer for one in some if isinstance(one, Connect)])
            else:
                for one in some:
                    self._carry_out(one)

    def _carry_out(self, decision: Decision) -> None:
        match decision:
            case Withdraw():
                self._withdraw(decision)
            case Rest():
                self._send_away(decision)
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

    # ---- offers

    def _ring(self, offers: Sequence[Offer]) -> None:
        made, wrong = self._write_offers(offers)
        for event in wrong:
            log.warning("offer overtaken by events", wrong=event)
            self._correct(event)
        for offer in made:
            log.info("offer", ticket=offer.call, agent=offer.agent, why=offer.why)
        self._tell([offer.call for offer in made], [offer.agent for offer in made])

    def _write_offers(self, offers: Sequence[Offer]) -> tuple[list[Offer], list[Event]]:
        """Write offers with their reasons; return those that hold, and what the router has wrong."""
        now, now_ms = self._clock(), milliseconds(self._clock().timestamp())
        with self._lease.write() as session:
            rows = session.connection()
            waiting = set(rows.scalars(WAITING, {"names": [offer.call for offer in offers]}))
            ready = set(rows.scalars(READY, {"names": [offer.agent for offer in offers]}))
            made = [offer for offer in offers if offer.call in waiting and offer.agent in ready]
            if made:
                rows.execute(RING_AGENT, [{"who": one.agent, "now": now, "call": one.call} for one in made])
                rows.execute(OFFER_CALL, [_on_offer(one, now, now_ms) for one in made])
                rows.execute(insert(DECISIONS), [self._decided(one, now, "offered", one.why) for one in made])
        gone: list[Event] = [Left(offer.call) for offer in offers if offer.call not in waiting]
        return made, gone + [Away(offer.agent) for offer in offers if offer.agent not in ready]

    def _decided(self, offer: Offer, now: datetime, what: str, because: str) -> dict[str, Any]:
        reason = offer.reason if what == "offered" else None
        return {
            "at": now,
            "token": self._lease.token,
            "ticket": offer.call,
            "agent": offer.agent,
            "what": what,
            "because": because,
            "data": reason.as_data() if reason is not None else {},
        }

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
        self._tell([offer.call], [offer.agent])

    def _send_away(self, rest: Rest) -> None:
        with self._lease.write() as session:
            session.execute(
                update(AgentRow)
                .where(AgentRow.login == rest.agent, AgentRow.state == "ready")
                .values(state="paused", since=self._clock(), pause_reason=f"missed {rest.missed} calls")
            )
        self._tell([], [rest.agent])

    def _keep_connected(self, offers: Sequence[Offer]) -> None:
        """Write down who talks; the rows were changed, and the carrier told, when the agent accepted."""
        tickets = [offer.call for offer in offers]
        with self._lease.write() as session:
            rows = session.connection()
            known = set(rows.scalars(CONNECTED, {"names": tickets}))
            new = {offer.id: offer for offer in offers if offer.id not in known}
            if new:
                now = self._clock()
                rows.execute(
                    insert(DECISIONS), [self._decided(one, now, "connected", one.id) for one in new.values()]
                )

    # ---- what else befalls a caller

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

    def keep_times(self, event: Entered | NoAnswer, router: Router) -> None:
        """Write down what the router knows better: an older place, when a call back is due again."""
        name = event.call if isinstance(event, NoAnswer) else event.call.id
        ticket = router.floor.tickets.get(name)
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

    # ---- wrap-up

    def end_wrap_ups(self, router: Router) -> None:
        """Agents whose wrap-up the rules have ended are ready, before anything rings at them (R14)."""
        seats = router.floor.seats
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
        self._tell([], [agent])

    # ---- what is kept and told

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

    def _tell(self, tickets: Sequence[str], agents: Sequence[str]) -> None:
        """Publish tickets and agents as they are now."""
        with self._db.read() as session:
            shown = session.scalars(select(TicketRow).where(TicketRow.id.in_(tickets))).all()
            for row in shown:
                self._feed.publish("ticket", ticket_data(row))
            for who in session.scalars(select(AgentRow).where(AgentRow.login.in_(agents))):
                ringing = session.get(TicketRow, who.ticket) if who.ticket else None
                call = ticket_data(ringing) if ringing else None
                self._feed.publish("agent", {**agent_data(who), "call": call})


WAITING = (
    select(TICKETS.c.id)
    .where(TICKETS.c.id.in_(bindparam("names", expanding=True)), TICKETS.c.state == "waiting")
    .order_by(TICKETS.c.id)
    .with_for_update()
)
READY = (
    select(AGENTS.c.login)
    .where(AGENTS.c.login.in_(bindparam("names", expanding=True)), AGENTS.c.state == "ready")
    .order_by(AGENTS.c.login)
    .with_for_update()
)
CONNECTED = select(DECISIONS.c.because).where(
    DECISIONS.c.ticket.in_(bindparam("names", expanding=True)), DECISIONS.c.what == "connected"
)
RING_AGENT = (
    update(AGENTS)
    .where(AGENTS.c.login == bindparam("who"))
    .values(state="ringing", since=bindparam("now"), ticket=bindparam("call"))
)
OFFER_CALL = (
    update(TICKETS)
    .where(TICKETS.c.id == bindparam("new_call"))
    .values(
        state="offered",
        agent=bindparam("new_agent"),
        offer=bindparam("new_offer"),
        reason=bindparam("new_reason"),
        offers=TICKETS.c.offers + 1,
        offer_expires_at=bindparam("new_expires_at"),
    )
)


def _on_offer(offer: Offer, now: datetime, now_ms: int) -> dict[str, Any]:
    return {
        "new_call": offer.call,
        "new_agent": offer.agent,
        "new_offer": offer.id,
        "new_reason": offer.why,
        "new_expires_at": now + timedelta(milliseconds=offer.expires_ms - now_ms),
    }


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _changed(session: Session, statement: object) -> bool:
    result = session.execute(statement)  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)
    return result.rowcount == 1
