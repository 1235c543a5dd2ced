"""The whole state as plain data, and a router made of it that goes on as the first would have."""

from dataclasses import fields
from typing import Any

from ivr.routing.floor import Floor
from ivr.routing.model import Agent, Call, Offer
from ivr.routing.policy import Rules
from ivr.routing.queues import reindex
from ivr.routing.records import Seat, Ticket
from ivr.routing.router import Router
from ivr.routing.timers import OFFER, WAIT

DERIVED = frozenset(("lane", "stamp", "stage_due", "profile", "held", "policy"))
"""Fields of the records that the index gives them anew."""
Data = dict[str, Any]


def snapshot(router: Router) -> Data:
    """Return the router's state as data that fits JSON."""
    floor = router.floor
    return {
        "now": floor.now,
        "tickets": [_record(ticket) for _, ticket in sorted(floor.tickets.items())],
        "seats": [_record(seat) for _, seat in sorted(floor.seats.items())],
        "closed": sorted(floor.closed),
        "removed": sorted(floor.removed),
        "recent": [[*who, *when] for who, when in floor.recent.items()],
        "promised": sorted([*who, call] for who, call in floor.promised.items()),
        "strays": list(floor.strays),
        "departed": list(floor.departed),
    }


def _record(record: Ticket | Seat) -> Data:
    data = {f.name: getattr(record, f.name) for f in fields(record) if f.name not in DERIVED}
    for name in ("call", "agent"):
        if name in data:
            data[name] = _plain(data[name])
    if data.get("offer") is not None:
        offer = data["offer"]
        data["offer"] = {
            "id": offer.id,
            "call": offer.call,
            "agent": offer.agent,
            "expires_ms": offer.expires_ms,
        }
    if "needs" in data:
        data["needs"] = dict(data["needs"])
    return data


def _plain(spec: Call | Agent) -> Data:
    data = {}
    for one in fields(spec):
        value = getattr(spec, one.name)
        if isinstance(value, frozenset):
            value = sorted(value)
        elif hasattr(value, "items"):
            value = dict(value)
        data[one.name] = value
    return data


def rebuild(data: Data, rules: Rules) -> Router:
    """Return a router in the state of a snapshot; its next decisions are those of the first."""
    router = Router(rules)
    floor = router.floor
    floor.now = data["now"]
    floor.closed, floor.removed = set(data["closed"]), set(data["removed"])
    floor.recent = {(number, queue): (since, left) for number, queue, since, left in data["recent"]}
    floor.promised = {(number, queue): call for number, queue, call in data["promised"]}
    floor.strays, floor.departed = dict.fromkeys(data["strays"]), dict.fromkeys(data["departed"])
    floor.seats = {one["id"]: _seat(one) for one in data["seats"]}
    floor.tickets = {one["id"]: _ticket(one, rules) for one in data["tickets"]}
    _arm(floor)
    reindex(floor)
    return router


def _seat(data: Data) -> Seat:
    agent = dict(data["agent"])
    agent["queues"] = None if agent["queues"] is None else frozenset(agent["queues"])
    return Seat(**{**data, "agent": Agent(**agent)})


def _ticket(data: Data, rules: Rules) -> Ticket:
    call = Call(**{**data["call"], "history": tuple(data["call"]["history"])})
    offer = Offer(**data["offer"]) if data["offer"] else None
    more = {"history": tuple(data["history"]), "hops": tuple(data["hops"])}
    return Ticket(**{**data, **more, "call": call, "offer": offer, "policy": rules.of(data["queue"])})


def _arm(floor: Floor) -> None:
    """Set the timers again that the records name; those of stages come with the index."""
    for seat in floor.seats.values():
        floor.until(seat, seat.due)
    for ticket in floor.tickets.values():
        if ticket.offer is not None:
            floor.timers.set(ticket.offer.expires_ms, OFFER, ticket)
        if ticket.wait_due is not None:
            floor.timers.set(ticket.wait_due, WAIT, ticket)
