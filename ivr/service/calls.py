"""Drive calls: one event in, the replies out, everything stored. The one owner of a call's state.

A turn has a number; a repeated turn returns what was stored and changes nothing; two at once are
settled by the row's version. A turn whose node runs a business action has several parts: what was
said before, and what came after each action.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from ivr.commerce.policy import policies_of
from ivr.commerce.urgency import priority, urgency
from ivr.dialog.actions import Act, HangUp, JoinQueue, Listen, Record, Reply, Say, Transfer
from ivr.dialog.arriving import CUSTOMER
from ivr.dialog.codec import from_data, state_from_data, state_to_data, to_data
from ivr.dialog.engine import begin, rescue, step
from ivr.dialog.events import Acted, CallStarted, Event, HungUp, Pressed, Recorded, Silent, Spoke
from ivr.dialog.flow import Queue as QueueNode
from ivr.dialog.spoken import CARD, is_card, masked
from ivr.dialog.state import Step
from ivr.errors import NotFound, TooBusy
from ivr.ports import Clock
from ivr.service.effects import Caller, Effects, now_at
from ivr.service.feed import Feed
from ivr.service.menus import Menus, Version
from ivr.service.queue import Queue
from ivr.service.sealing import Seal, hidden, hidden_event, is_secret
from ivr.storage.session import Database
from ivr.storage.tables import CallRow, CaseRow, EffectRow, TurnRow

log = structlog.get_logger(__name__)
A_DAY = timedelta(days=1)
SLOW_END_MS = 1200
"""Silence that ends an answer of somebody who speaks slowly."""
LIVE = ("talking", "queued", "agent")


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of a turn asks the driver to do. `effect` still has to be settled."""

    call: str
    turn: int
    part: int
    replies: tuple[Reply, ...]
    effect: Act | None
    understood: str = "nothing"
    node: str = ""
    path: tuple[str, ...] = ()

    @property
    def listen(self) -> Listen | None:
        """Return what is listened for after this part, if anything."""
        return next((r for r in reversed(self.replies) if isinstance(r, Listen)), None)

    @property
    def waits(self) -> Listen | Record | None:
        """Return what keeps the caller in the talk after this part, if anything."""
        return next((r for r in reversed(self.replies) if isinstance(r, Listen | Record)), None)

    @property
    def last(self) -> JoinQueue | Transfer | HangUp | None:
        """Return the reply that ends the talk with the machine, if this part has one."""
        return next((r for r in self.replies if isinstance(r, JoinQueue | Transfer | HangUp)), None)


class Calls:
    """The use cases around one call."""

    def __init__(
        self,
        db: Database,
        menus: Menus,
        effects: Effects,
        queue: Queue,
        feed: Feed,
        clock: Clock,
        max_calls: int,
        seal: Seal,
    ) -> None:
        self._db, self._menus, self._effects, self._queue = db, menus, effects, queue
        self._feed, self._clock, self._max_calls, self._seal = feed, clock, max_calls, seal

    # ---- a call's way

    def begin(
        self,
        call: str,
        caller: str,
        called: str,
        media: str,
        language: str = "",
    ) -> Part:
        """Start a call with the published menus; a repeat returns the first turn again.

        `caller` is E.164, "" when withheld. `language` is the one to begin in, where the hotline speaks it;
        else the one that a known customer prefers.

        Raise NotFound when no menu is published, TooBusy when all lines are taken.
        """
        known = self._part(call, 0, 0)
        if known is not None:
            return known
        self._admit()
        version = self._menus.published()
        now = self._clock()
        known_as = self._effects.caller(caller, version.flow.policies)
        language = language or str(known_as.get("language") or "")
        event = CallStarted(now, caller, called, lot_of(call), language, known_as)
        done = step(version.flow, begin(version.flow), event)
        row = CallRow(
            id=call,
            caller=caller,
            called=called,
            name=str(known_as["name"]) if known_as.get("name") else None,
            level=str(known_as.get("level") or ""),
            media=media,
            menu_version=version.id,
            state=state_to_data(done.state),
            stream_token=secrets.token_urlsafe(24) if media == "stream" else None,
            started_at=now,
        )
        try:
            with self._db.write() as session:
                session.add(row)
                session.flush()
                part = self._keep_turn(session, row, 0, event, done)
        except IntegrityError:  # the same webhook, a moment earlier
            return self._known(call, 0, 0)
        self._tell_call(row)
        self._after(part, event, row)
        return part

    def _admit(self) -> None:
        with self._db.read() as session:
            count = (
                session.scalar(select(func.count()).select_from(CallRow).where(CallRow.status.in_(LIVE))) or 0
            )
        if count >= self._max_calls:
            raise TooBusy(f"all {self._max_calls} lines are taken")

    def advance(self, call: str, turn: int, event: Event, heard: Mapping[str, Any] | None = None) -> Part:
        """Take the caller's answer to a turn. `heard` holds measurements to keep beside it.

        Raise NotFound for an unknown call or a turn that has not come yet.
        """
        row = self._row(call)
        if turn < row.turn:
            return self._known(call, turn, 0)
        if turn > row.turn:
            raise NotFound(f"call {call} has not come to turn {turn}")
        version = self._menus.version(row.menu_version)
        event, heard = without_cards(event, heard or {}, _language(row))
        if isinstance(event, Spoke) and not event.intents:
            event = replace(event, intents=version.rank(event.text, _language(row)))
        return self._stored(call, turn, event, version, heard)

    def _stored(self, call: str, turn: int, event: Event, version: Version, heard: Mapping[str, Any]) -> Part:
        try:
            with self._db.write() as session:
                row = session.get_one(CallRow, call)
                if row.turn != turn:
                    return self._known(call, turn, 0)
                before = state_from_data(row.state)
                done = self._seal.step(version.flow, step(version.flow, before, event))
                row.state, row.turn = state_to_data(done.state), turn + 1
                where = {"node": before.node, "asked_back": before.place.asking is not None}
                if is_secret(version.flow, before.node):
                    event, heard = hidden_event(event), {}
                part = self._keep_turn(session, row, turn, event, done, {**heard, **where})
        except (IntegrityError, StaleDataError):
            return self._known(call, turn, 0)
        if before.place.asking is not None and isinstance(version.flow.nodes[before.node], QueueNode):
            self._stay_or_leave(part)
        self._after(part, event, row, heard)
        return part

    def _stay_or_leave(self, part: Part) -> None:
        """Give up the place of a waiting caller who was asked about a call back and has said yes."""
        if not isinstance(part.last, JoinQueue):
            self._queue.leave(part.call)

    def settle(self, part: Part, wait_s: float | None = None) -> Part | None:
        """Run a part's action and return the next part, or None if it runs longer than `wait_s`."""
        known = self._part(part.call, part.turn, part.part + 1)
        if known is not None or part.effect is None:
            return known
        row = self._row(part.call)
        version = self._menus.version(row.menu_version)
        key = f"{part.call}:{part.turn}:{part.part}:{part.effect.action}"
        caller = Caller(part.call, row.caller, _language(row))
        acted = self._effects.run(key, caller, part.effect, version.flow.policies, wait_s)
        if acted is None:
            return None
        return self._settled(part, now_at(acted, self._clock), version)

    def _settled(self, part: Part, acted: Acted, version: Version) -> Part:
        try:
            with self._db.write() as session:
                row = session.get_one(CallRow, part.call)
                kept = session.get_one(TurnRow, (part.call, part.turn))
                if len(kept.parts) > part.part + 1:
                    return self._known(part.call, part.turn, part.part + 1)
                done = self._seal.step(version.flow, step(version.flow, state_from_data(row.state), acted))
                row.state = state_to_data(done.state)
                kept.parts = [*kept.parts[:-1], _without_secrets(kept.parts[-1])]
                following = self._keep_part(session, row, kept, done, acted)
        except StaleDataError:
            return self._known(part.call, part.turn, part.part + 1)
        self._after(following, acted, row)
        return following

    def rescue(self, call: str) -> Part:
        """Something broke on our side: apologise and hand the caller to a person."""
        row = self._row(call)
        version = self._menus.version(row.menu_version)
        event = Silent(self._clock())
        with self._db.write() as session:
            row = session.get_one(CallRow, call)
            done = rescue(version.flow, state_from_data(row.state), event)
            row.state, row.turn = state_to_data(done.state), row.turn + 1
            part = self._keep_turn(session, row, row.turn - 1, event, done, {"rescued": True})
        self._after(part, event, row)
        return part

    def phrase(self, call: str, name: str) -> str:
        """Return one of the hotline's own phrases, as the call's menus have it in its language."""
        row = self._row(call)
        return self._menus.version(row.menu_version).flow.speaking(_language(row)).phrases[name]

    def current(self, call: str) -> Part:
        """Return the newest part of the newest turn: where the driver goes on after a gap."""
        row = self._row(call)
        with self._db.read() as session:
            kept = session.get_one(TurnRow, (call, row.turn - 1))
        return self._known(call, row.turn - 1, len(kept.parts) - 1)

    def part(self, call: str, turn: int, part: int) -> Part:
        """Return a stored part. Raise NotFound when there is none."""
        return self._known(call, turn, part)

    def would_take(self, call: str, text: str, confidence: float) -> bool:
        """Return whether these words would be a complete answer now; nothing is changed."""
        row = self._row(call)
        version = self._menus.version(row.menu_version)
        event = Spoke(self._clock(), text, confidence, version.rank(text, _language(row)))
        return step(version.flow, state_from_data(row.state), event).understood == "taken"

    def hang_up(self, call: str) -> None:
        """Take the end of the line, whoever caused it; a repeat is harmless."""
        with self._db.write() as session:
            row = session.get(CallRow, call)
            if row is None or row.status == "ended":
                return
            now = self._clock()
            version = self._menus.version(row.menu_version)
            done = step(version.flow, state_from_data(row.state), HungUp(now))
            row.outcome = "transferred" if row.status == "agent" else done.state.outcome
            row.state, row.status, row.ended_at = state_to_data(done.state), "ended", now
        self._queue.caller_gone(call)
        self._tell_call(row)

    def called_back(self, call: str, ticket: str, customer: str, our_number: str) -> str | None:
        """Begin the call by which a customer is called back. Return the agent; None when nobody waits."""
        agent = None
        with self._db.write() as session:
            version, language = self._menus.published(), self._queue.language_of(session, ticket)
            if language is not None and session.get(CallRow, call) is None:
                state = begin(version.flow)
                session.add(
                    CallRow(
                        id=call,
                        caller=customer,
                        called=our_number,
                        media="webhook",
                        menu_version=version.id,
                        state={**state_to_data(state), "language": language},
                        status="agent",
                        started_at=self._clock(),
                    )
                )
        if language is not None:
            agent = self._queue.dialled(ticket, call)
        self._tell_call(self._row(call)) if agent else None
        return agent

    def claim_stream(self, call: str, token: str) -> bool:
        """Return whether this token opens the call's audio; it does so once."""
        with self._db.write() as session:
            row = session.get(CallRow, call)
            if row is None or row.stream_token is None or row.status == "ended":
                return False
            if not secrets.compare_digest(row.stream_token, token):
                return False
            row.stream_token = None
        return True

    def goes_on(self, call: str) -> bool:
        """Return whether a caller whom a person has left on the line has somewhere to go."""
        row = self._row(call)
        node = self._menus.version(row.menu_version).flow.nodes.get(str(row.state.get("node")))
        live = row.status != "ended" and row.state.get("outcome") is None
        return live and isinstance(node, QueueNode) and node.afterwards is not None

    def stream_token(self, call: str) -> str:
        """Return the one-use token for a call's audio, "" when it is used up."""
        return self._row(call).stream_token or ""

    def reopen_stream(self, call: str) -> str:
        """Return a fresh one-use token: the talk goes on after a queue or a transfer."""
        with self._db.write() as session:
            row = session.get(CallRow, call)
            if row is None or row.status == "ended":
                raise NotFound(f"there is no live call {call}")
            row.stream_token = secrets.token_urlsafe(24)
            return row.stream_token

    def set_status(self, call: str, status: str) -> None:
        """Note where a live call is: talking, queued or agent."""
        with self._db.write() as session:
            row = session.get(CallRow, call)
            if row is None or row.status == "ended" or row.status == status:
                return
            row.status = status
        self._tell_call(row)

    # ---- what is kept

    def _keep_turn(
        self,
        session: Session,
        row: CallRow,
        turn: int,
        event: Event,
        done: Step,
        heard: Mapping[str, Any] | None = None,
    ) -> Part:
        kept = TurnRow(
            call=row.id,
            number=turn,
            at=event.at,
            event=to_data(event),
            understood=done.understood,
            parts=[],
            heard=dict(heard or {}),
        )
        session.add(kept)
        return self._keep_part(session, row, kept, done)

    def _keep_part(
        self, session: Session, row: CallRow, kept: TurnRow, done: Step, acted: Acted | None = None
    ) -> Part:
        data = {
            "replies": [to_data(reply) for reply in _at_ease(done)],
            "effect": to_data(done.effect) if done.effect else None,
            "understood": done.understood,
            "node": done.state.node,
            "path": list(done.path),
            "acted": to_data(acted) if acted else None,
        }
        kept.parts = [*kept.parts, data]
        row.status = _status(row.status, done)
        for join in (r for r in done.replies if isinstance(r, JoinQueue)):
            session.flush()
            data["ticket"] = self._queue.add(session, row, *self._classified(session, row, join))
        return _part_of(row.id, kept.number, len(kept.parts) - 1, data)

    def _classified(
        self, session: Session, row: CallRow, join: JoinQueue
    ) -> tuple[JoinQueue, dict[str, Any]]:
        """Return what is asked of the queue with the priority that the policies give, and why, for agents."""
        summary = self._summary(session, row)
        rules = policies_of(self._menus.version(row.menu_version).flow.policies).priority
        before = select(func.count()).where(
            CallRow.caller == row.caller, CallRow.id != row.id, CallRow.ended_at > self._clock() - A_DAY
        )
        calls = session.scalar(before) or 0 if row.caller else 0
        customer = row.state.get("slots", {}).get(CUSTOMER) or {}
        cases = select(func.count()).where(
            CaseRow.customer == str(customer.get("id") or "-"), CaseRow.state != "closed"
        )
        open_cases = session.scalar(cases) or 0
        reasons = urgency(rules, join.matter, summary["said"], row.level, calls, open_cases)
        summary["urgency"] = [{"because": one.because, "counts": one.counts} for one in reasons]
        return replace(join, priority=priority(rules, join.priority, reasons)), summary

    def _summary(self, session: Session, row: CallRow) -> dict[str, Any]:
        """Return what an agent needs to know before saying hello: who, what, which order, what was tried."""
        turns = session.scalars(select(TurnRow).where(TurnRow.call == row.id).order_by(TurnRow.number)).all()
        acts = session.scalars(select(EffectRow).where(EffectRow.call == row.id).order_by(EffectRow.at)).all()
        said = [turn.event["text"] for turn in turns if turn.event["kind"] == "Spoke"]
        slots = row.state.get("slots", {})
        order = slots.get("order")
        return {
            "caller": row.caller,
            "name": row.name,
            "matter": row.state.get("matter"),
            "order": order.get("number") if isinstance(order, dict) else order,
            "slots": slots,
            "said": said[-6:],
            "tried": [f"{act.action}: {act.outcome}" for act in acts],
            "misses": sum(turn.understood == "missed" for turn in turns),
        }

    def _after(self, part: Part, event: Event, row: CallRow, heard: Mapping[str, Any] | None = None) -> None:
        """Tell the router and the listeners, once the turn is committed."""
        self._feed.publish("turn", turn_data(part, event, heard or {}))
        if any(isinstance(reply, JoinQueue) for reply in part.replies):
            ticket = self._queue.ticket_of(row.id)
            if ticket is not None:
                self._queue.entered(ticket.id)
            self._tell_call(row)

    def _tell_call(self, row: CallRow) -> None:
        self._feed.publish("call", call_data(row))

    # ---- what is shown

    def live(self) -> list[dict[str, Any]]:
        """Return the calls that are on the line now, oldest first."""
        with self._db.read() as session:
            rows = session.scalars(
                select(CallRow).where(CallRow.status.in_(LIVE)).order_by(CallRow.started_at)
            )
            return [call_data(row) for row in rows]

    def recent(self, limit: int = 50) -> list[dict[str, Any]]:
        """Return the newest calls, live and ended."""
        with self._db.read() as session:
            rows = session.scalars(select(CallRow).order_by(CallRow.started_at.desc()).limit(limit))
            return [call_data(row) for row in rows]

    def transcript(self, call: str) -> dict[str, Any]:
        """Return a call with all its turns. Raise NotFound."""
        row = self._row(call)
        with self._db.read() as session:
            turns = session.scalars(
                select(TurnRow).where(TurnRow.call == call).order_by(TurnRow.number)
            ).all()
        lines = [
            turn_data(
                _part_of(call, turn.number, n, data), _event_of(turn, data), turn.heard if n == 0 else {}
            )
            for turn in turns
            for n, data in enumerate(turn.parts)
        ]
        return {**call_data(row), "turns": lines}

    def head(self, call: str) -> dict[str, Any]:
        """Return a call without its turns. Raise NotFound."""
        row = self._row(call)
        return {**call_data(row), "language": row.state.get("language", "en")}

    def end_all_lost(self) -> int:
        """End the calls whose audio a restart has cut; called once at start. Return how many."""
        with self._db.read() as session:
            rows = session.scalars(
                select(CallRow.id).where(CallRow.status == "talking", CallRow.media == "stream")
            ).all()
        for call in rows:
            self.hang_up(call)
        return len(rows)

    # ---- rows

    def _row(self, call: str) -> CallRow:
        with self._db.read() as session:
            row = session.get(CallRow, call)
        if row is None:
            raise NotFound(f"there is no call {call}")
        return row

    def _part(self, call: str, turn: int, part: int) -> Part | None:
        with self._db.read() as session:
            kept = session.get(TurnRow, (call, turn))
        if kept is None or len(kept.parts) <= part:
            return None
        return _part_of(call, turn, part, kept.parts[part])

    def _known(self, call: str, turn: int, part: int) -> Part:
        known = self._part(call, turn, part)
        if known is None:
            raise NotFound(f"call {call} has no turn {turn}")
        return known


def _without_secrets(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part whose action has run, without what was said in confidence for it."""
    effect = part["effect"]
    return {**part, "effect": effect and {**effect, "inputs": hidden(effect["inputs"])}}


def _part_of(call: str, turn: int, part: int, data: Mapping[str, Any]) -> Part:
    return Part(
        call,
        turn,
        part,
        tuple(from_data(reply) for reply in data["replies"]),
        from_data(data["effect"]) if data["effect"] else None,
        data["understood"],
        data["node"],
        tuple(data["path"]),
    )


def without_cards(event: Event, heard: Mapping[str, Any], language: str) -> tuple[Event, Mapping[str, Any]]:
    """Return what came in with every card number masked, before anything of it is read, kept or told."""
    match event:
        case Pressed(digits=digits) if is_card(digits):
            return Spoke(event.at, CARD, 1.0), {}
        case Spoke(text=text) | Recorded(text=text) if (plain := masked(text, language)) != text:
            kept = {name: plain if name == "text" else value for name, value in heard.items()}
            if isinstance(event, Spoke):
                return Spoke(event.at, plain, event.confidence), kept
            return replace(event, text=plain), kept
        case _:
            return event, heard


def _at_ease(done: Step) -> tuple[Reply, ...]:
    """Return the replies; who is known to need more time to answer has half as much again."""
    known = done.state.slots.get(CUSTOMER)
    if not (isinstance(known, dict) and known.get("pace") == "slow"):
        return done.replies
    return tuple(
        replace(
            reply,
            no_input_ms=reply.no_input_ms * 3 // 2,
            inter_digit_ms=reply.inter_digit_ms * 3 // 2,
            end_ms=reply.end_ms * 3 // 2 or SLOW_END_MS,
        )
        if isinstance(reply, Listen)
        else reply
        for reply in done.replies
    )


def lot_of(call: str) -> int:
    """Return a call's lot, 0 to 99, for prompts of several wordings: the same whenever it is asked for."""
    return int(hashlib.sha256(call.encode()).hexdigest()[:8], 16) % 100


def _status(before: str, done: Step) -> str:
    """Return where a call is after a step: with the machine, in a queue, or with somebody else."""
    match next(iter(done.replies[-1:]), None):
        case None:
            return before
        case JoinQueue():
            return "queued"
        case Transfer():
            return "agent"
        case _:
            return "talking"


def _language(row: CallRow) -> str:
    return str(row.state.get("language", "en"))


def _event_of(turn: TurnRow, data: Mapping[str, Any]) -> Event:
    event: Event = from_data(data["acted"] or turn.event)
    return event


def turn_data(part: Part, event: Event, heard: Mapping[str, Any]) -> dict[str, Any]:
    """Return one part of a turn as JSON data: what came in, what was made of it, what is said."""
    return {
        "call_id": part.call,
        "turn": part.turn,
        "part": part.part,
        "event": to_data(event),
        "understood": part.understood,
        "node": part.node,
        "path": list(part.path),
        "acting": part.effect is not None,
        "waits": type(part.waits).__name__ if part.waits else None,
        "said": [reply.text for reply in part.replies if isinstance(reply, Say)],
        "said_at": [reply.node for reply in part.replies if isinstance(reply, Say)],
        "ends": to_data(part.last) if part.last else None,
        "heard": dict(heard),
    }


def call_data(row: CallRow) -> dict[str, Any]:
    """Return a call as JSON data."""
    return {
        "call_id": row.id,
        "caller": row.caller,
        "name": row.name,
        "called": row.called,
        "media": row.media,
        "status": row.status,
        "outcome": row.outcome,
        "node": row.state.get("node"),
        "matter": row.state.get("matter"),
        "menu_version": row.menu_version,
        "started_at": _text(row.started_at),
        "ended_at": _text(row.ended_at),
    }


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
