"""Menu files (YAML texts by name) into a checked `Flow`, or into every fault at once.

Pure: it takes texts and opens no file. The shape of the documents is given by `ivr.dialog.shape`;
what they mean together is checked by `ivr.dialog.lint`.
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from ivr.dialog.actions import ActionType
from ivr.dialog.events import Value
from ivr.dialog.flow import (
    Choice,
    Collect,
    Command,
    Condition,
    Confidence,
    Decide,
    Do,
    Exit,
    Flow,
    Goodbye,
    Menu,
    Node,
    Patience,
    Prompts,
    Queue,
    Rule,
    SlotKind,
    Tell,
    listen_for,
    name_of,
)
from ivr.dialog.shape import (
    NODE_KINDS,
    ChoiceDoc,
    CollectDoc,
    CommandDoc,
    DecideDoc,
    Doc,
    DoDoc,
    ExitDoc,
    GoodbyeDoc,
    HotlineDoc,
    IntentDoc,
    ListeningDoc,
    MenuDoc,
    QueueDoc,
    SayDoc,
)
from ivr.dialog.source import Fault, Path, Source, read

HEAD = "hotline.yaml"
"""The file that names the hotline; the others add nodes to it."""
PRIORITIES = {"low": -1, "normal": 0, "high": 1, "urgent": 2}

PHRASES = {
    "sorry": "Sorry, I did not get that.",
    "nothing_heard": "I did not hear anything.",
    "heard": "I understood: {heard}. Is that right?",
    "heard_number": "I heard {heard}. Is that right?",
    "heard_wrong": "Sorry about that.",
    "giving_up": "I am sorry, I could not help you with that myself.",
    "help": "You can say agent for a person, repeat, go back, or main menu.",
    "filler": "One moment, please.",
    "no_speech": "I cannot understand speech right now. Please use the keys of your phone.",
    "apology": "I am sorry, something went wrong on our side. I will connect you with a person.",
    "status.paid": "is paid and will be packed soon",
    "status.packed": "is packed and will be handed over soon",
    "status.shipped": "has been shipped",
    "status.delivered": "has been delivered",
    "status.cancelled": "was cancelled",
    "status.refunded": "has been refunded",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the files hold: a flow, unless there is an error among the faults."""

    flow: Flow | None
    faults: tuple[Fault, ...]

    @property
    def errors(self) -> tuple[Fault, ...]:
        """Return the faults that keep the hotline from being used."""
        return tuple(fault for fault in self.faults if fault.severity == "error")


D = TypeVar("D", bound=Doc)


def load(files: Mapping[str, str], actions: Mapping[str, ActionType]) -> Loaded:
    """Read a hotline's files. `files` maps names such as "orders.yaml" to their texts."""
    from ivr.dialog.lint import lint  # the rules know documents by their flow

    sources = {name: read(name, text) for name, text in sorted(files.items())}
    reading = _Reading(sources, actions)
    flow = reading.flow()
    if flow is not None:
        lint(flow, reading.place, actions)
    faults = tuple(sorted(fault for source in sources.values() for fault in source.faults))
    broken = any(fault.severity == "error" for fault in faults)
    return Loaded(None if broken else flow, faults)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a source and a path in it. Lint rules report through it."""

    source: Source
    path: Path

    def fault(self, rule: str, message: str, *at: str | int, severity: str = "error") -> None:
        """Note a fault here, or at a path below."""
        self.source.fault((*self.path, *at), rule, message, severity)


class _Reading:
    """One reading of a hotline's files; faults gather in the sources."""

    def __init__(self, sources: Mapping[str, Source], actions: Mapping[str, ActionType]) -> None:
        self.sources, self.actions = sources, actions
        self.places: dict[str, Place] = {}

    def place(self, node: str | None) -> Place:
        """Return where a node stands, or the head of the hotline."""
        head = Place(self.sources.get(HEAD) or next(iter(self.sources.values())), ())
        return self.places.get(node or "", head)

    def flow(self) -> Flow | None:
        """Return the flow as far as it can be built, or None when its head is missing."""
        head_source = self.sources.get(HEAD)
        if head_source is None:
            if self.sources:
                first = next(iter(self.sources.values()))
                first.fault((), "no-head", f"a hotline needs a file '{HEAD}'")
            return None
        if head_source.data is None and head_source.faults:
            return None
        data = head_source.data if isinstance(head_source.data, dict) else {}
        head = _checked(HotlineDoc, {k: v for k, v in data.items() if k != "nodes"}, head_source, ())
        docs = self._node_docs()
        if head is None:
            return None
        self._check_zone(head, head_source)
        return self._built(head, docs, *self._intents(head.language))

    def _check_zone(self, head: HotlineDoc, source: Source) -> None:
        try:
            ZoneInfo(head.timezone)
        except (KeyError, ValueError, OSError):
            source.fault(
                ("timezone",), "timezone", f"'{head.timezone}' is not a time zone such as Europe/Berlin"
            )

    def _node_docs(self) -> dict[str, Doc]:
        docs: dict[str, Doc] = {}
        for source in self.sources.values():
            if not _holds_nodes(source):
                continue
            data = source.data if isinstance(source.data, dict) else {}
            if source.file != HEAD:
                _only_nodes(source, data)
            nodes = data.get("nodes") or {}
            if not isinstance(nodes, dict):
                source.fault(("nodes",), "shape", "'nodes' holds nodes by name")
                continue
            for name, raw in nodes.items():
                self._node_doc(source, name, raw, docs)
        return docs

    def _node_doc(self, source: Source, name: str, raw: Value, docs: dict[str, Doc]) -> None:
        place = Place(source, ("nodes", name))
        if name in self.places:
            other = self.places[name].source.file
            place.fault("duplicate-node", f"a node '{name}' stands in {other} as well")
            return
        self.places[name] = place
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            place.fault("bad-name", f"'{name}' is not a name: use small letters, digits and _")
        kind = next((k for k in NODE_KINDS if isinstance(raw, dict) and k in raw), None)
        if kind is None:
            kinds = ", ".join(NODE_KINDS)
            place.fault("node-kind", f"'{name}' has no kind; give it one of: {kinds}")
            return
        doc = _checked(NODE_KINDS[kind], raw, source, place.path)
        if doc is not None:
            docs[name] = doc

    def _intents(self, language: str) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
        source = self.sources.get(f"intents/{language}.yaml")
        examples: dict[str, tuple[str, ...]] = {}
        labels: dict[str, str] = {}
        if source is None or not isinstance(source.data, dict):
            return examples, labels
        for name, raw in source.data.items():
            data = {"examples": raw} if isinstance(raw, list) else raw
            doc = _checked(IntentDoc, data, source, (name,))
            if doc is not None:
                examples[name] = tuple(doc.examples)
                labels[name] = doc.say or name.replace("_", " ")
        return examples, labels

    def _built(
        self,
        head: HotlineDoc,
        docs: Mapping[str, Doc],
        examples: Mapping[str, tuple[str, ...]],
        labels: Mapping[str, str],
    ) -> Flow:
        commands = tuple(_command(name, doc) for name, doc in head.always.items())
        build = _Builder(head, self.actions, self.places)
        nodes = {name: node for name, doc in docs.items() if (node := build.node(name, doc))}
        return Flow(
            title=head.hotline,
            language=head.language,
            start=head.start,
            nodes=nodes,
            commands=commands,
            confidence=Confidence(head.confidence.take, head.confidence.confirm),
            zone=head.timezone,
            intents=_matters(nodes, head.start),
            collectors=_collectors(nodes),
            give_up=head.patience.give_up or "",
            listens={
                name: listen_for(node, head.language, commands)
                for name, node in nodes.items()
                if isinstance(node, Menu | Collect)
            },
            examples=examples,
            labels=labels,
            phrases={**PHRASES, **head.phrases},
            policies=_policies(self.sources),
            queues=frozenset(head.queues),
        )


def _holds_nodes(source: Source) -> bool:
    return "/" not in source.file and source.file != "policies.yaml"


def _only_nodes(source: Source, data: Mapping[str, Value]) -> None:
    for name in data:
        if name != "nodes":
            source.fault((name,), "unknown-field", f"'{name}' belongs into {HEAD}; other files hold 'nodes'")


def _policies(sources: Mapping[str, Source]) -> dict[str, Value]:
    source = sources.get("policies.yaml")
    return source.data if source is not None and isinstance(source.data, dict) else {}


def _checked(model: type[D], data: object, source: Source, path: Path) -> D | None:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            _note(problem, model, source, path)
        return None


def _note(problem: Mapping[str, Any], model: type[Doc], source: Source, path: Path) -> None:
    where = tuple(part for part in problem["loc"] if not _is_tag(part))
    field = str(where[-1]) if where else ""
    said = SENTENCES.get(str(problem["type"]))
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(field, _fields(model), 1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        source.fault((*path, *where), "unknown-field", f"'{field}' is not known here{hint}")
    elif problem["type"] == "missing":
        source.fault((*path, *where), "missing-field", f"'{field}' is missing here")
    else:
        message = said(problem) if said else str(problem["msg"]).removeprefix("Value error, ")
        source.fault((*path, *where), "bad-value", f"'{field}': {message}")


def _is_tag(part: str | int) -> bool:
    """Return whether a part of pydantic's path names a branch of a union, not a field."""
    return isinstance(part, str) and (part.endswith("Doc") or "[" in part or part in ("str", "int"))


def _fields(model: type[Doc]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "string_type": lambda p: "write a text here",
    "int_type": lambda p: "write a whole number here",
    "bool_type": lambda p: "write true or false here",
    "list_type": lambda p: "write a list here",
    "dict_type": lambda p: "write names with values here",
    "model_type": lambda p: "write names with values here",
    "literal_error": lambda p: f"use one of {p['ctx']['expected']}",
    "string_pattern_mismatch": lambda p: f"'{p['input']}' is not allowed here",
    "too_short": lambda p: "this must not be empty",
    "string_too_short": lambda p: "this must not be empty",
}


def _command(name: str, doc: CommandDoc) -> Command:
    leave = Exit(doc.goto, name=f"always.{name}") if doc.goto else None
    said = tuple(doc.phrases) or ((name,) if doc.intents else ())
    return Command(name, tuple(doc.keys), tuple(doc.intents), said, leave, doc.do)


def _matters(nodes: Mapping[str, Node], start: str) -> dict[str, Exit]:
    """Return where each intent leads that an open menu offers; the start's choices count first."""
    found: dict[str, Exit] = {}
    ordered = sorted(nodes.values(), key=lambda node: node.name != start)
    for node in ordered:
        if isinstance(node, Menu) and node.open:
            for choice in node.choices:
                for intent in choice.intents:
                    if intent not in ("yes", "no"):
                        found.setdefault(intent, choice.exit)
    return found


def _collectors(nodes: Mapping[str, Node]) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in nodes.values():
        if isinstance(node, Collect):
            found.setdefault(node.slot, node.name)
    return found


class _Builder:
    """Turns node documents into nodes."""

    def __init__(
        self, head: HotlineDoc, actions: Mapping[str, ActionType], places: Mapping[str, Place]
    ) -> None:
        self.head, self.actions, self.places = head, actions, places

    def node(self, name: str, doc: Doc) -> Node | None:
        """Return the node, or None when it cannot be built (the fault is noted)."""
        match doc:
            case MenuDoc():
                choices = tuple(_choice(name, choice) for choice in doc.choices)
                return Menu(name, _prompts(doc), choices, self._patience(doc), doc.menu == "open", doc.always)
            case CollectDoc():
                return self._collect(name, doc)
            case DoDoc():
                return self._do(name, doc)
            case SayDoc():
                return Tell(name, doc.say, _exit(doc, f"{name}.goto"), doc.barge_in)
            case DecideDoc():
                return self._decide(name, doc)
            case QueueDoc():
                waiting = doc.while_waiting
                return Queue(
                    name,
                    doc.queue,
                    doc.skills,
                    PRIORITIES[doc.priority],
                    doc.say,
                    waiting.every if waiting.announce else 0,
                )
            case GoodbyeDoc():
                return Goodbye(name, doc.goodbye, doc.outcome)
        raise AssertionError(doc)

    def _patience(self, doc: ListeningDoc) -> Patience:
        own, common = doc.patience, self.head.patience
        given = own.model_fields_set if own else set()
        pick = {f: getattr(own if f in given else common, f) for f in ("no_input", "tries", "give_up")}
        return Patience(pick["no_input"], pick["tries"], pick["give_up"] or "")

    def _collect(self, name: str, doc: CollectDoc) -> Collect:
        length = doc.length
        if length is None:
            length = self.head.order_number.length if doc.as_ == "order_number" else LENGTHS[doc.as_]
        values = doc.values
        choices = {v: (v,) for v in values} if isinstance(values, list) else values
        return Collect(
            name,
            doc.collect,
            doc.as_,
            _prompts(doc),
            _exit(doc, f"{name}.goto"),
            self._patience(doc),
            doc.confirm,
            (length, length) if isinstance(length, int) else (min(length), max(length)),
            {value: tuple(said) for value, said in choices.items()},
            doc.always,
        )

    def _do(self, name: str, doc: DoDoc) -> Do | None:
        action = self.actions.get(doc.do)
        if action is None:
            near = difflib.get_close_matches(doc.do, self.actions, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            self.places[name].fault("unknown-action", f"there is no action '{doc.do}'{hint}", "do")
            return None
        exits = {outcome: _exit(leave, f"{name}.{outcome}") for outcome, leave in doc.on.items()}
        return Do(name, action, doc.with_, exits, doc.filler, doc.into or action.result)

    def _decide(self, name: str, doc: DecideDoc) -> Decide:
        if doc.decide[-1].when:
            self.places[name].fault(
                "no-otherwise", "the last rule needs no 'when', so that there is always a way on", "decide"
            )
        rules = enumerate(doc.decide, 1)
        return Decide(
            name, tuple(Rule(_conditions(rule.when), _exit(rule, f"{name}.rule {n}")) for n, rule in rules)
        )


LENGTHS: Mapping[SlotKind, list[int]] = {
    "digits": [1, 20],
    "order_number": [6, 6],
    "amount": [1, 9],
    "date": [8, 8],
    "phone": [5, 15],
    "yes_no": [1, 1],
    "one_of": [1, 1],
    "text": [1, 1],
}


def _prompts(doc: ListeningDoc) -> Prompts:
    return Prompts(doc.say, tuple(doc.say_again), doc.help, doc.barge_in)


def _exit(doc: str | ExitDoc | SayDoc | CollectDoc, name: str) -> Exit:
    if isinstance(doc, str):
        return Exit(doc, name=name)
    said = doc.say if isinstance(doc, ExitDoc) else None  # a node's own `say` is not its exit's
    return Exit(doc.goto, said, tuple(doc.forget), name)


def _choice(node: str, doc: ChoiceDoc) -> Choice:
    bare = Choice(Exit(""), doc.key, tuple(doc.intents), tuple(doc.phrases))
    return replace(bare, exit=_exit(doc, f"{node}.{name_of(bare)}"))


def _conditions(when: Mapping[str, Any]) -> tuple[Condition, ...]:
    return tuple(_condition(slot, test) for slot, test in when.items())


def _condition(slot: str, test: object) -> Condition:
    match test:
        case {"at_least": value}:
            return Condition(slot, "at_least", value)
        case {"known": value}:
            return Condition(slot, "known", value)
        case "known":
            return Condition(slot, "known", True)
        case "unknown":
            return Condition(slot, "known", False)
        case list():
            return Condition(slot, "one_of", test)
        case _:
            return Condition(slot, "is", test if isinstance(test, str | int | float | bool) else None)


def faults_as_data(faults: Sequence[Fault]) -> list[dict[str, Value]]:
    """Return faults as JSON data, for `ivr check --json` and the studio."""
    return [
        {
            "file": fault.file,
            "line": fault.line,
            "path": fault.path,
            "rule": fault.rule,
            "severity": fault.severity,
            "message": fault.message,
        }
        for fault in faults
    ]
