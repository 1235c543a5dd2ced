"""Menu files (YAML texts by name) into a checked `Flow`, or into every fault at once.

Pure: it takes texts and opens no file. The shape of the documents is given by `ivr.dialog.shape`;
nodes are made by `ivr.dialog.build`, put into other languages by `ivr.dialog.translate`; what they
mean together is checked by `ivr.dialog.lint`.
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from ivr.dialog.actions import ActionType
from ivr.dialog.build import Around, built, command
from ivr.dialog.events import Value
from ivr.dialog.flow import (
    LISTENING,
    Collect,
    Confidence,
    Decide,
    Do,
    Exit,
    Flow,
    Menu,
    MessageText,
    Node,
    Queue,
    Subflow,
    SubflowHead,
    Verify,
    fills_of,
    inputs_of,
    listen_for,
)
from ivr.dialog.hours import Calendar, read_calendars
from ivr.dialog.phrases import phrases_of
from ivr.dialog.rules import RULES
from ivr.dialog.shape import (
    NODE_KINDS,
    CallbackDoc,
    Doc,
    HotlineDoc,
    IntentDoc,
    MessageDoc,
    NodeDoc,
    ReturnDoc,
    SubflowDoc,
)
from ivr.dialog.source import Fault, Path, Source, read
from ivr.dialog.translate import FOLDER, Original, Translator

HEAD = "hotline.yaml"
"""The file that names the hotline; the others add nodes to it."""
CALENDARS, POLICIES, ROUTING, MESSAGES = "calendars.yaml", "policies.yaml", "routing.yaml", "messages.yaml"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the files hold: a flow, unless there is an error among the faults."""

    flow: Flow | None
    faults: tuple[Fault, ...]
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """The file and line at which each node stands."""

    @property
    def errors(self) -> tuple[Fault, ...]:
        """Return the faults that keep the hotline from being used."""
        return tuple(fault for fault in self.faults if fault.severity == "error")


D = TypeVar("D", bound=Doc)


def load(
    files: Mapping[str, str], actions: Mapping[str, ActionType], tolerate: Collection[str] = ()
) -> Loaded:
    """Read a hotline's files. `files` maps names such as "orders.yaml" to their texts.

    Errors of the rules in `tolerate` are told, but do not keep the hotline from being used.
    """
    from ivr.dialog.lint import lint  # the rules know documents by their flow

    sources = {name: read(name, text) for name, text in sorted(files.items())}
    if not sources:
        return Loaded(None, ())
    reading = _Reading(sources, actions)
    flow = reading.flow()
    if flow is not None:
        lint(flow, reading.place, actions, reading.declared())
    faults = tuple(sorted(reading.judged(fault for source in sources.values() for fault in source.faults)))
    broken = any(fault.severity == "error" and fault.rule not in tolerate for fault in faults)
    places = {
        name: (place.source.file, place.source.line(place.path)) for name, place in reading.places.items()
    }
    return Loaded(None if broken else flow, faults, places)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a source and a path in it. Rules report through it."""

    source: Source
    path: Path

    def fault(self, rule: str, message: str, *at: str | int) -> None:
        """Note that a rule is broken here, or at a path below."""
        self.source.fault((*self.path, *at), rule, message)


@dataclass(frozen=True, slots=True)
class Declared:
    """What the head names of the world outside: queues and skills, None where it names none."""

    queues: frozenset[str] | None
    skills: frozenset[str] | None


class _Reading:
    """One reading of a hotline's files; faults gather in the sources."""

    def __init__(self, sources: Mapping[str, Source], actions: Mapping[str, ActionType]) -> None:
        self.sources, self.actions = sources, actions
        self.places: dict[str, Place] = {}
        self.docs: dict[str, NodeDoc] = {}
        self.subflows: dict[str, SubflowDoc] = {}
        self.homes: dict[str, str] = {}
        self.head: HotlineDoc | None = None

    def place(self, node: str | None, language: str | None = None) -> Place:
        """Return where a node stands, or the head of the hotline; or where it is translated."""
        head = Place(self.sources.get(HEAD) or next(iter(self.sources.values())), ())
        place = self.places.get(node or "", head)
        source = self.sources.get(f"{FOLDER}{language}.yaml") if language else None
        return Place(source, place.path) if source is not None else place

    def declared(self) -> Declared:
        """Return the queues and skills that the head names."""
        assert self.head is not None
        queues, skills = self.head.queues, self.head.skills
        return Declared(
            frozenset(queues) if queues is not None else None,
            frozenset(skills) if skills is not None else None,
        )

    def flow(self) -> Flow | None:
        """Return the flow as far as it can be built, or None when its head is missing."""
        source = self.sources.get(HEAD)
        if source is None:
            if self.sources:
                first = next(iter(self.sources.values()))
                first.fault((), "no-head", f"a hotline needs a file '{HEAD}'")
            return None
        if source.data is None and source.faults:
            return None
        data = source.data if isinstance(source.data, dict) else {}
        self.head = _checked(HotlineDoc, {k: v for k, v in data.items() if k != "nodes"}, source, ())
        self._read_nodes()
        if self.head is None:
            return None
        self._check_zone(self.head, source)
        return self._built(self.head)

    def _check_zone(self, head: HotlineDoc, source: Source) -> None:
        try:
            ZoneInfo(head.timezone)
        except (KeyError, ValueError, OSError):
            source.fault(
                ("timezone",), "timezone", f"'{head.timezone}' is not a time zone such as Europe/Berlin"
            )

    # ---- documents

    def _read_nodes(self) -> None:
        for source in self.sources.values():
            if not _holds_nodes(source):
                continue
            data = source.data if isinstance(source.data, dict) else {}
            if source.data is not None and not isinstance(source.data, dict):
                source.fault((), "shape", "a menu file holds names with values")
            home = self._subflow(source, data) if source.file != HEAD else ""
            nodes = data.get("nodes") or {}
            if not isinstance(nodes, dict):
                source.fault(("nodes",), "shape", "'nodes' holds nodes by name")
                continue
            for name, raw in nodes.items():
                self._node_doc(source, name, raw, home)

    def _subflow(self, source: Source, data: Mapping[str, Value]) -> str:
        """Read the head of a sub-flow, where a file has one; return its name."""
        head = {name: value for name, value in data.items() if name != "nodes"}
        if "flow" not in head:
            for name in head:
                source.fault(
                    (name,), "unknown-field", f"'{name}' belongs into {HEAD}; other files hold 'nodes'"
                )
            return ""
        doc = _checked(SubflowDoc, head, source, ())
        if doc is None:
            return ""
        if doc.flow in self.subflows:
            source.fault(("flow",), "duplicate-node", f"there is a sub-flow '{doc.flow}' already")
        self.subflows[doc.flow] = doc
        nodes = data.get("nodes")
        if not isinstance(nodes, dict) or doc.start not in nodes:
            source.fault(("start",), "unknown-target", f"there is no node '{doc.start}' in this sub-flow")
        return doc.flow

    def _node_doc(self, source: Source, name: str, raw: Value, home: str) -> None:
        place = Place(source, ("nodes", name))
        if name in self.places:
            other = self.places[name].source.file
            place.fault("duplicate-node", f"a node '{name}' stands in {other} as well")
            return
        self.places[name] = place
        if home:
            self.homes[name] = home
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            place.fault("bad-name", f"'{name}' is not a name: use small letters, digits and _")
        kind = next((k for k in NODE_KINDS if isinstance(raw, dict) and k in raw), None)
        if kind is None:
            kinds = ", ".join(NODE_KINDS)
            place.fault("node-kind", f"'{name}' has no kind; give it one of: {kinds}")
            return
        doc = _checked(NODE_KINDS[kind], raw, source, place.path)
        if doc is not None:
            self.docs[name] = doc

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

    # ---- flows

    def _built(self, head: HotlineDoc) -> Flow:
        others = sorted(
            name.removeprefix(FOLDER).removesuffix(".yaml")
            for name in self.sources
            if name.startswith(FOLDER) and name != f"{FOLDER}{head.language}.yaml"
        )
        languages = (head.language, *others)
        calendars = self._calendars(head)
        messages = self._messages()
        flow = self._in_language(head, self.docs, messages, head.language, languages, calendars, quiet=False)
        tongues = {}
        for language in others:
            translator = Translator(language, self.sources[f"{FOLDER}{language}.yaml"])
            own_head, docs = self._translated(head, translator)
            translator.unknown(messages, "messages")
            written = {
                name: translator.doc(doc, ("messages", name), Original(self.sources[MESSAGES], (name,)))
                for name, doc in messages.items()
            }
            made = self._in_language(own_head, docs, written, language, languages, calendars, quiet=True)
            tongues[language] = made
        return replace(flow, tongues=tongues) if tongues else flow

    def _translated(self, head: HotlineDoc, translator: Translator) -> tuple[HotlineDoc, dict[str, NodeDoc]]:
        source = self.sources[HEAD]
        own = translator.head(head, Original(source, ()))
        title = translator.at("hotline")
        own = own.model_copy(update={"hotline": title}) if isinstance(title, str) else own
        translator.unknown(self.docs, "nodes")
        docs = {
            name: translator.doc(
                doc, ("nodes", name), Original(self.places[name].source, self.places[name].path)
            )
            for name, doc in self.docs.items()
        }
        return own, docs

    def _messages(self) -> dict[str, MessageDoc]:
        source = self.sources.get(MESSAGES)
        data = source.data if source is not None and isinstance(source.data, dict) else {}
        docs = {name: _checked(MessageDoc, raw, source, (name,)) for name, raw in data.items() if source}
        return {name: doc for name, doc in docs.items() if doc is not None}

    def _calendars(self, head: HotlineDoc) -> dict[str, Calendar]:
        source = self.sources.get(CALENDARS)
        if source is None or source.data is None:
            return {}
        return read_calendars(source.data, source.fault, head.timezone, head.language)

    def _in_language(
        self,
        head: HotlineDoc,
        docs: Mapping[str, NodeDoc],
        messages: Mapping[str, MessageDoc],
        language: str,
        languages: tuple[str, ...],
        calendars: Mapping[str, Calendar],
        *,
        quiet: bool,
    ) -> Flow:
        """Build the flow in one language; `quiet` where another one has told the same faults."""
        around = Around(
            head, self.actions, self.subflows, self._ends(), self._callbacks(), languages, language
        )
        nodes: dict[str, Node] = {}
        for name, doc in docs.items():
            place = self.places[name]
            for node in built(name, doc, around, _Quiet() if quiet else place):
                self._add(nodes, node, name, place)
        examples, labels = self._intents(language)
        phrases = {**phrases_of(language), **head.phrases}
        return Flow(
            title=head.hotline,
            language=language,
            start=head.start,
            nodes=nodes,
            commands=tuple(command(name, doc) for name, doc in head.always.items()),
            confidence=Confidence(head.confidence.take, head.confidence.confirm),
            zone=head.timezone,
            intents=_matters(nodes, head.start),
            collectors=_collectors(nodes, self.homes),
            give_up=head.patience.give_up or "",
            listens={
                name: listen_for(node, language, examples)
                for name, node in nodes.items()
                if isinstance(node, LISTENING)
            },
            examples=examples,
            labels=labels,
            phrases=phrases,
            policies=_data(self.sources, POLICIES),
            routing=_data(self.sources, ROUTING),
            queues=frozenset(head.queues or _queues(nodes)),
            calendars=calendars,
            subflows=self._subflow_heads(nodes),
            homes=dict(self.homes),
            depends=_depends(nodes),
            counted=_counted(nodes),
            verify=Verify(head.verify.flow, head.verify.failed) if head.verify else None,
            messages={name: MessageText(doc.text, doc.subject or "") for name, doc in messages.items()},
        )

    def _add(self, nodes: dict[str, Node], node: Node, doc: str, place: Place) -> None:
        if node.name != doc:  # a node that a survey brings with it
            if node.name in self.docs:
                place.fault("duplicate-node", f"'{doc}' brings a node '{node.name}' of its own")
            self.places.setdefault(node.name, place)
            if doc in self.homes:
                self.homes.setdefault(node.name, self.homes[doc])
        nodes[node.name] = node

    def _ends(self) -> dict[str, tuple[str, ...]]:
        ends: dict[str, dict[str, None]] = {name: {} for name in self.subflows}
        for name, doc in self.docs.items():
            if isinstance(doc, ReturnDoc) and name in self.homes:
                ends[self.homes[name]][doc.return_] = None
        return {name: tuple(found) for name, found in ends.items()}

    def _callbacks(self) -> dict[str, str]:
        """Return the node that books a call back, for each queue."""
        found: dict[str, str] = {}
        for name, doc in self.docs.items():
            if isinstance(doc, CallbackDoc):
                found.setdefault(doc.callback, name)
        return found

    def _subflow_heads(self, nodes: Mapping[str, Node]) -> dict[str, SubflowHead]:
        heads, ends = {}, self._ends()
        for name, doc in self.subflows.items():
            inside = [node for node in nodes.values() if self.homes.get(node.name) == name]
            own = {slot for node in inside for slot in fills_of(node)} | {*doc.inputs, *doc.results}
            heads[name] = SubflowHead(
                doc.start, tuple(doc.inputs), tuple(doc.results), ends[name], frozenset(own - {"language"})
            )
        return heads

    # ---- what may be broken

    def judged(self, faults: Iterator[Fault]) -> Iterator[Fault]:
        """Yield the faults; advice that a node or the head allows to be broken is marked as allowed."""
        used: set[tuple[str, str]] = set()
        allowed = {"": self.head.allow if self.head else {}} | {n: doc.allow for n, doc in self.docs.items()}
        for fault in faults:
            node = fault.path.split(".")[1] if fault.path.startswith("nodes.") else ""
            owner = next((at for at in (node, "") if fault.rule in allowed.get(at, {})), None)
            if owner is None or not RULES[fault.rule].open:
                yield fault
                continue
            used.add((owner, fault.rule))
            yield replace(fault, severity="allowed", reason=allowed[owner][fault.rule])
        for owner, rules in allowed.items():
            yield from self._misused(owner, rules, used)

    def _misused(self, owner: str, rules: Mapping[str, str], used: set[tuple[str, str]]) -> Iterator[Fault]:
        place = self.place(owner or None)
        for rule in rules:
            path = (*place.path, "allow", rule)
            where, line = ".".join(map(str, path)), place.source.line(path)
            if rule not in RULES or not RULES[rule].open:
                why = "cannot be allowed" if rule in RULES else "does not exist"
                yield Fault(
                    place.source.file, line, where, "unknown-rule", f"the rule '{rule}' {why}", "error"
                )
            elif (owner, rule) not in used and rule != "not-visited":
                message = f"'{rule}' is allowed but not broken here; remove it"
                yield Fault(place.source.file, line, where, "unused-allow", message, "warning")


class _Quiet:
    """A place where nothing is noted."""

    def fault(self, rule: str, message: str, *at: str | int) -> None:
        """Note nothing."""


def _holds_nodes(source: Source) -> bool:
    return "/" not in source.file and source.file not in (POLICIES, CALENDARS, ROUTING, MESSAGES)


def _data(sources: Mapping[str, Source], file: str) -> dict[str, Value]:
    source = sources.get(file)
    return source.data if source is not None and isinstance(source.data, dict) else {}


# ---- shape


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
    return isinstance(part, str) and (part.endswith("Doc") or "[" in part or part in ("str", "int", "bool"))


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


# ---- what follows from the nodes


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


def _collectors(nodes: Mapping[str, Node], homes: Mapping[str, str]) -> dict[str, str]:
    """Return the node that asks for each slot; in a sub-flow the slot is named "flow.slot"."""
    found: dict[str, str] = {}
    for node in nodes.values():
        if isinstance(node, Collect) and node.kind != "language":
            home = homes.get(node.name)
            found.setdefault(f"{home}.{node.slot}" if home else node.slot, node.name)
    return found


def _depends(nodes: Mapping[str, Node]) -> dict[str, frozenset[str]]:
    """Return for each slot what was worked out from it, at first or second hand."""
    direct: dict[str, set[str]] = {}
    for node in nodes.values():
        if isinstance(node, Do | Subflow):
            for slot in inputs_of(node):
                direct.setdefault(slot, set()).update(set(fills_of(node)) - {slot})
    return {slot: frozenset(_reached(slot, direct)) for slot in direct}


def _reached(slot: str, direct: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [slot]
    while waiting:
        for found in direct.get(waiting.pop(), ()):
            if found not in seen and found != slot:
                seen.add(found)
                waiting.append(found)
    return seen


def _counted(nodes: Mapping[str, Node]) -> frozenset[str]:
    conditions = (
        c.slot
        for node in nodes.values()
        if isinstance(node, Decide)
        for r in node.rules
        for c in r.conditions
    )
    return frozenset(name.removeprefix("tries.") for name in conditions if name.startswith("tries."))


def _queues(nodes: Mapping[str, Node]) -> set[str]:
    booked = {
        str(n.inputs.get("queue")) for n in nodes.values() if isinstance(n, Do) and n.kind == "callback"
    }
    return booked | {node.queue for node in nodes.values() if isinstance(node, Queue)}


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
            **({"reason": fault.reason} if fault.reason else {}),
        }
        for fault in faults
    ]
