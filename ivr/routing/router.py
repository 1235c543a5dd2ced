"""The router: events in, decisions out. No I/O, no clock, no chance: the same events give the same decisions.

Longest-waiting caller first over all queues; for one caller the best-skilled, then longest-idle
agent; ties break on identifiers. `docs/routing.md` explains the rules; `ivr.routing.floor` keeps the
state and `ivr.routing.match` pairs callers with agents.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ivr.routing import agents, callers, queues
from ivr.routing.floor import Floor, place_of
from ivr.routing.match import settle
from ivr.routing.model import (
    Accepted,
    Away,
    Booked,
    Changed,
    Closed,
    Configured,
    Decision,
    Ended,
    Entered,
    Event,
    Foreseen,
    Left,
    NoAnswer,
    Opened,
    Paused,
    Ready,
    Rejected,
    Removed,
    Restored,
    Tick,
    Together,
    Transferred,
    WrappingUp,
)
from ivr.routing.policy import Rules
from ivr.routing.records import Seat
from ivr.routing.timers import OFFER, WAIT


def _together(floor: Floor, event: Together) -> None:
    for one in event.events:
        HANDLERS[type(one)](floor, one)


def _nothing(floor: Floor, event: Tick) -> None:
    """Time has passed already."""


HANDLERS: Mapping[type, Callable[[Floor, Any], None]] = {
    Entered: callers.entered,
    Left: callers.left,
    Ended: callers.ended,
    Transferred: callers.transferred,
    Booked: callers.booked,
    NoAnswer: callers.not_answered,
    Ready: agents.ready,
    Paused: agents.paused,
    Away: agents.away,
    Changed: agents.changed,
    Foreseen: agents.foreseen,
    WrappingUp: agents.wrapping_up,
    Accepted: agents.accepted,
    Rejected: agents.rejected,
    Restored: agents.restored,
    Opened: queues.opened,
    Closed: queues.closed,
    Removed: queues.removed,
    Configured: queues.configured,
    Together: _together,
    Tick: _nothing,
}
"""What each event does; the rest is time and matching."""


class Router:
    """Give it every event with the time; do what it decides."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.floor = Floor(rules or Rules())

    def apply(self, event: Event, now_ms: int) -> list[Decision]:
        """Take one event and return what to do, in order. A time that goes back counts as the latest."""
        floor = self.floor
        if now_ms > floor.now:
            floor.now = now_ms
        told: list[Decision] = []
        floor.told = told
        timers = floor.timers.heap
        if timers and timers[0][0] <= floor.now:
            self._let_time_pass()
        HANDLERS[type(event)](floor, event)
        if floor.loose_seats or floor.loose_tickets:
            settle(floor)
        if floor.overdue:
            self._end_waits()
        if (heap := floor.timers.heap) and heap[0][0] <= floor.now:
            self._catch_up()
        return told

    def _catch_up(self) -> None:
        """Do what the event has made due at once."""
        floor = self.floor
        while floor.timers.heap and floor.timers.heap[0][0] <= floor.now:
            self._let_time_pass()
            settle(floor)
            self._end_waits()

    def next_ms(self) -> int | None:
        """Return when time alone changes something next, or None."""
        return self.floor.timers.next()

    def position(self, call: str) -> int | None:
        """Return a waiting call's place in its queue, counted from 1."""
        ticket = self.floor.tickets.get(call)
        if ticket is None or ticket.state not in ("waiting", "ringing"):
            return None
        mine, queue = place_of(ticket), ticket.queue
        return 1 + sum(
            other.queue == queue and other.state in ("waiting", "ringing") and place_of(other) < mine
            for other in self.floor.tickets.values()
        )

    # ---- the machine

    def _let_time_pass(self) -> None:
        """Do what was due up to now, in the order in which it was due."""
        floor = self.floor
        while (timer := floor.timers.pop(floor.now)) is not None:
            due, kind, _, _, about = timer
            if isinstance(about, Seat):
                floor.free(about, due if about.state == "wrap_up" else None)
            elif kind == OFFER and about.offer is not None:
                agents.missed(floor, about.offer.id, "expired")
            elif kind == WAIT:
                about.wait_due, about.overdue = None, True
                floor.overdue.append(about)
            else:
                floor.replace([about])

    def _end_waits(self) -> None:
        """Let calls overflow whose wait ends now and that nobody took; one that rings may finish (R17)."""
        floor = self.floor
        for ticket in floor.overdue:
            if ticket.state == "waiting" and ticket.overdue:
                floor.lift(ticket)
                floor.give_back(ticket)
        floor.overdue.clear()
        settle(floor)
