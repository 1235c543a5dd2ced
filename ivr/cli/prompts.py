"""`ivr prompts`: every text that callers hear, spoken ahead of time or replaced by recordings."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from audio import pcm as audio
from audio.recorded import key_of
from ivr.bootstrap import engines_of, speech_of
from ivr.cli.progress import bar
from ivr.dialog.flow import Flow
from ivr.errors import InvalidInput, NotFound, Unavailable
from ivr.service.menus import DEMO_MENUS, check, read_folder
from ivr.service.prompts import lines, render
from ivr.settings import Settings, load

EXAMPLES = """\b
Examples:
  ivr prompts                      every text with its key; * marks the recorded ones
  ivr prompts --missing --json     what is still to be recorded, for a studio
  ivr prompts --render             speak all of them ahead of time, into IVR_PROMPTS
  ivr prompts --add rec0123456789abcdef take7.wav
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One text: what is said where, the key of its recording, and whether it is recorded.

    Texts with slots have no key: they are put together while the call goes on.
    """

    key: str
    language: str
    node: str
    text: str
    recorded: bool


@click.command("prompts", epilog=EXAMPLES)
@click.argument(
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=DEMO_MENUS,
    required=False,
)
@click.option("--missing", is_flag=True, help="Only texts that are not recorded.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
@click.option(
    "--add",
    nargs=2,
    metavar="KEY WAV",
    type=(str, click.Path(exists=True, dir_okay=False, path_type=Path)),
    help="Let a recording replace the text of a key.",
)
@click.option("--render", "rendering", is_flag=True, help="Speak ahead of time what the menus can say.")
def prompts(
    folder: Path, missing: bool, as_json: bool, add: tuple[str, Path] | None, rendering: bool
) -> None:
    """List the texts of the menus in FOLDER with the keys of their recordings."""
    loaded = check(read_folder(folder))
    if loaded.flow is None:
        raise InvalidInput("the menus have errors: " + "; ".join(map(str, loaded.errors[:3])))
    settings = load()
    if rendering:
        _render(loaded.flow, settings)
        return
    store = settings.recorded_prompts
    found = list(_lines(loaded.flow, store))
    if add is not None:
        _add(found, store, *add)
        return
    for line in found:
        if missing and (line.recorded or not line.key):
            continue
        mark = "*" if line.recorded else " "
        click.echo(
            json.dumps(asdict(line), ensure_ascii=False)
            if as_json
            else f"{mark} {line.key or '(has slots)':<19} {line.language} {line.node}: {line.text}"
        )


def _lines(flow: Flow, store: Path) -> Iterator[Line]:
    for line in lines(flow):
        key = key_of(line.text, line.language) if line.fixed else ""
        recorded = bool(key) and (store / line.language / f"{key}.wav").is_file()
        yield Line(key, line.language, line.node, line.text, recorded)


def _render(flow: Flow, settings: Settings) -> None:
    """Speak what the menus say ahead of time; tell how much there was to do and how long it took."""
    engines = engines_of(settings, flow.languages, hearing=False)
    for sentence in engines.missing:
        if "recogniser" not in sentence:
            click.echo(sentence, err=True)
    speech, began = speech_of(settings, engines), time.perf_counter()
    try:
        with bar("rendering prompts") as show:
            told = render(
                flow,
                speech.speaking,
                set(speech.voices),
                tell=lambda progress: show(progress.done + progress.failed, progress.total),
            )
    finally:
        speech.close()
    seconds, written = time.perf_counter() - began, speech.speaking.prompts.counts.written
    click.echo(
        f"{told.done} of {told.total} prompts ready in {settings.prompts}; "
        f"{written} pieces spoken in {seconds:.1f} s"
    )
    if told.failed:
        raise Unavailable(f"{told.failed} prompts could not be spoken; the log above says why")


def _add(found: list[Line], store: Path, key: str, file: Path) -> None:
    line = next((line for line in found if line.key == key), None)
    if line is None:
        raise NotFound(f"no text has the key '{key}'; `ivr prompts` lists them")
    audio.read_wav(file.read_bytes())  # refuses what is no WAV
    target = store / line.language / f"{key}.wav"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
    click.echo(f"{target}: “{line.text}”")


COMMANDS = (prompts,)
