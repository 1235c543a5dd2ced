"""How sure it is who calls: proofs, wrong tries and one-time codes, in the database.

What was said or keyed is never kept: of a code only a keyed hash (HMAC-SHA-256, RFC 2104).
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from ivr.ports import Clock, Proof
from ivr.storage.session import Database
from ivr.storage.tables import CodeRow, ProofRow

A_DAY = timedelta(days=1)
HIGHEST = 9
"""The level of a person's word: it takes back every wrong try."""


class Standing:
    """Proofs in tables."""

    def __init__(self, db: Database, clock: Clock, secret_key: str) -> None:
        self._db, self._clock, self._key = db, clock, secret_key.encode()

    def proved(self, call: str) -> Mapping[str, int]:
        """Return the level that a call has proved, by subject. It ends with the call."""
        query = select(ProofRow.subject, func.max(ProofRow.level)).where(
            ProofRow.call == call, ProofRow.passed
        )
        with self._db.read() as session:
            found = session.execute(query.group_by(ProofRow.subject)).all()
        return {str(row[0]): int(row[1]) for row in found}

    def keep(self, proof: Proof, key: str) -> None:
        """Keep a try, once per key."""
        with self._db.write() as session:
            if session.scalar(select(ProofRow.id).where(ProofRow.key == key)) is None:
                session.add(
                    ProofRow(
                        key=key,
                        call=proof.call,
                        subject=proof.subject,
                        caller=proof.caller,
                        factor=proof.factor,
                        level=proof.level,
                        passed=proof.passed,
                        at=self._clock(),
                    )
                )

    def passed(self, key: str) -> None:
        """Note that a try, kept as a wrong one before it was looked at, was right."""
        with self._db.write() as session:
            session.execute(update(ProofRow).where(ProofRow.key == key).values(passed=True))

    def failures(self, subject: str, since: datetime) -> int:
        """Return the wrong tries for a subject since a time that no right one took back."""
        query = select(ProofRow.level, ProofRow.passed).where(
            ProofRow.subject == subject, ProofRow.at >= since
        )
        wrong: list[int] = []
        with self._db.read() as session:
            for level, passed in session.execute(query.order_by(ProofRow.id)).all():
                wrong = [one for one in wrong if one > level] if passed else [*wrong, level]
        return len(wrong)

    def failures_of(self, call: str, caller: str, since: datetime) -> int:
        """Return the wrong tries in a call and of a number, whomever they were for."""
        whose = ProofRow.call == call
        if caller:
            whose |= ProofRow.caller == caller
        query = select(func.count()).where(whose, ~ProofRow.passed, ProofRow.at >= since)
        with self._db.read() as session:
            return session.scalar(query) or 0

    def unlock(self, subject: str, who: str) -> None:
        """Let a subject prove itself again, on the word of a person."""
        proof = Proof("", subject, "person", HIGHEST, passed=True)
        self.keep(proof, f"unlock:{subject}:{who}:{self._clock().isoformat()}")

    def new_code(self, call: str, subject: str, lasts: timedelta, a_day: int) -> str | None:
        """Return a fresh one-time code of six digits; None when too many were asked for in a day."""
        now = self._clock()
        with self._db.write() as session:
            asked = select(func.count()).where(CodeRow.subject == subject, CodeRow.at > now - A_DAY)
            if (session.scalar(asked) or 0) >= a_day:
                return None
            code = f"{secrets.randbelow(1_000_000):06}"
            digest = self._digest(call, subject, code)
            session.add(CodeRow(call=call, subject=subject, digest=digest, at=now, until=now + lasts))
        return code

    def take_code(self, call: str, subject: str, code: str) -> bool:
        """Return whether a code is the newest of this call and subject and still counts; it counts once."""
        newest = select(CodeRow).where(CodeRow.call == call, CodeRow.subject == subject)
        with self._db.write() as session:
            row = session.scalars(newest.order_by(CodeRow.id.desc()).limit(1)).first()
            if row is None or row.used or row.until < self._clock():
                return False
            if not hmac.compare_digest(row.digest, self._digest(call, subject, code)):
                return False
            session.execute(update(CodeRow).where(CodeRow.id == row.id).values(used=True))
            return True

    def _digest(self, call: str, subject: str, code: str) -> str:
        return hmac.new(self._key, f"{call}\n{subject}\n{code}".encode(), hashlib.sha256).hexdigest()
