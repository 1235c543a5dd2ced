"""`ivr bench speech`: recognition on synthetic callers, and whole calls at the caller's ear."""

import asyncio
import os
import statistics
import time
from pathlib import Path
from typing import Any

import click

from ivr.cli.bench.figures import JSON, Figures, machine
from ivr.cli.bench.report import barge_in_figures, recognition_figures, show_speech
from ivr.dialog.script import read_script
from ivr.errors import Unavailable

PARTS = ("recognition", "barge-in", "calls")
EXAMPLES = """\b
Examples:
  ivr bench speech
  ivr bench speech --quick --only recognition
"""


@click.command("speech", epilog=EXAMPLES)
@JSON
@click.option(
    "--calls", default=5, show_default=True, type=click.IntRange(1, 50), help="Calls placed by audio."
)
@click.option("--quick", is_flag=True, help="Each text in one voice, over lines with pink noise only.")
@click.option(
    "--seconds",
    type=click.FloatRange(10, 3600),
    default=420.0,
    show_default=True,
    help="For recognising at most; what is not reached by then is left out.",
)
@click.option("--only", type=click.Choice(PARTS), help="One part of it.")
def bench_speech(as_json: bool, calls: int, quick: bool, seconds: float, only: str | None) -> None:
    """Recognition on synthetic callers, barge-in, and whole calls: how long a caller waits for a reply.

    Callers are natural voices, not the hotline's own; they rehearse on the first run (some minutes).
    """
    figures: Figures = {"machine": machine()}
    if only in (None, "recognition"):
        figures |= recognition_figures(quick, time.monotonic() + seconds)
    if only in (None, "barge-in"):
        figures |= barge_in_figures(0.5 if quick else 2.0)
    if only in (None, "calls"):
        figures |= _first_sound() | asyncio.run(_calls(calls))
    show_speech(figures, as_json)


def _first_sound() -> Figures:
    from audio.tts.hibari import HibariVoice

    voice = HibariVoice()
    voice.warm_up()
    waits = []
    for text in ("Where is my order?", "My order number is 1 0 0, 2 4 5.", "I want my money back."):
        began = time.perf_counter()
        next(iter(voice.speak(text)))
        waits.append((time.perf_counter() - began) * 1000)
    return {"hibari: ms to first audio, mean (goal 60)": round(statistics.mean(waits), 1)}


async def _calls(count: int) -> Figures:
    """Place calls to a server of our own and measure at the caller's ear."""
    from tempfile import TemporaryDirectory

    from ivr.cli.caller import ScriptedCall, SynthesisedCaller

    script, _ = read_script("bench", BENCH_SCRIPT)
    assert script is not None
    waits: list[int] = []
    stops: list[int] = []
    with TemporaryDirectory(prefix="ivr-bench-") as folder:
        server, base, ready = await asyncio.to_thread(_server, Path(folder))
        try:
            voice = SynthesisedCaller()
            for _ in range(count):
                report = await ScriptedCall(base, script, voice, lambda line: None).run()
                if report.failure:
                    raise Unavailable(f"a call did not go as scripted: {report.failure}")
                waits += report.latencies_ms
                stops += report.barge_in_ms
            memory = _memory_mb(server.pid)
        finally:
            server.terminate()
            await asyncio.to_thread(server.wait)
    waits.sort()
    stops.sort()
    return {
        "answers by speech": len(waits),
        "end of speech → first reply audio, ms, median (goal 600)": waits[len(waits) // 2],
        "end of speech → first reply audio, ms, 95 % (goal 800)": waits[int(len(waits) * 0.95)],
        "barge-in: speech → clear, ms, median": stops[len(stops) // 2] if stops else None,
        "barge-in: speech → clear, ms, longest (goal 300)": stops[-1] if stops else None,
        "memory of the server, MB (goal 450)": memory,
        "seconds from start to ready (goal 5)": ready,
    }


BENCH_SCRIPT = """\
call: bench
turns:
  - hear: welcome
  - say: Where is my order?
    interrupt: true
  - hear: ask_order
  - say: One zero zero, two four five.
  - hear: tell_on_its_way
  - say: I want my money back for another order.
    interrupt: true
  - hear: refund_check
  - say: What are your opening hours?
  - hear: tell_hours
  - say: No, that is all. Goodbye.
  - hear: goodbye
ends: {outcome: resolved}
"""


def _server(folder: Path) -> tuple[Any, str, float]:
    import secrets
    import socket
    import subprocess
    import sys

    from ivr.cli.calls import wait_ready
    from ivr.cli.db import fill_demo
    from ivr.settings import load

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = {
        "IVR_DATABASE_URL": f"sqlite:///{folder}/hotline.db",
        "IVR_SECRET_KEY": secrets.token_hex(16),
        "IVR_TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "IVR_PROMPTS": str(folder / "prompts"),
        "IVR_PORT": str(port),
        "IVR_LOG_LEVEL": "error",
    }
    fill_demo(load(database_url=given["IVR_DATABASE_URL"]))
    base, began = f"http://127.0.0.1:{port}", time.monotonic()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("IVR_")} | given
    server = subprocess.Popen([sys.executable, "-m", "ivr", "serve"], env=environment, cwd=folder)
    wait_ready(base, server)
    return server, base, round(time.monotonic() - began, 2)


def _memory_mb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0
