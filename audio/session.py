"""One call's audio, without sockets, threads or clock: what is played, heard, keyed, and when.

Time comes in as milliseconds of a monotonic clock; what must be done comes out as a list. The
session keeps at most LEAD_MS of audio ahead of the caller's ear, so that what was heard is known
within that lead and a barge-in leaves nothing behind.
"""

import math
from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

from audio.echo import EchoDetector
from audio.level import LevelGate, level_db
from audio.pcm import FRAME_MS, RATE, Pcm, frames, from_ulaw
from audio.turn import OFF, Heard, Timing, TurnDetector
from audio.vad import WINDOW, WINDOW_MS, Vad

LEAD_MS = 300
PRE_ROLL_MS = 300
"""Audio kept from before the first detected speech, so that no first consonant is lost."""
BARGE_IN_MS = 160
"""Speech that stops a prompt; more than what begins a turn in silence, so that clicks do not."""
ECHO_MS = 200
"""The caller's side is not believed so soon after our own audio starts: it may be its echo."""
OVER_NOISE_DB, OVER_PROMPT_DB = 3.0, 6.0
"""How far a caller stands out from the noise of the line: to be heard at all, and to stop a prompt."""
PARTIAL_MS = 512
"""Speech after which the words so far are worth another look."""
MARK_GRACE_MS = 1500
"""A carrier that never returns a mark is not waited for longer than this after the last frame."""
LEAST_MESSAGE_MS = 192
"""Speech that makes a recording; a click does not."""
KEPT_TAIL_MS = 300
"""Silence that is kept behind the last word of a recording."""
WORTH_KEEPING_MS = 1000
"""Speech in a recording that is kept though the caller hung up in the middle of it."""
STRAY_MS = 3000
"""A # so soon behind a number that was full already belongs to the number."""
DONE_KEY = "#"
"""The key that ends a recording."""


@dataclass(frozen=True, slots=True)
class SendAudio:
    """Send mu-law audio to the caller."""

    ulaw: bytes


@dataclass(frozen=True, slots=True)
class SendMark:
    """Ask to be told when everything before has been heard."""

    name: str


@dataclass(frozen=True, slots=True)
class SendClear:
    """Throw away what the carrier has not played yet."""


@dataclass(frozen=True, slots=True)
class Started:
    """The caller began to speak; `barged_in` if a prompt was stopped for it."""

    barged_in: bool


@dataclass(frozen=True, slots=True)
class Paused:
    """The caller fell silent for a moment: the words so far may be worth a look."""

    utterance: int
    pcm: Pcm


@dataclass(frozen=True, slots=True)
class Speaking:
    """The caller goes on speaking: the words so far, for those who follow the call."""

    utterance: int
    pcm: Pcm


@dataclass(frozen=True, slots=True)
class Finished:
    """The caller's turn is over. `ended_ms` is when the last speech was heard."""

    utterance: int
    pcm: Pcm
    ended_ms: float
    barged_in: bool


@dataclass(frozen=True, slots=True)
class Keyed:
    """The caller keyed something in; the key that ended it is left out."""

    digits: str
    at_ms: float


@dataclass(frozen=True, slots=True)
class NobodySpoke:
    """The time for an answer ran out."""


@dataclass(frozen=True, slots=True)
class PromptHeard:
    """Everything that was to be played has been heard."""


Output = (
    SendAudio
    | SendMark
    | SendClear
    | Started
    | Speaking
    | Paused
    | Finished
    | Keyed
    | NobodySpoke
    | PromptHeard
)


@dataclass(frozen=True, slots=True)
class Listening:
    """What is waited for; times in milliseconds.

    `finish_key` ends a number of keys ("" for none). `recording` keeps all that is said from the
    end of the prompt and of `tone` (mu-law) on; there speech does not stop the prompt, and the key #
    ends the recording or, before the tone, the prompt.
    """

    timing: Timing
    no_input_ms: int = 6000
    max_keys: int = 1
    finish_key: str = ""
    inter_digit_ms: int = 3000
    speech: bool = True
    recording: bool = False
    tone: bytes = b""


def to_record(silence_ms: int, longest_ms: int, no_input_ms: int, tone: bytes = b"") -> Listening:
    """Return what to wait for so that the caller is recorded until `silence_ms` of silence."""
    never = silence_ms + WINDOW_MS
    timing = Timing(
        pause_ms=never,
        early_ms=silence_ms,
        end_ms=silence_ms,
        longest_ms=longest_ms,
        least_ms=LEAST_MESSAGE_MS,
    )
    return Listening(timing, no_input_ms, recording=True, tone=tone)


@dataclass(slots=True)
class _Playing:
    queue: deque[bytes] = field(default_factory=deque)
    recent: deque[bytes] = field(default_factory=lambda: deque(maxlen=LEAD_MS // FRAME_MS))
    held: list[bytes] = field(default_factory=list)
    heard_at: float = 0.0
    began_at: float = -1e9
    complete: bool = True
    mark: str | None = None
    mark_sent: bool = False
    barge_in: bool = True
    stopped: bool = False
    protected: int = 0
    protected_until: float = -1e9


class MediaSession:
    """The audio of one call."""

    def __init__(self, vad: Vad, now: float) -> None:
        self._vad = vad
        self._gate, self._echo = LevelGate(), EchoDetector()
        self._play = _Playing(heard_at=now)
        self._listening: Listening | None = None
        self._turn = TurnDetector(Timing())
        self._waiting_since: float | None = None
        self._keys = ""
        self._last_key = now
        self._stray = ""
        self._marks = 0
        self._utterance = 0
        self._spoke_until = now
        self._barged_in = False
        self._before: deque[Pcm] = deque(maxlen=(PRE_ROLL_MS + BARGE_IN_MS) // WINDOW_MS + 2)
        self._said: list[Pcm] = []
        self._rest: Pcm = np.zeros(0, dtype=np.int16)
        self._shown_ms = 0

    # ---- what the dialogue wants

    def begin_prompt(self, *, barge_in: bool = True) -> None:
        """Begin a new prompt behind what still plays; its audio follows piece by piece."""
        self._play.complete, self._play.mark = False, None
        self._play.barge_in, self._play.held, self._play.stopped = barge_in, [], False
        if not self._play.queue:
            self._play.began_at = math.inf  # until its first audio goes out

    def play(self, ulaw: bytes, *, protected: bool = False) -> None:
        """Add audio to the prompt; what comes after a barge-in is only held for a false alarm.

        Speech does not stop the prompt until its `protected` audio has been heard.
        """
        pieces = frames(ulaw)
        if self._play.stopped:
            self._play.held.extend(pieces)
            return
        self._play.queue.extend(pieces)
        if protected:
            self._play.protected = len(self._play.queue)

    def prompt_complete(self) -> None:
        """Nothing more follows in this prompt: a mark goes out behind it."""
        self._play.complete = True
        if self._play.stopped:
            return
        if self._listening is not None:
            self._play.queue.extend(frames(self._listening.tone))
        self._mark_end()

    def _mark_end(self) -> None:
        self._marks += 1
        self._play.mark, self._play.mark_sent = f"p{self._marks}", False

    def listen(self, listening: Listening, now: float) -> list[Output]:
        """Wait for an answer. Keys that were typed ahead count."""
        self._listening = listening
        self._turn = TurnDetector(listening.timing)
        self._barged_in = False
        heard = self._play.complete and not self._play.mark and not self.playing(now)
        self._waiting_since = now if heard else None
        if not self._keys:
            return []
        return self._recording_key(now) if listening.recording else self._keys_complete(now)

    def stop_listening(self) -> None:
        """Wait for nothing, for example while an answer is being worked on."""
        self._listening = None
        self._waiting_since = None

    def complete(self, utterance: int) -> list[Output]:
        """The words of this utterance are a complete answer: end the turn as soon as it is polite."""
        if utterance != self._utterance or not self._turn.speaking or self._turn.silence_ms == 0:
            return []
        return self._finished() if self._turn.complete() else []

    def end_after(self, utterance: int, silence_ms: int | None) -> None:
        """Let a turn end after less silence: its words were a complete answer twice in a row.

        None takes that back: the caller has said more since.
        """
        listening = self._listening
        if listening is None or utterance != self._utterance or not self._turn.speaking:
            return
        if silence_ms is None:
            self._turn.timing = listening.timing
            self._turn.reopen()
        else:
            self._turn.timing = replace(listening.timing, early_ms=silence_ms)
            self._turn.complete()

    def resume(self, now: float) -> None:
        """Go on with the prompt that a false alarm had stopped, from where it was heard."""
        self._play.queue.extend(self._play.held)
        self._play.held, self._play.stopped = [], False
        if self._play.complete:
            self.prompt_complete()
        self._barged_in = False

    def playing(self, now: float) -> bool:
        """Return whether the caller hears us now."""
        return bool(self._play.queue) or self._play.heard_at > now

    # ---- what the line brings

    def audio(self, ulaw: bytes, now: float) -> list[Output]:
        """Take caller audio of any length."""
        pcm = from_ulaw(ulaw)
        self._rest = np.concatenate([self._rest, pcm])
        out: list[Output] = []
        for probability in self._vad.feed(pcm):
            window, self._rest = self._rest[:WINDOW], self._rest[WINDOW:]
            out += self._window(window, probability, now)
        return out

    def _window(self, window: Pcm, probability: float, now: float) -> list[Output]:
        level = level_db(window)
        self._gate.feed(level, caller=self._turn.speaking)
        self._echo.line(window)
        if self._listening is None or not self._listening.speech or not self._may_speak(now):
            self._before.append(window)
            if self._listening is not None and self._listening.recording:
                self._before.clear()  # the prompt and the tone are no part of a recording
            return []
        if not self._turn.speaking:
            self._before.append(window)
        else:
            self._said.append(window)
        probability = self._of_caller(level, probability, now)
        out: list[Output] = []
        self._turn.start_ms = BARGE_IN_MS if self.playing(now) else self._turn.timing.start_ms
        for heard in self._turn.feed(probability, WINDOW_MS):
            out += self._heard(heard, now)
        if self._turn.speaking and self._turn.silence_ms == 0:
            self._spoke_until = now
            out += self._shown()
        return out

    def _of_caller(self, level: float, probability: float, now: float) -> float:
        """Return the probability that a window is the caller's speech, not others' nor our own echo."""
        if probability < OFF:
            return probability
        playing = self.playing(now) and not self._turn.speaking
        if not self._gate.stands_out(level, OVER_PROMPT_DB if playing else OVER_NOISE_DB):
            return 0.0
        return 0.0 if playing and self._echo.is_echo(now) else probability

    def _shown(self) -> list[Output]:
        """Return the words so far, every so often while the caller speaks."""
        listening = self._listening
        if listening is None or listening.recording or self._turn.speech_ms - self._shown_ms < PARTIAL_MS:
            return []
        self._shown_ms = self._turn.speech_ms
        return [Speaking(self._utterance, self._pcm())]

    def _may_speak(self, now: float) -> bool:
        if self._listening is not None and self._listening.recording:
            return self._play.complete and not self.playing(now)
        if not self.playing(now):
            return True
        play = self._play
        free = play.protected == 0 and now >= play.protected_until
        return play.barge_in and free and now - play.began_at >= ECHO_MS

    def _heard(self, heard: Heard, now: float) -> list[Output]:
        match heard:
            case Heard.STARTED:
                return self._started(now)
            case Heard.PAUSED:
                return [Paused(self._utterance, self._pcm())]
            case Heard.RESUMED:
                self._utterance += 1
                return []
            case Heard.FINISHED:
                return self._finished()
            case Heard.TOO_SHORT:
                if self._barged_in:
                    self.resume(now)
                else:
                    self._waiting_since = now
                self._said = []
                return []

    def _started(self, now: float) -> list[Output]:
        self._utterance += 1
        self._said = list(self._before)
        self._before.clear()
        self._waiting_since = None
        self._shown_ms = 0
        stopped = self._stop_playing(now)
        self._barged_in = bool(stopped)
        return [*stopped, Started(self._barged_in)]

    def _stop_playing(self, now: float) -> list[Output]:
        """Stop the prompt; what was not heard is held, so that it can be resumed."""
        play = self._play
        if not self.playing(now):
            play.stopped = play.stopped or not play.complete
            return []
        play.stopped = True
        unheard = max(0, min(len(play.recent), round((play.heard_at - now) / FRAME_MS)))
        play.held = [*list(play.recent)[len(play.recent) - unheard :], *play.queue]
        play.queue.clear()
        play.recent.clear()
        play.protected, play.protected_until = 0, -1e9
        play.heard_at = now
        play.mark = None
        return [SendClear()]

    def _finished(self) -> list[Output]:
        done = Finished(self._utterance, self._pcm(), self._spoke_until, self._barged_in)
        self._said = []
        self.stop_listening()
        return [done]

    def _pcm(self) -> Pcm:
        """Return what was said; of the silence behind a recording only a little."""
        if not self._said:
            return np.zeros(0, dtype=np.int16)
        pcm = np.concatenate(self._said)
        if self._listening is None or not self._listening.recording:
            return pcm
        return pcm[: len(pcm) - max(0, self._turn.silence_ms - KEPT_TAIL_MS) * RATE // 1000]

    def hung_up(self) -> Pcm:
        """The line is gone: return the recording that runs, empty if it is not worth keeping."""
        listening = self._listening
        worth = self._turn.speaking and self._turn.speech_ms >= WORTH_KEEPING_MS
        if listening is None or not listening.recording or not worth:
            self._said = []
        said = self._pcm()
        self.stop_listening()
        return said

    def key(self, digit: str, now: float) -> list[Output]:
        """Take one key. A key always stops the prompt."""
        if self._is_stray(digit, now):
            return []
        self._keys += digit
        self._last_key = now
        if self._listening is None:
            return []
        early = not self._may_speak(now)
        stopped = self._stop_playing(now)
        self._play.held = []
        self._waiting_since = None
        if self._listening.recording:
            return [*stopped, *self._recording_key(now, early=early)]
        return [*stopped, *self._keys_complete(now)]

    def _is_stray(self, digit: str, now: float) -> bool:
        """Return whether a key is the one that ends a number, pressed when the number was full."""
        key, self._stray = self._stray, ""
        return digit == key and now - self._last_key < STRAY_MS

    def _recording_key(self, now: float, *, early: bool = True) -> list[Output]:
        """Take a key where the caller is recorded; `early` tells that the tone was still to come."""
        key, self._keys = self._keys[0], self._keys[1:]
        if key == DONE_KEY and early:
            return self._skip_to_tone(now)
        if key == DONE_KEY and self._turn.speaking:
            self._turn.drop()
            return self._finished()
        self._drop_turn()
        self.stop_listening()
        return [NobodySpoke() if key == DONE_KEY else Keyed(key, now)]

    def _skip_to_tone(self, now: float) -> list[Output]:
        """The caller knows the prompt: the tone at once. One typed ahead of the prompt is forgotten."""
        if self._listening is not None and self._play.stopped:
            self._play.queue.extend(frames(self._listening.tone))
            self._play.complete = True
            self._mark_end()
        return self._recording_key(now) if self._keys else []

    def _drop_turn(self) -> None:
        if self._turn.speaking:
            self._turn.drop()
            self._said = []

    def _keys_complete(self, now: float, *, timed_out: bool = False) -> list[Output]:
        listening = self._listening
        if listening is None:
            return []
        key = listening.finish_key
        head, finish, tail = self._keys.partition(key) if key else (self._keys, "", "")
        if finish and len(head) <= listening.max_keys:
            digits, self._keys = head, tail
        elif len(self._keys) >= listening.max_keys:
            digits, self._keys = self._keys[: listening.max_keys], self._keys[listening.max_keys :]
            self._stray = "" if self._keys else key
            self._keys = self._keys.removeprefix(key)
        elif timed_out:
            digits, self._keys = self._keys, ""
        else:
            return []
        self._drop_turn()
        self.stop_listening()
        return [Keyed(digits, now) if digits else NobodySpoke()]

    def mark(self, name: str, now: float) -> list[Output]:
        """Take a mark back. Marks of prompts that were stopped mean nothing."""
        if name != self._play.mark or not self._play.mark_sent:
            return []
        return self._prompt_heard(now)

    def _prompt_heard(self, now: float) -> list[Output]:
        self._play.mark = None
        self._play.heard_at = min(self._play.heard_at, now)
        if self._listening is not None and not self._turn.speaking:
            self._waiting_since = now
        return [PromptHeard()]

    # ---- what time brings

    def tick(self, now: float) -> list[Output]:
        """Send what is due and look at the timers. Call it about every 20 ms."""
        out = self._pace(now)
        play = self._play
        if play.mark and play.mark_sent and now > play.heard_at + MARK_GRACE_MS:
            out += self._prompt_heard(now)
        return out + self._timers(now)

    def _pace(self, now: float) -> list[Output]:
        play = self._play
        if play.queue and play.heard_at <= now:
            play.heard_at = play.began_at = now
        batch = []
        while play.queue and play.heard_at - now < LEAD_MS:
            frame = play.queue.popleft()
            play.recent.append(frame)
            batch.append(frame)
            self._echo.played(frame, play.heard_at)
            play.heard_at += FRAME_MS
            if play.protected:
                play.protected -= 1
                play.protected_until = play.heard_at
        out: list[Output] = [SendAudio(b"".join(batch))] if batch else []
        if not play.queue and play.complete and play.mark and not play.mark_sent:
            play.mark_sent = True
            out.append(SendMark(play.mark))
        return out

    def _timers(self, now: float) -> list[Output]:
        listening = self._listening
        if listening is None:
            return []
        if self._keys and now - self._last_key >= listening.inter_digit_ms:
            return self._keys_complete(now, timed_out=True)
        waiting = self._waiting_since
        if waiting is not None and not self._keys and now - waiting >= listening.no_input_ms:
            self.stop_listening()
            return [NobodySpoke()]
        return []
