"""People who log in, agents and what they are doing, and the log of what people changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ivr.storage.tables.base import Base


class UserRow(Base):
    """Somebody who may log in. `role` is agent or supervisor."""

    __tablename__ = "users"

    login: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(256))
    created_at: Mapped[datetime]


class AgentRow(Base):
    """An agent: skills with levels (higher is better), state, and since when.

    States: away, ready, ringing, talking, wrap_up, paused. `missed` counts offers in a row that
    were not answered.
    """

    __tablename__ = "agents"

    login: Mapped[str] = mapped_column(ForeignKey("users.login", ondelete="CASCADE"), primary_key=True)
    skills: Mapped[dict[str, int]]
    state: Mapped[str] = mapped_column(String(16), default="away")
    since: Mapped[datetime]
    idle_since: Mapped[datetime]
    ticket: Mapped[str | None] = mapped_column(String(64))
    missed: Mapped[int] = mapped_column(default=0)
    pause_reason: Mapped[str | None] = mapped_column(String(64))
    user: Mapped[UserRow] = relationship(lazy="joined")


class AgentTimeRow(Base):
    """How many seconds of an hour (its beginning, UTC) an agent spent in a state; away is not counted."""

    __tablename__ = "agent_times"

    agent: Mapped[str] = mapped_column(String(64), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    state: Mapped[str] = mapped_column(String(16), primary_key=True)
    seconds: Mapped[float] = mapped_column(default=0.0)


class AuditRow(Base):
    """What somebody did, when, and to what."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]]
