"""What a caller hears in a queue, round by round: the place, music, an offer to be called back.

A round lasts until the next thing to happen, as far as that is known. What the caller has been told
travels in the address of the next round, so a repeat is harmless; the ticket keeps it, too, for reports and
for who comes back from a talk.
"""

import math
from dataclasses import dataclass, replace

import structlog
from flask import request

from audio import pcm as audio
from audio.sounds import CHORD_S, hold_music
from ivr.dialog.actions import JoinQueue, Say
from ivr.dialog.events import Event, Offered, Pressed, Waited
from ivr.routing.estimate import Said, last_said, say
from ivr.storage.tables import TicketRow
from ivr.telephony.twilio import twiml
from ivr.telephony.twilio.webhook import VoiceRequest
from webhooks.voice_turn import hotline, spoken, url

log = structlog.get_logger(__name__)
LONGEST_ROUND_S = 48.0
OFFER_EVERY_S = 60.0
"""How often a call back is offered where the menus announce nothing."""
MUSIC_S = len(hold_music()) / audio.RATE
CALL_BACK_KEY = "1"
CHARS_PER_S = 15
"""How fast words are spoken, about."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller has been told: the place (0 for none), when anything was last said, the offer, the wait.

    `minutes` is the range that was told last, at `minutes_at`: neither it nor the place ever rises.
    """

    place: int = 0
    at: float = 0.0
    offered: bool = False
    minutes: tuple[int, int] | None = None
    minutes_at: float = 0.0

    def query(self) -> dict[str, object]:
        """Return it as parts of an address."""
        low, high = self.minutes or (0, 0)
        wait = {} if self.minutes is None else {"wait": f"{low}-{high}", "since": round(self.minutes_at)}
        return {"told": self.place, "at": round(self.at), "offered": int(self.offered), **wait}

    @property
    def said(self) -> Said:
        """Return it as the estimate's own record."""
        return Said(self.minutes, self.place or None)


def waiting(asked: VoiceRequest) -> str:
    """Return the next round, or the way out of the queue once the caller has left it or may do so."""
    calls = hotline().calls
    part = calls.current(asked.call)
    turn = request.args.get("turn", part.turn + 1, type=int)
    join = part.last
    if turn != part.turn + 1 or not isinstance(join, JoinQueue):
        return twiml.document(twiml.leave())  # a repeat: the way out has been taken
    ticket = hotline().queue.ticket_of(asked.call)
    if ticket is None and join.overflow_after_ms is not None and hotline().queue.overflowed(asked.call):
        calls.advance(asked.call, turn, Waited(hotline().clock(), join.overflow_after_ms))
        return twiml.document(twiml.leave())
    if ticket is None:
        return _without_place(asked.call)
    if _ask_in_words(asked.call, join, ticket):
        calls.advance(asked.call, turn, Offered(hotline().clock()))
        return twiml.document(twiml.leave())  # the place is kept while we talk
    event = _way_out(asked, join, ticket)
    if event is not None and hotline().queue.leave(asked.call):
        calls.advance(asked.call, turn, event)
        return twiml.document(twiml.leave())
    return _round(asked.call, turn, join, ticket)


def _without_place(call: str) -> str:
    """The ticket is gone though the caller is here: a person must not wait for ever."""
    if hotline().calls.head(call)["status"] == "ended" or hotline().queue.answered(call):
        return twiml.document(twiml.hang_up())
    log.error("a waiting caller has no ticket", call=call)
    hotline().calls.rescue(call)
    return twiml.document(twiml.leave())


def _ask_in_words(call: str, join: JoinQueue, ticket: TicketRow) -> bool:
    """Return whether a call back is offered now where we understand the answer, and take note of it."""
    told = _told(ticket)
    if told.offered or ticket.state != "waiting" or hotline().calls.head(call)["media"] == "text":
        return False
    if not hotline().speech.hears(ticket.language):
        return False
    if not _may_offer(join, hotline().queue.waited_ms(ticket.id)):
        return False
    now = hotline().clock().timestamp()
    hotline().queue.keep_told(ticket.id, replace(told, at=now, offered=True).query())
    return True


def _may_offer(join: JoinQueue, waited_ms: int) -> bool:
    """Return whether it is time to offer a call back, and not yet time to leave the queue."""
    late = join.overflow_after_ms is not None and waited_ms >= join.overflow_after_ms
    return join.callback_after_ms is not None and waited_ms >= join.callback_after_ms and not late


def _way_out(asked: VoiceRequest, join: JoinQueue, ticket: TicketRow) -> Event | None:
    now = hotline().clock()
    if asked.digits == CALL_BACK_KEY and "offer" in request.args and join.callback_after_ms is not None:
        return Pressed(now, CALL_BACK_KEY)
    waited = hotline().queue.waited_ms(ticket.id)
    if join.overflow_after_ms is not None and waited >= join.overflow_after_ms:
        return Waited(now, waited)
    return None


# ---- one round


def _round(call: str, turn: int, join: JoinQueue, ticket: TicketRow) -> str:
    waited_s = hotline().queue.waited_ms(ticket.id) / 1000
    offers = _may_offer(join, round(waited_s * 1000))
    told, words = _words(call, join, ticket, offers=offers)
    if words:
        hotline().queue.keep_told(ticket.id, told.query())
    media = "text" if hotline().calls.head(call)["media"] == "text" else "webhook"
    said = "".join(spoken(Say(text, "queue", ticket.language), media) for text in words)
    left_s = _round_s(join, waited_s, told) - sum(map(len, words)) / CHARS_PER_S
    heard = said + _hold(max(1.0, left_s), join.music)
    again = twiml.redirect(url("wait", turn=turn, **told.query()))
    if offers:
        heard = twiml.gather_key(heard, url("wait", turn=turn, offer=1, **told.query()))
    return twiml.document(heard, again)


def _words(call: str, join: JoinQueue, ticket: TicketRow, *, offers: bool) -> tuple[Told, list[str]]:
    """Return what is said in this round, and what the caller will have been told then."""
    now = hotline().clock().timestamp()
    told = _told(ticket)
    due = now - told.at >= _every_s(join)
    words = []
    if due and join.announce_every_ms > 0 and (now_said := _estimate(join, ticket, told)) is not None:
        if now_said.position is not None:
            words.append(_place_in_words(call, now_said.position))
        if now_said.minutes is not None:
            words.append(_wait_in_words(call, now_said.minutes))
        last = last_said(now_said, told.said)
        told = replace(told, place=last.position or 0, minutes=last.minutes)
        if now_said.minutes is not None:
            told = replace(told, minutes_at=now)
    if offers and (due or not told.offered):
        words.append(hotline().calls.phrase(call, "offer_callback"))
        told = replace(told, offered=True)
    return (replace(told, at=now) if words else told), words


def _told(ticket: TicketRow) -> Told:
    """Return what the address tells of earlier rounds; who comes back from a talk has only the ticket."""
    given = request.args.to_dict() if "told" in request.args else ticket.told or {}
    low, _, high = str(given.get("wait", "")).partition("-")
    try:
        return Told(
            int(given.get("told", 0)),
            float(given.get("at", 0.0)),
            str(given.get("offered")) == "1",
            (int(low), int(high)) if low.isdigit() and high.isdigit() else None,
            float(given.get("since", 0.0)),
        )
    except ValueError:
        return Told()


def _estimate(join: JoinQueue, ticket: TicketRow, told: Told) -> Said | None:
    """Return what may be said of place and wait, as far as the menus want it; None: stay silent."""
    place = hotline().queue.position(ticket.id) if "position" in join.announce else None
    wait = hotline().queue.wait_ms(ticket.id) if "wait_range" in join.announce else None
    return say(wait, place, told.said)


def _place_in_words(call: str, place: int) -> str:
    if place == 1:
        return hotline().calls.phrase(call, "next_in_line")
    return hotline().calls.phrase(call, "place_in_line").replace("{place}", str(place))


def _wait_in_words(call: str, minutes: tuple[int, int]) -> str:
    low, high = minutes
    name = "wait_short" if high <= 1 else "wait_up_to" if low == 0 else "wait_between"
    phrase = hotline().calls.phrase(call, name)
    return phrase.replace("{low}", str(low)).replace("{high}", str(high))


def _announces(join: JoinQueue) -> bool:
    return join.announce_every_ms > 0 and bool(join.announce)


def _every_s(join: JoinQueue) -> float:
    return join.announce_every_ms / 1000 if _announces(join) else OFFER_EVERY_S


def _round_s(join: JoinQueue, waited_s: float, told: Told) -> float:
    """Return how long a round lasts: until something is told or offered, or the wait is over."""
    since = hotline().clock().timestamp() - told.at
    every = _every_s(join)
    ends = [LONGEST_ROUND_S, every - since if 0 <= since < every else every]
    for limit in (join.callback_after_ms, join.overflow_after_ms):
        if limit is not None and limit / 1000 > waited_s:
            ends.append(limit / 1000 - waited_s)
    return max(1.0, min(ends))


def _hold(seconds: float, music: str) -> str:
    """Return verbs that last so long; music is cut between its chords where that does not matter."""
    if music == "none":
        return twiml.pause(math.ceil(seconds))
    if seconds > CHORD_S:
        seconds = math.ceil(seconds / CHORD_S) * CHORD_S
    whole, rest = divmod(math.ceil(seconds), round(MUSIC_S))
    verbs = [twiml.play(url("sound/calm.wav"))] * whole
    if rest:
        verbs.append(twiml.play(url("sound/calm.wav", s=rest)))
    return "".join(verbs)


def music(seconds: int | None) -> bytes:
    """Return hold music as WAV, all of it or its beginning."""
    pcm = hold_music()
    return audio.to_wav(pcm[: max(1, seconds) * audio.RATE] if seconds else pcm)
