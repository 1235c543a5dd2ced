"""What a caller's answer does to a call: taken, asked back, corrected, or asked for once more.

The behaviour is VoiceXML's (W3C VoiceXML 2.1, sections 2.3 and 5.3): misses are counted and met
with other words; keys and speech stand side by side; one sentence fills every slot it can.
"""

from collections.abc import Mapping
from dataclasses import replace

from ivr.dialog.actions import UNVERIFIED, Expect, Listen
from ivr.dialog.arriving import Arriving, number_of
from ivr.dialog.events import Acted, Pressed, Recorded, Silent, Spoke, Value
from ivr.dialog.flow import Collect, Do, Exit, Listening, Menu, Queue, Recording, give_up_of, inputs_of
from ivr.dialog.hearing import Fill, Heard, Move, Order, Situation, hear, hear_keys
from ivr.dialog.rivals import rival, which
from ivr.dialog.spoken import correction, yes_or_no
from ivr.dialog.state import Asking

MOST_SUSPENDED = 2
"""Matters that are offered again after the caller has left them for another."""


class Answering(Arriving):
    """A call that takes answers: from the caller, and from the actions that were run."""

    __slots__ = ()

    # ---- what came back

    def acted(self, node: Do, event: Acted) -> None:
        """Take the exit that the action's outcome names; first of all it must be sure enough who calls."""
        if event.outcome == UNVERIFIED:
            return self.prove(node, event.data)
        if event.data:
            self.fill({node.result: dict(event.data)})
        if node.kind == "callback" and event.outcome == "booked":
            self.came_to = "callback"
        if self.came_to == "voicemail":
            self.came_to = ""  # what was recorded was for this action
        leave = node.exits.get(event.outcome) or node.exits.get("unavailable")
        if leave is None:
            return self.give_up(Exit(self.flow.give_up))
        target = self.flow.nodes[leave.goto]
        if isinstance(target, Collect) and target.slot in inputs_of(node):
            return self._refused(target, leave)
        return self.enter(leave)

    def _refused(self, target: Collect, leave: Exit) -> None:
        """The shop does not accept what was collected: ask again, as often as for a miss."""
        self.refusals += 1
        self._through(leave)
        self.forget((target.slot,))
        if self.refusals >= target.question.patience.tries:
            return self.give_up(give_up_of(target))
        return self.enter(Exit(target.name))

    def recorded(self, node: Recording, event: Recorded) -> None:
        """Keep a recording; a consent needs a yes in it."""
        agreed = yes_or_no(event.text, self.language) if node.refused else True
        if agreed is None:
            return self.missed(node)
        self.understood = "taken"
        self.fill({node.slot: {"number": event.recording, "ms": event.ms, "text": event.text[:200]}})
        if node.refused is None:
            self.came_to = "voicemail"
        return self.enter(node.exit if agreed or node.refused is None else node.refused)

    # ---- the three bands

    def answered(self, node: Listening) -> None:
        """Take the caller's answer by its confidence: take it, ask for a yes, or ask again."""
        heard = self._heard(node)
        bands = node.question.confidence
        if heard is None:
            return self.missed(node)
        if heard.confidence >= bands.take and not _must_confirm(node, heard):
            return self._take(node, heard)
        secret = isinstance(node, Collect) and node.secret and isinstance(heard, Fill)
        if heard.confidence >= bands.confirm and _can_be_asked(heard) and not secret:
            return self._ask_whether(node, heard)
        return self.missed(node)

    def _heard(self, node: Listening) -> Heard | None:
        match self.event:
            case Pressed(digits=digits):
                return hear_keys(self.flow, node, digits)
            case Spoke():
                situation = Situation(
                    self.matter, self.facts.slots, self.today, self.home, bool(self.came_to)
                )
                return hear(self.flow, node, self.event, situation)
            case _:
                return None

    def _ask_whether(self, node: Listening, heard: Heard) -> None:
        match heard:
            case Fill(slot=slot, value=value):
                self._tell(heard.told)
                self.read_back(node, slot, value)
            case Move(exit=leave, intent=intent, label=label):
                self._tell(heard.told)
                asking = Asking(exit=leave, intent=intent, words=label)
                self.ask_back(node, self._of_two(node, heard, asking))
            case Order(command=command):
                words = self.flow.labels.get(command.name, command.name.replace("_", " "))
                self.ask_back(node, Asking(exit=command.goto, words=words))

    def _of_two(self, node: Listening, heard: Move, asking: Asking) -> Asking:
        """Ask about two matters at once where both may be meant."""
        other = rival(self.flow, node, self.event, heard) if isinstance(self.event, Spoke) else None
        if other is None or not heard.intent:
            return asking
        return replace(
            asking, question="which", other=other.exit, other_intent=other.intent, other_words=other.label
        )

    # ---- taken

    def _take(self, node: Listening, heard: Heard) -> None:
        self.understood = "taken"
        match heard:
            case Order():
                return self._obey(node, heard)
            case Fill(slot=slot, value=value, told=told):
                return self._filled(node, slot, value, told)
            case Move(exit=leave, intent=intent, told=told):
                self._turn_to(node, intent)
                self._tell(told)
                return self.enter(_keeping(leave, told))

    def _filled(self, node: Listening, slot: str, value: Value, told: Mapping[str, Value]) -> None:
        """Fill the slot asked for and whatever else was said; an older answer that changed goes first."""
        changed = [name for name, new in told.items() if self._differs(name, new)]
        self._tell(told)
        if isinstance(node, Collect) and node.slot == slot:
            self.filled(node, value)
            if not changed:
                return self.enter(node.exit)
            slot = changed[0]
        else:
            self.fill({slot: value})
        return self.enter(self._again_from(slot))

    def _differs(self, name: str, value: Value) -> bool:
        before = number_of(self.slot(name))
        return before is not None and before != value

    def _again_from(self, slot: str) -> Exit:
        """Return the way on from the question of a slot whose answer has changed."""
        asker = self.facts.via.get(slot) or self.asker_of(slot) or self.node
        node = self.flow.nodes[asker]
        return replace(node.exit, say=None) if isinstance(node, Collect) else Exit(asker)

    def _tell(self, told: Mapping[str, Value]) -> None:
        """Fill what the same sentence told beside its answer, if the words were clear."""
        if told and isinstance(self.event, Spoke) and self.event.confidence >= self.flow.confidence.take:
            self.fill(told, unasked=True)

    # ---- the matter of the call

    def _turn_to(self, node: Listening, intent: str | None) -> None:
        """Note what the call is about now; a matter that was not finished is kept for later."""
        if not intent or intent in ("yes", "no"):
            return
        if self.matter and intent != self.matter and not self.came_to and not _asks_matters(node):
            self._suspend(self.matter)
        self.suspended = tuple(name for name in self.suspended if name != intent)
        self.matter, self.came_to, self.refusals = intent, "", 0

    def _suspend(self, matter: str) -> None:
        if matter not in self.flow.intents:
            return
        self.fixed = False
        told = {
            slot: number_of(self.facts.slots[slot])
            for slot in self.flow.collectors
            if self.facts.slots.get(slot) is not None
        }
        self.suspended = (*(name for name in self.suspended if name != matter), matter)[-MOST_SUSPENDED:]
        kept = {name: self.facts.kept[name] for name in self.suspended if name in self.facts.kept}
        self.facts = self.facts._replace(kept={**kept, matter: told})

    def open(self, node: Listening) -> None:
        """Arrive at a listening node; where any matter may follow, one that was left comes first."""
        self.come_to(node)
        if self.suspended and _asks_matters(node) and self.came_to:
            self._offer_suspended(node)
        else:
            self.ask(node)

    def _offer_suspended(self, node: Listening) -> None:
        """Offer to go on with a matter that was left, instead of what the node asks."""
        self.fixed = False
        matter, self.suspended = self.suspended[-1], self.suspended[:-1]
        label = self.flow.labels.get(matter, matter.replace("_", " "))
        self.ask_back(node, Asking(None, self.flow.intents[matter], matter, label, question="resume"))

    def _resume(self, asking: Asking) -> None:
        """Go on with a matter that was left, with what had been told then."""
        assert asking.intent is not None
        assert asking.exit is not None
        told = dict(self.facts.kept.get(asking.intent, {}))
        self.matter, self.came_to, self.refusals = asking.intent, "", 0
        self.fill(told)
        self.enter(_keeping(asking.exit, told))

    # ---- commands

    def _obey(self, node: Listening, order: Order) -> None:
        command = order.command
        if command.goto is not None:
            self.matter = self.matter or command.name
            return self.enter(command.goto)
        asking, self.asking = self.asking, None
        match command.do:
            case "back" if len(self.trail) > 1:
                return self._back()
            case "help":
                self.say(node.question.prompts.help or self.flow.phrases["help"], node.name)
            case _:
                pass
        if asking is not None:
            return self.ask_back(node, asking)
        return self.ask(node, whole=True)

    def _back(self) -> None:
        """Return to the listening node before this one and forget what it had collected."""
        *earlier, before, _ = self.trail
        node = self.flow.nodes[before]
        if isinstance(node, Collect):
            self.forget((node.slot, *self.flow.depends.get(node.slot, ())))
        self.trail = tuple(earlier)
        self.enter(Exit(before))

    # ---- a yes or a no to what was read back

    def confirmed(self, node: Listening, asking: Asking) -> None:
        """Take the caller's yes or no to what was read back; a new answer replaces the old one."""
        if asking.question == "which":
            return self._chosen(node, asking)
        answer = self._yes_or_no()
        if answer is True:
            return self._agreed(node, asking)
        if self._partly_corrected(node, asking):
            return None
        if asking.question == "resume" and answer is False:
            self.understood, self.asking = "taken", None
            return self.ask(node)
        heard = self._new_answer(node)
        if heard is not None and not _must_confirm(node, heard):
            self.asking = asking if isinstance(heard, Order) else None
            return self._take(node, heard)
        self.asking = None
        if heard is not None:
            return self._ask_whether(node, heard)
        self._disown(asking)
        return self.missed(node, heard_wrong=answer is False)

    def _chosen(self, node: Listening, asking: Asking) -> None:
        """Take which of two matters it is; a new answer counts as well, anything else was not understood."""
        chosen = {"1": 0, "2": 1}.get(self.event.digits) if isinstance(self.event, Pressed) else None
        if isinstance(self.event, Spoke):
            labels = (asking.words, asking.other_words)
            chosen = which(asking.intent, asking.other_intent, labels, self.event, self.language)
        if chosen == 0:
            return self._agreed(node, asking)
        if chosen == 1:
            return self._agreed(node, replace(asking, exit=asking.other, intent=asking.other_intent))
        heard = self._new_answer(node)
        self.asking = None
        if heard is not None and not _must_confirm(node, heard):
            self.asking = asking if isinstance(heard, Order) else None
            return self._take(node, heard)
        return self.missed(node)

    def _yes_or_no(self) -> bool | None:
        match self.event:
            case Pressed(digits="1"):
                return True
            case Pressed(digits="2"):
                return False
            case Spoke(text=text):
                return yes_or_no(text, self.language)
            case _:
                return None

    def _agreed(self, node: Listening, asking: Asking) -> None:
        self.understood, self.asking = "taken", None
        if asking.question == "resume":
            return self._resume(asking)
        if asking.slot is not None:
            return self._filled(node, asking.slot, asking.value, {})
        if asking.exit is None:
            return self.open(node)
        self._turn_to(node, asking.intent)
        return self.enter(_keeping(asking.exit, dict.fromkeys(self.facts.told)))

    def _partly_corrected(self, node: Listening, asking: Asking) -> bool:
        """Mend a part of the number that was read back ("46, not 45") and read it back again."""
        if not (isinstance(self.event, Spoke) and asking.slot and isinstance(asking.value, str)):
            return False
        mended = correction(self.event.text, asking.value, self.language)
        if mended is None or mended == asking.value:
            return False
        self.read_back(node, asking.slot, mended)
        return True

    def _new_answer(self, node: Listening) -> Heard | None:
        """Return a sure new answer: another number, a command, another matter. A bare no is none."""
        if isinstance(self.event, Pressed) and self.event.digits in ("1", "2"):
            return None
        heard = self._heard(node)
        if isinstance(heard, Move) and heard.intent in ("yes", "no"):
            return None
        sure = node.question.confidence.take
        return heard if heard is not None and heard.confidence >= sure else None

    def _disown(self, asking: Asking) -> None:
        """Forget a value that was told unasked and turned out wrong."""
        if asking.slot is not None and asking.slot in self.facts.told:
            self.forget((asking.slot,))

    # ---- in a queue

    def offer_callback(self, node: Queue) -> None:
        """Ask a caller who waits whether to be called back; the place is kept meanwhile."""
        self.fixed = False
        self.asking = Asking(exit=node.callback, question="ask_callback")
        self.say(self.flow.phrases["ask_callback"], node.name)
        self.said.append(Listen(Expect("yes_no"), node.name, self.language))

    def callback_answered(self, node: Queue, leave: Exit) -> None:
        """Book the call back on a yes; whatever else was said, the caller goes on waiting."""
        answer, self.asking = self._yes_or_no(), None
        self.understood = "nothing" if isinstance(self.event, Silent) else "missed"
        if answer is not None or self._wants_callback():
            self.understood = "taken"
        if self.understood == "taken" and answer is not False:
            return self.enter(leave)
        return self.wait(node)

    def _wants_callback(self) -> bool:
        first = self.event.intents[:1] if isinstance(self.event, Spoke) else ()
        sure = self.flow.confidence.take
        return any(one.name == "callback" and one.confidence >= sure for one in first)

    # ---- missed

    def told_card(self, node: Listening) -> None:
        """A card number was told, and masked before it came here: say so, and ask again."""
        self.misses += 1
        self.understood, self.asking = "missed", None
        if self.misses >= node.question.patience.tries:
            return self.give_up(give_up_of(node))
        self.say(self.flow.phrases["no_cards"], node.name)
        return self.ask(node)

    def missed(self, node: Listening, *, heard_wrong: bool = False) -> None:
        """Ask again in other words, or give up to a person after the node's tries."""
        silent = isinstance(self.event, Silent)
        self.misses += 1
        self.silences += silent
        self.understood = "missed"
        if self.misses >= node.question.patience.tries:
            return self.give_up(give_up_of(node))
        if heard_wrong:
            self.say(self.flow.phrases["heard_wrong"], node.name)
            return self.ask(node)
        return self._ask_again(node, silent=silent)

    def _ask_again(self, node: Listening, *, silent: bool) -> None:
        prompts = node.question.prompts
        own = prompts.when_silent if silent else prompts.when_unclear
        texts, count = (own, self.silences if silent else self.misses - self.silences)
        if not texts:
            texts, count = prompts.say_again, self.misses
        if texts:
            self.say(texts[min(count, len(texts)) - 1], node.name, barge_in=prompts.barge_in)
            return self.listen(node)
        self.say(self.flow.phrases["nothing_heard" if silent else "sorry"], node.name)
        return self.ask(node)


def _must_confirm(node: Listening, heard: Heard) -> bool:
    return isinstance(heard, Fill) and isinstance(node, Collect) and node.confirm == "always"


def _can_be_asked(heard: Heard) -> bool:
    return not (isinstance(heard, Order) and heard.command.goto is None)


def _asks_matters(node: Listening) -> bool:
    return isinstance(node, Menu) and node.open


def _keeping(leave: Exit, told: Mapping[str, Value]) -> Exit:
    """Return a way on that does not forget what has just been told."""
    if not any(name in told for name in leave.forget):
        return leave
    return replace(leave, forget=tuple(name for name in leave.forget if name not in told))
