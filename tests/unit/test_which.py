"""A sentence that may mean two matters is asked about with both."""

import json

import pytest

from ivr.dialog.codec import state_from_data, state_to_data
from ivr.dialog.engine import begin, step
from ivr.dialog.events import CallStarted, Intent, Pressed, Silent, Spoke
from tests.conftest import NOON, demo_flow

DOUBTFUL = (Intent("get_refund", 0.5), Intent("track_order", 0.35), Intent("agent", 0.1))


def spoke(text, *intents):
    return Spoke(NOON, text, 1.0, tuple(intents))


def asked(language="en"):
    flow = demo_flow()
    state = step(flow, begin(flow), CallStarted(NOON, "+15550101", "+1555", 0, language)).state
    return flow, step(flow, state, spoke("something about the money for my parcel", *DOUBTFUL))


def words(done):
    return " ".join(getattr(reply, "text", "") for reply in done.replies)


def test_both_are_named_and_the_state_can_be_kept():
    _, done = asked()
    assert words(done).strip() == "Is it about a refund, or about where an order is?"
    assert done.replies[-1].expect.phrases == ("a refund", "where an order is")
    assert state_from_data(json.loads(json.dumps(state_to_data(done.state)))) == done.state
    _, chinese = asked("zh")
    assert words(chinese).strip() == "请问是退款，还是订单到哪儿了？"


@pytest.mark.parametrize(
    ("answer", "node"),
    [
        (spoke("the refund"), "ask_refund_order"),
        (spoke("the first one"), "ask_refund_order"),
        (Pressed(NOON, "1"), "ask_refund_order"),
        (spoke("where the order is"), "ask_order"),
        (spoke("the second"), "ask_order"),
        (Pressed(NOON, "2"), "ask_order"),
        (spoke("it is still not here", Intent("track_order", 0.7), Intent("get_refund", 0.1)), "ask_order"),
        (spoke("let me talk to a person", Intent("agent", 0.98)), "to_agent"),
    ],
)
def test_the_caller_chooses_by_words_place_key_or_says_something_else(answer, node):
    flow, done = asked()
    assert step(flow, done.state, answer).state.node == node


@pytest.mark.parametrize("answer", [spoke("mumble"), spoke("neither"), Silent(NOON), Pressed(NOON, "7")])
def test_anything_else_is_asked_again_in_other_words(answer):
    flow, done = asked()
    again = step(flow, done.state, answer)
    assert again.understood == "missed"
    assert again.state.node == "welcome"
    assert again.state.place.asking is None


def test_one_reading_alone_is_asked_about_as_before():
    flow = demo_flow()
    state = step(flow, begin(flow), CallStarted(NOON, "+15550101", "+1555", 0, "en")).state
    one = step(flow, state, spoke("something", Intent("get_refund", 0.5), Intent("agent", 0.1)))
    assert "I understood: a refund" in words(one)
