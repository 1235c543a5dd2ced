"""What is learnt of waits while the hotline runs, and the range that a caller may be told.

Per queue: how long agents are busy with a call (wrap-up included), how long callers have patience, and how
far earlier estimates were off. At a start the newest tickets of the tables are learnt from.
"""

from collections.abc import Iterable

from ivr.routing.estimate import Estimator, Expected
from ivr.routing.model import Away, Connect, Decision, Ended, Entered, Event, Left, Ready, Together
from ivr.routing.router import Router
from ivr.routing.standing import ahead
from ivr.storage.tables import TicketRow

LEARNT_FROM = 500
"""Newest tickets that are learnt from at a start."""
ESTIMATE_EVERY_MS = 10
"""At most so often what is thought of a new caller's wait is kept, to be compared with the truth later."""


class Waits:
    """The experience of all queues. Used by the dispatcher's thread; ranges may be asked for by any."""

    def __init__(self) -> None:
        self._queues: dict[str, Estimator] = {}
        self._expected: dict[str, Expected] = {}
        self._talks: dict[str, tuple[str, int]] = {}
        self._estimated_ms = 0

    def of(self, queue: str) -> Estimator:
        """Return the experience of a queue."""
        return self._queues.setdefault(queue, Estimator())

    def learn(self, tickets: Iterable[TicketRow]) -> None:
        """Learn from tickets that have ended, oldest first."""
        for row in tickets:
            if row.ended_at is None:
                continue
            queue = self.of(row.queue)
            if row.connected_at is not None:
                queue.handled(_ms(row.ended_at.timestamp() - row.connected_at.timestamp()))
                queue.waited(_ms(row.connected_at.timestamp() - row.entered_at.timestamp()), gave_up=False)
            elif row.state == "abandoned":
                queue.waited(_ms(row.ended_at.timestamp() - row.entered_at.timestamp()), gave_up=True)

    def before(self, router: Router, event: Event, now_ms: int) -> None:
        """Take note of what an event ends, before the router hears of it."""
        match event:
            case Together(events=events):
                for one in events:
                    self.before(router, one, now_ms)
            case Ready(agent=agent) if agent.id in self._talks:
                self._end_talk(agent.id, now_ms)
            case Ended(call=call):
                self._end_by_policy(router, call, now_ms)
            case Away(agent=name) if name in self._talks:
                self._end_talk(name, now_ms)
            case Left(call=call, gave_up=gave_up):
                ticket = router.floor.tickets.get(call)
                self._expected.pop(call, None)
                if gave_up and ticket is not None and ticket.state in ("waiting", "ringing"):
                    self.of(ticket.queue).waited(now_ms - ticket.since_ms, gave_up=True)

    def after(self, router: Router, event: Event, told: Iterable[Decision], now_ms: int) -> None:
        """Take note of who came and who was connected, after the router has decided."""
        for decision in told:
            if isinstance(decision, Connect):
                self._connected(router, decision, now_ms)
        if isinstance(event, Entered) and now_ms >= self._estimated_ms + ESTIMATE_EVERY_MS:
            self._estimated_ms = now_ms
            expected = self._expect(router, event.call.id)  # after a takeover nobody is new
            if expected is not None:
                self._expected.setdefault(event.call.id, expected)

    def _connected(self, router: Router, decision: Connect, now_ms: int) -> None:
        offer = decision.offer
        ticket = router.floor.tickets.get(offer.call)
        if ticket is None or offer.agent in self._talks:
            return
        self._talks[offer.agent] = ticket.queue, now_ms
        wait, queue = now_ms - ticket.since_ms, self.of(ticket.queue)
        queue.waited(wait, gave_up=False)
        if (expected := self._expected.pop(offer.call, None)) is not None:
            queue.learn(expected, wait)

    def _end_by_policy(self, router: Router, call: str, now_ms: int) -> None:
        """A talk is over whose wrap-up ends by itself: how long that takes is known."""
        ticket = router.floor.tickets.get(call)
        if ticket is None or ticket.offer is None or ticket.policy.wrap_up_ms is None:
            return
        if ticket.offer.agent in self._talks:
            self._end_talk(ticket.offer.agent, now_ms + ticket.policy.wrap_up_ms)

    def _end_talk(self, agent: str, now_ms: int) -> None:
        queue, began = self._talks.pop(agent)
        self.of(queue).handled(now_ms - began)

    def _expect(self, router: Router, call: str) -> Expected | None:
        there, ticket = ahead(router, call), router.floor.tickets.get(call)
        if there is None or ticket is None:
            return None
        return self.of(ticket.queue).expect(there.calls, there.agents)

    def range_ms(self, router: Router, call: str) -> tuple[float, float] | None:
        """Return between what a waiting call's *further* wait will end; None while too little is known."""
        expected, ticket = self._expect(router, call), router.floor.tickets.get(call)
        return None if expected is None or ticket is None else self.of(ticket.queue).range_ms(expected)

    def figures(self) -> dict[str, dict[str, float]]:
        """Return what has been learnt by queue: seconds a call takes, estimates beside the truth."""
        return {
            name: {"handle_s": round(one.handle_ms / 1000, 1), **one.errors()}
            for name, one in sorted(self._queues.items())
        }


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
