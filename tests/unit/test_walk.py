from dataclasses import replace

import pytest

from ivr.dialog.flow import Do, Exit
from ivr.dialog.walk import search, walks
from tests.conftest import demo_flow, demo_models

RANK = demo_models().rank


def test_random_callers_never_break_a_promise_of_the_demo_hotline():
    done = list(walks(demo_flow(), RANK, 5500, seed=3))
    assert [(one.lines, one.broken) for one in done if one.broken] == []
    visited = set().union(*(one.nodes for one in done))
    assert len(visited & set(demo_flow().nodes)) >= 0.93 * len(demo_flow().nodes)  # scripts visit the rest
    assert {"resolved", "transferred", "voicemail", "callback"} <= {one.outcome for one in done}


def test_the_same_seed_places_the_same_calls():
    first, again, other = (list(walks(demo_flow(), RANK, 5, seed)) for seed in (1, 1, 2))
    assert first == again
    assert [one.lines for one in first] != [one.lines for one in other]


def test_hypothesis_places_as_many_calls_as_asked_and_tells_of_each():
    counted = []
    done, wrong = search(demo_flow(), RANK, 40, 7, counted.append)
    assert wrong is None
    assert 30 <= len(done) == len(counted) <= 60


def broken(**exits):
    flow = demo_flow()
    look = flow.nodes["order_status"]
    assert isinstance(look, Do)
    bad = replace(look, exits=exits or {"found": look.exits["found"]})
    nodes = {**flow.nodes, "order_status": bad}
    return replace(flow, nodes=nodes, tongues={}, steps={})


@pytest.mark.parametrize(
    ("flow", "why"),
    [
        (broken(found=Exit("nowhere"), not_found=Exit("ask_order"), unavailable=Exit("to_agent")), "nowhere"),
        (broken(), "does not handle"),
    ],
    ids=["a way into nothing", "an outcome that nobody handles"],
)
def test_what_breaks_a_promise_is_found_and_shown_in_its_shortest_form(flow, why):
    _, wrong = search(flow, RANK, 400, 1)
    assert wrong is not None
    assert why in (wrong.broken or "")
    said = [line for line in wrong.lines if line.startswith("  caller")]
    assert len(said) <= 4, wrong.lines
