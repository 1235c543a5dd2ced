"""`ivr transcribe`: WAV files to text, as the hotline would hear them."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from audio import pcm as audio
from audio.pcm import Pcm
from audio.registry import RECOGNISERS, recogniser_name
from audio.vad import speech_part
from ivr.dialog.actions import Expect
from ivr.dialog.spoken import CHECKS, digit_spans, passes
from ivr.errors import InvalidInput, NotFound, Unavailable
from ivr.ports import Recogniser, Transcript
from ivr.settings import load

RATE = 16_000
LONGEST_S = 3600.0
MOST_PHRASES = 2000
ANY_LENGTH = (1, 20)
WORTH_TELLING = (4, 20)
"""Digits of a number that is told although none was asked for."""
EXAMPLES = """\b
Examples:
  ivr transcribe call.wav
  ivr transcribe --expect digits --length 6 --check luhn number.wav
  ivr transcribe --expect phrases:menu.txt *.wav
"""


@click.command("transcribe", epilog=EXAMPLES)
@click.argument("files", nargs=-1, required=True, metavar="WAV…", type=click.Path(path_type=Path))
@click.option("--language", default="en", show_default=True)
@click.option(
    "--expect",
    default="free",
    show_default=True,
    metavar="KIND",
    help="free, digits, yes_no or phrases:FILE (one phrase a line).",
)
@click.option("--length", default=None, metavar="N|N-M", help="How many digits; with --expect digits.")
@click.option(
    "--check", default=None, type=click.Choice(sorted(CHECKS)), help="The rule that the digits obey."
)
@click.option("--engine", type=click.Choice(sorted(RECOGNISERS)), help="[default: by IVR_ASR]")
def transcribe(
    files: tuple[Path, ...],
    language: str,
    expect: str,
    length: str | None,
    check: str | None,
    engine: str | None,
) -> None:
    """Recognise speech in WAV files; print JSON lines.

    A file that cannot be read is named on stderr and left out; the status is then 2. Where nobody
    speaks the text is empty.
    """
    expected = _expect(expect, length, check)
    settings = load()
    name = engine or recogniser_name(settings.asr, language, settings.models)
    if name is None:
        raise NotFound(f"no recogniser is installed for '{language}' (see `ivr models list`)")
    recogniser = RECOGNISERS[name](language, settings.models)
    recogniser.warm_up()
    failed = False
    for path in files:
        try:
            line = _line(recogniser, path, expected, language)
        except (InvalidInput, Unavailable) as error:
            click.echo(f"ivr: {path}: {error}", err=True)
            failed = True
            continue
        click.echo(json.dumps(line, ensure_ascii=False))
    if failed:
        sys.exit(2)


# ---- what is expected


def _expect(text: str, length: str | None, check: str | None) -> Expect:
    if text != "digits" and (length or check):
        raise InvalidInput("--length and --check go with --expect digits")
    match text.partition(":"):
        case ("free", "", ""):
            return Expect("open")
        case ("digits", "", ""):
            return Expect("digits", digits=_length(length), check=check)
        case ("yes_no", "", ""):
            return Expect("yes_no")
        case ("phrases", ":", file):
            return Expect("phrases", _phrases(Path(file)))
        case _:
            raise InvalidInput(f"--expect {text}: use free, digits, yes_no or phrases:FILE")


def _length(text: str | None) -> tuple[int, int]:
    if text is None:
        return ANY_LENGTH
    least, _, greatest = text.partition("-")
    greatest = greatest or least
    if least.isdecimal() and greatest.isdecimal() and 1 <= int(least) <= int(greatest) <= ANY_LENGTH[1]:
        return int(least), int(greatest)
    raise InvalidInput(f"--length {text}: use a number from 1 to {ANY_LENGTH[1]}, or two as in 6-8")


def _phrases(file: Path) -> tuple[str, ...]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InvalidInput(f"the phrases in '{file}' cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the phrases in '{file}' are not UTF-8 text") from error
    phrases = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not phrases or len(phrases) > MOST_PHRASES:
        raise InvalidInput(f"'{file}' has {len(phrases)} phrases; 1 to {MOST_PHRASES} are taken, one a line")
    return phrases


# ---- one file


def _line(recogniser: Recogniser, path: Path, expect: Expect, language: str) -> dict[str, Any]:
    part = speech_part(_read(path), RATE)
    heard = recogniser.transcribe(part, RATE, expect) if len(part) else Transcript("", 0.0)
    return {
        "file": str(path),
        "text": heard.text,
        "digits": _digits(heard.text, expect, language),
        "confidence": heard.confidence,
        "seconds": round(heard.seconds, 4),
        "engine": recogniser.info.name,
    }


def _read(path: Path) -> Pcm:
    try:
        with path.open("rb") as file:
            return audio.read_wav_file(file, RATE, most_s=LONGEST_S)
    except OSError as error:
        raise InvalidInput(error.strerror or "cannot be read") from error


def _digits(text: str, expect: Expect, language: str) -> str | None:
    """Return the number in a text: of the length and by the rule that was asked for."""
    least, greatest = expect.digits if expect.kind == "digits" else WORTH_TELLING
    spans = digit_spans(text, least, greatest, language, expect.check)
    return spans[0].value if spans and passes(expect.check, spans[0].value) else None
