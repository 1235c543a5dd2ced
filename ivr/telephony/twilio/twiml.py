"""TwiML, rendered from what the dialogue wants (https://www.twilio.com/docs/voice/twiml). Pure.

Documents are formatted texts with escaping: a builder costs 80 times as much.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from ivr.dialog.actions import HangUp, JoinQueue, Listen, Reply, Say

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
RECORD_SILENCE_S = 2
RECORD_LONGEST_S = 20
CONTENT_TYPE = "text/xml; charset=utf-8"
ALL_KEYS = "1234567890*#"


def document(*verbs: str) -> str:
    """Return a whole document."""
    return f"{HEAD}<Response>{''.join(verbs)}</Response>"


def connect_stream(socket: str, action: str, token: str) -> str:
    """Return the document that opens a two-way media stream; `token` opens our side once."""
    return document(
        f"<Connect action={quoteattr(action)}><Stream url={quoteattr(socket)}>"
        f'<Parameter name="token" value={quoteattr(token)}/></Stream></Connect>'
    )


def say(text: str, language: str = "en") -> str:
    """Return a prompt that the carrier speaks itself."""
    return f"<Say language={quoteattr(SPOKEN_AS.get(language, language))}>{escape(text)}</Say>"


SPOKEN_AS = {"en": "en-US", "zh": "cmn-CN", "ko": "ko-KR"}


def play(url: str) -> str:
    """Return a prompt that the carrier fetches."""
    return f"<Play>{escape(url)}</Play>"


def pause(seconds: int) -> str:
    """Return a pause."""
    return f'<Pause length="{seconds}"/>'


def redirect(url: str) -> str:
    """Return the way to the next document."""
    return f'<Redirect method="POST">{escape(url)}</Redirect>'


def hang_up() -> str:
    """Return the end of the call."""
    return "<Hangup/>"


def reject(reason: str = "busy") -> str:
    """Return the document that does not answer the call at all."""
    return document(f"<Reject reason={quoteattr(reason)}/>")


def enqueue(queue: str, action: str, wait: str) -> str:
    """Return the way into a queue; `wait` is asked again and again while the caller holds."""
    return (
        f'<Enqueue action={quoteattr(action)} method="POST" waitUrl={quoteattr(wait)} '
        f'waitUrlMethod="POST">{escape(queue)}</Enqueue>'
    )


def dial_client(identity: str, action: str, ticket: str, timeout_s: int = 20) -> str:
    """Return the document that bridges the caller with an agent's phone in the browser."""
    return document(
        f'<Dial action={quoteattr(action)} method="POST" answerOnBridge="true" timeout="{timeout_s}">'
        f"<Client><Identity>{escape(identity)}</Identity>"
        f'<Parameter name="ticket" value={quoteattr(ticket)}/></Client></Dial>'
    )


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a webhook conversation goes on: the answer's action, the queue's two addresses."""

    answer: str
    after_queue: str
    wait: str


def conversation(
    replies: Sequence[Reply], speak: Callable[[Say], str], to: Addresses, *, speech: str = "record"
) -> str:
    """Return a turn of the webhook driver. `speak` renders one prompt as a verb.

    Prompts of a turn that listens go inside <Gather>, so that a key stops them. `speech` tells how
    words are taken: "record" (we recognise them), "gather" (the carrier does), "" (keys only).
    """
    listen = next((reply for reply in reversed(replies) if isinstance(reply, Listen)), None)
    said = "".join(speak(reply) for reply in replies if isinstance(reply, Say))
    if listen is not None:
        return document(_gather(listen, said, to, speech), *_otherwise(listen, to, speech))
    verbs = [said]
    for reply in replies:
        match reply:
            case JoinQueue(queue=queue):
                verbs.append(enqueue(queue, to.after_queue, to.wait))
            case HangUp():
                verbs.append(hang_up())
            case Say() | Listen():
                pass
    return document(*verbs)


def _gather(listen: Listen, said: str, to: Addresses, speech: str) -> str:
    seconds = max(1, round(listen.no_input_ms / 1000)) if speech != "record" else 1
    kinds = "dtmf speech" if speech == "gather" else "dtmf"
    finish = "#" if listen.finish_key else ""
    hints = f" hints={quoteattr(', '.join(listen.expect.phrases[:40]))}" if speech == "gather" else ""
    spoken = (
        f' speechTimeout="auto" language={quoteattr(SPOKEN_AS.get(listen.language, listen.language))}{hints}'
    )
    return (
        f'<Gather input="{kinds}" action={quoteattr(to.answer)} method="POST" numDigits="{listen.max_keys}" '
        f'finishOnKey="{finish}" timeout="{seconds}"{spoken if speech == "gather" else ""}>{said}</Gather>'
    )


def _otherwise(listen: Listen, to: Addresses, speech: str) -> list[str]:
    """What follows when no key came: record what is said, or report the silence."""
    if speech == "record":
        return [
            f'<Record action={quoteattr(to.answer)} method="POST" timeout="{RECORD_SILENCE_S}" '
            f'maxLength="{RECORD_LONGEST_S}" finishOnKey="{ALL_KEYS}" playBeep="true" trim="do-not-trim"/>'
        ]
    return [redirect(to.answer)]
