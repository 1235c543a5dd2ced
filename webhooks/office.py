"""The office over JSON: cases and messages for supervisors, a caller's open cases for agents."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request, send_file
from flask_login import current_user

from ivr.bootstrap import Hotline
from ivr.commerce.policy import policies_of
from ivr.errors import Conflict, InvalidInput, NotFound
from ivr.service.cases import MOST_SHOWN
from webhooks.auth import role

bp = Blueprint("office", __name__)
LONGEST_NOTE = 4000
FURTHEST = timedelta(days=366)
"""Nobody is promised an answer later than in a year."""
ON_CALL = ("talking", "wrap_up")


def _hotline() -> Hotline:
    found: Hotline = current_app.extensions["hotline"]
    return found


# ---- cases, for supervisors


@bp.get("/studio/api/cases")
@role("supervisor")
def cases() -> Response:
    """Return the open cases, due soonest first, or the closed ones (`?state=closed`), newest first."""
    state = request.args.get("state", "open")
    if state not in ("open", "closed"):
        raise InvalidInput("the state is open or closed")
    found = _hotline().cases.list(closed=state == "closed")
    queues = sorted(_hotline().menus.published().flow.queues)
    return jsonify(state=state, cases=found, most=MOST_SHOWN, queues=queues)


@bp.get("/studio/api/cases/<number>")
@role("supervisor")
def case(number: str) -> Response:
    """Return one case with its history, who called, and whether its customer's proofs are locked."""
    return _shown(_hotline().cases.one(number))


@bp.post("/studio/api/cases/<number>/note")
@role("supervisor")
def add_note(number: str) -> Response:
    """Add a note to a case."""
    return _shown(_hotline().cases.note(number, current_user.id, _note()))


@bp.post("/studio/api/cases/<number>/close")
@role("supervisor")
def close(number: str) -> Response:
    """Close a case, with a note or without."""
    return _shown(_hotline().cases.close(number, current_user.id, _note()))


@bp.post("/studio/api/cases/<number>/reopen")
@role("supervisor")
def reopen(number: str) -> Response:
    """Take back a close."""
    return _shown(_hotline().cases.reopen(number, current_user.id))


@bp.post("/studio/api/cases/<number>/put-off")
@role("supervisor")
def put_off(number: str) -> Response:
    """Promise another time: `due`, ISO 8601 with its zone."""
    return _shown(_hotline().cases.put_off(number, current_user.id, _due()))


@bp.post("/studio/api/cases/<number>/give")
@role("supervisor")
def give(number: str) -> Response:
    """Give a case to another queue of the published menus."""
    queue, queues = str(_body().get("queue", "")), _hotline().menus.published().flow.queues
    if queue not in queues:
        raise InvalidInput(f"there is no queue '{queue}'; there are {', '.join(sorted(queues))}")
    if _hotline().cases.one(number)["queue"] == queue:
        raise Conflict(f"the case is with {queue} already")
    return _shown(_hotline().cases.give(number, current_user.id, queue))


@bp.post("/studio/api/cases/<number>/unlock")
@role("supervisor")
def unlock(number: str) -> Response:
    """Let the customer of a security case prove again who they are."""
    lock = _lock(_hotline().cases.one(number))
    if lock is None:
        raise Conflict("this case is not about locked proofs")
    if not lock["locked"]:
        raise Conflict("nothing is locked here any more")
    _hotline().standing.unlock(lock["subject"], current_user.id)
    return _shown(_hotline().cases.unlocked(number, current_user.id, lock["subject"]))


@bp.get("/studio/api/cases/<number>/recording")
@role("supervisor")
def recording(number: str) -> Response:
    """Return what the caller said after the tone, as WAV, in ranges where the player asks for them."""
    wav = _hotline().recordings.wav(_hotline().cases.one(number)["recording"])
    return send_file(BytesIO(wav), "audio/wav", conditional=True, download_name=f"case-{number}.wav")


def _shown(found: dict[str, Any]) -> Response:
    return jsonify(**found, name=_name(found), lock=_lock(found))


def _name(found: dict[str, Any]) -> str:
    """Return the name that the shop had for a case's telephone number during the call, if there was one."""
    try:
        call = _hotline().calls.head(found["call_id"])
    except NotFound:
        return ""
    return call["name"] or "" if call["caller"] == found["phone"] else ""


def _lock(found: dict[str, Any]) -> dict[str, Any] | None:
    """Return whose proofs a security case is about, and whether none are taken of them now."""
    subject = found["customer"] or (f"order {found['order']}" if found["order"] else "")
    if found["kind"] != "security" or not subject:
        return None
    rules = policies_of(_hotline().menus.published().flow.policies).verification
    since = _hotline().clock() - timedelta(hours=rules.locked_hours)
    return {"subject": subject, "locked": _hotline().standing.failures(subject, since) >= rules.tries}


# ---- messages, for supervisors


@bp.get("/studio/api/messages")
@role("supervisor")
def messages() -> Response:
    """Return the newest messages to customers, with what became of them."""
    return jsonify(messages=_hotline().outbox.list())


@bp.post("/studio/api/messages/<message>/send-again")
@role("supervisor")
def send_again(message: str) -> Response:
    """Send a message again that failed, or of which nobody knows whether it was sent."""
    return jsonify(_hotline().outbox.send_again(message, current_user.id))


# ---- the open cases of who is on the line, for agents


@bp.get("/desk/api/cases")
@role("agent")
def mine() -> Response:
    """Return the open cases of the customer of the agent's present call."""
    return jsonify(cases=_of_my_caller())


@bp.post("/desk/api/cases/<number>/note")
@role("agent")
def add_note_on_call(number: str) -> Response:
    """Add a note to a case of the present caller."""
    return _done(number, _hotline().cases.note)


@bp.post("/desk/api/cases/<number>/close")
@role("agent")
def close_on_call(number: str) -> Response:
    """Close a case of the present caller, with a note or without."""
    return _done(number, _hotline().cases.close)


def _done(number: str, change: Callable[[str, str, str], Any]) -> Response:
    if all(one["number"] != number for one in _of_my_caller()):
        raise NotFound(f"your caller has no open case {number}")
    change(number, current_user.id, _note())
    return mine()


def _of_my_caller() -> list[dict[str, Any]]:
    """Return open cases by the customer whom the dialogue knows, else by the telephone number."""
    agent = _hotline().queue.agent(current_user.id)
    if agent["state"] not in ON_CALL or not agent["call"]:
        return []
    known = agent["call"]["summary"].get("slots", {}).get("customer") or {}
    if known.get("id"):
        return _hotline().cases.list(customer=str(known["id"]))
    phone = agent["call"]["number"]
    return _hotline().cases.list(phone=phone) if phone else []


# ---- what is asked


def _body() -> dict[str, Any]:
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise InvalidInput("send a JSON object")
    return data


def _note() -> str:
    note = _body().get("note", "")
    if not isinstance(note, str) or "\0" in note or not _sound(note):
        raise InvalidInput("the note is plain text")
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(f"a note has at most {LONGEST_NOTE} characters")
    return note


def _sound(text: str) -> bool:
    """Return whether a text can be written down: half a surrogate pair cannot."""
    return text == text.encode(errors="ignore").decode()


def _due() -> datetime:
    try:
        due = datetime.fromisoformat(str(_body().get("due", "")))
    except ValueError:
        due = None
    if due is None or due.tzinfo is None:
        raise InvalidInput("say the new time in ISO 8601 with its zone, such as 2026-11-24T10:00:00+01:00")
    if due > _hotline().clock() + FURTHEST:
        raise InvalidInput("the new time must be within a year")
    return due
