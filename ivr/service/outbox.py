"""The outbox: what is written to customers is kept first, then sent, retried for a day, and never twice.

A message is claimed before it is sent. If the process dies or the provider does not say whether it took
the message, the provider is asked (`find`); where that cannot be told the message is *unsure*: shown to a
person, and not sent again by itself.
"""

import threading
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import func, select, update

from ivr.errors import Conflict, NotFound, Unavailable, Undeliverable, Unsure
from ivr.ports import Clock, Letter, Sender
from ivr.service.feed import Feed
from ivr.storage.session import Database
from ivr.storage.tables import AuditRow, MessageRow

log = structlog.get_logger(__name__)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
GIVE_UP, SECRETS_LAST = timedelta(hours=24), timedelta(minutes=10)
"""So long a message is tried; codes are good for some minutes only."""
CLAIMED = timedelta(minutes=5)
"""After so long a message that is still being sent belongs to a process that died."""
STUCK = ("failed", "unsure")
"""States out of which only a person brings a message."""
MOST_AT_ONCE, MOST_SHOWN = 50, 200


class Outbox:
    """Messages in a table, and the ways out by channel."""

    def __init__(self, db: Database, feed: Feed, clock: Clock, senders: Mapping[str, Sender]) -> None:
        self._db, self._feed, self._clock, self._senders = db, feed, clock, senders
        self.posted = threading.Event()

    def post(self, letter: Letter, key: str) -> None:
        """Keep a letter to be sent, once per key."""
        now = self._clock()
        with self._db.write() as session:
            if session.scalar(select(MessageRow.id).where(MessageRow.key == key)) is not None:
                return
            row = MessageRow(
                id=uuid.uuid4().hex,
                key=key,
                call=letter.call,
                template=letter.template,
                channel=letter.channel,
                to=letter.to,
                subject=letter.subject,
                text=letter.text,
                secret=letter.secret,
                created_at=now,
                next_at=now,
            )
            session.add(row)
            session.flush()
        self._tell(row)
        self.posted.set()

    # ---- sending

    def send_due(self) -> int:
        """Send what is due and see to what a dead process left; return how many have left."""
        self.posted.clear()
        now = self._clock()
        open_ones = MessageRow.state.in_(("waiting", "sending"))
        due = select(MessageRow).where(open_ones, MessageRow.next_at <= now)
        with self._db.read() as session:
            rows = session.scalars(due.order_by(MessageRow.next_at, MessageRow.id).limit(MOST_AT_ONCE)).all()
        return sum(self._send(row) for row in rows)

    def _send(self, row: MessageRow) -> bool:
        now = self._clock()
        claim = uuid.uuid4().hex
        mine = update(MessageRow).where(
            MessageRow.id == row.id, MessageRow.state == row.state, MessageRow.claim == row.claim
        )
        with self._db.write() as session:
            taken = mine.values(state="sending", claim=claim, next_at=now + CLAIMED)
            if not session.execute(taken).rowcount:  # type: ignore[attr-defined]
                return False
        letter, sender = letter_of(row), self._senders[row.channel]
        try:
            provider = sender.find(row.id, letter, row.created_at) if row.state == "sending" else ""
            if provider is None:
                return self._settle(row, claim, "unsure", error="nobody can tell whether it was sent")
            return self._settle(row, claim, "sent", provider_id=provider or sender.send(row.id, letter))
        except Undeliverable as error:
            return self._settle(row, claim, "failed", error=str(error))
        except Unsure as error:
            return self._settle(row, claim, "sending", error=str(error))
        except Unavailable as error:
            return self._later(row, claim, str(error))
        except Exception as error:  # a fault of ours: the message stays claimed, and the provider is asked
            log.exception("a message could not be sent", message=row.id)
            return self._settle(row, claim, "sending", error=type(error).__name__)

    def _later(self, row: MessageRow, claim: str, error: str) -> bool:
        """Try again after a while that grows; after a day a person has to look."""
        now = self._clock()
        if now - row.created_at > (SECRETS_LAST if row.secret else GIVE_UP):
            return self._settle(row, claim, "failed", error=error)
        wait = min(FIRST_WAIT * 2 ** min(row.tries, 10), LONGEST_WAIT)
        state = row.state  # what may have been sent already is asked about again, not sent
        return self._settle(row, claim, state, error=error, tries=row.tries + 1, next_at=now + wait)

    def _settle(self, row: MessageRow, claim: str, state: str, **values: Any) -> bool:
        sent: dict[str, Any] = {"sent_at": self._clock()} if state == "sent" else {}
        if row.secret and state in ("sent", *STUCK):
            sent |= {"text": "", "subject": ""}
        mine = update(MessageRow).where(MessageRow.id == row.id, MessageRow.claim == claim)
        with self._db.write() as session:
            session.execute(mine.values(state=state, **sent, **values))
            now_is = session.get_one(MessageRow, row.id, populate_existing=True)
        if state in STUCK:
            log.warning("a message was not sent", message=row.id, state=state, why=values.get("error"))
        self._tell(now_is)
        return state == "sent"

    # ---- for people

    def list(self, *, call: str = "") -> list[dict[str, Any]]:
        """Return the newest messages, all or those of a call."""
        query = select(MessageRow).order_by(MessageRow.created_at.desc(), MessageRow.id).limit(MOST_SHOWN)
        if call:
            query = query.where(MessageRow.call == call)
        with self._db.read() as session:
            return [message_data(row) for row in session.scalars(query)]

    def counts(self) -> dict[str, int]:
        """Return how many messages are in which state."""
        query = select(MessageRow.state, func.count()).group_by(MessageRow.state)
        with self._db.read() as session:
            return {str(row[0]): int(row[1]) for row in session.execute(query).all()}

    def send_again(self, id: str, who: str = "hotline") -> dict[str, Any]:
        """Send a message that failed, or of which nobody knows, because a person says so."""
        now = self._clock()
        with self._db.write() as session:
            row = session.get(MessageRow, id)
            if row is None:
                raise NotFound(f"there is no message {id}")
            if row.secret:
                raise Conflict("nothing is kept of it: the caller has to ask for a new one")
            if row.state not in STUCK:
                raise Conflict(f"the message is {row.state}")
            row.state, row.tries, row.error = "waiting", 0, ""
            row.created_at = row.next_at = now
            session.add(AuditRow(at=now, who=who, what="message.send_again", data={"message": id}))
        self._tell(row)
        self.posted.set()
        return message_data(row)

    def _tell(self, row: MessageRow) -> None:
        self._feed.publish("message", message_data(row))


def letter_of(row: MessageRow) -> Letter:
    """Return what a row holds, as a letter."""
    channel: Any = row.channel
    return Letter(channel, row.to, row.text, row.subject, row.template, row.call)


def message_data(row: MessageRow) -> dict[str, Any]:
    """Return a message as JSON data; its text is not shown, it may hold a code."""
    return {
        "id": row.id,
        "call_id": row.call,
        "template": row.template,
        "channel": row.channel,
        "to": row.to,
        "state": row.state,
        "again": row.state in STUCK and not row.secret,
        "tries": row.tries,
        "created_at": row.created_at.isoformat(),
        "sent_at": row.sent_at.isoformat() if row.sent_at else None,
        "error": row.error,
    }
