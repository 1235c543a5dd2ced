"""`ivr db` and `ivr user`: storage and accounts."""

from datetime import timedelta
from typing import Any

import click

from ivr.cli.progress import bar
from ivr.clock import utc_now
from ivr.commerce.demo import made
from ivr.commerce.records_sql import SqlRecords
from ivr.errors import Conflict, InvalidInput
from ivr.service.accounts import ROLES, Accounts
from ivr.service.recordings import Recordings
from ivr.settings import Settings, load
from ivr.storage.session import Database


def _database(settings: Settings) -> Database:
    db = Database(settings.database_url)
    db.upgrade()
    return db


@click.group("db")
def db() -> None:
    """Prepare the database."""


@db.command("upgrade", epilog="\b\nExample:\n  ivr db upgrade")
def upgrade() -> None:
    """Create the tables, or bring them to the newest version."""
    _database(load()).close()
    click.echo("the database is up to date")


@db.command("purge", epilog="\b\nExamples:\n  ivr db purge\n  ivr db purge --days 30")
@click.option(
    "--days", type=click.IntRange(1), help="Age from which audio is deleted. [default: IVR_KEEP_AUDIO_DAYS]"
)
def purge(days: int | None) -> None:
    """Delete audio of callers that is older than it may be kept."""
    settings = load()
    database = _database(settings)
    try:
        before = utc_now() - timedelta(days=days or settings.keep_audio_days)
        gone = Recordings(database, settings.recordings, utc_now).purge(before)
    finally:
        database.close()
    click.echo(f"{gone} recordings deleted")


@db.command("demo", epilog="\b\nExample:\n  ivr db demo")
def demo() -> None:
    """Fill in the demo shop and the demo logins."""
    fill_demo(load())
    click.echo("the demo shop is filled")


def fill_demo(settings: Settings) -> None:
    """Add the demo shop's records and the demo logins that are not there yet."""
    from ivr.cli.calls import LOGINS

    database = _database(settings)
    try:
        with bar("making orders") as progress:
            records = made(utc_now().date(), progress=progress)
        with bar("keeping them") as progress:
            SqlRecords(database, utc_now).fill(records, progress)
        accounts = Accounts(database, utc_now)
        for login, name, role, password, skills in LOGINS:
            try:
                accounts.add(login, name, role, password, skills)
            except Conflict:
                continue
    finally:
        database.close()


@click.group("user")
def user() -> None:
    """Manage who may log in."""


@user.command(
    "add",
    epilog="\b\nExample:\n  ivr user add eve --name 'Eve Adams' --role agent --skill orders=2 --skill en=3",
)
@click.argument("login")
@click.option("--name", required=True, help="The name that colleagues see.")
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option(
    "--skill", "skills", multiple=True, metavar="SKILL=LEVEL", help="An agent's skill, level 1 to 10."
)
@click.password_option(help="Asked for when left out.")
def add(login: str, name: str, role: str, skills: tuple[str, ...], password: str) -> None:
    """Create an account."""
    database = _database(load())
    try:
        Accounts(database, utc_now).add(login, name, role, password, dict(map(_skill, skills)))
    finally:
        database.close()
    click.echo(f"{login} may log in")


def _skill(text: str) -> tuple[str, int]:
    name, equals, level = text.partition("=")
    if not equals or not level.isdigit() or not 1 <= int(level) <= 10:
        raise InvalidInput(f"'{text}' is no skill; write for example orders=3")
    return name, int(level)


@user.command("list", epilog="\b\nExample:\n  ivr user list")
def list_users() -> None:
    """Show all accounts."""
    database = _database(load())
    try:
        for one in Accounts(database, utc_now).all():
            skills = ", ".join(f"{name} {level}" for name, level in one["skills"].items())
            click.echo(f"{one['login']:<12} {one['role']:<11} {one['name']:<24} {skills}")
    finally:
        database.close()


@user.command("passwd", epilog="\b\nExample:\n  ivr user passwd eve")
@click.argument("login")
@click.password_option()
def passwd(login: str, password: str) -> None:
    """Change a password."""
    database = _database(load())
    try:
        Accounts(database, utc_now).set_password(login, password)
    finally:
        database.close()
    click.echo("the password is changed")


COMMANDS: tuple[Any, ...] = (db, user)
