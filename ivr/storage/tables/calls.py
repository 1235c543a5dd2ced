"""Calls and their turns: where each call stands, and the trail of how it came there."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from ivr.storage.tables.base import Base


class CallRow(Base):
    """One call. `turn` is the number of the next turn; `revision` refuses two writers at once."""

    __tablename__ = "calls"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    caller: Mapped[str] = mapped_column(String(64), default="", index=True)
    called: Mapped[str] = mapped_column(String(64), default="")
    name: Mapped[str | None] = mapped_column(String(128))
    level: Mapped[str] = mapped_column(String(16), default="")
    media: Mapped[str] = mapped_column(String(8), default="stream")
    menu_version: Mapped[str] = mapped_column(String(64))
    state: Mapped[dict[str, Any]]
    turn: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(String(16), default="talking", index=True)
    outcome: Mapped[str | None] = mapped_column(String(16))
    stream_token: Mapped[str | None] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=0)

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012


class TurnRow(Base):
    """One turn: the event, and what came of it in one part or (with effects) several."""

    __tablename__ = "turns"

    call: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    event: Mapped[dict[str, Any]]
    understood: Mapped[str] = mapped_column(String(8), default="nothing")
    parts: Mapped[list[Any]]
    heard: Mapped[dict[str, Any]] = mapped_column(default=dict)


class EffectRow(Base):
    """A business action that ran, by its idempotency key, with what came of it: the audit of the hotline.

    `customer` is whom it was for, `amount` the money that it moved.
    """

    __tablename__ = "effects"

    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    call: Mapped[str] = mapped_column(String(64), index=True)
    action: Mapped[str] = mapped_column(String(64))
    inputs: Mapped[dict[str, Any]]
    outcome: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    customer: Mapped[str] = mapped_column(String(48), default="", index=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0))
