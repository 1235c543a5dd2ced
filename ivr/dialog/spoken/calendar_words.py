"""The words for days, by tag, in each language; the patterns of `dates` are written in these tags.

D a day relative to today · W a weekday · M a month's name · O a day's ordinal, o its ending in figures
L X T last, next, this · R a week relative to this one · d k u units: days, weeks, months · a "a"
A ago · I in · Z from now · B on · P the · F of · Y m J the marks of year, month and day · y a year
"""

from collections.abc import Mapping

from ivr.dialog.spoken.numbers_en import ORDINALS
from ivr.dialog.spoken.phrases import KNOWN, UNKNOWN, Book, book

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december")  # fmt: skip

_ENGLISH = book(
    {
        "D": {
            "today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0, "this evening": 0,
            "yesterday": -1, "last night": -1, "the day before yesterday": -2, "day before yesterday": -2,
            "tomorrow": 1, "the day after tomorrow": 2, "day after tomorrow": 2,
        },
        "W": {name: day for day, name in enumerate(_WEEKDAYS)}
        | {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4},
        "M": {name: number for number, name in enumerate(_MONTHS, 1)}
        | {name[:3]: number for number, name in enumerate(_MONTHS, 1)} | {"sept": 9},
        "O": ORDINALS,
        "o": "st, nd, rd, th",
        "L": "last, past, previous",
        "X": "next, coming, following, upcoming",
        "T": "this, this coming",
        "d": {"day": 1, "days": 1, "fortnight": 14, "fortnights": 14},
        "k": {"week": 7, "weeks": 7},
        "u": {"month": 1, "months": 1, "year": 12, "years": 12},
        "a": {"a": 1, "an": 1},
        "N": {"a couple of": 2, "couple of": 2, "a couple": 2},
        "A": "ago, back, earlier",
        "I": "in",
        "Z": "from now, from today, later",
        "B": {
            "on": 0, "since": 0, "until": 0, "till": 0, "by": 0, "around": 0,
            "before": -1, "after": 1, "from": 1,
        },
        "P": "the",
        "F": "of",
        KNOWN: """
            it was, it is, ordered, ordered it, delivered, arrived, arrives, came, bought, bought it, was,
            will be, morning, afternoon, evening, night, at, to, maybe on, date, day of, got it, placed,
            sent
        """,
        UNKNOWN: "second thought, second thoughts, one second, a second, first of all, at first, first time",
    }
)  # fmt: skip

_NAMED_DAYS = "一二三四五六"
_CHINESE = book(
    {
        "D": {
            "今天": 0, "今日": 0, "今晚": 0, "今早": 0, "昨天": -1, "昨日": -1, "昨晚": -1, "前天": -2,
            "前日": -2, "大前天": -3, "明天": 1, "明日": 1, "明早": 1, "明晚": 1, "后天": 2, "大后天": 3,
        },
        "W": {
            f"{week}{name}": day
            for week in ("周", "星期", "礼拜")
            for day, name in [*enumerate(_NAMED_DAYS), (6, "日"), (6, "天")]
        },
        "R": {
            "上": -1, "上个": -1, "上一": -1, "上上": -2, "上上个": -2, "这": 0, "这个": 0, "本": 0,
            "这一": 0, "下": 1, "下个": 1, "下一": 1, "下下": 2, "下下个": 2,
        },
        "d": {"天": 1},
        "k": {"周": 7, "星期": 7, "礼拜": 7, "个星期": 7, "个礼拜": 7},
        "u": {"个月": 1},
        "A": "前, 以前, 之前",
        "I": "过, 再过",
        "Z": "后, 以后, 之后",
        "Y": {"年": 12},
        "m": "月, 月份",
        "J": "号, 日",
        "y": {"今年": 0, "去年": -1, "明年": 1, "前年": -2, "后年": 2},
        KNOWN: """
            在, 是, 的, 到的, 送到的, 送来的, 下单的, 下的单, 买的, 收到的, 订的, 早上, 上午, 中午, 下午,
            晚上, 左右
        """,
    }
)  # fmt: skip

DAYS: Mapping[str, Book] = {"en": _ENGLISH, "zh": _CHINESE}
DAY_TAGS = frozenset("DWMOoJkdumY/-.")
"""Without one of these there is no date."""
