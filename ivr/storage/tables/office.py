"""The hotline's own work for customers: cases, what is written to them, proofs of who calls."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ivr.storage.tables.base import Base


class CaseRow(Base):
    """A matter that is followed up: whose it is, by when, and what has become of it.

    States: open, calling (the customer is called back because it is due), closed.
    """

    __tablename__ = "cases"

    number: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), unique=True)
    call: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    severity: Mapped[int] = mapped_column(default=1)
    words: Mapped[str] = mapped_column(Text, default="")
    recording: Mapped[str] = mapped_column(String(40), default="")
    order: Mapped[str] = mapped_column(String(24), default="")
    customer: Mapped[str] = mapped_column(String(32), default="", index=True)
    phone: Mapped[str] = mapped_column(String(32), default="")
    language: Mapped[str] = mapped_column(String(8), default="en")
    queue: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(16), default="open", index=True)


class CaseEventRow(Base):
    """One thing that happened to a case."""

    __tablename__ = "case_events"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    case: Mapped[str] = mapped_column(ForeignKey("cases.number", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(String(24))
    note: Mapped[str] = mapped_column(Text, default="")


class MessageRow(Base):
    """A message to a customer, once per key.

    States: waiting, sending (claimed by `claim`), sent, unsure (it may have been sent), failed (given up).
    """

    __tablename__ = "outbox"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), unique=True)
    call: Mapped[str] = mapped_column(String(64), default="", index=True)
    template: Mapped[str] = mapped_column(String(64), default="")
    channel: Mapped[str] = mapped_column(String(8))
    to: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text)
    secret: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(8), default="waiting", index=True)
    tries: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str] = mapped_column(String(32), default="")
    created_at: Mapped[datetime]
    next_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
    provider_id: Mapped[str] = mapped_column(String(64), default="")
    error: Mapped[str] = mapped_column(Text, default="")


class ProofRow(Base):
    """One try of a caller to prove who they are, or a lock after too many. What was said is not kept."""

    __tablename__ = "proofs"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(128), unique=True)
    call: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(48), index=True)
    caller: Mapped[str] = mapped_column(String(32), default="", index=True)
    factor: Mapped[str] = mapped_column(String(16))
    level: Mapped[int]
    passed: Mapped[bool]
    at: Mapped[datetime]


class CodeRow(Base):
    """A one-time code that was sent: its hash, for whom in which call, and until when it counts."""

    __tablename__ = "codes"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    call: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(48), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    until: Mapped[datetime]
    used: Mapped[bool] = mapped_column(default=False)
