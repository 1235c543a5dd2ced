"""What the hotline keeps for after a call: call backs in their place, and ratings.

Everything is kept once per idempotency key. A call back keeps the place that the caller had in the
queue; the router dials it when its turn comes.
"""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ivr.errors import NotFound
from ivr.ports import Booking, Clock, Rating
from ivr.service.feed import Feed
from ivr.service.queue import Queue
from ivr.storage.session import Database
from ivr.storage.tables import CallbackRow, CallRow, RatingRow, TicketRow

MOST_SHOWN = 100


class FollowUps:
    """Call backs and ratings in the database."""

    def __init__(self, db: Database, feed: Feed, clock: Clock, queue: Queue) -> None:
        self._db, self._feed, self._clock, self._queue = db, feed, clock, queue

    def book_callback(self, booking: Booking, key: str) -> str:
        """Keep a call back, once per key, at the place that the caller held. Return its number."""
        with self._db.write() as session:
            known = session.scalars(select(CallbackRow).where(CallbackRow.key == key)).first()
            if known is not None:
                return known.id
            call = session.get(CallRow, booking.call)
            if call is None:
                raise NotFound(f"there is no call {booking.call}")
            held = _held_place(session, booking)
            row = CallbackRow(
                id=f"B{secrets.randbelow(900_000) + 100_000}",
                key=key,
                call=booking.call,
                number=booking.number,
                queue=booking.queue,
                skills=dict(booking.skills),
                priority=booking.priority,
                language=call.state.get("language", "en"),
                matter=call.state.get("matter"),
                summary=held.summary if held else _known(call),
                entered_at=held.entered_at if held else self._clock(),
                not_before=booking.not_before,
            )
            session.add(row)
            session.flush()
            ticket = self._queue.add_callback(session, row)
        self._queue.entered(ticket)
        self._feed.publish("callback", callback_data(row))
        return row.id

    def keep_rating(self, rating: Rating, key: str) -> None:
        """Keep a rating, once per key."""
        with self._db.write() as session:
            if session.get(RatingRow, key) is None:
                session.add(
                    RatingRow(
                        key=key,
                        call=rating.call,
                        survey=rating.survey,
                        score=rating.score,
                        reason=rating.reason,
                        at=self._clock(),
                    )
                )

    def last_rating(self, caller: str) -> datetime | None:
        """Return when somebody at a number last gave a rating."""
        if not caller:
            return None
        query = select(func.max(RatingRow.at)).join(CallRow, CallRow.id == RatingRow.call)
        with self._db.read() as session:
            return session.scalar(query.where(CallRow.caller == caller))

    def callbacks(self) -> list[dict[str, Any]]:
        """Return the call backs that wait, the longest promised first."""
        with self._db.read() as session:
            rows = session.scalars(
                select(CallbackRow)
                .where(CallbackRow.state == "waiting")
                .order_by(CallbackRow.entered_at, CallbackRow.id)
                .limit(MOST_SHOWN)
            )
            return [callback_data(row) for row in rows]


def _known(call: CallRow) -> dict[str, Any]:
    """Return what an agent sees of somebody who is called back without having waited."""
    slots = call.state.get("slots", {})
    customer = {"customer": slots["customer"]} if "customer" in slots else {}
    return {"caller": call.caller, "name": call.name, "slots": customer}


def _held_place(session: Session, booking: Booking) -> TicketRow | None:
    """Return the ticket that the caller gave up for the call back."""
    query = select(TicketRow).where(
        TicketRow.call == booking.call, TicketRow.queue == booking.queue, TicketRow.state == "left"
    )
    return session.scalars(query.order_by(TicketRow.entered_at.desc())).first()


def callback_data(row: CallbackRow) -> dict[str, Any]:
    """Return a call back as JSON data."""
    return {
        "id": row.id,
        "call_id": row.call,
        "number": row.number,
        "queue": row.queue,
        "matter": row.matter,
        "language": row.language,
        "state": row.state,
        "entered_at": row.entered_at.isoformat(),
        "not_before": row.not_before.isoformat() if row.not_before else None,
    }
