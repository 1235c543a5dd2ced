"""Node documents into nodes. What cannot be built is noted as a fault; nothing is guessed.

A survey is three nodes: the question, its reason, and the action that keeps the answer.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from babel import Locale, UnknownLocaleError

from ivr.dialog.actions import ActionType
from ivr.dialog.events import Value
from ivr.dialog.flow import (
    Choice,
    Collect,
    Command,
    Condition,
    Confidence,
    Decide,
    Do,
    Exit,
    Forward,
    Goodbye,
    Language,
    Menu,
    Node,
    Patience,
    Prompt,
    Prompts,
    Question,
    Queue,
    Recording,
    Return,
    Rule,
    SlotKind,
    Subflow,
    Tell,
    Variants,
    name_of,
)
from ivr.dialog.shape import (
    CallbackDoc,
    ChoiceDoc,
    CollectDoc,
    CommandDoc,
    ConfidenceDoc,
    DecideDoc,
    DoDoc,
    ExitDoc,
    FlowDoc,
    GoodbyeDoc,
    HotlineDoc,
    LanguageDoc,
    ListeningDoc,
    MenuDoc,
    NodeDoc,
    OverflowDoc,
    PatienceDoc,
    PromptDoc,
    QueueDoc,
    RecordDoc,
    ReturnDoc,
    SayDoc,
    SubflowDoc,
    SurveyDoc,
    TransferDoc,
)

PRIORITIES = {"low": -1, "normal": 0, "high": 1, "urgent": 2}
LENGTHS: Mapping[SlotKind, tuple[int, int]] = {
    "digits": (1, 20),
    "order_number": (6, 6),
    "amount": (1, 9),
    "date": (8, 8),
    "phone": (5, 15),
}
BOOK, KEEP_RATING = "callback.book", "survey.record"
"""The business actions behind the node kinds `callback` and `survey`."""
TRANSFER_FAILS = ("busy", "no_answer", "failed")


class Place(Protocol):
    """Where a fault is noted: a node, or the head of the hotline."""

    def fault(self, rule: str, message: str, *at: str | int) -> None:
        """Note that a rule is broken here, or at a path below."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a node is built in: the head, the actions, the sub-flows and callbacks by name, the languages."""

    head: HotlineDoc
    actions: Mapping[str, ActionType]
    subflows: Mapping[str, SubflowDoc]
    ends: Mapping[str, tuple[str, ...]]
    callbacks: Mapping[str, str]
    languages: tuple[str, ...]
    language: str


def built(  # noqa: C901, PLR0915  # one case a node kind
    name: str, doc: NodeDoc, around: Around, place: Place
) -> Iterator[Node]:
    """Yield the nodes that a document makes; none where it cannot be built."""
    match doc:
        case MenuDoc():
            choices = tuple(_choice(name, choice) for choice in doc.choices)
            yield Menu(name, question(name, doc, around), choices, doc.menu == "open")
        case CollectDoc():
            yield _collect(name, doc, around)
        case DoDoc():
            yield from _do(name, doc, around, place)
        case SayDoc():
            yield Tell(name, wordings(doc.say), _exit(doc, f"{name}.goto"), doc.barge_in)
        case DecideDoc():
            yield _decide(name, doc, place)
        case QueueDoc():
            yield _queue(name, doc, around, place)
        case CallbackDoc():
            yield from _callback(name, doc, around)
        case RecordDoc():
            yield _recording(name, doc, around)
        case SurveyDoc():
            yield from _survey(name, doc, around)
        case TransferDoc():
            yield from _transfer(name, doc, around, place)
        case FlowDoc():
            yield from _subflow(name, doc, around, place)
        case ReturnDoc():
            yield Return(name, doc.return_)
        case LanguageDoc():
            yield from _language(name, doc, around, place)
        case GoodbyeDoc():
            yield Goodbye(name, doc.goodbye, doc.outcome)


# ---- how a node asks


def question(name: str, doc: ListeningDoc, around: Around, *, give_up: str = "") -> Question:
    """Return how a listening node asks."""
    prompts = Prompts(
        wordings(doc.say),
        tuple(doc.say_again),
        tuple(doc.when_silent),
        tuple(doc.when_unclear),
        doc.help,
        doc.barge_in,
    )
    return Question(
        prompts,
        _patience(doc.patience, around.head.patience, give_up),
        _commands(name, doc, around.head),
        _confidence(doc.confidence, around.head.confidence),
    )


def wordings(docs: list[PromptDoc]) -> Variants:
    """Return the wordings of a prompt."""
    return tuple(Prompt(doc.text, doc.short, doc.share, doc.name or "") for doc in docs)


def _patience(own: PatienceDoc | None, common: PatienceDoc, give_up: str) -> Patience:
    given = own.model_fields_set if own else set()

    def pick(field: str) -> PatienceDoc:
        return own if own is not None and field in given else common

    return Patience(
        pick("no_input").no_input,
        pick("inter_digit").inter_digit,
        pick("tries").tries,
        (own.give_up if own else None) or give_up or common.give_up or "",
        pick("end_of_speech").end_of_speech or 0,
    )


def _confidence(own: ConfidenceDoc | None, common: ConfidenceDoc) -> Confidence:
    given = own.model_fields_set if own else set()
    take = own.take if own is not None and "take" in given else common.take
    confirm = own.confirm if own is not None and "confirm" in given else common.confirm
    return Confidence(take, confirm)


def command(name: str, doc: CommandDoc, at: str = "") -> Command:
    """Return a command; `at` names the node where it means something of its own."""
    exit_name = f"{at}.always.{name}" if at else f"always.{name}"
    leave = Exit(doc.goto, name=exit_name) if doc.goto else None
    said = tuple(doc.phrases) or ((name.replace("_", " "),) if doc.intents else ())
    return Command(name, tuple(doc.keys), tuple(doc.intents), said, leave, doc.do)


def _commands(node: str, doc: ListeningDoc, head: HotlineDoc) -> tuple[Command, ...]:
    """Return the commands understood at a node: the hotline's, as the node changes them."""
    if doc.always is False:
        return ()
    own = doc.always if isinstance(doc.always, dict) else {}
    kept = [command(name, one) for name, one in head.always.items() if name not in own]
    changed = [
        command(name, _over(head.always.get(name), one), node)
        for name, one in own.items()
        if one is not False
    ]
    return (*kept, *changed)


def _over(common: CommandDoc | None, own: CommandDoc) -> CommandDoc:
    """Return a command with what a node says of it in place of what the hotline says."""
    if common is None:
        return own
    given = own.model_fields_set
    update = {field: getattr(own, field) for field in given}
    if "goto" in given:
        update["do"] = None
    elif "do" in given:
        update["goto"] = None
    return common.model_copy(update=update)


# ---- ways


def _exit(doc: str | ExitDoc | OverflowDoc | SayDoc | CollectDoc | RecordDoc, name: str) -> Exit:
    if isinstance(doc, str):
        return Exit(doc, name=name)
    said = doc.say if isinstance(doc, ExitDoc | OverflowDoc) else None  # a node's own `say` is not its exit's
    return Exit(doc.goto, said, tuple(doc.forget), name)


def _exits(name: str, docs: Mapping[Any, ExitDoc]) -> dict[str, Exit]:
    return {outcome: _exit(leave, f"{name}.{outcome}") for outcome, leave in docs.items()}


def _choice(node: str, doc: ChoiceDoc) -> Choice:
    bare = Choice(Exit(""), doc.key, tuple(doc.intents), tuple(doc.phrases))
    return replace(bare, exit=_exit(doc, f"{node}.{name_of(bare)}"))


# ---- the kinds


def _collect(name: str, doc: CollectDoc, around: Around) -> Collect:
    number = around.head.order_number
    ours = doc.as_ == "order_number"
    length = doc.length if doc.length is not None else number.length if ours else None
    return Collect(
        name,
        question(name, doc, around),
        doc.collect,
        doc.as_,
        _exit(doc, f"{name}.goto"),
        "never" if doc.secret else doc.confirm,
        span_of(length) if length is not None else LENGTHS.get(doc.as_, (1, 1)),
        _values(doc.values),
        doc.check or (number.check if ours else None),
        tuple(number.prefix) if ours else (),
        {"past": True, "future": False}.get(doc.dates),
        doc.spelled,
        "" if doc.finish_key == "none" else doc.finish_key,
        doc.secret,
    )


def span_of(length: int | list[int]) -> tuple[int, int]:
    """Return a length as (least, greatest)."""
    return (length, length) if isinstance(length, int) else (min(length), max(length))


def _values(values: Mapping[str, list[str]] | list[str]) -> dict[str, tuple[str, ...]]:
    if isinstance(values, list):
        return {value: (value.replace("_", " "),) for value in values}
    return {value: tuple(said) for value, said in values.items()}


def _do(name: str, doc: DoDoc, around: Around, place: Place) -> Iterator[Do]:
    action = around.actions.get(doc.do)
    if action is None:
        near = did_you_mean(doc.do, around.actions)
        place.fault("unknown-action", f"there is no action '{doc.do}'{near}", "do")
        return
    yield Do(name, action, doc.with_, _exits(name, doc.on), doc.filler, doc.into or action.result)


def did_you_mean(word: str, known: Mapping[str, object]) -> str:
    """Return "; did you mean 'order.lookup'?" where something known is close."""
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _decide(name: str, doc: DecideDoc, place: Place) -> Decide:
    if doc.decide[-1].when:
        place.fault(
            "no-otherwise", "the last rule needs no 'when', so that there is always a way on", "decide"
        )
    rules = enumerate(doc.decide, 1)
    return Decide(
        name, tuple(Rule(_conditions(rule.when), _exit(rule, f"{name}.rule {n}")) for n, rule in rules)
    )


def _conditions(when: Mapping[str, Value]) -> tuple[Condition, ...]:
    return tuple(_condition(slot, test) for slot, test in when.items())


def _condition(slot: str, test: Value) -> Condition:
    match test:
        case {"at_least": value}:
            return Condition(slot, "at_least", value)
        case {"at_most": value}:
            return Condition(slot, "at_most", value)
        case {"known": value}:
            return Condition(slot, "known", value)
        case "known":
            return Condition(slot, "known", True)
        case "unknown":
            return Condition(slot, "known", False)
        case list():
            return Condition(slot, "one_of", test)
        case _:
            return Condition(slot, "is", test if isinstance(test, str | int | float | bool) else None)


def _queue(name: str, doc: QueueDoc, around: Around, place: Place) -> Queue:
    waiting, overflow = doc.while_waiting, doc.overflow
    callback = waiting.callback or around.callbacks.get(doc.queue)
    offers = waiting.offer_callback_after is not None
    if offers and callback is None:
        place.fault(
            "no-callback",
            f"a call back is offered, but no callback node books one for '{doc.queue}'",
            "while_waiting",
            "offer_callback_after",
        )
    return Queue(
        name,
        doc.queue,
        doc.skills,
        PRIORITIES[doc.priority],
        doc.say,
        waiting.every if waiting.announce else 0,
        tuple(waiting.announce),
        waiting.music,
        waiting.offer_callback_after,
        Exit(callback, name=f"{name}.callback") if offers and callback else None,
        overflow.after if overflow else None,
        _exit(overflow, f"{name}.overflow") if overflow else None,
        Exit(doc.afterwards, name=f"{name}.afterwards") if doc.afterwards else None,
    )


def _callback(name: str, doc: CallbackDoc, around: Around) -> Iterator[Do]:
    action = around.actions.get(BOOK)
    if action is None:
        return
    inputs: dict[str, Value] = {
        "queue": doc.callback,
        "number": doc.number,
        "skills": dict(doc.skills),
        "priority": PRIORITIES[doc.priority],
    }
    if doc.at:
        inputs["at"] = doc.at
    exits = _exits(name, doc.on)
    yield Do(name, action, inputs, exits, doc.filler, action.result, "callback")


def _recording(name: str, doc: RecordDoc, around: Around) -> Recording:
    refused = Exit(doc.refused, name=f"{name}.refused") if doc.refused else None
    return Recording(
        name,
        question(name, doc, around),
        doc.record,
        _exit(doc, f"{name}.goto"),
        refused,
        doc.longest,
        doc.silence,
        doc.beep,
    )


def _survey(name: str, doc: SurveyDoc, around: Around) -> Iterator[Node]:
    """A rating on a scale, its reason where one is asked, and the action that keeps both."""
    action = around.actions.get(KEEP_RATING)
    if action is None:
        return
    why, keep, score = f"{name}_why", f"{name}_keep", doc.survey
    asked = question(name, doc, around, give_up=doc.goto)
    least, greatest = min(doc.scale), max(doc.scale)
    way = Exit(why if doc.reason else keep, name=f"{name}.goto")
    yield Collect(name, asked, score, "scale", way, "never", (least, greatest))
    inputs: dict[str, Value] = {"survey": doc.survey, "score": f"${score}"}
    if doc.reason:
        yield from _reason(name, doc, asked, keep)
        inputs["reason"] = f"${score}_reason"
    leave = Exit(doc.goto, doc.thanks, name=f"{keep}.goto")
    exits = {outcome: replace(leave, name=f"{keep}.{outcome}") for outcome in action.outcomes}
    yield Do(keep, action, inputs, exits, None, action.result, "survey")


def _reason(name: str, doc: SurveyDoc, asked: Question, keep: str) -> Iterator[Node]:
    """Ask why, once; who says nothing is not asked again. A good score may need no reason."""
    assert doc.reason is not None
    score, why = doc.survey, f"{name}_why"
    ask = why
    if doc.reason_up_to is not None:
        ask = f"{name}_ask_why"
        low = Condition(score, "at_most", doc.reason_up_to)
        rules = (Rule((low,), Exit(ask, name=f"{why}.low")), Rule((), Exit(keep, name=f"{why}.high")))
        yield Decide(why, rules)
    once = replace(asked.patience, tries=1, give_up=keep)
    prompts = Prompts((Prompt(doc.reason),))
    leave = Exit(keep, name=f"{ask}.goto")
    yield Collect(
        ask, replace(asked, prompts=prompts, patience=once), f"{score}_reason", "text", leave, "never"
    )


def _transfer(name: str, doc: TransferDoc, around: Around, place: Place) -> Iterator[Forward]:
    to = doc.transfer
    if not to.startswith(("+", "sip:", "sips:")):
        known = around.head.hotlines.get(to)
        if known is None:
            near = did_you_mean(to, around.head.hotlines)
            place.fault("unknown-hotline", f"there is no '{to}' under 'hotlines'{near}", "transfer")
            return
        to = known
    given = _exits(name, doc.on)
    exits = {why: given.get(why) or Exit(doc.goto, name=f"{name}.{why}") for why in TRANSFER_FAILS}
    yield Forward(name, to, exits, doc.say, doc.timeout)


def _subflow(name: str, doc: FlowDoc, around: Around, place: Place) -> Iterator[Subflow]:
    head = around.subflows.get(doc.flow)
    if head is None:
        near = did_you_mean(doc.flow, around.subflows)
        place.fault("unknown-flow", f"there is no sub-flow '{doc.flow}'{near}", "flow")
        return
    ends = around.ends[doc.flow]
    given = _exits(name, doc.on)
    for end in given:
        if end not in ends:
            place.fault("unknown-outcome", f"'{doc.flow}' never ends with '{end}'", "on", end)
    for end in ends:
        if end not in given and doc.goto is None:
            place.fault("outcome-not-wired", f"'{doc.flow}' can end with '{end}': say where that leads", "on")
            return
    _check_names(doc, head, place)
    exits = {end: given.get(end) or Exit(doc.goto or "", name=f"{name}.{end}") for end in ends}
    yield Subflow(name, doc.flow, doc.with_, doc.into, exits)


def _check_names(doc: FlowDoc, head: SubflowDoc, place: Place) -> None:
    for given in doc.with_:
        if given not in head.inputs:
            place.fault("unknown-input", f"'{doc.flow}' takes no '{given}'", "with", given)
    for wanted in head.inputs:
        if wanted not in doc.with_:
            place.fault("missing-input", f"'{doc.flow}' needs '{wanted}'", "with")
    for result in doc.into:
        if result not in head.results:
            place.fault("unknown-slot", f"'{doc.flow}' has no result '{result}'", "into", result)


def _language(name: str, doc: LanguageDoc, around: Around, place: Place) -> Iterator[Node]:
    wanted = [doc.language] if isinstance(doc.language, str) else doc.language
    for language in wanted:
        if language not in around.languages:
            place.fault(
                "unknown-language",
                f"the hotline does not speak '{language}'; give it translations/{language}.yaml",
                "language",
            )
            return
    if isinstance(doc.language, str):
        yield Language(name, doc.language, Exit(doc.goto, name=f"{name}.goto") if doc.goto else None)
        return
    if not doc.say or doc.goto is None:
        place.fault("missing-field", "a choice of languages needs 'say' and 'goto'")
        return
    values = {one: tuple(doc.values.get(one, ())) or names_of(one, around.languages) for one in wanted}
    leave = Exit(doc.goto, name=f"{name}.goto")
    yield Collect(name, question(name, doc, around), "language", "language", leave, "never", (1, 1), values)


def names_of(language: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a language is called in several languages, its own among them."""
    try:
        locale = Locale.parse(language)
        return tuple(
            dict.fromkeys(str(locale.get_display_name(other)).casefold() for other in (language, *languages))
        )
    except (UnknownLocaleError, ValueError):
        return (language,)
