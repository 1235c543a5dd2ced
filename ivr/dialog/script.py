"""Call scripts: a conversation as data, run against a flow with no audio and a virtual clock.

Pure: the back end is a function from an effect to its outcome; the clock moves by what is said.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ivr.dialog.actions import Act, HangUp, JoinQueue, Listen, Reply, Say
from ivr.dialog.engine import CallState, Step, begin, step
from ivr.dialog.events import Acted, CallStarted, Event, HungUp, Intent, Pressed, Silent, Spoke, Value
from ivr.dialog.flow import Flow, exits_of
from ivr.dialog.source import Fault, Source, read
from ivr.dialog.spoken import words

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""The default time of a script: a Monday noon."""
SPEECH_CHARS_PER_S = 15

Perform = Callable[[Act, datetime], Acted]
Rank = Callable[[str], tuple[Intent, ...]]


class _Doc(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HearText(_Doc):
    """A part of what is said; case and punctuation do not count."""

    text: str


def _one_or_more(value: object) -> object:
    return value if isinstance(value, list) else [value]


class Turn(_Doc):
    """One line of a script: what is heard, or what the caller does."""

    hear: Annotated[list[str | HearText], BeforeValidator(_one_or_more)] | None = None
    say: str | None = None
    confidence: float = 0.95
    press: Annotated[str, BeforeValidator(str), Field(pattern=r"^[0-9*#]+$")] | None = None
    interrupt: bool = False
    silence: bool = False
    hang_up: bool = False


class FaultDoc(_Doc):
    """An action that fails: `timeout` and `down` both end as `unavailable`."""

    action: str
    fail: Literal["timeout", "down"] = "timeout"
    times: int = 1


class Given(_Doc):
    """What the back end holds and how it fails."""

    orders: dict[Annotated[str, BeforeValidator(str)], dict[str, Any]] | None = None
    faults: list[FaultDoc] = []


class Ends(_Doc):
    """What the call came to."""

    outcome: Literal["resolved", "gave_up", "transferred", "callback", "voicemail", "failed"]
    queue: str | None = None


class Script(_Doc):
    """One call script."""

    call: str
    language: str = "en"
    caller: str = Field(default="+15550101", validation_alias=AliasChoices("from", "caller"))
    called: str = Field(default="", validation_alias=AliasChoices("to", "called"))
    at: datetime = NOON
    given: Given = Given()
    turns: list[Turn]
    ends: Ends | None = None


def read_script(file: str, text: str) -> tuple[Script | None, list[Fault]]:
    """Read one script; a broken one gives its faults with lines."""
    source: Source = read(file, text)
    if source.faults:
        return None, source.faults
    try:
        return Script.model_validate(_dates_kept(source.data)), []
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            source.fault(tuple(problem["loc"]), "script", str(problem["msg"]))
        return None, source.faults


def _dates_kept(data: Value) -> object:
    return data if isinstance(data, dict) else {}


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

    def happen(self, event: Event) -> None:
        """Step until the engine waits for the caller."""
        said: list[Reply] = []
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
        self.talk.nodes.update(done.path)
        self.talk.exits.update(done.exits)
        return done

    def _told(self, reply: Reply) -> None:
        match reply:
            case Say(text=text, node=node):
                self.talk.lines.append(f"  hotline  {text}   ({node})")
                self.now += timedelta(seconds=len(text) / SPEECH_CHARS_PER_S)
            case JoinQueue(queue=queue):
                self.talk.queues.append(queue)
                self.talk.lines.append(f"      · waits in queue {queue}")
            case HangUp(outcome=outcome):
                self.talk.lines.append(f"      · the hotline hangs up: {outcome}")
            case Listen():
                pass

    @property
    def listen(self) -> Listen | None:
        """Return what is listened for now, if anything."""
        return next((r for r in reversed(self.replies) if isinstance(r, Listen)), None)


def run(flow: Flow, script: Script, perform: Perform, rank: Rank) -> Talk:
    """Play a script. `failure` in the result says what was expected and what came."""
    call = _Call(flow, script, perform, rank)
    call.happen(CallStarted(call.now, script.caller, script.called))
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
    if turn.say is not None:
        call.talk.lines.append(f"  caller   {turn.say}")
        call.happen(Spoke(call.now, turn.say, turn.confidence, call.rank(turn.say)))
    elif turn.press is not None:
        call.talk.lines.append(f"  caller   [keys {turn.press}]")
        for digits in split_keys(turn.press, lambda: call.listen):
            call.happen(Pressed(call.now, digits))
    elif turn.hang_up:
        call.talk.lines.append("  caller   [hangs up]")
        call.happen(HungUp(call.now))
    elif turn.silence:
        wait = call.listen.no_input_ms if call.listen else 0
        call.now += timedelta(milliseconds=wait)
        call.talk.lines.append("  caller   [silence]")
        call.happen(Silent(call.now))
    return None


def split_keys(keys: str, listen: Callable[[], Listen | None]) -> Iterator[str]:
    """Yield keys as the line would group them: by the count asked for, or up to #.

    `listen` tells what is asked at that moment; it may change from one group to the next.
    """
    rest = keys
    while rest:
        asked = listen()
        most = asked.max_keys if asked else 1
        head, hash_key, tail = rest.partition("#")
        if asked and asked.finish_key and hash_key and len(head) <= most:
            yield head
            rest = tail
        else:
            yield rest[:most]
            rest = rest[most:]
            if asked and asked.finish_key:
                rest = rest.removeprefix("#")


def _not_heard(call: _Call, wanted: str | HearText) -> str | None:
    said = [reply for reply in call.replies if isinstance(reply, Say)]
    everything = " ".join(reply.text for reply in said)
    if isinstance(wanted, HearText):
        if _plain(wanted.text) in _plain(everything):
            return None
        return f"expected to hear “{wanted.text}”, heard “{everything}”"
    reached = {reply.node for reply in said} | {call.state.node}
    if wanted in reached:
        return None
    return f"expected to reach '{wanted}', reached {', '.join(sorted(reached))}"


def _plain(text: str) -> str:
    return " ".join(words(text))


def failed_actions(faults: Sequence[FaultDoc], perform: Perform) -> Perform:
    """Return `perform` with a script's faults in front: each fails its number of times."""
    left = {fault.action: fault.times for fault in faults}

    def with_faults(act: Act, now: datetime) -> Acted:
        if left.get(act.action, 0) > 0:
            left[act.action] -= 1
            return Acted(now, act.action, "unavailable")
        return perform(act, now)

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


def coverage(flow: Flow, talks: Sequence[Talk]) -> Coverage:
    """Return what these talks visited."""
    nodes = {name for talk in talks for name in talk.nodes}
    exits = {name for talk in talks for name in talk.exits}
    every = [leave.name for node in flow.nodes.values() for _, leave in exits_of(node)]
    every += [command.goto.name for command in flow.commands if command.goto]
    return Coverage(
        {name: name in nodes for name in flow.nodes}, {name: name in exits for name in dict.fromkeys(every)}
    )
