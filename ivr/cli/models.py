"""`ivr models`: which speech models there are and are here; fetch, install, verify, remove them."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from audio import models
from audio.models import Damaged, Model
from audio.models.download import client
from audio.models.install import fetch as fetch_model
from audio.models.install import install as install_model
from ivr.errors import HotlineError, InvalidInput
from ivr.settings import load

MOST_COUNTED = 10
"""The catalogue counts no further who has recorded a checksum."""
NAME = click.argument("name", metavar="NAME")
SHA256 = click.option("--sha256", default="", metavar="HEX", help="The checksum that the archive must have.")
TRUST = click.option(
    "--trust-first",
    is_flag=True,
    help="Take an archive whose checksum is pending, and record the checksum it has.",
)
FETCH_EXAMPLES = """\b
Examples:
  ivr models fetch vosk-model-small-cn-0.22
  ivr models fetch vosk-model-fr-0.22 --trust-first
  ivr models fetch vosk-model-small-cn-0.22 --from https://mirror.example/cn.zip
"""


@click.group(
    "models",
    invoke_without_command=True,
    epilog="\b\nExamples:\n  ivr models\n  ivr models fetch vosk-model-small-cn-0.22\n  ivr models verify",
)
@click.pass_context
def models_command(context: click.Context) -> None:
    """Speech models: what is installed, licence, size, checksum; fetch, install, verify, remove."""
    if context.invoked_subcommand is None:
        context.invoke(list_models)


# ---- list


@models_command.command("list", epilog="\b\nExample:\n  ivr models list --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def list_models(as_json: bool = False) -> None:
    """Show all models of the catalogue."""
    rows = [_row(model, load().models) for model in models.CATALOGUE]
    if as_json:
        click.echo(json.dumps({"models": rows}))
        return
    head = {
        "name": "name", "engine": "engine", "language": "lang", "size_mb": "MB", "licence": "licence",
        "checksum": "checksum", "where": "where",
    }  # fmt: skip
    widths = {key: max(len(str(row[key])) for row in (head, *rows)) for key in list(head)[:-1]}
    for row in (head, *rows):
        cells = [
            str(row[key]).rjust(w) if key == "size_mb" else f"{row[key]:<{w}}" for key, w in widths.items()
        ]
        click.echo(f"{'  '.join(cells)}  {row['where'] or '-'}")


def _row(model: Model, folder: Path) -> dict[str, Any]:
    found = models.find(model, folder)
    return {
        "name": model.name,
        "role": model.role,
        "engine": model.engine,
        "language": model.language,
        "size_mb": model.size_mb,
        "licence": model.licence,
        "package": model.package or None,
        "installed": found is not None,
        "where": _where(model, found),
        "checksum": _checksum(model, folder),
        "sha256": dict(model.files) or model.sha256 or models.known_sum(model, folder) or None,
        "url": model.url or None,
        "note": model.note,
    }


def _where(model: Model, found: Path | None) -> str:
    if found is None:
        return ""
    return f"package {model.package}" if model.package and models.find(model) == found else str(found)


def _checksum(model: Model, folder: Path) -> str:
    """Return how sure the model's checksum is, in a word."""
    if model.files:
        return "known"
    if model.sha256:
        return f"reported by {_many(model.reported_by)}" if model.reported_by else "known"
    if model.package:
        return "by package"
    return "recorded here" if models.known_sum(model, folder) else "pending"


def _many(count: int) -> str:
    return f"{count}+" if count >= MOST_COUNTED else str(count)


# ---- prepare


@models_command.command("prepare", epilog="\b\nExample:\n  ivr models prepare")
def prepare_models() -> None:
    """Make what takes seconds once: the sentence encoder in 8 bits, and what understands the demo menus.

    What is there already stays. Where nothing can be written the hotline serves all the same.
    """
    try:
        _prepare_encoder()
    except OSError as error:
        _say(
            f"the sentence encoder cannot be kept, English is understood by words and letters alone: {error}"
        )
    try:
        _prepare_understanding()
    except (OSError, InvalidInput) as error:
        _say(f"what understands the demo menus is trained at the first start: {error}")


def _prepare_encoder() -> None:
    from ivr.understanding import encoder
    from ivr.understanding.minilm import prepare

    graph = encoder.prepared_at()
    try:
        encoder.load()
    except HotlineError:
        prepare(graph)
        _told(graph, "made")
    else:
        _told(graph, "as before")


def _prepare_understanding() -> None:
    from ivr.cli.understand import checked_flow
    from ivr.service.menus import DEMO_MENUS
    from ivr.understanding.store import prepare, prune

    flow = checked_flow(DEMO_MENUS)
    kept = []
    for language in flow.languages:
        path, new = prepare(flow.speaking(language).examples, language)
        kept.append(path)
        _told(path, f"{language}, {'trained' if new else 'as before'}")
    for path in prune(kept):
        _say(f"{path}: removed, the demo menus do not use it")


def _told(path: Path, what: str) -> None:
    _say(f"{path}: {path.stat().st_size / 1e6:.0f} MB, {what}")


def _say(line: str) -> None:
    click.echo(line, err=True)


# ---- verify


@models_command.command("verify", epilog="\b\nExample:\n  ivr models verify vosk-model-small-cn-0.22")
@click.argument("name", required=False)
def verify(name: str | None) -> None:
    """Check every byte of the installed models, or of one; status 1 if one is damaged."""
    folder = load().models
    chosen = [models.named(name)] if name else models.CATALOGUE
    damaged = False
    for model in chosen:
        found = models.find(model, folder)
        if found is None:
            if name:
                click.echo(f"{model.name:<28} not installed")
            continue
        faults = models.verified(model, found, folder)
        damaged = damaged or bool(faults)
        click.echo(f"{model.name:<28} {_verdict(model, found, faults)}")
        for fault in faults:
            click.echo(f"  {fault}")
    sys.exit(1 if damaged else 0)


def _verdict(model: Model, found: Path, faults: tuple[str, ...]) -> str:
    if faults:
        return "DAMAGED"
    if models.manifest_of(found) or model.files:
        return "ok"
    return "present; there is no checksum to compare with"


# ---- fetch, install, remove


@models_command.command("fetch", epilog=FETCH_EXAMPLES)
@NAME
@click.option("--from", "url", default="", metavar="URL", help="A mirror instead of the publisher.")
@SHA256
@TRUST
@click.option("--again", is_flag=True, help="Fetch it though it is installed.")
def fetch(name: str, url: str, sha256: str, trust_first: bool, again: bool) -> None:
    """Fetch a model from its publisher, check and install it; an interrupted fetch is gone on with."""
    model, folder = models.named(name), load().models
    found = models.find(model, folder)
    if found and not again and not models.verified(model, found, folder):
        click.echo(f"{name} is installed in {found}")
        return
    with _refusals(), _bar(model) as told, client() as web:
        where = fetch_model(model, folder, web, url=url, sha256=sha256, trust_first=trust_first, told=told)
    click.echo(f"{name} is installed in {where}")


@models_command.command(
    "install",
    epilog="\b\nExample:\n  ivr models install vosk-model-small-cn-0.22 vosk-model-small-cn-0.22.zip",
)
@NAME
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@SHA256
@TRUST
def install(name: str, file: Path, sha256: str, trust_first: bool) -> None:
    """Install a model from a file that was fetched elsewhere, or from a folder it was unpacked to."""
    with _refusals():
        where = install_model(models.named(name), load().models, file, sha256=sha256, trust_first=trust_first)
    click.echo(f"{name} is installed in {where}")


@models_command.command("remove", epilog="\b\nExample:\n  ivr models remove vosk-model-small-cn-0.22")
@NAME
def remove(name: str) -> None:
    """Remove a model that was fetched or installed."""
    click.echo(f"{models.remove(models.named(name), load().models)} is removed")


@contextmanager
def _refusals() -> Iterator[None]:
    """A file that is not the model ends with status 1, as does an interruption."""
    try:
        yield
    except Damaged as error:
        click.echo(f"ivr: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("ivr: interrupted; run the command again to go on from there", err=True)
        sys.exit(1)


@contextmanager
def _bar(model: Model) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar, on a terminal only."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(model.name, total=model.size or None)
        yield lambda have, total: bar.update(task, completed=have, total=total or None)


COMMANDS = (models_command,)
