"""The rules that menus are held to: name, severity, one sentence. The one list of them.

The checks themselves stand where the thing is known: in `source`, `document`, `build`, `translate`
and `lint`. `menus/README.md` prints this list; a test keeps the two the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `open` rules are advice that a node may allow itself to break, with a reason."""

    name: str
    severity: Severity
    sentence: str
    open: bool = False


_ALL = (
    Rule("syntax", "error", "the file is not YAML"),
    Rule("not-utf-8", "error", "the file is not UTF-8 text"),
    Rule("too-large", "error", "the file is larger than a menu file may be"),
    Rule("too-deep", "error", "values are nested too deeply"),
    Rule("no-anchors", "error", "anchors, aliases and tags are not used in menu files"),
    Rule("bad-key", "error", "a key is not a plain word"),
    Rule("duplicate-key", "error", "a key stands twice in one place"),
    Rule("no-head", "error", "there is no file hotline.yaml"),
    Rule(
        "shape", "error", "a part of the file is a list, a text or names with values where another is wanted"
    ),
    Rule("missing-field", "error", "a required field is missing"),
    Rule("unknown-field", "error", "a field is not known here"),
    Rule("bad-value", "error", "a value has the wrong type or is not allowed"),
    Rule("bad-policy", "error", "policies.yaml has an odd figure, an unknown name, or a gap in time"),
    Rule("bad-routing", "error", "routing.yaml holds no rules for routing, or an unknown queue"),
    Rule("bad-name", "error", "a name is not made of small letters, digits and _"),
    Rule("node-kind", "error", "a node has no kind, or two"),
    Rule("duplicate-node", "error", "two nodes have the same name"),
    Rule("timezone", "error", "a time zone does not exist"),
    Rule("bad-calendar", "error", "a calendar's hours or holidays cannot be read"),
    Rule("unknown-calendar", "error", "a calendar does not exist"),
    Rule("unknown-target", "error", "a way leads to a node that does not exist"),
    Rule(
        "no-way-out",
        "error",
        "nobody takes over from callers who are not understood, or a node leads nowhere but to itself",
    ),
    Rule("no-otherwise", "error", "a decision might have no way on"),
    Rule("silent-circle", "error", "a call could go in a circle without being heard"),
    Rule("dead-end", "warning", "from a node no call can end or reach a person", open=True),
    Rule("unreachable", "warning", "nothing leads to a node", open=True),
    Rule("far-from-person", "warning", "a person is more than four steps away", open=True),
    Rule("unknown-action", "error", "a business action does not exist"),
    Rule("outcome-not-wired", "error", "an outcome of an action leads nowhere"),
    Rule("unknown-outcome", "error", "an action never ends as the menu says"),
    Rule("unknown-input", "error", "an action does not take what it is given"),
    Rule("missing-input", "error", "an action is not given what it needs"),
    Rule("unknown-flow", "error", "a sub-flow does not exist"),
    Rule("recursive-flow", "error", "a sub-flow calls itself"),
    Rule(
        "flow-border", "error", "a way leads into or out of a sub-flow other than by calling it or returning"
    ),
    Rule("outside-flow", "error", "a return stands outside a sub-flow"),
    Rule("unknown-message", "error", "a message to customers is not in messages.yaml"),
    Rule("unknown-queue", "error", "a queue is not named under queues"),
    Rule("unknown-skill", "error", "a skill is not named under skills"),
    Rule("not-declared", "warning", "queues or skills are used but not named in the head", open=True),
    Rule("no-callback", "error", "a call back is offered but no callback node takes it"),
    Rule("unknown-hotline", "error", "a transfer names a hotline that the head does not know"),
    Rule("duplicate-choice-key", "error", "one key stands for two choices"),
    Rule("hidden-command-key", "warning", "a choice takes the key of a command", open=True),
    Rule("empty-choice", "error", "a choice can not be chosen"),
    Rule("same-phrase", "error", "one phrase stands for two choices"),
    Rule("confusable-phrases", "warning", "the phrases of two choices sound alike", open=True),
    Rule("too-many-choices", "warning", "more than six choices are spoken", open=True),
    Rule("option-before-key", "warning", "an option is named before its key", open=True),
    Rule("long-prompt", "warning", "a prompt is longer than 20 seconds of speech", open=True),
    Rule("unknown-slot", "error", "nothing fills a slot that is used"),
    Rule("unknown-part", "error", "a slot has no such part"),
    Rule("unknown-format", "error", "a format does not exist"),
    Rule("bad-hole", "error", "braces in a text do not name a slot"),
    Rule("slot-too-early", "warning", "a slot may be used before it is filled", open=True),
    Rule("secret-told", "error", "what is secret is said, written, or handed on to something but an action"),
    Rule("no-examples", "warning", "an intent has no examples", open=True),
    Rule("unknown-language", "error", "a language is not one that the hotline speaks"),
    Rule("no-translation", "warning", "a text is not translated", open=True),
    Rule("unknown-text", "warning", "a translation is of a text that does not exist"),
    Rule("other-slots", "error", "a translation has other slots than the text"),
    Rule("money-unconfirmed", "error", "money moves without a yes of the caller", open=True),
    Rule("money-unverified", "warning", "money moves for somebody who was not verified", open=True),
    Rule("card-number", "error", "digits are asked that look like a card number", open=True),
    Rule("not-visited", "warning", "no call script visits a node", open=True),
    Rule("unknown-rule", "error", "a rule that is allowed to be broken does not exist or cannot be allowed"),
    Rule("unused-allow", "warning", "a rule is allowed to be broken but is not broken"),
    Rule("script", "error", "a call script cannot be read"),
)
RULES: Mapping[str, Rule] = {rule.name: rule for rule in _ALL}
