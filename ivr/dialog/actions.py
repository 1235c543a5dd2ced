"""What the engine asks its driver to do, in order: replies for the caller, effects for the shop."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.dialog.events import Value

ExpectKind = Literal["open", "phrases", "yes_no", "digits", "text", "amount", "date"]


@dataclass(frozen=True, slots=True)
class Expect:
    """What answer fits here, for the recogniser and for the end of speech.

    `digits` is the (least, greatest) count of digits; `phrases` are likely words.
    """

    kind: ExpectKind
    phrases: tuple[str, ...] = ()
    digits: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class Say:
    """Speak one prompt. `node` tells which node speaks, `language` which voice to use."""

    text: str
    node: str
    language: str
    barge_in: bool = True


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for keys or speech, at most `no_input_ms` after the prompts have been heard.

    Keys end the input after `max_keys` of them, at # when `finish_key`, or after
    `inter_digit_ms` without a further one.
    """

    expect: Expect
    node: str
    language: str
    no_input_ms: int = 6000
    max_keys: int = 1
    finish_key: bool = False
    inter_digit_ms: int = 3000


@dataclass(frozen=True, slots=True)
class JoinQueue:
    """Hand the caller to the routing core. `skills` are least levels by name.

    The place in the queue is told every `announce_every_ms`; 0 leaves it untold.
    """

    queue: str
    skills: Mapping[str, int] = field(default_factory=dict)
    priority: int = 0
    matter: str | None = None
    announce_every_ms: int = 45_000


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call; `outcome` is what it came to (see call scripts in the menus' README)."""

    outcome: str = "resolved"


Reply = Say | Listen | JoinQueue | HangUp


@dataclass(frozen=True, slots=True)
class Act:
    """Run a business action; its outcome comes back as `Acted`. `filler` is said if it is slow."""

    action: str
    inputs: Mapping[str, Value]
    node: str
    filler: Say | None = None


@dataclass(frozen=True, slots=True)
class ActionType:
    """What the menus may know of a business action: typed inputs and named outcomes.

    `inputs` maps a name to its type (order_number, amount, date, phone, text …); a type that ends
    in `?` may be left out. `result` names the slot that the outcome's data fills.
    """

    name: str
    inputs: Mapping[str, str]
    outcomes: tuple[str, ...]
    result: str
    moves_money: bool = False
