"""Where a call waits: in the lane of what it needs now, or with the agent who knows its caller."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ivr.routing.lanes import Demand, Lane
from ivr.routing.records import AT_WORK, Seat, Ticket
from ivr.routing.relaxation import band, next_change, stage, steps_due

if TYPE_CHECKING:
    from ivr.routing.floor import Floor

NO_DELAYS: tuple[int, ...] = ()
NOTHING_PREFERRED: frozenset[tuple[str, int]] = frozenset()


def lane_of(floor: "Floor", ticket: Ticket) -> tuple[Lane, int | None]:
    """Return the lane a call belongs to now, and when time alone moves it to another."""
    due = None
    if ticket.policy.steps or floor.index.delays:
        lane, due = _opened(floor, ticket)
    elif ticket.call.prefer:
        lane = floor.index.lane(_demand(ticket, ticket.queue, ticket.needs))
    else:
        lane = floor.index.plain_lane(ticket.queue, frozenset(ticket.needs.items()))
    return (lane, due) if ticket.held_ms is None else _held(floor, ticket, lane, due)


def _demand(ticket: Ticket, pool: str, needs: Mapping[str, int], ring: int = 0, age: int = 0) -> Demand:
    prefer = frozenset(ticket.call.prefer.items()) if ticket.call.prefer else NOTHING_PREFERRED
    return Demand(ticket.queue, pool, frozenset(needs.items()), prefer, ring, age)


def _opened(floor: "Floor", ticket: Ticket) -> tuple[Lane, int | None]:
    """Return the lane of a call as far as it is opened at its age (R3, R9); empty steps may be passed."""
    policy, age = ticket.policy, floor.now - ticket.since_ms
    ticket.step = max(ticket.step, steps_due(policy.steps, age))
    lane = _at_step(floor, ticket, age, ticket.step)
    if policy.pass_empty and not lane.able:
        lane = _with_agents(floor, ticket, age) or lane
    delays = floor.index.delays.get(lane.demand.pool, NO_DELAYS)
    change = next_change(policy.steps, ticket.step, delays, age)
    return lane, None if change is None else ticket.since_ms + change


def _with_agents(floor: "Floor", ticket: Ticket, age: int) -> Lane | None:
    """Go on to the first later step for which somebody is at work; nowhere, if there is none."""
    for step in range(ticket.step + 1, len(ticket.policy.steps) + 1):
        lane = _at_step(floor, ticket, age, step)
        if lane.able:
            ticket.step = step
            return lane
    return None


def _at_step(floor: "Floor", ticket: Ticket, age: int, step: int) -> Lane:
    now = stage(ticket.policy, ticket.queue, ticket.needs, step)
    outlived = band(floor.index.delays.get(now.pool, NO_DELAYS), age)
    demand = _demand(ticket, now.pool, now.needs, now.ring, outlived)
    return floor.index.lane(demand._replace(asked=frozenset(ticket.needs.items())))


def hold(floor: "Floor", ticket: Ticket) -> None:
    """Keep a call for the agent who knows the caller, if that is worth the wait (R13)."""
    seat = floor.seats.get(ticket.call.known_agent or "")
    if seat is None or seat.state == "idle":
        return
    free, latest = expected_free(seat, ticket.policy.handle_ms), floor.now + ticket.policy.sticky_ms
    if free is not None and free <= latest:
        ticket.held_ms = latest


def expected_free(seat: Seat, handle_ms: int) -> int | None:
    """Return when an agent is thought to be free; None: nobody knows."""
    match seat.state:
        case "resting" | "wrap_up":
            return seat.due
        case "talking":
            return seat.talk_from_ms + handle_ms if seat.free_ms is None else seat.free_ms
    return None


def _held(floor: "Floor", ticket: Ticket, lane: Lane, due: int | None) -> tuple[Lane, int | None]:
    """Return the agent's own lane while the call is held for him, else the given one."""
    seat, until = floor.seats.get(ticket.call.known_agent or ""), ticket.held_ms
    if until is None or until <= floor.now or seat is None or not _can_take(seat, lane):
        ticket.held_ms = None
        return lane, due
    own = floor.index.lane(lane.demand._replace(only=seat.id))
    own.owner = seat
    seat.held = [one for one in seat.held if one.size and one is not own] + [own]
    return own, until if due is None else min(until, due)


def _can_take(seat: Seat, lane: Lane) -> bool:
    return seat.state in AT_WORK and seat.profile in lane.ranks
