"""`ivr say`: a text in the voice of the hotline, without a telephone."""

import resource
import time
from contextlib import ExitStack
from pathlib import Path

import click
import numpy as np

from audio import pcm as audio
from audio.registry import VOICES, load_voices, voice_name
from audio.tts import normalise
from audio.tts.manner import Manner, manner_of
from audio.tts.normalise.runs import runs
from audio.tts.segments import segments
from audio.tts.speaking import spoken
from ivr.cli.transcribe import transcribe
from ivr.errors import InvalidInput, NotFound
from ivr.ports import Voice
from ivr.settings import load

SAY_EXAMPLES = """\b
Examples:
  ivr say 'Your order has been shipped.' -o shipped.wav
  ivr say --language zh --speed 0.9 '您的订单已发货。' -o shipped-zh.wav
  ivr say --timings 'Order SO100245 costs €49.90.' -o order.wav
"""


@click.command("say", epilog=SAY_EXAMPLES)
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
@click.option("--voice", default="", help="Which of the engine's voices. [default: by IVR_VOICE]")
@click.option("--speed", default="", metavar="TIMES", help="0.5 to 2.0. [default: by IVR_VOICE_SPEED]")
@click.option("--volume", default="", metavar="DB", help="-20 to 6. [default: by IVR_VOICE_VOLUME_DB]")
@click.option(
    "--rate", type=click.IntRange(8000, 48000), default=8000, show_default=True, help="Samples a second."
)
@click.option(
    "--timings", is_flag=True, help="Tell what it cost, when the first sound was there, and what was spoken."
)
def say(
    text: str,
    output: Path,
    language: str,
    engine: str | None,
    voice: str,
    speed: str,
    volume: str,
    rate: int,
    timings: bool,
) -> None:
    """Speak a text with the voice of the hotline into a file."""
    if not text.strip():
        raise InvalidInput("there is no text to say")
    settings = load()
    manner = manner_of(
        language,
        _over(settings.voice, voice),
        _over(settings.voice_speed, speed),
        _over(settings.voice_volume_db, volume),
    )
    name = engine or voice_name(settings.tts, language, settings.models)
    if name is None:
        raise NotFound(f"no voice is installed for '{language}'")
    with ExitStack() as closing:
        voices = {language: VOICES[name](language, manner, settings.models)}
        for other in {reader for reader, _ in runs(text, language)} - {language}:
            found, _, _ = load_voices(settings.tts, other, settings.models, Manner())
            voices |= {other: found} if found else {}
        for one in voices.values():
            closing.callback(one.close)
        costs = Costs()
        normalise.warm_up(language)
        voices[language].warm_up()
        if timings:
            costs.tell(f"{name} loaded")
        pieces = _said(voices, text, language, rate, timings)
    if not pieces:
        raise InvalidInput("nothing in this text can be said")
    output.write_bytes(audio.to_wav(np.concatenate(pieces), rate))
    click.echo(f"{output}: {sum(map(len, pieces)) / rate:.1f} s by {name}", err=True)


def _over(setting: str, given: str) -> str:
    return ",".join(filter(None, (setting, given)))


class Costs:
    """Time, processor time and memory since it was made."""

    def __init__(self) -> None:
        self._began, self._cpu, self._memory = time.perf_counter(), time.process_time(), _memory_mb()

    @property
    def ms(self) -> float:
        """Return the milliseconds since then."""
        return (time.perf_counter() - self._began) * 1000

    def tell(self, what: str) -> None:
        """Print them on stderr."""
        cpu, memory = time.process_time() - self._cpu, _memory_mb() - self._memory
        click.echo(
            f"{what}: {self.ms:.0f} ms, {cpu * 1000:.0f} ms of a processor, {memory} MB more", err=True
        )


def _memory_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _said(voices: dict[str, Voice], text: str, language: str, rate: int, timings: bool) -> list[audio.Pcm]:
    costs, pieces, first = Costs(), [], 0.0
    for piece in spoken(voices, text, language, rate):
        first = first or costs.ms
        pieces.append(piece)
    if timings:
        seconds = sum(map(len, pieces)) / rate
        costs.tell(f"first sound after {first:.0f} ms, all {seconds:.1f} s of it")
        for part in segments(text, language, frozenset(voices)):
            click.echo(f"  {part.language}: {part.text}", err=True)
    return pieces


COMMANDS = (transcribe, say)
