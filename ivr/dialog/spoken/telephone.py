"""Telephone numbers as E.164 (ITU-T E.164), whatever a carrier or a telephone writes; withheld ones are "".

Uses Google's numbering plans (the library phonenumbers).
"""

import re

import phonenumbers

WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""What carriers send for ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE (the letters on the keys)."""
NO_COUNTRY = "ZZ"
_SIP_USER = re.compile(r"sips?:([^@;]+)", re.I)
_LEAST, _MOST = 5, 15


def region_of(number: str) -> str:
    """Return the country (ISO 3166) of an E.164 number, "" where it has none."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return region if region.isalpha() and region != NO_COUNTRY else ""


def e164(text: str, region: str = "") -> str:
    """Return a number as E.164, "" for names, withheld numbers and what is none.

    `region` (ISO 3166, as "DE") is the country of numbers that come without a country code.
    """
    sip = _SIP_USER.match(text.strip())
    written = sip[1] if sip else text.strip()
    if not re.search(r"\d", written) or re.search(r"[^\d+()\s./-]", written):
        return ""
    try:
        number = phonenumbers.parse(written, region or None)
    except phonenumbers.NumberParseException:
        return ""
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    fits = _LEAST <= len(plain) - 1 <= _MOST
    return plain if fits and plain not in WITHHELD else ""
