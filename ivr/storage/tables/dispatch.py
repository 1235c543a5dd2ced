"""Which process matches callers with agents, and what it decided."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ivr.storage.tables.base import Base


class LeaseRow(Base):
    """The one row of a lease. `token` grows by one with every taker: it fences off those before.

    `wakes` counts how often another process has changed something that the holder must look at.
    """

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    holder: Mapped[str] = mapped_column(String(128), default="")
    token: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime | None]
    wakes: Mapped[int] = mapped_column(default=0)


class DecisionRow(Base):
    """What became of a ticket, and why: an offer with its reasons, and how it ended.

    `what` is offered, withdrawn, connected, moved, overflowed or merged; `token` is the lease's at the time.
    """

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    token: Mapped[int]
    ticket: Mapped[str] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    agent: Mapped[str | None] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(String(16))
    because: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
