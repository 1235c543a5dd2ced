"""A text cut where its script changes, so that each language is spoken by its own voice."""

import unicodedata
from itertools import groupby

SCRIPTS = {"CJK": "zh", "LATIN": "en", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja"}
"""Scripts, as Unicode begins the names of their letters, and who reads them where they are foreign."""
OWN = {"zh": {"CJK"}, "ja": {"CJK", "HIRAGANA", "KATAKANA"}, "ko": {"HANGUL", "CJK"}}
"""The scripts of languages that are not written in Latin letters."""


def runs(text: str, language: str) -> tuple[tuple[str, str], ...]:
    """Return (language, piece) in order. Marks and figures go with what stands before them.

    >>> runs("请说VAT，或者按零。", "zh")
    (('zh', '请说'), ('en', 'VAT，'), ('zh', '或者按零。'))
    """
    if text.isascii() and language not in OWN:
        return ((language, text),) if text else ()
    readers: list[tuple[str, str]] = []
    now = ""
    for mark in text:
        now = _reader(mark, language) or now
        readers.append((now, mark))
    first = next((reader for reader, _ in readers if reader), language)
    grouped = groupby(readers, key=lambda found: found[0] or first)
    pieces = ((reader, "".join(mark for _, mark in marks).strip()) for reader, marks in grouped)
    return tuple((reader, piece) for reader, piece in pieces if piece)


def _reader(mark: str, language: str) -> str:
    """Return who reads a letter, "" for what is no letter."""
    if not mark.isalpha():
        return ""
    script = unicodedata.name(mark, "").split(" ")[0]
    if script in OWN.get(language, {"LATIN"}):
        return language
    return SCRIPTS.get(script, language)


def readable(language: str, reader: str) -> bool:
    """Return whether the voice of a language may be tried on what another language writes.

    Every voice reads Latin letters somehow; what it makes of Chinese characters helps nobody.
    """
    return language == reader or reader == "en"
