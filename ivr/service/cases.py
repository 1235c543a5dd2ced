"""Cases: matters that are followed up, with an owner queue, a promised time, a history.

When a case is due its customer is called back: a booking in the owner's queue, once.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ivr.dialog.spoken import masked
from ivr.errors import Conflict, InvalidInput, NotFound
from ivr.ports import Booking, Clock, NewCase, OpenCase
from ivr.service.feed import Feed
from ivr.service.followups import FollowUps
from ivr.storage.session import Database
from ivr.storage.tables import AuditRow, CaseEventRow, CaseRow

log = structlog.get_logger(__name__)
OPEN = ("open", "calling")
MOST_SHOWN, MOST_AT_ONCE = 200, 50
AUDITED = {
    "note": "case.note",
    "closed": "case.close",
    "reopened": "case.reopen",
    "put off": "case.put_off",
    "given": "case.give",
    "unlocked": "case.unlock",
}
"""What people do to a case: as its history says it, and as the audit does."""


class Cases:
    """Cases in tables."""

    def __init__(
        self, db: Database, feed: Feed, clock: Clock, follow: FollowUps, queue_for: Callable[[str], str]
    ) -> None:
        """`queue_for` returns a queue that there is, for one that was wanted."""
        self._db, self._feed, self._clock, self._follow = db, feed, clock, follow
        self._queue_for = queue_for

    def open(self, case: NewCase, key: str) -> OpenCase:
        """Open a case, once per key."""
        now = self._clock()
        with self._db.write() as session:
            known = session.scalars(select(CaseRow).where(CaseRow.key == key)).first()
            if known is not None:
                return OpenCase(known.number, known.kind, known.due_at)
            row = CaseRow(
                number=_new_number(session),
                key=key,
                call=case.call,
                kind=case.kind,
                severity=case.severity,
                words=case.words,
                recording=case.recording,
                order=case.order,
                customer=case.customer,
                phone=case.phone,
                language=case.language,
                queue=self._queue_for(case.queue),
                opened_at=now,
                due_at=now + case.due,
                state="open",
            )
            session.add(row)
            session.flush()
            session.add(CaseEventRow(case=row.number, at=now, who="hotline", what="opened", note=case.kind))
        self._feed.publish("case", case_data(row))
        return OpenCase(row.number, row.kind, row.due_at)

    def open_cases(self, customer: str) -> Sequence[OpenCase]:
        """Return a customer's cases that are not closed, the newest first."""
        query = select(CaseRow).where(CaseRow.customer == customer, CaseRow.state.in_(OPEN))
        with self._db.read() as session:
            rows = session.scalars(query.order_by(CaseRow.opened_at.desc()).limit(MOST_SHOWN))
            return [OpenCase(row.number, row.kind, row.due_at) for row in rows]

    # ---- for people

    def list(self, *, closed: bool = False, customer: str = "", phone: str = "") -> list[dict[str, Any]]:
        """Return cases, the ones due soonest first; closed ones the newest first."""
        query = select(CaseRow).where(CaseRow.state == "closed" if closed else CaseRow.state.in_(OPEN))
        if customer:
            query = query.where(CaseRow.customer == customer)
        if phone:
            query = query.where(CaseRow.phone == phone)
        order = CaseRow.due_at.desc() if closed else CaseRow.due_at
        with self._db.read() as session:
            return [case_data(row) for row in session.scalars(query.order_by(order).limit(MOST_SHOWN))]

    def counts(self) -> dict[str, int]:
        """Return how many cases are open, and how many of them are overdue."""
        of = select(func.count()).where(CaseRow.state.in_(OPEN))
        with self._db.read() as session:
            late = of.where(CaseRow.due_at < self._clock())
            return {"open": session.scalar(of) or 0, "overdue": session.scalar(late) or 0}

    def one(self, number: str) -> dict[str, Any]:
        """Return a case with its history. Raise NotFound."""
        history = select(CaseEventRow).where(CaseEventRow.case == number).order_by(CaseEventRow.id)
        with self._db.read() as session:
            row = _of(session, number)
            events = [
                {"at": one.at.isoformat(), "who": one.who, "what": one.what, "note": one.note}
                for one in session.scalars(history)
            ]
        return {**case_data(row), "history": events}

    def note(self, number: str, who: str, note: str) -> dict[str, Any]:
        """Add a note."""
        if not note.strip():
            raise InvalidInput("write a note first")
        return self._changed(number, who, "note", note.strip(), when=("closed", *OPEN))

    def close(self, number: str, who: str, note: str = "") -> dict[str, Any]:
        """Close a case. Raise Conflict when it is closed already."""
        return self._changed(number, who, "closed", note.strip(), state="closed")

    def reopen(self, number: str, who: str) -> dict[str, Any]:
        """Take back a close; a call back that was booked for it is not booked again."""
        state = "calling" if self._was_due(number) else "open"
        return self._changed(number, who, "reopened", "", when=("closed",), state=state)

    def _was_due(self, number: str) -> bool:
        """Return whether the time that was promised last has been seen to."""
        turns = ("opened", "put off", "due", "call back booked")
        of = select(CaseEventRow.what).where(CaseEventRow.case == number, CaseEventRow.what.in_(turns))
        with self._db.read() as session:
            last = session.scalars(of.order_by(CaseEventRow.id.desc()).limit(1)).first()
        return last in ("due", "call back booked")

    def put_off(self, number: str, who: str, due: datetime) -> dict[str, Any]:
        """Promise another time; the customer is called back then."""
        if due <= self._clock():
            raise InvalidInput("the new time must be in the future")
        return self._changed(number, who, "put off", due.isoformat(), state="open", due_at=due)

    def give(self, number: str, who: str, queue: str) -> dict[str, Any]:
        """Give a case to another queue."""
        return self._changed(number, who, "given", queue, queue=queue)

    def unlocked(self, number: str, who: str, subject: str) -> dict[str, Any]:
        """Note that a person lets a subject prove itself again."""
        return self._changed(number, who, "unlocked", subject, when=("closed", *OPEN))

    def _changed(
        self, number: str, who: str, what: str, note: str, *, when: tuple[str, ...] = OPEN, **values: Any
    ) -> dict[str, Any]:
        """Change a case that is in one of some states, with its history and the audit."""
        now = self._clock()
        with self._db.write() as session:
            row = _of(session, number, to_change=True)
            if row.state not in when:
                raise Conflict(f"case {number} is {'closed' if row.state == 'closed' else 'open'}")
            for name, value in values.items():
                setattr(row, name, value)
            note = masked(note, row.language) if what in ("note", "closed") else note
            session.add(CaseEventRow(case=number, at=now, who=who, what=what, note=note))
            session.add(AuditRow(at=now, who=who, what=AUDITED[what], data={"case": number}))
        self._feed.publish("case", case_data(row))
        return self.one(number)

    # ---- when they are due

    def call_due(self) -> int:
        """Book a call back for every case that has come due, once each; return how many."""
        now, booked = self._clock(), 0
        due = select(CaseRow).where(CaseRow.state == "open", CaseRow.due_at <= now)
        with self._db.read() as session:
            rows = session.scalars(due.order_by(CaseRow.due_at).limit(MOST_AT_ONCE)).all()
        for row in rows:
            booked += self._call(row, now)
        return booked

    def _call(self, row: CaseRow, now: datetime) -> int:
        """Book one; the booking's key makes a repeat after a crash harmless."""
        with self._db.read() as session:
            fresh = session.get(CaseRow, row.number)
        if fresh is None or (fresh.state, fresh.due_at) != (row.state, row.due_at):
            return 0  # somebody has seen to it meanwhile
        what, note = "due", "no number to call"
        if row.phone:
            try:
                booking = Booking(row.call, row.phone, self._queue_for(row.queue), {}, row.severity - 1)
                key = f"case:{row.number}:{row.due_at.isoformat()}"
                what, note = "call back booked", self._follow.book_callback(booking, key)
            except NotFound:
                note = "its call is not kept any more"
        with self._db.write() as session:
            mine = update(CaseRow).where(
                CaseRow.number == row.number, CaseRow.state == "open", CaseRow.due_at == row.due_at
            )
            if session.execute(mine.values(state="calling")).rowcount:  # type: ignore[attr-defined]
                session.add(CaseEventRow(case=row.number, at=now, who="hotline", what=what, note=note))
        self._feed.publish("case", {**case_data(row), "state": "calling"})
        return int(what == "call back booked")


def _of(session: Session, number: str, *, to_change: bool = False) -> CaseRow:
    row = session.get(CaseRow, number, with_for_update=to_change or None)
    if row is None:
        raise NotFound(f"there is no case {number}")
    return row


def _new_number(session: Session) -> str:
    while True:
        number = str(secrets.randbelow(900_000) + 100_000)
        if session.get(CaseRow, number) is None:
            return number


def case_data(row: CaseRow) -> dict[str, Any]:
    """Return a case as JSON data."""
    return {
        "number": row.number,
        "kind": row.kind,
        "severity": row.severity,
        "words": row.words,
        "recording": row.recording,
        "order": row.order,
        "customer": row.customer,
        "phone": row.phone,
        "queue": row.queue,
        "call_id": row.call,
        "language": row.language,
        "state": row.state,
        "opened_at": row.opened_at.isoformat(),
        "due_at": row.due_at.isoformat(),
    }
