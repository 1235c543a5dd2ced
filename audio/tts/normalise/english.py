"""How English reads what is not written in words: rules in order, each taking what the earlier ones left."""

import re
from collections.abc import Callable

from audio.tts.normalise import codes, dates, numbers
from audio.tts.normalise.addresses import ADDRESS, in_words

_SHORT = {
    "approx": "approximately", "apt": "apartment", "ave": "Avenue", "blvd": "Boulevard", "co": "Company",
    "corp": "Corporation", "dept": "department", "dr": "Doctor", "etc": "et cetera", "excl": "excluding",
    "ext": "extension", "hrs": "hours", "inc": "Incorporated", "incl": "including", "jr": "Junior",
    "ltd": "Limited", "max": "maximum", "min": "minimum", "mins": "minutes", "mr": "Mister", "mrs": "Missus",
    "ms": "Miz", "prof": "Professor", "qty": "quantity", "sr": "Senior", "tel": "telephone", "vs": "versus",
    "mon": "Monday", "tue": "Tuesday", "tues": "Tuesday", "wed": "Wednesday", "thu": "Thursday",
    "thurs": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday",
}  # fmt: skip
_ENDING = {"etc", "ltd", "inc", "corp", "co", "jr", "sr"}
"""Those that may stand at the end of a sentence."""
_CAPITAL = {"mon", "tue", "tues", "wed", "thu", "thurs", "fri", "sat", "sun", "co"}
"""Those that are other words when they are written small: "You sat." """
_SPELT = (
    "AI|API|ASIN|ATM|DIY|EAN|ETA|EU|EUR|FAQ|ID|IMEI|IOU|IP|ISBN|IVR|LED|PO"
    "|UI|UK|UN|UPC|UPS|URL|USA|USB|USD|VAT"
)
"""Capitals that could be read as a word and are not; those without a vowel need no list."""


def _short(match: re.Match[str]) -> str:
    name = match[1].lower()
    if name in _CAPITAL and match[1].islower():
        return match[0]
    return _SHORT[name] + (_stop(match) if name in _ENDING else "")


def _stop(match: re.Match[str]) -> str:
    return "." if re.match(r"\s+[A-Z]|\s*$", match.string[match.end() :]) else ""


def _saint_or_street(match: re.Match[str]) -> str:
    """Return Saint before a name, Street behind one: "to St. James", "5 Main St. Please …"."""
    before = match.string[: match.start()].split()
    if before and before[-1][:1].isupper():
        return "Street" + _stop(match)
    return "Saint" if re.match(r" [A-Z]", match.string[match.end() :]) else "Street"


def _letters(match: re.Match[str]) -> str:
    return match[0] if match[0] == "PM" else " ".join(match[0])


def _year_after(match: re.Match[str]) -> str:
    return match[1] + numbers.year(int(match[2]))


def _address(match: re.Match[str]) -> str:
    return in_words(match, "at", "dot", "slash", "dash", "underscore")


def _to(text: str) -> Callable[[re.Match[str]], str]:
    return lambda match: match.expand(text)


_BEFORE_A_YEAR = "in|since|until|till|year|before|after|from"
RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), change)
    for pattern, change in (
        (ADDRESS, _address),
        (r"\b24/7\b", _to("twenty four seven")),
        # dates and times
        (dates.ISO, dates.iso),
        (dates.NUMERIC, dates.numeric),
        (dates.DAY_MONTH, dates.named),
        (dates.MONTH_DAY, dates.named),
        (dates.MONTH_YEAR, dates.month_year),
        (r"(\d:\d\d) ?[-–] ?(?=\d?\d:\d\d)", _to(r"\1 to ")),
        (dates.CLOCK, dates.clock),
        (dates.HOUR, dates.clock),
        # money and percent
        (rf"(?P<minus>(?<!\w)-)?(?P<sign>{numbers.CURRENCY}) ?(?P<amount>{numbers.AMOUNT})", numbers.money),
        (
            rf"(?P<minus>(?<!\w)-)?(?<![\w.,])(?P<amount>{numbers.AMOUNT}) ?(?P<sign>{numbers.CURRENCY})",
            numbers.money,
        ),
        (r"(?<=\d) ?%", _to(" percent")),
        # telephone numbers, codes, ranges
        (r"(?<![\w+])\+\d[\d ()./-]{5,18}\d(?!\w)", codes.phone),
        (r"(?<!\w)\(\d{3}\) ?\d{3}-\d{4}(?!\w)|(?<![\w-])(?:\d{3}-){1,2}\d{4}(?![\w-])", codes.phone),
        (r"(?<![\w.,+-])0\d{2,5}[ /-]\d{3,8}(?![\w-]|[.,]\d)", codes.phone),
        (r"(?<![\w-])\d{4,}(?:[- ]\d{4,}){2,}(?![\w-])", codes.digits),
        (rf"(?<![\w.,])(\d+(?:[.,]\d+)*) ?({numbers.UNIT})(?![\w/°])", numbers.measure),
        (r"\b(\d{1,9})(?:st|nd|rd|th)\b", lambda match: numbers.ordinal(int(match[1]))),
        (codes.CODE, codes.code),
        (r"(?<![\w.,-])(\d{1,4}) ?[–-] ?(\d{1,4})(?![\w-]|[.,]\d)", codes.from_to),
        (r"(?<![\w.,])(?:0\d+|\d{5,})(?!\w|[.,]\d)", codes.digits),
        (r"(?<![\d/])[123]/[234](?![\d/])", lambda match: numbers.FRACTIONS.get(match[0], match[0])),
        # abbreviations
        (r"\bSt\.(?!\w)", _saint_or_street),
        (r"\b[Nn][or]\. ?(?=[A-Z]?\d)|#(?=\d)", _to("number ")),
        (r"\be\.g\.", _to("for example")),
        (r"\bi\.e\.", _to("that is")),
        (rf"\b((?i:{'|'.join(sorted(_SHORT, key=len, reverse=True))}))\.(?!\w)", _short),
        (rf"\b(?:{_SPELT})\b|\b[B-DF-HJ-NP-TV-XZ]{{2,5}}\b", _letters),
        (r"\bPIN\b", _to("pin")),
        (r"\bOK\b", _to("okay")),
        # numbers
        (rf"(?i)(\b(?:{_BEFORE_A_YEAR}) )((?:19|20)\d\d)(?!\w|[.,]\d)", _year_after),
        (r"(?<![\w.])\d+(?:\.\d+){2,}(?!\w)", numbers.version),
        (
            rf"{numbers.SPACED}|(?<![\w.,-])-?\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?!\w)"
            r"|(?<![\w.-])-\d+(?:\.\d+)?(?!\w)|\d+(?:\.\d+)?",
            numbers.number,
        ),
        # signs
        (r"(?<![\w*])\*(?![\w*])", _to(" star ")),
        (r"(?<![\w#])#(?![\w#])", _to(" hash ")),
        (r" ?& ?", _to(" and ")),
        (r"(?<=[^\W\d_])/(?=[^\W\d_])", _to(" or ")),
        (r" ?\+ ?", _to(" plus ")),
        (r" ?= ?", _to(" equals ")),
        (r" ?@ ?", _to(" at ")),
        (r" ?% ?", _to(" percent ")),
        (r" [-–—]+ |[–—]|[、，]", _to(", ")),
        (r"[。．]", _to(". ")),
        (r"！", _to("! ")),
        (r"？", _to("? ")),
        (r"[：；]", _to(": ")),
        (r"[*#_~^|<>\\{}\[\]°/`¬¦]", _to(" ")),
        (r"\s+", _to(" ")),
        (r" +(?=[,.;:!?])", _to("")),
    )
)


def spoken(text: str) -> str:
    """Return an English text in words."""
    for pattern, change in RULES:
        text = pattern.sub(change, text)
    return text.strip()
