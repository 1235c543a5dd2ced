"""Tickets: callers who wait for a person, with all that the menu has learnt."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ivr.storage.tables.base import Base


class TicketRow(Base):
    """One caller's place.

    `entered_at` is the place; it only ever grows older, by a place kept from before. `joined_at` is when the
    caller came into the queue this time. A `callback` names what was promised; until its customer is
    `dialled`, `call` is that which asked for it. `told` is what the caller was told of the wait,
    `known_agent` who talked with this number last.

    States: waiting, offered, connecting, connected, wrap_up, done, abandoned, overflowed, left (for a
    call back or another node).
    """

    __tablename__ = "tickets"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    call: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    queue: Mapped[str] = mapped_column(String(64))
    skills: Mapped[dict[str, int]]
    language: Mapped[str] = mapped_column(String(8))
    priority: Mapped[int] = mapped_column(default=0)
    number: Mapped[str] = mapped_column(String(64), default="", index=True)
    known_agent: Mapped[str | None] = mapped_column(String(64))
    callback: Mapped[str | None] = mapped_column(String(24), index=True)
    dialled: Mapped[bool] = mapped_column(default=False)
    not_before: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    matter: Mapped[str | None] = mapped_column(String(64))
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    entered_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(16), default="waiting", index=True)
    offers: Mapped[int] = mapped_column(default=0)
    agent: Mapped[str | None] = mapped_column(String(64), index=True)
    last_agent: Mapped[str | None] = mapped_column(String(64))
    offer: Mapped[str | None] = mapped_column(String(80))
    offer_expires_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)
    connected_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(Text)
    told: Mapped[dict[str, Any] | None]
