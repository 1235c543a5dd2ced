"""Who is logged in, and the short-lived tokens with which browsers open sockets."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, url_for
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user, logout_user
from itsdangerous import BadSignature, URLSafeTimedSerializer

from ivr.bootstrap import Hotline
from ivr.errors import Refused
from ivr.service.accounts import User

bp = Blueprint("auth", __name__)
limiter = Limiter(get_remote_address, storage_uri="memory://")
TOKEN_AGE_S = 12 * 3600
F = TypeVar("F", bound=Callable[..., Any])


class Login(UserMixin):  # type: ignore[misc]  # the library has no types
    """A logged-in user, for Flask-Login."""

    def __init__(self, user: User) -> None:
        self.id, self.name, self.role = user.login, user.name, user.role


def init_app(app: Flask, hotline: Hotline) -> None:
    """Set up sessions, log-in and rate limits."""
    manager = LoginManager(app)
    manager.login_view = "auth.log_in"
    manager.session_protection = None
    limiter.init_app(app)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(login: str) -> Login | None:
        user = hotline.accounts.get(login)
        return Login(user) if user else None


def role(*allowed: str) -> Callable[[F], F]:
    """Let only people of these roles in."""

    def decorate(view: F) -> F:
        @wraps(view)
        @login_required  # type: ignore[untyped-decorator]
        def guarded(*args: Any, **more: Any) -> Any:
            if current_user.role not in allowed:
                raise Refused(
                    f"this page is for {' and '.join(allowed)}s; you are logged in as {current_user.name}"
                )
            return view(*args, **more)

        return guarded  # type: ignore[return-value]

    return decorate


@bp.route("/login", methods=["GET", "POST"])
@limiter.limit("20 per minute", methods=["POST"])
def log_in() -> Any:
    """Show the log-in page, or log in."""
    problem = ""
    if request.method == "POST":
        hotline: Hotline = current_app.extensions["hotline"]
        login = request.form.get("login", "").strip()
        user = hotline.accounts.log_in(login, request.form.get("password", ""))
        if user is not None:
            login_user(Login(user))
            return redirect(_where_to(user))
        problem = "That login and password do not fit."
    return render_template("login.html", problem=problem, login=request.form.get("login", ""))


def _where_to(user: User) -> str:
    wanted = request.args.get("next", "")
    parts = urlsplit(wanted)
    if wanted.startswith("/") and not wanted.startswith("//") and not parts.netloc and "\\" not in wanted:
        return wanted
    return url_for("desk.page") if user.role == "agent" else url_for("studio.page")


@bp.post("/logout")
def log_out() -> Response:
    """Log out."""
    logout_user()
    answer: Any = redirect(url_for("auth.log_in"))
    return answer  # type: ignore[no-any-return]


# ---- tokens for sockets


def token(secret: str, purpose: str, subject: str) -> str:
    """Return a signed token; `purpose` is line (a caller), client (an agent's phone) or watch."""
    return URLSafeTimedSerializer(secret, salt=f"ivr.{purpose}").dumps(subject)


def subject_of(secret: str, purpose: str, text: str) -> str | None:
    """Return whom a token was made for, or None when it is false or too old."""
    try:
        subject = URLSafeTimedSerializer(secret, salt=f"ivr.{purpose}").loads(text, max_age=TOKEN_AGE_S)
    except BadSignature:
        return None
    return subject if isinstance(subject, str) else None
