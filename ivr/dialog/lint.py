"""What a sound hotline must hold, beyond the shape of its files. Each rule is one function.

Rules take a flow and report through `place`; an error keeps the hotline from being published, a
warning is shown.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from ivr.dialog.actions import ActionType
from ivr.dialog.flow import (
    Collect,
    Decide,
    Do,
    Flow,
    Goodbye,
    Menu,
    Node,
    Queue,
    Tell,
    exits_of,
    prompts_of,
)
from ivr.dialog.prompts import FORMATS, Hole, parts

ENGINE_SLOTS = frozenset({"caller", "language", "matter", "heard"})


class Place(Protocol):
    """Where a rule reports."""

    def fault(self, rule: str, message: str, *at: str | int, severity: str = "error") -> None:
        """Note a fault."""


Where = Callable[[str | None], Place]


def lint(flow: Flow, where: Where, actions: Mapping[str, ActionType]) -> None:
    """Run every rule."""
    _targets(flow, where)
    _outcomes(flow, where)
    _queues(flow, where)
    _keys(flow, where)
    _prompts(flow, where)
    _intents(flow, where)
    if flow.start in flow.nodes:
        _reachable(flow, where)
    _circles(flow, where)


def _targets(flow: Flow, where: Where) -> None:
    """unknown-target, no-way-out: every way on leads somewhere."""
    if flow.start not in flow.nodes:
        where(None).fault("unknown-target", f"there is no node '{flow.start}' to start at", "start")
    if not flow.give_up:
        where(None).fault(
            "no-way-out", "say where callers go who are not understood: patience.give_up", "patience"
        )
    for command in flow.commands:
        if command.goto and command.goto.goto not in flow.nodes:
            where(None).fault(
                "unknown-target", f"there is no node '{command.goto.goto}'", "always", command.name
            )
        if (command.goto is None) == (command.do is None):
            where(None).fault("bad-value", "a command has either a goto or a do", "always", command.name)
    for name, node in flow.nodes.items():
        for at, target in _gotos(node):
            if target and target not in flow.nodes:
                where(name).fault("unknown-target", f"there is no node '{target}'", *at)


def _gotos(node: Node) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every target of a node with the place where it is written."""
    match node:
        case Menu():
            yield from ((("choices", n, "goto"), choice.exit.goto) for n, choice in enumerate(node.choices))
            yield ("patience", "give_up"), node.patience.give_up
        case Collect():
            yield ("goto",), node.exit.goto
            yield ("patience", "give_up"), node.patience.give_up
        case Do():
            yield from ((("on", outcome, "goto"), leave.goto) for outcome, leave in node.exits.items())
        case Tell():
            yield ("goto",), node.exit.goto
        case Decide():
            yield from ((("decide", n, "goto"), rule.exit.goto) for n, rule in enumerate(node.rules))
        case Queue() | Goodbye():
            return


def _outcomes(flow: Flow, where: Where) -> None:
    """outcome-not-wired, unknown-outcome, unknown-input, missing-input."""
    for name, node in flow.nodes.items():
        if not isinstance(node, Do):
            continue
        action = node.action
        for outcome in action.outcomes:
            if outcome not in node.exits:
                where(name).fault(
                    "outcome-not-wired",
                    f"'{action.name}' can end with '{outcome}': say where that leads",
                    "on",
                )
        for outcome in node.exits:
            if outcome not in action.outcomes:
                where(name).fault(
                    "unknown-outcome", f"'{action.name}' never ends with '{outcome}'", "on", outcome
                )
        for given in node.inputs:
            if given not in action.inputs:
                where(name).fault("unknown-input", f"'{action.name}' takes no '{given}'", "with", given)
        for wanted, kind in action.inputs.items():
            if wanted not in node.inputs and not kind.endswith("?"):
                where(name).fault("missing-input", f"'{action.name}' needs '{wanted}'", "with")


def _queues(flow: Flow, where: Where) -> None:
    """unknown-queue."""
    for name, node in flow.nodes.items():
        if isinstance(node, Queue) and node.queue not in flow.queues:
            where(name).fault(
                "unknown-queue", f"there is no queue '{node.queue}'; name it under 'queues'", "queue"
            )


def _keys(flow: Flow, where: Where) -> None:
    """duplicate-choice-key: one key, one choice."""
    for name, node in flow.nodes.items():
        if isinstance(node, Menu):
            seen: set[str] = set()
            for number, choice in enumerate(node.choices):
                if choice.key and choice.key in seen:
                    where(name).fault(
                        "duplicate-choice-key", f"key {choice.key} is given twice", "choices", number, "key"
                    )
                if choice.key:
                    seen.add(choice.key)
                if not (choice.key or choice.intents or choice.phrases):
                    where(name).fault(
                        "empty-choice", "a choice needs a key, intents or phrases", "choices", number
                    )


def _prompts(flow: Flow, where: Where) -> None:
    """unknown-format, unknown-slot: a text names only slots that something fills."""
    filled = set(_filled(flow)) | ENGINE_SLOTS
    for name, node in flow.nodes.items():
        for at, text in prompts_of(node):
            for part in parts(text):
                if not isinstance(part, Hole):
                    continue
                if part.format not in FORMATS:
                    where(name).fault(
                        "unknown-format",
                        f"'{part.format}' is not a format; use one of {', '.join(sorted(FORMATS))}",
                        at,
                    )
                if part.path[0] not in filled:
                    where(name).fault("unknown-slot", f"nothing fills '{part.path[0]}'", at)
        for slot in _used(node):
            if slot not in filled:
                where(name).fault("unknown-slot", f"nothing fills '{slot}'")


def _filled(flow: Flow) -> Iterator[str]:
    for node in flow.nodes.values():
        if isinstance(node, Collect):
            yield node.slot
        elif isinstance(node, Do):
            yield node.result


def _used(node: object) -> Iterator[str]:
    if isinstance(node, Do):
        for value in node.inputs.values():
            if isinstance(value, str) and value.startswith("$"):
                yield value[1:].split(".")[0]
    elif isinstance(node, Decide):
        for rule in node.rules:
            yield from (condition.slot.split(".")[0] for condition in rule.conditions)


def _intents(flow: Flow, where: Where) -> None:
    """no-examples: an intent that nothing is known of is never heard."""
    for name, node in flow.nodes.items():
        if isinstance(node, Menu):
            for number, choice in enumerate(node.choices):
                for intent in choice.intents:
                    if intent not in flow.examples and intent not in ("yes", "no"):
                        where(name).fault(
                            "no-examples",
                            f"there are no examples of '{intent}' in intents/{flow.language}.yaml",
                            "choices",
                            number,
                            "intents",
                            severity="warning",
                        )


def _reachable(flow: Flow, where: Where) -> None:
    """unreachable: a node that no call can come to."""
    seen: set[str] = set()
    waiting = [flow.start, flow.give_up, *(c.goto.goto for c in flow.commands if c.goto)]
    waiting += [leave.goto for leave in flow.intents.values()]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in flow.nodes:
            continue
        seen.add(name)
        node = flow.nodes[name]
        waiting += [leave.goto for _, leave in exits_of(node)]
        waiting += [flow.collectors[slot] for slot in _used(node) if slot in flow.collectors]
    for name in flow.nodes:
        if name not in seen:
            where(name).fault("unreachable", f"nothing leads to '{name}'", severity="warning")


def _circles(flow: Flow, where: Where) -> None:
    """silent-circle: a circle must pass a node that listens, or a call would never end."""
    done: set[str] = set()
    for name in flow.nodes:
        path: list[str] = []
        _walk(flow, name, path, done, where)


def _walk(flow: Flow, name: str, path: list[str], done: set[str], where: Where) -> None:
    stack = [(name, 0)]
    on_path: dict[str, int] = {}
    while stack:
        here, turn = stack.pop()
        ways = _silent_ways(flow, here)
        if turn == 0:
            if here in done:
                continue
            on_path[here] = len(on_path)
        if turn < len(ways):
            stack.append((here, turn + 1))
            target = ways[turn]
            if target in on_path:
                where(target).fault(
                    "silent-circle",
                    f"a call could go in a circle through '{target}' and '{here}' without being heard",
                )
            elif target not in done:
                stack.append((target, 0))
        else:
            on_path.pop(here, None)
            done.add(here)


def _silent_ways(flow: Flow, name: str) -> list[str]:
    node = flow.nodes.get(name)
    if isinstance(node, Tell | Decide | Do):
        return list(dict.fromkeys(leave.goto for _, leave in exits_of(node)))
    return []
