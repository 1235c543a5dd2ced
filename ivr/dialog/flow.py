"""A hotline as checked, immutable data. A `Flow` that exists is sound: every target is there."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from ivr.dialog.actions import ActionType, Expect, ExpectKind, Listen, Record
from ivr.dialog.events import Value
from ivr.dialog.hours import Calendar

SlotKind = Literal[
    "digits", "order_number", "amount", "date", "phone", "yes_no", "one_of", "text", "scale", "language"
]
ConfirmRule = Literal["always", "never", "when_unsure"]
CommandDo = Literal["repeat", "back", "help"]


@dataclass(frozen=True, slots=True)
class Exit:
    """A way on: what is said first, which slots are forgotten, and where it leads.

    `name` tells it from all others of a hotline, such as "welcome.1" or "look.not_found".
    """

    goto: str
    say: str | None = None
    forget: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One wording: a text, a shorter one from its second time in a call on, its share of callers."""

    text: str
    short: str | None = None
    share: int = 1
    variant: str = ""


Variants = tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often a listening node asks before a person takes over.

    `end_ms` of silence end an answer by speech; 0 leaves it to the kind of the question.
    """

    no_input_ms: int = 6000
    inter_digit_ms: int = 3000
    tries: int = 3
    give_up: str = ""
    end_ms: int = 0


@dataclass(frozen=True, slots=True)
class Confidence:
    """The three bands: at or above `take` an answer is taken, from `confirm` on it is asked."""

    take: float = 0.75
    confirm: float = 0.4


@dataclass(frozen=True, slots=True)
class Command:
    """Something understood at every listening node: a goto, or one of the built-in moves."""

    name: str
    keys: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    goto: Exit | None = None
    do: CommandDo | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a menu: a key, intents, or any of some phrases."""

    exit: Exit
    key: str | None = None
    intents: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompts:
    """What a listening node says: first, on each further try, and on "help".

    `when_silent` and `when_unclear` are said instead of `say_again` after silence and after words
    that were not understood (VoiceXML's noinput and nomatch).
    """

    say: Variants
    say_again: tuple[str, ...] = ()
    when_silent: tuple[str, ...] = ()
    when_unclear: tuple[str, ...] = ()
    help: str | None = None
    barge_in: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """How a node asks: its prompts, its patience, the commands understood there, the three bands."""

    prompts: Prompts
    patience: Patience
    commands: tuple[Command, ...] = ()
    confidence: Confidence = Confidence()


@dataclass(frozen=True, slots=True)
class Menu:
    """Ask, and branch on the answer. An open menu understands every matter of the hotline."""

    name: str
    question: Question
    choices: tuple[Choice, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Collect:
    """Ask for a slot. `digits` is the (least, greatest) count for numbers, or the ends of a scale."""

    name: str
    question: Question
    slot: str
    kind: SlotKind
    exit: Exit
    confirm: ConfirmRule = "when_unsure"
    digits: tuple[int, int] = (1, 20)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    check: str | None = None
    prefixes: tuple[str, ...] = ()
    past: bool | None = None
    spelled: bool = False
    finish_key: str = "#"
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """Keep what the caller says under a slot: a message, or a consent where `refused` leads on "no"."""

    name: str
    question: Question
    slot: str
    exit: Exit
    refused: Exit | None = None
    longest_ms: int = 120_000
    silence_ms: int = 3000
    beep: bool = True


@dataclass(frozen=True, slots=True)
class Do:
    """Run a business action and branch on its outcome. `kind` is what the menus call the node."""

    name: str
    action: ActionType
    inputs: Mapping[str, Value]
    exits: Mapping[str, Exit]
    filler: str | None = None
    result: str = ""
    kind: Literal["do", "callback", "survey"] = "do"


@dataclass(frozen=True, slots=True)
class Tell:
    """Say something and go on (a `say` node)."""

    name: str
    say: Variants
    exit: Exit
    barge_in: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """One plain test of a fact: equals, is one of, is at least, is at most, or is known at all."""

    slot: str
    test: Literal["is", "one_of", "at_least", "at_most", "known"]
    value: Value


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a decision leads when all its conditions hold; no conditions always hold."""

    conditions: tuple[Condition, ...]
    exit: Exit


@dataclass(frozen=True, slots=True)
class Decide:
    """Take the first rule whose conditions hold. The last rule has none."""

    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """Wait for a person. `say` is heard before the music. Skills may be named by `$slot`.

    `afterwards` is where a caller goes whom the person has left on the line.
    """

    name: str
    queue: str
    skills: Mapping[str, int]
    priority: int
    say: str | None = None
    announce_every_ms: int = 45_000
    announce: tuple[str, ...] = ("position",)
    music: str = "calm"
    callback_after_ms: int | None = None
    callback: Exit | None = None
    overflow_after_ms: int | None = None
    overflow: Exit | None = None
    afterwards: Exit | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """Hand the caller to another telephone; the exits are taken when nobody answers there."""

    name: str
    to: str
    exits: Mapping[str, Exit]
    say: str | None = None
    timeout_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class Subflow:
    """Call a sub-flow: what it is given, which of its results are kept where, and its ends."""

    name: str
    flow: str
    inputs: Mapping[str, Value]
    results: Mapping[str, str]
    exits: Mapping[str, Exit]


@dataclass(frozen=True, slots=True)
class Return:
    """End the sub-flow that this node is in."""

    name: str
    end: str


@dataclass(frozen=True, slots=True)
class Language:
    """Speak another language from here on; without an exit the caller is asked again where they were."""

    name: str
    language: str
    exit: Exit | None = None


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Say something last and hang up; the outcome is the one given, or what the call has come to."""

    name: str
    say: str
    outcome: str | None = None


VERIFIED = "verified"
"""The end of the sub-flow that proves who calls, when it has."""


LATER = ("code", "link", "number", "due")
"""Holes of a message that its action fills."""


@dataclass(frozen=True, slots=True)
class MessageText:
    """What is written to a customer: a text with slots, and for e-mail a subject."""

    text: str
    subject: str = ""


Listening = Menu | Collect | Recording
Node = (
    Menu | Collect | Recording | Do | Tell | Decide | Queue | Forward | Subflow | Return | Language | Goodbye
)
LISTENING = (Menu, Collect, Recording)


@dataclass(frozen=True, slots=True)
class SubflowHead:
    """A sub-flow: where it begins, what it takes and gives, how it ends, the slots of its own."""

    start: str
    inputs: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verify:
    """How callers prove who they are: a sub-flow that ends with `verified`, and where all others go."""

    flow: str
    failed: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole hotline in one language: nodes by name, where calls begin, what is understood everywhere.

    `tongues` holds the same hotline in its other languages. `depends` tells which slots were worked
    out from a slot, `homes` in which sub-flow a node stands, `counted` whose visits are counted.
    """

    title: str
    language: str
    start: str
    nodes: Mapping[str, Node]
    commands: tuple[Command, ...]
    confidence: Confidence
    zone: str
    intents: Mapping[str, Exit]
    collectors: Mapping[str, str]
    give_up: str
    listens: Mapping[str, Listen | Record]
    examples: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    phrases: Mapping[str, str]
    policies: Mapping[str, Value]
    queues: frozenset[str] = frozenset()
    routing: Mapping[str, Value] = field(default_factory=dict)
    """Rules of the router as data; it reads them itself."""
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    subflows: Mapping[str, SubflowHead] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)
    depends: Mapping[str, frozenset[str]] = field(default_factory=dict)
    counted: frozenset[str] = frozenset()
    verify: Verify | None = None
    messages: Mapping[str, MessageText] = field(default_factory=dict)
    tongues: Mapping[str, "Flow"] = field(default_factory=dict)
    steps: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What `engine.step` remembers of this flow: a cache, no part of its value."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages that the hotline speaks, its own first."""
        return (self.language, *self.tongues)

    def speaking(self, language: str) -> "Flow":
        """Return the flow in a language; in its own one where that is not spoken."""
        return self.tongues.get(language, self)

    def called_by(self, node: str) -> Subflow | None:
        """Return what a node calls: its sub-flow, or for an action the one that proves who calls."""
        match self.nodes[node]:
            case Subflow() as known:
                return known
            case Do() if self.verify is not None and self.verify.flow in self.subflows:
                head = self.subflows[self.verify.flow]
                exits = {end: Exit(node if end == VERIFIED else self.verify.failed) for end in head.ends}
                return Subflow(node, self.verify.flow, {}, {}, exits)
            case _:
                return None


# ---- what is listened for

EXPECTS: Mapping[SlotKind, ExpectKind] = {
    "digits": "digits",
    "order_number": "digits",
    "phone": "digits",
    "amount": "amount",
    "date": "date",
    "yes_no": "yes_no",
    "one_of": "phrases",
    "text": "text",
    "scale": "digits",
    "language": "phrases",
}
MOST_USUAL, MOST_USUAL_EACH, SHORT_WORDS = 300, 20, 8
"""How many examples the recogniser is told at a menu, of one intent, and how many words each has at most."""
ONE_KEY = ("yes_no", "one_of", "language")


def listen_for(
    node: Listening, language: str, examples: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> Listen | Record:
    """Return what to listen for at a node; in menus also the examples of the intents that lead on."""
    question = node.question
    spoken = tuple(phrase for command in question.commands for phrase in command.phrases)
    match node:
        case Menu():
            said = tuple(phrase for choice in node.choices for phrase in choice.phrases)
            kind: ExpectKind = "open" if node.open else _kind_of_menu(node)
            asked = [i for choice in node.choices for i in choice.intents]
            asked += [i for command in question.commands for i in command.intents]
            phrases = tuple(dict.fromkeys(said + spoken + _usual(dict.fromkeys(asked), examples)))
            return _listen(node, language, Expect(kind, phrases), max_keys=1)
        case Collect():
            said = tuple(phrase for phrases in node.values.values() for phrase in phrases)
            count = _digit_count(node)
            expect = Expect(EXPECTS[node.kind], said + spoken, count, node.check)
            keys = 1 if node.kind in ONE_KEY else 8 if node.kind == "date" else count[1]
            listen = _listen(node, language, expect, max_keys=keys, finish_key=node.finish_key)
            return replace(listen, secret=node.secret)
        case Recording():
            wait = question.patience.no_input_ms
            return Record(node.name, language, node.longest_ms, node.silence_ms, node.beep, wait)


def _usual(intents: Collection[str], examples: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return what callers are likely to say: of each intent the first examples that are short."""
    each = min(MOST_USUAL_EACH, MOST_USUAL // max(1, len(intents)))
    short = (
        [text for text in examples.get(intent, ()) if len(text.split()) <= SHORT_WORDS] for intent in intents
    )
    return tuple(text for texts in short for text in texts[:each])


def _digit_count(node: Collect) -> tuple[int, int]:
    if node.kind != "scale":
        return node.digits
    return (1, len(str(node.digits[1])))


def _listen(
    node: Menu | Collect, language: str, expect: Expect, *, max_keys: int, finish_key: str = "#"
) -> Listen:
    patience = node.question.patience
    return Listen(
        expect,
        node.name,
        language,
        no_input_ms=patience.no_input_ms,
        max_keys=max_keys,
        finish_key=finish_key if max_keys > 1 else "",
        inter_digit_ms=patience.inter_digit_ms,
        end_ms=patience.end_ms,
    )


def _kind_of_menu(node: Menu) -> ExpectKind:
    asked = {intent for choice in node.choices for intent in choice.intents}
    return "yes_no" if asked and asked <= {"yes", "no"} else "phrases"


# ---- what the tools ask of a node


def exits_of(node: Node) -> Iterator[tuple[str, Exit]]:  # noqa: C901  # one case a node kind
    """Yield the ways out of one node, each with the word that names it."""
    match node:
        case Menu():
            for choice in node.choices:
                yield name_of(choice), choice.exit
        case Collect():
            yield "goto", node.exit
        case Recording():
            yield "goto", node.exit
            if node.refused:
                yield "refused", node.refused
        case Do() | Forward() | Subflow():
            yield from node.exits.items()
        case Tell():
            yield "goto", node.exit
        case Decide():
            for number, rule in enumerate(node.rules, 1):
                yield f"rule {number}", rule.exit
        case Queue():
            ways = {"callback": node.callback, "overflow": node.overflow, "afterwards": node.afterwards}
            yield from ((name, leave) for name, leave in ways.items() if leave)
        case Language():
            if node.exit:
                yield "goto", node.exit
        case Return() | Goodbye():
            pass
    if isinstance(node, LISTENING):
        yield "give_up", give_up_of(node)
        for command in node.question.commands:
            if command.goto and command.goto.name.startswith(f"{node.name}.always"):
                yield f"always {command.name}", command.goto


KINDS: Mapping[type, str] = {Tell: "say", Recording: "record", Forward: "transfer", Subflow: "flow"}


def kind_of(node: Node) -> str:
    """Return what a node is called in the menus."""
    match node:
        case Do():
            return node.kind
        case Collect(kind="language"):
            return "language"
        case Collect(kind="scale"):
            return "survey"
        case _:
            return KINDS.get(type(node), type(node).__name__.lower())


def name_of(choice: Choice) -> str:
    """Return what a choice is called: its key, or its first intent or phrase."""
    return choice.key or next(iter((*choice.intents, *choice.phrases)), "?")


def give_up_of(node: Listening) -> Exit:
    """Return where callers go whom a node does not understand."""
    return Exit(node.question.patience.give_up, name=f"{node.name}.give_up")


def prompts_of(node: Node) -> Iterator[tuple[str, str]]:
    """Yield every text that a node can say, as (field, text)."""
    match node:
        case Menu() | Collect() | Recording():
            yield from _asked(node.question.prompts)
        case Do():
            if node.filler:
                yield "filler", node.filler
        case Tell():
            yield from _worded(node.say)
        case Goodbye():
            yield "say", node.say
        case Queue() | Forward():
            if node.say:
                yield "say", node.say
        case Decide() | Subflow() | Return() | Language():
            pass
    for why, leave in exits_of(node):
        if leave.say:
            yield f"{why}.say", leave.say


def _asked(prompts: Prompts) -> Iterator[tuple[str, str]]:
    yield from _worded(prompts.say)
    for name in ("say_again", "when_silent", "when_unclear"):
        for number, text in enumerate(getattr(prompts, name)):
            yield f"{name}.{number}", text
    if prompts.help:
        yield "help", prompts.help


def _worded(variants: Variants) -> Iterator[tuple[str, str]]:
    for number, prompt in enumerate(variants):
        at = "say" if number == 0 else f"say.{prompt.variant or number}"
        yield at, prompt.text
        if prompt.short:
            yield f"{at}.short", prompt.short


def inputs_of(node: Node) -> Iterator[str]:
    """Yield the slots that a node needs before it can do its work."""
    match node:
        case Do() | Subflow():
            for value in node.inputs.values():
                if isinstance(value, str) and value.startswith("$"):
                    yield value[1:].split(".")[0]
        case Decide():
            for rule in node.rules:
                yield from (condition.slot.split(".")[0] for condition in rule.conditions)
        case Queue():
            yield from (name[1:].split(".")[0] for name in node.skills if name.startswith("$"))
        case _:
            return


def fills_of(node: Node) -> Iterator[str]:
    """Yield the slots that a node can fill."""
    match node:
        case Collect() | Recording():
            yield node.slot
        case Do():
            yield node.result
        case Subflow():
            yield from node.results.values()
        case _:
            return
