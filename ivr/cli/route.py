"""`ivr route`: the real router on a virtual clock, and the formulas beside it."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TextIO, cast

import click
import yaml

from ivr.cli.plan import show_plan
from ivr.cli.progress import bar
from ivr.clock import utc_now
from ivr.dialog import source
from ivr.errors import InvalidInput
from ivr.routing.erlang import erlang_a, erlang_c
from ivr.routing.policy import Faulty
from ivr.routing.replay import RESULT_HEADER, Setting, TraceFault, read_setting, read_trace, replay
from ivr.routing.scenario import Scenario, read_scenario
from ivr.routing.simulate import Figures, simulate
from ivr.routing.summary import compare, staffing, summarise
from ivr.service.day import scenario_of
from ivr.service.feed import Feed
from ivr.service.menus import Menus
from ivr.service.reasons import reasons
from ivr.settings import load
from ivr.storage.session import Database

EVERY = 1000
"""Lines between two movements of the bar."""
FEW_CALLS = 20_000
"""Below so many calls, starting processes takes longer than simulating."""
EXAMPLES = """\b
Examples:
  ivr route replay --config C.json --trace T.csv --out R.csv
  ivr route erlang c --rate 0.1 --handle 180 --agents 20
  ivr route simulate docs/scenarios/saturday.yaml
  ivr route day yesterday > yesterday.yaml
  ivr route explain CA2f3a
"""


class Day(click.ParamType[date]):
    """A day: 2026-11-24, or yesterday."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day that is meant."""
        if isinstance(value, date):
            return value
        if value == "yesterday":
            return utc_now().date() - timedelta(days=1)
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is no day; write 2026-11-24, or yesterday", param, ctx)


DAY = Day()


@click.group("route", epilog=EXAMPLES)
def route() -> None:
    """Who takes which call: replay a trace, work out a staffing, simulate a day."""


# ---- explain


@route.command("explain", epilog="\b\nExample:\n  ivr route explain CA2f3a")
@click.argument("call")
@click.option("--db", "database_url", help="Database URL.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, figures included.")
def explain_call(call: str, database_url: str | None, as_json: bool) -> None:
    """Say why a call (or a ticket) went to whom it went."""
    db = Database(load(database_url=database_url).database_url)
    try:
        found = reasons(db, call)
    finally:
        db.close()
    if as_json:
        click.echo(json.dumps(found))
        return
    if not found:
        click.echo("it never waited for a person")
    for one in found:
        who = f" {one['agent']}" if one["agent"] else ""
        because = f": {one['because']}" if one["because"] else ""
        click.echo(f"{one['at'][:19].replace('T', ' ')}  {one['what']}{who}{because}")


# ---- a day as it was


@route.command("day", epilog="\b\nExample:\n  ivr route day yesterday > yesterday.yaml")
@click.argument("day", type=DAY)
@click.option("--db", "database_url", help="Database URL.")
def past_day(day: date, database_url: str | None) -> None:
    """Print a day as it was, as a scenario: change it, and simulate both beside each other."""
    click.echo(yaml.safe_dump(_day_data(day, database_url), sort_keys=False, width=110), nl=False)


def _day_data(day: date | None, database_url: str | None) -> dict[str, Any]:
    assert day is not None
    db = Database(load(database_url=database_url).database_url)
    try:
        flow = Menus(db, Feed(), utc_now).published().flow
        return scenario_of(db, day, flow.zone, flow.routing)
    finally:
        db.close()


# ---- replay


REPLAY_EXAMPLE = """\b
Example:
  ivr route replay --config C.json --trace T.csv --out R.csv

\b
C.json  {"agents": [[0], [0, 1]], "K": null, "policy": "fcfs"}   skills of each agent, best first
T.csv   call,arrive_ms,skill,handle_ms,patience_ms               sorted by arrival
R.csv   call,outcome,agent,wait_ms                               A answered, X gave up, B no place
"""


@route.command("replay", epilog=REPLAY_EXAMPLE)
@click.option("--config", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--trace", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, allow_dash=True), help="A file, or -.")
def replay_trace(config: Path, trace: Path, out: str) -> None:
    """Run a recorded trace through the router on a virtual clock.

    Policy fcfs: a free agent takes the longest-waiting call of any skill he has; level: that of his best
    skill first, which shortens the mean wait of few and lengthens the longest waits of many.
    """
    setting = _setting(config)
    with bar("replaying") as show, _result(out) as result:
        try:
            with trace.open(encoding="utf-8", newline="") as file:
                _replay(setting, _watched(file, trace.stat().st_size, show), result)
        except UnicodeDecodeError:
            raise InvalidInput(f"{trace}: this is not UTF-8 text") from None
        except TraceFault as fault:
            raise InvalidInput(f"{trace}: {fault}") from None


def _setting(config: Path) -> Setting:
    try:
        return read_setting(json.loads(config.read_text(encoding="utf-8")))
    except json.JSONDecodeError as error:
        raise InvalidInput(f"{config}: line {error.lineno}: this is not JSON: {error.msg}") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{config}: this is not UTF-8 text") from None
    except Faulty as faulty:
        raise InvalidInput(f"{config}: {faulty}") from None


def _watched(file: TextIO, size: int, show: Callable[[int, int], None]) -> Iterator[str]:
    done = 0
    for number, line in enumerate(file):
        done += len(line)
        if number % EVERY == 0:
            show(done, size)
        yield line


def _replay(setting: Setting, lines: Iterator[str], result: TextIO) -> None:
    """Write the result in the order of the calls' numbers; that is mostly the order of the trace."""
    last, sorted_so_far = -1, True
    result.write(f"{RESULT_HEADER}\n")
    start = result.tell()
    for outcome in replay(setting, read_trace(lines)):
        result.write(f"{outcome}\n")
        sorted_so_far &= outcome.call > last
        last = outcome.call
    if not sorted_so_far:
        _sort(result, start)


def _sort(result: TextIO, start: int) -> None:
    result.seek(start)
    rows = sorted(result, key=lambda line: int(line.partition(",")[0]))
    calls = [row.partition(",")[0] for row in rows]
    for one, other in pairwise(calls):
        if one == other:
            raise InvalidInput(f"call {one} stands twice in the trace")
    result.seek(start)
    result.writelines(rows)


@contextmanager
def _result(out: str) -> Iterator[TextIO]:
    """Give a file to write to; it takes its name, or goes to standard output, when all went well."""
    folder = None if out == "-" else Path(out).resolve().parent
    try:
        with tempfile.NamedTemporaryFile(
            "w+", encoding="utf-8", newline="", dir=folder, prefix=".replay-", delete=False
        ) as file:
            part = Path(file.name)
            try:
                yield cast("TextIO", file)
            except BaseException:
                part.unlink()
                raise
    except FileNotFoundError:
        raise InvalidInput(f"{out}: there is no such folder") from None
    if out == "-":
        with part.open(encoding="utf-8", newline="") as done:
            shutil.copyfileobj(done, sys.stdout)
        part.unlink()
    else:
        part.chmod(0o644)
        part.replace(out)


# ---- formulas


ERLANG_EXAMPLES = """\b
Examples:
  ivr route erlang c --rate 0.1 --handle 180 --agents 20
  ivr route erlang a --rate 0.8 --handle 60 --agents 50 --patience 120
"""
POSITIVE = click.FloatRange(min=0, min_open=True)


@route.command("erlang", epilog=ERLANG_EXAMPLES)
@click.argument("formula", type=click.Choice(["c", "a"]))
@click.option("--rate", required=True, type=POSITIVE, help="Calls a second.")
@click.option("--handle", required=True, type=POSITIVE, help="Mean handling time in seconds.")
@click.option("--agents", required=True, type=click.IntRange(1, 100_000))
@click.option("--patience", type=POSITIVE, help="Mean patience in seconds (exponential), for formula a.")
@click.option("--target", type=click.FloatRange(min=0), default=20.0, show_default=True, help="Seconds.")
def erlang(
    formula: str, rate: float, handle: float, agents: int, patience: float | None, target: float
) -> None:
    """Work out a queue by Erlang C (everybody waits) or Erlang A (callers give up). Prints JSON.

    service_level is the share of all calls answered within the target; asa is the mean wait of all calls.
    """
    if formula == "c":
        if patience is not None:
            raise InvalidInput("Erlang C knows no patience; use: ivr route erlang a")
        result = erlang_c(rate, handle, agents, target)
    elif patience is None:
        raise InvalidInput("Erlang A needs --patience, the mean patience in seconds")
    else:
        result = erlang_a(rate, handle, agents, patience, target)
    click.echo(json.dumps(asdict(result)))


# ---- simulate


SIMULATE_EXAMPLES = """\b
Examples:
  ivr route simulate docs/scenarios/saturday.yaml
  ivr route simulate docs/scenarios/saturday.yaml --against docs/scenarios/saturday_two_skills.yaml --runs 40
  ivr route simulate --day yesterday
"""


@route.command("simulate", epilog=SIMULATE_EXAMPLES)
@click.argument("scenario", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--day", type=DAY, help="A day as it was, instead of a file: 2026-11-24, or yesterday.")
@click.option("--db", "database_url", help="Database URL, for --day.")
@click.option(
    "--runs", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Days to live through."
)
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another plan for the same callers.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def simulate_day(
    scenario: Path | None,
    day: date | None,
    database_url: str | None,
    runs: int,
    against: Path | None,
    as_json: bool,
) -> None:
    """Live through a day many times: waits, service level, abandons, occupancy, with 95 % intervals.

    The real router decides. docs/routing.md describes the fields of SCENARIO.
    """
    if (scenario is None) == (day is None):
        raise click.UsageError("Name a SCENARIO, or a --day.")
    plan = _scenario(scenario) if scenario else read_scenario(_day_data(day, database_url))
    other = _scenario(against) if against else None
    ours = _run(plan, runs)
    theirs = _run(other, runs) if other else None
    table = staffing(plan)
    if as_json:
        click.echo(json.dumps(_as_data(plan, ours, other, theirs, [row._asdict() for row in table])))
        return
    for line in show_plan(plan, summarise(ours), table):
        click.echo(line)
    if other is not None and theirs is not None:
        for line in show_plan(other, summarise(theirs), (), compare(ours, theirs)):
            click.echo(line)


def _scenario(path: Path) -> Scenario:
    read = source.read(str(path), path.read_text(encoding="utf-8", errors="surrogateescape"))
    faults = list(read.faults)
    if not faults:
        try:
            return read_scenario(read.data)
        except Faulty as faulty:
            raise InvalidInput(
                "; ".join(f"{path}:{read.line(place)}: {said}" for place, said in faulty.faults)
            ) from None
    raise InvalidInput("; ".join(f"{fault.file}:{fault.line}: {fault.message}" for fault in faults))


def _run(scenario: Scenario, runs: int) -> list[Figures]:
    """Return the figures of so many runs, in processes side by side where that is quicker."""
    calls = runs * sum(sum(matter.calls) for matter in scenario.matters.values())
    found = []
    with bar("simulating") as show:
        if calls < FEW_CALLS or runs == 1:
            for number in range(runs):
                found.append(simulate(scenario, number))
                show(number + 1, runs)
            return found
        workers = min(runs, os.cpu_count() or 1)
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for figures in pool.map(simulate, [scenario] * runs, range(runs)):
                found.append(figures)
                show(len(found), runs)
    return found


def _as_data(
    plan: Scenario,
    ours: list[Figures],
    other: Scenario | None,
    theirs: list[Figures] | None,
    table: list[dict[str, Any]],
) -> dict[str, Any]:
    data = {
        "scenario": plan.scenario,
        "runs": len(ours),
        "figures": _plain(summarise(ours)),
        "staffing": table,
    }
    if other is not None and theirs is not None:
        data["against"] = other.scenario
        data["figures_against"] = _plain(summarise(theirs))
        data["differences"] = _plain(compare(ours, theirs))
    return data


def _plain(summary: Any) -> dict[str, Any]:
    return {part: {name: mean._asdict() for name, mean in all_.items()} for part, all_ in summary.items()}


COMMANDS = (route,)
