"""What the engine remembers of a call, and what a step makes of an event. Plain, small, immutable."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

from ivr.dialog.actions import Act, Reply
from ivr.dialog.events import Value
from ivr.dialog.flow import Exit

Understood = Literal["taken", "unsure", "missed", "nothing"]
NOTHING: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Asking:
    """A heard answer that waits for a yes: it fills a slot, or leads through an exit.

    `question` names the phrase that asks for the yes; "resume" offers a matter that the caller had
    left, "which" asks which of two matters it is, the second one being `other`.
    """

    value: Value = None
    exit: Exit | None = None
    intent: str | None = None
    words: str = ""
    slot: str | None = None
    question: str = "heard"
    other: Exit | None = None
    other_intent: str | None = None
    other_words: str = ""


class Place(NamedTuple):
    """Where a call stands, apart from who calls and what was told. Equal for many calls.

    `silences` are those of the `misses` in which nothing was said; `frames` the nodes whose sub-flow
    is running, outermost first; `suspended` the matters that the caller left unfinished; `came_to`
    what the call has come to so far ("" while the present matter is open).
    """

    node: str
    language: str = "en"
    misses: int = 0
    silences: int = 0
    refusals: int = 0
    acts: int = 0
    asking: Asking | None = None
    acting: str | None = None
    trail: tuple[str, ...] = ()
    matter: str | None = None
    came_to: str = ""
    frames: tuple[str, ...] = ()
    suspended: tuple[str, ...] = ()
    outcome: str | None = None


class Facts(NamedTuple):
    """Who calls, and what was told or found.

    `draw` is the call's lot (0 to 99); `told` the slots that were told unasked and not yet read back;
    `via` the node through which each slot was last filled; `heard` the nodes whose long prompt was
    heard; `visits` counts visits; `shadows` holds what sub-flows hide; `kept` what suspended matters
    had been told.
    """

    caller: str = ""
    slots: Mapping[str, Value] = NOTHING
    called: str = ""
    draw: int = 0
    told: tuple[str, ...] = ()
    via: Mapping[str, str] = NOTHING  # type: ignore[assignment]
    heard: tuple[str, ...] = ()
    visits: Mapping[str, int] = NOTHING  # type: ignore[assignment]
    shadows: tuple[Mapping[str, Value], ...] = ()
    kept: Mapping[str, Mapping[str, Value]] = NOTHING  # type: ignore[assignment]


class CallState(NamedTuple):
    """All the engine remembers of a call; small enough for one JSON column (≤ 2 KB)."""

    place: Place
    facts: Facts = Facts()

    @property
    def node(self) -> str:
        """Return the node at which the call stands."""
        return self.place.node

    @property
    def language(self) -> str:
        """Return the language that is spoken."""
        return self.place.language

    @property
    def outcome(self) -> str | None:
        """Return what the call came to, None while it goes on."""
        return self.place.outcome

    @property
    def misses(self) -> int:
        """Return the misses at this node so far."""
        return self.place.misses

    @property
    def matter(self) -> str | None:
        """Return the intent that the call is about."""
        return self.place.matter

    @property
    def slots(self) -> Mapping[str, Value]:
        """Return what was told or found."""
        return self.facts.slots


class Told(NamedTuple):
    """What a step makes of an event: what the caller meets, and what must be done."""

    replies: tuple[Reply, ...] = ()
    effect: Act | None = None
    understood: Understood = "nothing"
    path: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()


class Step(NamedTuple):
    """Where the call stands now, what the caller meets, and what must be done for it.

    `understood` tells what became of the caller's words, for the turn-taking and for reports;
    `path` are the nodes that were passed or reached, in order.
    """

    state: CallState
    told: Told = Told()

    @property
    def replies(self) -> tuple[Reply, ...]:
        """Return what the caller meets, in order."""
        return self.told.replies

    @property
    def effect(self) -> Act | None:
        """Return the business action to run, if there is one."""
        return self.told.effect

    @property
    def understood(self) -> Understood:
        """Return what became of the caller's answer."""
        return self.told.understood

    @property
    def path(self) -> tuple[str, ...]:
        """Return the nodes passed or reached."""
        return self.told.path

    @property
    def exits(self) -> tuple[str, ...]:
        """Return the names of the exits taken."""
        return self.told.exits
