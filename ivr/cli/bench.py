"""`ivr bench`: the figures behind what the README says, each beside its yardstick in the same run."""

import asyncio
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from ivr.commerce.scripted import back_end
from ivr.dialog.codec import state_to_data
from ivr.dialog.engine import CallState, begin, step
from ivr.dialog.events import Acted, CallStarted, Event, Pressed
from ivr.dialog.flow import Flow
from ivr.dialog.script import NOON, read_script, run
from ivr.dialog.understand import IntentModel
from ivr.errors import Unavailable
from ivr.service.menus import DEMO_MENUS, check, read_folder

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


# ---- menus


@bench.command("menu", epilog="\b\nExample:\n  ivr bench menu --seconds 5")
@JSON
@SECONDS
def bench_menu(as_json: bool, seconds: float) -> None:
    """Steps a second of the demo hotline, beside the transitions library on a 20-state menu."""
    flow, small = _flow(), _twenty()
    keys = [Pressed(NOON, str((n * 3) % 10)) for n in range(200)]
    events, scripts = _tour(), sorted((DEMO_MENUS / "tests").glob("*.yaml"))
    ours = _per_second(lambda: _play(small, keys), len(keys), seconds)
    theirs = _per_second(_transitions(), len(keys), seconds)
    tour = _per_second(lambda: _play(flow, events), len(events), seconds)
    anew = _per_second(lambda: _play(flow, events, remember=False), len(events), seconds)
    read = [script for path in scripts if (script := read_script(path.name, path.read_text("utf-8"))[0])]
    rank = IntentModel(flow.examples).rank
    calls = _per_second(
        lambda: [run(flow, script, back_end(script, flow.policies), rank) for script in read],
        len(read),
        seconds,
    )
    figures: Figures = {
        "machine": machine(),
        "menu of 20 states × 10 keys: steps a CPU second": round(ours),
        "the same in transitions": round(theirs),
        "ratio (goal 10)": round(ours / theirs, 2),
        "demo hotline: steps a CPU second": round(tour),
        "demo hotline, nothing remembered: µs a step": round(1e6 / anew, 2),
        "call scripts a CPU second": round(calls),
        "bytes of state": len(json.dumps(state_to_data(_play(flow, events)), separators=(",", ":"))),
    }
    show(figures, as_json)


def _twenty() -> Flow:
    """The same menu as the yardstick's, in our language."""
    nodes = "".join(
        f"  s{n}:\n    menu: closed\n    always: false\n    say: State {n}.\n    choices:\n"
        + "".join(f'      - {{key: "{key}", goto: s{(n * 7 + key) % 20}}}\n' for key in range(10))
        for n in range(20)
    )
    text = f"hotline: bench\nstart: s0\npatience: {{give_up: s0}}\nnodes:\n{nodes}"
    loaded = check({"hotline.yaml": text})
    if loaded.flow is None:
        raise Unavailable("; ".join(map(str, loaded.errors)))
    return loaded.flow


def _flow() -> Flow:
    loaded = check(read_folder(DEMO_MENUS))
    if loaded.flow is None:
        raise Unavailable("the demo menus have errors; run `ivr check`")
    return loaded.flow


def _tour() -> list[Event]:
    found = {"number": "100245", "status": "shipped", "eta": "2026-11-25"}
    return [
        CallStarted(NOON, "+15550101"),
        Pressed(NOON, "7"),
        Pressed(NOON, "1"),
        Pressed(NOON, "100245"),
        Acted(NOON, "order.lookup", "found", found),
        Pressed(NOON, "2"),
        Acted(NOON, "refund.check", "too_late", {"order": "100245", "window_days": 30}),
        Pressed(NOON, "9"),
    ]


def _play(flow: Flow, events: Sequence[Event], *, remember: bool = True) -> CallState:
    state = begin(flow)
    for event in events:
        if not remember:
            flow.steps.clear()
        state = step(flow, state, event).state
    return state


def _transitions() -> Callable[[], None]:
    try:
        from transitions import Machine
    except ImportError as error:
        raise Unavailable("the yardstick is not installed: pip install transitions") from error
    states = [f"s{n}" for n in range(20)]
    moves = [
        {"trigger": f"k{key}", "source": f"s{n}", "dest": f"s{(n * 7 + key) % 20}"}
        for n in range(20)
        for key in range(10)
    ]
    menu = Machine(states=states, transitions=moves, initial="s0")
    triggers = [f"k{(n * 3) % 10}" for n in range(200)]

    def run_it() -> None:
        for name in triggers:
            menu.trigger(name)

    return run_it


def _per_second(work: Callable[[], object], count: int, seconds: float) -> float:
    """Return how many units of work a CPU second does; one unmeasured run comes first."""
    work()
    done, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        work()
        done += count
    return done / (time.process_time() - began)


# ---- speech and calls


@bench.command("speech", epilog="\b\nExample:\n  ivr bench speech --calls 5")
@JSON
@click.option(
    "--calls", default=5, show_default=True, type=click.IntRange(1, 50), help="Calls placed by audio."
)
def bench_speech(as_json: bool, calls: int) -> None:
    """Recognition, voice, and whole calls: how long a caller waits for the first sound of a reply."""
    figures: Figures = {"machine": machine(), **_engines()}
    figures |= asyncio.run(_calls(calls))
    show(figures, as_json)


def _engines() -> Figures:
    import numpy as np

    from audio import pcm as audio
    from audio.asr.moonshine import Moonshine
    from audio.pcm import Pcm
    from audio.tts.hibari import HibariVoice
    from ivr.dialog.actions import Expect

    voice, recogniser = HibariVoice(), Moonshine()
    voice.warm_up()
    recogniser.warm_up()
    texts = [
        "Where is my order?",
        "My order number is 1 0 0, 2 4 5.",
        "I want my money back.",
        "Yes, please.",
        "Agent.",
    ]
    first, lines, spoken = [], [], 0.0
    for text in texts:
        began = time.perf_counter()
        pieces: list[Pcm] = []
        for piece in voice.speak(text):
            if not pieces:
                first.append((time.perf_counter() - began) * 1000)
            pieces.append(piece)
        whole = np.concatenate(pieces)
        lines.append(audio.resample(whole, voice.info.sample_rate, audio.RATE))
        spoken += len(whole) / voice.info.sample_rate
    heard = [recogniser.transcribe(line, audio.RATE, Expect("open")).seconds * 1000 for line in lines * 4]
    return {
        "hibari: ms to first audio, mean": round(statistics.mean(first), 1),
        "moonshine: ms an utterance, mean": round(statistics.mean(heard), 1),
        "moonshine: ms an utterance, longest": round(max(heard), 1),
        "moonshine: recognition time / audio time": round(sum(heard) / 4000 / spoken, 3),
    }


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
        "end of speech → first reply audio, ms, median (goal 700)": waits[len(waits) // 2],
        "end of speech → first reply audio, ms, 95 % (goal 1000)": waits[int(len(waits) * 0.95)],
        "barge-in: speech → clear, ms, median": stops[len(stops) // 2] if stops else None,
        "barge-in: speech → clear, ms, longest (goal 300)": stops[-1] if stops else None,
        "memory of the server, MB (goal 600)": memory,
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


COMMANDS = (bench,)
