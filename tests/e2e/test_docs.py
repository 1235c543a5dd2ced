"""What the documents show is true: examples load, tables are those of the code."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from ivr.commerce.actions import ACTION_TYPES
from ivr.dialog import document, lint, source
from ivr.dialog.script import read_script
from ivr.dialog.shape import NODE_KINDS, schema
from ivr.service.menus import check
from tests.conftest import MENUS

ROOT = Path(__file__).parents[2]
README = (MENUS / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


def test_the_small_hotline_of_the_menus_readme_is_sound():
    loaded = check({"hotline.yaml": BLOCKS[0], "intents/en.yaml": "agent: [agent]\ntrack_order: [order]\n"})
    assert loaded.faults == ()


def test_the_call_script_of_the_menus_readme_is_one():
    script, faults = read_script("readme", BLOCKS[1])
    assert script is not None, faults


def test_every_node_kind_action_and_rule_is_described():
    for kind in NODE_KINDS:
        assert f"`{kind}:" in README, kind
    for action in ACTION_TYPES:
        assert f"`{action}`" in README, action
    code = "".join(Path(module.__file__).read_text() for module in (document, lint, source))
    rules = set(re.findall(r'fault\(\s*(?:\([^)]*\),\s*)?"([a-z]+(?:-[a-z]+)+)"', code))
    assert len(rules) > 15
    assert [rule for rule in sorted(rules) if f"`{rule}`" not in README] == []


def test_the_readme_s_settings_are_those_of_the_code():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "write-settings", "--check"], cwd=ROOT, check=False
    )
    assert done.returncode == 0


def test_the_schema_beside_the_menus_is_the_one_of_the_code():
    assert json.loads((MENUS / "schema.json").read_text()) == schema()


@pytest.mark.parametrize("name", ["hotline.yaml", "orders.yaml", "refunds.yaml"])
def test_the_demo_menus_fit_the_schema_and_broken_ones_do_not(name):
    data = source.read(name, (MENUS / name).read_text()).data
    jsonschema.validate(data, schema())
    data["nodes"]["broken"] = {"menu": "ajar"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema())
