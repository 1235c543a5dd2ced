"""What the router does not know yet of the tables, as events: after a restart, a takeover, a lost message.

The tables are the truth. Other processes only change rows and wake the holder of the lease, so nothing
has to be delivered, in order or at all: what differs is made good. Pure.
"""

from collections.abc import Container, Iterator, Sequence

from ivr.routing.model import (
    Accepted,
    Agent,
    Away,
    Call,
    Changed,
    Ended,
    Entered,
    Event,
    Left,
    NoAnswer,
    Offer,
    Paused,
    Ready,
    Rejected,
    Restored,
    Transferred,
)
from ivr.routing.records import Seat, Ticket
from ivr.routing.router import Router
from ivr.storage.tables import AgentRow, TicketRow

WAITS = ("waiting", "offered")
TALKS = ("connecting", "connected")


def differences(
    router: Router, tickets: Sequence[TicketRow], agents: Sequence[AgentRow], abandoned: Container[str] = ()
) -> Iterator[Event]:
    """Yield what the router must be told so that it knows of the same callers and agents as the tables.

    `tickets` are the open ones, `abandoned` names those whose callers have given up. Offers that ring are
    restored before anybody else comes in, and callers passed on before their agents are free.
    """
    floor = router.floor
    by_login = {row.login: row for row in agents}
    for row in tickets:
        agent = by_login.get(row.agent or "")
        if row.state == "offered" and row.id not in floor.tickets and agent is not None:
            offer = _offer(row)
            if offer is not None:
                yield Restored(offer, waiting(row), idle(agent))
    for row in tickets:
        ticket = floor.tickets.get(row.id)
        talked = ticket is not None and ticket.state == "connected" and ticket.queue != row.queue
        if talked and row.state == "waiting":
            yield Transferred(row.id, row.queue, row.skills)
    for one in agents:
        yield from _of_agent(floor.seats.get(one.login), one)
    for row in tickets:
        yield from _of_ticket(floor.tickets.get(row.id), row)
    known = {row.id for row in tickets}
    for gone in [name for name in floor.tickets if name not in known]:
        yield Left(gone, gave_up=gone in abandoned)


def _offer(row: TicketRow) -> Offer | None:
    if row.offer is None or row.offer_expires_at is None or row.agent is None:
        return None
    return Offer(row.offer, row.id, row.agent, milliseconds(row.offer_expires_at.timestamp()))


def _of_agent(seat: Seat | None, row: AgentRow) -> Iterator[Event]:
    agent = idle(row)
    if seat is not None and (seat.agent.skills != agent.skills):
        yield Changed(agent)
    match row.state:
        case "ready" if seat is None or seat.state in ("paused", "talking", "wrap_up"):
            yield Ready(agent)
        case "away" if seat is not None:
            yield Away(row.login)
        case "paused" if seat is not None and seat.state != "paused":
            yield Paused(row.login)
        case "wrap_up" if seat is not None and seat.state == "talking" and seat.ticket is not None:
            yield Ended(seat.ticket)
        case "talking" | "wrap_up" if seat is not None and seat.state in ("idle", "resting"):
            yield Away(row.login)


def _of_ticket(ticket: Ticket | None, row: TicketRow) -> Iterator[Event]:
    if row.state == "waiting":
        if ticket is None or (ticket.state == "connected" and row.offers > ticket.offers):
            yield Entered(waiting(row))
        elif ticket.state == "connected" and row.attempts > ticket.attempts:
            yield NoAnswer(row.id)
        elif ticket.state == "ringing" and ticket.offer is not None:
            yield Rejected(ticket.offer.id)
    elif row.state in TALKS and ticket is not None and ticket.state == "ringing" and row.offer:
        yield Accepted(row.offer)


def milliseconds(seconds: float) -> int:
    """Return seconds as whole milliseconds."""
    return round(seconds * 1000)


def idle(row: AgentRow) -> Agent:
    """Return an agent as the router sees it."""
    return Agent(row.login, row.skills, milliseconds(row.idle_since.timestamp()), row.missed)


def waiting(row: TicketRow) -> Call:
    """Return a ticket as the router sees it."""
    return Call(
        row.id,
        row.queue,
        row.skills,
        milliseconds(row.entered_at.timestamp()),
        row.priority,
        row.last_agent,
        row.offers,
        number=row.number,
        known_agent=row.known_agent,
        callback=row.callback is not None,
        not_before_ms=milliseconds(row.not_before.timestamp()) if row.not_before else 0,
        attempts=row.attempts,
    )
