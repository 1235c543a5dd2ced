"""Which of several things read out a caller means."""

import re
from collections.abc import Mapping

from ivr.dialog.spoken.languages import chosen, numerals
from ivr.dialog.spoken.numbers_en import ORDINALS
from ivr.dialog.spoken.phrases import KNOWN, UNKNOWN, Book, book, items, number_at, tags
from ivr.dialog.spoken.tokens import sentence

MOST_PLACES = 20
"""Nobody reads out a longer list; a greater number is something else."""

# O an ordinal, o its ending in figures · D the mark of an ordinal before a number · 1 "one", which is a
# number or stands for the thing · G what things are called, g behind a number · P the · p please ·
# l a place by name, L one if nothing else is said
_ENGLISH = book(
    {
        "O": ORDINALS,
        "o": "st, nd, rd, th",
        "1": {"one": 1},
        "G": """
            option, options, number, choice, item, selection, order, package, parcel, entry, answer,
            product
        """,
        "P": "the, that, this",
        "l": {
            "the last one": -1, "last one": -1, "the final one": -1, "the bottom one": -1, "last option": -1,
            "last item": -1, "last order": -1, "last choice": -1, "second to last": -2, "second last": -2,
            "next to last": -2, "last but one": -2, "the penultimate": -2, "the former": 1, "the latter": 2,
            "the top one": 1,
        },
        "L": {"the last": -1, "last": -1, "former": 1, "latter": 2},
        "p": "please, thanks, thank you, then",
        KNOWN: """
            i want, i'd like, i would like, i'll take, i take, i'll have, give me, let's take, i choose,
            i pick, i mean, i meant, let's go with, i'll go with, go with, take, pick, choose, it would be,
            uhm, just, maybe, to, me, show me, tell me about
        """,
        UNKNOWN: """
            first of all, a second, one second, just a second, one moment, one of, no one, any one,
            which one
        """,
    }
)  # fmt: skip
_CHINESE = book(
    {
        "D": "第",
        "G": "选项, 方案",
        "g": "个, 项, 条, 种, 款, 份, 张, 件, 笔, 单, 位, 家, 台, 选项, 个选项, 个订单, 样",
        "l": {
            "最后一个": -1, "最后那个": -1, "最后一项": -1, "最后一条": -1, "最后一种": -1,
            "最后一笔": -1, "最后一单": -1, "倒数第一个": -1,
            "倒数第二个": -2, "前者": 1, "后者": 2, "头一个": 1, "首个": 1,
        },
        "L": {"最后": -1},
        UNKNOWN: "一下, 一点",
        "p": "吧, 的, 谢谢, 好了",
        KNOWN: "我要, 我想要, 选, 选择, 我选, 就, 那, 是",
    }
)  # fmt: skip
_PLACES: Mapping[str, Book] = {"en": _ENGLISH, "zh": _CHINESE}
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        "(?P<place>l)",
        "(?P<place>O|No)[1G]",
        "D(?P<place>N)g",
        "G(?P<place>[N1])(?![N1S])",
        "^[~Pp]*D?(?P<place>O|N|1|L)o?p*$",
    )
)


def position_in(text: str, language: str = "en") -> int | None:
    """Return which of several is meant, from 1; from the end as -1 ("the last one"), -2; or None.

    "The second one", "option three", 第二个; "second" and "two" when that is all that was said.
    """
    row = items(sentence(text), chosen(_PLACES, language), numerals(language), number_at)
    line = tags(row)
    for pattern in _PATTERNS:
        found = {row[match.start("place")].number for match in pattern.finditer(line)}
        if found:
            place = found.pop()
            return place if not found and 0 < abs(place) <= MOST_PLACES else None
    return None
