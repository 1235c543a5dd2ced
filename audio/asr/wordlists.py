"""What a phrase recogniser may hear at a node, as a flat list of phrases, in the languages we know."""

from audio.asr import english as en
from audio.asr.grammar import listed
from ivr.dialog.actions import Expect
from ivr.dialog.spoken.languages import NUMERALS

UNKNOWN = "[unk]"
"""The entry that everything else is heard as, where a model has it."""
_YES_ZH = "是, 是的, 对, 对的, 没错, 好, 好的, 可以, 行, 要, 需要, 嗯"
_NO_ZH = "不是, 不对, 不, 不要, 不用, 不行, 没有, 错了, 不需要"
ANSWERS = {
    "en": [*listed(en.ANSWERS_YES), *listed(en.ANSWERS_NO)],
    "zh": [*listed(_YES_ZH), *listed(_NO_ZH)],
}
FRAMES = {
    "en": listed("my, the, order, number, is, it's, that's, please, uh, um, customer, account, phone, code"),
    "zh": listed("我, 的, 订单, 号, 号码, 是, 嗯, 请, 查, 一下, 电话"),
}
"""Words around a number."""


def word_list(expect: Expect, language: str) -> tuple[str, ...] | None:
    """Return the phrases that fit a node, or None where anything may be said."""
    known = language.partition("-")[0]
    match expect.kind:
        case "phrases" if expect.phrases:
            found = list(expect.phrases)
        case "yes_no" if known in ANSWERS:
            found = [*ANSWERS[known], *expect.phrases]
        case "digits" if known in NUMERALS:
            numerals = NUMERALS[known]
            words = [*numerals.digits, *numerals.repeats, *FRAMES.get(known, [])]
            found = [*words, *expect.phrases]
        case _:
            return None
    return tuple(dict.fromkeys(phrase.lower().replace("’", "'") for phrase in found if phrase.strip()))
