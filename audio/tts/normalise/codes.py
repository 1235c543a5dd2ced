"""Order codes, telephone numbers and long numbers, read figure by figure."""

import re

from audio.tts.normalise.numbers import year
from ivr.dialog.prompts import grouped, phone_groups

CODE = r"(?<![\w-])(?=[A-Za-z\d-]*\d)(?=[A-Za-z\d-]*[A-Za-z])[A-Za-z\d]+(?:-[A-Za-z\d]+)*(?![\w-])"
SHORT_CODE = 4
"""So many letters and figures are read in one breath: "B 1 2"."""


def phone(match: re.Match[str]) -> str:
    """Return "plus 4 9, 3 0, 1 2 3, 4 5 6 7"."""
    plus = "plus " if match[0].startswith("+") else ""
    return plus + ", ".join(" ".join(group) for group in phone_groups(match[0]))


def code(match: re.Match[str]) -> str:
    """Return "S O, 1 0 0, 2 4 5" of a code, and the parts of a compound such as "24-hour" by themselves."""
    pieces = match[0].split("-")
    if any(map(_is_word, pieces)):
        return " ".join(pieces)
    return ", ".join(map(_spelt, pieces))


def _spelt(piece: str) -> str:
    pause = " " if len(piece) <= SHORT_CODE else ", "
    runs: list[str] = re.findall(r"[A-Za-z]+|\d+", piece)
    if any(map(_is_word, runs)):
        return " ".join(run if _is_word(run) else grouped(run) for run in runs)
    return grouped(piece, pause)


def _is_word(run: str) -> bool:
    return run.isalpha() and len(run) > 1 and not run.isupper() and (run.islower() or len(run) > 3)


def digits(match: re.Match[str]) -> str:
    """Return "1 0 0, 2 4 5"."""
    return ", ".join(grouped(run) for run in re.findall(r"\d+", match[0]))


def from_to(match: re.Match[str]) -> str:
    """Return "3 to 5" of a range that runs upwards."""
    first, last = match[1], match[2]
    if all(len(end) == 4 and end[:2] in ("19", "20") for end in (first, last)):
        return f"{year(int(first))} to {year(int(last))}"
    return f"{first} to {last}" if int(first) < int(last) else match[0]
