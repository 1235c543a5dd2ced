"""What happens to queues: they open, close, disappear, and get other rules."""

from ivr.routing.callers import part
from ivr.routing.floor import Floor, place_of
from ivr.routing.index import Index
from ivr.routing.model import Closed, Configured, Opened, Removed
from ivr.routing.records import AT_WORK, Ticket


def opened(floor: Floor, event: Opened) -> None:
    """A queue takes calls again."""
    floor.closed.discard(event.queue)
    floor.removed.discard(event.queue)


def closed(floor: Floor, event: Closed) -> None:
    """A queue takes no more calls; those in it are served still, or released (R18)."""
    policy = floor.rules.of(event.queue)
    floor.closed.add(event.queue)
    if policy.at_close == "drain":
        return
    for ticket in _of(floor, event.queue):
        if ticket.state == "ringing":
            ticket.overdue = True
        elif not ticket.callback:
            floor.overflow(ticket, policy.when_closed, "closed")


def removed(floor: Floor, event: Removed) -> None:
    """A queue is no more. Its calls overflow; a talk goes on."""
    floor.removed.add(event.queue)
    policy = floor.rules.of(event.queue)
    for ticket in _of(floor, event.queue):
        part(floor, ticket, "the queue is gone")
        floor.overflow(ticket, policy.overflow, "the queue is gone")


def _of(floor: Floor, queue: str) -> list[Ticket]:
    """Return the calls of a queue that are not in a talk, first come first."""
    found = (t for t in floor.tickets.values() if t.queue == queue and t.state != "connected")
    return sorted(found, key=place_of)


def configured(floor: Floor, event: Configured) -> None:
    """Other rules hold: the index is made anew, and steps, scores and waits are those of the new rules."""
    floor.rules = rules = event.rules
    floor.may_empty, floor.may_pass = rules.any_leave_empty, rules.any_pass_empty
    for ticket in floor.tickets.values():
        ticket.policy = rules.of(ticket.queue)
        waits = ticket.state in ("waiting", "dormant")
        ticket.step = 0 if waits else min(ticket.step, len(ticket.policy.steps))
        ticket.score, ticket.wait_due = floor.score(ticket), None
        if ticket.state == "ringing":
            floor.limit_wait(ticket)
    reindex(floor)


def reindex(floor: Floor) -> None:
    """Make the index anew from the records; everybody who waits is loose."""
    floor.index = Index(floor.rules)
    for seat in floor.seats.values():
        seat.stamp, seat.held = 0, []
        floor.index.seat(seat)
        if seat.state in AT_WORK and seat.profile is not None:
            floor.index.start_work(seat.profile)
        if seat.state == "idle":
            floor.loose_seats.append(seat)
    for ticket in list(floor.tickets.values()):
        ticket.stamp, ticket.lane = 0, None
        if ticket.state in ("waiting", "dormant"):
            floor.place(ticket)
