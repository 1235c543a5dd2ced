"""One live talk: the audio session on one side, the dialogue on the other.

Runs on the event loop and does nothing slow there: turns go to threads, words and voices to the
speech workers. It knows no socket: what is to be sent goes through `send`.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from audio.pcm import Pcm, to_ulaw
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
    Started,
    to_record,
)
from audio.sounds import tone
from audio.turn import ENDS
from audio.vad import SileroDetector, Vad
from ivr.bootstrap import Hotline
from ivr.dialog.actions import Listen, Record, Say
from ivr.dialog.events import Event, Pressed, Silent, Spoke
from ivr.errors import Unavailable
from ivr.ports import Transcript
from ivr.service.calls import Part
from webhooks import messages

log = structlog.get_logger(__name__)
TICK_S = 0.02
FILLER_AFTER_S = 0.6
"""An action that takes longer than this is covered by a filler."""
RECOGNITION_LIMIT_S = 4.0
KEEP_LIMIT_S = 5.0
"""So long a talk that is over waits for a message that is being kept."""
BEEP = to_ulaw(tone(1000, 200))
LEAST_SPEECH = 0.2
"""Share of the take threshold below which words after a barge-in count as noise."""

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
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _keeping: "asyncio.Task[None] | None" = None
    _timings: Timings | None = None
    _ending: bool = False
    _told_keys_only: bool = False

    def __post_init__(self) -> None:
        """Begin with an empty session."""
        self._session = MediaSession(self.vad, now_ms())

    # ---- what the line brings

    def audio(self, ulaw: bytes) -> None:
        """Take caller audio."""
        self._handle(self._session.audio(ulaw, now_ms()))

    def key(self, digit: str) -> None:
        """Take a key."""
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
        await self._keep_last_words()
        guess = {self._guess.task} if self._guess else set()
        tasks = [task for task in (*self._tasks, *guess) if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ---- what the session says

    def _handle(self, outputs: Sequence[Output]) -> None:
        wire: list[SendAudio | SendMark | SendClear] = []
        for output in outputs:
            match output:
                case SendAudio():
                    self._note_latency()
                    wire.append(output)
                case SendMark() | SendClear():
                    wire.append(output)
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
        complete = await asyncio.to_thread(
            self.hotline.calls.would_take, self.call, heard.text, heard.confidence
        )
        if complete:
            self._handle(self._session.complete(guess.utterance))

    # ---- what the caller leaves as a message

    async def _left_message(self, finished: Finished, part: Part, record: Record) -> None:
        """Keep a recording, understand it if it is short, and go on with it."""
        began = now_ms()
        self._timings = Timings(finished.ended_ms, endpoint_ms=began - finished.ended_ms)
        message = await asyncio.to_thread(messages.keep, self.hotline, self.call, record, finished.pcm)
        heard = await self._words_of(record, finished.pcm)
        message = await asyncio.to_thread(messages.understood, self.hotline, message, heard)
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
        guess, self._guess = self._guess, None
        try:
            if guess is not None and guess.utterance == finished.utterance:
                heard = await guess.task
            else:
                heard = await self._recognise(finished.pcm)
        except (Unavailable, TimeoutError) as error:
            log.warning("recognition failed", call=self.call, error=str(error))
            heard = Transcript("", 0.0)
        self._timings.recognition_ms = now_ms() - began
        if finished.barged_in and self._is_noise(heard):
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
        self._answer(lambda at: Spoke(at, heard.text, heard.confidence), kept)

    def _is_noise(self, heard: Transcript) -> bool:
        return not heard.text or heard.confidence < LEAST_SPEECH

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
        if part.listen and not self.hotline.speech.hears(part.listen.language) and not self._told_keys_only:
            self._told_keys_only = True
            says.insert(len(says) - 1, self._keys_only(part, says))
        self._session.begin_prompt(barge_in=all(say.barge_in for say in says) and bool(part.listen))
        self._listen()
        for say in says:
            await self._say(say)
        if part.last is not None:
            self._ending = True
        if part.effect is None:
            self._session.prompt_complete()
            return
        await self._act(part)

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
            self._session.play(piece)

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
                return Listening(
                    ENDS[waits.expect.kind],
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
