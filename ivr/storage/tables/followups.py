"""What is kept for after a call: call backs, ratings, and what callers said after the tone."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ivr.storage.tables.base import Base


class CallbackRow(Base):
    """A call back that was promised. `entered_at` is its place; states: waiting, done, cancelled."""

    __tablename__ = "callbacks"

    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), unique=True)
    call: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    number: Mapped[str] = mapped_column(String(24), index=True)
    queue: Mapped[str] = mapped_column(String(64))
    skills: Mapped[dict[str, int]]
    priority: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(String(8))
    matter: Mapped[str | None] = mapped_column(String(64))
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    entered_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(16), default="waiting", index=True)


class RatingRow(Base):
    """What a caller thought of a call, with the menus that the call had."""

    __tablename__ = "ratings"

    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    call: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    survey: Mapped[str] = mapped_column(String(64), index=True)
    score: Mapped[int]
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class RecordingRow(Base):
    """What a caller said after a tone: a WAV file of its name in the folder of recordings."""

    __tablename__ = "recordings"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    call: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    node: Mapped[str] = mapped_column(String(64))
    ms: Mapped[int]
    text: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(index=True)
