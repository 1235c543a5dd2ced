"""The one place where named failures become HTTP answers; a caller's webhook never comes here."""

import structlog
from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from ivr.errors import Conflict, HotlineError, InvalidInput, NotFound, Refused, Unavailable

log = structlog.get_logger(__name__)
STATUS: dict[type[HotlineError], int] = {
    NotFound: 404,
    Conflict: 409,
    Refused: 403,
    InvalidInput: 422,
    Unavailable: 503,
}


def status_of(error: HotlineError) -> int:
    """Return the status of the nearest listed ancestor."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def init_app(app: Flask) -> None:
    """Answer failures as JSON where JSON is spoken, as a page elsewhere."""

    @app.errorhandler(HotlineError)
    def named(error: HotlineError) -> tuple[Response | str, int]:
        return _answer(error.code, str(error), status_of(error))

    @app.errorhandler(HTTPException)
    def plain(error: HTTPException) -> tuple[Response | str, int]:
        return _answer(
            error.name.lower().replace(" ", "_"), error.description or error.name, error.code or 500
        )

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> tuple[Response | str, int]:
        log.error("request failed", path=request.path, exc_info=error)
        return _answer("error", "Something went wrong on our side; it has been logged.", 500)


def _answer(code: str, message: str, status: int) -> tuple[Response | str, int]:
    if "/api/" in request.path or request.path.startswith(("/voice/", "/phone/token")):
        return jsonify(code=code, message=message), status
    return render_template("error.html", code=status, message=message), status
