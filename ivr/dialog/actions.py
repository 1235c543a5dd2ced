"""What the engine asks its driver to do, in order: replies for the caller, effects for the shop."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.dialog.events import Value

ExpectKind = Literal["open", "phrases", "yes_no", "digits", "text", "amount", "date"]


@dataclass(frozen=True, slots=True)
class Expect:
    """What answer fits here, for the recogniser and for the end of speech.

    `digits` is the (least, greatest) count of digits; `phrases` are likely words; `check` names the
    rule that the digits obey (see `ivr.dialog.spoken.CHECKS`).
    """

    kind: ExpectKind
    phrases: tuple[str, ...] = ()
    digits: tuple[int, int] = (1, 1)
    check: str | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Speak one prompt. `node` tells which node speaks, `language` which voice to use.

    `variant` names the wording where a prompt has several.
    """

    text: str
    node: str
    language: str
    barge_in: bool = True
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for keys or speech, at most `no_input_ms` after the prompts have been heard.

    Keys end the input after `max_keys` of them, at `finish_key` ("" for none), or after
    `inter_digit_ms` without a further one. `end_ms` of silence end speech; 0 leaves that to what is
    expected. What is `secret` (a PIN) is neither shown nor kept.
    """

    expect: Expect
    node: str
    language: str
    no_input_ms: int = 6000
    max_keys: int = 1
    finish_key: str = ""
    inter_digit_ms: int = 3000
    end_ms: int = 0
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Keep what the caller says, after a tone if `beep`, until `silence_ms` of silence, # or `longest_ms`.

    Other keys end the recording too and count as keys. `no_input_ms` without a word is silence.
    """

    node: str
    language: str
    longest_ms: int = 120_000
    silence_ms: int = 3000
    beep: bool = True
    no_input_ms: int = 6000


@dataclass(frozen=True, slots=True)
class JoinQueue:
    """Hand the caller to the routing core. `skills` are least levels by name.

    While waiting the caller hears `music`, and of `announce` what helps, every `announce_every_ms`
    (0 leaves it untold). After `callback_after_ms` a key offers a call back; after
    `overflow_after_ms` the dialogue is told that the wait was too long. None means never.
    """

    queue: str
    skills: Mapping[str, int] = field(default_factory=dict)
    priority: int = 0
    matter: str | None = None
    announce_every_ms: int = 45_000
    announce: tuple[str, ...] = ("position",)
    music: str = "calm"
    callback_after_ms: int | None = None
    overflow_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Ring another telephone for the caller: an E.164 number or a SIP address."""

    to: str
    node: str
    timeout_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call; `outcome` is what it came to (see call scripts in the menus' README)."""

    outcome: str = "resolved"


Reply = Say | Listen | Record | JoinQueue | Transfer | HangUp
Waiting = Listen | Record
"""What keeps the caller in the talk with the machine."""
Leaving = JoinQueue | Transfer | HangUp
"""What ends the talk with the machine, for a while or for good."""


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
    in `?` may be left out. `result` names the slot that the outcome's data fills, `fields` its parts
    with their types; the outcomes in `empty` bring no data. `level` is how sure it must be who calls
    (see `ivr.commerce.standing`); below it the outcome is UNVERIFIED, which menus do not wire: the
    engine calls the sub-flow that proves who calls. `over` is the outcome when a limit is reached;
    `unless` names outcomes that cannot be when an input is given; of the inputs in `either` one is needed.
    """

    name: str
    inputs: Mapping[str, str]
    outcomes: tuple[str, ...]
    result: str
    moves_money: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    empty: tuple[str, ...] = ("not_found", "unavailable")
    level: int = 0
    over: str = ""
    unless: Mapping[str, str] = field(default_factory=dict)
    either: tuple[str, ...] = ()


UNVERIFIED = "unverified"
"""The outcome of any action for which it is not sure enough who calls."""
