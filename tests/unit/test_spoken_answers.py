import pytest

from ivr.dialog.spoken import position_in, yes_or_no


@pytest.mark.parametrize(
    "said",
    [
        "yes", "Yeah, sure.", "yes please", "that's right", "go ahead", "okay", "correct", "yup", "uh huh", "mm hm",
        "that's correct", "you got it", "please do", "why not", "no problem", "sure, why not", "of course",
        "I think so", "please", "alright then", "yes it is", "it is", "I do", "that number is right", "do it",
        "please do it", "just do it", "yes that's not a problem", "absolutely", "sounds good to me",
        "Yes, I'd like that", "yes I don't have it here", "okay thank you", "Uh, yes.", "yep that is correct", "sure",
        "I guess so", "by all means", "I agree", "that works", "I don't mind",
    ],
)  # fmt: skip
def test_yes_in_its_usual_forms(said):
    assert yes_or_no(said) is True


@pytest.mark.parametrize(
    "said",
    [
        "no", "Nope.", "no thank you", "that's not right", "no, leave it", "wrong", "not really", "I don't think so",
        "no way", "nope that's wrong", "that's not what I said", "no that's okay", "no please don't", "okay no",
        "please don't", "not at all", "never mind", "no that's all thanks", "that's all", "nothing else",
        "of course not", "that is not correct", "that isn't right", "it's not", "not quite right", "no no no",
        "nah I'm good", "don't", "that's incorrect", "I'd rather not", "the number is wrong", "absolutely not",
        "no, one zero zero three one one", "that's not the right number", "not exactly", "I'm afraid not", "uh uh",
        "no I don't want that", "I disagree", "no need",
    ],
)  # fmt: skip
def test_no_in_its_usual_forms(said):
    assert yes_or_no(said) is False


@pytest.mark.parametrize(
    "said",
    [
        "", "maybe", "where is my order", "yes but no", "yes and no", "not wrong", "I don't know", "not sure",
        "is that right", "are you sure", "no that's right", "agent please", "my order please", "one zero zero",
        "right now I am busy", "good morning", "I can't hear you", "make sure you call", "no idea", "hello",
        "I don't remember", "no one answers",
    ],
)  # fmt: skip
def test_neither_yes_nor_no(said):
    assert yes_or_no(said) is None


@pytest.mark.parametrize(
    "said",
    [
        "是", "是的", "对", "对的", "對的", "没错", "好", "好的", "行", "可以", "嗯", "要", "需要", "当然", "没问题", "同意",
        "确认", "不错", "我要", "好的谢谢", "嗯是的", "对对对", "就是这个", "可以的", "对，没错", "是這個", "当然可以",
        "好啊", "嗯好", "对，是的", "要的", "是的我要退款", "你说得对", "应该是", "OK", "没有问题", "好，我知道了", "行吧",
    ],
)  # fmt: skip
def test_yes_in_chinese(said):
    assert yes_or_no(said, "zh") is True


@pytest.mark.parametrize(
    "said",
    [
        "不", "不是", "不对", "不要", "不用", "不行", "不可以", "没有", "沒有", "错了", "不需要", "不同意", "算了", "别",
        "不太对", "不用了谢谢", "不是的", "不不不", "不是这个", "不对，是四六", "没有了", "不好", "不怎么好", "嗯不是",
        "好的不用了", "不，谢谢", "先不要", "不是很对", "没收到", "號碼不對", "不太好", "不想要了", "应该不是",
    ],
)  # fmt: skip
def test_no_in_chinese(said):
    assert yes_or_no(said, "zh") is False


@pytest.mark.parametrize(
    "said",
    [
        "", "是不是", "对不对", "好不好", "要不要", "你好", "对不起", "不知道", "不清楚", "我的订单在哪", "是吗", "可以吗",
        "好像有问题", "我想查订单", "一零零二四五", "不好意思", "不确定", "行李丢了", "等一下", "没听清", "不记得了", "谢谢",
        "我的订单号是一零零二四五",
    ],
)  # fmt: skip
def test_neither_yes_nor_no_in_chinese(said):
    assert yes_or_no(said, "zh") is None


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("the second one", 2),
        ("number two", 2),
        ("option three", 3),
        ("option 2 please", 2),
        ("the first", 1),
        ("second", 2),
        ("two", 2),
        ("one", 1),
        ("2", 2),
        ("the last one", -1),
        ("the last", -1),
        ("the second to last one", -2),
        ("the former", 1),
        ("the latter", 2),
        ("the second please", 2),
        ("I'd like the first one please", 1),
        ("the 2nd one", 2),
        ("3rd", 3),
        ("I'll take number four", 4),
        ("the first order", 1),
        ("where is the second package", 2),
        ("um the third", 3),
        ("tenth", 10),
    ],
)
def test_one_of_several_is_meant_by_its_place(said, place):
    assert position_in(said) == place


@pytest.mark.parametrize(
    "said",
    [
        "", "on the second of March", "the second of march", "on the second", "just a second", "one moment please",
        "one second", "first of all", "number one zero zero", "order number 100245", "last week", "last Tuesday",
        "first I want to ask something", "twenty five", "which one", "no one", "number twenty one", "two hundred",
        "where is my order", "three days ago", "zero", "the first one or the second one",
    ],
)  # fmt: skip
def test_an_ordinal_that_counts_something_else_is_no_place(said):
    assert position_in(said) is None


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("第二个", 2), ("第一个", 1), ("最后一个", -1), ("最後一個", -1), ("倒数第二个", -2), ("选项三", 3), ("第三", 3),
        ("二", 2), ("3", 3), ("我要第二个", 2), ("第3个", 3), ("第二个订单", 2), ("前者", 1), ("后者", 2), ("第十一个", 11),
        ("选第二个", 2), ("第一项", 1), ("我选三", 3), ("最后", -1), ("第二个吧", 2), ("那就第一个", 1), ("选择第三", 3),
        ("第二天", None), ("第一次", None), ("两个", None), ("一下", None), ("等一下", None), ("十一月二号", None),
        ("最后两位是46", None), ("一零零二四五", None), ("", None),
    ],
)  # fmt: skip
def test_one_of_several_is_meant_by_its_place_in_chinese(said, place):
    assert position_in(said, "zh") == place
