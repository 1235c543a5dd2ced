"""`ivr bench menu`: steps of the dialogue engine beside the transitions library; loading; call scripts."""

import json
import time
from collections.abc import Callable, Sequence

import click

from ivr.cli.bench.figures import JSON, SECONDS, Figures, machine, per_second, show
from ivr.commerce.scripted import back_end
from ivr.dialog.codec import state_to_data
from ivr.dialog.engine import begin, step
from ivr.dialog.events import Acted, CallStarted, Event, Intent, Pressed, Spoke
from ivr.dialog.flow import Flow
from ivr.dialog.script import NOON, read_script, run
from ivr.dialog.state import CallState
from ivr.errors import Unavailable
from ivr.service.menus import DEMO_MENUS, check, read_folder
from ivr.understanding.store import Models

Rank = Callable[[str, str], tuple[Intent, ...]]


@click.command("menu", epilog="\b\nExample:\n  ivr bench menu --seconds 5")
@JSON
@SECONDS
def bench_menu(as_json: bool, seconds: float) -> None:
    """Steps a second of the demo hotline, beside the transitions library on a 20-state menu."""
    flow, small = _flow(), _twenty()
    keys = [Pressed(NOON, str((n * 3) % 10)) for n in range(200)]
    events, scripts = _tour(), sorted((DEMO_MENUS / "tests").glob("*.yaml"))
    ours = per_second(lambda: _play(small, keys), len(keys), seconds)
    theirs = per_second(_transitions(), len(keys), seconds)
    tour = per_second(lambda: _play(flow, events), len(events), seconds)
    anew = per_second(lambda: _play(flow, events, remember=False), len(events), seconds)
    rank = Models(flow).rank
    said = per_second(lambda: _play(flow, _spoken(events, rank), remember=False), len(events), seconds)
    read = [script for path in scripts if (script := read_script(path.name, path.read_text("utf-8"))[0])]
    calls = per_second(
        lambda: [run(flow, script, back_end(script, flow.policies), rank) for script in read],
        len(read),
        seconds,
    )
    large = _large(500)
    began = time.process_time()
    loaded = check(large)
    loading = time.process_time() - began
    if loaded.flow is None or len(loaded.flow.nodes) < 500:
        raise Unavailable("; ".join(map(str, loaded.errors[:3])))
    figures: Figures = {
        "machine": machine(),
        "menu of 20 states × 10 keys: steps a CPU second": round(ours),
        "the same in transitions": round(theirs),
        "ratio (goal 10)": round(ours / theirs, 2),
        "demo hotline: steps a CPU second": round(tour),
        "demo hotline, nothing remembered: µs a step": round(1e6 / anew, 2),
        "the same spoken, understanding included: µs a step": round(1e6 / said, 2),
        "call scripts a CPU second": round(calls),
        "hotline of 500 nodes in two languages: CPU seconds to load and check (goal 1)": round(loading, 3),
        "bytes of state": len(json.dumps(state_to_data(_play(flow, events)), separators=(",", ":"))),
    }
    show(figures, as_json)


def _twenty() -> Flow:
    """The same menu as the yardstick's, in our language."""
    nodes = "".join(
        f"  s{n}:\n    menu: closed\n    always: false\n    say: State {n}.\n    choices:\n"
        + "".join(f'      - {{key: "{key}", goto: s{(n * 7 + key) % 20}}}\n' for key in range(10))
        for n in range(20)
    )
    text = f"hotline: bench\nstart: s0\npatience: {{give_up: s0}}\nnodes:\n{nodes}"
    loaded = check({"hotline.yaml": text})
    if loaded.flow is None:
        raise Unavailable("; ".join(map(str, loaded.errors)))
    return loaded.flow


BLOCK = """\
  hub{n}:
    menu: closed
    say: {{text: "Department {n}. Say orders, refunds, hours or agent.", short: "Orders, refunds, hours or agent?"}}
    say_again: ["Sorry, I did not get that. Say orders or refunds.", "Press 1 for orders or 2 for refunds."]
    choices:
      - {{key: "1", intents: [track_order], phrases: [orders, my order], goto: ask{n}}}
      - {{key: "2", intents: [get_refund], phrases: [refunds, money back], goto: back{n}}}
      - {{key: "3", phrases: [opening hours], goto: hours{n}}}
      - {{key: "4", phrases: [next department], goto: hub{next}}}
  ask{n}: {{collect: order, as: order_number, say: "What is your order number?", help: "Six digits.", goto: look{n}}}
  look{n}:
    do: order.lookup
    with: {{number: $order}}
    on: {{found: sort{n}, not_found: {{say: "There is no order {{order|digits}}.", goto: ask{n}}}, unavailable: wait{n}}}
  sort{n}:
    decide:
      - {{when: {{order.status: [paid, shipped]}}, goto: tell{n}}}
      - {{when: {{tries.hub{n}: {{at_least: 3}}}}, goto: wait{n}}}
      - {{goto: hub{n}}}
  tell{n}: {{say: "Your order {{order.number|digits}} arrives {{order.eta|day}}.", goto: hub{n}}}
  back{n}: {{collect: amount, as: amount, say: "How much was it?", confirm: always, goto: sure{n}}}
  sure{n}:
    menu: closed
    say: "Shall I ask for {{amount|money}}?"
    choices: [{{key: "1", intents: ["yes"], goto: wait{n}}}, {{key: "2", intents: ["no"], goto: hub{n}}}]
  hours{n}: {{say: "We are here from nine to five.", goto: hub{n}}}
  wait{n}: {{queue: support, say: "One moment, please.", skills: {{orders: 1, $language: 1}}}}
  bye{n}: {{goodbye: "Goodbye from department {n}."}}
"""
BLOCK_ZH = """\
  hub{n}:
    say: {{text: "第{n}部门。请说订单、退款、时间或者人工。", short: "订单、退款、时间还是人工？"}}
    say_again: ["对不起，请说订单或者退款。", "按1查订单，按2办退款。"]
    choices: {{"1": {{phrases: [订单]}}, "2": {{phrases: [退款]}}, "3": {{phrases: [服务时间]}}, "4": {{phrases: [下一个部门]}}}}
  ask{n}: {{say: "请问订单号是多少？", help: "六位数字。"}}
  look{n}: {{on: {{not_found: {{say: "没有订单{{order|digits}}。"}}}}}}
  tell{n}: {{say: "您的订单{{order.number|digits}}{{order.eta|day}}送到。"}}
  back{n}: {{say: "多少钱？"}}
  sure{n}: {{say: "要申请{{amount|money}}吗？"}}
  hours{n}: {{say: "我们九点到五点在线。"}}
  wait{n}: {{say: "请稍等。"}}
  bye{n}: {{goodbye: "第{n}部门，再见。"}}
"""


def _large(nodes: int) -> dict[str, str]:
    """A hotline of so many nodes in two languages, in files of fifty nodes."""
    demo = read_folder(DEMO_MENUS)
    count = nodes // 10
    blocks = [BLOCK.format(n=n, next=(n + 1) % count) for n in range(count)]
    files = {f"part{n}.yaml": "nodes:\n" + "".join(blocks[n : n + 5]) for n in range(0, count, 5)}
    head = (
        "hotline: Large\nstart: hub0\npatience: {give_up: wait0}\nqueues: {support: }\nskills: [orders]\n"
        "always: {agent: {keys: ['0'], phrases: [agent], goto: wait0}}\n"
    )
    words = "always: {agent: {phrases: [人工]}}\nnodes:\n" + "".join(
        BLOCK_ZH.format(n=n) for n in range(count)
    )
    intents = {name: text for name, text in demo.items() if name.startswith("intents/")}
    return {"hotline.yaml": head, "translations/zh.yaml": words, **files, **intents}


def _flow() -> Flow:
    loaded = check(read_folder(DEMO_MENUS))
    if loaded.flow is None:
        raise Unavailable("the demo menus have errors; run `ivr check`")
    return loaded.flow


def _tour() -> list[Event]:
    found = {"number": "100245", "status": "shipped", "eta": "2026-11-25"}
    return [
        CallStarted(NOON, "+15550101"),
        Pressed(NOON, "7"),
        Pressed(NOON, "1"),
        Pressed(NOON, "100245"),
        Acted(NOON, "order.lookup", "found", found),
        Pressed(NOON, "2"),
        Acted(NOON, "refund.check", "too_late", {"order": "100245", "window_days": 30}),
        Pressed(NOON, "9"),
    ]


SPOKEN = {
    "7": "Good morning.",
    "1": "Where is my order, please?",
    "100245": "My order number is one zero zero, two four five.",
    "2": "I would like my money back.",
    "9": "No, thank you, that was all.",
}


def _spoken(events: Sequence[Event], rank: Rank) -> list[Event]:
    """The same call with the keys said in words."""
    return [
        Spoke(NOON, SPOKEN[event.digits], 0.9, rank(SPOKEN[event.digits], "en"))
        if isinstance(event, Pressed)
        else event
        for event in events
    ]


def _play(flow: Flow, events: Sequence[Event], *, remember: bool = True) -> CallState:
    state = begin(flow)
    for event in events:
        if not remember:
            flow.steps.clear()
        state = step(flow, state, event).state
    return state


def _transitions() -> Callable[[], None]:
    try:
        from transitions import Machine
    except ImportError as error:
        raise Unavailable("the yardstick is not installed: pip install transitions") from error
    states = [f"s{n}" for n in range(20)]
    moves = [
        {"trigger": f"k{key}", "source": f"s{n}", "dest": f"s{(n * 7 + key) % 20}"}
        for n in range(20)
        for key in range(10)
    ]
    menu = Machine(states=states, transitions=moves, initial="s0")
    triggers = [f"k{(n * 3) % 10}" for n in range(200)]

    def run_it() -> None:
        for name in triggers:
            menu.trigger(name)

    return run_it
