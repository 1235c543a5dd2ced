"""The agent's desk: ready or paused, the offer that rings, the call, the wrap-up."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask_login import current_user

from ivr.bootstrap import Hotline
from ivr.errors import InvalidInput
from ivr.service.menus import skills_of
from webhooks.auth import role, token

bp = Blueprint("desk", __name__, url_prefix="/desk")
STATES = ("ready", "paused", "away")


def _hotline() -> Hotline:
    found: Hotline = current_app.extensions["hotline"]
    return found


@bp.get("")
@role("agent")
def page() -> str:
    """Show the desk."""
    secret = _hotline().settings.secret_key
    return render_template(
        "desk.html",
        agent=current_user.id,
        line_token=token(secret, "client", current_user.id),
        watch_token=token(secret, "watch", f"agent:{current_user.id}"),
    )


@bp.get("/api/me")
@role("agent")
def me() -> Response:
    """Return the agent's state and present call."""
    return jsonify(_hotline().queue.agent(current_user.id))


@bp.get("/api/calls/<call>")
@role("agent")
def transcript(call: str) -> Response:
    """Return the talk so far of the agent's own present call."""
    mine = _hotline().queue.agent(current_user.id)["call"]
    if not mine or mine["call_id"] != call:
        return jsonify(turns=[])
    return jsonify(_hotline().calls.transcript(call))


@bp.post("/api/state")
@role("agent")
def set_state() -> Response:
    """Become ready, paused or away."""
    asked = _body()
    if asked.get("state") not in STATES:
        raise InvalidInput(f"the state is one of {', '.join(STATES)}")
    _hotline().queue.set_state(current_user.id, asked["state"], str(asked.get("reason") or "")[:64] or None)
    return me()


@bp.post("/api/offers/<offer>/accept")
@role("agent")
def accept(offer: str) -> Response:
    """Take the call that rings."""
    call = _hotline().queue.accept(current_user.id, offer)
    _hotline().calls.set_status(call, "agent")
    return me()


@bp.post("/api/offers/<offer>/reject")
@role("agent")
def reject(offer: str) -> Response:
    """Turn the call down."""
    _hotline().queue.reject(current_user.id, offer)
    return jsonify(ok=True)


@bp.post("/api/hangup")
@role("agent")
def hang_up() -> Response:
    """End the present call."""
    _hotline().queue.hang_up(current_user.id)
    return jsonify(ok=True)


@bp.get("/api/queues")
@role("agent")
def queues() -> Response:
    """Return the queues that a caller may be passed on to, with how many agents are ready there."""
    flow, floor = _hotline().menus.published().flow, _hotline().queue.floor()
    ready = [agent["skills"] for agent in floor["agents"] if agent["state"] == "ready"]
    found = []
    for name in sorted(flow.queues):
        needed = skills_of(flow, name, flow.language)
        able = sum(all(skills.get(skill, 0) >= level for skill, level in needed.items()) for skills in ready)
        waiting = sum(one["queue"] == name and one["state"] == "waiting" for one in floor["tickets"])
        found.append({"queue": name, "ready": able, "waiting": waiting})
    return jsonify(queues=found)


@bp.post("/api/transfer")
@role("agent")
def transfer() -> Response:
    """Pass the present caller on to another queue, with a note."""
    asked, flow = _body(), _hotline().menus.published().flow
    queue, mine = str(asked.get("queue", "")), _hotline().queue.agent(current_user.id)["call"]
    if queue not in flow.queues:
        raise InvalidInput(f"there is no queue '{queue}'; there are {', '.join(sorted(flow.queues))}")
    skills = skills_of(flow, queue, mine["language"] if mine else flow.language)
    call = _hotline().queue.transfer(current_user.id, queue, skills, str(asked.get("note", "")))
    _hotline().calls.set_status(call, "queued")
    return me()


@bp.post("/api/note")
@role("agent")
def note() -> Response:
    """Keep a note on the present call."""
    asked = _body()
    _hotline().queue.note(current_user.id, str(asked.get("ticket", "")), str(asked.get("note", "")))
    return jsonify(ok=True)


def _body() -> dict[str, Any]:
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise InvalidInput("send a JSON object")
    return data
