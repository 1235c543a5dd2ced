"""The dialogue engine: flow, state and event in; new state, replies and at most one effect out.

No I/O, no clock, no randomness. `step` is total: no event in any state raises, and an event that a
node does not know changes nothing.
"""

from ivr.dialog.answering import Answering
from ivr.dialog.events import (
    Acted,
    CallStarted,
    Event,
    HungUp,
    Offered,
    Pressed,
    Recorded,
    Silent,
    Spoke,
    Transferred,
    Waited,
)
from ivr.dialog.flow import Collect, Do, Exit, Flow, Forward, Menu, Queue, Recording
from ivr.dialog.spoken import CARD
from ivr.dialog.state import CallState, Place, Step

MOST_REMEMBERED = 50_000
"""Steps kept in a flow; beyond it all are forgotten."""

_new = tuple.__new__
"""Makes a state without the argument handling of its class: half the cost of a remembered step."""


def begin(flow: Flow) -> CallState:
    """Return the state of a call that has not started yet."""
    return CallState(Place(flow.start, flow.language))


def step(flow: Flow, state: CallState, event: Event) -> Step:
    """Advance one call by one event.

    What a key does at a place is the same for every caller unless slots, the caller or the time
    come into it. Such steps are remembered in the flow, by value.
    """
    if type(event) is not Pressed:
        return _stepped(flow, state, event)[0]
    key = (state.place, event.digits)
    known = flow.steps.get(key)
    if known is not None:
        place, told = known
        return _new(Step, (_new(CallState, (place, state.facts)), told))
    done, fixed = _stepped(flow, state, event)
    if fixed:
        if len(flow.steps) >= MOST_REMEMBERED:
            flow.steps.clear()
        flow.steps[key] = done.state.place, done.told
    return done


def _stepped(  # noqa: C901, PLR0915  # the machine: (where, what) → what now
    flow: Flow, state: CallState, event: Event
) -> tuple[Step, bool]:
    """Work a step out; the flag tells whether it depends on nothing but place and event."""
    if state.place.outcome is not None:
        return Step(state), False
    turn = Answering(flow, state, event)
    match turn.flow.nodes[turn.node], event:
        case Queue() | Forward(), HungUp():
            turn.outcome = "transferred"  # a caller who leaves while waiting was handed over
        case _, HungUp():
            turn.outcome = turn.came_to or "gave_up"
        case _, CallStarted():
            turn.start(event)
        case Do() as node, Acted() if event.action == turn.acting:
            turn.acted(node, event)
        case Queue(afterwards=Exit() as leave), Transferred(outcome="answered"):
            turn.came_to = "transferred"
            turn.enter(leave)
        case Queue(overflow=Exit() as leave), Waited():
            turn.enter(leave)
        case Queue(callback=Exit()) as node, Offered():
            turn.offer_callback(node)
        case Queue(callback=Exit() as leave) as node, Pressed() | Spoke() | Silent() if turn.asking:
            turn.callback_answered(node, leave)
        case Queue(callback=Exit() as leave), Pressed(digits="1"):
            turn.enter(leave)
        case Forward(), Transferred(outcome="answered"):
            turn.end("transferred")
        case Forward() as node, Transferred():
            turn.enter(node.exits.get(event.outcome) or node.exits["failed"])
        case Recording() as node, Recorded():
            turn.acts = 0
            turn.recorded(node, event)
        case Recording() as node, Spoke():
            turn.acts = 0
            turn.recorded(node, Recorded(event.at, "", 0, event.text))
        case Menu() | Collect() as node, Spoke(text=text) if CARD in text:
            turn.told_card(node)
        case Menu() | Collect() | Recording() as node, Pressed() | Spoke() | Silent():
            turn.acts = 0
            if turn.asking is not None:
                turn.confirmed(node, turn.asking)
            else:
                turn.answered(node)
        case _:
            return Step(state), False
    return turn.done(), turn.fixed


def rescue(flow: Flow, state: CallState, event: Event) -> Step:
    """Leave any state for the give-up node with an apology: something broke on our side."""
    if state.outcome is not None:
        return Step(state)
    turn = Answering(flow, state, event)
    turn.say(turn.flow.phrases["apology"], turn.node)
    turn.enter(Exit(turn.flow.give_up))
    return turn.done()
