"""The shop's records as JSON, and back, for both ends of the line. Pure: it knows no HTTP.

A field is called as in the record. Amounts are strings with two decimals, days are written 2026-11-24.
Faults name fields and what they should be, never what they were.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from ivr.commerce.model import Coupon, Customer, Order, Product, Refund, Return, Shipment
from ivr.errors import InvalidInput

R = TypeVar("R")
Read = Callable[[object], Any]
RECORDS: tuple[type, ...] = (Customer, Product, Order, Shipment, Refund, Return, Coupon)
LONGEST, WIDEST = 2_000, 2**31 - 1
"""Characters of a text, and how large a whole number may be."""


@dataclass(frozen=True, slots=True)
class AskedRefund:
    """What a refund is asked for: an amount, and the items (none named: all)."""

    amount: Decimal
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedReturn:
    """Which items shall come back (none named: all), for what, and why."""

    wish: Literal["refund", "exchange"]
    items: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NewAddress:
    """Where an order shall go instead."""

    address: str


@dataclass(frozen=True, slots=True)
class NewPhone:
    """Another telephone number (E.164)."""

    phone: str


@dataclass(frozen=True, slots=True)
class NewCoupon:
    """A voucher that a customer shall get."""

    amount: Decimal
    currency: str
    expires_on: date


@dataclass(frozen=True, slots=True)
class TriedPin:
    """A PIN to be checked; an empty one asks whether any is set, and is no wrong try."""

    pin: str


@dataclass(frozen=True, slots=True)
class CheckedPin:
    """What came of a PIN."""

    result: Literal["right", "wrong", "not_set"]


@dataclass(frozen=True, slots=True)
class Link:
    """An address on the web."""

    url: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no answer (RFC 9457); `code` is what programs go by."""

    code: str
    title: str
    status: int
    type: str = "about:blank"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a text must look like, as a pattern and in words."""

    pattern: str
    words: str


TEXT = Rule(rf"[^\x00]{{0,{LONGEST}}}", f"a text of at most {LONGEST} characters")
NAME = Rule(
    "[A-Za-z0-9][A-Za-z0-9._~-]{0,63}",
    "1 to 64 letters, digits and . _ ~ -, with a letter or a digit in front",
)
RULES: Mapping[str, Rule] = {
    "id": NAME,
    "number": NAME,
    "order": NAME,
    "customer": NAME,
    "code": Rule("[A-Z0-9][A-Z0-9._~-]{0,63}", "1 to 64 capital letters, digits and . _ ~ -"),
    "Problem.code": Rule("[a-z_]{1,32}", "1 to 32 small letters and _"),
    "kind": Rule("[a-z][a-z_]{0,31}", "1 to 32 small letters and _"),
    "words": Rule(r"[^\x00]{1,200}", "a text of 1 to 200 characters"),
    "phone": Rule(r"(\+[0-9]{3,15})?", "a telephone number as +4930123456, or empty"),
    "NewPhone.phone": Rule(r"\+[0-9]{3,15}", "a telephone number as +4930123456"),
    "currency": Rule("[A-Z]{3}", "three capital letters, as EUR"),
    "language": Rule("[a-z]{2,3}", "two or three small letters, as en"),
    "pin": Rule(r"[^\x00]{0,64}", "a text of at most 64 characters"),
    "url": Rule(r"https?://[!-~]{1,500}", "an address that begins with https://"),
}
"""Rules of the fields (`Kind.field` before `field`), of what stands in paths and of what is searched for."""
MONEY = Rule(r"-?[0-9]{1,10}\.[0-9]{2}", "an amount as a string with two decimals, as '49.90'")
DAY = Rule(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}", "a day as '2026-11-24'")
ALWAYS = frozenset({"currency"})
"""Fields that must be said although the record has a default: an amount without currency is no amount."""


def fits(name: str, text: str) -> bool:
    """Return whether a text is what the rule of a name asks for."""
    return re.fullmatch(RULES[name].pattern, text) is not None


# ---- JSON texts


def parse(text: bytes) -> object:
    """Return what a JSON text says. Raise InvalidInput where it says nothing, or a name twice."""
    try:
        return json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise InvalidInput("it is not JSON, or says a name twice") from None


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _no_number(name: str) -> object:
    raise ValueError(name)  # NaN and Infinity are not JSON


# ---- records


def written(record: Any) -> dict[str, object]:
    """Return a record as JSON data, with all its fields."""
    return {one.name: _plain(getattr(record, one.name)) for one in fields(record)}


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return f"{value:.2f}"
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(one) for one in value]
    return value


def is_sayable(record: object) -> bool:
    """Return whether a record comes through the line as it is."""
    try:
        return read(type(record), written(record)) == record
    except InvalidInput:
        return False


def read(kind: type[R], data: object, *, closed: bool = False) -> R:
    """Return the record that JSON data say. Raise InvalidInput with all that is wrong with them.

    Fields that the record does not have are passed over, unless the record is `closed`.
    """
    if not isinstance(data, dict):
        raise InvalidInput("it is not an object")
    values: dict[str, Any] = {}
    shape = _shape(kind)  # type: ignore[arg-type]  # classes are hashable
    faults = [f"{name[:40]!r} is not known" for name in data if name not in shape] if closed else []
    for name, field in shape.items():
        if name in data:
            try:
                values[name] = field.read(data[name])
            except InvalidInput as fault:
                faults.append(f"{name} is not {fault}")
        elif field.needed:
            faults.append(f"{name} is missing")
    faults += _against(values) if not faults else []
    if faults:
        raise InvalidInput("; ".join(faults))
    return kind(**values)


def read_all(kind: type[R], data: object, name: str) -> list[R]:
    """Return the records of a list in JSON data, each once. Raise InvalidInput for the first wrong one."""
    listed = data.get(name) if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise InvalidInput(f"there is no list '{name}'")
    found: dict[object, R] = {}
    for place, one in enumerate(listed):
        try:
            record = read(kind, one)
        except InvalidInput as fault:
            raise InvalidInput(f"{name}[{place}]: {fault}") from None
        if found.setdefault(getattr(record, fields(record)[0].name), record) != record:  # type: ignore[arg-type]
            raise InvalidInput(f"{name}[{place}] contradicts an earlier one")
    return list(found.values())


def _against(values: Mapping[str, Any]) -> list[str]:
    """Return what of the fields does not go together."""
    if values.get("prices") and len(values["prices"]) != len(values.get("items", ())):
        return ["prices are not as many as items"]
    return []


@dataclass(frozen=True, slots=True)
class _Field:
    read: Read
    needed: bool


@cache
def _shape(kind: type) -> Mapping[str, _Field]:
    """Return how each field of a record is read."""
    hints = get_type_hints(kind)
    return {
        one.name: _Field(
            _reader(hints[one.name], RULES.get(f"{kind.__name__}.{one.name}") or RULES.get(one.name, TEXT)),
            one.name in ALWAYS or one.default is MISSING,
        )
        for one in fields(kind)
    }


def _reader(hint: Any, rule: Rule) -> Read:
    if hint is str:
        return lambda value: _text(value, rule)
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    inner = get_args(hint)
    if get_origin(hint) is Literal:
        return lambda value: _one_of(value, inner)
    if get_origin(hint) is tuple:
        each = _reader(inner[0], rule)
        return lambda value: tuple(each(one) for one in _listed(value))
    if NoneType in inner:
        some = _reader(next(one for one in inner if one is not NoneType), rule)
        return lambda value: None if value is None else some(value)
    raise TypeError(f"no JSON is agreed for {hint}")


def _text(value: object, rule: Rule) -> str:
    if not isinstance(value, str) or not re.fullmatch(rule.pattern, value) or not _is_unicode(value):
        raise InvalidInput(rule.words)
    return value


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)  # halves that JSON can name alone


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise InvalidInput("a list")
    return value


def _one_of(value: object, some: tuple[object, ...]) -> object:
    if value not in some or not isinstance(value, str):
        raise InvalidInput(f"one of {', '.join(map(str, some))}")
    return value


def _money(value: object) -> Decimal:
    return Decimal(_text(value, MONEY))


def _day(value: object) -> date:
    try:
        return date.fromisoformat(_text(value, DAY))
    except ValueError:
        raise InvalidInput(DAY.words) from None


def _whole(value: object) -> int:
    if not isinstance(value, int | float) or isinstance(value, bool) or value % 1 or abs(value) > WIDEST:
        raise InvalidInput(f"a whole number up to {WIDEST}")
    return int(value)  # 2.0 is 2 in JSON


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput("true or false")
    return value


_SIMPLE: Mapping[Any, Read] = {Decimal: _money, date: _day, int: _whole, bool: _flag}
