"""What the hotline needs from the world outside its cores: small protocols in our own words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, Protocol

from audio.pcm import Pcm
from ivr.commerce.model import Coupon, Customer, Order, Product, Refund, Return, Shipment
from ivr.dialog.actions import Expect


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a recogniser heard; `confidence` is the chance that it is right, `seconds` its own time.

    The text is empty where nothing was said. `readings` are the texts worth a look, likeliest first;
    the first of them is the text.
    """

    text: str
    confidence: float
    seconds: float = 0.0
    engine: str = ""
    readings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """A speech engine as data: chosen by name and language."""

    name: str
    language: str
    licence: str
    sample_rate: int


class Hearing(Protocol):
    """One utterance that is recognised while it is spoken. Used by one thread at a time."""

    def feed(self, pcm: Pcm) -> str | None:
        """Take the next samples; return the words so far if they have changed, else None.

        Raise Unavailable when the engine failed.
        """
        ...

    def finish(self) -> Transcript:
        """Return the best reading of all that was fed; the same however it was cut into pieces.

        Raise Unavailable when the engine failed.
        """
        ...

    def close(self) -> None:
        """Give its memory back, finished or not; nothing may be fed any more."""


class Recogniser(Protocol):
    """Speech to text, offline. One instance serves several threads."""

    info: EngineInfo

    def warm_up(self) -> None:
        """Run once, so that the first caller does not wait for it."""

    def transcribe(self, pcm: Pcm, rate: int, expect: Expect) -> Transcript:
        """Return the best reading of one utterance; the text is empty when nothing was said.

        Raise Unavailable when the engine failed or did not answer in time.
        """
        ...

    def listen(self, expect: Expect, rate: int) -> Hearing:
        """Begin an utterance at `rate` samples a second that will be fed piece by piece."""
        ...

    def close(self) -> None:
        """Give the engine's memory and processes back."""


class Voice(Protocol):
    """Text to speech, offline. One instance serves several threads."""

    info: EngineInfo

    def warm_up(self) -> None:
        """Run once, so that the first caller does not wait for it."""

    def speak(self, text: str) -> Iterator[Pcm]:
        """Yield the audio at `info.sample_rate`, a sentence or less at a time.

        Raise Unavailable when the engine failed or did not answer in time.
        """
        ...

    def close(self) -> None:
        """Give the engine's memory and processes back."""


class Shop(Protocol):
    """The shop's back end. Every method raises Unavailable when it cannot tell.

    Changes are made as a whole and once per idempotency `key`: a repeat returns what came of it. None means
    that the shop refuses.
    """

    def order(self, number: str) -> Order | None:
        """Return the order, or None if there is none."""
        ...

    def orders_of(self, customer: str) -> Sequence[Order]:
        """Return a customer's orders, the newest first."""
        ...

    def customer(self, customer: str) -> Customer | None:
        """Return the customer of an identifier, or None."""
        ...

    def customer_by_phone(self, phone: str) -> Customer | None:
        """Return the one customer with this number (E.164), or None."""
        ...

    def shipment_of(self, order: str) -> Shipment | None:
        """Return the newest parcel of an order, or None."""
        ...

    def refunds_of(self, order: str) -> Sequence[Refund]:
        """Return the refunds of an order, the newest first."""
        ...

    def refunds_of_customer(self, customer: str) -> Sequence[Refund]:
        """Return the refunds of a customer's newest orders."""
        ...

    def products(self, words: str) -> Sequence[Product]:
        """Return the products that a caller may mean by some words, the likeliest first."""
        ...

    def check_pin(self, customer: str, pin: str) -> bool | None:
        """Return whether this is the customer's PIN; None where they have set none."""
        ...

    def document(self, kind: str, order: str) -> str | None:
        """Return the address under which the customer finds a document of an order, or None."""
        ...

    def returns_of(self, order: str) -> Sequence[Return]:
        """Return what is on its way back of an order."""
        ...

    def coupon(self, code: str) -> Coupon | None:
        """Return a coupon, or None."""
        ...

    def request_refund(
        self, order: str, amount: Decimal, key: str, items: tuple[str, ...] = ()
    ) -> Refund | None:
        """Ask for a refund of an order, or of some of its items."""
        ...

    def cancel(self, order: str, key: str) -> Order | None:
        """Cancel an order that has not been handed over."""
        ...

    def change_address(self, order: str, address: str, key: str) -> Order | None:
        """Send an order elsewhere that has not been handed over."""
        ...

    def request_return(
        self, order: str, items: tuple[str, ...], wish: Literal["refund", "exchange"], reason: str, key: str
    ) -> Return | None:
        """Let items of a delivered order come back; no items named: all of them."""
        ...

    def grant_coupon(
        self, customer: str, amount: Decimal, currency: str, expires_on: date, key: str
    ) -> Coupon | None:
        """Give a customer a voucher."""
        ...

    def lock_account(self, customer: str, key: str) -> Customer | None:
        """Let an account take no more orders and logins."""
        ...

    def change_phone(self, customer: str, phone: str, key: str) -> Customer | None:
        """Keep another telephone number (E.164) of a customer."""
        ...

    def reset_link(self, customer: str, key: str) -> str | None:
        """Return a fresh address at which a customer sets a new password."""
        ...


@dataclass(frozen=True, slots=True)
class Booking:
    """A call back that a caller asked for: who (E.164), by which queue and skills, not before when."""

    call: str
    number: str
    queue: str
    skills: Mapping[str, int]
    priority: int = 0
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    """What a caller thought of a call: a score in a survey, and why."""

    call: str
    survey: str
    score: int
    reason: str = ""


class FollowUps(Protocol):
    """What the hotline keeps for after the call. Every method raises Unavailable when it cannot."""

    def book_callback(self, booking: Booking, key: str) -> str:
        """Keep a call back, once per idempotency key; return its number."""
        ...

    def keep_rating(self, rating: Rating, key: str) -> None:
        """Keep a rating, once per idempotency key."""
        ...

    def last_rating(self, caller: str) -> datetime | None:
        """Return when a caller's number was last asked for a rating and gave one."""
        ...


@dataclass(frozen=True, slots=True)
class NewCase:
    """A matter to be followed up: by whose queue, how soon, how severe (1 to 3), in whose words.

    `recording` names what the caller said after the tone; `phone` (E.164) is where to call back.
    """

    call: str
    kind: str
    queue: str
    due: timedelta
    severity: int = 1
    words: str = ""
    recording: str = ""
    order: str = ""
    customer: str = ""
    phone: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case as its customer knows it."""

    number: str
    kind: str
    due_at: datetime


class Cases(Protocol):
    """What is followed up. Every method raises Unavailable when it cannot."""

    def open(self, case: NewCase, key: str) -> OpenCase:
        """Open a case, once per idempotency key."""
        ...

    def open_cases(self, customer: str) -> Sequence[OpenCase]:
        """Return a customer's cases that are not closed, the newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written to a customer: by "sms" to a number (E.164), or by "email" to an address.

    Of what is `secret` (a code) nothing is kept once it is sent.
    """

    channel: Literal["sms", "email"]
    to: str
    text: str
    subject: str = ""
    template: str = ""
    call: str = ""
    secret: bool = False


class Sender(Protocol):
    """A way out. `id` names the message for ever and may be given to the provider."""

    def send(self, id: str, letter: Letter) -> str:
        """Send, and return the provider's name for the message.

        Raise Unavailable when it was surely not taken, Unsure when it may have been, Undeliverable when it
        never will be.
        """
        ...

    def find(self, id: str, letter: Letter, since: datetime) -> str | None:
        """Return the provider's name of a message that it took since a time, "" for none.

        None when the provider cannot tell. Raise Unavailable when it does not answer.
        """
        ...


class Outbox(Protocol):
    """What leaves for customers: kept at once, sent as soon as it can be, never twice."""

    def post(self, letter: Letter, key: str) -> None:
        """Keep a letter to be sent, once per idempotency key."""
        ...


@dataclass(frozen=True, slots=True)
class Proof:
    """One try to prove who calls: for whom, by which factor, to which level, and whether it was right."""

    call: str
    subject: str
    factor: str
    level: int
    passed: bool
    caller: str = ""


class Standing(Protocol):
    """How sure it is who calls, for the length of a call; wrong tries count beyond it."""

    def proved(self, call: str) -> Mapping[str, int]:
        """Return the level that a call has proved, by subject."""
        ...

    def keep(self, proof: Proof, key: str) -> None:
        """Keep a try, once per idempotency key."""
        ...

    def passed(self, key: str) -> None:
        """Note that a try, kept as a wrong one before it was looked at, was right."""
        ...

    def failures(self, subject: str, since: datetime) -> int:
        """Return the wrong tries for a subject since a time.

        A right one takes back those before it that were for its own level or a lower one.
        """
        ...

    def failures_of(self, call: str, caller: str, since: datetime) -> int:
        """Return the wrong tries since a time, whomever they were for, in a call and of a caller's number."""
        ...

    def new_code(self, call: str, subject: str, lasts: timedelta, a_day: int) -> str | None:
        """Return a fresh one-time code of six digits; None when too many were asked for in a day."""
        ...

    def take_code(self, call: str, subject: str, code: str) -> bool:
        """Return whether a code is the newest of this call and subject and still counts; it counts once."""
        ...


@dataclass(frozen=True, slots=True)
class Spending:
    """Money that an action is about to move, and the most it may in a call, for a customer, in all."""

    action: str
    amount: Decimal
    call: str
    customer: str
    of_call: Decimal | None = None
    of_customer: Decimal | None = None
    of_all: Decimal | None = None


class Ledger(Protocol):
    """What actions have done already, for limits."""

    def reserve(self, key: str, wanted: Spending, since: datetime) -> bool:
        """Set money aside for an action, once per key; False where a limit since a time would be passed."""
        ...

    def last(self, action: str, customer: str) -> datetime | None:
        """Return when an action last did what it is for, for a customer."""
        ...


@dataclass(frozen=True, slots=True)
class Office:
    """All that the hotline itself keeps and does for its callers."""

    follow: FollowUps
    cases: Cases
    outbox: Outbox
    standing: Standing
    ledger: Ledger


class Carrier(Protocol):
    """The telephone network, as far as we steer it. Raises Unavailable when it does not answer."""

    def connect(self, call: str, agent: str, ticket: str) -> None:
        """Take a queued call to an agent's phone; the bridge ends when either hangs up."""
        ...

    def hold(self, call: str, queue: str, turn: int) -> None:
        """Take a call from the agent's phone into a queue again; `turn` is the dialogue's next."""
        ...

    def dial(self, number: str, caller: str, ticket: str) -> None:
        """Ring a customer from one of our numbers for a call back; who answers is taken to the agent."""
        ...

    def hang_up(self, call: str) -> None:
        """End a call; ending it twice is no error."""
        ...


class Clock(Protocol):
    """The time, as an argument."""

    def __call__(self) -> datetime:
        """Return the current time, in UTC and aware."""
        ...
