"""Pairs the calls and agents that have come free with all others, until no pair is left (R10)."""

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Any

from ivr.routing.floor import Floor, place_of
from ivr.routing.matching import KNOWN, ONLY, Choice, Pick, best_call, best_seat, first_call
from ivr.routing.model import Offer
from ivr.routing.reason import Reason, Rivals
from ivr.routing.records import Seat, Ticket
from ivr.routing.timers import OFFER


def settle(floor: Floor) -> None:
    """Match what is loose. What finds nobody waits in the index from now on."""
    while floor.loose_seats or floor.loose_tickets:
        seats, tickets = floor.loose_seats, floor.loose_tickets
        if not seats and len(tickets) == 1 and not floor.rules.reserve:
            _match_ticket(floor, tickets.pop())
        elif not tickets and len(seats) == 1 and not floor.rules.reserve:
            _match_seat(floor, seats.pop())
        else:
            floor.loose_seats, floor.loose_tickets = [], []
            _match_many(floor, seats, tickets)
    if len(floor.index.lanes) > floor.index.most_lanes:
        floor.index.prune()


def _match_seat(floor: Floor, seat: Seat) -> None:
    if seat.state != "idle" or seat.stamp:
        return
    choice = best_call(floor.index, seat)
    if choice is None:
        floor.index.set_idle(seat)
    else:
        assign(floor, choice.ticket, seat, choice, None)


def _match_ticket(floor: Floor, ticket: Ticket) -> None:
    lane = ticket.lane
    if ticket.state != "waiting" or ticket.stamp or lane is None:
        return
    if lane.owner is not None or lane.able & floor.index.idle_mask:
        pick = _pick(floor, ticket)
        if pick is not None:
            assign(floor, ticket, pick.seat, None, pick)
            return
    floor.index.push(ticket, lane)
    if ticket.fresh:
        _mind_the_limit(floor, ticket)


def _pick(floor: Floor, ticket: Ticket) -> Pick | None:
    known = floor.seats.get(ticket.call.known_agent) if ticket.call.known_agent else None
    assert ticket.lane is not None
    return best_seat(floor.index, ticket, ticket.lane, known)


def _mind_the_limit(floor: Floor, ticket: Ticket) -> None:
    """Send a call on that has just come and finds no place to wait (R18)."""
    ticket.fresh, policy = False, ticket.policy
    if policy.limit is None or ticket.callback:
        return
    if floor.places_taken(ticket.queue) > policy.limit:
        floor.overflow(ticket, policy.when_full, "full")


def _match_many(floor: Floor, seats: list[Seat], tickets: list[Ticket]) -> None:
    """Match several at once: of all calls that somebody can take now, the first in order goes first."""
    index = floor.index
    for seat in seats:
        if seat.state == "idle" and not seat.stamp:
            index.set_idle(seat)
    if floor.rules.reserve:  # one more who is idle may set others free
        seats = [seat for seat in floor.seats.values() if seat.stamp]
    seats = sorted(seats, key=_name)  # in what order they came free decides nothing
    for ticket in tickets:
        if ticket.state == "waiting" and not ticket.stamp and ticket.lane is not None:
            index.push(ticket, ticket.lane)
    heap: list[tuple[tuple[int, str], int, list[Seat] | Ticket]] = []
    everybody: list[list[Seat] | Ticket] = [*tickets, *_alike(seats)]
    for place, one in enumerate(everybody):
        _line_up(floor, heap, place, one)
    while heap:
        due, place, one = heappop(heap)
        first = _first(floor, one)
        if first is not None and place_of(first) > due:
            heappush(heap, (place_of(first), place, one))  # another took the call: behind those before it
        elif first is not None and _match_first(floor, first):
            _line_up(floor, heap, place, one)
    for ticket in sorted(tickets, key=place_of, reverse=True):
        if ticket.stamp and ticket.fresh:
            _mind_the_limit(floor, ticket)


def _name(seat: Seat) -> str:
    return seat.id


def _alike(seats: Iterable[Seat]) -> list[list[Seat]]:
    """Return agents by what they could take: those of one profile stand in line as one."""
    groups: dict[object, list[Seat]] = {}
    for seat in seats:
        groups.setdefault(seat.id if seat.held else seat.profile, []).append(seat)
    return list(groups.values())


def _line_up(floor: Floor, heap: list[Any], place: int, one: list[Seat] | Ticket) -> None:
    """Put a call, or agents by the first call they could take, into the one order."""
    first = _first(floor, one)
    if first is not None:
        heappush(heap, (place_of(first), place, one))


def _first(floor: Floor, one: list[Seat] | Ticket) -> Ticket | None:
    if isinstance(one, Ticket):
        return one if one.stamp else None
    while one and not one[-1].stamp:
        one.pop()
    return first_call(floor.index, one[-1]) if one else None


def _match_first(floor: Floor, ticket: Ticket) -> bool:
    """Match a call with its best agent; if that agent would rather take another call, match that one.

    Return whether somebody was matched.
    """
    pick = _pick(floor, ticket)
    choice = best_call(floor.index, pick.seat) if pick else None
    if pick is None or choice is None:
        return False
    if choice.ticket is not ticket:
        pick = _pick(floor, choice.ticket) or pick
    assign(floor, choice.ticket, pick.seat, choice, pick)
    return True


def assign(floor: Floor, ticket: Ticket, seat: Seat, choice: Choice | None, pick: Pick | None) -> None:
    """Offer a call to an agent, or connect them where phones answer by themselves; note why."""
    reason = _reason(floor, ticket, seat, choice, pick)
    ticket.offers += 1
    expires = floor.now + floor.rules.offer_ms
    offer = Offer(f"{ticket.id}.{ticket.offers}", ticket.id, seat.id, expires, reason)
    floor.hand(ticket, seat, offer)
    if floor.rules.offer_ms:
        floor.turn(seat, "ringing")
        floor.timers.set(expires, OFFER, ticket)
        floor.told.append(offer)
    else:
        floor.connect(ticket)


def _reason(floor: Floor, ticket: Ticket, seat: Seat, choice: Choice | None, pick: Pick | None) -> Reason:
    lane, step = ticket.lane, ticket.step
    assert lane is not None
    return Reason(
        seat.id,
        max(0, floor.now - ticket.since_ms),
        ticket.since_ms - ticket.score,
        ticket.needs,
        lane.needs,
        lane.demand.ring,
        step,
        ticket.policy.steps[step - 1].after_ms if step else 0,
        lane.names,
        choice.rivals if choice else Rivals((ticket.score, ticket.id), None, 1),
        pick.rivals if pick else KNOWN if lane.owner else ONLY,
    )
