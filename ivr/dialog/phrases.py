"""The hotline's own words in each language, as far as the menus do not give others (`phrases`)."""

from collections.abc import Mapping

PHRASES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "sorry": "Sorry, I did not get that.",
        "nothing_heard": "I did not hear anything.",
        "heard": "I understood: {heard}. Is that right?",
        "which": "Is it about {heard}, or about {other}?",
        "heard_number": "I heard {heard}. Is that right?",
        "heard_wrong": "Sorry about that.",
        "resume": "You had also called about {heard}. Shall we go on with that?",
        "giving_up": "I am sorry, I could not help you with that myself.",
        "help": "You can say agent for a person, repeat, go back, or main menu.",
        "filler": "One moment, please.",
        "no_speech": "I cannot understand speech right now. Please use the keys of your phone.",
        "apology": "I am sorry, something went wrong on our side. I will connect you with a person.",
        "next_in_line": "You are next in line.",
        "place_in_line": "You are number {place} in the queue.",
        "wait_short": "It should be less than a minute.",
        "wait_up_to": "It should be no more than {high} minutes.",
        "wait_between": "The wait should be between {low} and {high} minutes.",
        "calling_back": "Hello. This is the call back that you asked for. I am connecting you.",
        "ask_callback": "Shall we call you back instead? You keep your place. Please say yes or no.",
        "no_cards": "Please never tell me a card number. I have not kept it.",
        "offer_callback": "If you would rather be called back, press 1. You keep your place.",
        "status.paid": "is paid and will be packed soon",
        "status.packed": "is packed and will be handed over soon",
        "status.shipped": "has been shipped",
        "status.delivered": "has been delivered",
        "status.cancelled": "was cancelled",
        "status.refunded": "has been refunded",
    },
    "zh": {
        "sorry": "对不起，我没有听清楚。",
        "nothing_heard": "我没有听到您说话。",
        "heard": "我听到的是：{heard}，对吗？",
        "which": "请问是{heard}，还是{other}？",
        "heard_number": "我听到的是{heard}，对吗？",
        "heard_wrong": "很抱歉。",
        "resume": "您刚才还问到{heard}，要继续吗？",
        "giving_up": "很抱歉，这个问题我没能帮您解决。",
        "help": "您可以说：人工、重复、返回，或者主菜单。",
        "filler": "请稍等。",
        "no_speech": "我现在听不懂语音，请使用电话按键。",
        "apology": "很抱歉，我们这边出了点问题，我为您转接人工。",
        "next_in_line": "您是下一位。",
        "place_in_line": "您排在第{place}位。",
        "wait_short": "等待时间应该不到一分钟。",
        "wait_up_to": "等待时间应该不超过{high}分钟。",
        "wait_between": "等待时间应该在{low}到{high}分钟之间。",
        "calling_back": "您好，这是您要求的回电，现在为您接通。",
        "ask_callback": "需要我们给您回电吗？您的排队位置会保留。请说是或者不用。",
        "no_cards": "请不要告诉我银行卡号，我没有记下来。",
        "offer_callback": "如果您希望我们给您回电，请按1，您的排队位置会保留。",
        "status.paid": "已付款，很快会打包",
        "status.packed": "已打包，很快会交给快递",
        "status.shipped": "已发货",
        "status.delivered": "已送达",
        "status.cancelled": "已取消",
        "status.refunded": "已退款",
    },
}


def phrases_of(language: str) -> Mapping[str, str]:
    """Return the phrases of a language; English where we have none."""
    return {**PHRASES["en"], **PHRASES.get(language, {})}
