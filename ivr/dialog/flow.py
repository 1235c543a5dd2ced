"""A hotline as checked, immutable data. A `Flow` that exists is sound: every target is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ivr.dialog.actions import ActionType, Expect, ExpectKind, Listen
from ivr.dialog.events import Value

SlotKind = Literal["digits", "order_number", "amount", "date", "phone", "yes_no", "one_of", "text"]
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
class Patience:
    """How long and how often a listening node asks before a person takes over."""

    no_input_ms: int = 6000
    tries: int = 3
    give_up: str = ""


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
    """What a listening node says: first, on each further try, and on "help"."""

    say: str
    say_again: tuple[str, ...] = ()
    help: str | None = None
    barge_in: bool = True


@dataclass(frozen=True, slots=True)
class Menu:
    """Ask, and branch on the answer. An open menu understands every matter of the hotline."""

    name: str
    prompts: Prompts
    choices: tuple[Choice, ...]
    patience: Patience
    open: bool = False
    always: bool = True


@dataclass(frozen=True, slots=True)
class Collect:
    """Ask for a slot. `digits` is the (least, greatest) count for numbers."""

    name: str
    slot: str
    kind: SlotKind
    prompts: Prompts
    exit: Exit
    patience: Patience
    confirm: ConfirmRule = "when_unsure"
    digits: tuple[int, int] = (1, 20)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    always: bool = True


@dataclass(frozen=True, slots=True)
class Do:
    """Run a business action and branch on its outcome."""

    name: str
    action: ActionType
    inputs: Mapping[str, Value]
    exits: Mapping[str, Exit]
    filler: str | None = None
    result: str = ""


@dataclass(frozen=True, slots=True)
class Tell:
    """Say something and go on (a `say` node)."""

    name: str
    say: str
    exit: Exit
    barge_in: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """One plain test of a slot: equals, is one of, is at least, or is known at all."""

    slot: str
    test: Literal["is", "one_of", "at_least", "known"]
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
    """Wait for a person. `say` is heard before the music."""

    name: str
    queue: str
    skills: Mapping[str, int]
    priority: int
    say: str | None = None
    announce_every_ms: int = 45_000


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Say something last and hang up."""

    name: str
    say: str
    outcome: str = "resolved"


Node = Menu | Collect | Do | Tell | Decide | Queue | Goodbye
Listening = Menu | Collect


@dataclass(frozen=True, slots=True)
class Confidence:
    """The three bands: at or above `take` an answer is taken, from `confirm` on it is asked."""

    take: float = 0.75
    confirm: float = 0.4


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole hotline: nodes by name, where calls begin, and what is understood everywhere."""

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
    listens: Mapping[str, Listen]
    examples: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    phrases: Mapping[str, str]
    policies: Mapping[str, Value]
    queues: frozenset[str] = frozenset()
    steps: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What `engine.step` remembers of this flow: a cache, no part of its value."""


def listen_for(node: Listening, language: str, commands: tuple[Command, ...]) -> Listen:
    """Return what to listen for at a node."""
    match node:
        case Menu():
            said = tuple(phrase for choice in node.choices for phrase in choice.phrases)
            kind: ExpectKind = "open" if node.open else _kind_of_menu(node)
            return _listen(node, language, Expect(kind, said + _spoken(commands)), max_keys=1)
        case Collect():
            expect = Expect(EXPECTS[node.kind], _spoken(commands), node.digits)
            keys = 1 if node.kind in ("yes_no", "one_of") else node.digits[1]
            return _listen(node, language, expect, max_keys=keys)


def _listen(node: Listening, language: str, expect: Expect, *, max_keys: int) -> Listen:
    return Listen(
        expect,
        node.name,
        language,
        no_input_ms=node.patience.no_input_ms,
        max_keys=max_keys,
        finish_key=max_keys > 1,
    )


EXPECTS: Mapping[SlotKind, ExpectKind] = {
    "digits": "digits",
    "order_number": "digits",
    "phone": "digits",
    "amount": "amount",
    "date": "date",
    "yes_no": "yes_no",
    "one_of": "phrases",
    "text": "text",
}


def _kind_of_menu(node: Menu) -> ExpectKind:
    asked = {intent for choice in node.choices for intent in choice.intents}
    return "yes_no" if asked and asked <= {"yes", "no"} else "phrases"


def _spoken(commands: tuple[Command, ...]) -> tuple[str, ...]:
    return tuple(phrase for command in commands for phrase in command.phrases)


def exits_of(node: Node) -> Iterator[tuple[str, Exit]]:
    """Yield the ways out of one node, each with the word that names it."""
    match node:
        case Menu():
            for choice in node.choices:
                yield name_of(choice), choice.exit
            yield "give_up", give_up_of(node)
        case Collect():
            yield "goto", node.exit
            yield "give_up", give_up_of(node)
        case Do():
            yield from node.exits.items()
        case Tell():
            yield "goto", node.exit
        case Decide():
            for number, rule in enumerate(node.rules, 1):
                yield f"rule {number}", rule.exit
        case Queue() | Goodbye():
            return


def kind_of(node: Node) -> str:
    """Return what a node is called in the menus."""
    return "say" if isinstance(node, Tell) else type(node).__name__.lower()


def name_of(choice: Choice) -> str:
    """Return what a choice is called: its key, or its first intent or phrase."""
    return choice.key or next(iter((*choice.intents, *choice.phrases)), "?")


def give_up_of(node: Listening) -> Exit:
    """Return where callers go whom a node does not understand."""
    return Exit(node.patience.give_up, name=f"{node.name}.give_up")


def prompts_of(node: Node) -> Iterator[tuple[str, str]]:
    """Yield every text that a node can say, as (field, text)."""
    match node:
        case Menu() | Collect():
            yield "say", node.prompts.say
            for number, text in enumerate(node.prompts.say_again):
                yield f"say_again.{number}", text
            if node.prompts.help:
                yield "help", node.prompts.help
        case Do():
            if node.filler:
                yield "filler", node.filler
        case Tell() | Goodbye():
            yield "say", node.say
        case Queue():
            if node.say:
                yield "say", node.say
        case Decide():
            pass
    for why, leave in exits_of(node):
        if leave.say:
            yield f"{why}.say", leave.say
