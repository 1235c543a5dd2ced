from dataclasses import replace

from ivr.dialog.flow import Do, Exit
from ivr.dialog.walk import broken, walk, walks
from tests.conftest import demo_flow, demo_model

RANK = demo_model().rank


def test_random_callers_never_break_a_promise_of_the_demo_hotline():
    done = walks(demo_flow(), RANK, 1500, seed=3)
    assert [(one.number, one.broken) for one in broken(done)] == []
    assert set().union(*(one.nodes for one in done)) == set(demo_flow().nodes)
    assert {"resolved", "transferred"} <= {one.outcome for one in done}


def test_the_same_seed_is_the_same_call():
    assert walk(demo_flow(), RANK, 1, 5) == walk(demo_flow(), RANK, 1, 5)
    assert walk(demo_flow(), RANK, 1, 5).lines != walk(demo_flow(), RANK, 2, 5).lines


def test_a_way_into_nothing_is_found():
    flow = demo_flow()
    look = flow.nodes["order_status"]
    assert isinstance(look, Do)
    bad = replace(look, exits={**look.exits, "found": Exit("nowhere")})
    done = walks(replace(flow, nodes={**flow.nodes, "order_status": bad}, steps={}), RANK, 60, seed=1)
    assert any("nowhere" in (one.broken or "") for one in done)


def test_an_outcome_that_nobody_handles_is_found():
    flow = demo_flow()
    look = flow.nodes["order_status"]
    assert isinstance(look, Do)
    bad = replace(look, exits={"found": look.exits["found"]})
    done = walks(replace(flow, nodes={**flow.nodes, "order_status": bad}, steps={}), RANK, 60, seed=1)
    assert any("does not handle" in (one.broken or "") for one in done)
