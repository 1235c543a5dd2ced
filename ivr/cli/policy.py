"""`ivr policy explain`: what the shop's policies allow for an order, and why."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import click

from ivr.bootstrap import shop_of
from ivr.cli.understand import checked_flow
from ivr.clock import utc_now
from ivr.commerce.policy import check_refund, explained, refund_policy, returnable
from ivr.commerce.refund_actions import refunds_lately
from ivr.errors import NotFound
from ivr.service.feed import Feed
from ivr.service.menus import DEMO_MENUS, Menus
from ivr.settings import load
from ivr.storage.session import Database


@click.group("policy", epilog="\b\nExample:\n  ivr policy explain 100311")
def policy() -> None:
    """What the shop allows, and why."""


@policy.command(
    "explain",
    epilog="\b\nExamples:\n  ivr policy explain 100311\n  ivr policy explain 100311 --on 2026-12-24 --json",
)
@click.argument("order")
@click.option(
    "--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day that is asked about. [default: today]"
)
@click.option(
    "--menus",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of menus whose policies are meant. [default: the published ones]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain(order: str, day: datetime | None, folder: Path | None, as_json: bool) -> None:
    """Tell what may be done with an order of the shop, by which policy, and why."""
    settings = load()
    db = Database(settings.database_url)
    try:
        db.upgrade()
        shop = shop_of(settings, db, utc_now)
        known = shop.order(order)
        if known is None:
            raise NotFound(f"there is no order {order} (`ivr db demo` fills the demo shop)")
        if folder is None:
            Menus(db, Feed(), utc_now, settings.models / "understanding").ensure(settings.menus or DEMO_MENUS)
            flow = Menus(db, Feed(), utc_now, settings.models / "understanding").published().flow
        else:
            flow = checked_flow(folder)
        back = sum((one.amount for one in shop.refunds_of(order)), Decimal(0))
        today: date = day.date() if day else utc_now().date()
        lately = refunds_lately(shop, known, today)
    finally:
        db.close()
    told = explained(flow.policies, known, back, today, lately)
    if not as_json:
        click.echo("\n".join(told))
        return
    found = refund_policy(flow.policies, known.placed_on)
    data = {
        "order": known.number,
        "on": today.isoformat(),
        "policy": {
            "window_days": found.window_days,
            "limit": str(found.limit),
            "working_days": found.working_days,
            "since": found.since and found.since.isoformat(),
            "until": found.until and found.until.isoformat(),
        },
        "refund": check_refund(found, known, back, today),
        "return": returnable(found, known, today),
        "why": told,
    }
    click.echo(json.dumps(data))


COMMANDS = (policy,)
