"""People who log in: supervisors and agents, with Argon2 passwords."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select

from ivr.errors import Conflict, InvalidInput, NotFound
from ivr.ports import Clock
from ivr.storage.session import Database
from ivr.storage.tables import AgentRow, AuditRow, UserRow

ROLES = ("agent", "supervisor")
LEAST_PASSWORD = 8
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _hasher.hash("nobody has this password")
"""Checked for unknown logins, so that they take as long as known ones (OWASP parameters)."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in."""

    login: str
    name: str
    role: str


class Accounts:
    """The use cases around accounts."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def add(
        self, login: str, name: str, role: str, password: str, skills: Mapping[str, int] | None = None
    ) -> None:
        """Create an account; an agent's skills have levels 1 to 10. Raise Conflict if it exists."""
        if role not in ROLES:
            raise InvalidInput(f"the role is one of {', '.join(ROLES)}")
        if not login.isidentifier():
            raise InvalidInput(f"'{login}' is no login: use letters, digits and _")
        _check_password(password)
        now = self._clock()
        with self._db.write() as session:
            if session.get(UserRow, login) is not None:
                raise Conflict(f"there is a user '{login}' already")
            hashed = _hasher.hash(password)
            session.add(UserRow(login=login, name=name, role=role, password_hash=hashed, created_at=now))
            session.flush()
            if role == "agent":
                session.add(AgentRow(login=login, skills=dict(skills or {}), since=now, idle_since=now))
            session.add(AuditRow(at=now, who="setup", what="user.add", data={"login": login, "role": role}))

    def set_password(self, login: str, password: str) -> None:
        """Change a password."""
        _check_password(password)
        with self._db.write() as session:
            row = session.get(UserRow, login)
            if row is None:
                raise NotFound(f"there is no user '{login}'")
            row.password_hash = _hasher.hash(password)
            session.add(AuditRow(at=self._clock(), who=login, what="user.passwd", data={}))

    def log_in(self, login: str, password: str) -> User | None:
        """Return the user if the password is right."""
        with self._db.read() as session:
            row = session.get(UserRow, login)
        try:
            _hasher.verify(row.password_hash if row else _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return None
        return _user(row) if row else None

    def get(self, login: str) -> User | None:
        """Return a user, or None."""
        with self._db.read() as session:
            row = session.get(UserRow, login)
        return _user(row) if row else None

    def all(self) -> list[dict[str, Any]]:
        """Return all users with their skills."""
        with self._db.read() as session:
            skills = {row.login: row.skills for row in session.scalars(select(AgentRow))}
            rows = session.scalars(select(UserRow).order_by(UserRow.login))
            return [
                {"login": r.login, "name": r.name, "role": r.role, "skills": skills.get(r.login, {})}
                for r in rows
            ]


def _user(row: UserRow) -> User:
    return User(row.login, row.name, row.role)


def _check_password(password: str) -> None:
    if len(password) < LEAST_PASSWORD:
        raise InvalidInput(f"a password has at least {LEAST_PASSWORD} characters")
