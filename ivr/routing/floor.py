"""The floor: calls in their places and agents at their seats, and every move between them.

A move keeps the records, the index and the timers true to each other. Calls that came to wait and
agents who came free are `loose`, in no lane yet, until the router has matched them.
"""

from collections.abc import Iterable, Mapping

from ivr.routing.index import Index
from ivr.routing.lanes import Lane, Profile, alike
from ivr.routing.model import Agent, Call, Connect, Decision, Offer, Overflow, Withdraw
from ivr.routing.placing import hold, lane_of
from ivr.routing.policy import QUEUE_TARGET, STRICT_MS, QueuePolicy, Rules
from ivr.routing.records import AT_WORK, Seat, SeatState, Ticket
from ivr.routing.timers import SEAT, STAGE, WAIT, Timers


class Floor:
    """Who waits, who works, what rings. `told` collects the decisions of the present instant."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.may_empty, self.may_pass = rules.any_leave_empty, rules.any_pass_empty
        self.now = 0
        self.tickets: dict[str, Ticket] = {}
        self.seats: dict[str, Seat] = {}
        self.closed: set[str] = set()
        self.removed: set[str] = set()
        self.index = Index(rules)
        self.timers = Timers()
        self.told: list[Decision] = []
        self.loose_tickets: list[Ticket] = []
        self.loose_seats: list[Seat] = []
        self.overdue: list[Ticket] = []
        self.recent: dict[tuple[str, str], tuple[int, int]] = {}
        self.promised: dict[tuple[str, str], str] = {}
        self.strays: dict[str, None] = {}
        self.departed: dict[str, None] = {}

    # ---- calls

    def admit(self, call: Call) -> Ticket:
        """Return the ticket of a call that has come."""
        ticket = Ticket(
            call.id,
            call,
            call.queue,
            self.rules.of(call.queue),
            call.skills,
            call.since_ms,
            call.since_ms,
            0,
            last_agent=call.last_agent,
            offers=call.offers,
            callback=call.callback,
            not_before_ms=call.not_before_ms,
            attempts=call.attempts,
            history=call.history,
        )
        ticket.score = self.score(ticket)
        self.tickets[call.id] = ticket
        return ticket

    def score(self, ticket: Ticket) -> int:
        """Return the ordering key of a call: when it came, less all that makes it count as older (R5, R6)."""
        policy, priority = ticket.policy, ticket.call.priority
        if policy.order == "strict":
            bonus = priority * STRICT_MS
        elif not isinstance(policy.bonus_ms, Mapping):
            bonus = priority * policy.bonus_ms
        else:
            bonus = policy.bonus_ms.get(priority, 0)
        return ticket.since_ms - ticket.call.older_ms - bonus - policy.weight_ms

    def place(self, ticket: Ticket) -> None:
        """Let a call wait where it belongs at this instant; it is loose until matched."""
        if ticket.callback and ticket.not_before_ms > self.now:
            ticket.state, ticket.stage_due = "dormant", ticket.not_before_ms
            self.timers.set(ticket.not_before_ms, STAGE, ticket)
            return
        policy = ticket.policy
        ticket.state = "waiting"
        ticket.lane, ticket.stage_due = lane_of(self, ticket)
        if ticket.stage_due is not None:
            self.timers.set(ticket.stage_due, STAGE, ticket)
        if policy.max_wait_ms is not None:
            self.limit_wait(ticket)
        self.loose_tickets.append(ticket)

    def limit_wait(self, ticket: Ticket) -> None:
        """Let a caller's wait end by itself (R17)."""
        most = ticket.policy.max_wait_ms
        if most is not None and ticket.wait_due is None and not ticket.callback:
            ticket.wait_due = ticket.queued_ms + most
            self.timers.set(ticket.wait_due, WAIT, ticket)

    def lift(self, ticket: Ticket) -> None:
        """Take a call out of where it waits."""
        if ticket.stamp:
            self.index.pull(ticket)
        ticket.lane = ticket.stage_due = None

    def replace(self, tickets: Iterable[Ticket]) -> None:
        """Place waiting calls anew: what decides their lane has changed."""
        for ticket in list(tickets):
            self.lift(ticket)
            self.place(ticket)

    def end(self, ticket: Ticket) -> None:
        """Forget a call."""
        if ticket.state == "waiting":
            self.lift(ticket)
        ticket.state, ticket.offer = "gone", None
        ticket.stage_due = ticket.wait_due = None
        self.tickets.pop(ticket.id, None)
        if ticket.callback:
            self.promised.pop((ticket.call.number, ticket.queue), None)

    def move(self, ticket: Ticket, queue: str) -> None:
        """Give a call that waits nowhere another queue, at its own time."""
        ticket.history = (*ticket.history, ticket.queue)
        ticket.queue, ticket.queued_ms, ticket.policy = queue, self.now, self.rules.of(queue)
        ticket.step, ticket.held_ms, ticket.wait_due, ticket.overdue = 0, None, None, False
        ticket.score = self.score(ticket)

    def overflow(self, ticket: Ticket, to: str, because: str) -> None:
        """Let a call leave its queue for what the policy names; into a queue it goes at once.

        A call never overflows into a queue that it has overflowed from: it leaves, to nothing named.
        """
        queue = to.removeprefix(QUEUE_TARGET) if to.startswith(QUEUE_TARGET) else None
        if queue in (*ticket.hops, ticket.queue):
            queue, to = None, ""
        self.told.append(Overflow(ticket.id, to, because))
        if queue is None:
            self.end(ticket)
            return
        self.lift(ticket)
        ticket.hops = (*ticket.hops, ticket.queue)
        self.move(ticket, queue)
        self.join(ticket)

    def join(self, ticket: Ticket) -> None:
        """Let a call into its queue, or on to what the policy names (R18); a full queue shows later."""
        policy, queue = ticket.policy, ticket.queue
        if queue in self.removed:
            self.overflow(ticket, policy.overflow, "the queue is gone")
        elif queue in self.closed and not ticket.callback:
            self.overflow(ticket, policy.when_closed, "closed")
        elif not policy.join_empty and not self.staffed(queue):
            self.overflow(ticket, policy.overflow, "nobody is there")
        else:
            if policy.sticky_ms:
                hold(self, ticket)
            ticket.fresh = True
            self.place(ticket)

    def give_back(self, ticket: Ticket) -> None:
        """Put a call back into its place; if its wait ended while it rang it overflows (R11, R17)."""
        policy = ticket.policy
        if policy.leave_empty and not ticket.callback and not self.staffed(ticket.queue):
            self.overflow(ticket, policy.overflow, "nobody is there")
        elif not ticket.overdue:
            self.place(ticket)
        elif ticket.queue in self.closed and policy.at_close == "release":
            self.overflow(ticket, policy.when_closed, "closed")
        else:
            self.overflow(ticket, policy.overflow, "the wait was too long")

    # ---- agents

    def seat(self, agent: Agent) -> Seat:
        """Return the seat of an agent, which is new, or knows the agent's skills anew."""
        seat = self.seats.get(agent.id)
        if seat is None:
            seat = Seat(agent.id, agent, "paused", agent.since_ms, agent.missed, agent.calls, agent.talk_ms)
            self.seats[agent.id] = seat
            self._profile(seat)
        else:
            self.change(seat, agent)
        return seat

    def change(self, seat: Seat, agent: Agent) -> None:
        """Give an agent other skills, queues, rings or delays, in whatever state."""
        before, seat.agent = seat.agent, agent
        if alike(before, agent):
            return
        was, working = seat.profile, seat.state in AT_WORK
        if seat.stamp:
            self.index.set_busy(seat)
        self._profile(seat)
        if working and seat.profile is not None:
            self._start_work(seat.profile)
        if was is not None:
            emptied = self.index.stop_work(was) if working else []
            self.index.unseat(was)
            self._go_on([*emptied, *seat.held])
        if seat.state == "idle":
            self.loose_seats.append(seat)

    def _profile(self, seat: Seat) -> None:
        """Find an agent's profile; calls are placed anew where the agent brings a delay that is new."""
        for pool in self.index.seat(seat):
            lanes = [lane for lane in self.index.lanes.values() if lane.demand.pool == pool]
            self.replace(ticket for lane in lanes for ticket in living(lane))
            self._go_on(())

    def _start_work(self, profile: Profile) -> None:
        """An agent is at work now; calls whose own step has nobody may go on to one that has."""
        self.index.start_work(profile)
        if profile.at_work == 1 and self.may_pass:
            lanes = self.index.lanes.values()
            self._go_on([lane for lane in lanes if lane.size and not lane.able])

    def _go_on(self, lanes: Iterable[Lane]) -> None:
        """Place the calls anew of lanes that may have nobody now, and those that are loose."""
        loose, self.loose_tickets = self.loose_tickets, []
        self.replace(ticket for ticket in loose if ticket.state == "waiting" and not ticket.stamp)
        for lane in lanes:
            if lane.owner is not None or self.rules.of(lane.demand.queue).pass_empty:
                self.replace(living(lane))

    def turn(self, seat: Seat, state: SeatState) -> None:
        """Change what an agent does. Calls that then wait for nobody go on as their policy says."""
        was = seat.state
        if seat.stamp:
            self.index.set_busy(seat)
        seat.state, seat.due = state, None
        profile = seat.profile
        if profile is None or (was in AT_WORK) == (state in AT_WORK):
            return
        if state in AT_WORK:
            self._start_work(profile)
            return
        self._go_on([*self.index.stop_work(profile), *seat.held])

    def until(self, seat: Seat, due: int | None) -> None:
        """Let wrap-up or a cool-down end by itself."""
        seat.due = due
        if due is not None:
            self.timers.set(due, SEAT, seat)

    def free(self, seat: Seat, since_ms: int | None = None) -> None:
        """Let an agent wait for a call; the idle time goes on unless a new one begins."""
        self.turn(seat, "idle")
        if since_ms is not None:
            seat.idle_ms = since_ms
        seat.ticket, seat.free_ms = None, None
        self.loose_seats.append(seat)

    def leave(self, seat: Seat, state: SeatState) -> None:
        """Pause an agent, or sign the agent out ("gone"); calls that wait for nobody now may overflow."""
        self.turn(seat, state)
        if state == "gone":
            self.seats.pop(seat.id, None)
            if seat.profile is not None:
                self.index.unseat(seat.profile)
        self.leave_empty()

    def wrap_up(self, seat: Seat, policy: QueuePolicy) -> None:
        """Begin an agent's wrap-up (R14); none at all if its length is nothing."""
        own = seat.agent.wrap_up_ms
        length = policy.wrap_up_ms if own is None else own
        seat.talk_ms += self.now - seat.talk_from_ms
        seat.ticket = None
        if seat.leaving:
            seat.leaving = False
            self.leave(seat, "paused")
        elif length == 0:
            self.free(seat, self.now)
        else:
            self.turn(seat, "wrap_up")
            self.until(seat, None if length is None else self.now + length)
            self.leave_empty()

    def staffed(self, queue: str) -> bool:
        """Return whether anybody is there for a queue, as its policy counts."""
        out = self.rules.of(queue).empty_states
        return any(
            _shown(seat.state) not in out and (seat.agent.queues is None or queue in seat.agent.queues)
            for seat in self.seats.values()
        )

    def leave_empty(self) -> None:
        """Let the calls overflow of each queue that nobody is there for."""
        if not self.may_empty:
            return
        waiting: dict[str, list[Ticket]] = {}
        for ticket in self.tickets.values():
            if ticket.state == "waiting" and ticket.policy.leave_empty:
                waiting.setdefault(ticket.queue, []).append(ticket)
        for queue in sorted(waiting):
            policy = self.rules.of(queue)
            if not self.staffed(queue):
                for ticket in sorted(waiting[queue], key=place_of):
                    self.overflow(ticket, policy.overflow, "nobody is there")

    # ---- offers

    def offered(self, offer: str) -> Ticket | None:
        """Return the call that is on offer, or connected, by an offer. Its name begins with the call's."""
        ticket = self.tickets.get(offer.rpartition(".")[0])
        return (
            ticket if ticket is not None and ticket.offer is not None and ticket.offer.id == offer else None
        )

    def withdraw(self, ticket: Ticket, because: str) -> Seat | None:
        """End an offer; the call waits nowhere until it is placed. Return the agent who was rung."""
        offer = ticket.offer
        assert offer is not None
        self.told.append(Withdraw(offer, because))
        ticket.offer, ticket.last_agent = None, offer.agent
        return self.seats.get(offer.agent)

    def hand(self, ticket: Ticket, seat: Seat, offer: Offer) -> None:
        """Take a call and an agent out of those who wait: they are each other's now."""
        self.lift(ticket)
        ticket.state, ticket.offer, ticket.held_ms = "ringing", offer, None
        seat.ticket = ticket.id

    def connect(self, ticket: Ticket) -> None:
        """Bring a call and the agent together who has it on offer."""
        offer = ticket.offer
        assert offer is not None
        seat = self.seats[offer.agent]
        ticket.state, ticket.wait_due = "connected", None
        self.turn(seat, "talking")
        seat.talk_from_ms, seat.missed, seat.free_ms = self.now, 0, None
        seat.calls += 1
        self.told.append(Connect(offer, ticket.callback))

    def disconnect(self, ticket: Ticket) -> Seat | None:
        """Part a call from its agent; it waits nowhere. Return the agent, if he is still there."""
        offer = ticket.offer
        assert offer is not None
        ticket.offer, ticket.last_agent = None, offer.agent
        seat = self.seats.get(offer.agent)
        if seat is None or seat.ticket != ticket.id:
            return None
        seat.ticket = None
        return seat

    def places_taken(self, queue: str) -> int:
        """Return how many callers wait on the line."""
        if not self.promised:
            return sum(lane.size for lane in self.index.by_queue.get(queue, ()))
        return sum(not t.callback for lane in self.index.by_queue.get(queue, ()) for t in living(lane))


def _shown(state: SeatState) -> str:
    return "ready" if state in ("idle", "resting") else state


def place_of(ticket: Ticket) -> tuple[int, str]:
    """Return the one ordering key of a call."""
    return ticket.score, ticket.id


def living(lane: Lane) -> list[Ticket]:
    """Return the calls that wait in a lane, in no order."""
    return [ticket for _, _, stamp, ticket in lane.heap if ticket.stamp == stamp]
