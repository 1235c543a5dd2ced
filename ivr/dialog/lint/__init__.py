"""What a sound hotline must hold, beyond the shape of its files. Each check names its rules.

Checks take a flow and report through `where`, which finds the place of a node (None is the head), in
the file of a language where one is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.dialog.actions import ActionType
from ivr.dialog.flow import Flow
from ivr.dialog.lint import money, slots, sounds, ways, wiring, wording
from ivr.dialog.lint.where import Declared, Place, Where


@dataclass(frozen=True, slots=True)
class _In:
    """Finds places in the file of one language."""

    where: Where
    language: str | None

    def __call__(self, node: str | None, language: str | None = None) -> Place:
        return self.where(node, language or self.language)


def lint(flow: Flow, where: Where, actions: Mapping[str, ActionType], declared: Declared) -> None:
    """Run every check, those of words in every language."""
    wiring.check(flow, where, declared)
    sound = ways.check(flow, where)
    slots.check_names(flow, where)
    if sound:
        slots.check_order(flow, where)
        money.check(flow, where)
    for tongue in (flow, *flow.tongues.values()):
        at = _In(where, None if tongue is flow else tongue.language)
        wording.check(tongue, at)
        sounds.check(tongue, at)
        if tongue is not flow:
            wording.compare(flow, tongue, at)
