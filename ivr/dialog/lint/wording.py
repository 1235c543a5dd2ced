"""Whether texts can be said and are good to hear: formats, length, options, translations."""

import re
from collections.abc import Iterator

from ivr.dialog.flow import Flow, Menu, Node, prompts_of
from ivr.dialog.lint.where import Where, listening, text_at
from ivr.dialog.prompts import FORMATS, broken_holes, holes

LONGEST_S = 20
LETTERS_PER_S = {"zh": 4.5}
DEFAULT_LETTERS_PER_S = 15
"""How fast our voices speak, letters a second (hibari, measured; zh: a telephone announcer)."""
MOST_CHOICES = 6
_KEY = r"(?:press|dial|push|hit)\s+(?:\d|zero|one|two|three|four|five|six|seven|eight|nine|star|pound|hash)\b"
_OPTION_FIRST = re.compile(
    rf"\b(?:for|to)\s+[\w'’ -]{{2,60}}?,?\s+(?:please\s+)?{_KEY}"
    r"|[\u4e00-\u9fff]{2,}[，,]?\s*请?按\s*[0-9一二三四五六七八九零]\s*号?键?\s*(?=[，。；、,.;!?]|$)",
    re.IGNORECASE,
)


def check(flow: Flow, where: Where) -> None:
    """Check the texts of one language."""
    for name, node in flow.nodes.items():
        for field, text in prompts_of(node):
            for rule, message in _of_text(flow, text):
                where(name).fault(rule, message, *text_at(node, field))
    _choices(flow, where)
    _examples(flow, where)


def _of_text(flow: Flow, text: str) -> Iterator[tuple[str, str]]:
    """unknown-format, bad-hole, long-prompt, option-before-key: what is wrong with one text."""
    for hole in holes(text):
        if hole.format not in FORMATS:
            yield (
                "unknown-format",
                f"'{hole.format}' is not a format; use one of {', '.join(sorted(FORMATS))}",
            )
    for piece in broken_holes(text):
        yield "bad-hole", f"'{piece}' names no slot; write {{slot}} or {{slot|format}}"
    seconds = spoken_seconds(text, flow.language)
    if seconds > LONGEST_S:
        yield (
            "long-prompt",
            f"this takes about {seconds:.0f} seconds to say; {LONGEST_S} are the most to hear",
        )
    if (found := _OPTION_FIRST.search(text)) is not None:
        yield "option-before-key", f"name the key before its option: '{found[0].strip()}'"


def spoken_seconds(text: str, language: str) -> float:
    """Return about how long a text takes to say."""
    return len(text) / LETTERS_PER_S.get(language, DEFAULT_LETTERS_PER_S)


def _choices(flow: Flow, where: Where) -> None:
    """too-many-choices: nobody remembers more than six."""
    for node in listening(flow):
        if not isinstance(node, Menu):
            continue
        spoken = [choice for choice in node.choices if choice.key] if node.open else node.choices
        if len(spoken) > MOST_CHOICES:
            where(node.name).fault(
                "too-many-choices",
                f"{len(spoken)} choices: callers remember {MOST_CHOICES}; make two menus of them",
                "choices",
            )


def _examples(flow: Flow, where: Where) -> None:
    """no-examples: an intent that nothing is known of is never heard."""
    for node in listening(flow):
        if not isinstance(node, Menu):
            continue
        for number, choice in enumerate(node.choices):
            for intent in choice.intents:
                if intent not in flow.examples and intent not in ("yes", "no"):
                    where(node.name).fault(
                        "no-examples",
                        f"there are no examples of '{intent}' in intents/{flow.language}.yaml",
                        "choices",
                        number,
                        "intents",
                    )


def compare(flow: Flow, tongue: Flow, where: Where) -> None:
    """other-slots: a translation says the same slots as the text."""
    for name, node in flow.nodes.items():
        translated = dict(prompts_of(tongue.nodes[name])) if name in tongue.nodes else {}
        for field, text in prompts_of(node):
            if field in translated:
                _compare(where, name, node, field, text, translated[field])


def _compare(where: Where, name: str, node: Node, field: str, text: str, translated: str) -> None:
    wanted, given = ({".".join(hole.path) for hole in holes(one)} for one in (text, translated))
    if wanted != given:
        odd = ", ".join(sorted(wanted ^ given))
        where(name).fault(
            "other-slots", f"text and translation do not say the same slots: {odd}", *text_at(node, field)
        )
