"""Web and mail addresses, read mark by mark."""

import re

ADDRESS = (
    r"(?i)\b(?:https?://|www\.)[^\s<>“”\"]*[\w/]"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b[a-z\d][\w-]*(?:\.[a-z\d][\w-]*)*\.(?:com|net|org|info|shop|store|example|test|io|eu|de|uk|cn|fr|es|it|nl)\b(?:/[\w/.-]*\w)?"
)


def in_words(match: re.Match[str], at: str, dot: str, slash: str, dash: str, underscore: str) -> str:
    """Return an address as it is read out.

    >>> found = re.match(ADDRESS, "https://shop.example/help-me")
    >>> in_words(found, "at", "dot", "slash", "dash", "underscore")
    'shop dot example slash help dash me'
    """
    names = {
        "@": at,
        ".": dot,
        "/": slash,
        "-": dash,
        "_": underscore,
        "+": "plus",
        "&": "and",
        "=": "equals",
    }
    plain = re.sub(r"(?i)^https?://", "", match[0]).rstrip("/")
    plain = re.sub(r"(?i)^www\.", "w w w.", plain)
    marks = re.findall(r"[^\W\d_]+|\d|\s|[^\w]|_", plain)
    said = " ".join(names.get(mark, mark if mark.isalnum() else " ") for mark in marks)
    return " ".join(said.split())
