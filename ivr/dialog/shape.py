"""The shape of menu documents: one pydantic model a node kind, and the JSON Schema made of them.

What the documents mean together is checked by `ivr.dialog.document` and `ivr.dialog.lint`.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from ivr.dialog.flow import SlotKind


def _milliseconds(value: object) -> object:
    """Read 6s, 500ms, 10m or 1h as whole milliseconds."""
    match = re.fullmatch(r"(\d{1,9})(ms|s|m|h)", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("write a time such as 6s, 500ms or 10m")
    return int(match[1]) * {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}[match[2]]


def _texts(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _key(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Duration = Annotated[
    int,
    BeforeValidator(_milliseconds),
    WithJsonSchema(
        {"type": "string", "pattern": "^[0-9]{1,9}(ms|s|m|h)$", "description": "a time such as 6s"}
    ),
]
Key = Annotated[
    str,
    BeforeValidator(_key),
    Field(pattern=r"^[0-9*#]$"),
    WithJsonSchema({"type": ["string", "integer"], "pattern": "^[0-9*#]$"}),
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
SlotPath = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$")]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Texts = Annotated[
    list[Text],
    BeforeValidator(_texts),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class Doc(BaseModel):
    """What all documents share: no field that is not known, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ExitDoc(Doc):
    """A way on, written out."""

    goto: Name
    say: Text | None = None
    forget: list[Name] = []


class PatienceDoc(Doc):
    """How long and how often to ask."""

    no_input: Duration = 6000
    tries: int = Field(default=3, ge=1, le=5)
    give_up: Name | None = None


class CommandDoc(Doc):
    """A command that is understood everywhere."""

    keys: list[Key] = []
    intents: list[Name] = []
    phrases: list[Text] = []
    goto: Name | None = None
    do: Literal["repeat", "back", "help"] | None = None


class ChoiceDoc(ExitDoc):
    """One answer to a menu."""

    key: Key | None = None
    intents: list[Name] = []
    phrases: list[Text] = []


class ListeningDoc(Doc):
    """What nodes share that ask something."""

    say: Text
    say_again: Texts = []
    help: Text | None = None
    barge_in: bool = True
    patience: PatienceDoc | None = None
    always: bool = True


class MenuDoc(ListeningDoc):
    """Ask, and branch on the answer."""

    menu: Literal["open", "closed"]
    choices: list[ChoiceDoc] = Field(min_length=1)


class CollectDoc(ListeningDoc):
    """Ask for a slot."""

    collect: Name
    as_: SlotKind = Field(alias="as")
    confirm: Literal["always", "never", "when_unsure"] = "when_unsure"
    length: Annotated[int, Field(ge=1, le=24)] | list[int] | None = None
    values: dict[Name, Texts] | list[Name] = {}
    goto: Name
    forget: list[Name] = []


class DoDoc(Doc):
    """Run a business action."""

    do: str
    with_: dict[Name, Any] = Field(default={}, alias="with")
    filler: Text | None = None
    into: Name | None = None
    on: dict[Name, Name | ExitDoc]


class SayDoc(Doc):
    """Say something and go on."""

    say: Text
    goto: Name
    forget: list[Name] = []
    barge_in: bool = True


class RuleDoc(ExitDoc):
    """One rule of a decision."""

    when: dict[SlotPath, Any] = {}


class DecideDoc(Doc):
    """Take the first rule whose conditions hold."""

    decide: list[RuleDoc] = Field(min_length=1)


class WaitingDoc(Doc):
    """What callers hear while they wait."""

    announce: list[Literal["position"]] = ["position"]
    every: Duration = 45_000


class QueueDoc(Doc):
    """Wait for a person."""

    queue: Name
    say: Text | None = None
    skills: dict[str, Annotated[int, Field(ge=1, le=10)]] = {}
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    while_waiting: WaitingDoc = WaitingDoc()


class GoodbyeDoc(Doc):
    """Say something last and hang up."""

    goodbye: Text
    outcome: Literal["resolved", "gave_up", "callback", "voicemail", "failed"] = "resolved"


NODE_KINDS: dict[str, type[Doc]] = {
    "menu": MenuDoc,
    "collect": CollectDoc,
    "do": DoDoc,
    "decide": DecideDoc,
    "queue": QueueDoc,
    "goodbye": GoodbyeDoc,
    "say": SayDoc,
}
"""Node kinds by the key that names them; `say` last, since other kinds have one too."""


class OrderNumberDoc(Doc):
    """How the shop's order numbers look."""

    length: Annotated[int, Field(ge=1, le=24)] | list[int] = 6


class ConfidenceDoc(Doc):
    """The three bands of confidence."""

    take: float = Field(default=0.75, ge=0, le=1)
    confirm: float = Field(default=0.4, ge=0, le=1)


class QueueSettingsDoc(Doc):
    """One queue of the hotline."""

    title: Text | None = None


class HotlineDoc(Doc):
    """The head of a hotline."""

    hotline: Text
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] = "en"
    timezone: str = "UTC"
    start: Name
    always: dict[Name, CommandDoc] = {}
    patience: PatienceDoc
    confidence: ConfidenceDoc = ConfidenceDoc()
    order_number: OrderNumberDoc = OrderNumberDoc()
    queues: dict[Name, QueueSettingsDoc | None] = {}
    phrases: dict[str, Text] = {}


class IntentDoc(Doc):
    """What an intent sounds like, and how it is read back."""

    say: Text | None = None
    examples: list[Text] = Field(min_length=1)


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of menu files, for editors; it is generated, never edited."""
    definitions: dict[str, Any] = {}
    kinds = []
    for kind, model in NODE_KINDS.items():
        made = model.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= made.pop("$defs", {})
        definitions[kind] = made
        kinds.append({"$ref": f"#/$defs/{kind}"})
    head = HotlineDoc.model_json_schema(ref_template="#/$defs/{model}")
    definitions |= head.pop("$defs", {})
    nodes = {"type": "object", "additionalProperties": {"anyOf": kinds}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Menu files of the voice hotline",
        "anyOf": [
            {**head, "properties": {**head["properties"], "nodes": nodes}},
            {
                "type": "object",
                "properties": {"nodes": nodes},
                "required": ["nodes"],
                "additionalProperties": False,
            },
        ],
        "$defs": definitions,
    }
