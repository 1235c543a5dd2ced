"""What a business action is given and what it gives back, and how records are told to the menus."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ivr.commerce.policy import Policies, policies_of
from ivr.dialog.events import Value
from ivr.ports import Letter, Office, Shop


@dataclass(frozen=True, slots=True)
class Context:
    """What an action may use. `key` is the idempotency key: call, turn and action.

    `caller` is the number that calls (E.164, "" when withheld), `language` the one that is spoken,
    `region` the country (ISO 3166) of numbers without a country code.
    """

    shop: Shop
    office: Office
    policies: Mapping[str, Value]
    now: datetime
    call: str
    key: str
    caller: str = ""
    language: str = "en"
    region: str = ""

    @property
    def rules(self) -> Policies:
        """Return the policies, read."""
        return policies_of(self.policies)

    def write(self, message: Value, to: str, email: str, *, secret: bool = False, **later: str) -> str:
        """Keep a message for its customer, if there is a way to them; return the channel, "" for none.

        What has a subject goes by e-mail where the address is known, everything else by SMS.
        """
        if not isinstance(message, dict):
            return ""
        text, subject = (_filled(str(message.get(part) or ""), later) for part in ("text", "subject"))
        by_mail = bool(email and subject)
        if not (by_mail or to):
            return ""
        letter = Letter(
            "email" if by_mail else "sms",
            email if by_mail else to,
            text,
            subject if by_mail else "",
            str(message.get("name") or ""),
            self.call,
            secret,
        )
        self.office.outbox.post(letter, self.key)
        return letter.channel


def _filled(template: str, later: Mapping[str, str]) -> str:
    for name, value in later.items():
        template = template.replace(f"{{{name}}}", value)
    return template


Outcome = tuple[str, dict[str, Value]]
Run = Callable[[Context, Mapping[str, Value]], Outcome]


def text(inputs: Mapping[str, Value], name: str) -> str:
    """Return an input as text, "" where there is none."""
    value = inputs.get(name)
    return "" if value is None else str(value)


def day(value: date | None) -> str | None:
    """Return a day as the menus know it."""
    return value.isoformat() if value else None


def money(amount: Decimal, currency: str) -> Value:
    """Return money as the menus know it."""
    return {"amount": str(amount), "currency": currency}
