"""One live talk: the audio session on one side, the dialogue on the other.

Runs on the event loop and does nothing slow there: turns go to threads, words and voices to the
speech workers. It knows no socket: what is to be sent goes through `send`.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from audio.dtmf import DtmfDetector
from audio.pcm import SILENCE, Pcm, from_ulaw, to_ulaw, to_wav
from audio.session import (
    Finished,
    Keyed,
    Listening,
    MediaSession,
    NobodySpoke,
    Output,
    Paused,
    PromptHeard,
    SendAudio,
    SendClear,
    SendMark,
    Speaking,
    Started,
    to_record,
)
from audio.sounds import tone
from audio.turn import ENDS
from audio.vad import SileroDetector, Vad
from ivr.bootstrap import Hotline
from ivr.dialog.actions import Listen, Record, Say
from ivr.dialog.events import Event, Pressed, Silent, Spoke
from ivr.dialog.spoken import masked, words
from ivr.errors import Unavailable
from ivr.ports import Transcript
from ivr.service.calls import Part
from ivr.service.sealing import HIDDEN
from webhooks import messages
from webhooks.tape import Tape

log = structlog.get_logger(__name__)
TICK_S = 0.02
FILLER_AFTER_S = 0.6
"""An action that takes longer than this is covered by a filler."""
RECOGNITION_LIMIT_S = 4.0
KEEP_LIMIT_S = 5.0
"""So long a talk that is over waits for a message that is being kept."""
BEEP = to_ulaw(tone(1000, 200))
LEAST_SPEECH = 0.2
"""Confidence below which words after a barge-in count as noise."""
UNCLEAR = 0.75
"""Confidence below which an answer is worth listening to again."""
STABLE_MS = 192
"""Silence that ends an answer which was complete, and the same, twice in a row while it was spoken."""
BACKCHANNELS = frozenset(
    [
        "mm",
        "mhm",
        "mm-hmm",
        "uh huh",
        "uhhuh",
        "hm",
        "hmm",
        "okay",
        "ok",
        "right",
        "i see",
        "yeah",
        "aha",
        "嗯",
        "哦",
    ]
)
"""What people say while they listen (speech.md, section 10)."""

Send = Callable[[Sequence[SendAudio | SendMark | SendClear]], None]


def now_ms() -> float:
    """Return the monotonic clock in milliseconds."""
    return time.monotonic() * 1000


@dataclass(slots=True)
class Timings:
    """What one answer took, in ms, from the caller's last word on."""

    ended_ms: float = 0.0
    endpoint_ms: float = 0.0
    recognition_ms: float = 0.0
    thinking_ms: float = 0.0


@dataclass(slots=True)
class _Guess:
    """A recognition that was begun in a pause, before it is known whether the turn is over."""

    utterance: int
    task: "asyncio.Task[Transcript]"


@dataclass(slots=True)
class _Partial:
    """The words so far while the caller speaks: one recognition at a time, the newest words last."""

    task: "asyncio.Task[None] | None" = None
    text: str = ""


@dataclass(slots=True)
class Talk:
    """Drives one call until its talk with the machine is over."""

    hotline: Hotline
    call: str
    send: Send
    vad: Vad = field(default_factory=SileroDetector)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    over_by_us: bool = False
    _session: MediaSession = field(init=False)
    _part: Part | None = None
    _guess: _Guess | None = None
    _partial: _Partial = field(default_factory=_Partial)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _keeping: "asyncio.Task[None] | None" = None
    _timings: Timings | None = None
    _ending: bool = False
    _told_keys_only: bool = False
    _hard_of_hearing: bool = False
    _tape: Tape | None = None
    _tones: DtmfDetector | None = None

    def __post_init__(self) -> None:
        """Begin with an empty session, and what the settings ask to be kept and heard."""
        self._session = MediaSession(self.vad, now_ms())
        settings = self.hotline.settings
        if settings.record_calls:
            self._tape = Tape(self.hotline.recordings, self.call, now_ms())
        if settings.inband_keys:
            self._tones = DtmfDetector()

    # ---- what the line brings

    def audio(self, ulaw: bytes) -> None:
        """Take caller audio."""
        now = now_ms()
        if self._tape is not None:
            self._tape.caller(ulaw, now)
        if self._tones is not None:
            for digit in self._tones.feed(from_ulaw(ulaw)):
                self._handle(self._session.key(digit, now))
            if self._tones.sounding:
                ulaw = SILENCE[:1] * len(ulaw)  # a tone is no speech
        self._handle(self._session.audio(ulaw, now))

    def key(self, digit: str) -> None:
        """Take a key that the line signals; such a line needs no listening for tones."""
        self._tones = None
        self._handle(self._session.key(digit, now_ms()))

    def mark(self, name: str) -> None:
        """Take a mark back."""
        self._handle(self._session.mark(name, now_ms()))

    async def run(self) -> None:
        """Talk until the dialogue ends the call or hands it over; the clock of the audio."""
        self._spawn(self._begin())
        due = time.monotonic()
        while not self.done.is_set():
            self._handle(self._session.tick(now_ms()))
            due = max(due + TICK_S, time.monotonic() - 0.5)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def close(self) -> None:
        """Stop all work for this call and wait until it has stopped; a message is kept first."""
        self.done.set()
        if self._tape is not None:
            self._tape.close(now_ms())
        await self._keep_last_words()
        guess = {self._guess.task} if self._guess else set()
        tasks = [task for task in (*self._tasks, *guess) if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ---- what the session says

    def _handle(self, outputs: Sequence[Output]) -> None:  # noqa: C901  # one case an output kind
        wire: list[SendAudio | SendMark | SendClear] = []
        for output in outputs:
            match output:
                case SendAudio():
                    self._note_latency()
                    wire.append(output)
                case SendMark() | SendClear():
                    wire.append(output)
                case Speaking():
                    self._follow(output)
                case Paused():
                    self._guess_at(output)
                case Finished() if self._part and isinstance(self._part.waits, Record):
                    self._keeping = self._spawn(self._left_message(output, self._part, self._part.waits))
                case Finished():
                    self._spawn(self._spoken(output))
                case Keyed(digits=digits, at_ms=at):
                    self._timings = Timings(ended_ms=at)
                    self._answer(lambda at, digits=digits: Pressed(at, digits))
                case NobodySpoke():
                    self._answer(Silent)
                case PromptHeard():
                    self._prompt_heard()
                case Started(barged_in=barged_in):
                    log.debug("caller speaks", call=self.call, barged_in=barged_in)
        if wire:
            self.send(wire)
            self._record(wire)

    def _record(self, wire: Sequence[SendAudio | SendMark | SendClear]) -> None:
        if self._tape is None:
            return
        for sent in wire:
            if isinstance(sent, SendAudio):
                self._tape.hotline(sent.ulaw, now_ms())
            elif isinstance(sent, SendClear):
                self._tape.cleared(now_ms())

    def _prompt_heard(self) -> None:
        if self._ending:
            self.over_by_us = True
            self.done.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """A fault in our own work must not leave the caller in silence: a person takes over."""
        try:
            await work
        except Exception:  # whatever it is
            log.exception("talk failed", call=self.call)
            await self._rescue()

    async def _rescue(self) -> None:
        if self._ending or self.done.is_set():
            self.done.set()
            return
        try:
            await self._perform(await asyncio.to_thread(self.hotline.calls.rescue, self.call))
        except Exception:  # nothing is left to try: the carrier goes on with our apology
            log.exception("rescue failed", call=self.call)
            self.over_by_us = True
            self.done.set()

    # ---- speech into an answer

    def _guess_at(self, paused: Paused) -> None:
        """Recognise what was said so far; if it is a complete answer, end the turn at once."""
        if self._guess is not None:
            self._guess.task.cancel()
        task = asyncio.create_task(self._recognise(paused.pcm))
        self._guess = _Guess(paused.utterance, task)
        self._spawn(self._end_if_complete(self._guess))

    async def _end_if_complete(self, guess: _Guess) -> None:
        try:
            heard = await guess.task
        except (asyncio.CancelledError, Unavailable, TimeoutError):
            return
        if not heard.text:
            return
        if await self._is_complete(heard):
            self._handle(self._session.complete(guess.utterance))

    def _follow(self, speaking: Speaking) -> None:
        """Recognise the words so far, unless the last look still goes on or others wait for theirs."""
        busy = self._partial.task is not None and not self._partial.task.done()
        if not busy and self.hotline.speech.idle:
            self._partial.task = self._spawn(self._look(speaking))

    async def _look(self, speaking: Speaking) -> None:
        """Show the words so far; an answer that is complete and stays the same may end sooner."""
        asked, confided = self._part, self._in_confidence
        try:
            heard = await self._recognise(speaking.pcm)
        except (Unavailable, TimeoutError):
            return
        same, self._partial.text = heard.text == self._partial.text, heard.text
        if not heard.text or self._part is None or self._part is not asked:
            return  # what was asked then has been answered by keys meanwhile
        shown = HIDDEN if confided else self._plain(heard.text)
        self.hotline.feed.publish("partial", {"call_id": self.call, "text": shown})
        stable = same and await self._is_complete(heard)
        self._session.end_after(speaking.utterance, STABLE_MS if stable else None)

    async def _is_complete(self, heard: Transcript) -> bool:
        calls = self.hotline.calls
        return await asyncio.to_thread(calls.would_take, self.call, heard.text, heard.confidence)

    # ---- what the caller leaves as a message

    async def _left_message(self, finished: Finished, part: Part, record: Record) -> None:
        """Keep a recording, understand it if it is short, and go on with it."""
        began = now_ms()
        self._timings = Timings(finished.ended_ms, endpoint_ms=began - finished.ended_ms)
        message = await asyncio.to_thread(messages.keep, self.hotline, self.call, record, finished.pcm)
        heard = await self._words_of(record, finished.pcm)
        message = await asyncio.to_thread(messages.understood, self.hotline, record, message, heard)
        if self._timings is not None:
            self._timings.recognition_ms = now_ms() - began
        await self._advance(message.event(self.hotline.clock()), message.measured())

    async def _words_of(self, record: Record, pcm: Pcm) -> Transcript:
        """Return the words of a message; none if it is long, if it takes long, or if the caller has gone."""
        future = messages.recognition(self.hotline, record, pcm)
        if future is None:
            return messages.NOTHING
        recognised = asyncio.wrap_future(future)
        gone = asyncio.create_task(self.done.wait())
        both: list[asyncio.Future[Any]] = [recognised, gone]
        try:
            await asyncio.wait(both, timeout=RECOGNITION_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
            return recognised.result() if recognised.done() else messages.NOTHING
        except Exception as error:  # the audio is kept, that is enough  # noqa: BLE001
            log.warning("message not understood", call=self.call, error=str(error))
            return messages.NOTHING
        finally:
            gone.cancel()
            recognised.cancel()

    async def _keep_last_words(self) -> None:
        """The line is gone: a message that was just being spoken or kept is not lost."""
        try:
            if self._keeping is not None:
                await asyncio.wait([self._keeping], timeout=KEEP_LIMIT_S)
            said, part = self._session.hung_up(), self._part
            if len(said) and part is not None and isinstance(part.waits, Record):
                await asyncio.to_thread(self._last_words, part, part.waits, said)
        except Exception:  # the call ends in any case
            log.exception("last words lost", call=self.call)
        finally:
            self.hotline.recordings.end(self.call)

    def _last_words(self, part: Part, record: Record, said: Pcm) -> None:
        message = messages.keep(self.hotline, self.call, record, said)
        event = message.event(self.hotline.clock())
        self.hotline.calls.advance(self.call, part.turn + 1, event, message.measured())

    # ---- speech into words

    async def _recognise(self, pcm: Pcm) -> Transcript:
        listen = self._part.listen if self._part else None
        if listen is None:
            raise Unavailable("nothing is listened for")
        future = self.hotline.speech.transcribe(pcm, 8000, listen.language, listen.expect)
        return await asyncio.wait_for(asyncio.wrap_future(future), RECOGNITION_LIMIT_S)

    async def _spoken(self, finished: Finished) -> None:
        began = now_ms()
        self._timings = Timings(finished.ended_ms, endpoint_ms=began - finished.ended_ms)
        guess, self._guess, self._partial = self._guess, None, _Partial()
        try:
            if guess is not None and guess.utterance == finished.utterance:
                heard = await guess.task
            else:
                heard = await self._recognise(finished.pcm)
        except (Unavailable, TimeoutError) as error:
            log.warning("recognition failed", call=self.call, error=str(error))
            self._told_keys_only = False  # the caller hears once more that keys work
            self._hard_of_hearing = True
            heard = Transcript("", 0.0)
        self._timings.recognition_ms = now_ms() - began
        if finished.barged_in and await self._means_nothing(heard):
            self._go_on()
            return
        if not heard.text:
            self._answer(Silent)
            return
        kept = {
            "text": heard.text,
            "confidence": heard.confidence,
            "engine": heard.engine,
            "recognition_ms": round(heard.seconds * 1000),
            "speech_ms": round(len(finished.pcm) / 8),
        }
        self._keep_utterance(heard, finished.pcm)
        self._answer(lambda at: Spoke(at, heard.text, heard.confidence), kept)

    def _keep_utterance(self, heard: Transcript, pcm: Pcm) -> None:
        """Keep the audio of an answer, if the settings say so."""
        which = self.hotline.settings.keep_utterances
        if which == "none" or (which == "unclear" and heard.confidence >= UNCLEAR) or self._part is None:
            return
        if self._in_confidence or self._plain(heard.text) != heard.text:
            return  # nobody shall hear a PIN or a card number again
        kept = (self.call, self._part.node, to_wav(pcm), len(pcm) // 8, heard.text)
        self._spawn(self._keep(kept))

    @property
    def _in_confidence(self) -> bool:
        """Return whether what is asked now (a PIN) is neither shown nor kept."""
        waits = self._part.waits if self._part is not None else None
        return isinstance(waits, Listen) and waits.secret

    def _plain(self, text: str) -> str:
        """Return words without card numbers."""
        waits = self._part.waits if self._part is not None else None
        return masked(text, waits.language if waits is not None else "en")

    async def _keep(self, kept: tuple[str, str, bytes, int, str]) -> None:
        try:
            await asyncio.to_thread(self.hotline.recordings.keep, *kept)
        except OSError as error:
            log.error("answer not kept", call=self.call, error=str(error))

    async def _means_nothing(self, heard: Transcript) -> bool:
        """Return whether what stopped a prompt was noise, or a word that people say while they listen."""
        if not heard.text or heard.confidence < LEAST_SPEECH:
            return True
        plain = " ".join(words(heard.text))
        return plain in BACKCHANNELS and not await self._is_complete(heard)

    def _go_on(self) -> None:
        """A false alarm: the prompt goes on where it stopped, and we listen again."""
        self._timings = None
        self._session.resume(now_ms())
        self._listen()

    def _answer(self, event: Callable, heard: dict | None = None) -> None:  # type: ignore[type-arg]
        self._session.stop_listening()
        self._spawn(self._advance(event(self.hotline.clock()), heard or {}))

    async def _advance(self, event: Event, heard: dict) -> None:  # type: ignore[type-arg]
        if self._part is None:
            return
        began = now_ms()
        turn = self._part.turn + 1
        part = await asyncio.to_thread(self.hotline.calls.advance, self.call, turn, event, heard)
        if self._timings is not None:
            self._timings.thinking_ms = now_ms() - began
        if not self.done.is_set():
            await self._perform(part)

    # ---- the dialogue's wishes

    async def _begin(self) -> None:
        await self._perform(await asyncio.to_thread(self.hotline.calls.current, self.call))

    async def _perform(self, part: Part) -> None:
        """Say what the part says, then act, listen or end."""
        self._part, self._keeping = part, None
        self._session.stop_listening()
        self._note_recording(part)
        says = [reply for reply in part.replies if isinstance(reply, Say)]
        if part.listen and self._needs_keys(part.listen):
            self._told_keys_only, self._hard_of_hearing = True, False
            says.insert(len(says) - 1, self._keys_only(part, says))
        self._session.begin_prompt(barge_in=bool(part.listen))
        self._listen()
        for say in says:
            await self._say(say)
        if part.last is not None:
            self._ending = True
        if part.effect is None:
            self._session.prompt_complete()
            return
        await self._act(part)

    def _needs_keys(self, listen: Listen) -> bool:
        """Return whether the caller has to be told to use the keys: speech is not understood now."""
        deaf = not self.hotline.speech.hears(listen.language) or self._hard_of_hearing
        return deaf and not self._told_keys_only

    def _note_recording(self, part: Part) -> None:
        if isinstance(part.waits, Record):
            self.hotline.recordings.begin(self.call)
        else:
            self.hotline.recordings.end(self.call)

    def _keys_only(self, part: Part, says: Sequence[Say]) -> Say:
        phrase = self.hotline.calls.phrase(part.call, "no_speech")
        language = says[-1].language if says else "en"
        return Say(phrase, part.node, language)

    async def _act(self, part: Part) -> None:
        calls = self.hotline.calls
        following = await asyncio.to_thread(calls.settle, part, FILLER_AFTER_S)
        if following is None:
            if part.effect is not None and part.effect.filler is not None:
                await self._say(part.effect.filler)
            following = await asyncio.to_thread(calls.settle, part)
        if following is not None:
            await self._perform(following)

    async def _say(self, say: Say) -> None:
        """Speak one prompt into the session; a newer prompt makes the rest of this one void."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[bytes | None] = asyncio.Queue()

        def sink(piece: bytes | None) -> None:
            loop.call_soon_threadsafe(pieces.put_nowait, piece)

        part = self._part
        self.hotline.speech.speak(say.text, say.language, sink)
        while (piece := await pieces.get()) is not None:
            if self._part is not part or self.done.is_set():
                return
            self._session.play(piece, protected=not say.barge_in)

    def _listen(self) -> None:
        waits = self._part.waits if self._part else None
        if waits is not None:
            self._handle(self._session.listen(self._listening(waits), now_ms()))

    def _listening(self, waits: Listen | Record) -> Listening:
        match waits:
            case Record():
                beep = BEEP if waits.beep else b""
                return to_record(waits.silence_ms, waits.longest_ms, waits.no_input_ms, beep)
            case Listen():
                timing = ENDS[waits.expect.kind]
                return Listening(
                    replace(timing, end_ms=waits.end_ms) if waits.end_ms else timing,
                    waits.no_input_ms,
                    waits.max_keys,
                    waits.finish_key,
                    waits.inter_digit_ms,
                    self.hotline.speech.hears(waits.language),
                )

    # ---- figures

    def _note_latency(self) -> None:
        """The first audio after an answer: tell how long the caller waited, and for what."""
        timings, self._timings = self._timings, None
        if timings is None or self._part is None:
            return
        total = now_ms() - timings.ended_ms
        spent = timings.endpoint_ms + timings.recognition_ms + timings.thinking_ms
        self.hotline.feed.publish(
            "timing",
            {
                "call_id": self.call,
                "turn": self._part.turn,
                "total_ms": round(total),
                "endpoint_ms": round(timings.endpoint_ms),
                "recognition_ms": round(timings.recognition_ms),
                "thinking_ms": round(timings.thinking_ms),
                "audio_ms": round(max(0.0, total - spent)),
            },
        )
