"""What the documents show is true: examples load, tables are those of the code."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from ivr.commerce.actions import ACTION_TYPES
from ivr.dialog import source
from ivr.dialog.script import read_script
from ivr.dialog.shape import NODE_KINDS, HotlineDoc, schema
from ivr.service.menus import check
from tests.conftest import MENUS

ROOT = Path(__file__).parents[2]
README = (MENUS / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
NODES = [block for block in BLOCKS if block.startswith("nodes:")]
HEAD = """\
hotline: Readme
start: welcome
always: {agent: {keys: ["0"], phrases: [agent], goto: person}}
patience: {give_up: person}
queues: {support: }
skills: [orders]
"""
HELPED = {"welcome": "{say: Hello., goto: bye}", "person": "{queue: support}", "bye": "{goodbye: Bye.}"}
BESIDE = {
    "calendars.yaml": next(block for block in BLOCKS if block.startswith("team:")),
    "phone_number.yaml": "flow: phone_number\nstart: ask\nresults: [number]\nnodes:\n"
    "  ask: {collect: number, as: phone, say: Which?, goto: known}\n  known: {return: given}\n",
}


def test_the_small_hotline_of_the_menus_readme_is_sound():
    loaded = check({"hotline.yaml": BLOCKS[0], "intents/en.yaml": "agent: [agent]\n"})
    assert loaded.faults == ()


@pytest.mark.parametrize("block", NODES, ids=lambda block: block.split()[1].rstrip(":"))
def test_the_nodes_of_the_menus_readme_are_sound(block):
    """Nodes that an example only names are put beside it."""
    nodes = dict(HELPED)
    for _ in range(2):
        text = HEAD + block + "".join(f"  {name}: {node}\n" for name, node in nodes.items())
        faults = check({"hotline.yaml": text, **BESIDE}).faults
        nodes |= {f.message.split("'")[1]: "{queue: support}" for f in faults if f.rule == "unknown-target"}
    assert [str(f) for f in faults if f.rule != "unreachable"] == []


def test_every_yaml_block_of_the_menus_readme_is_tested():
    others = [block for block in BLOCKS if not block.startswith(("nodes:", "hotline:", "team:", "call:"))]
    assert others == []
    assert len(NODES) > 8


def test_the_call_script_of_the_menus_readme_is_one():
    script, faults = read_script("readme", next(block for block in BLOCKS if block.startswith("call:")))
    assert script is not None, faults


def test_every_node_kind_field_and_action_is_described():
    for kind, model in NODE_KINDS.items():
        assert re.search(rf"`{kind}[:`]|\b{kind}:", README), kind
        for name, info in model.model_fields.items():
            assert re.search(rf"\b{info.alias or name}\b", README), (kind, name)
    for name in HotlineDoc.model_fields:
        assert f"`{name}`" in README, name
    for action in ACTION_TYPES:
        assert f"`{action}`" in README, action


def test_the_tables_of_the_readmes_are_those_of_the_code():
    done = subprocess.run([sys.executable, ROOT / "scripts" / "write-docs", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_the_schema_beside_the_menus_is_the_one_of_the_code():
    assert json.loads((MENUS / "schema.json").read_text()) == schema()


@pytest.mark.parametrize(
    "name", ["hotline.yaml", "orders.yaml", "refunds.yaml", "callbacks.yaml", "phone_number.yaml"]
)
def test_the_demo_menus_fit_the_schema_and_broken_ones_do_not(name):
    data = source.read(name, (MENUS / name).read_text()).data
    jsonschema.validate(data, schema())
    data["nodes"]["broken"] = {"menu": "ajar"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema())
