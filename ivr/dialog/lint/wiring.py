"""Whether everything that a node names is there: targets, outcomes, queues, skills, keys."""

from collections.abc import Iterator

from ivr.dialog.flow import (
    VERIFIED,
    Collect,
    Decide,
    Do,
    Flow,
    Forward,
    Language,
    Menu,
    Node,
    Queue,
    Recording,
    Subflow,
    Tell,
    Verify,
)
from ivr.dialog.lint.where import Declared, Where, listening

At = tuple[str | int, ...]


def check(flow: Flow, where: Where, declared: Declared) -> None:
    """Check the wiring."""
    _head(flow, where)
    _targets(flow, where)
    _outcomes(flow, where)
    _people(flow, where, declared)
    _keys(flow, where)


def _head(flow: Flow, where: Where) -> None:
    """unknown-target, no-way-out, bad-value: what the head names."""
    if flow.start not in flow.nodes:
        where(None).fault("unknown-target", f"there is no node '{flow.start}' to start at", "start")
    if not flow.give_up:
        where(None).fault(
            "no-way-out", "say where callers go who are not understood: patience.give_up", "patience"
        )
    elif flow.give_up not in flow.nodes:
        where(None).fault("unknown-target", f"there is no node '{flow.give_up}'", "patience", "give_up")
    if flow.verify is not None:
        _verify(flow, flow.verify, where)
    for command in flow.commands:
        if command.goto and command.goto.goto not in flow.nodes:
            where(None).fault(
                "unknown-target", f"there is no node '{command.goto.goto}'", "always", command.name
            )
        if (command.goto is None) == (command.do is None):
            where(None).fault("bad-value", "a command has either a goto or a do", "always", command.name)


def _verify(flow: Flow, verify: Verify, where: Where) -> None:
    """unknown-flow, unknown-target, outcome-not-wired: how callers prove who they are."""
    head = flow.subflows.get(verify.flow)
    if head is None:
        where(None).fault("unknown-flow", f"there is no sub-flow '{verify.flow}'", "verify", "flow")
    elif VERIFIED not in head.ends:
        where(None).fault(
            "outcome-not-wired", f"'{verify.flow}' never ends with '{VERIFIED}'", "verify", "flow"
        )
    if verify.failed not in flow.nodes:
        where(None).fault("unknown-target", f"there is no node '{verify.failed}'", "verify", "failed")


def _targets(flow: Flow, where: Where) -> None:
    """unknown-target: every way on leads somewhere."""
    for name, node in flow.nodes.items():
        for at, target in _gotos(flow, node):
            if target and target not in flow.nodes:
                where(name).fault("unknown-target", f"there is no node '{target}'", *at)


def _gotos(  # noqa: C901  # one case a node kind
    flow: Flow, node: Node
) -> Iterator[tuple[At, str]]:
    """Yield every target of a node with the place where it is written."""
    match node:
        case Menu():
            yield from ((("choices", n, "goto"), choice.exit.goto) for n, choice in enumerate(node.choices))
        case Collect() | Tell() | Recording():
            yield ("goto",), node.exit.goto
            if isinstance(node, Recording) and node.refused:
                yield ("refused",), node.refused.goto
        case Do() | Forward() | Subflow():
            yield from ((("on", outcome, "goto"), leave.goto) for outcome, leave in node.exits.items())
        case Decide():
            yield from ((("decide", n, "goto"), rule.exit.goto) for n, rule in enumerate(node.rules))
        case Queue():
            if node.callback:
                yield ("while_waiting", "callback"), node.callback.goto
            if node.overflow:
                yield ("overflow", "goto"), node.overflow.goto
            if node.afterwards:
                yield ("afterwards",), node.afterwards.goto
        case Language():
            if node.exit:
                yield ("goto",), node.exit.goto
    if isinstance(node, Menu | Collect | Recording):
        if node.question.patience.give_up != flow.give_up:
            yield ("patience", "give_up"), node.question.patience.give_up
        for command in node.question.commands:
            if command.goto and command.goto.name.startswith(f"{node.name}.always"):
                yield ("always", command.name, "goto"), command.goto.goto


def _outcomes(flow: Flow, where: Where) -> None:
    """outcome-not-wired, unknown-outcome, unknown-input, missing-input."""
    for name, node in flow.nodes.items():
        if not isinstance(node, Do) or node.kind == "survey":
            continue
        action = node.action
        for outcome in action.outcomes:
            if outcome not in node.exits and not _cannot_be(node, outcome):
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
        if action.either and not set(action.either) & set(node.inputs):
            needed = "' or '".join(action.either)
            where(name).fault("missing-input", f"'{action.name}' needs '{needed}'", "with")
        for wanted, kind in action.inputs.items():
            if wanted not in node.inputs and not kind.endswith("?"):
                where(name).fault("missing-input", f"'{action.name}' needs '{wanted}'", "with")


def _cannot_be(node: Do, outcome: str) -> bool:
    """Return whether an outcome cannot be with what the action is given, or lacks."""
    given, either = node.action.unless.get(outcome), node.action.either
    return given in node.inputs or (given is not None and not set(either) & set(node.inputs))


def _people(flow: Flow, where: Where, declared: Declared) -> None:
    """unknown-queue, unknown-skill, not-declared: queues and skills are those of the head."""
    undeclared = {"queues": False, "skills": False}
    for name, node in flow.nodes.items():
        for queue, skills, at in _wanted(node):
            undeclared["queues"] |= declared.queues is None
            if declared.queues is not None and queue not in declared.queues:
                where(name).fault("unknown-queue", f"there is no queue '{queue}'; name it under 'queues'", at)
            for skill in skills:
                if skill.startswith("$") or skill in flow.languages:
                    continue
                undeclared["skills"] |= declared.skills is None
                if declared.skills is not None and skill not in declared.skills:
                    where(name).fault(
                        "unknown-skill",
                        f"there is no skill '{skill}'; name it under 'skills'",
                        "skills",
                        skill,
                    )
    for what, used in undeclared.items():
        if used:
            where(None).fault(
                "not-declared", f"name the {what} under '{what}', so that a wrong name is found"
            )


def _wanted(node: Node) -> Iterator[tuple[str, list[str], str]]:
    """Yield the queue and the skills that a node asks for."""
    match node:
        case Queue():
            yield node.queue, list(node.skills), "queue"
        case Do(kind="callback"):
            skills = node.inputs.get("skills")
            yield str(node.inputs.get("queue")), list(skills) if isinstance(skills, dict) else [], "callback"


def _keys(flow: Flow, where: Where) -> None:
    """duplicate-choice-key, hidden-command-key, empty-choice: one key, one meaning."""
    for node in listening(flow):
        if not isinstance(node, Menu):
            continue
        seen: set[str] = set()
        taken = {key: command.name for command in node.question.commands for key in command.keys}
        for number, choice in enumerate(node.choices):
            at: At = ("choices", number, "key")
            if choice.key and choice.key in seen:
                where(node.name).fault("duplicate-choice-key", f"key {choice.key} is given twice", *at)
            elif choice.key in taken:
                where(node.name).fault(
                    "hidden-command-key",
                    f"key {choice.key} is also '{taken[choice.key]}', which it hides",
                    *at,
                )
            seen |= {choice.key} if choice.key else set()
            if not (choice.key or choice.intents or choice.phrases):
                where(node.name).fault(
                    "empty-choice", "a choice needs a key, intents or phrases", "choices", number
                )
