import json
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialog.actions import HangUp, JoinQueue, Listen, Record, Say
from ivr.dialog.codec import from_data, state_from_data, state_to_data, to_data
from ivr.dialog.engine import begin, rescue, step
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
    Waited,
)
from tests.conftest import NOON, demo_flow, demo_model

FOUND = {"number": "100245", "status": "shipped", "eta": "2026-11-25"}


def started(flow):
    return step(flow, begin(flow), CallStarted(NOON, "+15550101"))


def said(done):
    return " ".join(reply.text for reply in done.replies if isinstance(reply, Say))


def spoke(text, confidence=0.95):
    return Spoke(NOON, text, confidence, demo_model().rank(text))


def after(flow, *events, state=None):
    done = started(flow) if state is None else None
    for event in events:
        done = step(flow, done.state if done else state, event)
    return done


def test_a_new_call_hears_the_welcome_and_is_listened_to(flow):
    done = started(flow)
    assert said(done).startswith("Welcome to Sunrise Store")
    assert isinstance(done.replies[-1], Listen)
    assert done.replies[-1].expect.kind == "open"


def test_a_key_and_a_sentence_lead_to_the_same_question(flow):
    by_key = after(flow, Pressed(NOON, "1"))
    by_voice = after(flow, spoke("where is my order"))
    assert by_key.state.node == by_voice.state.node == "ask_order"
    assert by_voice.understood == "taken"


def test_one_sentence_fills_intent_and_order_and_skips_the_question(flow):
    done = after(flow, spoke("where is my order one zero zero two four five"))
    assert done.effect == replace(done.effect, action="order.lookup", inputs={"number": "100245"})


LOOKED_UP = (
    Pressed(NOON, "1"),
    Pressed(NOON, "100245"),
    Acted(NOON, "order.lookup", "found", FOUND),
    Acted(NOON, "shipment.track", "on_the_way", {"order": "100245", "carrier": "City Express"}),
)


def test_the_action_outcome_is_spoken_and_the_call_goes_on(flow):
    done = after(flow, *LOOKED_UP)
    assert "1 0 0, 2 4 5 has been shipped. It should arrive on Wednesday." in said(done)
    assert done.state.node == "anything_else"
    assert done.path == ("tell_on_its_way", "anything_else")


def test_an_outcome_of_another_action_changes_nothing(flow):
    asked = after(flow, Pressed(NOON, "1"), Pressed(NOON, "100245"))
    done = step(flow, asked.state, Acted(NOON, "refund.check", "eligible", {}))
    assert done.state == asked.state
    assert done.replies == ()


@pytest.mark.parametrize(
    "event",
    [Silent(NOON), Pressed(NOON, "7"), spoke("mumble mumble"), spoke("where is my order", 0.2)],
    ids=["silence", "wrong key", "unknown words", "unsure words"],
)
def test_an_unclear_answer_is_a_miss_with_another_prompt(flow, event):
    done = after(flow, event)
    assert done.understood == "missed"
    assert done.state.misses == 1
    assert said(done) == "Sorry, I did not get that. Please say order, refund, or agent."


def test_the_third_miss_gives_a_person(flow):
    done = after(flow, Silent(NOON), Silent(NOON), Silent(NOON))
    assert done.replies[-1] == JoinQueue(
        "support", {"orders": 1, "en": 1}, callback_after_ms=60_000, overflow_after_ms=600_000
    )


def test_agent_is_understood_while_an_order_number_is_asked(flow):
    done = after(flow, Pressed(NOON, "1"), spoke("let me talk to a human"))
    assert done.state.node == "to_agent"
    assert done.state.matter == "track_order"


def test_key_zero_is_a_person_everywhere(flow):
    assert after(flow, Pressed(NOON, "1"), Pressed(NOON, "0")).state.node == "to_agent"


def test_an_answer_in_the_middle_band_is_read_back(flow):
    done = after(flow, Pressed(NOON, "1"), spoke("one zero zero two four five", 0.6))
    assert said(done) == "I heard 1 0 0, 2 4 5. Is that right?"
    assert done.understood == "unsure"
    assert done.replies[-1].expect.kind == "yes_no"
    yes = step(flow, done.state, spoke("yes"))
    assert yes.effect.inputs == {"number": "100245"}


def test_a_no_with_the_right_number_takes_that_number(flow):
    asked = after(flow, Pressed(NOON, "1"), spoke("one zero zero two four nine", 0.6))
    done = step(flow, asked.state, spoke("no, one zero zero two four five"))
    assert done.effect.inputs == {"number": "100245"}


def test_a_plain_no_asks_again_and_counts_as_a_miss(flow):
    asked = after(flow, Pressed(NOON, "1"), spoke("one zero zero two four nine", 0.6))
    done = step(flow, asked.state, spoke("no"))
    assert done.state.misses == 1
    assert "What is your order number?" in said(done)


def test_a_matter_heard_unsurely_is_asked_back_in_words(flow):
    done = after(flow, Spoke(NOON, "maybe the refund thing", 0.6, (Intent("get_refund", 0.6),)))
    assert said(done) == "I understood: a refund. Is that right?"
    assert step(flow, done.state, Pressed(NOON, "1")).state.node == "ask_refund_order"


def test_who_names_the_same_matter_again_is_not_sent_in_circles(flow):
    done = after(flow, *[spoke("where is my order")] * 4)
    assert done.state.node == "to_agent"


def test_changing_the_subject_is_followed(flow):
    done = after(flow, spoke("where is my order"), spoke("actually I want my money back"))
    assert done.state.node == "ask_refund_order"
    assert done.state.matter == "get_refund"


def test_back_returns_to_the_question_before_and_forgets_its_answer(flow):
    offered = after(flow, Pressed(NOON, "2"), Pressed(NOON, "100311"))
    offered = step(flow, offered.state, Acted(NOON, "refund.check", "eligible", {"amount": {"amount": "9"}}))
    done = step(flow, offered.state, spoke("go back"))
    assert done.state.node == "ask_refund_order"
    assert "order" not in done.state.slots


def test_repeat_says_it_again_and_is_no_miss(flow):
    done = after(flow, Pressed(NOON, "1"), Pressed(NOON, "*"))
    assert said(done) == "What is your order number? Say it, or key it in."
    assert done.state.misses == 0


def test_a_number_the_shop_refuses_is_asked_again_three_times_at_most(flow):
    done = after(flow, Pressed(NOON, "1"))
    for _ in range(3):
        done = step(flow, done.state, Pressed(NOON, "999999"))
        done = step(flow, done.state, Acted(NOON, "order.lookup", "not_found"))
    assert done.state.node == "to_agent"


def test_money_moves_only_after_a_yes(flow):
    done = after(flow, Pressed(NOON, "2"), Pressed(NOON, "100311"))
    done = step(flow, done.state, Acted(NOON, "refund.check", "eligible", {"amount": {"amount": "49.90"}}))
    assert step(flow, done.state, spoke("maybe")).effect is None
    assert step(flow, done.state, spoke("no")).effect is None
    assert step(flow, done.state, spoke("yes")).effect.action == "refund.request"


def test_hanging_up_ends_the_call_by_what_it_came_to(flow):
    assert after(flow, HungUp(NOON)).state.outcome == "gave_up"
    assert after(flow, Pressed(NOON, "0"), HungUp(NOON)).state.outcome == "transferred"
    told = after(flow, *LOOKED_UP)
    assert step(flow, told.state, HungUp(NOON)).state.outcome == "resolved"


def test_goodbye_hangs_up_and_nothing_happens_afterwards(flow):
    done = after(flow, spoke("goodbye"))
    assert done.replies[-1] == HangUp("resolved")
    assert step(flow, done.state, Pressed(NOON, "1")).replies == ()


def test_rescue_leads_from_anywhere_to_a_person_with_an_apology(flow):
    done = rescue(flow, after(flow, Pressed(NOON, "1")).state, Silent(NOON))
    assert "something went wrong on our side" in said(done)
    assert isinstance(done.replies[-1], JoinQueue)


EVENTS = st.one_of(
    st.builds(CallStarted, st.just(NOON)),
    st.builds(Pressed, st.just(NOON), st.text("0123456789*#", max_size=8)),
    st.builds(
        lambda text, sure: Spoke(NOON, text, sure, demo_model().rank(text)),
        st.one_of(
            st.text(max_size=30),
            st.sampled_from(
                ["yes", "no", "agent", "where is my order", "refund", "back", "help", "repeat", "bye", "main menu",
                 "one zero zero two four five", "no, one zero zero three one one"]
            ),
        ),
        st.floats(0, 1),
    ),
    st.just(Silent(NOON)),
    st.builds(
        Acted,
        st.just(NOON),
        st.sampled_from(["order.lookup", "refund.check", "refund.request", "nonsense"]),
        st.sampled_from(["found", "not_found", "unavailable", "eligible", "accepted", "too_late", "what"]),
        st.sampled_from([{}, FOUND, {"amount": {"amount": "x"}}]),
    ),
    st.just(HungUp(NOON)),
    st.builds(Recorded, st.just(NOON), st.just("REC1"), st.integers(0, 9), st.text(max_size=20)),
    st.builds(Waited, st.just(NOON), st.integers(0, 10**7)),
    st.just(Offered(NOON)),
    st.builds(Transferred, st.just(NOON), st.sampled_from(["answered", "busy", "no_answer", "failed", "?"])),
)  # fmt: skip


@given(st.lists(EVENTS, max_size=40))
def test_no_events_in_any_order_raise_and_the_state_stays_small(events):
    flow, state = demo_flow(), begin(demo_flow())
    for event in events:
        done = step(flow, state, event)
        state = done.state
        text = json.dumps(state_to_data(state))
        assert len(text) <= 2048
        assert state_from_data(json.loads(text)) == state
        assert state.misses <= 3
        for thing in (*done.replies, *([done.effect] if done.effect else [])):
            assert from_data(json.loads(json.dumps(to_data(thing)))) == thing
        assert from_data(json.loads(json.dumps(to_data(event)))) == event


@given(st.lists(EVENTS.filter(lambda e: not isinstance(e, Acted | CallStarted)), min_size=1, max_size=40))
def test_the_caller_is_always_asked_or_helped_or_at_the_end(events):
    flow, done = demo_flow(), started(demo_flow())
    for event in events:
        done = step(flow, done.state, event)
        while done.effect is not None:
            done = step(flow, done.state, Acted(NOON, done.effect.action, "unavailable"))
        if done.replies:
            assert isinstance(done.replies[-1], Listen | Record | JoinQueue | HangUp)


@given(st.lists(EVENTS, max_size=30))
def test_a_remembered_step_is_the_same_as_one_worked_out(events):
    flow = demo_flow()
    fresh, state, other = replace(flow, steps={}), begin(flow), begin(flow)
    for event in events:
        fresh.steps.clear()
        done, worked_out = step(flow, state, event), step(fresh, other, event)
        assert done == worked_out
        state, other = done.state, worked_out.state


def test_every_event_kind_is_tried_above():
    assert {kind.__name__ for kind in get_args(Event)} == {
        "CallStarted", "Pressed", "Spoke", "Silent", "Recorded", "Waited", "Offered", "Transferred", "Acted",
        "HungUp",
    }  # fmt: skip
