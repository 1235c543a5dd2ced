"""A sentence cut into words: the one cut that every reader of this package counts its places by."""

import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile("[a-z']+|[0-9]+|[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_SIMPLER = str.maketrans(
    "○◯兩萬億點號塊圓對沒錯說個後週禮這還問題當確認謝開頭邊單訂幾換應該從過條張選項鎊歐錢鐘時",
    "〇〇两万亿点号块圆对没错说个后周礼这还问题当确认谢开头边单订几换应该从过条张选项镑欧钱钟时",
)
"""Traditional characters that our tables know in their simplified form, and circles meant as zero."""


@dataclass(frozen=True, slots=True)
class Span:
    """A value that was said in words[start:end]; `sure` when nothing speaks against it."""

    value: str
    start: int
    end: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words, and in `gaps` what stood before each of them and (the last one) behind them all."""

    words: list[str]
    gaps: list[str]


def words(text: str) -> list[str]:
    """Split a transcript into lower-case words and runs of figures, punctuation dropped.

    Each Chinese character is a word of its own; full-width forms become plain ones.
    """
    return _WORD.findall(plain(text))


def sentence(text: str) -> Sentence:
    """Split a text like `words`, keeping the marks between them."""
    line = plain(text)
    said, gaps, place = [], [], 0
    for found in _WORD.finditer(line):
        said.append(found[0])
        gaps.append(line[place : found.start()])
        place = found.end()
    return Sentence(said, [*gaps, line[place:]])


def plain(text: str) -> str:
    """Return a text in lower case and in the plainest characters that mean the same."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'").translate(_SIMPLER)
