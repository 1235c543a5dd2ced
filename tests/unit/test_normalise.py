"""Texts in the words in which a voice reads them, and the pieces in which they are spoken."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.tts.normalise import MOST_CHARS, normalised
from audio.tts.normalise.runs import runs
from audio.tts.segments import LONG_DEFAULT, MOST_DEFAULT, segments

ENGLISH = [
    # money
    ("€49.90", "forty nine euros and ninety cents"),
    ("$1,299", "one thousand two hundred and ninety nine dollars"),
    ("49.90 EUR", "forty nine euros and ninety cents"),
    ("EUR 1.299,50", "one thousand two hundred and ninety nine euros and fifty cents"),
    ("£1.01", "one pound and one penny"),
    ("$0.99", "ninety nine cents"),
    ("-€5", "minus five euros"),
    ("100 CHF", "one hundred Swiss francs"),
    ("¥99", "ninety nine yuan"),
    ("49 euros and 90 cents", "forty nine euros and ninety cents"),
    # percent, numbers, ranges, measures
    ("50 %", "fifty percent"),
    ("12.5%", "twelve point five percent"),
    ("3.5 and -5", "three point five and minus five"),
    ("1,299,000.50", "one million two hundred and ninety nine thousand point five zero"),
    ("3-5 days", "three to five days"),
    ("1/2 hour", "one half hour"),
    ("the 2nd and 21st", "the second and twenty first"),
    ("5 kg or 1 kg, 10km, 20 °C", "five kilograms or one kilogram, ten kilometers, twenty degrees Celsius"),
    ("version 1.2.3", "version one point two point three"),
    ("Press 1. For 2 press 2.", "Press one. For two press two."),
    # dates and times
    ("3:30 pm", "three thirty PM"),
    ("at 5 p.m. Please wait", "at five PM. Please wait"),
    ("15:30", "three thirty PM"),
    ("09:05", "nine oh five"),
    ("9:00", "nine o'clock"),
    ("10:00-12:00", "ten o'clock to twelve o'clock"),
    ("2026-11-25", "November twenty fifth, twenty twenty six"),
    ("2026-11-25T09:30:00Z", "November twenty fifth, twenty twenty six at nine thirty"),
    ("25 Nov", "November twenty fifth"),
    ("Nov. 25, 2026", "November twenty fifth, twenty twenty six"),
    ("25.11.2026", "November twenty fifth, twenty twenty six"),
    ("11/25/2026", "November twenty fifth, twenty twenty six"),
    ("on December 2nd, 2026", "on December second, twenty twenty six"),
    ("March 2026", "March twenty twenty six"),
    ("in 2026 we had 2026 orders", "in twenty twenty six we had two thousand and twenty six orders"),
    ("31.02.2026", "thirty one point two point 2 0 2 6"),
    # codes and long numbers, figure by figure
    ("SO100245", "S O, 1 0 0, 2 4 5"),
    ("order 100245", "order 1 0 0, 2 4 5"),
    ("AB-1234-X", "A B, 1 2 3 4, X"),
    ("1 0 0, 2 4 5", "1 0 0, 2 4 5"),
    ("A4", "A four"),
    ("007", "0 0 7"),
    ("1234 5678 9012 3456", "1 2 3 4, 5 6 7 8, 9 0 1 2, 3 4 5 6"),
    ("24-hour service", "twenty four hour service"),
    ("+49 30 1234567", "plus 4 9, 3 0, 1 2 3, 4 5 6 7"),
    ("(555) 123-4567", "5 5 5, 1 2 3, 4 5 6 7"),
    ("555-0101", "5 5 5, 0 1 0 1"),
    # abbreviations and signs
    ("Mr. Smith & Mrs. Jones", "Mister Smith and Missus Jones"),
    ("to St. James, 5 Main St.", "to Saint James, five Main Street."),
    ("approx. 5 items, etc.", "approximately five items, et cetera."),
    ("VAT, PIN, SMS, ID, No. 5", "V A T, pin, S M S, I D, number five"),
    ("e.g. shoes, i.e. boots", "for example shoes, that is boots"),
    ("no. I mean #5", "no. I mean number five"),
    ("You sat. I sat.", "You sat. I sat."),
    ("Mon. to Fri.", "Monday to Friday"),
    ("press * or #", "press star or hash"),
    ("**bold** text", "bold text"),
    ("24/7", "twenty four seven"),
    ("yes/no", "yes or no"),
    # addresses
    ("see https://shop.example/help-me now", "see shop dot example slash help dash me now"),
    ("mail ann.lee@shop.example.", "mail ann dot lee at shop dot example."),
    # what cannot be said
    ("😀 hi ☎️ \x00\x07there\u200b", "hi there"),
    ("٣ ３", "3 3"),
    ("?!…", ""),
    ("", ""),
]  # fmt: skip
CHINESE = [
    ("49.90元", "四十九元九角"),
    ("49元9角", "四十九元九角"),
    ("€49.90", "四十九点九欧元"),
    ("10000元", "一万元"),
    ("100245", "一零零二四五"),
    ("订单SO100245已发货", "订单S O 一零零二四五已发货"),
    ("1 0 0，2 4 5", "一零零，二四五"),
    ("2026-11-25", "二零二六年十一月二十五日"),
    ("2026年12月2日", "二零二六年十二月二日"),
    ("上午9点30分", "上午九点三十分"),
    ("15:30", "十五点三十分"),
    ("50%", "百分之五十"),
    ("1,299件", "一千二百九十九件"),
    ("2个包裹，第2次", "两个包裹，第二次"),
    ("3-5天", "三到五天"),
    ("-5度", "负五度"),
    ("拨打+86 138 1234 5678", "拨打加八六，一三八，一二三四，五六七八"),
    ("按1查订单，按*重复，按#结束", "按一查订单，按星号重复，按井号结束"),
    ("请说VAT或PIN", "请说VAT或PIN"),
    ("24/7", "全天候"),
]


@pytest.mark.parametrize(("text", "said"), ENGLISH)
def test_english_is_read_in_words(text, said):
    assert normalised(text, "en") == said


@pytest.mark.parametrize(("text", "said"), CHINESE)
def test_chinese_is_read_in_characters(text, said):
    assert normalised(text, "zh") == said


def test_another_language_is_only_cleaned():
    assert normalised("Ihr  Paket\tkommt am 2. Mai 😀", "de") == "Ihr Paket kommt am 2. Mai"


PIECES = re.split(
    r"\s+",
    """€ $ ¥ 49.90 1,299 100245 SO100245 A4 - / . , : % °C kg pm p.m. 2026-11-25 Nov No. St. Mr. etc. e.g.
VAT PIN * # & + 1 2 0 www. a.com @ 元 年 月 日 个 按 你好 ， 。 hello World m EUR CHF – 1/2 24/7 ' ( ) ² ٣ é""",
)
TEXTS = st.lists(st.sampled_from([*PIECES, " ", "\x00", "\ud800", "😀"]), max_size=14).map("".join) | st.text(
    max_size=60
)


@given(TEXTS, st.sampled_from(["en", "zh", "de", "xx", ""]))
@settings(max_examples=200)
def test_any_text_is_read_and_what_was_read_stays_as_it_is(text, language):
    said = normalised(text, language)
    assert normalised(said, language) == said
    assert said.encode() is not None


@given(TEXTS, st.sampled_from(["en", "zh", "ja", "de"]))
def test_cutting_a_text_into_runs_loses_nothing(text, language):
    said = normalised(text, language)
    assert "".join(run for _, run in runs(said, language)).replace(" ", "") == said.replace(" ", "")


@pytest.mark.parametrize(
    "text", ["9" * 10_000, "a1-" * 5000, "1,000" * 3000, "a@" * 5000, "12-" * 5000, "a." * 5000]
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_text_keeps_a_worker_busy_for_long(text, language):
    began = time.process_time()
    normalised(text, language)
    assert time.process_time() - began < 8


def test_a_text_beyond_all_measure_is_cut():
    assert len(normalised("word " * 4000, "en")) <= MOST_CHARS


# ---- runs and segments

BOTH = frozenset({"en", "zh"})


def spoken(text, language="en", voices=BOTH):
    return [(part.language, part.text) for part in segments(text, language, voices)]


def test_english_words_in_a_chinese_text_are_left_to_the_english_voice():
    assert spoken("请说VAT，或者按0。", "zh") == [("zh", "请说"), ("en", "V A T,"), ("zh", "或者按零。")]


def test_chinese_words_in_an_english_text_are_left_to_the_chinese_voice():
    assert spoken("Say 你好 to 2 people.") == [("en", "Say"), ("zh", "你好"), ("en", "to two people.")]


def test_without_a_chinese_voice_nobody_tries_chinese_characters():
    assert spoken("Say 你好 now.", voices=frozenset({"en"})) == [("en", "Say"), ("en", "now.")]


def test_without_an_english_voice_the_chinese_one_tries():
    assert spoken("请说VAT。", "zh", frozenset({"zh"})) == [("zh", "请说"), ("zh", "VAT。")]


def test_a_language_without_a_voice_says_nothing():
    assert spoken("Bonjour.", "fr") == []


def test_every_sentence_is_a_segment_of_its_own_after_a_pause():
    parts = segments("Thank you, J. K. Rowling. Is that all? Yes!", "en", BOTH)
    assert [part.text for part in parts] == ["Thank you, J. K. Rowling.", "Is that all?", "Yes!"]
    assert [part.pause_ms for part in parts] == [0, 200, 200]


def test_a_word_that_is_spelt_may_end_a_sentence():
    assert len(segments("Please say VAT. Then wait.", "en", BOTH)) == 2


def test_the_same_sentence_is_the_same_segment_wherever_it_stands():
    alone = segments("Is there anything else?", "en", BOTH)[0].text
    assert segments("Your order 100245 was sent. Is there anything else?", "en", BOTH)[1].text == alone


def test_a_long_sentence_is_cut_at_its_commas_but_no_number_is():
    text = f"Your order {'SO100245, ' * 3}which you have placed with us last week, is on its way to you, as we have told you before."
    parts = segments(text, "en", BOTH)
    assert len(parts) > 1
    assert not any(part.text.endswith(("0,", "5,")) for part in parts)
    assert max(len(part.text) for part in parts) < 2 * LONG_DEFAULT


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "word " * 2000, "?!" * 5000, "😀" * 500, "\n\t\x00", "中" * 5000]
)
def test_odd_texts_come_in_pieces_of_bounded_length_or_not_at_all(text):
    for language in ("en", "zh"):
        parts = segments(text, language, BOTH)
        assert all(0 < len(part.text) <= MOST_DEFAULT for part in parts)
