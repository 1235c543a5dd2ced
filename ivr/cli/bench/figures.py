"""What every benchmark shares: the group of commands, how figures are shown, CPU seconds."""

import json
import os
import platform
import time
from collections.abc import Callable
from typing import Any

import click

Figures = dict[str, Any]


@click.group("bench", epilog="\b\nExamples:\n  ivr bench menu\n  ivr bench speech --json")
def bench() -> None:
    """Measure this machine: menus beside the transitions library, speech and whole calls by audio."""


def machine() -> str:
    """Return what the figures were taken on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def show(figures: Figures, as_json: bool) -> None:
    """Print figures for people or for machines."""
    if as_json:
        click.echo(json.dumps(figures))
        return
    width = max(map(len, figures))
    for name, value in figures.items():
        text = (
            f"{value:,g}" if isinstance(value, float) else (f"{value:,}" if isinstance(value, int) else value)
        )
        click.echo(f"{name:<{width}}  {text}")


JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
SECONDS = click.option(
    "--seconds", type=float, default=2.0, show_default=True, help="How long each part runs."
)


def per_second(work: Callable[[], object], count: int, seconds: float) -> float:
    """Return how many units of work a CPU second does; one unmeasured run comes first."""
    work()
    done, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        work()
        done += count
    return done / (time.process_time() - began)
