"""Webhooks of a live call. Whatever goes wrong, the caller hears words, never an error page.

Two drivers over one dialogue: `stream` opens a media socket and comes back here when the talk is
over; `webhook` (and `text`, for carriers that do the speech) plays a turn, takes an answer, and
comes back for the next turn. Nothing slow runs here: recognition, synthesis and shop actions are
waited for briefly, then covered by a filler and a redirect.
"""

import structlog
from flask import Blueprint, Response, request

from audio import pcm as audio
from ivr.bootstrap import tokens
from ivr.dialog.actions import Record, Say
from ivr.dialog.events import Silent, Transferred
from ivr.errors import HotlineError, NotFound, TooBusy
from ivr.service.calls import Part
from ivr.telephony.twilio import signature, twiml
from ivr.telephony.twilio.webhook import ENDED, VoiceRequest, parse
from webhooks.voice_answer import answer, hung_up
from webhooks.voice_turn import (
    addresses,
    asked_again,
    ending,
    hotline,
    onward,
    render,
    spoken,
    stream,
    url,
    work,
)
from webhooks.voice_wait import music, waiting

log = structlog.get_logger(__name__)
bp = Blueprint("voice", __name__, url_prefix="/voice/twilio")
SORRY = "I am sorry, something went wrong on our side. Please call again in a moment."
BUSY = "All our lines are busy right now. Please call again in a few minutes."
CHANGED = "I am sorry, our call back has come at the wrong moment. We will call you again."
LAST_WORDS_S = 3.0
"""So long the end of a call waits for a message that is being kept."""
PAUSE_S = 5
FAILED_QUEUES = ("error", "system-error", "queue-full")
TRANSFERS = {
    "completed": "answered",
    "answered": "answered",
    "busy": "busy",
    "no-answer": "no_answer",
}
"""What the carrier calls the end of a transfer; everything else has failed."""


# ---- at the door


@bp.before_request
def check_signature() -> tuple[str, int] | None:
    """Refuse what the carrier has not signed. Sounds are public: their names cannot be guessed."""
    if request.endpoint in ("voice.sound", "voice.prompt"):
        return None
    path = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or _rebuilt()
    form = [(name, value) for name, values in request.form.lists() for value in values]
    good = signature.valid(
        hotline().base_url + path,
        form,
        tokens(hotline().settings),
        request.headers.get("X-Twilio-Signature"),
        request.get_data(),
    )
    if not good:
        log.warning("signature refused", path=request.path)
        return "the signature is missing or wrong", 403
    return None


def _rebuilt() -> str:
    query = request.query_string.decode("latin-1")
    return request.path + (f"?{query}" if query else "")


@bp.errorhandler(Exception)
def apologise(error: Exception) -> Response:
    """Log the failure and tell the caller: a person takes over if that can still be arranged.

    Who waits for a person already keeps waiting.
    """
    call = request.form.get("CallSid", "?")
    if isinstance(error, HotlineError):
        log.error("call failed", call=call, code=error.code, error=str(error))
    else:
        log.error("call failed", call=call, exc_info=error)
    if request.endpoint == "voice.wait" and not isinstance(error, NotFound):
        return _xml(twiml.document(twiml.pause(PAUSE_S)))
    return _xml(_sorry() if isinstance(error, NotFound) else _rescued(call))


def _sorry() -> str:
    return twiml.document(twiml.say(SORRY), twiml.hang_up())


def _rescued(call: str) -> str:
    """Hand a caller to a person after a failure of ours. The carrier speaks: our voice may be at fault."""
    try:
        part = hotline().calls.rescue(call)
    except Exception as error:  # nothing is left to try  # noqa: BLE001
        log.error("rescue failed", call=call, error=str(error))
        return _sorry()
    if part.last is None:
        return _sorry()
    return ending(part, *_said(part))


def _said(part: Part) -> list[str]:
    return [twiml.say(reply.text, reply.language) for reply in part.replies if isinstance(reply, Say)]


def _xml(document: str) -> Response:
    return Response(document, content_type=twiml.CONTENT_TYPE)


# ---- the call


@bp.post("/incoming")
def incoming() -> Response:
    """Answer a new call. A repeated webhook gets the same answer."""
    asked = parse(request.form, hotline().settings.region)
    if not asked.call:
        raise NotFound("the webhook names no call")
    media = _media(asked)
    language = hotline().settings.language_of(asked.called)
    try:
        part = hotline().calls.begin(asked.call, asked.caller, asked.called, media, language)
    except TooBusy as error:
        log.warning("call refused", call=asked.call, why=str(error))
        return _xml(twiml.document(twiml.say(BUSY), twiml.hang_up()))
    if media == "stream":
        return _xml(stream(asked.call, hotline().calls.stream_token(asked.call)))
    return _xml(render(part, media))


def _media(asked: VoiceRequest) -> str:
    if asked.media == "text":
        return "text"
    able = hotline().speech.speaks(hotline().menus.published().flow.language)
    return hotline().settings.media if able else "webhook"


@bp.post("/next")
def go_on() -> Response:
    """Go on with a call: after an answer, a pause, the stream, the queue, a transfer, or an agent."""
    asked = parse(request.form)
    match request.args.get("after"):
        case "stream":
            return _xml(_after_stream(asked.call))
        case "queue":
            return _xml(_after_queue(asked))
        case "transfer":
            return _xml(_after_transfer(asked))
        case "agent":
            return _xml(_after_agent(asked))
        case _:
            return _xml(_answered(asked))


def _turn_named() -> int:
    turn = request.args.get("turn", type=int)
    if turn is None:
        raise NotFound("the webhook names no turn")
    return turn


def _after_stream(call: str) -> str:
    """The talk is over: into the queue, to another telephone, or the end.

    A talk that broke off ends with a person; what must still be asked for that is asked by webhooks.
    """
    part = hotline().calls.current(call)
    if part.last is not None:
        return ending(part)
    log.error("the stream broke off", call=call)
    part = hotline().calls.rescue(call)
    if part.last is None:
        return render(part, "webhook")
    return ending(part, *_said(part))


def _after_queue(asked: VoiceRequest) -> str:
    """The caller has left the queue: on with the talk, or the end."""
    calls = hotline().calls
    if asked.queue_result == "leave":
        media = str(calls.head(asked.call)["media"])
        return onward(calls.part(asked.call, _turn_named(), 0), media)
    if asked.queue_result == "hangup":
        calls.hang_up(asked.call)
    if asked.queue_result in FAILED_QUEUES:
        log.error("queue failed", call=asked.call, result=asked.queue_result)
        calls.hang_up(asked.call)
        return _sorry()
    return twiml.document(twiml.hang_up())


def _after_transfer(asked: VoiceRequest) -> str:
    """The other telephone is done with, or nobody answered there: the dialogue says what follows."""
    calls = hotline().calls
    if asked.status in ENDED:
        calls.hang_up(asked.call)
        return twiml.document(twiml.hang_up())
    outcome = TRANSFERS.get(asked.dial_status, "failed")
    part = calls.advance(asked.call, _turn_named(), Transferred(hotline().clock(), outcome))
    return onward(part, str(calls.head(asked.call)["media"]))


def _after_agent(asked: VoiceRequest) -> str:
    """The bridge has ended; a caller whose agent never answered waits again, in the old place."""
    hotline().queue.bridge_ended(asked.call, asked.dial_status)
    ticket = hotline().queue.ticket_of(asked.call)  # an open one: not answered, or passed on
    if ticket is None:
        return _afterwards(asked)
    to = addresses(hotline().calls.current(asked.call))
    return twiml.document(twiml.enqueue(ticket.queue, to.after_queue, to.wait))


def _afterwards(asked: VoiceRequest) -> str:
    """The person has hung up and the caller has not: on with what the menus have for that, else the end."""
    calls = hotline().calls
    part = calls.current(asked.call)
    if asked.status in ENDED or not calls.goes_on(asked.call):
        return twiml.document(twiml.hang_up())
    following = calls.advance(asked.call, part.turn + 1, Transferred(hotline().clock(), "answered"))
    return onward(following, str(calls.head(asked.call)["media"]))


def _answered(asked: VoiceRequest) -> str:
    """Take what the caller answered to the turn that the address names."""
    turn = _turn_named()
    calls, media = hotline().calls, str(hotline().calls.head(asked.call)["media"])
    number = request.args.get("part", type=int)
    if number is not None:
        waited = request.args.get("waited", 0, type=int)
        return render(calls.part(asked.call, turn, number), media, waited=waited)
    part = calls.current(asked.call)
    if part.turn + 1 != turn and not asked.hung_up:  # a repeat; or a turn that never was, which is refused
        return render(calls.advance(asked.call, turn, Silent(hotline().clock())), media)
    if asked.hung_up:
        hung_up(asked, part)
        return twiml.document(twiml.hang_up())
    if isinstance(part.waits, Record) and asked.digits == "#" and not asked.recording_url:
        return asked_again(part, part.waits, media)
    return _taken(asked, part, media)


def _taken(asked: VoiceRequest, part: Part, media: str) -> str:
    given = answer(asked, part)
    if given is None:
        heard = request.args.get("heard", 0, type=int)
        again = url("next", turn=part.turn + 1, heard=heard + 1)
        return twiml.document(twiml.pause(1), twiml.redirect(again))
    following = hotline().calls.advance(asked.call, part.turn + 1, given.event, given.heard)
    hotline().recordings.end(asked.call)
    return render(following, media)


@bp.post("/callback")
def called_back() -> Response:
    """A customer has answered a call back: a greeting, and over to the agent who waits."""
    asked, ticket = parse(request.form), request.args.get("ticket", "")
    agent = hotline().calls.called_back(asked.call, ticket, asked.called, asked.caller)
    if agent is None:
        return _xml(twiml.document(twiml.say(CHANGED), twiml.hang_up()))
    language = str(hotline().calls.head(asked.call)["language"])
    greeting = spoken(Say(hotline().calls.phrase(asked.call, "calling_back"), "queue", language), "webhook")
    return _xml(twiml.document(greeting, twiml.bridge(agent, url("next", after="agent"), ticket)))


@bp.post("/wait")
def wait() -> Response:
    """Tell what a caller hears in the queue, round by round."""
    return _xml(waiting(parse(request.form)))


@bp.post("/status")
def status() -> Response:
    """Take a call-progress callback: an ended call is ended here too, once its last words are kept."""
    asked = parse(request.form)
    ticket = request.args.get("ticket")
    if ticket and asked.status in ENDED:
        hotline().queue.not_answered(ticket)  # nothing happens where the customer has answered
    if asked.status in ENDED:
        hotline().recordings.wait_end(asked.call, LAST_WORDS_S)
        hotline().calls.hang_up(asked.call)
    return Response(status=204)


# ---- sounds


@bp.get("/prompt/<key>.wav")
def prompt(key: str) -> Response:
    """Serve a prompt's audio; it may still be in the making."""
    speech = hotline().speech
    ulaw = speech.stored(key) if key.isalnum() else None
    say = work().promised(key)
    if ulaw is None and say is not None:
        ulaw = speech.render(say.text, say.language).result(10)
    if ulaw is None:
        return Response("there is no such prompt", status=404)
    return _wav(audio.to_wav(audio.from_ulaw(ulaw)))


@bp.get("/sound/<name>.wav")
def sound(name: str) -> Response:
    """Serve hold music, or the first `s` seconds of it."""
    if name != "calm":
        return Response("there is no such sound", status=404)
    return _wav(music(request.args.get("s", type=int)))


def _wav(data: bytes) -> Response:
    return Response(data, mimetype="audio/wav", headers={"Cache-Control": "public, max-age=86400"})
