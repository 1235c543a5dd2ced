from pathlib import Path

import pytest

from ivr.commerce.scripted import back_end
from ivr.dialog.script import coverage, read_script, run
from tests.conftest import MENUS, demo_flow, demo_models

SCRIPTS = sorted((MENUS / "tests").glob("*.yaml"))


def played(path: Path):
    script, faults = read_script(path.name, path.read_text(encoding="utf-8"))
    assert script is not None, faults
    flow = demo_flow()
    back = back_end(script, flow.policies)
    return run(flow, script, back, demo_models().rank, back.known)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_the_demo_hotline_keeps_what_the_script_promises(path):
    talk = played(path)
    assert talk.failure is None, "\n".join([*talk.lines, talk.failure or ""])


def test_every_node_and_exit_of_the_demo_hotline_is_visited_by_a_script():
    assert coverage(demo_flow(), [played(path) for path in SCRIPTS]).missing == []
