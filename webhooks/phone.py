"""The phone page: call the hotline from the browser, with microphone and dial pad."""

from flask import Blueprint, Response, abort, current_app, jsonify, render_template

from ivr.bootstrap import Hotline
from webhooks.auth import limiter, token

bp = Blueprint("phone", __name__, url_prefix="/phone")
DEMO_NUMBERS = (
    ("+15550101", "Ada Brown (gold)"),
    ("+15550102", "Ben Okafor"),
    ("+15550103", "Chen Wei"),
    ("", "number withheld"),
)


def _hotline() -> Hotline:
    found: Hotline = current_app.extensions["hotline"]
    if not found.settings.phone:
        abort(404)
    return found


@bp.get("")
def page() -> str:
    """Show the phone."""
    line_token = token(_hotline().settings.secret_key, "line", "caller")
    return render_template("phone.html", line_token=line_token, numbers=DEMO_NUMBERS)


@bp.get("/token")
@limiter.limit("60 per minute")
def line_token() -> Response:
    """Return a token that opens a line, for `ivr call`."""
    return jsonify(token=token(_hotline().settings.secret_key, "line", "caller"))
