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
                        factor=proof.factor,
                        level=proof.level,
                        passed=proof.passed,
                        at=self._clock(),
                    )
                )

    def failures(self, subject: str, since: datetime) -> int:
        """Return the wrong tries for a subject since a time, or since its last right one."""
        of = ProofRow.subject == subject
        with self._db.read() as session:
            right = session.scalar(select(func.max(ProofRow.id)).where(of, ProofRow.passed)) or 0
            wrong = select(func.count()).where(
                of, ~ProofRow.passed, ProofRow.at >= since, ProofRow.id > right
            )
            return session.scalar(wrong) or 0

    def unlock(self, subject: str, who: str) -> None:
        """Let a subject prove itself again, on the word of a person."""
        proof = Proof("", subject, "person", 0, passed=True)
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
