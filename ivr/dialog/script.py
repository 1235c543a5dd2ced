"""Call scripts: a conversation as data, run against a flow with no audio and a virtual clock.

Pure: the back end is a function from an effect to its outcome; the clock moves by what is said.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ivr.dialog.actions import Act, HangUp, JoinQueue, Listen, Record, Reply, Say, Transfer
from ivr.dialog.engine import begin, step
from ivr.dialog.events import (
    Acted,
    CallStarted,
    Event,
    HungUp,
    Intent,
    Offered,
    Pressed,
    Recorded,
    Silent,
    Spoke,
    Transferred,
    Value,
    Waited,
)
from ivr.dialog.flow import LISTENING, Command, Flow, exits_of
from ivr.dialog.shape import Duration
from ivr.dialog.source import Fault, Source, read
from ivr.dialog.spoken import words
from ivr.dialog.state import NOTHING, CallState, Step

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""The default time of a script: a Monday noon."""
SPEECH_CHARS_PER_S = 15
SOON = 3
"""Words after which `interrupt: true` talks over a prompt."""

Perform = Callable[[Act, datetime], Acted]
Rank = Callable[[str, str], tuple[Intent, ...]]
"""The readings of a sentence in a language, likeliest first."""


class _Doc(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HearText(_Doc):
    """A part of what is said; case and punctuation do not count."""

    text: str


def _one_or_more(value: object) -> object:
    return value if isinstance(value, list) else [value]


class Turn(_Doc):
    """One line of a script: what is heard, or what the caller does.

    `interrupt` talks over the prompt after so many words of it. `wait` stays in a queue for a time;
    `transfer` tells how the other telephone answers; in a queue `answered` is a talk with a person who
    has hung up.
    """

    hear: Annotated[list[str | HearText], BeforeValidator(_one_or_more)] | None = None
    say: str | None = None
    confidence: float = 0.95
    press: Annotated[str, BeforeValidator(str), Field(pattern=r"^[0-9*#]+$")] | None = None
    interrupt: bool | Annotated[int, Field(ge=0)] = False
    silence: bool = False
    wait: Duration | None = None
    transfer: Literal["answered", "busy", "no_answer", "failed"] | None = None
    hang_up: bool = False

    @property
    def talks_over(self) -> int | None:
        """Return the words after which the prompt is interrupted, None for never."""
        if isinstance(self.interrupt, bool):
            return SOON if self.interrupt else None
        return self.interrupt


class FaultDoc(_Doc):
    """An action that fails: `timeout` and `down` both end as `unavailable`; `outcome` names another end.

    It happens so many `times`, `after` as many runs that went well.
    """

    action: str
    fail: Literal["timeout", "down"] = "timeout"
    outcome: str = "unavailable"
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)


class Given(_Doc):
    """What the back end holds and how it fails; `locked` customers gave too many wrong proofs before."""

    orders: dict[Annotated[str, BeforeValidator(str)], dict[str, Any]] | None = None
    faults: list[FaultDoc] = []
    locked: list[str] = []


class Ends(_Doc):
    """What the call came to."""

    outcome: Literal["resolved", "gave_up", "transferred", "callback", "voicemail", "failed"]
    queue: str | None = None


class Script(_Doc):
    """One call script. `language` is the one to begin in, `draw` the lot for prompts of several wordings."""

    call: str
    language: str = ""
    caller: str = Field(default="+15550101", validation_alias=AliasChoices("from", "caller"))
    called: str = Field(default="", validation_alias=AliasChoices("to", "called"))
    at: datetime = NOON
    draw: int = Field(default=0, ge=0, le=99)
    given: Given = Given()
    turns: list[Turn]
    ends: Ends | None = None


def read_script(file: str, text: str) -> tuple[Script | None, list[Fault]]:
    """Read one script; a broken one gives its faults with lines."""
    source: Source = read(file, text)
    if source.faults:
        return None, source.faults
    data = source.data if isinstance(source.data, dict) else {}
    try:
        script = Script.model_validate(data)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            source.fault(tuple(problem["loc"]), "script", str(problem["msg"]))
        return None, source.faults
    at = script.at if script.at.tzinfo else script.at.replace(tzinfo=UTC)
    return script.model_copy(update={"at": at}), []


@dataclass(slots=True)
class Talk:
    """What happened in one run: lines for people, nodes and exits for coverage."""

    script: Script
    lines: list[str] = field(default_factory=list)
    nodes: set[str] = field(default_factory=set)
    exits: set[str] = field(default_factory=set)
    queues: list[str] = field(default_factory=list)
    failure: str | None = None
    outcome: str | None = None


class _Call:
    """A call on the virtual clock."""

    def __init__(self, flow: Flow, script: Script, perform: Perform, rank: Rank) -> None:
        self.flow, self.perform, self.rank = flow, perform, rank
        self.talk = Talk(script)
        self.now = script.at
        self.state: CallState = begin(flow)
        self.replies: tuple[Reply, ...] = ()
        self.path: list[str] = []

    def happen(self, event: Event) -> None:
        """Step until the engine waits for somebody."""
        said: list[Reply] = []
        self.path = []
        done = self._step(event)
        said += done.replies
        while done.effect is not None:
            acted = self.perform(done.effect, self.now)
            self.talk.lines.append(f"      · {done.effect.action} → {acted.outcome}")
            done = self._step(acted)
            said += done.replies
        self.replies = tuple(said)
        for reply in self.replies:
            self._told(reply)

    def _step(self, event: Event) -> Step:
        done = step(self.flow, self.state, event)
        self.state = done.state
        self.path += done.path
        self.talk.nodes.update(done.path)
        self.talk.exits.update(done.exits)
        return done

    def _told(self, reply: Reply) -> None:
        match reply:
            case Say(text=text, node=node):
                self.talk.lines.append(f"  hotline  {text}   ({node})")
            case JoinQueue(queue=queue):
                self.talk.queues.append(queue)
                self.talk.lines.append(f"      · waits in queue {queue}")
            case Transfer(to=to):
                self.talk.lines.append(f"      · rings {to}")
            case HangUp(outcome=outcome):
                self.talk.lines.append(f"      · the hotline hangs up: {outcome}")
            case Listen() | Record():
                pass

    def hear_out(self, most: int | None) -> bool:
        """Let the prompts be heard, up to so many words; return whether they may be talked over there."""
        heard = 0
        for say in (reply for reply in self.replies if isinstance(reply, Say)):
            size = len(say.text.split())
            if most is not None and heard + size > most:
                share = (most - heard) / size
                self.now += timedelta(seconds=share * len(say.text) / SPEECH_CHARS_PER_S)
                self.talk.lines.append(f"      · interrupted after {most} words")
                return say.barge_in
            heard += size
            self.now += timedelta(seconds=len(say.text) / SPEECH_CHARS_PER_S)
        return True

    @property
    def listen(self) -> Listen | None:
        """Return what is listened for now, if anything."""
        return next((r for r in reversed(self.replies) if isinstance(r, Listen)), None)

    @property
    def last(self) -> Reply | None:
        """Return what the call waits for now."""
        return self.replies[-1] if self.replies else None


def run(
    flow: Flow, script: Script, perform: Perform, rank: Rank, known: Mapping[str, Value] = NOTHING
) -> Talk:
    """Play a script. `failure` in the result says what was expected and what came.

    `known` is what the hotline knows of who calls.
    """
    call = _Call(flow, script, perform, rank)
    call.happen(CallStarted(call.now, script.caller, script.called, script.draw, script.language, known))
    for number, turn in enumerate(script.turns, 1):
        failure = _play(call, turn)
        if failure:
            call.talk.failure = f"turn {number}: {failure}"
            return call.talk
    if call.state.outcome is None:
        call.happen(HungUp(call.now))
    call.talk.outcome = call.state.outcome
    call.talk.failure = _ended_wrong(call, script.ends)
    return call.talk


def _ended_wrong(call: _Call, ends: Ends | None) -> str | None:
    if ends is not None and call.state.outcome != ends.outcome:
        return f"the call was to end as {ends.outcome}, it ended as {call.state.outcome}"
    queues = call.talk.queues
    if ends is not None and ends.queue and ends.queue not in queues:
        where = queues[-1] if queues else "no queue"
        return f"the call was to wait in {ends.queue}, it waits in {where}"
    return None


def _play(call: _Call, turn: Turn) -> str | None:
    if turn.hear is not None:
        return next((f for wanted in turn.hear if (f := _not_heard(call, wanted))), None)
    may_talk = call.hear_out(turn.talks_over)
    if turn.say is not None:
        if isinstance(call.last, JoinQueue) and call.last.callback_after_ms is not None:
            call.happen(Offered(call.now))  # words are asked for when a call back is offered
        call.talk.lines.append(f"  caller   {turn.say}")
        if may_talk:
            call.happen(_spoken(call, turn.say, turn.confidence))
        else:
            call.talk.lines.append("      · not heard: this prompt is not talked over")
    elif turn.press is not None:
        call.talk.lines.append(f"  caller   [keys {turn.press}]")
        for digits in split_keys(turn.press, lambda: call.listen):
            call.happen(Pressed(call.now, digits))
    elif turn.wait is not None:
        return _wait(call, turn.wait)
    elif turn.transfer is not None:
        if not isinstance(call.last, Transfer | JoinQueue):
            return "the caller is not being transferred, and waits for nobody"
        call.talk.lines.append(f"      · the other telephone: {turn.transfer}")
        call.happen(Transferred(call.now, turn.transfer))
    elif turn.hang_up:
        call.talk.lines.append("  caller   [hangs up]")
        call.happen(HungUp(call.now))
    elif turn.silence:
        call.now += timedelta(milliseconds=getattr(call.last, "no_input_ms", 0))
        call.talk.lines.append("  caller   [silence]")
        call.happen(Silent(call.now))
    return None


def _spoken(call: _Call, text: str, confidence: float) -> Event:
    """Return what the line makes of spoken words: an answer, or a recording after the tone."""
    if isinstance(call.last, Record):
        return Recorded(call.now, "script", round(len(text) / SPEECH_CHARS_PER_S * 1000), text)
    return Spoke(call.now, text, confidence, call.rank(text, call.state.language))


def _wait(call: _Call, ms: int) -> str | None:
    """Stay in a queue; a wait beyond its overflow ends there."""
    if not isinstance(call.last, JoinQueue):
        return "the caller does not wait in a queue"
    limit = call.last.overflow_after_ms
    over = limit is not None and ms >= limit
    spent = limit if over and limit is not None else ms
    call.now += timedelta(milliseconds=spent)
    call.talk.lines.append(f"  caller   [waits {spent / 1000:g} s]")
    if over:
        call.happen(Waited(call.now, spent))
    return None


def split_keys(keys: str, listen: Callable[[], Listen | None]) -> Iterator[str]:
    """Yield keys as the line would group them: by the count asked for, or up to the finish key.

    `listen` tells what is asked at that moment; it may change from one group to the next.
    """
    rest = keys
    while rest:
        asked = listen()
        most = asked.max_keys if asked else 1
        finish = asked.finish_key if asked else ""
        head, hash_key, tail = rest.partition(finish) if finish else (rest, "", "")
        if finish and hash_key and len(head) <= most:
            yield head
            rest = tail
        else:
            yield rest[:most]
            rest = rest[most:]
            if finish:
                rest = rest.removeprefix(finish)


def _not_heard(call: _Call, wanted: str | HearText) -> str | None:
    said = [reply for reply in call.replies if isinstance(reply, Say)]
    everything = " ".join(reply.text for reply in said)
    if isinstance(wanted, HearText):
        if _plain(wanted.text) in _plain(everything):
            return None
        return f"expected to hear “{wanted.text}”, heard “{everything}”"
    reached = {reply.node for reply in said} | {call.state.node, *call.path}
    if wanted in reached:
        return None
    return f"expected to reach '{wanted}', reached {', '.join(sorted(reached))}"


def _plain(text: str) -> str:
    return " ".join(words(text))


def failed_actions(faults: Sequence[FaultDoc], perform: Perform) -> Perform:
    """Return `perform` with a script's faults in front: each fails its number of times."""
    actions = {fault.action for fault in faults}
    left = {
        name: [o for f in faults if f.action == name for o in [None] * f.after + [f.outcome] * f.times]
        for name in actions
    }

    def with_faults(act: Act, now: datetime) -> Acted:
        outcome = left[act.action].pop(0) if left.get(act.action) else None
        return Acted(now, act.action, outcome) if outcome else perform(act, now)

    return with_faults


@dataclass(frozen=True, slots=True)
class Coverage:
    """What scripts visited of a hotline: every node and every exit by name."""

    nodes: Mapping[str, bool]
    exits: Mapping[str, bool]

    @property
    def missing(self) -> list[str]:
        """Return the nodes and exits that no script came through."""
        return [name for seen in (self.nodes, self.exits) for name, visited in seen.items() if not visited]


def _is_understood(flow: Flow, command: Command) -> bool:
    """Return whether some node understands a command as the hotline means it."""
    return any(
        command in node.question.commands for node in flow.nodes.values() if isinstance(node, LISTENING)
    )


def coverage(flow: Flow, talks: Sequence[Talk]) -> Coverage:
    """Return what these talks visited."""
    nodes = {name for talk in talks for name in talk.nodes}
    exits = {name for talk in talks for name in talk.exits}
    every = [leave.name for node in flow.nodes.values() for _, leave in exits_of(node)]
    every += [
        command.goto.name for command in flow.commands if command.goto and _is_understood(flow, command)
    ]
    return Coverage(
        {name: name in nodes for name in flow.nodes}, {name: name in exits for name in dict.fromkeys(every)}
    )
