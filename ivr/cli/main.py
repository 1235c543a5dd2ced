"""The command line: `ivr`. Errors are one sentence on stderr, with exit status 2."""

import sys

import click

from ivr import __version__
from ivr.cli import bench, calls, db, menus, models, policy, prompts, route, serve, shop, speech, understand
from ivr.errors import HotlineError


class _Group(click.Group):
    """Turns named failures into a sentence and a status."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except HotlineError as error:
            click.echo(f"ivr: {error}", err=True)
            sys.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__)
def main() -> None:
    r"""The voice hotline of an online shop.

    \b
    Examples:
      ivr demo                  a shop, a hotline, one call, then it keeps serving
      ivr serve                 the hotline
      ivr call                  call it from this terminal
      ivr check menus           check the menus
    """


for command in (
    *serve.COMMANDS,
    *calls.COMMANDS,
    *menus.COMMANDS,
    *understand.COMMANDS,
    *prompts.COMMANDS,
    *speech.COMMANDS,
    *models.COMMANDS,
    *route.COMMANDS,
    *policy.COMMANDS,
    *shop.COMMANDS,
    *db.COMMANDS,
    *bench.COMMANDS,
):
    main.add_command(command)
