"""Kinds of demand and kinds of agents: a lane holds calls that exactly the same agents can take."""

from bisect import bisect_left
from operator import itemgetter
from typing import NamedTuple

from ivr.routing.model import Agent
from ivr.routing.policy import DYNAMIC, QueuePolicy
from ivr.routing.records import Seat, Ticket

Kinds = frozenset[tuple[str, int]]


class Demand(NamedTuple):
    """What the calls of a lane have in common: whose policy, whose agents, which skills, how far opened.

    `ring` 0 lets all rings in; `age_ms` is the longest delay that the calls have outlived; `only` names
    the agent for whom they are held. `asked` is what was needed before any step, in queues with steps.
    """

    queue: str
    pool: str
    needs: Kinds
    prefer: Kinds = frozenset()
    ring: int = 0
    age_ms: int = 0
    only: str = ""
    asked: Kinds | None = None


Rank = tuple[int, ...]
Entry = tuple[int, str, int, Ticket]
IdleEntry = tuple[int, int, str, int, Seat]


class Lane:
    """The waiting calls of one demand, first come first. `able` has a bit for each profile at work.

    `last_score` is the greatest score there has been: a call behind it has all of them before it.
    `base` is the lane of what was asked at first, out to all rings and delays: by it calls are rare or not,
    and calls that asked for the same are equally rare. `wider` are the base lanes whose agents include all
    of its own, and more, as of the roster `wider_at`.
    """

    __slots__ = (
        "able",
        "able_count",
        "base",
        "counts",
        "demand",
        "groups",
        "heap",
        "kind",
        "last_score",
        "names",
        "needs",
        "owner",
        "ranks",
        "size",
        "wider",
        "wider_at",
    )

    def __init__(self, demand: Demand, policy: QueuePolicy) -> None:
        self.demand = demand
        self.needs = dict(sorted(demand.needs))
        self.kind = policy.agents[-1] if policy.agents[-1] in DYNAMIC else "idle"
        self.counts = self.kind != "idle"
        static = (order for order in policy.agents if order not in DYNAMIC)
        self.names = ("ring", *static, *([self.kind] if self.counts else []), "idle", "id")
        self.owner: Seat | None = None
        self.ranks: dict[Profile, Rank] = {}
        self.heap: list[Entry] = []
        self.size = 0
        self.last_score = 0
        self.able = 0
        self.able_count = 0
        self.base = self
        self.wider: set[Lane] = set()
        self.wider_at = -1
        self.groups: list[tuple[Rank, list[Profile]]] = []

    def admits(self, profile: "Profile") -> bool:
        """Return whether agents of a profile can take these calls (R1, R3, R9)."""
        demand, skills = self.demand, profile.skills
        return (
            (profile.queues is None or demand.pool in profile.queues)
            and (not demand.ring or profile.rings.get(demand.pool, 1) <= demand.ring)
            and profile.delays.get(demand.pool, 0) <= demand.age_ms
            and all(skills.get(skill, 0) >= level for skill, level in demand.needs)
        )

    def rank(self, profile: "Profile") -> Rank:
        """Return what orders a profile's agents for these calls, but for the idle time (R2, R8)."""
        found = [profile.rings.get(self.demand.pool, 1)]
        for order in self.names:
            if order == "prefer":
                found.append(-sum(w for skill, w in self.demand.prefer if skill in profile.skills))
            elif order == "level":
                found.append(-profile.level(self))
            elif order == "fit":
                found.append(len(profile.skills) - len(self.needs))
        return tuple(found)

    def enlist(self, profile: "Profile") -> None:
        """Let a profile's agents take these calls."""
        rank = self.rank(profile)
        place = bisect_left(self.groups, rank, key=itemgetter(0))
        if place < len(self.groups) and self.groups[place][0] == rank:
            self.groups[place][1].append(profile)
        else:
            self.groups.insert(place, (rank, [profile]))
        self.ranks[profile] = rank
        profile.lanes.append(self)
        profile.heaps.setdefault(self.kind, [])
        if profile.at_work:
            self.staff(profile)

    def staff(self, profile: "Profile") -> None:
        """Agents of a profile are at work."""
        self.able |= profile.bit
        self.able_count += 1

    def unstaff(self, profile: "Profile") -> None:
        """No agent of a profile is at work."""
        self.able &= ~profile.bit
        self.able_count -= 1

    def dismiss(self, profile: "Profile") -> None:
        """Forget a profile of which nobody is at work."""
        self.ranks.pop(profile, None)
        for _, profiles in self.groups:
            if profile in profiles:
                profiles.remove(profile)
        self.groups = [group for group in self.groups if group[1]]


class Profile:
    """Agents who are alike in all that decides which calls they can take."""

    __slots__ = (
        "at_work",
        "bit",
        "delays",
        "heaps",
        "idle",
        "key",
        "lanes",
        "queues",
        "rings",
        "skills",
        "users",
    )

    def __init__(self, agent: Agent, bit: int) -> None:
        self.key = profile_key(agent)
        self.skills = {skill: level for skill, level in sorted(agent.skills.items()) if level > 0}
        self.queues, self.rings, self.delays = agent.queues, agent.rings, agent.delays_ms
        self.bit = bit
        self.users = 0
        self.at_work = 0
        self.lanes: list[Lane] = []
        self.idle: dict[str, Seat] = {}
        self.heaps: dict[str, list[IdleEntry]] = {}

    def level(self, lane: Lane) -> int:
        """Return how good these agents are at a lane's skills, together."""
        return sum(self.skills.get(skill, 0) for skill in lane.needs)


def profile_key(agent: Agent) -> tuple[object, ...]:
    """Return what makes agents alike."""
    skills = frozenset((skill, level) for skill, level in agent.skills.items() if level > 0)
    return skills, agent.queues, frozenset(agent.rings.items()), frozenset(agent.delays_ms.items())


def alike(one: Agent, other: Agent) -> bool:
    """Return whether two agents have the same profile."""
    return (
        one.skills == other.skills
        and one.queues == other.queues
        and one.rings == other.rings
        and one.delays_ms == other.delays_ms
    )


def idle_key(seat: Seat, kind: str) -> int:
    """Return the number that goes before the idle time in an order of agents."""
    return seat.calls if kind == "fewest_calls" else seat.talk_ms if kind == "least_talk" else 0
