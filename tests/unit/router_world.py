"""Random callers, agents and supervisors for the router, and what must hold whatever they do.

What is checked is worked out anew from the router's records, by the sentences of the rules.
"""

from random import Random

from ivr.routing.model import (
    Accepted,
    Agent,
    Away,
    Booked,
    Call,
    Changed,
    Closed,
    Configured,
    Connect,
    Ended,
    Entered,
    Foreseen,
    Left,
    Merge,
    NoAnswer,
    Offer,
    Opened,
    Overflow,
    Paused,
    Ready,
    Rejected,
    Removed,
    Tick,
    Together,
    Transferred,
    WrappingUp,
)
from ivr.routing.policy import DYNAMIC, STRICT_MS, read_rules
from ivr.routing.router import Router

SKILLS = ("en", "fr", "orders")
QUEUES = ("sales", "support", "night")
AT_WORK = ("idle", "resting", "ringing", "talking", "wrap_up")


def some_rules(rng: Random, *, reserve: bool = False):
    """Rules of all sorts."""
    return read_rules(
        {
            "offer": rng.choice(["0s", "5s", "15s"]),
            "calls": rng.choice(["fcfs", "fcfs", "level"]),
            "rare_first": rng.choice(["0s", "20s", "5m"]),
            "max_missed": rng.choice([1, 3]),
            "cool_downs": {"rejected": rng.choice(["0s", "5s"])},
            "reserve": {"fr": 1} if reserve else {},
            "queues": {"sales": _policy(rng), "night": {**_policy(rng), "overflow": "queue:support"}},
            "default": {**_policy(rng), "overflow": rng.choice(["", "voicemail"])},
        }
    )


def _policy(rng: Random):
    steps = [
        {"after": "10s", "min_levels": {"orders": 1}},
        {"after": "20s", "ring": 2},
        {"after": "30s", "drop": ["fr"]},
    ]
    return {
        "order": rng.choice(["seconds", "seconds", "strict"]),
        "bonus": rng.choice(["30s", {"1": "15s", "2": "1m"}]),
        "weight": rng.choice(["0s", "10s"]),
        "agents": rng.choice(
            [["idle"], ["level", "fit", "idle"], ["prefer", "fit", "fewest_calls"], ["least_talk"]]
        ),
        "steps": [step for step in steps if rng.random() < 0.4],
        "pass_empty": rng.random() < 0.3,
        "sticky": rng.choice(["0s", "20s"]),
        "wrap_up": rng.choice([None, "0s", "10s"]),
        "max_wait": rng.choice([None, None, "60s"]),
        "limit": rng.choice([None, None, 0, 3]),
        "join_empty": rng.random() < 0.8,
        "leave_empty": rng.random() < 0.2,
        "empty_states": rng.choice([[], ["paused", "wrap_up"]]),
        "at_close": rng.choice(["drain", "release"]),
        "keep_time": rng.random() < 0.7,
        "callback": {"first_delay": rng.choice(["0s", "15s"]), "retry": "20s", "tries": 2},
    }


class World:
    """A router and somebody who throws dice for what happens next."""

    def __init__(self, rng: Random, *, reserve: bool = False, calls: int = 12, agents: int = 4) -> None:
        self.rng, self.reserve, self.calls, self.agents = rng, reserve, calls, agents
        self.router = Router(some_rules(rng, reserve=reserve))
        self.now = 1_000_000
        self.count = 0
        self.entered: dict[str, int] = {}
        self.tally = dict.fromkeys(("offered", "ended", "left", "overflowed", "merged"), 0)

    # ---- dice

    def event(self):
        """Return what happens next."""
        rng = self.rng
        if rng.random() < 0.05:
            return Together(tuple(self.one() for _ in range(rng.randrange(1, 4))))
        return self.one()

    def one(self):
        rng, roll = self.rng, self.rng.random()
        floor = self.router.floor
        if roll < 0.25:
            return Entered(self.call()) if len(floor.tickets) < self.calls else Left(self.a_call())
        if roll < 0.40:
            return Ready(self.agent(self.an_agent()))
        if roll < 0.52:
            return Accepted(self.an_offer())
        if roll < 0.58:
            return Rejected(self.an_offer(), rng.random() < 0.3)
        if roll < 0.68:
            return Ended(self.a_call())
        if roll < 0.74:
            return Left(self.a_call())
        return self.seldom((roll - 0.74) / 0.26)

    def seldom(self, roll: float):
        rng, call, agent = self.rng, self.a_call(), self.an_agent()
        kinds = [
            lambda: Tick(),
            lambda: Paused(agent),
            lambda: Away(agent),
            lambda: Changed(self.agent(agent)),
            lambda: Foreseen(agent, self.now + rng.randrange(40_000)),
            lambda: WrappingUp(agent, rng.choice([None, self.now + 5000, self.now - 1])),
            lambda: Transferred(call, rng.choice(QUEUES), rng.choice([None, {"en": 1}])),
            lambda: Booked(call, self.now + rng.choice([0, 30_000])),
            lambda: NoAnswer(call),
            lambda: Opened(rng.choice(QUEUES)),
            lambda: Opened(rng.choice(QUEUES)),
            lambda: Closed(rng.choice(QUEUES)) if rng.random() < 0.5 else Tick(),
            lambda: Removed("night") if rng.random() < 0.2 else Tick(),
            lambda: Configured(some_rules(rng, reserve=self.reserve)) if rng.random() < 0.3 else Tick(),
        ]
        return kinds[min(int(roll * len(kinds)), len(kinds) - 1)]()

    def call(self) -> Call:
        rng = self.rng
        self.count += 1
        skills = {skill: rng.choice([1, 1, 2]) for skill in rng.sample(SKILLS, rng.choice([0, 1, 1, 2]))}
        return Call(
            f"c{self.count:07}",
            rng.choice(QUEUES),
            skills,
            self.now - rng.choice([0, 0, 0, 7000]),
            rng.choice([0, 0, 0, 1, 2]),
            prefer={"fr": 2} if rng.random() < 0.2 else {},
            known_agent=self.an_agent() if rng.random() < 0.2 else None,
            number=f"+{rng.randrange(6)}" if rng.random() < 0.5 else "",
            older_ms=rng.choice([0, 0, 4000]),
            callback=rng.random() < 0.05,
            not_before_ms=rng.choice([0, self.now + 10_000]),
        )

    def agent(self, name: str) -> Agent:
        rng = self.rng
        return Agent(
            name,
            {skill: rng.choice([1, 2]) for skill in rng.sample(SKILLS, rng.randrange(1, 4))},
            self.now,
            queues=rng.choice([None, None, frozenset(rng.sample(QUEUES, 2))]),
            rings={"support": 2} if rng.random() < 0.3 else {},
            delays_ms={"sales": 12_000} if rng.random() < 0.15 else {},
        )

    def an_agent(self) -> str:
        return f"a{self.rng.randrange(self.agents)}"

    def a_call(self) -> str:
        known = sorted(self.router.floor.tickets)
        return self.rng.choice(known) if known and self.rng.random() < 0.95 else "c0000000"

    def an_offer(self) -> str:
        known = sorted(t.offer.id for t in self.router.floor.tickets.values() if t.offer)
        return self.rng.choice(known) if known and self.rng.random() < 0.9 else "c0000000.1"

    def pass_time(self) -> None:
        """Go to the next moment, by a leap, or to exactly where something is due."""
        due = self.router.next_ms()
        if due is not None and self.rng.random() < 0.3:
            self.now = max(self.now, due)
        else:
            self.now += self.rng.choice([0, 0, 1, 700, 3000, 9000])

    # ---- one step, checked

    def step(self):
        """Let something happen; check everything. Return the event and what was decided."""
        self.pass_time()
        event = self.event()
        before = set(self.router.floor.tickets)
        connected = {t.id for t in self.router.floor.tickets.values() if t.state == "connected"}
        told = self.router.apply(event, self.now - self.rng.choice([0, 0, 0, 5000]))
        self.count_up(before, connected, told)
        check(self.router, told, fresh=not isinstance(event, Accepted | Together))
        return event, told

    def count_up(self, before: set[str], connected: set[str], told) -> None:
        """Every call that is gone is gone for a reason that was told, or ended."""
        gone = before - set(self.router.floor.tickets)
        out = {one.call for one in told if isinstance(one, Overflow) and not one.to.startswith("queue:")}
        merged = {one.callback for one in told if isinstance(one, Merge)}
        for call in gone:
            kind = (
                "overflowed"
                if call in out
                else "merged"
                if call in merged
                else "ended"
                if call in connected
                else "left"
            )
            self.tally[kind] += 1


# ---- what must hold


def in_force(rules, ticket):
    """Return whose agents, which needs and which ring are in force, by the steps that a call has passed."""
    policy, needs, pool = rules.of(ticket.queue), dict(ticket.needs), ticket.queue
    ring = 1 if any(step.ring for step in policy.steps) else 99
    for step in policy.steps[: ticket.step]:
        needs = {
            s: min(level, step.min_levels.get(s, level)) for s, level in needs.items() if s not in step.drop
        }
        pool, ring = step.queue or pool, step.ring or ring
    return pool, needs, ring


def eligible(rules, ticket, seat, now):
    """R1, R3, R9, R13: may this agent take this call now?"""
    pool, needs, ring = in_force(rules, ticket)
    agent = seat.agent
    if ticket.held_ms is not None and ticket.state == "waiting" and ticket.call.known_agent != seat.id:
        return False
    return (
        (agent.queues is None or pool in agent.queues)
        and agent.rings.get(pool, 1) <= ring
        and agent.delays_ms.get(pool, 0) <= max(0, now - ticket.since_ms)
        and all(agent.skills.get(skill, 0) >= level for skill, level in needs.items())
    )


def kept_back(router, ticket, seat):
    """The reserve: is this idle agent left to rarer calls?"""
    idle = [s for s in router.floor.seats.values() if s.state == "idle"]
    needs = in_force(router.floor.rules, ticket)[1]
    return any(
        skill in seat.agent.skills
        and skill not in needs
        and sum(skill in s.agent.skills for s in idle) <= least
        for skill, least in router.floor.rules.reserve.items()
    )


def score(rules, ticket):
    policy, call = rules.of(ticket.queue), ticket.call
    bonus = policy.bonus_ms
    step = call.priority * bonus if isinstance(bonus, int) else bonus.get(call.priority, 0)
    ahead = call.priority * STRICT_MS if policy.order == "strict" else step
    return ticket.since_ms - call.older_ms - ahead - policy.weight_ms, ticket.id


def rank(rules, ticket, seat):
    """R2, R8: what orders an agent for a call."""
    policy, agent = rules.of(ticket.queue), seat.agent
    pool, needs, _ = in_force(rules, ticket)
    of = {
        "prefer": lambda: -sum(w for skill, w in ticket.call.prefer.items() if skill in agent.skills),
        "level": lambda: -sum(agent.skills.get(skill, 0) for skill in needs),
        "fit": lambda: len(agent.skills),
        "idle": lambda: 0,
        "fewest_calls": lambda: seat.calls - (seat.state == "talking"),
        "least_talk": lambda: seat.talk_ms,
    }
    return agent.rings.get(pool, 1), *(of[order]() for order in policy.agents), seat.idle_ms, seat.id


def check(router, told, fresh=True):
    """Raise AssertionError where the floor, or what was just decided afresh, breaks a rule."""
    floor, rules, now = router.floor, router.floor.rules, router.floor.now
    waiting = [t for t in floor.tickets.values() if t.state == "waiting"]
    idle = [s for s in floor.seats.values() if s.state == "idle"]
    _check_single_assignment(floor)
    for ticket in waiting:
        _check_waiting(floor, ticket)
        for seat in idle:
            if eligible(rules, ticket, seat, now):
                assert rules.reserve, ("work is left undone", ticket.id, seat.id)
                assert kept_back(router, ticket, seat), ("not kept back", ticket.id, seat.id)
    for one in told:
        offer = one.offer if isinstance(one, Connect) else one
        made_now = isinstance(offer, Offer) and offer.expires_ms == now + rules.offer_ms
        if made_now and isinstance(one, Offer if rules.offer_ms else Connect) and fresh:
            ticket, seat = floor.tickets.get(offer.call), floor.seats.get(offer.agent)
            if ticket is not None and seat is not None and ticket.offer is offer:
                _check_choice(router, ticket, seat, waiting, idle)
    due = floor.timers.next()
    assert due is None or due > now, "a timer is late"
    size = sum(len(lane.heap) for lane in floor.index.lanes.values())
    assert size <= 2 * len(waiting) + 10 * len(floor.index.lanes)


def _check_single_assignment(floor):
    held = [(t.offer.agent, t.id) for t in floor.tickets.values() if t.state in ("ringing", "connected")]
    assert len({agent for agent, _ in held}) == len(held), "an agent has two calls"
    for agent, call in held:
        seat = floor.seats[agent]
        assert seat.ticket == call
        assert seat.state == ("ringing" if floor.tickets[call].state == "ringing" else "talking")
    busy = [seat for seat in floor.seats.values() if seat.state in ("ringing", "talking")]
    assert len(busy) == len(held), "an agent is busy with nobody"


def _check_waiting(floor, ticket):
    """A waiting call is in one lane, as far opened as its age says."""
    policy = floor.rules.of(ticket.queue)
    assert ticket.score == score(floor.rules, ticket)[0]
    assert ticket.lane.size > 0
    assert any(entry[3] is ticket and entry[2] == ticket.stamp for entry in ticket.lane.heap)
    due = sum(step.after_ms <= floor.now - ticket.since_ms for step in policy.steps)
    assert ticket.step >= due, "a step is late"
    assert policy.pass_empty or ticket.offers or ticket.step == due


def _check_choice(router, ticket, seat, waiting, idle):
    """R5, R7, R8: nobody who still waits should have gone first, neither caller nor agent."""
    rules, now = router.floor.rules, router.floor.now
    reason = ticket.offer.reason
    assert eligible(rules, ticket, seat, now)
    assert reason.words()
    mine = score(rules, ticket)[0] - rules.rare_first_ms
    for other in waiting:
        if (
            rules.calls == "fcfs"
            and not other.hops
            and eligible(rules, other, seat, now)
            and not rules.reserve
        ):
            assert score(rules, other) >= (mine, ""), ("overtaken", other.id, ticket.id)
            same = (
                other.queue == ticket.queue
                and other.needs == ticket.needs
                and other.call.priority == ticket.call.priority
            )
            if same and other.held_ms is None:
                assert score(rules, other) > score(rules, ticket), "overtaken by its like"
    for other in idle:
        usable = eligible(rules, ticket, other, now) and not rules.reserve and not reason.agents.special
        if usable and other.id != ticket.last_agent:
            assert rank(rules, ticket, other) > rank(rules, ticket, seat), ("not his turn", seat.id, other.id)


def state_of(router):
    """Return all that decides what happens next."""
    from ivr.routing.snapshot import snapshot

    return snapshot(router)


__all__ = ["AT_WORK", "DYNAMIC", "World", "check", "some_rules", "state_of"]
