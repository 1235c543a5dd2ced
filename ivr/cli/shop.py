"""`ivr shop`: a back end to try things out with, and a check of a shop's own one."""

import json
import secrets
from dataclasses import asdict

import click

from ivr.clock import utc_now
from ivr.errors import Unavailable
from ivr.settings import load

KEY_BYTES = 16


@click.group(
    "shop", epilog="\b\nExamples:\n  ivr shop serve --port 8100\n  ivr shop check http://127.0.0.1:8100"
)
def shop() -> None:
    """The shop behind the hotline, over HTTP."""


@shop.command("serve", epilog="\b\nExample:\n  ivr shop serve --port 8100 --key a-key-that-both-know")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on. [default: a free one]"
)
@click.option("--key", help="Key that signs requests. [default: IVR_SHOP_KEY, or a fresh one]")
def serve(port: int, key: str | None) -> None:
    """Serve the demo shop by the contract on loopback, in memory, until it is told to stop."""
    from ivr.commerce.demo import made
    from ivr.commerce.records import MemoryRecords
    from ivr.commerce.reference import create_app, server
    from ivr.commerce.shop import EmbeddedShop

    key = key or load().shop_key or secrets.token_hex(KEY_BYTES)
    records = MemoryRecords(made(utc_now().date()))
    try:
        serving = server(create_app(EmbeddedShop(records, utc_now), (key,), utc_now), port)
    except (OSError, SystemExit) as error:  # werkzeug ends the process where a port is taken
        raise Unavailable(f"cannot listen on 127.0.0.1:{port}") from error
    click.echo(f"IVR_SHOP_URL=http://127.0.0.1:{serving.server_port}\nIVR_SHOP_KEY={key}")
    try:
        serving.serve_forever()
    finally:
        serving.server_close()


@shop.command(
    "check", epilog="\b\nExample:\n  ivr shop check https://api.shop.example --order 100311 --code X5"
)
@click.argument("url")
@click.option("--key", help="Key that signs requests. [default: IVR_SHOP_KEY]")
@click.option("--order", default="", help="Number of an order that there is: its customer is looked up, too.")
@click.option("--code", default="", help="Code of a voucher that there is.")
@click.option("--words", default="", help="Words that mean a product.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(url: str, key: str | None, order: str, code: str, words: str, as_json: bool) -> None:
    """Ask a shop's back end what the hotline asks, changing nothing, and tell what keeps the contract.

    Exit status 1: something does not.
    """
    from ivr.bootstrap import configure_logging
    from ivr.commerce.shop_check import Known, checked

    configure_logging("error")  # what fails is told once, in the table
    found = []
    for one in checked(url, key or load().shop_key, utc_now, Known(order, code, words)):
        found.append(one)
        if not as_json:
            click.echo(f"{'ok  ' if one.passed else 'FAIL'}  {one.what:<28} {one.ms:>5} ms  {one.why}")
    failed = sum(not one.passed for one in found)
    if as_json:
        click.echo(json.dumps({"passed": not failed, "checks": [asdict(one) for one in found]}))
    else:
        click.echo(
            f"{len(found) - failed} of {len(found)} passed, the slowest in {max(one.ms for one in found)} ms"
        )
    if failed:
        raise SystemExit(1)


COMMANDS = (shop,)
