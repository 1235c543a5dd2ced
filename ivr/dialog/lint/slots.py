"""Whether what texts, conditions and actions use is there, and there in time."""

from collections.abc import Collection, Iterator, Mapping

from ivr.dialog.flow import (
    LATER,
    Collect,
    Condition,
    Decide,
    Do,
    Exit,
    Flow,
    Node,
    Recording,
    Subflow,
    exits_of,
    fills_of,
    inputs_of,
    prompts_of,
)
from ivr.dialog.lint.where import ENGINE_FACTS, Where, entries, text_at
from ivr.dialog.prompts import holes

RECORDING_PARTS = frozenset({"number", "ms", "text"})
HOURS_PARTS = frozenset({"state", "opens", "closes", "holiday"})


def check_names(flow: Flow, where: Where) -> None:
    """unknown-slot, unknown-part, unknown-calendar: what is used is filled by something."""
    known = {slot for node in flow.nodes.values() for slot in fills_of(node)} | ENGINE_FACTS
    known |= {slot for head in flow.subflows.values() for slot in head.inputs}
    parts = _parts(flow)
    _check_secrets(flow, where)
    for name, node in flow.nodes.items():
        for field, text in prompts_of(node):
            for hole in holes(text):
                at = text_at(node, field)
                if hole.path[0] == "hours":
                    _check_hours(flow, where, name, hole.path, at)
                elif hole.path[0] not in known:
                    where(name).fault("unknown-slot", f"nothing fills '{hole.path[0]}'", *at)
                elif len(hole.path) > 1 and hole.path[1] not in parts.get(hole.path[0], {hole.path[1]}):
                    _no_part(where, name, hole.path, parts, at)
        _check_messages(flow, where, node, known)
        for slot, at in _used(node):
            path = tuple(slot.split("."))
            if path[0] == "hours":
                _check_hours(flow, where, name, path, at)
            elif path[0] == "tries" and (len(path) != 2 or path[1] not in flow.nodes):
                where(name).fault(
                    "unknown-target", f"'{slot}' counts visits to a node that is not there", *at
                )
            elif path[0] not in known:
                where(name).fault("unknown-slot", f"nothing fills '{path[0]}'", *at)
            elif len(path) > 1 and path[1] not in parts.get(path[0], {path[1]}):
                _no_part(where, name, path, parts, at)


def _check_secrets(flow: Flow, where: Where) -> None:
    """secret-told: a secret goes from its question into an action, and nowhere else."""
    secret = {node.slot for node in flow.nodes.values() if isinstance(node, Collect) and node.secret}
    if not secret:
        return
    written = {hole.path[0] for one in flow.messages.values() for hole in holes(one.text + one.subject)}
    for slot in (secret & written) - set(LATER):
        where(None).fault("secret-told", f"a message holds '{slot}', which is secret")
    for head in flow.subflows.values():
        for slot in secret & set(head.results):
            where(head.start).fault("secret-told", f"'{slot}' is secret and may not leave its sub-flow")
    for name, node in flow.nodes.items():
        for field, text in prompts_of(node):
            for hole in holes(text):
                if hole.path[0] in secret:
                    where(name).fault("secret-told", f"'{hole.path[0]}' is secret", *text_at(node, field))
        for slot, at in _used(node):
            if slot.split(".")[0] in secret and not isinstance(node, Do):
                where(name).fault("secret-told", f"'{slot}' is secret", *at)


def _check_messages(flow: Flow, where: Where, node: Node, known: Collection[str]) -> None:
    """unknown-message, unknown-slot: what an action writes to customers is there, and so are its slots."""
    if not isinstance(node, Do):
        return
    for name, kind in node.action.inputs.items():
        wanted = node.inputs.get(name)
        if not kind.startswith("message") or wanted is None:
            continue
        message = flow.messages.get(str(wanted))
        if message is None:
            where(node.name).fault(
                "unknown-message", f"there is no message '{wanted}' in messages.yaml", "with", name
            )
            continue
        for hole in (*holes(message.subject), *holes(message.text)):
            if hole.path[0] not in known and hole.path[0] not in LATER:
                where(node.name).fault(
                    "unknown-slot", f"nothing fills '{hole.path[0]}' in the message '{wanted}'", "with", name
                )


def _no_part(
    where: Where, node: str, path: tuple[str, ...], parts: Mapping[str, set[str]], at: tuple[str | int, ...]
) -> None:
    names = ", ".join(sorted(parts[path[0]])) or "none"
    where(node).fault("unknown-part", f"'{path[0]}' has no part '{path[1]}'; its parts are: {names}", *at)


def _check_hours(
    flow: Flow, where: Where, node: str, path: tuple[str, ...], at: tuple[str | int, ...]
) -> None:
    if len(path) < 2 or path[1] not in flow.calendars:
        wanted = path[1] if len(path) > 1 else ""
        where(node).fault("unknown-calendar", f"there is no calendar '{wanted}' in calendars.yaml", *at)
    elif len(path) > 2 and path[2] not in HOURS_PARTS:
        where(node).fault(
            "unknown-part",
            f"opening hours have no '{path[2]}'; use one of {', '.join(sorted(HOURS_PARTS))}",
            *at,
        )


def _used(node: Node) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Yield what inputs, conditions and skills name, with its place."""
    match node:
        case Do() | Subflow():
            for name, value in node.inputs.items():
                if isinstance(value, str) and value.startswith("$"):
                    yield value[1:], ("with", name)
        case Decide():
            for number, rule in enumerate(node.rules):
                yield from ((c.slot, ("decide", number, "when", c.slot)) for c in rule.conditions)
        case _:
            yield from ((slot, ("skills",)) for slot in inputs_of(node))


def _parts(flow: Flow) -> dict[str, set[str]]:
    """Return the parts of each slot that is always a record of known parts."""
    found: dict[str, set[str]] = {}
    open_ended: set[str] = set()
    for node in flow.nodes.values():
        match node:
            case Do() if node.action.fields:
                found.setdefault(node.result, set()).update(node.action.fields)
            case Recording():
                found.setdefault(node.slot, set()).update(RECORDING_PARTS)
            case Do() | Subflow():
                open_ended |= set(fills_of(node))
    open_ended |= {slot for head in flow.subflows.values() for slot in head.inputs}
    return {slot: parts for slot, parts in found.items() if slot not in open_ended}


# ---- in time


def check_order(flow: Flow, where: Where) -> None:
    """slot-too-early: on every way to a text or an action, what it uses has been filled."""
    filled = known_before(flow)
    for name, node in flow.nodes.items():
        before = filled.get(name, frozenset())
        told: set[str] = set()
        for field, text in prompts_of(node):
            at = text_at(node, field)
            here = before | _on_exit(node, str(field.rpartition(".")[0]))
            for hole in holes(text):
                slot = hole.path[0]
                if slot not in here and slot not in ENGINE_FACTS and slot not in told:
                    told.add(slot)
                    where(name).fault(
                        "slot-too-early", f"'{slot}' may not be known yet when this is said", *at
                    )
        if isinstance(node, Do | Subflow):
            _check_inputs(flow, where, node, before)


def _check_inputs(flow: Flow, where: Where, node: Do | Subflow, before: frozenset[str]) -> None:
    optional = (
        {n for n, kind in node.action.inputs.items() if kind.endswith("?")} if isinstance(node, Do) else set()
    )
    for name, value in node.inputs.items():
        if not (isinstance(value, str) and value.startswith("$")) or name in optional:
            continue
        slot = value[1:].split(".")[0]
        asked = isinstance(node, Do) and _asker(flow, node.name, slot) is not None
        if slot not in before and slot not in ENGINE_FACTS and not asked:
            where(node.name).fault(
                "slot-too-early", f"'{slot}' may not be known yet, and no node asks for it", "with", name
            )


def _asker(flow: Flow, node: str, slot: str) -> str | None:
    home = flow.homes.get(node, "")
    return flow.collectors.get(f"{home}.{slot}") or flow.collectors.get(slot)


def known_before(flow: Flow) -> dict[str, frozenset[str]]:
    """Return for each node what every way to it has filled (a forward must-analysis)."""
    everything = frozenset(slot for node in flow.nodes.values() for slot in fills_of(node))
    known: dict[str, frozenset[str]] = {name: frozenset() for name in entries(flow)}
    waiting = list(known)
    while waiting:
        name = waiting.pop()
        for target, filled in _after(flow, flow.nodes[name], known[name]):
            if target not in flow.nodes:
                continue
            merged = filled & known.get(target, everything)
            if target not in known or merged != known[target]:
                known[target] = merged
                waiting.append(target)
    return known


def _after(flow: Flow, node: Node, before: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the ways on from a node with what is known on each."""
    if isinstance(node, Do):
        for slot in inputs_of(node):
            asker = _asker(flow, node.name, slot)
            if asker is not None:
                yield asker, before
                before = before | {slot}
    proves = isinstance(node, Do) and node.action.level > 0
    called = flow.called_by(node.name) if proves or isinstance(node, Subflow) else None
    if called is not None and called.flow in flow.subflows:
        head = flow.subflows[called.flow]
        yield head.start, (before - head.own) | set(head.inputs)
    for why, leave in exits_of(node):
        filled = before | _on_exit(node, why)
        yield leave.goto, filled - set(leave.forget)


def _on_exit(node: Node, why: str) -> frozenset[str]:
    """Return what a node has filled where it is left by an exit."""
    match node:
        case Collect() | Recording() if why in ("goto", "refused"):
            return frozenset({node.slot})
        case Do() if why in node.exits and why not in node.action.empty:
            return frozenset({node.result})
        case Subflow():
            return frozenset(node.results.values())
        case Decide() if why.startswith("rule "):
            rule = node.rules[int(why.removeprefix("rule ")) - 1]
            return frozenset(c.slot.split(".")[0] for c in rule.conditions if _implies_known(c))
        case _:
            return frozenset()


def _implies_known(condition: Condition) -> bool:
    return condition.test != "known" or bool(condition.value)


__all__ = ["Exit", "check_names", "check_order", "known_before"]
