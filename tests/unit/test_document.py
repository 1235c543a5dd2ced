import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.commerce.actions import ACTION_TYPES
from ivr.dialog.document import load

GOOD = """\
hotline: Test
start: hello
patience: {give_up: person}
queues: {support: }
nodes:
  hello:
    menu: closed
    say: Press 1.
    choices:
      - {key: "1", phrases: [one], goto: bye}
      - {key: "0", goto: person}
  bye: {goodbye: Bye.}
  person: {queue: support}
"""


def faults(text, **more):
    loaded = load({"hotline.yaml": text, **more}, ACTION_TYPES)
    return [(fault.line, fault.rule) for fault in loaded.faults]


def test_a_sound_file_has_no_faults():
    loaded = load({"hotline.yaml": GOOD}, ACTION_TYPES)
    assert loaded.faults == ()
    assert loaded.flow is not None
    assert set(loaded.flow.nodes) == {"hello", "bye", "person"}


@pytest.mark.parametrize(
    ("change", "line", "rule"),
    [
        (("goto: bye", "goto: nowhere"), 10, "unknown-target"),
        (("start: hello", "start: nope"), 2, "unknown-target"),
        (("say: Press 1.", "sey: Press 1."), 8, "unknown-field"),
        (('key: "1"', 'key: "one"'), 10, "bad-value"),
        (("menu: closed", "menu: ajar"), 7, "bad-value"),
        (("{goodbye: Bye.}", "{hello: Bye.}"), 12, "node-kind"),
        (("queue: support", "queue: nobody"), 13, "unknown-queue"),
        (("{goodbye: Bye.}", "{goodbye: 'Bye {name}.'}"), 12, "unknown-slot"),
        (("Press 1.", "Press {x|loud}."), 8, "unknown-format"),
        (("bye: {goodbye", "hello: {goodbye"), 12, "duplicate-key"),
        (("{goodbye: Bye.}", "&a {goodbye: Bye.}"), 12, "no-anchors"),
        (("  bye: {goodbye", "\tbye: {goodbye"), 12, "syntax"),
        (("patience: {give_up: person}", "patience: {tries: 9, give_up: person}"), 3, "bad-value"),
        (("patience: {give_up: person}", "patience: {}"), 3, "no-way-out"),
        (("start: hello", "start: hello\ntimezone: Mars/Base"), 3, "timezone"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else str(value),
)
def test_a_fault_is_reported_with_its_line_and_rule(change, line, rule):
    assert (line, rule) in faults(GOOD.replace(*change))


def test_all_faults_come_at_once_in_the_order_of_lines():
    broken = GOOD.replace("goto: bye", "goto: gone").replace("queue: support", "queue: gone")
    found = faults(broken)
    assert "unknown-target" in str(found)
    assert "unknown-queue" in str(found)
    assert found == sorted(found)


def test_a_misspelt_field_is_met_with_the_right_one():
    loaded = load({"hotline.yaml": GOOD.replace("choices:", "choises:")}, ACTION_TYPES)
    assert any("did you mean 'choices'" in fault.message for fault in loaded.faults)


def test_a_node_may_stand_in_one_file_only():
    assert (2, "duplicate-node") in faults(GOOD, **{"more.yaml": "nodes:\n  bye: {goodbye: Again.}\n"})


def test_settings_of_the_hotline_stand_in_its_head_only():
    assert (1, "unknown-field") in faults(GOOD, **{"more.yaml": "language: en\n"})


def test_without_a_head_there_is_no_hotline():
    loaded = load({"orders.yaml": "nodes: {}"}, ACTION_TYPES)
    assert [fault.rule for fault in loaded.faults] == ["no-head"]
    assert load({}, ACTION_TYPES).flow is None


ACTION = GOOD.replace(
    "  bye: {goodbye: Bye.}",
    """\
  bye: {goodbye: Bye.}
  ask: {collect: order, as: order_number, say: Which?, goto: look}
  look:
    do: order.lookup
    with: {number: $order}
    on: {found: bye, not_found: ask, unavailable: person}
""",
).replace('{key: "1", phrases: [one], goto: bye}', '{key: "1", phrases: [one], goto: ask}')


def test_an_action_is_checked_against_its_type():
    assert faults(ACTION) == []
    assert "unknown-action" in str(faults(ACTION.replace("order.lookup", "order.loookup")))
    assert "outcome-not-wired" in str(faults(ACTION.replace("not_found: ask, ", "")))
    assert "unknown-outcome" in str(faults(ACTION.replace("found: bye", "fond: bye, found: bye")))
    assert "unknown-input" in str(faults(ACTION.replace("{number: $order}", "{number: $order, colour: red}")))
    assert "missing-input" in str(faults(ACTION.replace("with: {number: $order}", "with: {}")))
    assert "unknown-slot" in str(faults(ACTION.replace("$order", "$parcel")))


def test_a_circle_that_never_listens_is_refused():
    circle = GOOD.replace("  bye: {goodbye: Bye.}", "  bye: {say: a, goto: two}\n  two: {say: b, goto: bye}")
    assert "silent-circle" in str(faults(circle))


def test_keys_are_given_once():
    twice = GOOD.replace("goto: bye}", 'goto: bye}\n      - {key: "1", goto: bye}')
    assert "duplicate-choice-key" in str(faults(twice))


def test_a_node_that_nothing_leads_to_is_a_warning_only():
    loaded = load({"hotline.yaml": GOOD + "  island: {goodbye: Lost.}\n"}, ACTION_TYPES)
    assert [fault.rule for fault in loaded.faults] == ["unreachable"]
    assert loaded.flow is not None


@given(st.text(max_size=400))
def test_any_text_gives_faults_not_errors(text):
    load({"hotline.yaml": text}, ACTION_TYPES)


@given(st.integers(0, len(GOOD) - 1), st.text(max_size=6))
def test_a_damaged_file_gives_faults_not_errors(at, noise):
    load({"hotline.yaml": GOOD[:at] + noise + GOOD[at + 1 :]}, ACTION_TYPES)


YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abchosmenu_", max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(YAML)
def test_any_shape_of_data_gives_faults_not_errors(data):
    import yaml

    load({"hotline.yaml": GOOD, "more.yaml": yaml.safe_dump({"nodes": data})}, ACTION_TYPES)


def test_a_huge_file_and_a_bomb_are_refused_quickly():
    began = time.process_time()
    assert faults("a: b\n" * 2_000_000)[0][1] == "too-large"
    bomb = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a,*a,*a]\n" for n in range(9))
    assert faults(bomb)[0][1] == "no-anchors"
    assert faults("[" * 5000)[0][1] in ("syntax", "too-deep")
    assert time.process_time() - began < 20


def test_yes_no_and_on_stay_words():
    text = GOOD.replace("phrases: [one]", "phrases: [yes, no, on]")
    flow = load({"hotline.yaml": text}, ACTION_TYPES).flow
    assert flow is not None
    assert flow.nodes["hello"].choices[0].phrases == ("yes", "no", "on")


OTHER_FILES = st.sampled_from(
    [
        "translations/zh.yaml",
        "calendars.yaml",
        "intents/en.yaml",
        "intents/zh.yaml",
        "policies.yaml",
        "flow.yaml",
    ]
)


@given(OTHER_FILES, YAML)
def test_any_data_in_any_other_file_gives_faults_not_errors(name, data):
    import yaml

    load({"hotline.yaml": GOOD, name: yaml.safe_dump(data)}, ACTION_TYPES)


NODE_FIELDS = st.sampled_from(
    ["menu", "collect", "record", "survey", "language", "do", "say", "decide", "queue", "callback", "transfer",
     "flow", "return", "goodbye", "goto", "as", "with", "on", "choices", "values", "patience", "always", "allow",
     "while_waiting", "overflow", "scale", "reason", "refused", "into", "confirm", "length", "key"]
)  # fmt: skip
NODE_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 99)
    | st.sampled_from(
        ["hello", "bye", "person", "open", "closed", "digits", "$x", "3s", "en", "+4930123456"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NODE_FIELDS, inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(NODE_FIELDS, NODE_VALUES, max_size=6), st.booleans())
def test_nodes_of_known_fields_with_odd_values_give_faults_not_errors(node, translated):
    import yaml

    files = {"hotline.yaml": GOOD, "more.yaml": yaml.safe_dump({"nodes": {"odd": node}})}
    if translated:
        files["translations/zh.yaml"] = yaml.safe_dump({"nodes": {"odd": node, "hello": node}})
    loaded = load(files, ACTION_TYPES)
    assert loaded.flow is not None or loaded.errors


def test_five_hundred_broken_nodes_are_all_told_in_bounded_time():
    nodes = "".join(f"  n{n}: {{menu: ajar, sey: x, goto: nowhere{n}}}\n" for n in range(500))
    began = time.process_time()
    found = faults(GOOD + nodes)
    assert len({line for line, _ in found}) >= 500
    assert time.process_time() - began < 5
