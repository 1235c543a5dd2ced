"""`ivr call` and `ivr demo`: be a caller."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import httpx

from ivr.cli.caller import Report, ScriptedCall, SynthesisedCaller
from ivr.dialog.script import Script, Turn, read_script
from ivr.errors import InvalidInput, Unavailable
from ivr.settings import Settings, load

CALL_EXAMPLES = """\b
Examples:
  ivr call                                  by hand: type words to speak, #5 to press 5, end with Ctrl-D
  ivr call menus/tests/order_by_voice.yaml  by a script, with a synthesised voice
  ivr call --text                           by hand, without audio
"""
DEMO_SCRIPT = Path(__file__).resolve().parents[2] / "menus" / "tests" / "order_by_voice.yaml"
READY_LIMIT_S = 60.0


@click.command("call", epilog=CALL_EXAMPLES)
@click.argument("script", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--text", is_flag=True, help="Skip audio: words are typed, prompts are read.")
@click.option("--from", "caller", help="The caller's number.")
@click.option("--to", "called", default="+15550000", show_default=True, help="The number dialled.")
@click.option("--url", help="The hotline's address [default: IVR_PUBLIC_BASE_URL, or this machine's].")
def call(script: Path | None, text: bool, caller: str | None, called: str, url: str | None) -> None:
    """Call the hotline: by a script, or by hand from this terminal."""
    base = (url or _base(load())).rstrip("/")
    if script is not None:
        read, faults = read_script(script.name, script.read_text(encoding="utf-8"))
        if read is None:
            raise InvalidInput("; ".join(map(str, faults)))
        read = read.model_copy(update={"caller": caller or read.caller, "called": read.called or called})
        report = asyncio.run(
            ScriptedCall(base, read, None if text else SynthesisedCaller(), click.echo).run()
        )
        _conclude(report)
        return
    asyncio.run(_by_hand(base, caller or "+15550101", called, text))


def _base(settings: Settings) -> str:
    return settings.public_base_url or f"http://127.0.0.1:{settings.port}"


def _conclude(report: Report) -> None:
    if report.failure:
        click.echo(f"the call did not go as scripted: {report.failure}", err=True)
        sys.exit(1)
    click.echo(f"the call went as scripted; outcome: {report.outcome}")


async def _by_hand(base: str, caller: str, called: str, text: bool) -> None:
    script = Script.model_validate({"call": "by hand", "from": caller, "to": called, "turns": []})
    hand = _HandCall(base, script, None if text else SynthesisedCaller(), click.echo)
    await hand.run()


def _watch_stdin(loop: asyncio.AbstractEventLoop, typed: "asyncio.Queue[str | None]") -> bool:
    """Put each typed line into the queue; a file is read at once, since it cannot be waited for."""
    try:
        loop.add_reader(sys.stdin.fileno(), lambda: typed.put_nowait(sys.stdin.readline() or None))
    except PermissionError:
        for line in (*sys.stdin, None):
            typed.put_nowait(line)
        return False
    return True


class _HandCall(ScriptedCall):
    """A call whose turns are typed."""

    async def _finish(self) -> None:
        typed: asyncio.Queue[str | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        watched = _watch_stdin(loop, typed)
        click.echo(
            "(type words to speak, #5 to press 5, an empty line for silence, Ctrl-D to hang up)", err=True
        )
        ended = asyncio.create_task(self.phone.ended.wait())
        try:
            while not self.phone.ended.is_set():
                line = asyncio.create_task(typed.get())
                await asyncio.wait([line, ended], return_when=asyncio.FIRST_COMPLETED)
                if not line.done() or line.result() is None:
                    line.cancel()
                    break
                await self._asked()
                await self._typed(str(line.result()).strip())
        finally:
            if watched:
                loop.remove_reader(sys.stdin.fileno())
            ended.cancel()
        await super()._finish()

    async def _typed(self, line: str) -> None:
        keys = line.removeprefix("#")
        if line.startswith("#") and keys and all(key in "0123456789*#" for key in keys):
            await self._answer(Turn(press=keys, interrupt=True))
        elif line:
            await self._answer(Turn(say=line))
        else:
            await self._answer(Turn(silence=True))


# ---- demo

DEMO_EXAMPLES = """\b
Examples:
  ivr demo          one call, then the hotline keeps serving until Ctrl-C
  ivr demo --once   one call, then the end: status 0 if it went as scripted
"""
LOGINS: tuple[tuple[str, str, str, str, dict[str, int]], ...] = (
    ("sam", "Sam Supervisor", "supervisor", "demo-sam-1", {}),
    (
        "ann",
        "Ann Agent",
        "agent",
        "demo-ann-1",
        {"orders": 3, "logistics": 2, "sales": 2, "members": 2, "technical": 2, "refunds": 1, "en": 3},
    ),
    (
        "bob",
        "Bob Agent",
        "agent",
        "demo-bob-1",
        {"refunds": 3, "payments": 2, "complaints": 2, "security": 2, "orders": 1, "en": 2, "zh": 2},
    ),
)


@click.command("demo", epilog=DEMO_EXAMPLES)
@click.option("--once", is_flag=True, help="End after the call: status 0 if it went as scripted, 1 if not.")
@click.option("--port", type=int, help="Port to serve on.")
def demo(once: bool, port: int | None) -> None:
    """Fill a demo shop, serve the hotline, and place one call by audio through the real path."""
    _make_env(Path(".env"))
    settings = load(port=port)
    from ivr.cli.db import fill_demo

    click.echo("1. the demo shop")
    fill_demo(settings)
    click.echo(f"2. the hotline on {_base(settings)}")
    environment = {**os.environ, "IVR_PORT": str(settings.port)}
    began = time.monotonic()
    server = subprocess.Popen([sys.executable, "-m", "ivr", "serve"], env=environment)
    try:
        wait_ready(_base(settings), server)
        click.echo(f"   ready after {time.monotonic() - began:.1f} s")
        click.echo("3. a call by audio: caller → switch → media socket → recognition → menus → shop → voice")
        report = asyncio.run(_demo_call(settings))
        _figures(report)
        if once:
            _end(server)
            _conclude(report)
            return
        _addresses(settings)
        server.wait()
    except KeyboardInterrupt:
        click.echo("\nending")
    finally:
        _end(server)


def _make_env(path: Path) -> None:
    """Write secrets for this machine, once, where no settings are given yet."""
    if path.exists() or (os.environ.get("IVR_SECRET_KEY") and os.environ.get("IVR_TWILIO_AUTH_TOKEN")):
        return
    lines = [f"IVR_SECRET_KEY={secrets.token_urlsafe(32)}", f"IVR_TWILIO_AUTH_TOKEN={secrets.token_hex(16)}"]
    path.touch(mode=0o600)
    path.write_text("\n".join([*lines, ""]))
    click.echo(f"0. wrote {path} with fresh secrets for this machine")


async def _demo_call(settings: Settings) -> Report:
    script, faults = read_script(DEMO_SCRIPT.name, DEMO_SCRIPT.read_text(encoding="utf-8"))
    if script is None:
        raise InvalidInput("; ".join(map(str, faults)))
    return await ScriptedCall(_base(settings), script, SynthesisedCaller(), click.echo).run()


def _figures(report: Report) -> None:
    waits = sorted(report.latencies_ms)
    if waits:
        middle = waits[len(waits) // 2]
        click.echo(f"   end of speech → first reply audio: median {middle} ms, longest {waits[-1]} ms")


def wait_ready(base: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until the hotline takes calls. Raise Unavailable when it ends or takes too long."""
    until = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < until:
        if server.poll() is not None:
            raise Unavailable(f"the hotline ended at start (status {server.returncode}), see above")
        try:
            if httpx.get(f"{base}/readyz", timeout=1).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise Unavailable(f"the hotline was not ready within {READY_LIMIT_S:.0f} s")


def _end(server: "subprocess.Popen[bytes]") -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _addresses(settings: Settings) -> None:
    base = _base(settings)
    click.echo("")
    click.echo(f"   phone   {base}/phone    call the hotline from the browser")
    click.echo(f"   desk    {base}/desk     log in as ann / {LOGINS[1][3]}  or  bob / {LOGINS[2][3]}")
    click.echo(f"   studio  {base}/studio   log in as sam / {LOGINS[0][3]}")
    click.echo("   or from another terminal:  .venv/bin/ivr call")
    click.echo("   Ctrl-C ends it.")


COMMANDS = (call, demo)
