"""How a call behaves at every kind of node, in the words of the menus' README."""

import pytest

from ivr.commerce.actions import ACTION_TYPES
from ivr.dialog.actions import ActionType, HangUp, JoinQueue, Listen, Record, Say, Transfer
from ivr.dialog.document import load
from ivr.dialog.engine import begin, step
from ivr.dialog.events import (
    Acted,
    CallStarted,
    HungUp,
    Intent,
    Pressed,
    Recorded,
    Silent,
    Spoke,
    Transferred,
    Waited,
)
from tests.conftest import NOON

RETURN = ActionType(
    "return.request", {"order": "order_number", "reason": "text", "amount": "amount", "day": "date"},
    ("done", "unavailable"), "label", fields={"number": "text"}, empty=("unavailable",),
)  # fmt: skip
ACTIONS = {**ACTION_TYPES, RETURN.name: RETURN}
HEAD = """\
hotline: Test
start: start
always:
  agent: {keys: ["0"], intents: [agent], phrases: [agent], goto: person}
  repeat: {keys: ["*"], phrases: [repeat], do: repeat}
  back: {phrases: [go back], do: back}
  help: {phrases: [help], do: help}
patience: {no_input: 5s, tries: 3, give_up: person}
order_number: {length: 6}
queues: {support: }
skills: [orders]
"""
PEOPLE = "  person: {queue: support}\n  bye: {goodbye: Bye.}\n"
ZH = "translations/zh.yaml"


class Talk:
    """A call against a hotline of some nodes."""

    def __init__(
        self, nodes: str, head: str = HEAD, at=NOON, caller="+15550101", draw=0, language="", **files: str
    ):
        more = {name.replace("__", "/") + ".yaml": text for name, text in files.items()}
        loaded = load({"hotline.yaml": f"{head}nodes:\n{nodes}{PEOPLE}", **more}, ACTIONS)
        assert loaded.flow is not None, [str(f) for f in loaded.errors]
        self.flow, self.at = loaded.flow, at
        self.state = begin(self.flow)
        self.done = None
        self.happens(CallStarted(at, caller, "", draw, language))

    def happens(self, event):
        self.done = step(self.flow, self.state, event)
        self.state = self.done.state
        return self

    def says(self, text, confidence=0.95, *intents):
        return self.happens(Spoke(self.at, text, confidence, tuple(Intent(name, 0.95) for name in intents)))

    def keys(self, digits):
        return self.happens(Pressed(self.at, digits))

    def silent(self):
        return self.happens(Silent(self.at))

    def acted(self, outcome, **data):
        return self.happens(Acted(self.at, self.done.effect.action, outcome, data))

    @property
    def heard(self):
        return " ".join(reply.text for reply in self.done.replies if isinstance(reply, Say))

    @property
    def last(self):
        return self.done.replies[-1]


# ---- prompts


def test_silence_and_unclear_words_are_met_with_their_own_texts_and_counted_together():
    talk = Talk("""\
  start:
    menu: closed
    say: Yes or no?
    when_silent: [Are you there?, Please say yes or no now.]
    when_unclear: [I did not understand.]
    choices: [{intents: ["yes"], goto: bye}, {intents: ["no"], goto: person}]
""")
    assert talk.silent().heard == "Are you there?"
    assert talk.says("purple").heard == "I did not understand."
    assert talk.silent().state.node == "person"


def test_the_second_silence_has_its_second_text():
    talk = Talk("""\
  start:
    menu: closed
    say: Yes or no?
    when_silent: [Are you there?, Please say yes or no now.]
    patience: {tries: 4}
    choices: [{intents: ["yes"], goto: bye}]
""")
    assert talk.silent().heard == "Are you there?"
    assert talk.silent().heard == "Please say yes or no now."


SHORTER = """\
  start:
    menu: closed
    say: {text: "Welcome to the shop. Press 1.", short: Press 1.}
    choices: [{key: "1", goto: tell}]
  tell: {say: Fine., goto: start}
"""


def test_a_prompt_is_shorter_from_its_second_time_on_but_repeated_in_full():
    talk = Talk(SHORTER)
    assert talk.heard == "Welcome to the shop. Press 1."
    assert talk.keys("1").heard == "Fine. Press 1."
    assert talk.keys("*").heard == "Welcome to the shop. Press 1."


VARIANTS = """\
  start:
    say:
      - {name: warm, text: Hello there!, share: 3}
      - {name: brief, text: Hello.}
    goto: bye
"""


def test_wordings_are_drawn_by_their_shares_and_stay_for_the_call():
    said = [Talk(VARIANTS, draw=lot).done.replies[0] for lot in range(100)]
    assert [one.variant for one in said].count("warm") == 75
    assert [one.variant for one in said].count("brief") == 25
    assert said[0].text == "Hello there!"


def test_texts_say_opening_hours_the_caller_and_the_language():
    talk = Talk(
        '  start: {say: "{caller|phone}, {language}: back {hours.team.opens|datetime}.", goto: bye}\n',
        calendars='team: {week: {tuesday: "09:00-17:00"}}\n',
    )
    assert talk.heard == "plus 1, 5 5 5, 0 1 0 1, en: back tomorrow at 9 AM. Bye."


def test_help_of_a_node_comes_before_the_hotlines_own():
    talk = Talk(
        "  start: {menu: closed, say: Well?, help: Say one., choices: [{phrases: [one], goto: bye}]}\n"
    )
    assert talk.says("help").heard == "Say one. Well?"
    assert talk.state.misses == 0


# ---- commands


OVERRIDES = """\
  start:
    menu: closed
    say: Well?
    always: {agent: {goto: other}, back: false}
    choices: [{key: "1", goto: two}]
  two: {menu: closed, say: And?, always: false, choices: [{key: "1", goto: bye}]}
  other: {goodbye: Another place.}
"""


def test_a_node_may_send_a_command_elsewhere_or_leave_it_out():
    assert Talk(OVERRIDES).says("agent").state.node == "other"
    assert Talk(OVERRIDES).keys("0").state.node == "other"
    assert Talk(OVERRIDES).says("go back").done.understood == "missed"
    assert Talk(OVERRIDES).keys("1").says("agent").done.understood == "missed"


# ---- what is understood inside a node


def collecting(kind: str, more: str = "") -> Talk:
    return Talk(f"  start: {{collect: it, as: {kind}, say: What?{more}, goto: bye}}\n")


@pytest.mark.parametrize(
    ("kind", "more", "said", "value"),
    [
        ("digits", ", length: 4", "double five oh two", "5502"),
        ("digits", ", length: 3", "one hundred and twenty", "120"),
        ("order_number", "", "my order number is one zero zero two four five", "100245"),
        ("amount", "", "it was forty nine euros and ninety cents", "49.90"),
        ("date", ", dates: past", "last Tuesday", "2026-11-17"),
        ("date", ", dates: future", "on Wednesday", "2026-11-25"),
        ("phone", "", "oh four oh seven seven three two one double five", "0407732155"),
        ("yes_no", "", "yeah sure", True),
        ("yes_no", "", "no way", False),
        ("one_of", ", values: {red: [red, crimson], blue: [blue]}", "the crimson one please", "red"),
        ("one_of", ", values: [red, blue]", "the second one", "blue"),
        ("one_of", ", values: [red, blue]", "the last one", "blue"),
        ("one_of", ", values: {refund: [money back please]}", "mony back pleas", "refund"),
        ("text", "", "it just broke", "it just broke"),
        ("text", ", spelled: true", "B as in Bravo, four, two", "B42"),
    ],
)
def test_an_answer_fills_the_slot_as_people_say_it(kind, more, said, value):
    talk = collecting(kind, more).says(said)
    if talk.done.understood == "unsure":
        talk.says("yes")
    assert talk.state.slots == {"it": value}


@pytest.mark.parametrize(
    ("kind", "more", "keys", "value"),
    [
        ("digits", ", length: [2, 4]", "123", "123"),
        ("amount", "", "49*90", "49.90"),
        ("date", "", "20261124", "2026-11-24"),
        ("date", "", "24112026", "2026-11-24"),
        ("yes_no", "", "2", False),
        ("one_of", ", values: [red, blue]", "2", "blue"),
        ("digits", ", length: 4, check: luhn", "4242", "4242"),
    ],
)
def test_keys_fill_the_slot(kind, more, keys, value):
    assert collecting(kind, more).keys(keys).state.slots == {"it": value}


@pytest.mark.parametrize(
    ("kind", "more", "keys"),
    [
        ("date", "", "31022026"),
        ("one_of", ", values: [red]", "3"),
        ("digits", ", length: 4, check: luhn", "4243"),
    ],
)
def test_keys_that_mean_nothing_are_a_miss(kind, more, keys):
    assert collecting(kind, more).keys(keys).done.understood == "missed"


def test_a_number_that_breaks_its_check_rule_is_read_back():
    talk = collecting("digits", ", length: 4, check: luhn").says("four two four three")
    assert talk.done.understood == "unsure"
    assert "4 2 4 3" in talk.heard


def test_an_order_number_with_its_prefix_is_understood_with_and_without():
    head = HEAD.replace("{length: 6}", "{length: 6, prefix: SO}")
    nodes = "  start: {collect: it, as: order_number, say: Which?, goto: bye}\n"
    assert Talk(nodes, head).says("S O one zero zero two four five").state.slots == {"it": "SO100245"}
    assert Talk(nodes, head).keys("100245").state.slots == {"it": "SO100245"}


def test_a_choice_is_named_by_its_place_or_its_key():
    nodes = """\
  start:
    menu: closed
    say: Which?
    choices: [{key: "4", phrases: [red], goto: bye}, {key: "7", phrases: [blue], goto: person}]
"""
    assert Talk(nodes).says("the second one").state.node == "person"
    assert Talk(nodes).says("number four").state.node == "bye"


def test_the_finish_key_is_what_the_node_says():
    assert collecting("digits", ", finish_key: '*'").last.finish_key == "*"
    assert collecting("digits", ", finish_key: none").last.finish_key == ""
    talk = collecting("digits", ", patience: {inter_digit: 4s}")
    assert (talk.last.inter_digit_ms, talk.last.finish_key) == (4000, "#")


# ---- three bands, corrections


def test_a_node_may_have_bands_of_its_own():
    nodes = "  start: {collect: it, as: digits, length: 3, say: What?, confidence: {take: 0.5}, goto: bye}\n"
    assert Talk(nodes).says("one two three", 0.6).state.slots == {"it": "123"}


ASK = "  start: {collect: order, as: order_number, say: Which order?, goto: bye}\n"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("no, 46 not 45", "1 0 0, 2 4 6"),
        ("it ends in four six", "1 0 0, 2 4 6"),
        ("no the last two are 46", "1 0 0, 2 4 6"),
        ("it starts with 20", "2 0 0, 2 4 5"),
    ],
)
def test_a_part_of_a_number_is_corrected_and_read_back_again(said, read):
    talk = Talk(ASK).says("one zero zero two four five", 0.6).says(said)
    assert read in talk.heard
    assert talk.state.misses == 0
    assert talk.says("yes").state.slots == {"order": read.replace(" ", "").replace(",", "")}


def test_repeat_says_the_question_of_the_read_back_again():
    talk = Talk(ASK).says("one zero zero two four five", 0.6).says("repeat")
    assert talk.heard == "I heard 1 0 0, 2 4 5. Is that right?"
    assert talk.says("yes").state.slots == {"order": "100245"}


def test_what_must_always_be_confirmed_is_read_back_even_when_it_was_told_unasked():
    nodes = """\
  start: {menu: open, say: How can I help?, choices: [{intents: [refund], goto: ask}]}
  ask: {collect: order, as: order_number, say: Which order?, confirm: always, goto: bye}
"""
    talk = Talk(nodes).says("refund order one zero zero two four five", 0.95, "refund")
    assert talk.heard == "I heard 1 0 0, 2 4 5. Is that right?"
    talk.says("no")
    assert "order" not in talk.state.slots
    assert "Which order?" in talk.heard


def test_a_no_to_what_was_read_back_is_not_the_no_of_the_menu():
    nodes = """\
  start:
    menu: open
    say: Anything else?
    choices: [{intents: ["no"], goto: bye}, {intents: [refund], goto: person}]
"""
    talk = Talk(nodes).happens(Spoke(NOON, "the refund thing", 0.6, (Intent("refund", 0.6),)))
    assert talk.done.understood == "unsure"
    assert talk.says("no").state.node == "start"


# ---- mixed initiative


RETURNS = """\
  start:
    menu: open
    say: How can I help?
    choices:
      - {intents: [return_item], goto: ask_order}
      - {intents: [opening_hours], goto: hours}
      - {intents: [track_order], goto: ask_tracked}
  ask_order: {collect: order, as: order_number, say: Which order?, goto: check}
  check:
    do: refund.check
    with: {order: $order}
    on: {eligible: ask_reason, needs_return: ask_reason, too_late: bye, over_limit: person, already: bye,
         not_found: ask_order, unavailable: person}
  ask_reason:
    collect: reason
    as: one_of
    say: Why?
    values: {broken: [broken, damaged], late: [too late]}
    goto: ask_amount
  ask_amount: {collect: amount, as: amount, say: How much was it?, goto: ask_day}
  ask_day: {collect: day, as: date, dates: past, say: When did it come?, goto: sure}
  sure:
    menu: closed
    say: "Return {order} because it is {reason}, {amount}, {day|day}?"
    choices: [{key: "1", intents: ["yes"], goto: send}, {key: "2", intents: ["no"], goto: again}]
  send:
    do: return.request
    with: {order: $order, reason: $reason, amount: $amount, day: $day}
    on: {done: again, unavailable: person}
  hours: {say: From nine to five., goto: again}
  again:
    menu: open
    say: Anything else?
    choices: [{intents: [return_item], goto: ask_order}, {intents: ["no"], goto: bye}]
  ask_tracked: {collect: order, as: order_number, say: Which order is late?, goto: look}
  look:
    do: order.lookup
    with: {number: $order}
    on: {found: again, not_found: ask_tracked, unavailable: person}
"""


def test_one_sentence_fills_the_matter_and_every_slot_in_any_order():
    talk = Talk(RETURNS).says(
        "it came yesterday broken I want to return order one zero zero two four five for 49 euros",
        0.95,
        "return_item",
    )
    assert talk.done.effect.inputs == {"order": "100245"}
    talk.acted("eligible", amount="x")
    assert talk.state.node == "sure"
    assert {k: v for k, v in talk.state.slots.items() if k != "refund"} == {
        "order": "100245", "reason": "broken", "amount": "49", "day": "2026-11-22",
    }  # fmt: skip


def test_an_answer_may_hold_the_answers_to_later_questions():
    talk = Talk(RETURNS).says("return", 0.95, "return_item").keys("100245").acted("eligible")
    talk.says("it is broken and it cost 20 euros")
    assert talk.state.node == "ask_day"
    assert talk.state.slots["amount"] == "20"


def test_another_order_in_the_middle_of_a_question_goes_back_and_keeps_what_is_still_true():
    talk = Talk(RETURNS).says("return", 0.95, "return_item").keys("100245").acted("eligible", amount="x")
    talk.says("it is broken")
    assert talk.state.node == "ask_amount"
    talk.says("no, the other order, one zero zero three one one")
    assert talk.done.effect.action == "refund.check"
    assert talk.done.effect.inputs == {"order": "100311"}
    assert "refund" not in talk.state.slots
    assert talk.state.slots["reason"] == "broken"
    assert talk.acted("eligible").state.node == "ask_amount"


def test_an_amount_is_not_taken_for_an_order_number_nor_the_other_way_round():
    talk = Talk(RETURNS).says("return", 0.95, "return_item").keys("100245").acted("eligible").says("broken")
    talk.says("two hundred forty nine euros")
    assert talk.state.slots["amount"] == "249"
    assert talk.state.slots["order"] == "100245"


def test_going_back_forgets_the_answer_and_what_depended_on_it_and_nothing_else():
    talk = Talk(RETURNS).says("return", 0.95, "return_item").keys("100245").acted("eligible", amount="x")
    assert talk.state.node == "ask_reason"
    talk.says("go back")
    assert talk.state.node == "ask_order"
    assert "order" not in talk.state.slots
    assert "refund" not in talk.state.slots


def test_a_matter_that_was_left_is_offered_again_with_what_had_been_told():
    talk = Talk(RETURNS).says("return", 0.95, "return_item").keys("100245").acted("eligible").says("broken")
    talk.says("when are you open", 0.95, "opening_hours")
    assert talk.heard == "From nine to five. You had also called about return item. Shall we go on with that?"
    talk.says("yes")
    assert talk.done.effect.inputs == {"order": "100245"}
    assert talk.acted("eligible").state.node == "ask_amount"


def test_the_order_of_a_matter_that_was_left_is_kept_while_another_order_is_asked_about():
    talk = Talk(RETURNS).says("return", 0.95, "return_item").keys("100245").acted("eligible")
    talk.says("where is order one zero zero three one one", 0.95, "track_order")
    assert talk.done.effect.inputs == {"number": "100311"}
    talk.acted("found", number="100311")
    assert "Shall we go on with that?" in talk.heard
    assert talk.says("yes please").done.effect.inputs == {"order": "100245"}


def test_a_matter_that_was_left_and_is_refused_is_not_offered_once_more():
    talk = Talk(RETURNS).says("return", 0.95, "return_item")
    talk.says("when are you open", 0.95, "opening_hours").says("no")
    assert talk.heard == "Anything else?"
    assert talk.says("no").last == HangUp("resolved")


# ---- recordings, surveys, transfers, queues


MESSAGE = """\
  start:
    record: message
    say: Leave a message.
    longest: 1m
    silence: 2s
    patience: {tries: 2, give_up: bye}
    goto: kept
  kept: {goodbye: We have it.}
"""


def test_a_message_is_recorded_and_the_call_counts_as_voicemail():
    talk = Talk(MESSAGE)
    assert talk.last == Record("start", "en", 60_000, 2_000, True, 5_000)
    talk.happens(Recorded(NOON, "REC1", 4000, "call me"))
    assert talk.state.slots["message"] == {"number": "REC1", "ms": 4000, "text": "call me"}
    assert talk.last == HangUp("voicemail")


def test_who_hangs_up_after_a_message_has_left_one_and_who_says_nothing_has_not():
    talk = Talk(
        MESSAGE.replace("goto: kept", "goto: start2")
        + "  start2: {menu: closed, say: More?, choices: [{key: '1', goto: bye}]}\n"
    )
    assert talk.happens(Recorded(NOON, "REC1", 4000)).happens(HungUp(NOON)).state.outcome == "voicemail"
    assert Talk(MESSAGE).happens(HungUp(NOON)).state.outcome == "gave_up"
    assert Talk(MESSAGE).silent().silent().state.node == "bye"


def test_typed_words_count_as_a_message_without_audio():
    assert Talk(MESSAGE).says("call me back").state.slots["message"]["text"] == "call me back"


def test_keys_during_a_message_are_commands():
    assert Talk(MESSAGE).keys("0").state.node == "person"


CONSENT = """\
  start: {record: consent, say: May we record this call?, beep: false, goto: yes_node, refused: no_node}
  yes_node: {goodbye: Recorded.}
  no_node: {goodbye: Not recorded.}
"""


@pytest.mark.parametrize(
    ("said", "node"), [("yes you may", "yes_node"), ("no I'd rather not", "no_node"), ("what?", "start")]
)
def test_a_spoken_consent_is_a_yes_or_a_no_and_is_kept(said, node):
    talk = Talk(CONSENT).happens(Recorded(NOON, "REC1", 900, said))
    assert talk.state.node == node
    assert ("consent" in talk.state.slots) == (node != "start")


SURVEY = """\
  start:
    survey: stars
    say: From 1 to 5?
    scale: [1, 5]
    reason: Why?
    reason_up_to: 3
    thanks: Thank you.
    goto: bye
"""


def test_a_rating_is_taken_by_voice_and_a_low_one_is_asked_why():
    talk = Talk(SURVEY).says("two stars")
    assert talk.heard == "Why?"
    talk.says("it took too long")
    assert talk.done.effect.action == "survey.record"
    assert talk.done.effect.inputs == {"survey": "stars", "score": 2, "reason": "it took too long"}
    assert talk.acted("recorded").heard == "Thank you. Bye."


def test_a_high_rating_needs_no_reason_and_ratings_outside_the_scale_are_misses():
    assert Talk(SURVEY).keys("5").done.effect.inputs == {"survey": "stars", "score": 5, "reason": None}
    assert Talk(SURVEY).keys("9").done.understood == "missed"
    assert Talk(SURVEY).says("seven").done.understood == "missed"


def test_who_does_not_rate_goes_on_without_an_apology():
    talk = Talk(SURVEY).silent().silent().silent()
    assert talk.heard == "Bye."


TRANSFER = """\
  start: {transfer: bank, say: One moment., timeout: 20s, goto: nobody, on: {busy: engaged}}
  nobody: {goodbye: Nobody answers.}
  engaged: {goodbye: They are talking.}
"""


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("busy", "They are talking."),
        ("no_answer", "Nobody answers."),
        ("failed", "Nobody answers."),
        ("answered", ""),
    ],
)
def test_a_transfer_ends_the_call_or_comes_back_by_how_it_went(outcome, said):
    head = HEAD + 'hotlines: {bank: "+4930123456"}\n'
    talk = Talk(TRANSFER, head)
    assert talk.last == Transfer("+4930123456", "start", 20_000)
    talk.happens(Transferred(NOON, outcome))
    assert talk.heard == said
    assert talk.state.outcome == ("transferred" if outcome == "answered" else "resolved")


QUEUE = """\
  start:
    queue: support
    skills: {orders: 2, $language: 1, $tier: 3}
    while_waiting: {music: none, announce: [], offer_callback_after: 30s}
    overflow: {after: 5m, say: Still busy., goto: bye}
  book: {callback: support, number: $phone, on: {booked: bye, no_number: ask_phone, unavailable: person}}
  ask_phone: {collect: phone, as: phone, say: Which number?, goto: book}
  tier: {collect: tier, as: text, say: Tier?, goto: start}
"""


def test_a_queue_says_what_the_carrier_needs_to_know():
    assert Talk(QUEUE).last == JoinQueue(
        "support", {"orders": 2, "en": 1}, announce_every_ms=0, announce=(), music="none",
        callback_after_ms=30_000, overflow_after_ms=300_000,
    )  # fmt: skip


def test_who_waits_too_long_goes_on_by_the_overflow():
    assert Talk(QUEUE).happens(Waited(NOON, 300_000)).heard == "Still busy. Bye."


def test_key_1_in_a_queue_books_a_call_back_and_other_keys_do_nothing():
    talk = Talk(QUEUE).keys("5")
    assert talk.done.replies == ()
    talk.keys("1")
    assert talk.heard == "Which number?"
    talk.says("oh four oh seven seven three two one five five").says("yes")
    assert talk.done.effect.inputs["queue"] == "support"
    assert talk.done.effect.inputs["number"] == "0407732155"
    assert talk.acted("booked", number="B1").last == HangUp("callback")


# ---- sub-flows


MAIN = """\
  start: {collect: name, as: text, say: Your name?, goto: verify}
  verify: {flow: check_pin, with: {who: $name}, into: {level: trust}, on: {good: fine, bad: person}}
  fine: {say: "Hello {name}, trust {trust}, pin {pin}.", goto: bye}
  pin: {collect: pin, as: text, say: Unused., goto: bye}
"""
CHECK_PIN = """\
flow: check_pin
start: ask_pin
inputs: [who]
results: [level]
nodes:
  ask_pin: {collect: pin, as: digits, length: 4, say: "PIN, {who}?", goto: ask_level}
  ask_level: {collect: level, as: one_of, values: [high, low], say: Level?, goto: sort}
  sort: {decide: [{when: {level: high}, goto: ended_well}, {goto: ended_badly}]}
  ended_well: {return: good}
  ended_badly: {return: bad}
"""


def test_a_sub_flow_takes_inputs_gives_results_and_forgets_the_rest():
    talk = Talk(MAIN, check_pin=CHECK_PIN).says("Ada")
    assert talk.heard == "PIN, Ada?"
    assert talk.keys("1234").says("high").heard == "Hello Ada, trust high, pin. Bye."
    assert talk.state.slots == {"name": "Ada", "trust": "high"}


def test_the_ends_of_a_sub_flow_lead_on_by_their_names():
    assert Talk(MAIN, check_pin=CHECK_PIN).says("Ada").keys("1234").says("low").state.node == "person"


def test_who_asks_for_a_person_inside_a_sub_flow_leaves_it():
    talk = Talk(MAIN, check_pin=CHECK_PIN).says("Ada").keys("1234").says("agent")
    assert talk.state.node == "person"
    assert talk.state.place.frames == ()
    assert talk.state.slots == {"name": "Ada"}


def test_back_after_a_sub_flow_does_not_lead_into_it():
    main = MAIN.replace(
        "goto: bye}\n  pin",
        "goto: more}\n  more: {menu: closed, say: More?, choices: [{key: '1', goto: bye}]}\n  pin",
    )
    talk = Talk(main, check_pin=CHECK_PIN).says("Ada").keys("1234").says("high")
    assert talk.state.node == "more"
    assert talk.says("go back").state.node == "start"


# ---- languages, decisions


LANGUAGES = """\
  start: {language: [en, zh], say: Press 1 for English., goto: hello}
  hello:
    menu: closed
    say: Hello.
    always: {chinese: {phrases: [chinese], goto: to_chinese}}
    choices: [{key: "1", phrases: [one], goto: bye}]
  to_chinese: {language: zh}
"""
ZH_TEXTS = """\
nodes:
  start: {say: 按2使用中文。}
  hello: {say: 你好。, always: {chinese: {phrases: [中文]}}, choices: {"1": {phrases: [一]}}}
  bye: {goodbye: 再见。}
"""


def speaking(**more):
    return Talk(LANGUAGES, **{"translations__zh": ZH_TEXTS}, **more)


def test_each_language_is_offered_in_its_own_words_and_voice():
    said = [(r.text, r.language) for r in speaking().done.replies if isinstance(r, Say)]
    assert said == [("Press 1 for English.", "en"), ("按2使用中文。", "zh")]


@pytest.mark.parametrize(
    "choose", [lambda t: t.keys("2"), lambda t: t.says("chinese"), lambda t: t.says("中文")]
)
def test_the_chosen_language_is_spoken_and_listened_to_from_then_on(choose):
    talk = choose(speaking())
    assert talk.heard == "你好。"
    assert talk.last.language == "zh"
    assert talk.says("一").heard == "再见。"


def test_a_language_without_a_way_on_asks_again_where_the_caller_was():
    assert speaking().keys("1").says("chinese").heard == "你好。"


def test_a_call_may_begin_in_the_language_of_its_number():
    assert speaking(language="zh").last.language == "zh"
    assert speaking(language="xx").last.language == "en"


def decided(rules: str, **more) -> str:
    nodes = f"  start: {{decide: [{rules}, {{goto: bye}}]}}\n  yes_node: {{goodbye: It holds.}}\n" + (
        "  other: {collect: total, as: amount, say: x, goto: start}\n"
    )
    return Talk(nodes, calendars='team: {week: {monday: "09:00-17:00"}}\n', **more).state.node


@pytest.mark.parametrize(
    ("when", "more", "holds"),
    [
        ("{caller: known}", {}, True),
        ("{caller: known}", {"caller": ""}, False),
        ("{caller: unknown}", {"caller": ""}, True),
        ("{language: en}", {}, True),
        ("{language: [zh, ko]}", {}, False),
        ("{hours.team: open}", {}, True),
        ("{hours.team: [closed, holiday]}", {}, False),
        ("{hours.team: closed}", {"at": NOON.replace(hour=20)}, True),
        ("{tries.start: 1}", {}, True),
        ("{tries.start: {at_least: 2}}", {}, False),
        ("{total: {at_most: 5}}", {}, False),
        ("{draw: {at_least: 50}}", {"draw": 60}, True),
    ],
)
def test_decisions_test_plain_facts(when, more, holds):
    assert (decided(f"{{when: {when}, goto: yes_node}}", **more) == "yes_node") == holds


def test_a_keyed_step_of_a_plain_menu_is_remembered_and_the_same():
    talk = Talk("  start: {menu: closed, say: Well?, choices: [{key: '1', goto: two}]}\n"
                "  two: {menu: closed, say: And?, choices: [{key: '1', goto: start}]}\n")  # fmt: skip
    first = talk.keys("1").done
    again = talk.keys("1").keys("1").done
    assert first.told == again.told
    assert isinstance(first.replies[-1], Listen)
    assert talk.flow.steps
