"""What fits as an answer, as sentences: the English grammar of whatever a node of the menu expects.

A grammar holds the answer in figures and in words, what people say around it, and the node's likely
phrases (its commands among them). It decides nothing: what was said is weighed against free speech.
"""

from collections.abc import Iterable
from functools import cache, lru_cache

from audio.asr import english as en
from audio.asr.automaton import SIGNS, Counted, Expr, Language, alt, close, opt, said, seq, star
from ivr.dialog.actions import Expect
from ivr.dialog.spoken.numbers_en import ORDINALS, TEENS, TENS, UNITS

MOST_DIGITS = 20
"""Digits of the longest number that callers say; also the count when none is known."""
FREE_KINDS = frozenset(["text"])
"""What is taken down as it was said: no sentence is likelier than another."""


def listed(table: str) -> list[str]:
    """Return the phrases of a table of words that commas part."""
    return [" ".join(phrase.split()) for phrase in table.split(",")]


@cache
def _any(table: str) -> Expr:
    return said(*listed(table))


@lru_cache(maxsize=128)
def grammar_of(expect: Expect) -> Language | None:
    """Return the sentences that fit; None where anything does and nothing is likely."""
    parts: list[Expr] = []
    match expect.kind:
        case "digits":
            least, most = (min(max(count, 1), MOST_DIGITS) for count in expect.digits)
            parts.append(number(min(least, most), most))
        case "yes_no":
            parts.append(yes_or_no())
        case "date":
            parts.append(day())
        case "amount":
            parts.append(money())
        case "phrases" | "open" | "text":
            pass
    if expect.phrases and expect.kind not in FREE_KINDS:
        parts.append(phrases(expect.phrases))
    return Language(alt(*parts)) if parts else None


def phrases(listed_here: Iterable[str]) -> Expr:
    """Return phrases with what people say around them: "uh, I'd like to … please"."""
    around = seq(star(_any(en.HESITATIONS)), opt(_any(en.WANTS)), star(_any(en.HESITATIONS)))
    return seq(around, said(*listed_here), star(_any(en.ENDINGS)), opt(_any(en.PARTINGS)))


def yes_or_no() -> Expr:
    """Return agreeing and declining, once or more: "yes, yes, that's right"."""
    answer = alt(_any(en.ANSWERS_YES), _any(en.ANSWERS_NO))
    after = star(alt(answer, _any(en.ANSWER_ENDINGS), _any(en.ANSWER_HESITATIONS)))
    return seq(star(_any(en.ANSWER_HESITATIONS)), answer, after)


# ---- numbers


def number(least: int, most: int) -> Expr:
    """Return a number of so many digits with its frame: "my order number is … please"."""
    named = seq(opt(_any(en.NUMBER_OWNERS)), star(_any(en.NUMBER_KINDS)), opt(_any(en.NUMBER_NOUNS)))
    before = star(_any(en.HESITATIONS))
    frame = seq(before, opt(_any(en.NUMBER_OPENINGS)), before, opt(named), opt(_any(en.NUMBER_LINKS)), before)
    return seq(frame, digits(least, most), star(_any(en.ENDINGS)))


def digits(least: int, most: int) -> Expr:
    """Return so many digits as people say them: singly or doubled, in words or in figures.

    "Twenty three" is left to free speech: within a grammar it is what "two three" in noise becomes.
    """
    one = alt(said(*UNITS), close(*"0123456789"))
    counted = (
        (one, 1),
        (seq(said("double"), one), 2),
        (seq(said("triple", "treble"), one), 3),
    )
    return Counted(counted, least, most, star(_any(en.NUMBER_FILLERS)))


# ---- days and money


def day() -> Expr:
    """Return a day: "last Monday", "the third of May", "May 3rd, 2026", "two days ago"."""
    ordinal = alt(said(*ORDINALS, "thirty first"), seq(_figures(2), said("st", "nd", "rd", "th")))
    count = alt(said(*UNITS, *TEENS, *TENS, "a", "a couple of", "a few"), _figures(4), _tens_and_one())
    place = alt(ordinal, count)
    month, year = _any(en.MONTHS), alt(_figures(4), star(_any(en.NUMBER_WORDS)))
    named = alt(
        seq(opt(said("the")), place, opt(said("of")), month, opt(year)),
        seq(month, opt(said("the")), place, opt(year)),
        seq(said("the"), ordinal),
        _any(en.DAY_WORDS),
        seq(star(_any(en.WEEKDAY_FRAMES)), _any(en.WEEKDAYS), opt(said("last week", "next week"))),
        seq(count, _any(en.DAY_UNITS), said("ago", "from now")),
        seq(said("in"), count, _any(en.DAY_UNITS)),
        _figures(8),
    )
    before = star(_any(en.HESITATIONS))
    both = seq(opt(seq(_any(en.WEEKDAYS), opt(said("the")))), named)
    return seq(before, star(_any(en.DATE_OPENINGS)), before, both, star(_any(en.ENDINGS)))


def money() -> Expr:
    """Return an amount of money: "twenty five dollars and ten cents", "$25.10", "a hundred euros"."""
    worth = star(alt(_any(en.NUMBER_WORDS), _figures(6), close(*SIGNS), _any(en.MONEY_UNITS)))
    first = alt(_any(en.NUMBER_WORDS), _figures(6), close(*SIGNS))
    before = star(_any(en.HESITATIONS))
    return seq(before, star(_any(en.MONEY_OPENINGS)), before, first, worth, star(_any(en.ENDINGS)))


def _tens_and_one() -> Expr:
    return seq(said(*TENS), said(*(word for word, digit in UNITS.items() if digit != "0")))


def _figures(most: int) -> Expr:
    return Counted(((close(*"0123456789"), 1),), 1, most)
