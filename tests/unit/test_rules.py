"""Every rule with a hotline that breaks it, at the line marked `# !`, and one that keeps it."""

import json
import re
from dataclasses import dataclass, field

import pytest

from ivr.commerce.actions import ACTION_TYPES
from ivr.dialog.document import Loaded, faults_as_data, load
from ivr.dialog.rules import RULES

HEAD = """\
hotline: Corner Shop
start: hello
always:
  agent: {keys: ["0"], phrases: [agent], goto: person}
patience: {give_up: person}
queues: {support: }
skills: [orders]
nodes:
  person: {queue: support}
  bye: {goodbye: Bye.}
"""
HELLO = """\
  hello:
    menu: closed
    say: Press 1 to end.
    choices:
      - {key: "1", phrases: [the end], goto: bye}
"""


@dataclass(frozen=True)
class Case:
    """A hotline that breaks a rule, and its mended form. `files` come beside; `head` replaces the head."""

    bad: str
    good: str
    head: str = HEAD
    good_head: str = ""
    files: dict[str, str] = field(default_factory=dict)
    good_files: dict[str, str] = field(default_factory=dict)


def hello(**texts: str) -> str:
    """The node `hello` with some of its lines replaced."""
    node = HELLO
    for old, new in texts.items():
        line = next(x for x in HELLO.splitlines() if old in x)
        node = node.replace(line, new)
    return node


def whole(text: str) -> Case:
    return Case(text, HELLO, head="")


DO = """\
  hello: {collect: order, as: order_number, say: Which order?, goto: look}
  look:
    do: order.lookup
    with: {number: $order}
    on: {found: bye, not_found: hello, unavailable: person}
"""
REFUND = """\
  hello: {collect: order, as: order_number, say: Which order?, goto: sure}
  sure:
    menu: closed
    say: Shall I pay 5 euros back?
    choices:
      - {key: "1", intents: ["yes"], goto: pay}
      - {key: "2", intents: ["no"], goto: bye}
  pay:
    do: refund.request
    with: {order: $order, amount: "5"}
    on: {accepted: bye, rejected: person, unavailable: person}
"""
PROVING = HEAD.replace("nodes:", "verify: {flow: prove, failed: person}\nnodes:")
PROOF = """\
flow: prove
start: ask_pin
inputs: [about, by]
nodes:
  ask_pin: {collect: pin, as: digits, length: 4, secret: true, say: Your PIN?, goto: check_pin}
  check_pin:
    do: customer.verify
    with: {factor: pin, given: $pin, order: $about}
    on: {verified: proved, failed: ask_pin, locked: unproved, unavailable: unproved}
  proved: {return: verified}
  unproved: {return: failed}
"""
MESSAGE = """\
  hello:
    do: message.send
    with: {message: thanks}
    on: {sent: bye, no_address: bye, unavailable: person}
"""
SUBFLOW = """\
flow: ask_name
start: which_name
results: [name]
nodes:
  which_name: {collect: name, as: text, say: Your name?, goto: done}
  done: {return: known}
"""
CALLER = "  hello: {flow: ask_name, into: {name: who}, goto: bye}\n"
ZH = """\
always: {agent: {phrases: [人工]}}
nodes:
  bye: {goodbye: 再见。}
  hello:
    say: 按1结束。
    choices: {"1": {phrases: [结束]}}
"""
LONG = "a very long text that goes on and on " * 9

CASES: dict[str, list[Case]] = {
    "syntax": [whole("hotline: x\nnodes: [a  # !\n")],
    "not-utf-8": [Case(HELLO.replace("to end.", "to \udcff.  # !"), HELLO)],
    "too-large": [whole("# !\n" + "a: b\n" * 300_000)],
    "too-deep": [Case("  deep: " + "[" * 45 + "]" * 45 + "  # !\n" + HELLO, HELLO)],
    "no-anchors": [
        Case(HELLO.replace("say: Press 1 to end.", "say: &x Press 1 to end.  # !"), HELLO),
        Case(HELLO.replace("say: Press 1 to end.", "say: !!str Press 1 to end.  # !"), HELLO),
    ],
    "bad-key": [Case("  ? [a, b]\n  : {goodbye: x}\n" + HELLO, HELLO)],
    "duplicate-key": [Case(HELLO + "  bye: {goodbye: Again.}  # !\n", HELLO)],
    "no-head": [Case(HELLO, HELLO, head="nodes:  # !\n", good_head=HEAD)],
    "shape": [Case(HELLO, HELLO, files={"more.yaml": "nodes: [a, b]  # !\n"}, good_files={"more.yaml": "nodes: {}\n"})],
    "missing-field": [Case(hello(say="    help: Press 1.").replace("  hello:", "  hello:  # !"), HELLO)],
    "unknown-field": [
        Case(HELLO + "    sya: Hm.  # !\n", HELLO),
        Case(HELLO, HELLO, files={"more.yaml": "language: en  # !\n"}),
    ],
    "bad-value": [
        Case(HELLO + "    barge_in: maybe  # !\n", HELLO + "    barge_in: false\n"),
        Case(HELLO + "    patience: {no_input: soon}  # !\n", HELLO + "    patience: {no_input: 5s}\n"),
    ],
    "bad-name": [Case(HELLO + "  Bad-Name: {goodbye: x}  # !\n", HELLO)],
    "node-kind": [Case(HELLO + "  odd: {sings: la}  # !\n", HELLO)],
    "duplicate-node": [Case(HELLO, HELLO, files={"more.yaml": "nodes:\n  bye: {goodbye: Again.}  # !\n"})],
    "timezone": [Case(HELLO, HELLO, head="timezone: Mars/Dome  # !\n" + HEAD, good_head="timezone: Europe/Paris\n" + HEAD)],
    "bad-calendar": [Case(HELLO, HELLO, files={"calendars.yaml": 'team:\n  week:\n    monday: "25:00-26:00"  # !\n'},
                          good_files={"calendars.yaml": 'team:\n  week:\n    monday: "09:00-17:00"\n'})],
    "unknown-calendar": [Case(
        "  hello: {decide: [{when: {hours.teem: open}, goto: bye}, {goto: person}]}  # !\n",
        "  hello: {decide: [{when: {hours.team: open}, goto: bye}, {goto: person}]}\n",
        files={"calendars.yaml": 'team: {week: {monday: "09:00-17:00"}}\n'},
        good_files={"calendars.yaml": 'team: {week: {monday: "09:00-17:00"}}\n'},
    )],
    "unknown-target": [
        Case(hello(key='      - {key: "1", phrases: [the end], goto: nowhere}  # !'), HELLO),
        Case(HELLO, HELLO, head=HEAD.replace("goto: person}", "goto: nobody}  # !")),
        Case("  hello: {decide: [{when: {tries.nowhere: {at_least: 2}}, goto: person}, {goto: bye}]}  # !\n",
             "  hello: {decide: [{when: {tries.hello: {at_least: 2}}, goto: person}, {goto: bye}]}\n"),
    ],
    "no-way-out": [Case(
        "  hello: {menu: closed, always: false, say: Go on?, patience: {give_up: hello},  # !\n"
        '          choices: [{key: "1", goto: hello}]}\n', HELLO), Case(HELLO, HELLO, head=HEAD.replace("{give_up: person}", "{tries: 3}  # !"))],
    "no-otherwise": [Case("  hello:\n    decide:  # !\n      - {when: {caller: known}, goto: bye}\n",
                          "  hello:\n    decide:\n      - {goto: bye}\n")],
    "silent-circle": [Case("  hello: {say: a, goto: two}  # !\n  two: {say: b, goto: hello}\n",
                           "  hello: {say: a, goto: two}\n  two: {say: b, goto: bye}\n")],
    "dead-end": [Case(
        "  hello: {menu: closed, always: false, say: Go on?, patience: {give_up: two}, choices: [{key: '1', goto: two}]}  # !\n"
        "  two: {menu: closed, always: false, say: Go on?, patience: {give_up: hello}, choices: [{key: '1', goto: hello}]}\n", HELLO)],
    "unreachable": [Case(HELLO + "  island: {goodbye: Lost.}  # !\n", HELLO)],
    "far-from-person": [Case(HELLO.replace("    say:", "    always: false\n    say:").replace("  hello:", "  hello:  # !"), HELLO)],
    "unknown-action": [Case(DO.replace("order.lookup", "order.loookup  # !"), DO)],
    "outcome-not-wired": [Case(DO.replace("on: {found: bye, not_found: hello, unavailable: person}",
                                          "on: {found: bye, unavailable: person}  # !"), DO)],
    "unknown-outcome": [Case(DO.replace("unavailable: person}", "unavailable: person, maybe: bye}  # !"), DO)],
    "unknown-input": [Case(DO.replace("{number: $order}", "{number: $order, colour: red}  # !"), DO)],
    "missing-input": [Case(DO.replace("with: {number: $order}", "with: {}  # !"), DO)],
    "unknown-flow": [Case(CALLER.replace("flow: ask_name", "flow: ask_nmae").replace("bye}", "bye}  # !"), CALLER,
                          files={"ask.yaml": SUBFLOW}, good_files={"ask.yaml": SUBFLOW})],
    "recursive-flow": [Case(
        CALLER, CALLER,
        files={"ask.yaml": SUBFLOW.replace("goto: done}", "goto: again}") + "  again: {flow: ask_name, goto: done}  # !\n"},
        good_files={"ask.yaml": SUBFLOW},
    )],
    "flow-border": [
        Case("  hello: {say: Hi., goto: which_name}  # !\n  other: {flow: ask_name, goto: bye}\n", CALLER,
             files={"ask.yaml": SUBFLOW}, good_files={"ask.yaml": SUBFLOW}),
        Case(CALLER, CALLER, files={"ask.yaml": SUBFLOW + "  out: {say: Hm., goto: bye}  # !\n"}, good_files={"ask.yaml": SUBFLOW}),
    ],
    "outside-flow": [Case(HELLO + "  back: {return: known}  # !\n", HELLO)],
    "unknown-queue": [Case(HELLO + "  other: {queue: suport}  # !\n", HELLO + "  other: {queue: support}\n")],
    "unknown-skill": [Case(HELLO + "  other: {queue: support, skills: {order: 1}}  # !\n",
                           HELLO + "  other: {queue: support, skills: {orders: 1, $language: 1, en: 2}}\n")],
    "not-declared": [Case(HELLO, HELLO, head=HEAD.replace("hotline: Corner Shop", "hotline: Corner Shop  # !").replace("queues: {support: }\n", ""))],
    "no-callback": [Case(
        HELLO + "  other: {queue: support, while_waiting: {offer_callback_after: 60s}}  # !\n",
        HELLO + "  other: {queue: support, while_waiting: {offer_callback_after: 60s}}\n"
        "  book: {callback: support, on: {booked: bye, no_number: person, unavailable: person}}\n")],
    "unknown-hotline": [Case(HELLO + "  away: {transfer: bank, goto: person}  # !\n",
                             HELLO + '  away: {transfer: "+4930123456", goto: person}\n')],
    "duplicate-choice-key": [Case(HELLO + '      - {key: "1", goto: person}  # !\n', HELLO + '      - {key: "2", goto: person}\n')],
    "hidden-command-key": [Case(HELLO + '      - {key: "0", goto: bye}  # !\n', HELLO + '      - {key: "9", goto: bye}\n')],
    "empty-choice": [Case(HELLO + "      - {goto: bye}  # !\n", HELLO)],
    "same-phrase": [Case(HELLO + '      - {key: "2", phrases: [The end!], goto: person}  # !\n',
                         HELLO + '      - {key: "2", phrases: [a colleague], goto: person}\n')],
    "confusable-phrases": [Case(HELLO.replace("the end", "bill") + '      - {key: "2", phrases: [pill], goto: person}  # !\n',
                                HELLO.replace("the end", "bill") + '      - {key: "2", phrases: [order], goto: person}\n')],
    "too-many-choices": [Case(
        "  hello:\n    menu: closed\n    say: Which?\n    choices:  # !\n"
        + "".join(f'      - {{key: "{n}", goto: bye}}\n' for n in range(1, 8)),
        "  hello:\n    menu: closed\n    say: Which?\n    choices:\n"
        + "".join(f'      - {{key: "{n}", goto: bye}}\n' for n in range(1, 7)))],
    "option-before-key": [
        Case(hello(say='    say: "For refunds, press 2."  # !'), hello(say='    say: "Press 2 for refunds."')),
        Case(hello(say='    say: "To hear your order status, please press 1."  # !'), HELLO),
    ],
    "long-prompt": [Case(hello(say=f"    say: {LONG}  # !"), HELLO)],
    "unknown-slot": [
        Case(hello(say='    say: "Hello {nobody}."  # !'), HELLO),
        Case(DO.replace("$order}", "$parcel}  # !"), DO),
        Case("  hello: {decide: [{when: {colour: red}, goto: bye}, {goto: person}]}  # !\n", HELLO),
    ],
    "unknown-part": [Case(DO.replace("found: bye", "found: tell") + '  tell: {say: "It is {order.colour}.", goto: bye}  # !\n',
                          DO.replace("found: bye", "found: tell") + '  tell: {say: "It is {order.status|status}.", goto: bye}\n')],
    "unknown-format": [Case(hello(say='    say: "{caller|shout}"  # !'), hello(say='    say: "{caller|phone}"'))],
    "bad-hole": [Case(hello(say='    say: "Hello {Caller Name}."  # !'), HELLO)],
    "slot-too-early": [
        Case("  hello: {say: 'Order {order}.', goto: ask}  # !\n  ask: {collect: order, as: digits, say: Which?, goto: bye}\n",
             "  hello: {collect: order, as: digits, say: Which?, goto: tell}\n  tell: {say: 'Order {order}.', goto: bye}\n"),
        Case("  hello:\n    decide:\n      - {when: {caller: known}, goto: ask}\n      - {goto: tell}\n"
             "  ask: {collect: name, as: text, say: Your name?, goto: tell}\n  tell: {say: 'Hi {name}.', goto: bye}  # !\n",
             "  hello:\n    decide:\n      - {when: {name: known}, goto: tell}\n      - {goto: ask}\n"
             "  ask: {collect: name, as: text, say: Your name?, goto: tell}\n  tell: {say: 'Hi {name}.', goto: bye}\n"),
    ],
    "secret-told": [
        Case("  hello: {collect: pin, as: digits, length: 4, secret: true, say: Your PIN?, goto: tell}\n"
             "  tell: {say: 'It is {pin}.', goto: bye}  # !\n",
             "  hello: {collect: pin, as: digits, length: 4, secret: true, say: Your PIN?, goto: bye}\n"),
        Case(CALLER, CALLER, files={"ask.yaml": SUBFLOW.replace("as: text,", "as: digits, length: 4, secret: true,").replace("which_name: {", "which_name: {  # !\n    ")},
             good_files={"ask.yaml": SUBFLOW}),
    ],
    "no-examples": [Case(HELLO + '      - {key: "2", intents: [refund], goto: person}  # !\n',
                         HELLO + '      - {key: "2", intents: ["yes"], goto: person}\n')],
    "unknown-language": [Case(HELLO + "  speak: {language: fr, goto: hello}  # !\n", HELLO + "  speak: {language: en, goto: hello}\n")],
    "no-translation": [Case(HELLO.replace("to end.", "to end.  # !"), HELLO, files={"translations/zh.yaml": ZH.replace("    say: 按1结束。\n", "")},
                            good_files={"translations/zh.yaml": ZH})],
    "unknown-text": [Case(HELLO, HELLO, files={"translations/zh.yaml": ZH + "  hullo: {say: 你好}  # !\n"}, good_files={"translations/zh.yaml": ZH})],
    "other-slots": [Case(hello(say='    say: "Press 1, {caller}."'), hello(say='    say: "Press 1, {caller}."'),
                         files={"translations/zh.yaml": ZH.replace("按1结束。", '"按1。"  # !')},
                         good_files={"translations/zh.yaml": ZH.replace("按1结束。", '"{caller}，按1。"')})],
    "money-unconfirmed": [Case(REFUND.replace("goto: sure}", "goto: pay}").replace("do: refund.request", "do: refund.request  # !"), REFUND)],
    "money-unverified": [Case(REFUND.replace("do: refund.request", "do: refund.request  # !"), REFUND,
                              good_head=PROVING, good_files={"prove.yaml": PROOF})],
    "unknown-message": [
        Case(MESSAGE.replace("thanks}", "thinks}  # !"), MESSAGE, files={"messages.yaml": "thanks: {text: Thank you.}\n"},
             good_files={"messages.yaml": "thanks: {text: Thank you.}\n"}),
    ],
    "card-number": [
        Case("  hello: {collect: card, as: digits, length: 16, say: Say it., goto: bye}  # !\n",
             "  hello: {collect: pin, as: digits, length: 4, say: Say it., goto: bye}\n"),
        Case("  hello: {collect: x, as: digits, length: 4, say: Your card number please., goto: bye}  # !\n",
             "  hello: {collect: x, as: digits, length: 4, say: Your member number please., goto: bye}\n"),
    ],
    "unknown-rule": [
        Case(HELLO + '    allow: {no-such-rule: "why not"}  # !\n', HELLO),
        Case(HELLO + '    allow: {unknown-target: "why not"}  # !\n', HELLO),
    ],
    "unused-allow": [Case(HELLO + '    allow: {long-prompt: "it has to be"}  # !\n',
                          hello(say=f"    say: {LONG}") + '    allow: {long-prompt: "it has to be"}\n')],
}  # fmt: skip
ELSEWHERE = {"not-visited", "script", "bad-routing", "bad-policy"}
"""Rules that are shown by other tests: they look at call scripts, or know of the router."""


def files_of(head: str, nodes: str, more: dict[str, str]) -> dict[str, str]:
    return {"hotline.yaml": head + nodes, **more}


def loaded(files: dict[str, str]) -> Loaded:
    return load(files, ACTION_TYPES)


EACH = [(rule, case) for rule, cases in CASES.items() for case in cases]


@pytest.mark.parametrize(("rule", "case"), EACH, ids=[f"{rule}" for rule, _ in EACH])
def test_a_hotline_that_breaks_the_rule_is_told_at_its_line(rule, case):
    files = files_of(case.head, case.bad, case.files)
    if rule == "no-head":
        files = {"orders.yaml": files["hotline.yaml"]}
    found = [(f.file, f.line) for f in loaded(files).faults if f.rule == rule]
    assert found, [str(f) for f in loaded(files).faults]
    marked = [
        (name, n)
        for name, text in files.items()
        for n, line in enumerate(text.splitlines(), 1)
        if "# !" in line
    ]
    assert not marked or set(found) & set(marked), (found, marked)
    severities = {f.severity for f in loaded(files).faults if f.rule == rule}
    assert severities == {RULES[rule].severity}


@pytest.mark.parametrize(("rule", "case"), EACH, ids=[f"{rule}" for rule, _ in EACH])
def test_a_hotline_that_keeps_the_rule_is_not_told_of_it(rule, case):
    head = case.good_head or (case.head if rule == "other" else HEAD)
    files = files_of(head, case.good, case.good_files)
    assert [str(f) for f in loaded(files).faults if f.rule == rule] == []


def test_every_rule_has_a_bad_and_a_good_example():
    assert set(CASES) | ELSEWHERE == set(RULES)


def test_the_names_of_rules_are_words_with_hyphens_and_sentences_have_no_stop():
    for rule in RULES.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
        assert not rule.sentence.endswith(".")


def test_a_node_may_allow_itself_what_is_only_advice_and_says_why():
    text = HEAD + hello(say=f"    say: {LONG}") + '    allow: {long-prompt: "the law wants it read out"}\n'
    result = loaded({"hotline.yaml": text})
    fault = next(f for f in result.faults if f.rule == "long-prompt")
    assert (fault.severity, fault.reason) == ("allowed", "the law wants it read out")
    assert "allowed: the law wants it read out" in str(fault)
    assert faults_as_data([fault])[0]["reason"] == "the law wants it read out"


def test_the_head_may_allow_a_rule_for_the_whole_hotline():
    text = HEAD.replace("queues:", 'allow: {long-prompt: "all our texts are long"}\nqueues:')
    faults = loaded({"hotline.yaml": text + hello(say=f"    say: {LONG}")}).faults
    assert [f.severity for f in faults if f.rule == "long-prompt"] == ["allowed"]
    assert not [f for f in faults if f.rule == "unused-allow"]


def test_an_error_of_wiring_cannot_be_allowed_away():
    text = HEAD + HELLO.replace("goto: bye", "goto: nowhere") + '    allow: {unknown-target: "later"}\n'
    result = loaded({"hotline.yaml": text})
    assert {"unknown-target", "unknown-rule"} <= {f.rule for f in result.errors}


def test_faults_are_json():
    result = loaded({"hotline.yaml": HEAD})
    assert json.loads(json.dumps(faults_as_data(result.faults)))[0].keys() >= {
        "file",
        "line",
        "path",
        "rule",
        "severity",
        "message",
    }
