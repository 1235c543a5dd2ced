"""Where a waiting call stands: its position, who is ahead of it, why it still waits."""

from collections import Counter
from typing import NamedTuple

from ivr.routing.index import Index
from ivr.routing.lanes import Lane
from ivr.routing.reason import seconds, skills_in_words
from ivr.routing.records import Ticket
from ivr.routing.router import Router


class Ahead(NamedTuple):
    """The calls ahead, each counted as far as the agents of this one will serve it, and those agents."""

    calls: float
    agents: int


def ahead(router: Router, call: str) -> Ahead | None:
    """Return who is ahead of a waiting call; None where it does not wait in a queue.

    Of a lane that has other agents, too, only the share of ours counts.
    """
    floor = router.floor
    ticket = floor.tickets.get(call)
    if ticket is None or ticket.state != "waiting" or ticket.lane is None:
        return None
    own = ticket.lane
    able = own.able if own.owner is None else (own.owner.profile.bit if own.owner.profile else 0)
    calls = 0.0
    for lane in floor.index.lanes.values():
        shared = lane.able & able
        if lane.size and shared:
            limit = ticket.score + _head_start(floor.index, lane, own)
            first = _before(lane, (limit, ticket.id))
            calls += first * _heads(floor.index, shared) / _heads(floor.index, lane.able)
    return Ahead(calls, _heads(floor.index, able))


def _before(lane: Lane, place: tuple[int, str]) -> int:
    """Return how many calls of a lane come before a place in the one order."""
    if place[0] > lane.last_score:
        return lane.size
    return sum(entry < place and entry[3].stamp == entry[2] for entry in lane.heap)


def _head_start(index: Index, lane: Lane, own: Lane) -> int:
    """Return how much later the calls of a lane may have come to go first all the same."""
    if own.base in index.wider(lane):
        return index.rules.rare_first_ms
    return -index.rules.rare_first_ms if lane.base in index.wider(own) else 0


def _heads(index: Index, mask: int) -> int:
    """Return how many agents are at work in the profiles of a mask."""
    count = 0
    while mask:
        bit = mask & -mask
        count += index.by_bit[bit].at_work
        mask ^= bit
    return count


def positions(router: Router, queue: str) -> dict[str, int]:
    """Return the place of every call in a queue, counted from 1; those that ring count, too."""
    there = [
        (ticket.score, ticket.id)
        for ticket in router.floor.tickets.values()
        if ticket.queue == queue and ticket.state in ("waiting", "ringing")
    ]
    return {name: place for place, (_, name) in enumerate(sorted(there), 1)}


def explain(router: Router, call: str) -> str:
    """Return in words why a call is where it is."""
    ticket = router.floor.tickets.get(call)
    if ticket is None:
        return "not in a queue"
    if ticket.offer is not None:
        how = "talks to" if ticket.state == "connected" else "rings at"
        return f"{how} {ticket.offer.agent}: {ticket.offer.why or 'as before the restart'}"
    if ticket.state == "dormant":
        return f"a call back that is due in {seconds(ticket.not_before_ms - router.floor.now)}"
    return _waiting(router, ticket)


def _waiting(router: Router, ticket: Ticket) -> str:
    lane, place = ticket.lane, router.position(ticket.id)
    assert lane is not None
    if lane.owner is not None:
        left = (ticket.held_ms or router.floor.now) - router.floor.now
        return f"number {place}, held for {lane.owner.id} who knows the caller, for {seconds(left)} more"
    able = [seat for seat in router.floor.seats.values() if seat.profile in lane.ranks]
    if not able:
        return (
            f"number {place}, waiting for {skills_in_words(lane.needs)}: nobody who is signed in can take it"
        )
    doing = Counter(seat.state for seat in able)
    states = ", ".join(f"{count} {state.replace('_', '-')}" for state, count in sorted(doing.items()))
    return f"number {place}, waiting for {skills_in_words(lane.needs)}: {len(able)} could take it ({states})"
