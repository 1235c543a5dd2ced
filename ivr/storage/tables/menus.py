"""Menu versions: immutable, named by their content; one of them is published."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ivr.storage.tables.base import Base


class MenuVersionRow(Base):
    """One version: all files by name. `id` is the SHA-256 of their content."""

    __tablename__ = "menu_versions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    parent: Mapped[str | None] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text, default="")
    files: Mapped[dict[str, str]]
    created_at: Mapped[datetime]


class PublishedRow(Base):
    """Every publication and roll-back, newest last; the last one is what new calls get."""

    __tablename__ = "publications"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    version: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class DraftRow(Base):
    """The files that supervisors are working on; `revision` refuses two editors at once."""

    __tablename__ = "menu_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    base: Mapped[str] = mapped_column(String(64))
    files: Mapped[dict[str, str]]
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=0)

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012
