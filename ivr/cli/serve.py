"""`ivr serve`: the hotline on one port."""

import ctypes
import gc
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from ivr.errors import Unavailable
from ivr.settings import Settings, described, load


def _settings_help() -> str:
    width = max(len(name) for name, *_ in described())
    lines = [
        f"  {name:<{width}}  {kind}{f', default {default}' if default else ''}: {meaning}"
        for name, kind, default, meaning in described()
    ]
    return "\b\nSettings, from the environment or a .env file:\n" + "\n".join(lines)


EXAMPLES = """\b
Examples:
  ivr serve
  ivr serve --port 8080 --db sqlite:////var/lib/hotline/hotline.db --menus ./my-menus
"""


@click.command(
    "serve",
    epilog=EXAMPLES,
    help=f"Serve the hotline: webhooks, media, phone, desk and studio on one port.\n\n{_settings_help()}",
)
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on.")
@click.option("--db", "database_url", help="Database URL.")
@click.option(
    "--menus",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Menus to publish at the first start.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1),
    help="Processes. One serves several hundred calls.",
)
def serve(workers: int, **given: Any) -> None:
    """Serve the hotline."""
    run(load(**given))


def run(settings: Settings) -> None:
    """Build the hotline and serve it until it is told to stop."""
    import uvicorn

    from ivr.bootstrap import build, configure_logging

    configure_logging(settings.log_level)
    _few_arenas()
    hotline = build(settings)
    from webhooks.asgi import Server

    gc.freeze()  # what has been loaded stays: looking through it would hold calls up for 0.1 s now and then
    _give_back()

    def ready() -> None:
        click.echo(f"ready on {hotline.base_url}", err=True)

    server = Server(hotline, ready)
    config = uvicorn.Config(
        server,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        ws_max_size=65_536,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        timeout_graceful_shutdown=5,
        lifespan="on",
    )
    try:
        uvicorn.Server(config).run()
    except OSError as error:
        raise Unavailable(f"cannot listen on {settings.host}:{settings.port}: {error}") from error


PING_S = 5.0
"""How often open sockets are asked for a sign of life, and how long that may take: a desk whose laptop was
closed is gone after ten seconds."""
_M_ARENA_MAX = -8
ARENAS = 2


def _few_arenas() -> None:
    """Keep the C library from giving each thread memory of its own: 35 MB less after the first call.

    (mallopt(3), M_ARENA_MAX; other C libraries than glibc do not know it.)
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)


def _give_back() -> None:
    """Give back what only loading needed: 50 MB. (malloc_trim(3); glibc only.)"""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


COMMANDS = (serve,)
