"""The hotline's own office in memory, for call scripts and tests: once per key, nothing leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ivr.commerce.actions import DONE, Done
from ivr.dialog.actions import Act
from ivr.ports import Booking, Clock, Letter, NewCase, Office, OpenCase, Proof, Rating, Spending

CODE = "135790"
"""Every one-time code in a script."""


@dataclass(slots=True)
class MemoryOffice:
    """All parts of the office at once."""

    clock: Clock
    bookings: dict[str, Booking] = field(default_factory=dict)
    ratings: dict[str, Rating] = field(default_factory=dict)
    cases: dict[str, tuple[NewCase, OpenCase]] = field(default_factory=dict)
    letters: dict[str, Letter] = field(default_factory=dict)
    proofs: dict[str, tuple[Proof, datetime]] = field(default_factory=dict)
    codes: dict[tuple[str, str], str] = field(default_factory=dict)
    done: dict[str, tuple[str, Done, datetime]] = field(default_factory=dict)

    @property
    def office(self) -> Office:
        """Return itself in the five roles of an office."""
        return Office(self, self, self, self, self)

    # ---- follow-ups

    def book_callback(self, booking: Booking, key: str) -> str:
        """Keep a call back."""
        self.bookings.setdefault(key, booking)
        return f"B{list(self.bookings).index(key) + 1001}"

    def keep_rating(self, rating: Rating, key: str) -> None:
        """Keep a rating."""
        self.ratings.setdefault(key, rating)

    def last_rating(self, caller: str) -> datetime | None:
        """Return None: nobody has been asked."""
        return None

    # ---- cases

    def open(self, case: NewCase, key: str) -> OpenCase:
        """Open a case."""
        number = f"{len(self.cases) + 400_001}"
        self.cases.setdefault(key, (case, OpenCase(number, case.kind, self.clock() + case.due)))
        return self.cases[key][1]

    def open_cases(self, customer: str) -> Sequence[OpenCase]:
        """Return a customer's cases."""
        return [told for case, told in reversed(self.cases.values()) if case.customer == customer]

    # ---- letters

    def post(self, letter: Letter, key: str) -> None:
        """Keep a letter."""
        self.letters.setdefault(key, letter)

    # ---- who calls

    def proved(self, call: str) -> Mapping[str, int]:
        """Return what a call has proved."""
        found: dict[str, int] = {}
        for proof, _ in self.proofs.values():
            if proof.call == call and proof.passed:
                found[proof.subject] = max(proof.level, found.get(proof.subject, 0))
        return found

    def keep(self, proof: Proof, key: str) -> None:
        """Keep a try."""
        self.proofs.setdefault(key, (proof, self.clock()))

    def failures(self, subject: str, since: datetime) -> int:
        """Return the wrong tries since the last right one."""
        wrong: list[int] = []
        for proof, at in self.proofs.values():
            if proof.subject == subject and at >= since:
                wrong = [one for one in wrong if one > proof.level] if proof.passed else [*wrong, proof.level]
        return len(wrong)

    def passed(self, key: str) -> None:
        """Note that a try was right."""
        proof, at = self.proofs[key]
        self.proofs[key] = replace(proof, passed=True), at

    def failures_of(self, call: str, caller: str, since: datetime) -> int:
        """Return the wrong tries in a call."""
        return sum(proof.call == call and not proof.passed for proof, _ in self.proofs.values())

    def lock(self, subject: str, tries: int = 10) -> None:
        """Count so many wrong tries from another call."""
        for number in range(tries):
            self.keep(Proof("before", subject, "pin", 2, passed=False), f"lock:{subject}:{number}")

    def new_code(self, call: str, subject: str, lasts: timedelta, a_day: int) -> str | None:
        """Return the code of all scripts."""
        self.codes[call, subject] = CODE
        return CODE

    def take_code(self, call: str, subject: str, code: str) -> bool:
        """Return whether a code was sent; it counts once."""
        if not code or self.codes.get((call, subject)) != code:
            return False
        del self.codes[call, subject]
        return True

    # ---- the ledger

    def ran(self, key: str, act: Act, done: Done) -> None:
        """Note what an action has done."""
        if DONE.get(act.action) == done.acted.outcome:
            self.done.setdefault(key, (act.action, done, self.clock()))

    def reserve(self, key: str, wanted: Spending, since: datetime) -> bool:
        """Return whether no limit would be passed."""
        done = [one for name, one, at in self.done.values() if name == wanted.action and at >= since]
        of_customer = [one for one in done if one.customer == wanted.customer]
        return all(
            most is None or sum((one.amount for one in some), wanted.amount) <= most
            for most, some in (
                (wanted.of_call, of_customer),
                (wanted.of_customer, of_customer),
                (wanted.of_all, done),
            )
        )

    def last(self, action: str, customer: str) -> datetime | None:
        """Return when an action last did what it is for, for a customer."""
        found = [at for name, done, at in self.done.values() if (name, done.customer) == (action, customer)]
        return max(found, default=None)
