"""What the router remembers of each call and each agent. These are the truth; the index is made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ivr.routing.model import Agent, Call, Offer
from ivr.routing.policy import QueuePolicy

if TYPE_CHECKING:
    from ivr.routing.lanes import Lane, Profile

TicketState = Literal["waiting", "dormant", "ringing", "connected", "gone"]
SeatState = Literal["idle", "resting", "ringing", "talking", "wrap_up", "paused", "gone"]
AT_WORK = frozenset(("idle", "resting", "ringing", "talking", "wrap_up"))


@dataclass(slots=True, eq=False)
class Ticket:
    """One call's place. `since_ms` is the original entry, `score` the one ordering key (smaller first).

    Dormant is a call back that is not due yet. `held_ms` is until when it is held for the agent who
    knows the caller. `fresh` is true until it has been matched once, `overdue` when its wait ended while
    it rang. `hops` are the queues it has overflowed from. `stamp` names its entry in the lane; an entry
    with another stamp is dead.
    """

    id: str
    call: Call
    queue: str
    policy: QueuePolicy
    needs: Mapping[str, int]
    since_ms: int
    queued_ms: int
    score: int
    state: TicketState = "waiting"
    step: int = 0
    held_ms: int | None = None
    stage_due: int | None = None
    wait_due: int | None = None
    offer: Offer | None = None
    last_agent: str | None = None
    offers: int = 0
    overdue: bool = False
    fresh: bool = False
    callback: bool = False
    not_before_ms: int = 0
    attempts: int = 0
    history: tuple[str, ...] = ()
    hops: tuple[str, ...] = ()
    lane: "Lane | None" = None
    stamp: int = 0


@dataclass(slots=True, eq=False)
class Seat:
    """One agent at work. `due` is when wrap-up or a cool-down ends by itself.

    `free_ms` is when a talk is expected to end, `leaving` that the agent pauses after it.
    """

    id: str
    agent: Agent
    state: SeatState
    idle_ms: int
    missed: int
    calls: int
    talk_ms: int
    due: int | None = None
    ticket: str | None = None
    talk_from_ms: int = 0
    free_ms: int | None = None
    leaving: bool = False
    profile: "Profile | None" = None
    stamp: int = 0
    held: "list[Lane]" = field(default_factory=list)
