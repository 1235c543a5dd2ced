"""Whether every call can go on and come to an end: reachable nodes, circles, sub-flows, people."""

from collections import deque

from ivr.dialog.flow import (
    LISTENING,
    Do,
    Flow,
    Forward,
    Goodbye,
    Queue,
    Return,
    Subflow,
    exits_of,
)
from ivr.dialog.lint.where import Where, entries, exit_at, listening, returns_to, ways_on

ENDS = (Queue, Forward, Goodbye, Return)
FARTHEST_PERSON = 4
"""Answers that a caller gives at most before a person is reached."""


def check(flow: Flow, where: Where) -> bool:
    """Check the ways; return whether they are sound enough for checks that follow them."""
    if flow.start not in flow.nodes:
        return False
    ahead = {name: list(dict.fromkeys(ways_on(flow, name))) for name in flow.nodes}
    _subflows(flow, where)
    _reachable(flow, where, ahead)
    _circles(flow, where)
    if any(target not in flow.nodes for targets in ahead.values() for target in targets):
        return False  # where ways lead is not known yet; what follows from it would be noise
    _ways_out(flow, where, ahead)
    _dead_ends(flow, where, ahead)
    _people(flow, where)
    return True


def _reachable(flow: Flow, where: Where, ahead: dict[str, list[str]]) -> None:
    """unreachable: a node that no call can come to."""
    seen: set[str] = set()
    waiting = entries(flow)
    while waiting:
        name = waiting.pop()
        if name in seen or name not in flow.nodes:
            continue
        seen.add(name)
        waiting += ahead[name]
    for name in flow.nodes:
        if name not in seen:
            where(name).fault("unreachable", f"nothing leads to '{name}'")


def _dead_ends(flow: Flow, where: Where, ahead: dict[str, list[str]]) -> None:
    """dead-end: from a node there is no way to a person or to the end of the call."""
    behind: dict[str, list[str]] = {}
    for name, targets in ahead.items():
        for target in targets:
            behind.setdefault(target, []).append(name)
    alive = {name for name, node in flow.nodes.items() if isinstance(node, ENDS)}
    waiting = list(alive)
    while waiting:
        for name in behind.get(waiting.pop(), ()):
            if name not in alive:
                alive.add(name)
                waiting.append(name)
    for name in flow.nodes:
        if name not in alive:
            where(name).fault("dead-end", f"from '{name}' a call never comes to a person or to its end")


def _ways_out(flow: Flow, where: Where, ahead: dict[str, list[str]]) -> None:
    """no-way-out: whoever comes to a listening node can leave it."""
    for node in listening(flow):
        if set(ahead[node.name]) <= {node.name}:
            where(node.name).fault("no-way-out", f"'{node.name}' leads nowhere but to itself")


# ---- circles


def _circles(flow: Flow, where: Where) -> None:
    """silent-circle: a circle must pass a node that listens, or a call would never end."""
    done: set[str] = set()
    for name in flow.nodes:
        _walk(flow, name, done, where)


def _walk(flow: Flow, name: str, done: set[str], where: Where) -> None:
    stack = [(name, 0)]
    on_path: set[str] = set()
    ways: dict[str, list[str]] = {}
    while stack:
        here, turn = stack.pop()
        if turn == 0:
            if here in done:
                continue
            on_path.add(here)
            ways[here] = _silent_ways(flow, here)
        if turn < len(ways[here]):
            stack.append((here, turn + 1))
            target = ways[here][turn]
            if target in on_path:
                where(target).fault(
                    "silent-circle",
                    f"a call could go in a circle through '{target}' and '{here}' without being heard",
                )
            elif target not in done:
                stack.append((target, 0))
        else:
            on_path.discard(here)
            done.add(here)


def _silent_ways(flow: Flow, name: str) -> list[str]:
    """Return where a node leads without hearing the caller."""
    node = flow.nodes.get(name)
    match node:
        case None | Queue() | Forward() | Goodbye():
            return []
        case Subflow():
            return [flow.subflows[node.flow].start]
        case Return():
            return list(dict.fromkeys(returns_to(flow, node)))
        case _ if isinstance(node, LISTENING):
            return []
        case _:
            return list(dict.fromkeys(leave.goto for _, leave in exits_of(node)))


# ---- sub-flows


def _subflows(flow: Flow, where: Where) -> None:
    """flow-border, outside-flow, recursive-flow."""
    for name in entries(flow):
        if name in flow.homes:
            where(None).fault("flow-border", f"'{name}' is in a sub-flow: call it by a node of the kind flow")
    for name, node in flow.nodes.items():
        home = flow.homes.get(name)
        if isinstance(node, Return) and home is None:
            where(name).fault("outside-flow", f"'{name}' returns, but is in no sub-flow")
        for why, leave in exits_of(node):
            target = flow.homes.get(leave.goto)
            free = why == "give_up" or why.startswith("always ")
            if target != home and not (free and target is None) and leave.goto in flow.nodes:
                sense = f"out of '{home}'" if target is None else f"into '{target}'"
                where(name).fault(
                    "flow-border",
                    f"'{leave.goto}' leads {sense}; call a sub-flow by a node, and return from it",
                    *exit_at(node, why),
                )
    _recursion(flow, where)


def _recursion(flow: Flow, where: Where) -> None:
    calls: dict[str, set[str]] = {}
    for node in flow.nodes.values():
        if isinstance(node, Subflow):
            calls.setdefault(flow.homes.get(node.name, ""), set()).add(node.flow)
    for node in flow.nodes.values():
        home = flow.homes.get(node.name)
        if isinstance(node, Subflow) and home is not None and home in _called(node.flow, calls):
            where(node.name).fault(
                "recursive-flow", f"the sub-flow '{home}' comes to call itself here", "flow"
            )


def _called(name: str, calls: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += calls.get(one, ())
    return seen


# ---- people


def _people(flow: Flow, where: Where) -> None:
    """far-from-person: no caller needs more than four answers to reach a person."""
    steps = _steps_to_people(flow)
    reachable = set(steps)
    for node in listening(flow):
        if node.name not in reachable or steps[node.name] > FARTHEST_PERSON:
            where(node.name).fault(
                "far-from-person",
                f"from '{node.name}' no caller can choose a person within {FARTHEST_PERSON} answers",
            )


def _steps_to_people(flow: Flow) -> dict[str, int]:
    """Return the least number of answers from each node to a person; giving up is no choice."""
    behind: dict[str, list[tuple[str, int]]] = {}
    for name, node in flow.nodes.items():
        cost = 1 if isinstance(node, LISTENING) else 0
        given_up = node.question.patience.give_up if isinstance(node, LISTENING) else None
        chosen = {leave.goto for why, leave in exits_of(node) if why != "give_up"}
        for target in dict.fromkeys(ways_on(flow, name)):
            if target != given_up or target in chosen or _commanded(node, target):
                behind.setdefault(target, []).append((name, cost))
    steps = {name: 0 for name, node in flow.nodes.items() if _is_person(node)}
    waiting = deque(steps)
    while waiting:
        here = waiting.popleft()
        for name, cost in behind.get(here, ()):
            if steps[here] + cost < steps.get(name, 1_000_000):
                steps[name] = steps[here] + cost
                waiting.append(name)
    return steps


def _commanded(node: object, target: str) -> bool:
    return isinstance(node, LISTENING) and any(
        c.goto and c.goto.goto == target for c in node.question.commands
    )


def _is_person(node: object) -> bool:
    return isinstance(node, Queue | Forward) or (isinstance(node, Do) and node.kind == "callback")
