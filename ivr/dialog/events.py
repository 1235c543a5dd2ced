"""What can happen to a call. Everything the engine ever learns arrives as one of these.

Every event carries the time at which it happened (`at`, aware UTC): the engine has no clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"
"""Anything a slot can hold: what JSON can hold."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One reading of what a caller wants; confidence runs from 0.0 to 1.0."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The caller is on the line and has heard nothing yet. `caller` is "" when withheld.

    `draw` (0 to 99) is the call's lot for prompts of several wordings: it stays for the whole call.
    `language` is the one to begin in, as the number dialled or the caller's record tell; "" for the
    hotline's own. `known` is what is known of who calls; it fills the slot `customer`.
    """

    at: datetime
    caller: str = ""
    called: str = ""
    draw: int = 0
    language: str = ""
    known: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller typed keys (0-9, *, #); a closing # that ended the input is left out."""

    at: datetime
    digits: str


@dataclass(frozen=True, slots=True)
class Spoke:
    """The caller said something; `intents` are its readings, the likeliest first."""

    at: datetime
    text: str
    confidence: float
    intents: tuple[Intent, ...] = ()


@dataclass(frozen=True, slots=True)
class Silent:
    """The time for an answer ran out and nothing was said or pressed."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the caller said after the tone was kept under the name `recording`, `ms` long.

    `text` is what was understood of it, as far as it was needed.
    """

    at: datetime
    recording: str
    ms: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Waited:
    """The caller has waited in a queue for longer than the queue's overflow allows."""

    at: datetime
    ms: int


@dataclass(frozen=True, slots=True)
class Offered:
    """A caller who waits in a queue is to be asked, in words, whether to be called back instead."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Transferred:
    """A transfer ended: answered (and over), or busy, no_answer or failed."""

    at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class Acted:
    """A business action ended with one of its named outcomes."""

    at: datetime
    action: str
    outcome: str
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HungUp:
    """The line is gone, whoever ended it."""

    at: datetime


Event = CallStarted | Pressed | Spoke | Silent | Recorded | Waited | Offered | Transferred | Acted | HungUp
