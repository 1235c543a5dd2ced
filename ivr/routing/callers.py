"""What callers do: they come, leave, come back, ask to be called back, are transferred, hang up."""

from dataclasses import replace

from ivr.routing.floor import Floor
from ivr.routing.model import Booked, Call, Ended, Entered, Left, Merge, NoAnswer, Transferred
from ivr.routing.records import Ticket

MOST_KEPT = 1024
"""So many calls are remembered that have left, and as many that left before they came."""


def entered(floor: Floor, event: Entered) -> None:
    """A caller joins, or comes back to the place held because a connection failed.

    A connected call comes back only if its offers are counted: else this is the first entry, repeated.
    """
    call = event.call
    known = floor.tickets.get(call.id)
    if known is not None and (known.state != "connected" or call.offers < known.offers):
        return
    if call.id in floor.strays:
        del floor.strays[call.id]
        return
    if known is not None:
        part(floor, known, "the connection failed", agent_ready=None)
        floor.end(known)
    elif call.number and not call.callback:
        call = _in_old_place(floor, call)
    floor.departed.pop(call.id, None)
    ticket = floor.admit(call)
    if call.callback and call.number:
        floor.promised[call.number, call.queue] = call.id
    floor.join(ticket)


def _in_old_place(floor: Floor, call: Call) -> Call:
    """Return a call with the place that its caller has already: promised, or left a moment ago (R15, R16)."""
    mine = call.number, call.queue
    promised = floor.tickets.get(floor.promised.get(mine, ""))
    if promised is not None and promised.state != "connected":
        part(floor, promised, "the caller rang in")
        floor.told.append(Merge(promised.id, call.id))
        floor.end(promised)
        return replace(call, since_ms=min(call.since_ms, promised.since_ms))
    since, left_ms = floor.recent.pop(mine, (call.since_ms, floor.now))
    if floor.now - left_ms <= floor.rules.of(call.queue).resume_ms:
        return replace(call, since_ms=min(call.since_ms, since))
    return call


def part(floor: Floor, ticket: Ticket, because: str, agent_ready: bool | None = False) -> None:
    """Take a call from where it waits, rings or talks; it waits nowhere until it is placed.

    An agent who talked wraps up, or is ready at once (True), or when he says so (None).
    """
    if ticket.state == "ringing":
        seat = floor.withdraw(ticket, because)
        if seat is not None:
            floor.free(seat)
        return
    if ticket.state != "connected":
        floor.lift(ticket)
        return
    seat = floor.disconnect(ticket)
    if seat is None:
        return
    if agent_ready is None:
        floor.turn(seat, "wrap_up")
    elif agent_ready:
        floor.free(seat)
    else:
        floor.wrap_up(seat, ticket.policy)


def left(floor: Floor, event: Left) -> None:
    """A caller is gone: from waiting, from ringing, or out of a talk."""
    ticket = floor.tickets.get(event.call)
    if ticket is None:
        if event.call not in floor.departed:
            _keep(floor.strays, event.call)
        return
    _keep(floor.departed, event.call)
    if event.gave_up and ticket.state != "connected":
        _remember(floor, ticket)
    part(floor, ticket, "the caller left")
    floor.end(ticket)


def _keep(some: dict[str, None], call: str) -> None:
    some[call] = None
    if len(some) > MOST_KEPT:
        del some[next(iter(some))]


def _remember(floor: Floor, ticket: Ticket) -> None:
    """Keep the place for a caller who may ring again (R16)."""
    if ticket.call.number and not ticket.callback:
        mine = ticket.call.number, ticket.queue
        floor.recent.pop(mine, None)
        floor.recent[mine] = ticket.since_ms, floor.now
    longest = max(policy.resume_ms for policy in (floor.rules.default, *floor.rules.queues.values()))
    while floor.recent:
        oldest = next(iter(floor.recent))
        if floor.now - floor.recent[oldest][1] <= longest:
            break
        del floor.recent[oldest]


def ended(floor: Floor, event: Ended) -> None:
    """A talk is over: the agent wraps up."""
    ticket = floor.tickets.get(event.call)
    if ticket is not None and ticket.state == "connected":
        seat = floor.disconnect(ticket)
        if seat is not None:
            floor.wrap_up(seat, ticket.policy)
        floor.end(ticket)


def transferred(floor: Floor, event: Transferred) -> None:
    """A call moves to another queue and keeps its time if that queue says so (R21)."""
    ticket, queue = floor.tickets.get(event.call), event.queue
    if ticket is None or (ticket.queue == queue and ticket.state != "connected"):
        return
    ticket.callback &= ticket.state != "connected"
    part(floor, ticket, "the caller was transferred")
    if event.skills is not None:
        ticket.needs = event.skills
    if not floor.rules.of(queue).keep_time:
        ticket.since_ms = floor.now
    floor.move(ticket, queue)
    floor.join(ticket)


def booked(floor: Floor, event: Booked) -> None:
    """A waiting caller becomes a call back in the same place, not due before its time (R15)."""
    ticket = floor.tickets.get(event.call)
    if ticket is None or ticket.state == "connected" or ticket.callback:
        return
    part(floor, ticket, "the caller asked to be called back")
    ticket.callback, ticket.wait_due, ticket.overdue = True, None, False
    delay = ticket.policy.callback.first_delay_ms
    ticket.not_before_ms = max(event.not_before_ms, floor.now + delay)
    if ticket.call.number:
        floor.promised[ticket.call.number, ticket.queue] = ticket.id
    floor.place(ticket)


def not_answered(floor: Floor, event: NoAnswer) -> None:
    """A call back was dialled in vain: again after a while, but not for ever."""
    ticket = floor.tickets.get(event.call)
    if ticket is None or ticket.state != "connected" or not ticket.callback:
        return
    policy = ticket.policy.callback
    part(floor, ticket, "", agent_ready=True)
    ticket.attempts += 1
    if ticket.attempts >= policy.tries:
        floor.overflow(ticket, policy.give_up, "nobody answered the call back")
        return
    ticket.not_before_ms = floor.now + policy.retry_ms
    floor.place(ticket)
