"""The supervisor's studio: menus edited, checked, published and rolled back; the floor, live."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask_login import current_user

from ivr.bootstrap import Hotline
from ivr.dialog.diff import gathered
from ivr.dialog.document import faults_as_data
from ivr.errors import InvalidInput
from ivr.service.menus import check
from ivr.service.reasons import reasons
from webhooks.auth import role, token

bp = Blueprint("studio", __name__, url_prefix="/studio")


def _hotline() -> Hotline:
    found: Hotline = current_app.extensions["hotline"]
    return found


@bp.get("")
@role("supervisor")
def page() -> str:
    """Show the studio."""
    watch = token(_hotline().settings.secret_key, "watch", "floor")
    return render_template("studio.html", watch_token=watch)


@bp.get("/api/floor")
@role("supervisor")
def floor() -> Response:
    """Return calls, queue, call backs and agents as they are now."""
    return jsonify(
        calls=_hotline().calls.live(),
        recent=_hotline().calls.recent(20),
        callbacks=_hotline().followups.callbacks(),
        **_hotline().queue.floor(),
        order=_hotline().dispatcher.order(),
        worked=_hotline().reports.agents(_hotline().clock() - timedelta(hours=1)),
        queues=_hotline().reports.queues(_hotline().clock() - timedelta(hours=1)),
    )


@bp.get("/api/understanding")
@role("supervisor")
def understanding() -> Response:
    """Return how well callers were understood, node by node, in the last days (`?days=7`)."""
    days = min(max(request.args.get("days", 7, type=int), 1), 366)
    since = _hotline().clock() - timedelta(days=days)
    return jsonify(days=days, nodes=_hotline().reports.understanding(since))


@bp.get("/api/ratings")
@role("supervisor")
def ratings() -> Response:
    """Return what callers thought in the last days (`?days=30`): by survey, matter, version and agent."""
    days = min(max(request.args.get("days", 30, type=int), 1), 366)
    since = _hotline().clock() - timedelta(days=days)
    return jsonify(days=days, ratings=_hotline().reports.ratings(since))


@bp.get("/api/calls/<call>")
@role("supervisor")
def transcript(call: str) -> Response:
    """Return one call with all its turns, and why it went to whom it went."""
    why = reasons(_hotline().db, call)
    standing = [_hotline().dispatcher.explain(one["ticket"]) for one in why[-1:]]
    return jsonify(**_hotline().calls.transcript(call), why=why, standing=standing[0] if standing else "")


@bp.get("/api/menus")
@role("supervisor")
def draft() -> Response:
    """Return the draft's files with their faults and changes, the versions, and which prompts are ready."""
    current = _hotline().menus.draft()
    return jsonify(
        **current,
        **_checked(current["files"]),
        versions=_hotline().menus.history(),
        prompts=_hotline().prompts.as_data(),
    )


def _checked(files: dict[str, str]) -> dict[str, Any]:
    """Return the faults of files, and what a caller would notice of them; null where they are broken."""
    loaded = check(files)
    changes = _hotline().menus.changes(loaded.flow) if loaded.flow is not None else None
    return {
        "faults": faults_as_data(loaded.faults),
        "changes": [change.as_data() for change in gathered(changes)] if changes is not None else None,
    }


@bp.get("/api/changes")
@role("supervisor")
def changes() -> Response:
    """Return what a caller would notice between two versions: `?old=ID&new=ID`."""
    menus = _hotline().menus
    new = menus.version(request.args.get("new", ""))
    found = menus.changes(new.flow, request.args.get("old", ""))
    return jsonify(changes=[change.as_data() for change in found])


@bp.post("/api/check")
@role("supervisor")
def check_text() -> Response:
    """Check the draft with one file's text changed, keeping nothing."""
    asked = _body()
    files = {**_hotline().menus.draft()["files"], str(asked.get("name")): str(asked.get("text", ""))}
    return jsonify(**_checked(files))


@bp.post("/api/draft")
@role("supervisor")
def save() -> Response:
    """Keep one file in the draft; `text` null removes the file."""
    asked = _body()
    text = asked.get("text")
    revision = asked.get("revision")
    if not isinstance(revision, int):
        raise InvalidInput("say which revision of the draft you began with")
    _hotline().menus.save_draft(
        str(asked.get("name", "")),
        str(text) if text is not None else None,
        revision=revision,
        by=current_user.id,
    )
    return draft()


@bp.delete("/api/draft")
@role("supervisor")
def discard() -> Response:
    """Throw the draft away."""
    _hotline().menus.discard_draft(by=current_user.id)
    return draft()


@bp.post("/api/publish")
@role("supervisor")
def publish() -> Response:
    """Publish the draft; faults keep it from being published."""
    note = str(_body().get("note", ""))[:500]
    _hotline().menus.publish_draft(by=current_user.id, note=note)
    return draft()


@bp.post("/api/rollback")
@role("supervisor")
def roll_back() -> Response:
    """Publish an earlier version again."""
    _hotline().menus.roll_back(str(_body().get("version", "")), by=current_user.id)
    return draft()


def _body() -> dict[str, Any]:
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise InvalidInput("send a JSON object")
    return data
