"""How checks report: places in files, and where in a node's document a text stands."""

from collections.abc import Iterator
from typing import Protocol

from ivr.dialog.flow import (
    Collect,
    Decide,
    Do,
    Flow,
    Language,
    Listening,
    Menu,
    Node,
    Recording,
    Return,
    Subflow,
    exits_of,
    inputs_of,
    name_of,
)


class Place(Protocol):
    """Where a rule reports."""

    def fault(self, rule: str, message: str, *at: str | int) -> None:
        """Note a fault."""


class Where(Protocol):
    """Finds the place of a node, or of the head for None; in a language's file where one is given."""

    def __call__(self, node: str | None, language: str | None = None) -> Place:
        """Return the place."""
        ...


class Declared(Protocol):
    """What the head names: queues and skills, None where it names none."""

    @property
    def queues(self) -> frozenset[str] | None:
        """Return the queues."""

    @property
    def skills(self) -> frozenset[str] | None:
        """Return the skills."""


ENGINE_FACTS = frozenset(
    {"caller", "called", "language", "matter", "draw", "hours", "tries", "customer", "said"}
)
"""What conditions and texts may use though no node fills it."""


def text_at(node: Node, field: str) -> tuple[str | int, ...]:
    """Return where in a node's document the text stands that `prompts_of` calls `field`."""
    head, _, last = field.rpartition(".")
    if last == "say" and head:
        return (*exit_at(node, head), "say")
    return tuple(int(part) if part.isdigit() else part for part in field.split("."))


def exit_at(node: Node, why: str) -> tuple[str | int, ...]:
    """Return where in a node's document an exit stands."""
    match node:
        case Menu():
            names = [name_of(choice) for choice in node.choices]
            return ("choices", names.index(why)) if why in names else (why,)
        case Decide():
            return ("decide", int(why.removeprefix("rule ")) - 1) if why.startswith("rule ") else (why,)
        case Do(kind="do" | "callback"):
            return ("on", why)
        case _:
            return (why,)


# ---- the graph of a flow


def ways_on(flow: Flow, name: str) -> Iterator[str]:
    """Yield every node that may come after a node, whoever decides it."""
    node = flow.nodes.get(name)
    match node:
        case None:
            return
        case Subflow():
            head = flow.subflows.get(node.flow)
            if head is not None:
                yield head.start
        case Return():
            yield from returns_to(flow, node)
        case Language(exit=None):
            yield flow.start
    yield from (leave.goto for _, leave in exits_of(node))
    if isinstance(node, Do):
        called = flow.called_by(name) if node.action.level else None
        if called is not None and called.flow in flow.subflows:
            yield flow.subflows[called.flow].start
        home = flow.homes.get(name, "")
        for slot in inputs_of(node):
            asker = flow.collectors.get(f"{home}.{slot}") or flow.collectors.get(slot)
            if asker is not None:
                yield asker
    if isinstance(node, Menu | Collect | Recording):
        yield from (command.goto.goto for command in node.question.commands if command.goto)
        if isinstance(node, Menu) and node.open:
            yield from (leave.goto for leave in flow.intents.values())


def returns_to(flow: Flow, node: Node) -> Iterator[str]:
    """Yield where the callers of a sub-flow go on when it ends at a `return` node."""
    assert isinstance(node, Return)
    home = flow.homes.get(node.name)
    for caller in flow.nodes.values():
        called = flow.called_by(caller.name) if _may_call(caller) else None
        if called is not None and called.flow == home and node.end in called.exits:
            yield called.exits[node.end].goto


def _may_call(node: Node) -> bool:
    return isinstance(node, Subflow) or (isinstance(node, Do) and node.action.level > 0)


def entries(flow: Flow) -> list[str]:
    """Return the nodes that a call can come to from anywhere."""
    heads = [flow.start, flow.give_up, *(leave.goto for leave in flow.intents.values())]
    heads += [c.goto.goto for c in flow.commands if c.goto]
    return [name for name in dict.fromkeys(heads) if name in flow.nodes]


def listening(flow: Flow) -> Iterator[Listening]:
    """Yield the nodes that wait for an answer."""
    for node in flow.nodes.values():
        if isinstance(node, Menu | Collect | Recording):
            yield node
