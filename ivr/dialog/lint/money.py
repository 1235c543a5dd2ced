"""Whether money moves only after a yes, for somebody who was verified; and no card numbers."""

import re
from collections.abc import Iterator, Mapping

from ivr.dialog.flow import LISTENING, Collect, Do, Exit, Flow, Menu, Node, exits_of, prompts_of
from ivr.dialog.lint.where import Where, entries, text_at

CARD_LENGTHS = range(13, 20)
"""Digits of payment card numbers (ISO/IEC 7812-1: at most 19; the schemes in use have 13 or more)."""
_CARD = re.compile(
    r"\bcard number|\bnumber of your (?:\w+ )?card|\bcvv\b|\bcvc\b|\bsecurity code|卡号|信用卡号码", re.I
)


def check(flow: Flow, where: Where) -> None:
    """money-unconfirmed, money-unverified, card-number."""
    moving = [node for node in flow.nodes.values() if isinstance(node, Do) and node.action.moves_money]
    behind = _behind(flow)
    for node in moving:
        if not _confirmed(flow, node.name, behind):
            where(node.name).fault(
                "money-unconfirmed",
                f"'{node.action.name}' moves money: ask for a yes right before it (a menu with yes and no)",
                "do",
            )
    for node in moving:
        if flow.verify is None:
            where(node.name).fault(
                "money-unverified",
                f"'{node.action.name}' is for callers who are known: name under 'verify' the flow in which "
                "others prove who they are",
                "do",
            )
    _cards(flow, where)


def _behind(flow: Flow) -> dict[str, list[tuple[Node, str, Exit]]]:
    found: dict[str, list[tuple[Node, str, Exit]]] = {}
    for node in flow.nodes.values():
        for why, leave in exits_of(node):
            found.setdefault(leave.goto, []).append((node, why, leave))
    return found


def _confirmed(flow: Flow, name: str, behind: Mapping[str, list[tuple[Node, str, Exit]]]) -> bool:
    """Return whether every way to a node comes, through silent nodes, from a yes."""
    outside = set(entries(flow))
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        if here in outside:
            return False
        for node, _why, leave in behind.get(here, ()):
            if not isinstance(node, LISTENING):
                waiting.append(node.name)
            elif not _is_yes(node, leave):
                return False
    return True


def _is_yes(node: Node, leave: Exit) -> bool:
    match node:
        case Menu():
            return any(choice.exit is leave and "yes" in choice.intents for choice in node.choices)
        case Collect():
            return node.exit is leave and (node.kind == "yes_no" or node.confirm == "always")
        case _:
            return False


def _cards(flow: Flow, where: Where) -> None:
    for node in flow.nodes.values():
        if not isinstance(node, Collect):
            continue
        least, greatest = node.digits
        if node.kind == "digits" and least in CARD_LENGTHS and greatest in CARD_LENGTHS:
            where(node.name).fault(
                "card-number",
                f"{least} to {greatest} digits look like a card number; never ask for one",
                "length",
            )
        for field in _asks_for_card(node):
            where(node.name).fault(
                "card-number", "this asks for a card number; never ask for one", *text_at(node, field)
            )


def _asks_for_card(node: Collect) -> Iterator[str]:
    if node.kind in ("digits", "text", "order_number", "phone"):
        for field, text in prompts_of(node):
            if field.startswith("say") and _CARD.search(text):
                yield field
