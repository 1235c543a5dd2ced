"""Check digits: whether a number can have been given out at all. Knows figures only, no words."""

from collections.abc import Callable, Mapping
from functools import reduce

_DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip
"""The quasigroup of H. M. Damm's thesis (2004), a row for each interim digit."""
_TURNS = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
"""The dihedral group D5, by which J. Verhoeff's scheme (1969) multiplies."""
_SHUFFLES = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
"""Verhoeff's permutation, taken once more for each place from the right."""


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right is doubled, its digits added."""
    doubled = (int(d) * (1 + place % 2) for place, d in enumerate(reversed(number)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def mod11(number: str) -> bool:
    """The sum weighted 1 (the check digit), 2, 3 … from the right is a multiple of eleven, as in ISBN-10.

    There is no X: a number whose check digit would be ten is never valid.
    """
    return sum(int(d) * weight for weight, d in enumerate(reversed(number), 1)) % 11 == 0


def mod97(number: str) -> bool:
    """ISO 7064 MOD 97-10: the number, two check digits at its end, leaves one."""
    return reduce(lambda rest, d: (rest * 10 + int(d)) % 97, number, 0) == 1


def damm(number: str) -> bool:
    """The walk through Damm's table ends at zero."""
    return reduce(lambda interim, d: int(_DAMM[interim][int(d)]), number, 0) == 0


def verhoeff(number: str) -> bool:
    """The product of the permuted digits in D5 is zero."""
    turned = (int(_SHUFFLES[place % 8][int(d)]) for place, d in enumerate(reversed(number)))
    return reduce(lambda product, d: int(_TURNS[product][d]), turned, 0) == 0


def _of_figures(rule: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda number: number.isascii() and number.isdigit() and len(number) > 1 and rule(number)


CHECKS: Mapping[str, Callable[[str], bool]] = {
    rule.__name__: _of_figures(rule) for rule in (luhn, mod11, mod97, damm, verhoeff)
}
"""Check rules by name. Each takes any text; what is not two or more figures does not satisfy it."""


def passes(rule: str | None, number: str) -> bool:
    """Return whether a number satisfies a rule of `CHECKS`; without a rule every number does.

    Raises KeyError for a rule that is not in the table.
    """
    return rule is None or CHECKS[rule](number)
