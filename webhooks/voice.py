"""Webhooks of a live call. Whatever goes wrong, the caller hears words, never an error page.

Two drivers over one dialogue: `stream` opens a media socket and comes back here when the talk is
over; `webhook` (and `text`, for carriers that do the speech) plays a turn, takes an answer, and
comes back for the next turn. Nothing slow runs here: recognition, synthesis and shop actions are
waited for briefly, then covered by a filler and a redirect.
"""

from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any
from urllib.parse import urlencode

import httpx
import structlog
from flask import Blueprint, Response, current_app, request

from audio import pcm as audio
from audio.sounds import hold_music
from ivr.bootstrap import Hotline, tokens
from ivr.dialog.actions import HangUp, JoinQueue, Say
from ivr.dialog.events import Event, Pressed, Silent, Spoke
from ivr.errors import HotlineError, NotFound, TooBusy
from ivr.ports import Transcript
from ivr.service.calls import Part
from ivr.telephony.twilio import signature, twiml
from ivr.telephony.twilio.webhook import ENDED, VoiceRequest, parse
from webhooks.voice_work import Work

log = structlog.get_logger(__name__)
bp = Blueprint("voice", __name__, url_prefix="/voice/twilio")
SORRY = "I am sorry, something went wrong on our side. Please call again in a moment."
BUSY = "All our lines are busy right now. Please call again in a few minutes."
WAIT_RECOGNITION_S = 0.3
WAIT_ACTION_S = 0.8
MOST_PAUSES = 8
"""Times that a caller waits one more second for a recognition before it counts as silence."""


def hotline() -> Hotline:
    """Return the hotline of this application."""
    found: Hotline = current_app.extensions["hotline"]
    return found


def _work() -> Work:
    found: Work = current_app.extensions["voice_work"]
    return found


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
    """Log the failure, tell the caller, end the call politely."""
    call = request.form.get("CallSid", "?")
    if isinstance(error, HotlineError):
        log.error("call failed", call=call, code=error.code, error=str(error))
    else:
        log.error("call failed", call=call, exc_info=error)
    return _xml(twiml.document(twiml.say(SORRY), twiml.hang_up()))


def _xml(document: str) -> Response:
    return Response(document, content_type=twiml.CONTENT_TYPE)


# ---- the call


@bp.post("/incoming")
def incoming() -> Response:
    """Answer a new call. A repeated webhook gets the same answer."""
    asked = parse(request.form)
    if not asked.call:
        raise NotFound("the webhook names no call")
    media = _media(asked)
    name = hotline().effects.caller_name(asked.caller)
    try:
        part = hotline().calls.begin(asked.call, asked.caller, asked.called, media, name)
    except TooBusy as error:
        log.warning("call refused", call=asked.call, why=str(error))
        return _xml(twiml.document(twiml.say(BUSY), twiml.hang_up()))
    if media == "stream":
        return _xml(_stream(asked.call))
    return _xml(_turn(part, media))


def _media(asked: VoiceRequest) -> str:
    if asked.media == "text":
        return "text"
    able = hotline().speech.speaks(hotline().menus.published().flow.language)
    return hotline().settings.media if able else "webhook"


def _stream(call: str) -> str:
    base = hotline().base_url
    socket = base.replace("http", "ws", 1) + "/media/twilio"
    return twiml.connect_stream(socket, _url("next", after="stream"), hotline().calls.stream_token(call))


def _url(what: str, **query: object) -> str:
    return f"{hotline().base_url}/voice/twilio/{what}" + (f"?{urlencode(query)}" if query else "")


@bp.post("/next")
def go_on() -> Response:
    """Go on with a call: after an answer, a pause, the stream, the queue, or an agent."""
    asked = parse(request.form)
    match request.args.get("after"):
        case "stream":
            return _xml(_after_stream(asked.call))
        case "queue":
            return _xml(_after_queue(asked))
        case "agent":
            return _xml(_after_agent(asked))
        case _:
            return _xml(_answered(asked))


def _after_stream(call: str) -> str:
    """The talk is over: into the queue, or the end. A talk that broke off ends with a person."""
    calls = hotline().calls
    part = calls.current(call)
    if part.last is None:
        log.error("the stream broke off", call=call)
        part = calls.rescue(call)
        said = [twiml.say(reply.text) for reply in part.replies if isinstance(reply, Say)]
    else:
        said = []
    return twiml.document(*said, *_ending(part))


def _ending(part: Part) -> list[str]:
    match part.last:
        case JoinQueue(queue=queue):
            return [twiml.enqueue(queue, _url("next", after="queue"), _url("wait"))]
        case HangUp() | None:
            return [twiml.hang_up()]


def _after_queue(asked: VoiceRequest) -> str:
    if asked.queue_result in ("hangup", "error", "system-error"):
        hotline().calls.hang_up(asked.call)
    return twiml.document(twiml.hang_up())


def _after_agent(asked: VoiceRequest) -> str:
    """The bridge has ended; a caller whose agent never answered waits again, in the old place."""
    again = hotline().queue.bridge_ended(asked.call, asked.dial_status)
    ticket = hotline().queue.ticket_of(asked.call) if again else None
    if ticket is not None:
        return twiml.document(twiml.enqueue(ticket.queue, _url("next", after="queue"), _url("wait")))
    return twiml.document(twiml.hang_up())


@bp.post("/status")
def status() -> Response:
    """Take a call-progress callback: an ended call is ended here too."""
    asked = parse(request.form)
    if asked.status in ENDED:
        hotline().calls.hang_up(asked.call)
    return Response(status=204)


# ---- the webhook driver


def _turn(part: Part, media: str, *, waited: int = 0) -> str:
    """Render a part: run its action, or ask, or end."""
    if part.effect is not None:
        following = hotline().calls.settle(part, WAIT_ACTION_S)
        if following is None:
            return _filler(part, media, waited)
        before = "".join(_spoken(reply, media) for reply in part.replies if isinstance(reply, Say))
        document = _turn(following, media)
        return document.replace("<Response>", f"<Response>{before}", 1) if before else document
    to = twiml.Addresses(_url("next", turn=part.turn + 1), _url("next", after="queue"), _url("wait"))
    return twiml.conversation(part.replies, lambda say: _spoken(say, media), to, speech=_speech(part, media))


def _speech(part: Part, media: str) -> str:
    if media == "text":
        return "gather"
    listen = part.listen
    return "record" if listen and hotline().speech.hears(listen.language) else ""


def _filler(part: Part, media: str, waited: int) -> str:
    said = [twiml.pause(1)]
    if waited == 0:
        said = [_spoken(reply, media) for reply in part.replies if isinstance(reply, Say)]
        if part.effect and part.effect.filler:
            said.append(_spoken(part.effect.filler, media))
    again = _url("next", turn=part.turn, part=part.part, waited=waited + 1)
    return twiml.document(*said, twiml.redirect(again))


def _spoken(say: Say, media: str) -> str:
    """Return a prompt as a verb: our own audio, or the carrier's voice where we have none."""
    speech = hotline().speech
    if media == "text" or not speech.speaks(say.language):
        return twiml.say(say.text, say.language)
    speech.render(say.text, say.language)  # begins in a worker; the carrier fetches it in a moment
    _work().promise(speech.key(say.text, say.language), say)
    return twiml.play(_url(f"prompt/{speech.key(say.text, say.language)}.wav"))


def _answered(asked: VoiceRequest) -> str:
    turn = request.args.get("turn", type=int)
    if turn is None or not asked.call:
        raise NotFound("the webhook names no turn")
    call = hotline().calls.head(asked.call)
    media, language = str(call["media"]), str(call["language"])
    part_number = request.args.get("part", type=int)
    if part_number is not None:
        waited = request.args.get("waited", 0, type=int)
        return _turn(hotline().calls.part(asked.call, turn, part_number), media, waited=waited)
    event, kept = _event(asked, turn, language)
    if event is None:
        return _pause_for_words(turn)
    return _turn(hotline().calls.advance(asked.call, turn, event, kept), media)


def _event(asked: VoiceRequest, turn: int, language: str) -> tuple[Event | None, dict[str, Any]]:
    """Return what the caller answered; None while the recognition still runs."""
    now = hotline().clock()
    if asked.digits and not asked.recording_url.endswith("hangup"):
        return Pressed(now, asked.digits), {}
    if asked.speech:
        return Spoke(now, asked.speech, asked.confidence), {
            "text": asked.speech,
            "confidence": asked.confidence,
        }
    if asked.recording_url or "heard" in request.args:
        heard = _words(asked, turn, language)
        if heard is None:
            return None, {}
        if heard.text:
            kept = {"text": heard.text, "confidence": heard.confidence, "engine": heard.engine}
            return Spoke(now, heard.text, heard.confidence), kept
    return Silent(now), {}


def _pause_for_words(turn: int) -> str:
    heard = request.args.get("heard", 0, type=int)
    return twiml.document(twiml.pause(1), twiml.redirect(_url("next", turn=turn, heard=heard + 1)))


def _words(asked: VoiceRequest, turn: int, language: str) -> Transcript | None:
    """Return what a recording says, "" when it cannot be had, None while it is worked on."""
    key = f"{asked.call}:{turn}"
    work = _work().running(key)
    if asked.recording_url:
        work = _work().recognition(key, asked.recording_url, language)
    if work is None or request.args.get("heard", 0, type=int) >= MOST_PAUSES:
        return Transcript("", 0.0)
    try:
        return work.result(WAIT_RECOGNITION_S)
    except FutureTimeout:
        return None
    except (HotlineError, httpx.HTTPError, OSError) as error:
        log.warning("recording not understood", call=asked.call, error=str(error))
        return Transcript("", 0.0)


# ---- sounds


@bp.get("/prompt/<key>.wav")
def prompt(key: str) -> Response:
    """Serve a prompt's audio; it may still be in the making."""
    speech = hotline().speech
    ulaw = speech.stored(key) if key.isalnum() else None
    say = _work().promised(key)
    if ulaw is None and say is not None:
        ulaw = speech.render(say.text, say.language).result(10)
    if ulaw is None:
        return Response("there is no such prompt", status=404)
    return _wav(audio.to_wav(audio.from_ulaw(ulaw)))


@bp.get("/sound/<name>.wav")
def sound(name: str) -> Response:
    """Serve hold music."""
    if name != "calm":
        return Response("there is no such sound", status=404)
    return _wav(audio.to_wav(hold_music()))


def _wav(data: bytes) -> Response:
    return Response(data, mimetype="audio/wav", headers={"Cache-Control": "public, max-age=86400"})


@bp.post("/wait")
def wait() -> Response:
    """What a caller hears in the queue: the place, then music until it is told again."""
    asked = parse(request.form)
    ticket = hotline().queue.ticket_of(asked.call)
    join = hotline().calls.current(asked.call).last
    every_ms = join.announce_every_ms if isinstance(join, JoinQueue) else 0
    verbs = []
    place = hotline().queue.position(ticket.id) if ticket else None
    if ticket is not None and place is not None and every_ms:
        words = "You are next in line." if place == 1 else f"You are number {place} in the queue."
        media = "text" if hotline().calls.head(asked.call)["media"] == "text" else "webhook"
        verbs.append(_spoken(Say(words, "queue", ticket.language), media))
    rounds = max(1, round(every_ms / (len(hold_music()) / audio.RATE * 1000)))
    return _xml(twiml.document(*verbs, *[twiml.play(_url("sound/calm.wav"))] * rounds))
