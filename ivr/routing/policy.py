"""The rules of routing as data: how offers behave, and each queue's policy. Checked where they are read.

In files a time is written 30s, 500ms or 2m and a field has no `_ms`; in code it is whole milliseconds.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from pydantic.dataclasses import dataclass

STRICT_MS = 10**13
"""What a step of priority counts where priority is strict: three centuries. There is one ordering key."""
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
DYNAMIC = ("idle", "fewest_calls", "least_talk")
QUEUE_TARGET = "queue:"

T = TypeVar("T")
AgentOrder = Literal["prefer", "level", "fit", "idle", "fewest_calls", "least_talk"]
PresentState = Literal["ready", "ringing", "talking", "wrap_up", "paused"]


def milliseconds(value: object) -> object:
    """Read 30s, 500ms, 2m or 1h as whole milliseconds; whole numbers are milliseconds already."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{1,9})(ms|s|m|h)", value)
        if match is None:
            raise ValueError("write a time such as 30s, 500ms or 2m")
        return int(match[1]) * UNITS[match[2]]
    return value


def data_name(name: str) -> str:
    """Return a field's name in files."""
    return name.removesuffix("_ms")


Ms = Annotated[int, BeforeValidator(milliseconds), Field(ge=0, le=10**12)]
Level = Annotated[int, Field(ge=0, le=1000)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
CHECKED = ConfigDict(
    extra="forbid", strict=True, alias_generator=data_name, validate_by_name=True, validate_by_alias=True
)


@dataclass(frozen=True, slots=True, config=CHECKED)
class RelaxStep:
    """What a call gives up when it has waited `after` since its original entry (R3).

    `min_levels` lowers needed levels, `drop` gives skills up, `ring` lets agents further out in,
    `queue` hands the call to the agents of another queue.
    """

    after_ms: Ms
    min_levels: Mapping[Text, Level] = Field(default_factory=dict)
    drop: frozenset[Text] = frozenset()
    ring: Annotated[int, Field(ge=1, le=100)] | None = None
    queue: Text | None = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class CallbackPolicy:
    """How promised call backs are dialled: not before, again after, how often, and then what."""

    first_delay_ms: Ms = 0
    retry_ms: Ms = 300_000
    tries: Annotated[int, Field(ge=1, le=20)] = 3
    give_up: str = ""


@dataclass(frozen=True, slots=True, config=CHECKED)
class QueuePolicy:
    """One queue's policy. Every field has a default that needs no thought."""

    order: Literal["seconds", "strict"] = "seconds"
    """Priority counts as so much waiting (nobody starves), or goes first whatever the wait."""
    bonus_ms: Ms | Mapping[int, Ms] = 60_000
    """What a step of priority counts; or a table by priority."""
    weight_ms: Ms = 0
    """What every call of this queue counts as having waited longer."""
    agents: Annotated[tuple[AgentOrder, ...], Field(min_length=1)] = ("prefer", "level", "fit", "idle")
    """What orders the agents for a call, behind the ring; the identifier comes last by itself."""
    steps: tuple[RelaxStep, ...] = ()
    pass_empty: bool = False
    """A step whose agents have all signed out is passed at once."""
    sticky_ms: Ms = 0
    """How long a call is held for the agent who knows the caller."""
    handle_ms: Ms = 180_000
    """How long a talk is thought to last where nobody has foreseen its end."""
    wrap_up_ms: Ms | None = None
    """How long wrap-up lasts; none: until the agent is ready."""
    max_wait_ms: Ms | None = None
    overflow: str = ""
    """Where calls go that have waited too long, find nobody there, or whose queue is gone."""
    limit: Annotated[int, Field(ge=0)] | None = None
    """Places to wait."""
    when_full: str = ""
    hours: Text | None = None
    """The calendar by which the queue is open; none: always."""
    when_closed: str = ""
    at_close: Literal["drain", "release"] = "drain"
    join_empty: bool = True
    """Callers may join where nobody is there."""
    leave_empty: bool = False
    """Callers overflow when the last agent goes."""
    empty_states: frozenset[PresentState] = frozenset()
    """Agents in these states count as not there."""
    resume_ms: Ms = 60_000
    """Who hangs up and rings again within this time has the old place."""
    keep_time: bool = True
    """A call that is transferred here keeps its time."""
    callback: CallbackPolicy = Field(default_factory=CallbackPolicy)

    @field_validator("agents")
    @classmethod
    def _one_last(cls, agents: tuple[AgentOrder, ...]) -> tuple[AgentOrder, ...]:
        if len(set(agents)) < len(agents) or any(name in DYNAMIC for name in agents[:-1]):
            raise ValueError(f"each order stands once, and {', '.join(DYNAMIC)} only at the end")
        return agents

    @field_validator("steps")
    @classmethod
    def _ascending(cls, steps: tuple[RelaxStep, ...]) -> tuple[RelaxStep, ...]:
        if any(a.after_ms >= b.after_ms for a, b in pairwise(steps)):
            raise ValueError("each step comes later than the one before it")
        rings = [step.ring for step in steps if step.ring is not None]
        if rings != sorted(rings):
            raise ValueError("a later step never narrows the ring")
        return steps


@dataclass(frozen=True, slots=True, config=CHECKED)
class CoolDowns:
    """How long an agent is left alone after an offer that came to nothing."""

    no_answer_ms: Ms = 5_000
    rejected_ms: Ms = 5_000
    busy_ms: Ms = 5_000


@dataclass(frozen=True, slots=True, config=CHECKED)
class Rules:
    """All rules of a router. A queue that is not named has the `default` policy."""

    offer_ms: Ms = 15_000
    """How long a call rings at one agent; 0: agents' phones answer by themselves."""
    cool_downs: CoolDowns = Field(default_factory=CoolDowns)
    max_missed: Annotated[int, Field(ge=1)] = 3
    calls: Literal["fcfs", "level"] = "fcfs"
    """Which call a free agent takes: the longest waiting of all, or that of the agent's best skill first.

    Level first shortens the mean wait of few and lengthens the longest waits of many.
    """
    rare_first_ms: Ms = 300_000
    """What a call counts as having waited longer whose agents can all take the other call, too.

    Without it flexible agents are eaten by the calls that have others, and sharing agents can be worse
    than not sharing them.
    """
    reserve: Mapping[Text, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """So many idle agents with a skill are left to the calls that need it. Off by default: it costs."""
    queues: Mapping[Text, QueuePolicy] = Field(default_factory=dict)
    default: QueuePolicy = Field(default_factory=QueuePolicy)

    @property
    def any_leave_empty(self) -> bool:
        """Return whether calls leave some queue when its last agent goes."""
        return any(policy.leave_empty for policy in (self.default, *self.queues.values()))

    @property
    def any_pass_empty(self) -> bool:
        """Return whether calls of some queue pass a step that has nobody."""
        return any(policy.pass_empty for policy in (self.default, *self.queues.values()))

    def of(self, queue: str) -> QueuePolicy:
        """Return a queue's policy."""
        return self.queues.get(queue, self.default)

    @field_validator("queues")
    @classmethod
    def _no_circles(cls, queues: Mapping[str, QueuePolicy]) -> Mapping[str, QueuePolicy]:
        for name in queues:
            seen = [name]
            while (target := next_queue(queues.get(seen[-1]))) is not None:
                if target in seen:
                    raise ValueError(f"calls would overflow in a circle: {' to '.join([*seen, target])}")
                seen.append(target)
        return queues


def next_queue(policy: QueuePolicy | None) -> str | None:
    """Return the queue into which a policy overflows, if it is one."""
    to = policy.overflow if policy else ""
    return to.removeprefix(QUEUE_TARGET) if to.startswith(QUEUE_TARGET) else None


# Reading. All faults at once, each with its place and a sentence.

Place = tuple[str | int, ...]
SAID: Mapping[str, str] = {
    "missing": "'{field}' is missing",
    "greater_than_equal": "'{field}' must not be less than {ge}",
    "less_than_equal": "'{field}' must not be more than {le}",
    "literal_error": "'{field}' is one of {expected}",
    "too_short": "'{field}' must not be empty",
}


class Faulty(ValueError):
    """Data that are no rules; `faults` are pairs of place and sentence."""

    def __init__(self, faults: list[tuple[Place, str]]) -> None:
        lines = (f"{'.'.join(map(str, place))}: {said}" if place else said for place, said in faults)
        super().__init__("; ".join(lines))
        self.faults = faults


def read_rules(data: object) -> Rules:
    """Return rules from plain data. Raise Faulty with every fault."""
    return read_as(Rules, data)


def read_as(kind: type[T], data: object, *parts: type) -> T:
    """Return plain data (as of JSON) as a checked class, made of `parts`. Raise Faulty with every fault."""
    try:
        return TypeAdapter(kind).validate_json(json.dumps(data))
    except ValidationError as error:
        known = [*KNOWN, *fields_of(kind, *parts)]
        raise Faulty(list(_faults(error, known))) from None


def _faults(error: ValidationError, known: Sequence[str]) -> Iterator[tuple[Place, str]]:
    for problem in error.errors(include_url=False):
        place = tuple(part for part in problem["loc"] if not _names_a_branch(part))
        yield place, _sentence(problem, place, known)


def _names_a_branch(part: str | int) -> bool:
    """Return whether a part of pydantic's path names a branch of a union, not a field."""
    return isinstance(part, str) and ("[" in part or part in ("int", "str", "constrained-int"))


def _sentence(problem: Mapping[str, Any], place: Place, known: Sequence[str]) -> str:
    field = str(place[-1]) if place else "this"
    kind = str(problem["type"])
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        names = {name.lower(): name for name in known}
        near = difflib.get_close_matches(field.lower(), names, 1)
        return f"'{field}' is not known here" + (f"; did you mean '{names[near[0]]}'?" if near else "")
    if kind in SAID:
        return SAID[kind].format(field=field, **problem.get("ctx", {}))
    said = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    return f"'{field}': {said}" if place else said


def fields_of(*kinds: type) -> list[str]:
    """Return the names that checked classes have in files."""
    return [data_name(name) for kind in kinds for name in getattr(kind, "__dataclass_fields__", ())]


KNOWN = fields_of(Rules, QueuePolicy, RelaxStep, CallbackPolicy, CoolDowns)
