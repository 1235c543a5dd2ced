"""How number words make numbers: one grammar, filled by a table of words for each language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LONGEST_FIGURES = 15
"""Figures beyond which a group is no quantity; Python itself refuses integers of 4,300 figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numerals:
    """The number words of one language, and the words that may stand around a number."""

    digits: Mapping[str, str]
    teens: Mapping[str, int] = field(default_factory=dict)
    """Numbers below a hundred that no digit follows."""
    tens: Mapping[str, int] = field(default_factory=dict)
    """Numbers that a digit may complete."""
    powers: Mapping[str, int]
    """Words that multiply a small number before them."""
    groups: Mapping[str, int]
    """Words that multiply everything before them since the last such word."""
    most: int
    """What stands before one of the `powers` is below this: "twelve hundred" but 一千二百."""
    lone: frozenset[str] = frozenset()
    """Powers that need no digit before them: "a hundred", 十五."""
    links: frozenset[str] = frozenset()
    """Words that may follow a power inside a number: "a hundred and two"."""
    inner_zero: bool = False
    """Whether a zero tells of a power left out (一百零二) and a bare digit counts the next one (一百二)."""
    firm: bool = False
    """Whether nobody strings round numbers together: "one hundred two" may be 1002, 一百二 may not."""
    repeats: Mapping[str, int] = field(default_factory=dict)
    plurals: Mapping[str, str] = field(default_factory=dict)
    counter: str = ""
    """The word between a count and the digit that is repeated: 三个五."""
    sighs: frozenset[str] = frozenset()
    """Digits that at the beginning may be a mere interjection."""
    alike: Mapping[str, str] = field(default_factory=dict)
    """Words that sound like a digit, each with the digit's word."""
    fillers: frozenset[str]
    """Words that mean nothing inside a number."""
    carriers: frozenset[str]
    """Words around a number that do not make it doubtful."""
    vocabulary: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        tables = (self.digits, self.teens, self.tens, self.powers, self.groups, self.repeats, self.plurals)
        object.__setattr__(self, "vocabulary", frozenset(word for table in tables for word in table))

    def knows(self, word: str) -> bool:
        """Return whether the word can be part of a spoken number."""
        return word in self.vocabulary or word.isdigit()

    def multiplies(self, word: str) -> bool:
        """Return whether the word takes the number before it as its count."""
        return word in self.powers or word in self.groups

    def skips(self, word: str, after_power: bool = False) -> bool:
        """Return whether a number goes on behind the word as if it had not been said."""
        return after_power if word in self.links else word in self.fillers and word != self.counter

    def digit(self, word: str) -> str | None:
        """Return the digit that a word or a single figure stands for."""
        return word if len(word) == 1 and word.isdigit() else self.digits.get(word)


def cardinals(said: Sequence[str], place: int, numerals: Numerals) -> list[tuple[int, int]]:
    """Return the numbers that begin at a place, longest first, each with the place after it.

    "one hundred two" begins with 102, 100 and 1. Fillers between the words do not matter.
    """
    count = _Count(numerals)
    found: list[tuple[int, int]] = []
    for end in range(place, len(said)):
        if end > place and numerals.skips(said[end], count.just_multiplied):
            continue
        if not count.take(said[end]):
            break
        if not count.wants_more:
            found.append((count.value(), end + 1))
    return found[::-1]


def figures(word: str) -> int | None:
    """Return the value of a group of figures; none for one so long that it is no quantity."""
    return int(word) if len(word) <= LONGEST_FIGURES and word.isascii() and word.isdigit() else None


class _Count:
    """A number while it is being said: whole groups, the group at hand, and what awaits its power."""

    __slots__ = ("_below", "_group", "_group_below", "_last", "_n", "_open_ten", "_total", "_waiting",
                 "just_multiplied", "wants_more")  # fmt: skip

    def __init__(self, numerals: Numerals) -> None:
        self._n = numerals
        self._total = self._group = 0
        self._waiting: int | None = None
        self._below = self._group_below = 10**LONGEST_FIGURES
        self._last = 0
        self._open_ten = self.just_multiplied = self.wants_more = False

    def value(self) -> int:
        return self._total + self._in_group()

    def take(self, word: str) -> bool:
        """Add a word; return False, nothing changed, when it cannot belong to the number."""
        n = self._n
        if word in n.powers:
            return self._multiply(n.powers[word], word in n.lone)
        if word in n.groups:
            return self._close(n.groups[word], word in n.lone)
        if word in n.digits:
            return self._digit(int(n.digits[word]))
        if word in n.tens:
            return self._wait(n.tens[word], open_ten=True)
        value = n.teens.get(word) if word in n.teens else self._figures(word)
        return value is not None and self._wait(value)

    def _figures(self, word: str) -> int | None:
        return None if word.startswith("0") and len(word) > 1 else figures(word)

    @property
    def _fresh(self) -> bool:
        return not (self._total or self._group or self._waiting is not None)

    def _in_group(self) -> int:
        waiting = self._waiting or 0
        if self._n.inner_zero and self._last and waiting < 10:
            return self._group + waiting * self._last // 10
        return self._group + waiting

    def _digit(self, digit: int) -> bool:
        if digit == 0:
            return self._zero()
        if self._open_ten and self._waiting is not None:
            self._waiting += digit
            self._open_ten = False
            return True
        return self._wait(digit)

    def _zero(self) -> bool:
        """Take a zero: the whole number, or between the powers of a language that says it there."""
        if self._fresh and self._below:
            self._waiting = self._below = self._group_below = 0
            return True
        if self._n.inner_zero and self._waiting is None and self._last:
            self._last = 0
            self.wants_more = True
            return True
        return False

    def _wait(self, value: int, *, open_ten: bool = False) -> bool:
        if self._waiting is not None or value >= self._below:
            return False
        self._waiting, self._open_ten = value, open_ten
        self.just_multiplied = self.wants_more = False
        return True

    def _multiply(self, power: int, lone: bool) -> bool:
        count = self._waiting if self._waiting is not None else int(lone and self._may_be_lone(power))
        if not 0 < count < self._n.most or count * power >= self._below:
            return False
        self._group += count * power
        self._after(power)
        return True

    def _may_be_lone(self, power: int) -> bool:
        return self._fresh or power == 10

    def _close(self, power: int, lone: bool) -> bool:
        count = self._in_group() or int(lone and self._fresh)
        if count == 0 or power >= self._group_below:
            return False
        self._total += count * power
        self._group, self._group_below = 0, power
        self._after(power)
        return True

    def _after(self, power: int) -> None:
        self._waiting, self._below, self._last = None, power, power
        self._open_ten = self.wants_more = False
        self.just_multiplied = True
