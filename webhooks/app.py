"""The Flask application: carrier webhooks, pages, JSON API, health."""

from typing import Any

from flask import Flask, Response, redirect
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response as BaseResponse

from ivr.bootstrap import Hotline, tokens
from ivr.errors import HotlineError
from webhooks import auth, desk, errors, health, office, phone, studio, voice
from webhooks.voice_work import Work

MAX_BODY = 2_000_000
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-hashes'; img-src 'self' data:; "
    "connect-src 'self' ws: wss:; media-src 'self' blob:; worker-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'"
)


def create_app(hotline: Hotline) -> Flask:
    """Return the application for one hotline."""
    app = Flask("webhooks")
    app.config.update(
        SECRET_KEY=hotline.settings.secret_key,
        MAX_CONTENT_LENGTH=MAX_BODY,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=hotline.base_url.startswith("https://"),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    app.extensions["hotline"] = hotline
    account = (hotline.settings.twilio_account_sid, tokens(hotline.settings)[0])
    app.extensions["voice_work"] = Work(hotline.speech, account)
    csrf = CSRFProtect(app)
    csrf.exempt(voice.bp)
    auth.init_app(app, hotline)
    errors.init_app(app)
    for part in (voice, health, auth, desk, studio, office, phone):
        app.register_blueprint(part.bp)
    app.add_url_rule("/", "home", lambda: redirect("/phone" if hotline.settings.phone else "/desk"))
    app.after_request(_harden)
    app.context_processor(lambda: _page_facts(hotline))
    return app


def _page_facts(hotline: Hotline) -> dict[str, Any]:
    try:
        title = hotline.menus.published().flow.title
    except HotlineError:  # the page that tells of it needs a title too
        title = "Voice hotline"
    return {"title": title, "phone_on": hotline.settings.phone}


def _harden(response: Response) -> BaseResponse:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if response.mimetype in ("text/html", "application/json"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
