"""TwiML, rendered from what the dialogue wants (https://www.twilio.com/docs/voice/twiml). Pure.

Documents are formatted texts with escaping: a builder costs 80 times as much.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from ivr.dialog.actions import (
    Expect,
    HangUp,
    JoinQueue,
    Leaving,
    Listen,
    Record,
    Reply,
    Say,
    Transfer,
    Waiting,
)

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
RECORD_SILENCE_S = 2
RECORD_LONGEST_S = 20
CONTENT_TYPE = "text/xml; charset=utf-8"
ALL_KEYS = "1234567890*#"
KEY_WAIT_S = 1
"""How long a key is waited for before a recording begins: the least that <Gather> can do."""


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


def leave() -> str:
    """Return the way out of a queue: what stands behind <Enqueue> follows, or its action."""
    return "<Leave/>"


def gather_key(said: str, action: str, timeout_s: int = 1) -> str:
    """Return prompts during which one key may be pressed; without one the document goes on."""
    return (
        f'<Gather input="dtmf" numDigits="1" finishOnKey="" action={quoteattr(action)} method="POST" '
        f'timeout="{timeout_s}">{said}</Gather>'
    )


def dial(to: str, action: str, timeout_s: int) -> str:
    """Return the way to another telephone: an E.164 number or a SIP address."""
    noun = "Sip" if to.startswith(("sip:", "sips:")) else "Number"
    return (
        f'<Dial action={quoteattr(action)} method="POST" answerOnBridge="true" timeout="{timeout_s}">'
        f"<{noun}>{escape(to)}</{noun}></Dial>"
    )


def record(wanted: Record, action: str) -> str:
    """Return the verb that keeps what the caller says; any key ends it."""
    return (
        f'<Record action={quoteattr(action)} method="POST" timeout="{_seconds(wanted.silence_ms)}" '
        f'maxLength="{_seconds(wanted.longest_ms)}" finishOnKey="{ALL_KEYS}" '
        f'playBeep="{"true" if wanted.beep else "false"}" trim="do-not-trim"/>'
    )


def _seconds(milliseconds: int) -> int:
    """Return whole seconds, at least one and not less than asked for."""
    return max(1, math.ceil(milliseconds / 1000))


def dial_client(identity: str, action: str, ticket: str, timeout_s: int = 20) -> str:
    """Return the document that bridges the caller with an agent's phone in the browser."""
    return document(bridge(identity, action, ticket, timeout_s))


def bridge(identity: str, action: str, ticket: str, timeout_s: int = 20) -> str:
    """Return the verb that bridges the caller with an agent's phone in the browser."""
    return (
        f'<Dial action={quoteattr(action)} method="POST" answerOnBridge="true" timeout="{timeout_s}">'
        f"<Client><Identity>{escape(identity)}</Identity>"
        f'<Parameter name="ticket" value={quoteattr(ticket)}/></Client></Dial>'
    )


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a conversation goes on: with the answer, after a queue and while in it, after a transfer."""

    answer: str
    after_queue: str
    wait: str
    after_transfer: str


def conversation(
    replies: Sequence[Reply], speak: Callable[[Say], str], to: Addresses, *, speech: str = "record"
) -> str:
    """Return a turn of the webhook driver. `speak` renders one prompt as a verb.

    Prompts of a turn that listens go inside <Gather>, so that a key stops them. `speech` tells how
    words are taken: "record" (we recognise them), "gather" (the carrier does), "" (keys only).
    """
    said = "".join(speak(reply) for reply in replies if isinstance(reply, Say))
    for reply in reversed(replies):
        match reply:
            case Listen() | Record():
                return document(*asking(reply, said, to.answer, speech=speech))
            case JoinQueue() | Transfer() | HangUp():
                return document(said, ending(reply, to))
            case Say():
                pass
    return document(said)


def asking(waits: Waiting, said: str, answer: str, *, speech: str) -> list[str]:
    """Return the verbs that take an answer, with its prompts."""
    match waits:
        case Listen():
            return [_gather(waits, said, answer, speech), *_otherwise(answer, speech)]
        case Record() if speech == "gather":
            return [_gather(_words(waits), said, answer, speech), redirect(answer)]
        case Record():
            before = [gather_key(said, answer, KEY_WAIT_S)] if said else []
            return [*before, record(waits, answer)]


def _words(waits: Record) -> Listen:
    """Return what stands for a recording where the carrier hears words only."""
    return Listen(Expect("text"), waits.node, waits.language, no_input_ms=waits.no_input_ms)


def ending(last: Leaving, to: Addresses) -> str:
    """Return the verb that ends the talk with the machine, for a while or for good."""
    match last:
        case JoinQueue(queue=queue):
            return enqueue(queue, to.after_queue, to.wait)
        case Transfer(to=number, timeout_ms=limit):
            return dial(number, to.after_transfer, _seconds(limit))
        case HangUp():
            return hang_up()


def _gather(listen: Listen, said: str, answer: str, speech: str) -> str:
    seconds = max(1, round(listen.no_input_ms / 1000)) if speech != "record" else KEY_WAIT_S
    kinds = "dtmf speech" if speech == "gather" else "dtmf"
    hints = f" hints={quoteattr(', '.join(listen.expect.phrases[:40]))}" if speech == "gather" else ""
    spoken = (
        f' speechTimeout="auto" language={quoteattr(SPOKEN_AS.get(listen.language, listen.language))}{hints}'
    )
    return (
        f'<Gather input="{kinds}" action={quoteattr(answer)} method="POST" numDigits="{listen.max_keys}" '
        f'finishOnKey="{listen.finish_key}" timeout="{seconds}"{spoken if speech == "gather" else ""}>'
        f"{said}</Gather>"
    )


def _otherwise(answer: str, speech: str) -> list[str]:
    """What follows when no key came: record what is said, or report the silence."""
    if speech == "record":
        return [
            f'<Record action={quoteattr(answer)} method="POST" timeout="{RECORD_SILENCE_S}" '
            f'maxLength="{RECORD_LONGEST_S}" finishOnKey="{ALL_KEYS}" playBeep="true" trim="do-not-trim"/>'
        ]
    return [redirect(answer)]
