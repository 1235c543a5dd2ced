"""`ivr understand`: what sentences are about, without a telephone; how well that works on a file of them."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from ivr.clock import utc_now
from ivr.commerce.demo import catalogue
from ivr.dialog.events import Spoke
from ivr.dialog.flow import LISTENING, Flow, Listening, Menu, Node
from ivr.dialog.hearing import Situation, told
from ivr.dialog.spoken import mentioned
from ivr.errors import InvalidInput
from ivr.service.menus import DEMO_MENUS, check, read_folder
from ivr.settings import load
from ivr.understanding.evaluation import Report, evaluate, read_labelled
from ivr.understanding.model import IntentModel
from ivr.understanding.store import model_of

EXAMPLES = """\b
Examples:
  echo 'where is my order 100245' | ivr understand
  ivr understand --language zh < sentences.txt
  ivr understand --evaluate tests/understanding/held_out_en.tsv
"""


def trained_folder() -> Path:
    """Return where understanding that was trained is kept."""
    return load().models / "understanding"


def checked_flow(folder: Path) -> Flow:
    """Return the flow of a folder of menus. Raise InvalidInput where it has errors."""
    loaded = check(read_folder(folder))
    if loaded.flow is None:
        raise InvalidInput("the menus have errors: " + "; ".join(map(str, loaded.errors)))
    return loaded.flow


@click.command("understand", epilog=EXAMPLES)
@click.option(
    "--menus",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=DEMO_MENUS,
    help="Folder of the menus.",
)
@click.option("--node", help="The node at which it is said [default: the first open question].")
@click.option("--language", default="en", show_default=True)
@click.option(
    "--evaluate",
    "sentences",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read labelled sentences (columns intent, text, style; tab-separated; no intent: none of them) "
    "and print how many are understood, what is confused, and whether confidence holds.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the evaluation as one JSON object.")
def understand(folder: Path, node: str | None, language: str, sentences: Path | None, as_json: bool) -> None:
    """Read sentences from standard input; print what they are about as JSON lines."""
    flow = checked_flow(folder)
    if language not in flow.languages:
        raise InvalidInput(f"these menus understand {', '.join(flow.languages)}, not '{language}'")
    if node is not None and node not in flow.nodes:
        raise InvalidInput(f"there is no node '{node}'")
    tongue = flow.speaking(language)
    at = tongue.nodes[node] if node else _first_open_question(tongue)
    if not isinstance(at, LISTENING):
        raise InvalidInput(f"'{node}' asks nothing")
    model = model_of(tongue.examples, language, trained_folder())
    if sentences is not None:
        report = evaluate(read_labelled(sentences), model.rank, at.question.confidence)
        click.echo(json.dumps(report.as_data(), ensure_ascii=False) if as_json else _in_words(report))
        return
    today = utc_now().astimezone(ZoneInfo(flow.zone)).date()
    for line in sys.stdin:
        if text := line.strip():
            click.echo(json.dumps(_understood(tongue, at, model, text, today), ensure_ascii=False))


def _first_open_question(flow: Flow) -> Node:
    start = flow.nodes[flow.start]
    open_menus = (node for node in flow.nodes.values() if isinstance(node, Menu) and node.open)
    return start if isinstance(start, LISTENING) else next(open_menus, start)


def _understood(flow: Flow, node: Listening, model: IntentModel, text: str, today: date) -> dict[str, Any]:
    """Return what a sentence means at a node: its matter, how surely, and every slot it fills."""
    said = Spoke(utc_now(), text, 1.0, model.rank(text))
    best = next(iter(said.intents), None)
    sure = best is not None and best.confidence >= node.question.confidence.confirm
    slots = told(flow, node, said, Situation(today=today))
    taken = [str(value) for value in slots.values()]
    goods = catalogue()
    product = next((goods.names[sku] for sku in goods.likely(text)), None)
    return {
        "text": said.text,
        "intent": best.name if best and sure else None,
        "confidence": best.confidence if best else 0.0,
        "slots": {
            **mentioned(text, today, flow.language, taken),
            **({"product": product} if product else {}),
            **slots,
        },
    }


def _in_words(report: Report) -> str:
    data = report.as_data()
    lines = [
        f"{report.inside} sentences with an intent, {report.outside} with none",
        f"best guess right          {_percent(data['right'])}",
        f"right among the first two {_percent(data['among_two'])}",
        f"taken, and right          {_percent(data['taken'])}",
        f"taken, and wrong          {_percent(data['wrong_and_taken'])}  (of all)",
        f"asked back                {_percent(data['asked_back'])}  (of all)",
        f"no intent, and not taken  {_percent(data['outside_rejected'])}",
        f"calibration error         {data['calibration_error']}",
        "",
        "right by style: " + ", ".join(f"{name} {_percent(share)}" for name, share in data["styles"].items()),
        "",
        "confidence      sentences    mean   right",
    ]
    lines += [
        f"{low:.1f} to {high:.1f}  {count:>15}  {mean:>6.2f}  {right:>6.2f}"
        for low, high, count, mean, right in report.bins()
    ]
    if data["confused"]:
        lines += ["", "most often confused:"]
        lines += [
            f"  {one['intent']} heard as {one['heard'] or 'nothing'}: {one['times']}"
            for one in data["confused"]
        ]
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "  –  " if share is None else f"{100 * share:5.1f} %"


COMMANDS = (understand,)
