"""How Mandarin reads what is not written in characters. English words within it are left to English."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from audio.tts.normalise.numbers import AMOUNT, CURRENCY, decimal_of
from ivr.dialog.wording import currency_name, words_of

_CHINESE = words_of("zh")
_FIGURES = str.maketrans("0123456789", "零一二三四五六七八九")
_MONEY = {"€": "欧元", "$": "美元", "£": "英镑", "EUR": "欧元", "USD": "美元", "GBP": "英镑"}
_YUAN = {"¥", "￥", "CNY", "RMB"}
_UNITS = {
    "kg": "公斤", "g": "克", "km": "公里", "m": "米", "cm": "厘米", "mm": "毫米", "ml": "毫升", "l": "升",
    "min": "分钟", "h": "小时", "°C": "摄氏度", "°": "度", "GB": "吉字节", "MB": "兆字节",
    "km/h": "公里每小时",
}  # fmt: skip
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_COUNTED = "个|件|次|位|天|种|张|条|小时|周|本|只|家|封|笔|项|份|点"
"""Measure words, before which two is 两."""


def figures(text: str) -> str:
    """Return figures one by one: 一零零二四五."""
    return text.translate(_FIGURES)


def cardinal(number: Decimal) -> str:
    """Return "一千二百点五"."""
    return _CHINESE.words(number)


def _money(match: re.Match[str]) -> str:
    amount, sign = decimal_of(match["amount"]), match["sign"]
    minus = "负" if match["minus"] else ""
    if sign in _YUAN:
        return minus + re.sub(
            r"\d+", lambda found: cardinal(Decimal(found[0])), _CHINESE.money(amount, "CNY")
        )
    return minus + cardinal(amount.normalize() + 0) + (_MONEY.get(sign) or currency_name(sign, "zh"))


def _yuan(match: re.Match[str]) -> str:
    amount = decimal_of(match[1])
    said = _CHINESE.money(amount, "CNY") if amount % 1 else f"{int(amount)}元"
    return re.sub(r"\d+", lambda found: cardinal(Decimal(found[0])), said)


def _date(match: re.Match[str]) -> str:
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    try:
        date(year, month, day)
    except ValueError:
        return match[0]
    said = f"{figures(match[1])}年{cardinal(Decimal(month))}月{cardinal(Decimal(day))}日"
    return f"{said}{match[4]}" if match[4] else said


def _clock(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    said = f"{'两' if hour == 2 else cardinal(Decimal(hour))}点"
    zero = "零" if 0 < minute < 10 else ""
    return said + (f"{zero}{cardinal(Decimal(minute))}分" if minute else "整")


def _number(match: re.Match[str]) -> str:
    plain = match[0].replace(",", "")
    whole = plain.lstrip("-").split(".")[0]
    if len(whole) > 15 or (len(whole) > 1 and whole[0] == "0") or ("," not in match[0] and len(whole) >= 5):
        return figures(plain.replace("-", "负").replace(".", "点"))
    return cardinal(Decimal(plain))


def _spaced(match: re.Match[str]) -> str:
    return figures(re.sub(r" ?[,，] ?", "，", match[0]).replace(" ", ""))


def _code(match: re.Match[str]) -> str:
    runs = re.findall(r"[A-Za-z]+|\d+", match[0])
    return " ".join(figures(run) if run.isdigit() else _letters(run) for run in runs)


def _letters(run: str) -> str:
    return " ".join(run) if run.isupper() else run


def _phone(match: re.Match[str]) -> str:
    plus = "加" if match[0].startswith("+") else ""
    return plus + "，".join(figures(run) for run in re.findall(r"\d+", match[0]))


def _to(text: str) -> Callable[[re.Match[str]], str]:
    return lambda match: match.expand(text)


_CODE = (
    r"(?<![A-Za-z\d-])(?=[A-Za-z\d-]*\d)(?=[A-Za-z\d-]*[A-Za-z])"
    r"[A-Za-z\d]+(?:-[A-Za-z\d]+)*(?![A-Za-z\d-])"
)
RULES = tuple(
    (re.compile(pattern), change)
    for pattern, change in (
        (r"(?<!\d)24/7(?!\d)", _to("全天候")),
        (r"(?<!\d)(\d{4})[-/](\d\d?)[-/](\d\d?)(?:[T ](\d\d:\d\d)(?::\d\d)?Z?)?(?!\d)", _date),
        (r"(\d{4})(?= ?年)", lambda match: figures(match[1])),
        (r"(\d:\d\d) ?[-–~～] ?(?=\d?\d:\d\d)", _to(r"\1到")),
        (r"(?<![\d:])([01]?\d|2[0-3])[:：]([0-5]\d)(?::[0-5]\d)?(?![\d:])", _clock),
        (rf"(?P<minus>-)?(?P<sign>{CURRENCY}) ?(?P<amount>{AMOUNT})", _money),
        (rf"(?P<minus>-)?(?<![A-Za-z\d.,])(?P<amount>{AMOUNT}) ?(?P<sign>{CURRENCY})", _money),
        (rf"(?<![\d.,])({AMOUNT}) ?(?:元|块)(?!\d+角)", _yuan),
        (r"(\d+(?:\.\d+)?) ?%", lambda match: f"百分之{cardinal(Decimal(match[1]))}"),
        (r"(?<![A-Za-z\d+])\+\d[\d ()./-]{5,18}\d(?!\d)", _phone),
        (r"(?<![\d.])\d{3,4}-\d{3,8}(?:-\d{3,8})?(?!\d)", _phone),
        (rf"(\d) ?({_UNIT})(?![A-Za-z/°])", lambda match: match[1] + _UNITS[match[2]]),
        (_CODE, _code),
        (r"(?<![\d.])\d(?:(?: ?[,，] ?| )\d)+(?![\d.]|[,，]\d{2})", _spaced),
        (rf"(?<![\d.,第月])2(?= ?(?:{_COUNTED}))", _to("两")),
        (r"(\d) ?[-–~～] ?(?=\d)", _to(r"\1到")),
        (r"(?<![A-Za-z\d.])-(?=\d)", _to("负")),
        (r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?", _number),
        (r" ?& ?", _to("和")),
        (r"(?<![A-Za-z\d*])\*(?![A-Za-z\d*])", _to("星号")),
        (r"(?<![A-Za-z\d#])#(?![A-Za-z\d#])", _to("井号")),
        (r"(?<=[\u4e00-\u9fff])/(?=[\u4e00-\u9fff])", _to("或")),
        (r"(?<=[\u4e00-\u9fff]) ?\+ ?", _to("加")),
        (r"[*#_~^|<>\\{}\[\]°`¬¦%]", _to(" ")),
        (r"\s+", _to(" ")),
        (r"(?<=[\u3000-\u9fff，。！？：；]) (?=[\u3000-\u9fff，。！？：；])| (?=[，。！？：；])", _to("")),
    )
)  # fmt: skip


def spoken(text: str) -> str:
    """Return a Chinese text in words."""
    for pattern, change in RULES:
        text = pattern.sub(change, text)
    return text.strip()
