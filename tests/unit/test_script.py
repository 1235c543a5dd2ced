import pytest

from ivr.commerce.scripted import back_end
from ivr.dialog.actions import Expect, Listen
from ivr.dialog.script import coverage, read_script, run, split_keys

MENU = Listen(Expect("open"), "n", "en", max_keys=1)
NUMBER = Listen(Expect("digits"), "n", "en", max_keys=6, finish_key="#")


@pytest.mark.parametrize(
    ("keys", "listen", "groups"),
    [
        ("1", MENU, ["1"]),
        ("12", MENU, ["1", "2"]),
        ("100245#", NUMBER, ["100245"]),
        ("100245", NUMBER, ["100245"]),
        ("12#", NUMBER, ["12"]),
        ("0", NUMBER, ["0"]),
        ("#", NUMBER, [""]),
    ],
)
def test_keys_are_grouped_as_the_line_would(keys, listen, groups):
    assert list(split_keys(keys, lambda: listen)) == groups


def played(flow, rank, text):
    script, faults = read_script("t.yaml", text)
    assert script is not None, faults
    back = back_end(script, {})
    return run(flow, script, back, rank, back.known)


def test_a_failing_script_shows_the_conversation_and_what_was_expected(flow, rank):
    talk = played(flow, rank, "call: t\nturns:\n  - say: where is my order\n  - hear: goodbye\n")
    assert talk.failure == "turn 2: expected to reach 'goodbye', reached ask_order"
    assert any("where is my order" in line for line in talk.lines)


def test_a_wrong_outcome_fails(flow, rank):
    talk = played(flow, rank, "call: t\nturns:\n  - hang_up: true\nends: {outcome: resolved}\n")
    assert "ended as gave_up" in talk.failure


def test_a_wrong_queue_fails(flow, rank):
    talk = played(
        flow, rank, 'call: t\nturns:\n  - press: "0"\nends: {outcome: transferred, queue: refunds}\n'
    )
    assert "waits in support" in talk.failure


def test_faults_of_the_back_end_last_as_often_as_said(flow, rank):
    talk = played(
        flow,
        rank,
        'call: t\ngiven: {faults: [{action: order.lookup, times: 1}]}\nturns:\n  - press: "1"\n'
        '  - press: "100245"\n  - hear: to_agent\n',
    )
    assert talk.failure is None


def test_a_broken_script_is_told_with_its_line():
    script, faults = read_script("t.yaml", "call: t\nturns:\n  - press: abc\n")
    assert script is None
    assert faults[0].line == 3


def test_coverage_knows_what_was_not_visited(flow, rank):
    talk = played(flow, rank, "call: t\nturns:\n  - hang_up: true\n")
    seen = coverage(flow, [talk])
    assert seen.nodes["welcome"]
    assert not seen.nodes["ask_order"]
    assert "welcome.1" in seen.missing
