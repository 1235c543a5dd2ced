"""Calls that wait, agents, and what happens to them, as the router sees them. Times are ms."""

from collections.abc import Mapping
from dataclasses import dataclass

PRIORITY_BONUS_MS = 60_000
"""One step of priority counts as this much waiting: nobody starves (routing rule R6)."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in a queue. `since_ms` is the original place; it never changes."""

    id: str
    queue: str
    skills: Mapping[str, int]
    since_ms: int
    priority: int = 0
    last_agent: str | None = None
    offers: int = 0

    @property
    def place(self) -> tuple[int, str]:
        """Return the one ordering key: effective time of entry, then the id."""
        return self.since_ms - self.priority * PRIORITY_BONUS_MS, self.id


@dataclass(frozen=True, slots=True)
class Idle:
    """An agent who is ready. Skills are levels, higher is better."""

    id: str
    skills: Mapping[str, int]
    since_ms: int
    missed: int = 0


# ---- what the router is told


@dataclass(frozen=True, slots=True)
class Entered:
    """A caller joins, or comes back to the place held."""

    call: Waiting


@dataclass(frozen=True, slots=True)
class Left:
    """A caller is gone from the queue."""

    call: str


@dataclass(frozen=True, slots=True)
class Ready:
    """An agent can take a call from now on."""

    agent: Idle


@dataclass(frozen=True, slots=True)
class Away:
    """An agent cannot take calls: paused, talking, in wrap-up or gone."""

    agent: str


@dataclass(frozen=True, slots=True)
class Restored:
    """An offer that is still ringing after a restart."""

    offer: "Offer"
    call: Waiting
    agent: Idle


@dataclass(frozen=True, slots=True)
class Accepted:
    """The agent takes the offered call."""

    offer: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The agent turns the offer down."""

    offer: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = Entered | Left | Ready | Away | Restored | Accepted | Rejected | Tick

# ---- what the router decides


@dataclass(frozen=True, slots=True)
class Offer:
    """Ring this agent for this call. `why` says in words what decided it."""

    id: str
    call: str
    agent: str
    expires_ms: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Stop ringing: the offer ended as `because` (expired, rejected, caller left, agent left)."""

    offer: Offer
    because: str


@dataclass(frozen=True, slots=True)
class Rest:
    """The agent missed too many offers and is sent away."""

    agent: str
    missed: int


Decision = Offer | Withdraw | Rest


@dataclass(frozen=True, slots=True)
class Rules:
    """How offers behave; times in ms."""

    offer_ms: int = 15_000
    cool_down_ms: int = 5_000
    max_missed: int = 3
