"""The tables of `ivr bench speech`: each figure beside its goal and beside free decoding with rules."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from ivr.cli.bench import barge_in
from ivr.cli.bench.callers import ACCENTED, TEST, Callers, Line, installed, over, seed_of
from ivr.cli.bench.figures import Figures, show
from ivr.cli.bench.load import load_figures
from ivr.cli.bench.material import Hotline, Task, material
from ivr.cli.bench.recognition import (
    BAD,
    GOOD,
    LINES,
    Result,
    measured,
    plain_wrong_and_taken,
    reliability,
    share,
    word_errors,
    wrong_and_taken,
)

TITLES: Mapping[Task, str] = {
    "length": "number, length known",
    "check": "number, check digit",
    "number": "number, nothing known",
    "yes_no": "yes or no",
    "phrases": "phrase of a menu",
    "outside": "outside the grammar, not taken",
    "sentence": "free sentences, word errors",
}
GOALS: Mapping[tuple[Task, Line], float] = {
    ("length", GOOD): 95, ("length", BAD): 92, ("check", GOOD): 95, ("check", BAD): 92,
    ("number", GOOD): 93, ("number", BAD): 90, ("yes_no", GOOD): 99, ("yes_no", BAD): 99,
    ("phrases", GOOD): 98, ("phrases", BAD): 92, ("outside", GOOD): 98, ("outside", BAD): 98,
    ("sentence", GOOD): 12,
}  # fmt: skip
EACH, QUICK_EACH = 2, 1
BARGE_INS = 40
BARGE_IN_PROMPT = "Thank you for calling. You can ask about an order, a refund, or our opening hours."


def recognition_figures(quick: bool, deadline: float) -> Figures:
    """Return all that is measured of recognition, until the time (monotonic) is over."""
    voices = installed(TEST)
    lines = LINES[:2] if quick else LINES
    results = measured(QUICK_EACH if quick else EACH, lines, deadline, _progress)
    native = [result for result in results if result.said.voice not in ACCENTED]
    accented = [result for result in results if result.said.voice in ACCENTED]
    bins, error = reliability(results)
    _progress("speed")
    return {
        "voices": list(voices),
        "accented": [voice for voice in voices if voice in ACCENTED],
        "tasks": _rows(native, lines),
        "tasks of the accented voices": _rows(accented, lines[:2]),
        "reliability": bins,
        "expected calibration error": error,
        **load_figures(_utterances()),
    }


def barge_in_figures(minutes: float) -> Figures:
    """Return how often a prompt stops for nobody in so many minutes, and how often not for a caller."""
    voices, callers = installed(TEST), Callers()
    spoken = [said for said in material("test", voices, QUICK_EACH) if said.task == "phrases"][:BARGE_INS]
    return barge_in.figures(
        callers.say(voices[0], BARGE_IN_PROMPT),
        [(said.voice, callers.say(said.voice, said.text)) for said in spoken],
        minutes,
        lambda done, of: _progress(f"barge-in, {done} of {of}"),
    )


def _utterances() -> list[Any]:
    hotline, callers = Hotline("test"), Callers()
    spoken = [said for said in material("test", installed(TEST), 1) if said.task != "sentence"]
    return [
        (over(GOOD, callers.say(said.voice, said.text), seed_of(said)), hotline.expect(said.node))
        for said in sorted(spoken, key=seed_of)
    ]


def _rows(results: Sequence[Result], lines: Sequence[Line]) -> list[Mapping[str, Any]]:
    rows = []
    for task in TITLES:
        for line in lines:
            found = [result for result in results if result.said.task == task and result.line == line]
            if found:
                rows.append(_row(task, line, found))
    return rows


def _row(task: Task, line: Line, found: Sequence[Result]) -> Mapping[str, Any]:
    if task == "sentence":
        ours, plain = word_errors(found, _text), word_errors(found, _plain_text)
    else:
        ours, plain = share(found, _right), share(found, _plain_right)
    return {
        "task": TITLES[task],
        "noise": line.noise,
        "snr_db": line.snr_db,
        "n": len(found),
        "ours": ours,
        "goal": GOALS.get((task, line)),
        "free_and_rules": plain,
        "wrong_and_taken": share(found, wrong_and_taken),
        "free_and_rules_wrong_and_taken": share(found, plain_wrong_and_taken),
    }


def _text(result: Result) -> str:
    return result.text


def _plain_text(result: Result) -> str:
    return result.plain_text


def _right(result: Result) -> bool:
    return result.right


def _plain_right(result: Result) -> bool:
    return result.plain_right


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{line:<60}", nl=False, err=True)


# ---- for people


def show_speech(figures: Figures, as_json: bool) -> None:
    """Print figures for people or for machines."""
    if as_json:
        click.echo(json.dumps(figures))
        return
    tables: Mapping[str, Callable[[str, Any], None]] = {
        "tasks": _show_tasks,
        "tasks of the accented voices": _show_tasks,
        "reliability": _show_reliability,
    }
    plain = {name: value for name, value in figures.items() if name not in tables}
    show({name: ", ".join(v) if isinstance(v, list) else v for name, v in plain.items()}, as_json=False)
    for name, table in tables.items():
        if figures.get(name):
            table(name, figures[name])


def _show_tasks(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    head = f"{title}, % right".removeprefix("tasks of ")
    click.echo(
        f"\n{head:<32}{'line':<14}{'n':>4}{'ours':>7}{'goal':>7}{'free+rules':>12}{'wrong, taken':>14}"
    )
    for row in rows:
        line = f"{row['noise']} {row['snr_db']:g} dB"
        goal = f"{'≤' if 'errors' in row['task'] else '≥'} {row['goal']:g}" if row["goal"] else ""
        both = f"{row['wrong_and_taken']} / {row['free_and_rules_wrong_and_taken']}"
        click.echo(
            f"{row['task']:<32}{line:<14}{row['n']:>4}{row['ours']:>7}{goal:>7}"
            f"{row['free_and_rules']:>12}{both:>14}"
        )


def _show_reliability(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    click.echo(f"\n{'confidence':<14}{'n':>5}{'mean':>8}{'right':>8}")
    for row in rows:
        click.echo(
            f"{row['from']:g}–{row['to']:g}".ljust(14) + f"{row['n']:>5}{row['mean']:>8}{row['right']:>8}"
        )
