"""What callers say, turned into data: numbers, money, days, answers, letters. Knows no recogniser.

Every function takes any text whatever and never raises for one. `language` is "en" or "zh"; any other
is heard as English.
"""

from ivr.dialog.spoken.answers import yes_or_no
from ivr.dialog.spoken.cards import CARD, is_card, masked
from ivr.dialog.spoken.checks import CHECKS, passes
from ivr.dialog.spoken.codes import coded_in
from ivr.dialog.spoken.corrections import correction
from ivr.dialog.spoken.dates import date_in
from ivr.dialog.spoken.digits import digit_spans, digits_in
from ivr.dialog.spoken.languages import fillers, is_number_word
from ivr.dialog.spoken.letters import letters_in
from ivr.dialog.spoken.mentioned import mentioned
from ivr.dialog.spoken.money import amount, amount_in, currency_in
from ivr.dialog.spoken.numbers_en import FILLERS, UNITS
from ivr.dialog.spoken.places import position_in
from ivr.dialog.spoken.tokens import Span, words

__all__ = [
    "CARD",
    "CHECKS",
    "FILLERS",
    "UNITS",
    "Span",
    "amount",
    "amount_in",
    "coded_in",
    "correction",
    "currency_in",
    "date_in",
    "digit_spans",
    "digits_in",
    "fillers",
    "is_card",
    "is_number_word",
    "letters_in",
    "masked",
    "mentioned",
    "passes",
    "position_in",
    "words",
    "yes_or_no",
]
