"""`ivr prompts`: every text that callers hear, and the recordings that replace the voice."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from audio import pcm as audio
from audio.recorded import key_of
from ivr.dialog.flow import Flow, prompts_of
from ivr.dialog.prompts import is_fixed
from ivr.errors import InvalidInput, NotFound
from ivr.service.menus import DEMO_MENUS, check, read_folder
from ivr.settings import load

EXAMPLES = """\b
Examples:
  ivr prompts                      every text with its key; * marks the recorded ones
  ivr prompts --missing --json     what is still to be recorded, for a studio
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
def prompts(folder: Path, missing: bool, as_json: bool, add: tuple[str, Path] | None) -> None:
    """List the texts of the menus in FOLDER with the keys of their recordings."""
    loaded = check(read_folder(folder))
    if loaded.flow is None:
        raise InvalidInput("the menus have errors: " + "; ".join(map(str, loaded.errors[:3])))
    store = load().recorded_prompts
    lines = list(_lines(loaded.flow, store))
    if add is not None:
        _add(lines, store, *add)
        return
    for line in lines:
        if missing and (line.recorded or not line.key):
            continue
        mark = "*" if line.recorded else " "
        click.echo(
            json.dumps(asdict(line), ensure_ascii=False)
            if as_json
            else f"{mark} {line.key or '(has slots)':<19} {line.language} {line.node}: {line.text}"
        )


def _lines(flow: Flow, store: Path) -> Iterator[Line]:
    for language in flow.languages:
        tongue = flow.speaking(language)
        said = [(name, text) for name, node in tongue.nodes.items() for _, text in prompts_of(node)]
        said += [
            ("phrases", text) for text in tongue.phrases.values() if not text.startswith(("is ", "has "))
        ]
        for node, text in {text: (node, text) for node, text in reversed(said)}.values():
            key = key_of(text, language) if is_fixed(text) else ""
            recorded = bool(key) and (store / language / f"{key}.wav").is_file()
            yield Line(key, language, node, text, recorded)


def _add(lines: list[Line], store: Path, key: str, file: Path) -> None:
    line = next((line for line in lines if line.key == key), None)
    if line is None:
        raise NotFound(f"no text has the key '{key}'; `ivr prompts` lists them")
    audio.read_wav(file.read_bytes())  # refuses what is no WAV
    target = store / line.language / f"{key}.wav"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
    click.echo(f"{target}: “{line.text}”")


COMMANDS = (prompts,)
