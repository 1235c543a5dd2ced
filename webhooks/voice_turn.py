"""A part of a call as a document for the carrier: its prompts, what is waited for, and where it goes on.

Every address names the turn that follows, so that a repeated webhook meets what was stored.
"""

from urllib.parse import urlencode

from flask import current_app

from ivr.bootstrap import Hotline
from ivr.dialog.actions import Listen, Record, Say
from ivr.service.calls import Part
from ivr.telephony.twilio import twiml
from webhooks.voice_work import Work

WAIT_ACTION_S = 0.8


def hotline() -> Hotline:
    """Return the hotline of this application."""
    found: Hotline = current_app.extensions["hotline"]
    return found


def work() -> Work:
    """Return what the webhook driver has under way."""
    found: Work = current_app.extensions["voice_work"]
    return found


def url(what: str, **query: object) -> str:
    """Return the address of one of our webhooks."""
    return f"{hotline().base_url}/voice/twilio/{what}" + (f"?{urlencode(query)}" if query else "")


def addresses(part: Part) -> twiml.Addresses:
    """Return where the call goes on after a part."""
    turn = part.turn + 1
    return twiml.Addresses(
        answer=url("next", turn=turn),
        after_queue=url("next", after="queue", turn=turn),
        wait=url("wait", turn=turn),
        after_transfer=url("next", after="transfer", turn=turn),
    )


# ---- how a call goes on


def stream(call: str, token: str) -> str:
    """Return the document that opens our media socket; `token` does so once."""
    socket = hotline().base_url.replace("http", "ws", 1) + "/media/twilio"
    return twiml.connect_stream(socket, url("next", after="stream"), token)


def onward(part: Part, media: str) -> str:
    """Return the document after a queue or a transfer: the talk goes on with this part, or it is over.

    A part that asks for nothing at all would leave the caller alone: then a person takes over.
    """
    if part.effect is None and part.waits is None and part.last is None:
        part = hotline().calls.rescue(part.call)
    if media != "stream":
        return render(part, media)
    silent = part.effect is None and not any(isinstance(reply, Say) for reply in part.replies)
    if part.last is not None and silent:
        return ending(part)
    calls = hotline().calls
    return stream(part.call, calls.stream_token(part.call) or calls.reopen_stream(part.call))


def ending(part: Part, *said: str) -> str:
    """Return the document that ends the talk with the machine, for a while or for good."""
    verb = twiml.ending(part.last, addresses(part)) if part.last is not None else twiml.hang_up()
    return twiml.document(*said, verb)


# ---- a turn by webhooks


def render(part: Part, media: str, *, waited: int = 0) -> str:
    """Render a part: run its action, or ask, or end."""
    if part.effect is not None:
        following = hotline().calls.settle(part, WAIT_ACTION_S)
        if following is None:
            return _filler(part, media, waited)
        before = "".join(spoken(reply, media) for reply in part.replies if isinstance(reply, Say))
        document = render(following, media)
        return document.replace("<Response>", f"<Response>{before}", 1) if before else document
    how = speech_by(part, media)
    if isinstance(part.waits, Record) and how == "record":
        hotline().recordings.begin(part.call)
    return twiml.conversation(part.replies, lambda say: spoken(say, media), addresses(part), speech=how)


def asked_again(part: Part, record: Record, media: str) -> str:
    """Return a recording without its prompt, for a caller who knows it and has pressed #."""
    how = speech_by(part, media)
    return twiml.document(*twiml.asking(record, "", addresses(part).answer, speech=how))


def speech_by(part: Part, media: str) -> str:
    """Return how words are taken: the carrier "gather"s them, we "record" them, or "" for keys only."""
    if media == "text":
        return "gather"
    waits = part.waits
    if isinstance(waits, Listen) and waits.secret:
        return ""  # the carrier would keep the recording of a PIN
    keeps = isinstance(waits, Record) or (waits is not None and hotline().speech.hears(waits.language))
    return "record" if keeps else ""


def _filler(part: Part, media: str, waited: int) -> str:
    said = [twiml.pause(1)]
    if waited == 0:
        said = [spoken(reply, media) for reply in part.replies if isinstance(reply, Say)]
        if part.effect and part.effect.filler:
            said.append(spoken(part.effect.filler, media))
    again = url("next", turn=part.turn, part=part.part, waited=waited + 1)
    return twiml.document(*said, twiml.redirect(again))


def spoken(say: Say, media: str) -> str:
    """Return a prompt as a verb: our own audio, or the carrier's voice where we have none."""
    speech = hotline().speech
    if media == "text" or not speech.speaks(say.language):
        return twiml.say(say.text, say.language)
    speech.render(say.text, say.language)  # begins in a worker; the carrier fetches it in a moment
    work().promise(speech.key(say.text, say.language), say)
    return twiml.play(url(f"prompt/{speech.key(say.text, say.language)}.wav"))
