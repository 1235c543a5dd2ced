"""English number words and the words around them."""

from ivr.dialog.spoken.numerals import Numerals
from ivr.dialog.spoken.tokens import words

UNITS = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "nil": "0", "one": "1", "two": "2",
    "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "niner": "9",
}  # fmt: skip
TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
FILLERS = frozenset(["uh", "um", "er", "erm", "hm", "then", "and", "dash", "hyphen", "minus", "space"])
PLURALS = {
    "zeros": "0", "zeroes": "0", "ohs": "0", "ones": "1", "twos": "2", "threes": "3", "fours": "4",
    "fives": "5", "sixes": "6", "sevens": "7", "eights": "8", "nines": "9",
}  # fmt: skip
ALIKE = {
    "to": "two", "too": "two", "for": "four", "fore": "four", "won": "one", "ate": "eight", "tree": "three",
}  # fmt: skip
_CARRIERS = """
    my order number number's is it's its it the a an that's thats this that i i'm think please so yes yeah
    no well okay ok have for of be would here with about refund return want get hi hello again sorry
    reference code sure thanks thank you tracking customer account phone telephone mobile cell invoice
    confirmation booking ticket card membership member client contract pin case serial parcel delivery
    purchase receipt policy gift credit
"""

ENGLISH = Numerals(
    digits=UNITS,
    teens=TEENS,
    tens=TENS,
    powers={"hundred": 100},
    groups={"thousand": 1000, "million": 1_000_000},
    most=100,
    lone=frozenset(["hundred", "thousand", "million"]),
    links=frozenset(["and"]),
    repeats={"double": 2, "triple": 3, "treble": 3, "quadruple": 4},
    plurals=PLURALS,
    sighs=frozenset(["oh", "o"]),
    alike=ALIKE,
    fillers=FILLERS,
    carriers=frozenset(words(_CARRIERS)),
)

ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14,
    "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19,
    "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
"""The ordinals that days of a month and places of a list need; "twenty first" … are added below."""
ORDINALS |= {
    f"{ten} {one}": value + ORDINALS[one]
    for ten, value in (("twenty", 20), ("thirty", 30))
    for one in ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
}
