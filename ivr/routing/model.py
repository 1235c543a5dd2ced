"""What the router is told and what it decides: calls, agents, events, decisions. Times are whole ms.

Events are in the past tense, decisions are what somebody must now do. What an event means in each
state, also when it comes twice or too late, stands in a table in docs/routing.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.routing.policy import Rules as Rules  # part of what a router is told
from ivr.routing.reason import Reason


class _Nothing(dict[str, int]):
    """An empty mapping that may be a default; nobody writes into what the router is told."""

    __hash__ = object.__hash__  # type: ignore[assignment]


NOTHING: Mapping[str, int] = _Nothing()


@dataclass(frozen=True, slots=True)
class Call:
    """A caller in a queue, or a call back that was promised. `since_ms` is the original place.

    `skills` are needed at least at their level, `prefer` weighs skills that only order the agents.
    `older_ms` lets a call count as older than it is; the wait that is reported never does.
    """

    id: str
    queue: str
    skills: Mapping[str, int]
    since_ms: int
    priority: int = 0
    last_agent: str | None = None
    offers: int = 0
    prefer: Mapping[str, int] = NOTHING
    known_agent: str | None = None
    number: str = ""
    older_ms: int = 0
    callback: bool = False
    not_before_ms: int = 0
    attempts: int = 0
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent. Skill levels: higher is better. `since_ms` is when the idle time began.

    `queues` limits whose calls come (None: all); `rings` and `delays_ms` are by queue: how far out the
    agent sits (1 goes first), and how long a call must have waited before the agent sees it.
    """

    id: str
    skills: Mapping[str, int]
    since_ms: int
    missed: int = 0
    queues: frozenset[str] | None = None
    rings: Mapping[str, int] = NOTHING
    delays_ms: Mapping[str, int] = NOTHING
    wrap_up_ms: int | None = None
    calls: int = 0
    talk_ms: int = 0


# ---- what the router is told


@dataclass(frozen=True, slots=True)
class Entered:
    """A caller joins, or comes back to the place held because a connection failed."""

    call: Call


@dataclass(frozen=True, slots=True)
class Left:
    """A caller has hung up, or has left the queue on purpose: then no place is kept (`gave_up` is false)."""

    call: str
    gave_up: bool = True


@dataclass(frozen=True, slots=True)
class Ready:
    """An agent can take a call from now on; ends wrap-up, and a talk that nobody has reported ended."""

    agent: Agent


@dataclass(frozen=True, slots=True)
class Paused:
    """An agent is signed in but takes no calls; in a talk it holds from its end."""

    agent: str


@dataclass(frozen=True, slots=True)
class Away:
    """An agent is signed out."""

    agent: str


@dataclass(frozen=True, slots=True)
class Changed:
    """An agent's skills, queues, rings or delays are others now, whatever the agent is doing."""

    agent: Agent


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An agent who talks is expected to be free at a time."""

    agent: str
    free_ms: int


@dataclass(frozen=True, slots=True)
class WrappingUp:
    """An agent's wrap-up ends at another time than its length said; None: when the agent is ready."""

    agent: str
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The agent takes the offered call."""

    offer: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The agent turns the offer down, or the agent's phone is `busy`."""

    offer: str
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """A connected call has ended: the agent wraps up."""

    call: str


@dataclass(frozen=True, slots=True)
class Transferred:
    """A call moves to another queue, waiting or connected; it keeps its time if the queue says so."""

    call: str
    queue: str
    skills: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """A waiting caller has asked to be called back and keeps the place."""

    call: str
    not_before_ms: int = 0


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A call back was dialled and nobody answered: an attempt."""

    call: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A queue takes calls again."""

    queue: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A queue takes no more calls; those in it are drained or released, as its policy says."""

    queue: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A queue is no more: its calls overflow, and so do those that still come."""

    queue: str


@dataclass(frozen=True, slots=True)
class Configured:
    """Other rules hold from now on, for calls that wait, too."""

    rules: Rules


@dataclass(frozen=True, slots=True)
class Restored:
    """An offer that is still ringing after a restart."""

    offer: "Offer"
    call: Call
    agent: Agent


@dataclass(frozen=True, slots=True)
class Together:
    """Several events at one instant: nobody is matched before all of them have happened."""

    events: "tuple[Event, ...]"


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = (
    Entered
    | Left
    | Ready
    | Paused
    | Away
    | Changed
    | Foreseen
    | WrappingUp
    | Accepted
    | Rejected
    | Ended
    | Transferred
    | Booked
    | NoAnswer
    | Opened
    | Closed
    | Removed
    | Configured
    | Restored
    | Together
    | Tick
)

# ---- what the router decides


@dataclass(frozen=True, slots=True)
class Offer:
    """Ring this agent for this call. `why` says in words what decided it, `reason` holds the figures."""

    id: str
    call: str
    agent: str
    expires_ms: int
    reason: Reason | None = field(default=None, compare=False)

    @property
    def why(self) -> str:
        """Return the reason in words."""
        return self.reason.words() if self.reason is not None else ""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Stop ringing: the offer ended as `because` (expired, rejected, busy, the caller left …)."""

    offer: Offer
    because: str


@dataclass(frozen=True, slots=True)
class Connect:
    """Bring the two together; a call back is dialled. The same answer to an acceptance that is repeated."""

    offer: Offer
    dial: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """An acceptance came too late: the offer has ended."""

    offer: str


@dataclass(frozen=True, slots=True)
class Rest:
    """The agent missed too many offers and is sent away."""

    agent: str
    missed: int


@dataclass(frozen=True, slots=True)
class Overflow:
    """The call leaves its queue for what its policy names: `queue:NAME` (it waits there), or other words."""

    call: str
    to: str
    because: str


@dataclass(frozen=True, slots=True)
class Merge:
    """The caller has rung in before the promised call back: it is off, the caller has its place."""

    callback: str
    call: str


Decision = Offer | Withdraw | Connect | Refuse | Rest | Overflow | Merge
