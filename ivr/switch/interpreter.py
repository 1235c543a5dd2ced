"""The TwiML interpreter of one call leg (https://www.twilio.com/docs/voice/twiml).

It runs one document after another, verb by verb, until the call ends. A leg can be taken out of
what it does by a new document (REST), and ends when its line goes down.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import structlog

from audio import pcm as audio
from audio.sounds import tone
from ivr.switch.http import Application, ApplicationError, Caller, parsed
from ivr.switch.line import Key, Line, Nothing, Playback, Words, bridge
from ivr.switch.stream_client import StreamClient

log = structlog.get_logger(__name__)
MOST_DOCUMENTS = 1_000
TRAILING_ROUNDS_S = 1.0
"""How long a round of waiting takes where nothing is heard: on a text line, or without a document."""
NO_ANSWER_S = 1.0
"""A number that nobody has here rings so long before it counts as not answered."""
SORRY = "We are sorry, an application error has occurred. Goodbye."
LOUD = 500
"""Mean absolute sample above which a recording counts as speech."""

Speak = Callable[[str, str], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Document:
    """A document to run, and the address it came from."""

    root: Element
    url: str


@dataclass(slots=True)
class Exchange:
    """What the legs of one network share: clients by identity and by number, recordings, queues, the voice.

    `numbers` are the telephones that a <Number> or <Sip> address rings here.
    """

    application: Application
    speak: Speak
    clients: dict[str, "Client"] = field(default_factory=dict)
    numbers: dict[str, "Client"] = field(default_factory=dict)
    recordings: dict[str, bytes] = field(default_factory=dict)
    queues: dict[str, list[str]] = field(default_factory=dict)


class Client:
    """A browser phone that is registered under an identity and can be rung."""

    def __init__(self, identity: str, line: Line) -> None:
        self.identity, self.line = identity, line
        self.busy = False
        self.answer: asyncio.Future[bool] | None = None
        self.parted = asyncio.Event()

    def decide(self, accepted: bool) -> None:
        """Answer or decline what rings."""
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(accepted)


@dataclass(frozen=True, slots=True)
class Placed:
    """What the application wants of a call that it places: what to run when it is answered, whom to tell."""

    url: str
    status_callback: str
    timeout_s: float = 30.0


async def ring(client: Client, call: str, caller: str, parameters: dict[str, str], timeout_s: float) -> str:
    """Ring a telephone; return "answered", "busy" or "no-answer". The answered one is busy from then on."""
    if client.busy:
        return "busy"
    client.busy, client.answer = True, asyncio.get_running_loop().create_future()
    client.parted = asyncio.Event()
    client.line.endpoint.tell({"type": "incoming", "call": call, "from": caller, "parameters": parameters})
    accepted = False
    try:
        async with asyncio.timeout(timeout_s):
            accepted = await client.answer
            return "answered" if accepted else "busy"
    except TimeoutError:
        return "no-answer"
    finally:
        if not accepted:
            client.busy = False
            client.line.endpoint.tell({"type": "parted", "call": call})


class Ended(Exception):
    """The call is over."""


class Left(Exception):
    """The caller leaves the queue: a wait document said so."""


@dataclass(slots=True)
class _Recording:
    """What is being recorded, and where its end is told."""

    action: str
    base: str
    frames: list[bytes] = field(default_factory=list)


class Leg:
    """One call."""

    def __init__(
        self,
        sid: str,
        line: Line,
        caller: str,
        called: str,
        exchange: Exchange,
        placed: "Placed | None" = None,
    ) -> None:
        """`placed` is set for a call that the application has placed, to a telephone that has answered."""
        self.sid, self.line, self.caller, self.called = sid, line, caller, called
        self._exchange = exchange
        self._placed = placed
        self._http = Caller(exchange.application)
        self._status = "ringing"
        self._work: asyncio.Task[None] | None = None
        self._replaced = asyncio.Event()
        self._next: Document | None = None
        self._queue: str | None = None
        self._queue_action = ""
        self._queued_at = 0.0
        self._recording: _Recording | None = None

    # ---- the life of a call

    async def run(self) -> None:
        """Place the call and follow it to its end."""
        if self._placed is None:
            self.line.endpoint.tell({"type": "ringing", "call": self.sid})
            self.line.open()
        try:
            await self._follow()
        finally:
            self._status = "completed"
            self.line.close()
            await self._finish()
            self.line.endpoint.tell({"type": "ended", "call": self.sid})

    async def _follow(self) -> None:
        document: Document | None = await self._first()
        while document is not None and not self.line.down.is_set():
            self._work = asyncio.create_task(self._documents(document))
            down = asyncio.create_task(self.line.down.wait())
            await asyncio.wait([self._work, down], return_when=asyncio.FIRST_COMPLETED)
            down.cancel()
            self._work.cancel()
            await asyncio.gather(self._work, down, return_exceptions=True)
            document, self._next = self._next, None

    async def _first(self) -> Document | None:
        try:
            first = self._placed.url if self._placed else self._exchange.application.incoming
            root, url = await self._http.document(first, self._form())
        except ApplicationError as error:
            log.error("no answer", call=self.sid, error=str(error))
            self.line.endpoint.tell({"type": "failed", "error": str(error)})
            return None
        return Document(root, url)

    async def _finish(self) -> None:
        """Tell the application that the call is over, and where: in a recording, in a queue."""
        if self._recording is not None:
            wanted = self._recording
            form = self._form(**self._keep(wanted), Digits="hangup")
            await self._http.notify(urljoin(wanted.base, wanted.action), form)
        if self._queue is not None:
            form = self._form(QueueResult="hangup", QueueTime=self._queue_time())
            self._leave_queue()
            await self._http.notify(self._queue_action, form)
        form = {**self._form(), "CallDuration": "1", "SequenceNumber": "0"}
        status = self._placed.status_callback if self._placed else self._exchange.application.status
        await self._http.notify(status, form)
        await self._http.close()

    def replace(self, document: Document) -> None:
        """Take the leg out of what it does and run another document (REST)."""
        self._leave_queue()
        self._recording = None
        self._next = document
        if self._work is not None:
            self._work.cancel()

    def hang_up(self) -> None:
        """End the call."""
        self.line.close()

    def _form(self, **more: str) -> dict[str, str]:
        form = {
            "CallSid": self.sid,
            "AccountSid": self._exchange.application.account,
            "ApiVersion": "2010-04-01",
            "From": self.caller or "anonymous",
            "To": self.called,
            "Caller": self.caller or "anonymous",
            "Called": self.called,
            "CallStatus": self._status,
            "Direction": "outbound-api" if self._placed else "inbound",
            **more,
        }
        if self.line.text:
            form["SipHeader_X-Ivr-Media"] = "text"
        return form

    # ---- documents and verbs

    async def _documents(self, document: Document) -> None:
        try:
            for _ in range(MOST_DOCUMENTS):
                following = await self._verbs(document)
                if following is None:
                    return
                document = following
        except Ended:
            return
        except ApplicationError as error:
            log.error("application error", call=self.sid, error=str(error))
            await self._say_text(SORRY, "en-US")

    async def _verbs(self, document: Document) -> Document | None:
        for verb in document.root:
            following = await self._verb(verb, document.url)
            if following is not None:
                return following
        return None

    async def _verb(self, verb: Element, base: str) -> Document | None:
        if verb.tag != "Reject" and self._status == "ringing":
            self._status = "in-progress"
            self.line.endpoint.tell({"type": "answered", "call": self.sid})
        match verb.tag:
            case "Say" | "Play" | "Pause":
                await self._prompt(verb, base)
            case "Gather":
                return await self._gather(verb, base)
            case "Record":
                return await self._record(verb, base)
            case "Connect":
                return await self._connect(verb, base)
            case "Enqueue":
                return await self._enqueue(verb, base)
            case "Dial":
                return await self._dial(verb, base)
            case "Redirect":
                return await self._ask(verb.text or "", base)
            case "Leave" if self._queue is not None:
                raise Left
            case "Hangup" | "Reject":
                raise Ended
            case other:
                log.warning("12200: unknown verb", call=self.sid, verb=other)
        return None

    async def _ask(self, url: str, base: str, **more: str) -> Document:
        root, where = await self._http.document(url.strip(), self._form(**more), base)
        return Document(root, where)

    # ---- prompts

    async def _prompt(self, verb: Element, base: str) -> None:
        match verb.tag:
            case "Say":
                await self._say_text(verb.text or "", verb.get("language", "en-US"))
            case "Play":
                await self._play_url((verb.text or "").strip(), base)
            case _:
                await self._hold(float(verb.get("length", "1")))

    async def _say_text(self, text: str, language: str) -> None:
        if self.line.text:
            self.line.endpoint.tell({"type": "said", "text": text})
        else:
            await self._play(await self._exchange.speak(text, language.partition("-")[0]))

    async def _play_url(self, url: str, base: str) -> None:
        if self.line.text:
            self.line.endpoint.tell({"type": "played", "url": url})
            return
        pcm, rate = audio.read_wav(await self._http.sound(url, base))
        await self._play(audio.to_ulaw(audio.resample(pcm, rate, audio.RATE)))

    async def _play(self, ulaw: bytes) -> None:
        playback = Playback()
        playback.put(ulaw)
        playback.finish()
        self.line.source = playback.next
        try:
            await playback.empty.wait()
        finally:
            self.line.source = None

    async def _hold(self, seconds: float) -> None:
        """Wait as a pause does; a text line does not wait for pauses."""
        await asyncio.sleep(0 if self.line.text else seconds)

    # ---- answers

    async def _gather(self, verb: Element, base: str) -> Document | None:
        """Collect keys (and typed words); the first key stops the prompts."""
        prompts = asyncio.create_task(self._prompts(verb, base))
        try:
            digits, words = await self._collect(verb, prompts)
        finally:
            prompts.cancel()
            await asyncio.gather(prompts, return_exceptions=True)
        action = verb.get("action") or base
        if words is not None:
            return await self._ask(action, base, SpeechResult=words, Confidence="0.95")
        if digits or verb.get("actionOnEmptyResult") == "true":
            return await self._ask(action, base, Digits=digits)
        return None

    async def _prompts(self, verb: Element, base: str) -> None:
        for child in verb:
            await self._prompt(child, base)

    async def _collect(self, verb: Element, prompts: "asyncio.Task[None]") -> tuple[str, str | None]:
        most = int(verb.get("numDigits") or 0) or 100
        finish = verb.get("finishOnKey", "#")
        seconds = float(verb.get("timeout") or 5)
        digits = ""
        while len(digits) < most:
            got = await self._input(prompts, seconds)
            match got:
                case Key(digit=digit) if digit == finish:
                    return digits, None
                case Key(digit=digit):
                    prompts.cancel()
                    digits += digit
                case Words(text=text) if "speech" in verb.get("input", "dtmf"):
                    return "", text
                case _:
                    return digits, None
        return digits, None

    async def _input(self, prompts: "asyncio.Task[None]", seconds: float) -> Key | Words | Nothing | None:
        """Return the next key or words; None after so many seconds of silence past the prompts.

        A text line waits for ever: its person says when they stay silent.
        """
        waiting = asyncio.create_task(self.line.inputs.get())
        try:
            if not prompts.done():
                await asyncio.wait([waiting, prompts], return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                await asyncio.wait([waiting], timeout=self._patience(seconds))
            return waiting.result() if waiting.done() else None
        finally:
            waiting.cancel()

    def _patience(self, seconds: float) -> float | None:
        """Return how long an answer is waited for; on a text line without end, but for a queue's rounds."""
        if not self.line.text:
            return seconds
        return TRAILING_ROUNDS_S if self._queue is not None else None

    async def _record(self, verb: Element, base: str) -> Document | None:
        if verb.get("playBeep", "true") == "true":
            await self._play(audio.to_ulaw(tone(1000, 200)))
        longest = float(verb.get("maxLength") or 3600)
        silence = float(verb.get("timeout") or 5)
        self._recording = recording = _Recording(verb.get("action") or base, base)
        key = await self._recorded(
            recording.frames, longest, silence, verb.get("finishOnKey", "1234567890*#")
        )
        self._recording = None
        more = self._keep(recording)
        if key:
            more["Digits"] = key
        return await self._ask(recording.action, base, **more)

    def _keep(self, recording: _Recording) -> dict[str, str]:
        """Keep a recording; return what its action is told of it."""
        ulaw = b"".join(recording.frames)
        name = f"RE{secrets.token_hex(16)}"
        self._exchange.recordings[name] = audio.to_wav(audio.from_ulaw(ulaw))
        while len(self._exchange.recordings) > 200:
            self._exchange.recordings.pop(next(iter(self._exchange.recordings)))
        url = f"{self._exchange.application.local_base}/switch/recordings/{name}"
        return {"RecordingUrl": url, "RecordingSid": name, "RecordingDuration": str(len(ulaw) // 8000)}

    async def _recorded(self, frames: list[bytes], longest: float, silence: float, finish: str) -> str:
        """Record into `frames` until silence, length or a key ends it; return the key."""
        quiet = asyncio.Event()
        still = [0]

        def keep(frame: bytes) -> None:
            frames.append(frame)
            loud = abs(audio.from_ulaw(frame).astype("int32")).mean() > LOUD
            still[0] = 0 if loud else still[0] + 1
            if still[0] * 0.02 >= silence or len(frames) * 0.02 >= longest:
                quiet.set()

        self.line.sink = keep
        pressed = asyncio.create_task(self._finish_key(finish))
        ended = asyncio.create_task(quiet.wait())
        try:
            await asyncio.wait([pressed, ended], return_when=asyncio.FIRST_COMPLETED)
            return pressed.result() if pressed.done() else ""
        finally:
            self.line.sink = None
            pressed.cancel()
            ended.cancel()

    async def _finish_key(self, finish: str) -> str:
        while True:
            got = await self.line.inputs.get()
            if isinstance(got, Key) and got.digit in finish:
                return got.digit

    # ---- streams, queues, agents

    async def _connect(self, verb: Element, base: str) -> Document | None:
        stream = verb.find("Stream")
        if stream is None:
            raise ApplicationError(12200, "<Connect> without <Stream>")
        await StreamClient(self.line, self.sid, self._exchange.application).run(stream)
        action = verb.get("action")
        return await self._ask(action, base) if action else None

    async def _enqueue(self, verb: Element, base: str) -> Document | None:
        """Hold the caller until somebody dequeues the call, or a wait document says to leave."""
        self._queue, self._queue_action = (verb.text or "").strip(), urljoin(base, verb.get("action", ""))
        self._queued_at = time.monotonic()
        self._exchange.queues.setdefault(self._queue, []).append(self.sid)
        self.line.endpoint.tell({"type": "queued", "queue": self._queue})
        try:
            await self._wait_in_queue(verb.get("waitUrl", ""), base)
        except Left:
            told = {"QueueResult": "leave", "QueueTime": self._queue_time()}
            self._leave_queue()
            self.line.endpoint.tell({"type": "left", "queue": (verb.text or "").strip()})
            return await self._ask(verb.get("action", ""), base, **told) if verb.get("action") else None

    async def _wait_in_queue(self, wait: str, base: str) -> NoReturn:
        """Run the wait document again and again, and what it leads to."""
        document: Document | None = None
        while True:
            if document is None and wait:
                document = await self._ask(wait, base, **self._queue_form())
            listens = document is not None and document.root.find("Gather") is not None
            if not listens:
                self._forget_inputs()
            document = await self._verbs(document) if document is not None else None
            if document is None or not listens:
                await asyncio.sleep(TRAILING_ROUNDS_S if self.line.text or not wait else 0.05)

    def _forget_inputs(self) -> None:
        """Drop keys and words that nobody has waited for."""
        while not self.line.inputs.empty():
            self.line.inputs.get_nowait()

    def _queue_form(self) -> dict[str, str]:
        waiting = self._exchange.queues.get(self._queue or "", [])
        place = waiting.index(self.sid) + 1 if self.sid in waiting else 1
        return {
            "QueuePosition": str(place),
            "QueueTime": self._queue_time(),
            "CurrentQueueSize": str(len(waiting)),
        }

    def _queue_time(self) -> str:
        return str(int(time.monotonic() - self._queued_at))

    def _leave_queue(self) -> None:
        if self._queue is not None and self.sid in self._exchange.queues.get(self._queue, []):
            self._exchange.queues[self._queue].remove(self.sid)
        self._queue = None

    async def _dial(self, verb: Element, base: str) -> Document | None:
        client, parameters = self._rung(verb)
        if client is not None:
            status = await self._bridge(client, verb, parameters)
        else:
            if verb.find("Client") is None:
                await self._hold(NO_ANSWER_S)
            status = "no-answer"
        action = verb.get("action")
        return await self._ask(action, base, DialCallStatus=status) if action else None

    def _rung(self, verb: Element) -> tuple[Client | None, dict[str, str]]:
        """Return the telephone that a <Dial> rings here, if there is one, and what it is told."""
        noun = verb.find("Client")
        if noun is not None:
            identity = (noun.findtext("Identity") or noun.text or "").strip()
            parameters = {p.get("name", ""): p.get("value", "") for p in noun.findall("Parameter")}
            return self._exchange.clients.get(identity), parameters
        found = (verb.find(tag) for tag in ("Number", "Sip"))
        noun = next((one for one in found if one is not None), verb)
        return self._exchange.numbers.get((noun.text or "").strip()), {}

    async def _bridge(self, client: Client, verb: Element, parameters: dict[str, str]) -> str:
        status = await ring(client, self.sid, self.caller, parameters, float(verb.get("timeout") or 30))
        if status != "answered":
            return status
        try:
            return await self._talk_with(client)
        finally:
            client.busy = False
            client.line.endpoint.tell({"type": "parted", "call": self.sid})

    async def _talk_with(self, client: Client) -> str:
        part = bridge(self.line, client.line)
        for one in (self.line, client.line):
            one.endpoint.tell({"type": "bridged", "call": self.sid})
        gone = [asyncio.create_task(event.wait()) for event in (client.parted, client.line.down)]
        try:
            await asyncio.wait(gone, return_when=asyncio.FIRST_COMPLETED)
            return "completed"
        finally:
            for task in gone:
                task.cancel()
            part()


def document_of(text: str, base: str) -> Document:
    """Return a document that came as text (REST `Twiml`). Raise ApplicationError."""
    return Document(parsed(text), base)
