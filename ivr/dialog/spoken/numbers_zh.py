"""Chinese number words (Mandarin), among them those of banks and of radio, and the words around them."""

from ivr.dialog.spoken.numerals import Numerals
from ivr.dialog.spoken.tokens import words

_SAID = ("零〇洞", "一幺壹", "二两贰貳", "三叁參", "四肆", "五伍", "六陆陸", "七柒拐", "八捌", "九玖勾")
DIGITS = {word: str(digit) for digit, names in enumerate(_SAID) for word in names}
FILLERS = frozenset(words("嗯呃啊额哦唔诶那个这然后杠横"))
_CARRIERS = """
    我你您的了吧呢呀是订单号码编电话请帮查一下好对就应该要在有为叫它我们想说谢麻烦
    退款货嘛哈喂不再次遍
"""

CHINESE = Numerals(
    digits=DIGITS,
    powers={"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000},
    groups={"万": 10**4, "亿": 10**8},
    most=10,
    lone=frozenset("十拾"),
    inner_zero=True,
    firm=True,
    repeats={"双": 2},
    counter="个",
    fillers=FILLERS,
    carriers=frozenset(words(_CARRIERS)) - DIGITS.keys(),
)
