"""Yes or no. Hears how people agree and decline, and leaves open what is neither."""

import re
from collections.abc import Mapping, Sequence

from ivr.dialog.spoken.languages import chosen, numerals_alone
from ivr.dialog.spoken.numerals import Numerals
from ivr.dialog.spoken.phrases import KNOWN, UNKNOWN, Book, Item, book, items, tags
from ivr.dialog.spoken.tokens import sentence

# Y agrees, N declines, and both together leave it open. y and n do so unless the other was said as well.
# F and f are Y and y when they come first or nothing else was said; w and v are y and n, and m is Y, only
# when nothing else was said. ! turns an agreement that follows into its opposite. q asks back.
_ENGLISH = book(
    {
        "Y": """
            yes, yeah, yea, yep, yup, yah, aye, yes sir, yes ma'am, exactly, absolutely, certainly,
            definitely, affirmative, indeed, totally, precisely, confirmed, agreed, i agree, i confirm,
            i do confirm, that's right, thats right, that is right, that's correct, that is correct,
            that's it exactly, that's true, that's the one, that's me, you're right, you are right,
            of course, go ahead, let's do it, sounds right, looks right, seems right, looks good,
            sounds good, sounds great, uh huh, mm hm, mhm, mm hmm, uhhuh, you got it, you bet,
            i'm good with, i'm okay with, i'm fine with, you've got it, i think so, i guess so,
            i suppose so, i believe so, i hope so, please do, why not, by all means, for sure, spot on,
            that works, works for me, i'd like that, i would like that, i'd love to, i don't mind,
            wouldn't mind, no problem, no worries, not a problem, no objection, go for it, no doubt,
            without a doubt, alrighty, that will do, that'll do, don't see why not, can't complain,
            sure thing
        """,
        "y": """
            okay, ok, okey dokey, sure, alright, all right, that's fine, that's okay, that's ok,
            that's good, that's great, fine, perfect, great, all good, cool, very well, fair enough,
            it's fine, good idea
        """,
        "F": "right, correct",
        "w": """
            please, do it, do that, you can, if you could, if you would, it is, it does, it was, i do,
            i did, i would, i will, i am, i have, i want to, i want that, y, true, good, that is, they are,
            we do, k, let's go, mm, hmm yes
        """,
        "N": """
            no, nope, nah, naw, nay, wrong, incorrect, negative, false, no thanks, no thank you, no way,
            no chance, not right, not correct, not really, not at all, not now, not yet, not today,
            not that, leave it, forget it, uh uh, nuh uh, that's all, thats all, that is all,
            that'll be all, that will be all, that's everything, nothing else, nothing more, no more,
            i don't think so, don't think so, i think not, i guess not, i don't believe so, i'm afraid not,
            afraid not, of course not, absolutely not, certainly not, definitely not, probably not,
            better not, rather not, i'd rather not, hell no, not what i said, never mind, nevermind,
            don't bother, please don't, no need, not necessary, no longer, i disagree, disagree,
            don't agree, that's not it, not the one, on second thought no, i'm good, i'm fine, i'm all set,
            i'm okay, not interested, don't do that, do not do that, don't do it, don't want, do not want,
            changed my mind, no good
        """,
        "n": "never, don't, dont, do not",
        "v": """
            n, nothing, it isn't, it is not, it doesn't, i didn't, i haven't, i wouldn't, i won't, i can't,
            stop
        """,
        "!": "not, isn't, wasn't, ain't, aren't, never quite, isnt, not even, hardly",
        "q": """
            is that right, is that correct, is this correct, is it right, is it correct, are you sure,
            am i right, what's wrong, what is wrong, which one is right, isn't it, right or wrong,
            yes or no, yes and no, is that a yes, yes but no
        """,
        KNOWN: """
            i don't know, i do not know, don't know, dunno, no idea, not sure, i'm not sure, not certain,
            not wrong, no one is, no one has, no one answers, no one picks up, this, it's, its, nobody,
            right now, right away, all right then, correct it, correct that, correct the, correct my,
            right side, don't remember, can't remember, don't understand, didn't understand,
            did not understand, didn't catch, didn't hear, did not hear, didn't get that, don't have,
            do not have, please hold, i'm not home, not home, make sure, number, order no, doing right,
            do right, left or right, may not, might not, if not, whether or not, thanks, thank you, it,
            that, you, is, that's, i, the, a, to, and, so, sir, ma'am, madam, then, very, just, well, oh,
            ah, now, let's, go, do, sounds, my, one, today, would, like, me
        """,
    }
)
_CHINESE = book(
    {
        "Y": """
            是的, 是啊, 是呀, 对的, 对啊, 对呀, 没错, 没有错, 不错, 正确, 当然, 没问题, 没有问题, 没有意见,
            没意见, 同意, 确认, 确定, 就是, 就是这个, 就这个, 就这样, 是这样, 当然可以, 肯定, 那当然,
            必须的, 说对了, 说得对, 说的对, yes, 对对对, 是是是, 嗯嗯, 不介意
        """,
        "y": "好的, 好啊, 好呀, 好吧, 可以的, 可以啊, 行吧, 行啊, 愿意, 乐意, 要的, 需要的, 那好, ok, okay",
        "F": "对",
        "f": "好, 行, 可以",
        "m": "是",
        "w": "要, 需要, 嗯, 成, 中, 有, 想, 想要, 能, 会, 麻烦你了, 退吧, 来吧, 办吧",
        "N": """
            不是, 不对, 不要, 不用, 不行, 不可以, 不好, 没有, 没有了, 没了, 错了, 错, 不需要, 不同意, 不必,
            不正确, 不可能, 不想, 不想要, 算了, 别, 别了, 不了, 不愿意, 不太对, 不太好, 不能, 不会, 不确认,
            拒绝, no, 用不着, 就这些, 没别的了, 没其他的了, 免了, 不接受, 有误, 有错
        """,
        "!": "不, 没, 未, 并非, 不太, 不怎么, 不是很, 不完全, 不大",
        "q": """
            是不是, 对不对, 好不好, 要不要, 行不行, 可不可以, 可以不可以, 需不需要, 能不能, 有没有, 是否,
            吗, 么, 什么, 为什么, 怎么, 哪里, 多少, 几, 谁
        """,
        KNOWN: """
            不知道, 不清楚, 不确定, 不一定, 不好说, 不好意思, 对不起, 你好, 您好, 好像, 好久, 行李, 可是,
            但是, 还是, 要是, 只要, 不记得, 不明白, 不懂, 没听清, 没听懂, 没听见, 没听到, 不太清楚,
            不太确定, 没关系, 对于, 应该, 说得, 说的, 好几, 要求, 重要, 主要, 有点, 不管, 进行, 银行, 分别,
            特别, 别的, 别人, 会员, 可以说, 太, 很, 完全, 怎么样, 谢谢, 这样, 号码, 没事, 了, 啊, 呀, 吧,
            呢, 嘛, 的, 就, 我, 你, 您, 那, 这, 个, 请, 麻烦, 都, 也, 还, 给, 退, 办, 哦, 噢, 哈, 喔, 真
        """,
    }
)
_ANSWERS: Mapping[str, Book] = {"en": _ENGLISH, "zh": _CHINESE}
_TURNED = re.compile("![~?]{0,2}[YyFfwm]")


def yes_or_no(text: str, language: str = "en") -> bool | None:
    """Return what a caller answered, or None when it is neither, both, or a question."""
    row = items(sentence(text), chosen(_ANSWERS, language), numerals_alone(language), _no_number)
    line = _TURNED.sub("N", tags(row))
    said = {counted for tag in set(line) if (counted := _counted(tag, line))}
    if "q" in line or {"Y", "N"} <= said:
        return None
    return next((answer for tag, answer in _VERDICTS if tag in said), None)


_VERDICTS = (("Y", True), ("N", False), ("n", False), ("y", True))


def _no_number(line: Sequence[str], place: int, n: Numerals) -> Item | None:
    return None


def _counted(tag: str, line: str) -> str:
    """Return what a tag counts as in its row: one of Y, N, y, n, or nothing."""
    alone = UNKNOWN not in line
    if tag in "Ff" and (alone or line.lstrip(KNOWN).startswith(tag)):
        return {"F": "Y", "f": "y"}[tag]
    if tag in "wvm" and alone:
        return {"w": "y", "v": "n", "m": "Y"}[tag]
    return {"Y": "Y", "N": "N", "y": "y", "n": "n", "!": "n"}.get(tag, "")
