"""The words of corrections, by tag, in each language; the patterns of `corrections` use these tags.

n no · ! not · & but · I instead of · w is wrong, should be · r replace, t by
E the end, B the beginning, with how many digits, 0 if not told; e b the same, said behind the number
K one digit by its place, from the end if negative
"""

from collections.abc import Mapping

from ivr.dialog.spoken.numbers_en import ORDINALS
from ivr.dialog.spoken.phrases import KNOWN, Book, book

_COUNTS = {2: ("two", "2"), 3: ("three", "3"), 4: ("four", "4"), 5: ("five", "5"), 6: ("six", "6")}
_DIGIT = ("digit", "number", "figure", "one")
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_PLACES = [(name, number) for name, number in ORDINALS.items() if number <= 12]


def _some(*forms: str) -> dict[str, int]:
    """Return phrases about so many digits, such as "last two digits", with the count."""
    return {form.format(name): count for count, names in _COUNTS.items() for name in names for form in forms}


def _one(*named: tuple[str, int]) -> dict[str, int]:
    """Return phrases about one digit, such as "third digit", with its place."""
    return {f"{place} {what}": number for place, number in named for what in _DIGIT}


_ENGLISH = book(
    {
        "n": """
            no, nope, wrong, that's wrong, that is wrong, incorrect, that's not right, not right, not quite
        """,
        "!": "not, isn't, it isn't, it is not, it's not, that's not, i didn't say",
        "&": "but, but rather, it's, it is, rather, it should be, but it's",
        "I": "instead of, rather than, in place of",
        "w": "is wrong, is incorrect, is not right, should be, should have been",
        "r": "replace, change, correct",
        "t": "with, to, into, by",
        "E": {
            "ends in": 0,
            "ends with": 0,
            "ending in": 0,
            "ending with": 0,
            "ends on": 0,
            "end is": 0,
            "ends": 0,
        }
        | _some(
            "last {}", "last {} digits", "last {} numbers", "last {} figures", "final {}", "final {} digits"
        ),
        "B": {
            "starts with": 0,
            "begins with": 0,
            "starting with": 0,
            "beginning with": 0,
            "beginning is": 0,
            "starts": 0,
        }
        | _some("first {}", "first {} digits", "first {} numbers", "first {} figures"),
        "e": "at the end, in the end",
        "b": "at the beginning, at the start, at the front",
        "K": _one(*_PLACES, *((f"{number} {_ENDINGS.get(number, 'th')}", number) for number in range(1, 13)))
        | _one(("last", -1), ("final", -1), ("second to last", -2), ("second last", -2)),
        KNOWN: """
            it, the, is, are, was, a, an, i, said, say, sorry, please, that's, that, actually, and,
            they are, they're, digits, number, its, this, i mean, i meant, i said
        """,
    }
)

_FIGURES = dict(enumerate("一二三四五六七八九十", 1))
_CHINESE_COUNTS = {2: "两2二", 3: "三3", 4: "四4", 5: "五5", 6: "六6"}
_CHINESE = book(
    {
        "n": "不对, 错了, 不, 错, 说错了",
        "!": "不是, 并不是, 不应该是",
        "&": "是, 而是, 应该是, 应是, 就是",
        "I": "而不是, 不要",
        "r": "把, 将",
        "t": "改成, 换成, 改为, 换为",
        "E": {"尾号": 0, "末尾": 0, "结尾": 0, "尾数": 0, "最后": 0, "后面": 0}
        | {
            form.format(name): count
            for count, names in _CHINESE_COUNTS.items()
            for name in names
            for form in ("最后{}位", "最后{}位数", "后{}位", "末{}位", "末尾{}位", "最后{}个数字", "最后{}个")
        },
        "B": {"开头": 0, "起头": 0, "最前面": 0, "前面": 0}
        | {
            form.format(name): count
            for count, names in _CHINESE_COUNTS.items()
            for name in names
            for form in ("前{}位", "前{}位数", "头{}位", "开头{}位", "前{}个数字", "前{}个")
        },
        "K": {
            form.format(name): number
            for number, figure in _FIGURES.items()
            for name in (figure, number)
            for form in ("第{}位", "第{}位数", "第{}个数字", "第{}个", "第{}个数")
        }
        | {"最后一位": -1, "末位": -1, "最后一个": -1, "最后一个数字": -1, "倒数第二位": -2, "首位": 1},
        KNOWN: "我说的, 我说, 我, 的, 数字, 说, 吧, 了, 啊, 呀, 请, 号码, 订单号, 那",
    }
)
CORRECTIONS: Mapping[str, Book] = {"en": _ENGLISH, "zh": _CHINESE}
