"""What agents do: they sign in and out, pause, wrap up, and answer offers or do not."""

from ivr.routing.floor import Floor
from ivr.routing.model import (
    Accepted,
    Away,
    Changed,
    Connect,
    Foreseen,
    Paused,
    Ready,
    Refuse,
    Rejected,
    Rest,
    Restored,
    WrappingUp,
)
from ivr.routing.records import Seat, SeatState
from ivr.routing.timers import OFFER


def ready(floor: Floor, event: Ready) -> None:
    """An agent can take a call from now on; whatever was before is over."""
    agent = event.agent
    seat, since = floor.seat(agent), min(agent.since_ms, floor.now)
    if seat.state in ("ringing", "resting"):
        return
    if seat.state == "idle":
        if seat.idle_ms != since:
            floor.free(seat, since)
        return
    if seat.state == "talking":
        if since <= seat.talk_from_ms:
            return  # said before the talk began, and repeated
        _end_of(floor, seat)
    seat.missed, seat.leaving = agent.missed, False
    floor.free(seat, since)


def _end_of(floor: Floor, seat: Seat) -> None:
    ticket = floor.tickets.get(seat.ticket or "")
    if ticket is not None:
        floor.disconnect(ticket)
        floor.end(ticket)


def away(floor: Floor, event: Away) -> None:
    """An agent signs out; a call that rang goes back to its place, a talk is over for the router."""
    seat = floor.seats.get(event.agent)
    if seat is None:
        return
    if seat.state == "talking":
        _end_of(floor, seat)
    _leave(floor, seat, "gone")


def paused(floor: Floor, event: Paused) -> None:
    """An agent pauses, at once or after the talk."""
    seat = floor.seats.get(event.agent)
    if seat is None or seat.state == "paused":
        return
    if seat.state == "talking":
        seat.leaving = True
    else:
        _leave(floor, seat, "paused")


def _leave(floor: Floor, seat: Seat, state: SeatState) -> None:
    ticket = floor.tickets.get(seat.ticket or "")
    seat.ticket = None
    if ticket is not None:
        floor.withdraw(ticket, "the agent left")
    floor.leave(seat, state)
    if ticket is not None:
        floor.give_back(ticket)


def changed(floor: Floor, event: Changed) -> None:
    """An agent's skills, queues, rings or delays are others now."""
    seat = floor.seats.get(event.agent.id)
    if seat is not None:
        floor.change(seat, event.agent)


def foreseen(floor: Floor, event: Foreseen) -> None:
    """Somebody knows when an agent's talk will end."""
    seat = floor.seats.get(event.agent)
    if seat is not None and seat.state == "talking":
        seat.free_ms = event.free_ms


def wrapping_up(floor: Floor, event: WrappingUp) -> None:
    """A wrap-up is made longer or shorter (R14)."""
    seat = floor.seats.get(event.agent)
    if seat is None or seat.state != "wrap_up":
        return
    if event.until_ms is not None and event.until_ms <= floor.now:
        floor.free(seat, floor.now)
    else:
        floor.until(seat, event.until_ms)


# ---- offers


def accepted(floor: Floor, event: Accepted) -> None:
    """An agent takes the offered call; the same acceptance again has the same answer."""
    ticket = floor.offered(event.offer)
    if ticket is None or ticket.offer is None:
        floor.told.append(Refuse(event.offer))
    elif ticket.state == "connected":
        floor.told.append(Connect(ticket.offer, ticket.callback))
    else:
        floor.connect(ticket)


def rejected(floor: Floor, event: Rejected) -> None:
    """An agent turns an offer down, or the agent's phone is busy."""
    missed(floor, event.offer, "busy" if event.busy else "rejected")


def missed(floor: Floor, offer: str, because: str) -> None:
    """An offer came to nothing: the agent has a cool-down, the call its place (R11)."""
    ticket = floor.offered(offer)
    if ticket is None or ticket.state != "ringing":
        return
    seat = floor.withdraw(ticket, because)
    if seat is not None:
        _cool_down(floor, seat, because)
    floor.give_back(ticket)


def _cool_down(floor: Floor, seat: Seat, because: str) -> None:
    seat.ticket = None
    seat.missed += because == "expired"
    if seat.missed >= floor.rules.max_missed:
        floor.told.append(Rest(seat.id, seat.missed))
        floor.leave(seat, "paused")
        return
    cool = floor.rules.cool_downs
    length = {"expired": cool.no_answer_ms, "rejected": cool.rejected_ms}.get(because, cool.busy_ms)
    if length == 0:
        floor.free(seat)
    else:
        floor.turn(seat, "resting")
        floor.until(seat, floor.now + length)


def restored(floor: Floor, event: Restored) -> None:
    """An offer still rings after a restart: both are taken, until it is answered or its time is up."""
    offer = event.offer
    if offer.call in floor.tickets:
        return
    seat = floor.seat(event.agent)
    if seat.state not in ("idle", "paused"):
        return
    ticket = floor.admit(event.call)
    floor.hand(ticket, seat, offer)
    floor.turn(seat, "ringing")
    floor.timers.set(offer.expires_ms, OFFER, ticket)
