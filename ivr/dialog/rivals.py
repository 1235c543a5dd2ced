"""Two matters that one sentence may mean: which is the other one, and which of them the caller chose."""

from ivr.dialog.events import Spoke
from ivr.dialog.flow import Flow, Listening, Menu
from ivr.dialog.hearing import Move
from ivr.dialog.spoken import position_in, words

LITTLE = frozenset(["a", "an", "the", "is", "of", "to", "for", "that", "your", "with", "about", "的", "了"])
"""Words of a matter's label that tell it from no other."""
RIVAL_FROM = 0.15
"""Chance from which a second reading is worth a question beside the first."""


def rival(flow: Flow, node: Listening, said: Spoke, first: Move) -> Move | None:
    """Return the other matter that a sentence may well mean, where it leads elsewhere; None for none."""
    for intent in said.intents:
        if intent.name == first.intent or intent.confidence < RIVAL_FROM:
            continue
        choices = node.choices if isinstance(node, Menu) else ()
        own = next((choice.exit for choice in choices if intent.name in choice.intents), None)
        leave = own or flow.intents.get(intent.name)
        if leave is not None and leave.goto != first.exit.goto:
            label = flow.labels.get(intent.name, intent.name.replace("_", " "))
            return Move(leave, intent.confidence, intent.name, label, first.told)
    return None


def which(
    first: str | None, second: str | None, labels: tuple[str, str], said: Spoke, language: str
) -> int | None:
    """Return which of two matters the caller chose, 0 or 1: by place, by its words, by what it means."""
    place = position_in(said.text, language)
    if place in (1, 2):
        return place - 1
    line = set(words(said.text))
    own, other = (set(words(label)) - LITTLE for label in labels)
    named = (bool(line & (own - other)), bool(line & (other - own)))
    if named[0] != named[1]:
        return int(named[1])
    chances = {intent.name: intent.confidence for intent in said.intents}
    ours, theirs = chances.get(first or "", 0.0), chances.get(second or "", 0.0)
    if max(ours, theirs) < RIVAL_FROM or max(ours, theirs) < 1.5 * min(ours, theirs):
        return None
    return int(theirs > ours)
