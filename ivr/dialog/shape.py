"""The shape of menu documents: one pydantic model a node kind, and the JSON Schema made of them.

What the documents mean together is checked by `ivr.dialog.document` and `ivr.dialog.lint`. Each
model names in `texts` the fields that callers hear or say: those are what a translation replaces.
"""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

AskedKind = Literal["digits", "order_number", "amount", "date", "phone", "yes_no", "one_of", "text"]
CheckRule = Literal["luhn", "mod11", "mod97", "damm", "verhoeff"]
Priority = Literal["low", "normal", "high", "urgent"]
Outcome = Literal["resolved", "gave_up", "transferred", "callback", "voicemail", "failed"]


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


def _variants(value: object) -> object:
    """Read a text, one prompt written out, or several variants as a list of prompts."""
    given = value if isinstance(value, list) else [value]
    return [{"text": one} if isinstance(one, str) else one for one in given]


def _exit_of(value: object) -> object:
    return {"goto": value} if isinstance(value, str) else value


def _object(required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [required],
        "additionalProperties": False,
    }


_TEXT = {"type": "string", "minLength": 1, "maxLength": 2000}
_NAME = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}
_WORDING = _object(
    "text", text=_TEXT, short=_TEXT, share={"type": "integer", "minimum": 1, "maximum": 100}, name=_NAME
)
_WAY = _object("goto", goto=_NAME, say=_TEXT, forget={"type": "array", "items": _NAME})

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
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
SlotPath = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$")]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Texts = Annotated[
    list[Text],
    BeforeValidator(_texts),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Skills = dict[str, Annotated[int, Field(ge=1, le=10)]]
Allow = dict[str, Text]


class Doc(BaseModel):
    """What all documents share: no field that is not known, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)
    texts: ClassVar[tuple[str, ...]] = ()


class PromptDoc(Doc):
    """One wording of a prompt."""

    texts: ClassVar[tuple[str, ...]] = ("text", "short")

    text: Text
    short: Text | None = None
    share: Annotated[int, Field(ge=1, le=100)] = 1
    name: Name | None = None


Variants = Annotated[
    list[PromptDoc],
    Field(min_length=1, max_length=8),
    BeforeValidator(_variants),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                _WORDING,
                {"type": "array", "minItems": 1, "items": {"anyOf": [{"type": "string"}, _WORDING]}},
            ]
        }
    ),
]


class ExitDoc(Doc):
    """A way on, written out."""

    texts: ClassVar[tuple[str, ...]] = ("say",)

    goto: Name
    say: Text | None = None
    forget: list[Name] = []


Way = Annotated[
    ExitDoc,
    BeforeValidator(_exit_of),
    WithJsonSchema({"anyOf": [{"type": "string"}, _WAY]}),
]


class PatienceDoc(Doc):
    """How long and how often to ask."""

    no_input: Duration = 6000
    inter_digit: Duration = 3000
    end_of_speech: Duration | None = None
    tries: int = Field(default=3, ge=1, le=5)
    give_up: Name | None = None


class ConfidenceDoc(Doc):
    """The three bands of confidence."""

    take: float = Field(default=0.75, ge=0, le=1)
    confirm: float = Field(default=0.4, ge=0, le=1)


class CommandDoc(Doc):
    """A command that is understood everywhere, or what one node makes of it."""

    texts: ClassVar[tuple[str, ...]] = ("phrases",)

    keys: list[Key] = []
    intents: list[Name] = []
    phrases: list[Text] = []
    goto: Name | None = None
    do: Literal["repeat", "back", "help"] | None = None


class NodeDoc(Doc):
    """What all nodes share: rules that are allowed to be broken here, each with the reason."""

    allow: Allow = {}


class ChoiceDoc(ExitDoc):
    """One answer to a menu."""

    texts: ClassVar[tuple[str, ...]] = ("say", "phrases")

    key: Key | None = None
    intents: list[Name] = []
    phrases: list[Text] = []


class ListeningDoc(NodeDoc):
    """What nodes share that wait for an answer."""

    texts: ClassVar[tuple[str, ...]] = ("say", "say_again", "when_silent", "when_unclear", "help", "always")

    say: Variants
    say_again: Texts = []
    when_silent: Texts = []
    when_unclear: Texts = []
    help: Text | None = None
    barge_in: bool = True
    patience: PatienceDoc | None = None
    confidence: ConfidenceDoc | None = None
    always: bool | dict[Name, Literal[False] | CommandDoc] = True


class MenuDoc(ListeningDoc):
    """Ask, and branch on the answer."""

    texts: ClassVar[tuple[str, ...]] = (*ListeningDoc.texts, "choices")

    menu: Literal["open", "closed"]
    choices: list[ChoiceDoc] = Field(min_length=1)


class CollectDoc(ListeningDoc):
    """Ask for a slot."""

    texts: ClassVar[tuple[str, ...]] = (*ListeningDoc.texts, "values")

    collect: Name
    as_: AskedKind = Field(alias="as")
    confirm: Literal["always", "never", "when_unsure"] = "when_unsure"
    length: Annotated[int, Field(ge=1, le=24)] | list[int] | None = None
    check: CheckRule | None = None
    values: dict[Name, Texts] | list[Name] = {}
    dates: Literal["past", "future", "any"] = "any"
    spelled: bool = False
    finish_key: Literal["#", "*", "none"] = "#"
    secret: bool = False
    goto: Name
    forget: list[Name] = []


class DoDoc(NodeDoc):
    """Run a business action."""

    texts: ClassVar[tuple[str, ...]] = ("filler", "on")

    do: str
    with_: dict[Name, Any] = Field(default={}, alias="with")
    filler: Text | None = None
    into: Name | None = None
    on: dict[Name, Way]


class SayDoc(NodeDoc):
    """Say something and go on."""

    texts: ClassVar[tuple[str, ...]] = ("say",)

    say: Variants
    goto: Name
    forget: list[Name] = []
    barge_in: bool = True


class RuleDoc(ExitDoc):
    """One rule of a decision."""

    when: dict[SlotPath, Any] = {}


class DecideDoc(NodeDoc):
    """Take the first rule whose conditions hold."""

    texts: ClassVar[tuple[str, ...]] = ("decide",)

    decide: list[RuleDoc] = Field(min_length=1)


class WaitingDoc(Doc):
    """What callers hear while they wait."""

    music: Literal["calm", "none"] = "calm"
    announce: list[Literal["position", "wait_range"]] = ["position"]
    every: Duration = 45_000
    offer_callback_after: Duration | None = None
    callback: Name | None = None


class OverflowDoc(Doc):
    """Where callers go who have waited too long."""

    texts: ClassVar[tuple[str, ...]] = ("say",)

    after: Duration
    goto: Name
    say: Text | None = None
    forget: list[Name] = []


class QueueDoc(NodeDoc):
    """Wait for a person."""

    texts: ClassVar[tuple[str, ...]] = ("say", "overflow")

    queue: Name
    say: Text | None = None
    skills: Skills = {}
    priority: Priority = "normal"
    while_waiting: WaitingDoc = WaitingDoc()
    overflow: OverflowDoc | None = None
    afterwards: Name | None = None


class CallbackDoc(NodeDoc):
    """Book a call back by a person."""

    texts: ClassVar[tuple[str, ...]] = ("filler", "on")

    callback: Name
    number: str = "$caller"
    at: str | None = None
    skills: Skills = {}
    priority: Priority = "normal"
    filler: Text | None = None
    on: dict[Literal["booked", "no_number", "unavailable"], Way]


class RecordDoc(ListeningDoc):
    """Record what the caller says: a message, or a spoken consent."""

    texts: ClassVar[tuple[str, ...]] = (*ListeningDoc.texts,)

    record: Name
    goto: Name
    refused: Name | None = None
    forget: list[Name] = []
    longest: Duration = 120_000
    silence: Duration = 3000
    beep: bool = True


class SurveyDoc(ListeningDoc):
    """Ask for a rating and, if wanted, its reason."""

    texts: ClassVar[tuple[str, ...]] = (*ListeningDoc.texts, "reason", "thanks")

    survey: Name
    scale: Annotated[list[Annotated[int, Field(ge=0, le=10)]], Field(min_length=2, max_length=2)] = [1, 5]
    reason: Text | None = None
    reason_up_to: int | None = None
    thanks: Text | None = None
    goto: Name


class TransferDoc(NodeDoc):
    """Hand the caller to another number, a SIP address, or another hotline by its name."""

    texts: ClassVar[tuple[str, ...]] = ("say", "on")

    transfer: Annotated[str, Field(pattern=r"^(\+[1-9]\d{4,14}|sips?:[^\s<>&]{3,200}|[a-z][a-z0-9_]*)$")]
    say: Text | None = None
    timeout: Duration = 30_000
    goto: Name
    on: dict[Literal["busy", "no_answer", "failed"], Way] = {}


class FlowDoc(NodeDoc):
    """Call a sub-flow and come back."""

    texts: ClassVar[tuple[str, ...]] = ("on",)

    flow: Name
    with_: dict[Name, Any] = Field(default={}, alias="with")
    into: dict[Name, Name] = {}
    on: dict[Name, Way] = {}
    goto: Name | None = None


class ReturnDoc(NodeDoc):
    """End a sub-flow with one of its named ends."""

    return_: Name = Field(alias="return")


class LanguageDoc(ListeningDoc):
    """Speak another language from here on: at once, or the one that the caller chooses."""

    texts: ClassVar[tuple[str, ...]] = (*ListeningDoc.texts, "values")

    language: Language | list[Language]
    say: Variants = []
    values: dict[Language, Texts] = {}
    goto: Name | None = None


class GoodbyeDoc(NodeDoc):
    """Say something last and hang up."""

    texts: ClassVar[tuple[str, ...]] = ("goodbye",)

    goodbye: Text
    outcome: Literal["resolved", "gave_up", "callback", "voicemail", "failed"] | None = None


NODE_KINDS: dict[str, type[NodeDoc]] = {
    "menu": MenuDoc,
    "collect": CollectDoc,
    "do": DoDoc,
    "decide": DecideDoc,
    "queue": QueueDoc,
    "callback": CallbackDoc,
    "record": RecordDoc,
    "survey": SurveyDoc,
    "transfer": TransferDoc,
    "flow": FlowDoc,
    "return": ReturnDoc,
    "language": LanguageDoc,
    "goodbye": GoodbyeDoc,
    "say": SayDoc,
}
"""Node kinds by the key that names them; `say` last, since other kinds have one too."""


class OrderNumberDoc(Doc):
    """How the shop's order numbers look."""

    length: Annotated[int, Field(ge=1, le=24)] | list[int] = 6
    check: CheckRule | None = None
    prefix: Annotated[list[Annotated[str, Field(pattern=r"^[A-Z]{1,4}$")]], BeforeValidator(_texts)] = []


class QueueSettingsDoc(Doc):
    """One queue of the hotline."""

    title: Text | None = None


class VerifyDoc(Doc):
    """How callers prove who they are before an action that asks for it."""

    flow: Name
    failed: Name


class MessageDoc(Doc):
    """What is written to customers: by SMS, or by e-mail where there is a subject."""

    texts: ClassVar[tuple[str, ...]] = ("text", "subject")

    text: Text
    subject: Text | None = None


class SubflowDoc(Doc):
    """The head of a sub-flow: a file of nodes that is called and comes back."""

    flow: Name
    start: Name
    inputs: list[Name] = []
    results: list[Name] = []


class HotlineDoc(Doc):
    """The head of a hotline."""

    texts: ClassVar[tuple[str, ...]] = ("always", "phrases")

    hotline: Text
    language: Language = "en"
    timezone: str = "UTC"
    start: Name
    always: dict[Name, CommandDoc] = {}
    patience: PatienceDoc
    confidence: ConfidenceDoc = ConfidenceDoc()
    order_number: OrderNumberDoc = OrderNumberDoc()
    queues: dict[Name, QueueSettingsDoc | None] | None = None
    skills: list[Name] | None = None
    verify: VerifyDoc | None = None
    hotlines: dict[Name, Annotated[str, Field(pattern=r"^(\+[1-9]\d{4,14}|sips?:[^\s<>&]{3,200})$")]] = {}
    phrases: dict[str, Text] = {}
    allow: Allow = {}


class IntentDoc(Doc):
    """What an intent sounds like, and how it is read back."""

    say: Text | None = None
    examples: list[Text] = Field(min_length=1)


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of menu files, for editors; it is generated, never edited."""
    definitions: dict[str, Any] = {}
    kinds = []
    for kind, model in NODE_KINDS.items():
        definitions[kind] = _made(model, definitions)
        kinds.append({"$ref": f"#/$defs/{kind}"})
    head, subflow = _made(HotlineDoc, definitions), _made(SubflowDoc, definitions)
    nodes = {"type": "object", "additionalProperties": {"anyOf": kinds}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Menu files of the voice hotline",
        "anyOf": [
            {**head, "properties": {**head["properties"], "nodes": nodes}},
            {**subflow, "properties": {**subflow["properties"], "nodes": nodes}},
            {
                "type": "object",
                "properties": {"nodes": nodes},
                "required": ["nodes"],
                "additionalProperties": False,
            },
        ],
        "$defs": definitions,
    }


def _made(model: type[Doc], definitions: dict[str, Any]) -> dict[str, Any]:
    made = model.model_json_schema(ref_template="#/$defs/{model}")
    definitions |= made.pop("$defs", {})
    return made
