import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialog.diagram import edges, mermaid, svg
from ivr.dialog.diff import compare, gathered
from ivr.service.menus import check
from tests.conftest import demo_files, demo_flow


def changed(*edits):
    """The demo hotline with texts replaced, as (file, old, new)."""
    files = dict(demo_files())
    for file, old, new in edits:
        assert old in files[file], old
        files[file] = files[file].replace(old, new, 1)
    loaded = check(files)
    assert loaded.flow is not None, loaded.errors
    return loaded.flow


def sentences(*edits):
    return [change.sentence for change in compare(demo_flow(), changed(*edits))]


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (("hotline.yaml", "Is there anything else I can do for you?", "Anything else?"),
         "At 'anything_else' callers now hear “Anything else?” instead of “Is there anything else I can do for you?”."),
        (("hotline.yaml", '{key: "2", intents: [get_refund', '{key: "3", intents: [get_refund'),
         "At 'welcome' option 2 moved to 3 (“get refund”)."),
        (("hotline.yaml", "      - {intents: [opening_hours], goto: tell_hours}\n", ""),
         "At 'welcome' the option “opening hours” is gone."),
        (("orders.yaml", "goto: order_status", "goto: shop_down"),
         "After 'ask_order', callers now come to 'shop_down' instead of 'order_status'."),
        (("orders.yaml", "unavailable: shop_down", "unavailable: to_agent"),
         "After 'order_status' (unavailable), callers now come to 'to_agent' instead of 'shop_down'."),
        (("hotline.yaml", "tries: 3", "tries: 2"), "At 'welcome' callers are asked 2 times at most, were 3."),
        (("hotline.yaml", "no_input: 6s", "no_input: 8s"), "At 'ask_order' the hotline waits 8 s for an answer, was 6 s."),
        (("refunds.yaml", "queue: refunds", "queue: support"),
         "Callers at 'refund_person' wait in the queue support instead of refunds."),
        (("refunds.yaml", "priority: high", "priority: normal"), "Callers at 'refund_person' are taken later than before."),
        (("hotline.yaml", 'keys: ["*"]', 'keys: ["#"]'), "“repeat” is now reached by key #, was by key *."),
        (("hotline.yaml", "  back:    {intents: [back], phrases: [go back], do: back}\n", ""),
         "“back” is no longer understood everywhere."),
        (("policies.yaml", "window_days: 30", "window_days: 14"), "The policy refund.window_days is 14, was 30."),
        (("intents/en.yaml", "    - order status\n", ""), "“where an order is” is understood from 1 example fewer."),
        (("hotline.yaml", "hotline: Sunrise Store", "hotline: Moon Store"),
         "The hotline is called “Moon Store” instead of “Sunrise Store”."),
        (("messages.yaml", "your code is {code}", "the code is {code}"),
         "The message 'code' is now “Your code from Sunrise Store Sunrise Store: the code is {code}. It is good for ten minutes. "
         "We never ask for it unless you call us.”, was “Your code from Sunrise Store Sunrise Store: your code is {code}. It is "
         "good for ten minutes. We never ask for it unless you call us.”."),
        (("hotline.yaml", "failed: not_verified", "failed: to_agent"),
         "Callers prove who they are in 'verification', else they go to 'to_agent'."),
        (("verification.yaml", "    secret: true                  # neither shown nor kept\n", ""),
         "At 'ask_pin' the answer is shown and kept like any other now."),
    ],
    ids=lambda value: value[1][:25] if isinstance(value, tuple) else None,
)  # fmt: skip
def test_a_change_is_told_as_a_caller_would_notice_it(edit, sentence):
    assert sentence in sentences(edit)


def test_a_question_put_in_between_is_told_as_asked_before():
    told = sentences(
        ("refunds.yaml", "    goto: refund_check\n", "    goto: ask_reason\n"),
        (
            "refunds.yaml",
            "  refund_check:\n",
            '  ask_reason: {collect: reason, as: text, say: "Why?", goto: refund_check}\n\n  refund_check:\n',
        ),
    )
    assert (
        "After 'ask_refund_order', callers are now asked for a reason before they come to 'refund_check'."
        in told
    )
    assert "Callers can now reach 'ask_reason' and hear “Why?”." in told


def test_what_is_told_of_many_nodes_is_told_once_for_people():
    changes = compare(demo_flow(), changed(("hotline.yaml", "tries: 3", "tries: 2")))
    told = [change.sentence for change in gathered(changes)]
    assert len(told) == 1 < len(changes)
    assert told[0].startswith("At '")
    assert told[0].endswith(" more callers are asked 2 times at most, were 3.")


def test_a_reason_asked_before_the_amount_and_an_option_that_moved_are_told_in_those_words():
    text = GOOD_SHOP.replace("goto: amount}", "goto: reason}").replace('{key: "3"', '{key: "4"')
    text = text.replace(
        "nodes:\n", "nodes:\n  reason: {collect: reason, as: text, say: Why?, goto: amount}\n"
    )
    text = text.replace('      - {key: "5", phrases: [points], goto: loyalty}\n', "").replace(
        "  loyalty: {goodbye: You have points.}\n", ""
    )
    told = [change.sentence for change in compare(flow_of(GOOD_SHOP), flow_of(text))]
    assert "After 'refund', callers are now asked for a reason before the amount." in told
    assert "At 'hello' option 3 moved to 4 (“bye”)." in told
    assert "Nobody reaches 'loyalty' any more." in told


GOOD_SHOP = """\
hotline: Shop
start: hello
patience: {give_up: person}
queues: {support: }
nodes:
  hello:
    menu: closed
    say: Hello.
    choices:
      - {key: "1", phrases: [money back], goto: refund}
      - {key: "3", phrases: [bye], goto: bye}
      - {key: "5", phrases: [points], goto: loyalty}
  refund: {collect: order, as: order_number, say: Which order?, goto: amount}
  amount: {collect: amount, as: amount, say: How much?, goto: person}
  loyalty: {goodbye: You have points.}
  bye: {goodbye: Bye.}
  person: {queue: support}
"""


def flow_of(text):
    flow = check({"hotline.yaml": text}).flow
    assert flow is not None
    return flow


def test_a_node_that_was_only_renamed_is_no_change():
    text = GOOD_SHOP.replace("loyalty", "points_told")
    assert compare(flow_of(GOOD_SHOP), flow_of(text)) == []


def test_another_language_and_its_texts_are_told():
    zh = "nodes: {bye: {goodbye: 再见}}\n"
    old, new = (
        check({"hotline.yaml": GOOD_SHOP, "translations/zh.yaml": t}).flow
        for t in (zh, zh.replace("再见", "拜拜"))
    )
    assert [c.sentence for c in compare(flow_of(GOOD_SHOP), new)] == ["The hotline now also speaks Chinese."]
    assert [c.sentence for c in compare(old, new)] == [
        "In Chinese, at 'bye' callers now hear “拜拜” instead of “再见”."
    ]


def test_opening_hours_that_changed_are_told():
    week = 'team: {week: {monday: "09:00-17:00"}}\n'
    old, new = (
        check({"hotline.yaml": GOOD_SHOP, "calendars.yaml": w}).flow for w in (week, week.replace("17", "18"))
    )
    assert [c.kind for c in compare(old, new)] == ["hours"]


def test_what_nobody_reaches_any_more_is_said():
    told = sentences(("orders.yaml", "goto: tell_delivered", "goto: tell_other"))
    assert "Nobody reaches 'tell_delivered' any more." in told


def test_the_same_menus_have_no_changes_and_comments_are_none():
    assert compare(demo_flow(), demo_flow()) == []
    assert sentences(("orders.yaml", "# Where is my order?", "# Another comment.")) == []


@given(st.sampled_from(sorted(demo_flow().nodes)), st.sampled_from(sorted(demo_flow().nodes)))
def test_any_two_hotlines_can_be_compared_and_every_change_is_a_sentence(one, other):
    files = {name: text.replace(f"goto: {one}", f"goto: {other}") for name, text in demo_files().items()}
    flow = check(files).flow
    if flow is not None:
        for change in compare(demo_flow(), flow):
            assert change.sentence.endswith(".")
            assert set(change.as_data()) == {"node", "kind", "sentence"}


# ---- pictures


def test_the_picture_shows_every_node_once_and_marks_what_was_not_visited():
    from xml.etree.ElementTree import fromstring

    flow = demo_flow()
    root = fromstring(svg(flow, dict.fromkeys(flow.nodes, True) | {"goodbye": False}, {"welcome.1"}))
    names = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text") if e.get("class") == "t"]
    assert sorted(names) == sorted(name[:26] for name in flow.nodes)
    boxes = [e for e in root.iter("{http://www.w3.org/2000/svg}rect") if "no" in (e.get("class") or "")]
    assert len(boxes) == 1
    assert "goodbye (not visited)" in svg(flow, {name: name != "goodbye" for name in flow.nodes})


def test_no_two_boxes_lie_on_each_other():
    import re

    boxes = re.findall(r'<rect class="n[^"]*" x="(\d+)" y="(\d+)"', svg(demo_flow()))
    assert len(set(boxes)) == len(boxes) == len(demo_flow().nodes)


def test_mermaid_names_every_way_with_its_words():
    text = mermaid(demo_flow())
    assert 'order_status -->|"found"| tell_status' in text
    assert text.startswith("flowchart TD")
    assert any(
        edge.source == "refund_offer" and edge.target == "refund_request" for edge in edges(demo_flow())
    )
