"""Mandarin text in the phonemes that Kokoro reads: words by jieba, pinyin by pypinyin, IPA by misaki."""

import re

_MARKS = str.maketrans(
    {"，": ", ", "、": ", ", "。": ". ", "！": "! ", "？": "? ", "：": ": ", "；": "; ", "…": ". "}
)
_TONES = (
    ("˧˩˧", "↓"), ("˧˥", "↗"), ("˥˩", "↘"), ("˥", "→"),
    ("\u027b\u0329", "ɨ"), ("\u0279\u0329", "ɨ"), ("\u032f", ""),
)  # fmt: skip
_RUNS = re.compile(r"[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+")
_SAID = set(",.!?:; ")

VOCABULARY = {
    mark: number
    for number, mark in (
        *enumerate(";:,.!?", 1), (16, " "), (20, "ʦ"), (21, "ʨ"), (23, "ꭧ"),
        *((ord(letter) - ord("a") + 43, letter) for letter in "abcdefhijklmnopqrstuvwxyz"),
        (76, "ɔ"), (77, "ɕ"), (83, "ə"), (85, "ɚ"), (86, "ɛ"), (99, "ɥ"), (101, "ɨ"), (112, "ŋ"), (126, "ɻ"),
        (130, "ʂ"), (135, "ʊ"), (140, "ɤ"), (162, "ʰ"), (169, "↓"), (171, "→"), (172, "↗"), (173, "↘"),
    )
}  # fmt: skip


def phonemes(text: str) -> str:
    """Return a Mandarin text as phonemes and pauses; what is not Mandarin is left out."""
    import jieba

    said = ""
    for run in _RUNS.findall(text.translate(_MARKS)):
        if "\u4e00" <= run[0] <= "\u9fff":
            said += " ".join(map(_word, jieba.lcut(run)))
        else:
            said += "".join(mark for mark in run if mark in _SAID)
    return " ".join(said.split())


def _word(word: str) -> str:
    from pypinyin import Style, lazy_pinyin

    syllables = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
    return "".join(map(_syllable, syllables))


def _syllable(pinyin: str) -> str:
    from misaki.transcription import pinyin_to_ipa

    try:
        ipa = "".join(pinyin_to_ipa(pinyin)[0])
    except (ValueError, AssertionError, IndexError):  # a reading of its own, such as the r of 花儿
        return ""
    for tone, mark in _TONES:
        ipa = ipa.replace(tone, mark)
    return ipa


def tokens(phonemes_: str) -> list[int]:
    """Return the numbers under which Kokoro knows phonemes."""
    return [VOCABULARY[mark] for mark in phonemes_ if mark in VOCABULARY]


def warm_up() -> None:
    """Load the dictionaries, which takes most of a second."""
    import jieba

    jieba.setLogLevel(60)
    phonemes("您好。")
