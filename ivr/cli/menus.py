"""`ivr check`, `ivr test`, `ivr diff`: the menus, without a telephone."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from xml.sax.saxutils import quoteattr

import click

from ivr.cli.progress import bar
from ivr.cli.understand import checked_flow, trained_folder
from ivr.commerce.scripted import back_end
from ivr.dialog.diagram import mermaid, svg
from ivr.dialog.diff import compare, gathered
from ivr.dialog.document import Loaded, faults_as_data
from ivr.dialog.flow import Flow, exits_of
from ivr.dialog.rules import RULES
from ivr.dialog.script import Coverage, Rank, Talk, coverage, read_script, run
from ivr.dialog.shape import schema
from ivr.dialog.source import Fault
from ivr.dialog.walk import search
from ivr.errors import InvalidInput
from ivr.service.menus import DEMO_MENUS, check, read_folder
from ivr.understanding.store import Models

DIFF_EXAMPLES = """\b
Examples:
  ivr diff HEAD~1 menus           what the working copy changes since the last commit
  ivr diff menus ../other-menus --json
  ivr diff version:3 version:4    two versions that the studio published
"""
TEST_EXAMPLES = """\b
Examples:
  ivr test
  ivr test menus/tests/three_misses.yaml
  ivr test --coverage --picture seen.svg
  ivr test --random 1000 --seed 7
"""
PATHS = click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))


CHECK_EXAMPLES = """\b
Examples:
  ivr check
  ivr check menus --json
  ivr check menus --coverage      also: which nodes no call script visits
  ivr check --diagram flow.svg    draw the hotline
  ivr check --rules               every rule with its sentence
"""


@click.command("check", epilog=CHECK_EXAMPLES)
@PATHS
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON.")
@click.option("--coverage", "with_scripts", is_flag=True, help="Report nodes that no call script visits.")
@click.option(
    "--allowed", "show_allowed", is_flag=True, help="Show what nodes allow themselves, with reasons."
)
@click.option("--rules", "show_rules", is_flag=True, help="Print every rule instead.")
@click.option(
    "--diagram",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the hotline into a file: .svg, or .mmd for Mermaid.",
)
@click.option("--schema", "show_schema", is_flag=True, help="Print the JSON Schema of menu files instead.")
def check_menus(
    paths: tuple[Path, ...],
    as_json: bool,
    with_scripts: bool,
    show_allowed: bool,
    show_rules: bool,
    diagram: Path | None,
    show_schema: bool,
) -> None:
    """Validate and lint menu definitions: every fault with file, line and rule.

    PATHS are folders of menus, or files in such folders. Exit status 1 if there is an error.
    """
    if show_schema:
        click.echo(json.dumps(schema(), indent=1, sort_keys=True))
        return
    if show_rules:
        _print_rules(as_json)
        return
    faults: list[Fault] = []
    for folder in _folders(paths):
        loaded = check(read_folder(folder))
        faults += loaded.faults
        if with_scripts and loaded.flow is not None:
            faults += _unvisited(folder, loaded, loaded.flow)
        if diagram is not None and loaded.flow is not None:
            _draw(loaded.flow, diagram)
    if as_json:
        click.echo(json.dumps({"faults": faults_as_data(faults)}, ensure_ascii=False))
    else:
        _print_faults(faults, show_allowed)
    sys.exit(1 if any(fault.severity == "error" for fault in faults) else 0)


def _print_faults(faults: list[Fault], show_allowed: bool) -> None:
    for fault in faults:
        if fault.severity != "allowed" or show_allowed:
            click.echo(str(fault))
    count = Counter(fault.severity for fault in faults)
    allowed = f", {count['allowed']} allowed" if count["allowed"] else ""
    click.echo(f"{count['error']} errors, {count['warning']} warnings{allowed}", err=True)


def _print_rules(as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"rules": [asdict(rule) for rule in RULES.values()]}))
        return
    width = max(map(len, RULES))
    for rule in RULES.values():
        may = " (a node may allow it)" if rule.open else ""
        click.echo(f"{rule.severity:<8} {rule.name:<{width}}  {rule.sentence}{may}")


def _unvisited(folder: Path, loaded: Loaded, flow: Flow) -> Iterator[Fault]:
    """Yield a warning for every node that no call script comes through."""
    scripts, rank = sorted((folder / "tests").glob("*.yaml")), Models(flow, trained_folder()).rank
    seen = coverage(flow, [_run(flow, path, rank) for path in scripts])
    for name, visited in seen.nodes.items():
        if not visited:
            file, line = loaded.places[name]
            message = f"no call script visits '{name}'"
            yield Fault(file, line, f"nodes.{name}", "not-visited", message, RULES["not-visited"].severity)


def _draw(flow: Flow, path: Path) -> None:
    match path.suffix:
        case ".svg":
            path.write_text(svg(flow), encoding="utf-8")
        case ".mmd":
            path.write_text(mermaid(flow), encoding="utf-8")
        case _:
            raise InvalidInput(f"{path}: a diagram's name ends in .svg or .mmd")


def _folders(paths: tuple[Path, ...]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths or (DEMO_MENUS,):
        folder = path if path.is_dir() else path.parent
        if folder.name in ("intents", "translations", "tests"):
            folder = folder.parent
        if folder.resolve() not in seen:
            seen.add(folder.resolve())
            yield folder


@click.command("diff", epilog=DIFF_EXAMPLES)
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def diff(old: str, new: str, as_json: bool) -> None:
    """Say what a caller would notice between two versions of the menus.

    OLD and NEW are a folder, a git revision (of the folder menus, or REV:FOLDER), or version:N, a
    stored version of the hotline by its number.
    """
    changes = compare(_version(old), _version(new))
    if as_json:
        click.echo(json.dumps({"changes": [change.as_data() for change in changes]}, ensure_ascii=False))
        return
    for change in gathered(changes):
        click.echo(change.sentence)
    if not changes:
        click.echo("A caller would notice nothing.")


def _version(name: str) -> Flow:
    if name.startswith("version:"):
        files = _stored(name.removeprefix("version:"))
    elif Path(name).is_dir():
        files = read_folder(Path(name))
    else:
        files = _from_git(name)
    loaded = check(files)
    if loaded.flow is None:
        raise InvalidInput(f"the menus of {name} have errors: {'; '.join(map(str, loaded.errors[:3]))}")
    return loaded.flow


def _stored(number: str) -> dict[str, str]:
    from sqlalchemy import select

    from ivr.settings import load as load_settings
    from ivr.storage.session import Database
    from ivr.storage.tables import MenuVersionRow

    if not number.isdigit():
        raise InvalidInput(f"'{number}' is no version's number; the studio shows them")
    database = Database(load_settings().database_url)
    try:
        database.upgrade()
        with database.read() as session:
            row = session.scalars(select(MenuVersionRow).where(MenuVersionRow.number == int(number))).first()
    finally:
        database.close()
    if row is None:
        raise InvalidInput(f"there is no stored version {number}")
    return row.files


def _from_git(name: str) -> dict[str, str]:
    revision, _, folder = name.partition(":")
    folder = (folder or "menus").strip("/")
    if revision.startswith("-"):
        raise InvalidInput(f"'{name}' is neither a folder nor a git revision")
    found = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "--full-tree", revision, "--", f"{folder}/"],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode != 0:
        raise InvalidInput(f"'{name}' is neither a folder nor a git revision: {found.stderr.strip()}")
    names = [line for line in found.stdout.splitlines() if line.endswith(".yaml") and "/tests/" not in line]
    if not names:
        raise InvalidInput(f"there are no menus in '{folder}' at {revision}")
    shown = (
        subprocess.run(
            ["git", "show", f"{revision}:{one}"], capture_output=True, text=True, check=True
        ).stdout
        for one in names
    )
    return {one.removeprefix(f"{folder}/"): text for one, text in zip(names, shown, strict=True)}


@click.command(
    "test",
    epilog=TEST_EXAMPLES,
)
@PATHS
@click.option(
    "--coverage",
    "show_coverage",
    is_flag=True,
    help="Show which nodes and exits no script visits; status 1 if there are any.",
)
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the hotline as SVG with what no script visits marked.",
)
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit report.")
@click.option(
    "--random", "callers", type=click.IntRange(0), default=0, help="Place so many random calls instead."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The dice of the random calls.")
def test(
    paths: tuple[Path, ...],
    show_coverage: bool,
    picture: Path | None,
    junit: Path | None,
    callers: int,
    seed: int,
) -> None:
    """Run call scripts against the menus: no audio, no network, a virtual clock."""
    if callers:
        _random_callers(paths, callers, seed)
        return
    talks: list[tuple[str, Talk]] = []
    began = time.perf_counter()
    missing: list[str] = []
    for folder, scripts in _scripts(paths):
        flow = checked_flow(folder)
        rank = Models(flow, trained_folder()).rank
        done = [(path.name, _run(flow, path, rank)) for path in scripts]
        talks += done
        seen = coverage(flow, [talk for _, talk in done])
        missing += seen.missing
        if show_coverage:
            _show_coverage(flow, seen)
        if picture is not None:
            taken = {name for name, was in seen.exits.items() if was}
            picture.write_text(svg(flow, seen.nodes, taken), encoding="utf-8")
    for name, talk in talks:
        _show(name, talk)
    spent = time.perf_counter() - began
    failed = sum(talk.failure is not None for _, talk in talks)
    click.echo(f"{len(talks) - failed} passed, {failed} failed, in {spent:.2f} s")
    if junit:
        junit.write_text(_junit(talks), encoding="utf-8")
    if show_coverage:
        for name in missing:
            click.echo(f"no script visits '{name}'")
        click.echo("every node and exit is visited" if not missing else f"{len(missing)} are not visited")
    sys.exit(1 if failed or (show_coverage and missing) else 0)


def _random_callers(paths: tuple[Path, ...], count: int, seed: int) -> None:
    """Place random calls; print the shortest one that breaks a promise, with status 1."""
    for folder in _folders(paths):
        flow = checked_flow(folder)
        began = time.perf_counter()
        with bar("placing calls") as progress:
            rank = Models(flow, trained_folder()).rank
            done, wrong = search(flow, rank, count, seed, lambda n: progress(n, count))
        if wrong is not None:
            lines = [f"a random call of seed {seed}, cut to its shortest:", *wrong.lines, f"  {wrong.broken}"]
            click.echo("\n".join(lines))
        nodes = len(set().union(*(walk.nodes for walk in done)))
        click.echo(
            f"{len(done) - bool(wrong)} passed, {int(bool(wrong))} failed, "
            f"{nodes} of {len(flow.nodes)} nodes visited, in {time.perf_counter() - began:.1f} s"
        )
        if wrong:
            sys.exit(1)


def _show_coverage(flow: Flow, seen: Coverage) -> None:
    """Print every node with its exits, the unvisited ones marked."""
    width = max(map(len, flow.nodes))
    for name, visited in seen.nodes.items():
        exits = [(why, seen.exits[leave.name]) for why, leave in exits_of(flow.nodes[name])]
        words = "  ".join(why if taken else f"({why})" for why, taken in exits)
        click.echo(f"{'ok' if visited else 'NO':<3} {name:<{width}}  {words}")
    taken = sum(seen.exits.values())
    click.echo(f"{taken} of {len(seen.exits)} exits taken; those in brackets are not")


def _scripts(paths: tuple[Path, ...]) -> Iterator[tuple[Path, list[Path]]]:
    for path in paths or (DEMO_MENUS,):
        if path.is_file():
            yield path.parent.parent, [path]
            continue
        folder = path.parent if path.name == "tests" else path
        scripts = sorted((folder / "tests").glob("*.yaml"))
        if not scripts:
            raise InvalidInput(f"there are no call scripts in {folder / 'tests'}")
        yield folder, scripts


def _run(flow: Flow, path: Path, rank: Rank) -> Talk:
    script, faults = read_script(path.name, path.read_text(encoding="utf-8"))
    if script is None:
        raise InvalidInput("; ".join(map(str, faults)))
    back = back_end(script, flow.policies)
    return run(flow, script, back, rank, back.known)


def _show(name: str, talk: Talk) -> None:
    if talk.failure is None:
        click.echo(f"ok      {name}: {talk.script.call}")
        return
    click.echo(f"FAILED  {name}: {talk.script.call}")
    for line in talk.lines:
        click.echo(f"        {line}")
    click.echo(f"        {talk.failure}")


def _junit(talks: list[tuple[str, Talk]]) -> str:
    failed = sum(talk.failure is not None for _, talk in talks)
    cases = []
    for name, talk in talks:
        failure = ""
        if talk.failure:
            said = quoteattr("\n".join([*talk.lines, talk.failure]))
            failure = f"<failure message={quoteattr(talk.failure)}/><system-out>{said[1:-1]}</system-out>"
        cases.append(f"<testcase classname='menus' name={quoteattr(name)}>{failure}</testcase>")
    head = f"<testsuite name='call scripts' tests='{len(talks)}' failures='{failed}'>"
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{head}{''.join(cases)}</testsuite>\n"


COMMANDS = (check_menus, test, diff)
