"""A scripted or typing caller: speaks with a synthesised voice, follows the call, prints what happens."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from audio import pcm as audio
from audio.pcm import Pcm
from ivr.dialog.script import HearText, Script, Turn
from ivr.dialog.spoken import words
from ivr.errors import Unavailable
from ivr.switch.endpoints.remote import LineRefused, RemotePhone

QUIET_S = 0.5
"""So long must the hotline be silent before the caller speaks: people wait for the end of a prompt."""
STEP_LIMIT_S = 30.0
WORD_S = 0.37
"""How long the hotline takes to say a word, about."""
PRESS_AGAIN_S = 3.0
"""A caller in a queue whose key did nothing tries again after so long: keys are taken while offered."""
Print = Callable[[str], None]


class CallerVoice(Protocol):
    """What speaks for the caller."""

    def __call__(self, text: str) -> bytes:
        """Return a text as mu-law audio."""
        ...


class SynthesisedCaller:
    """A caller's voice: the embedded one, pitched lower so that it is not the hotline's own."""

    PITCH = 0.88

    def __init__(self) -> None:
        from audio.tts.hibari import HibariVoice

        self._voice = HibariVoice(speed=1.0 / self.PITCH * 0.95)
        self._voice.warm_up()

    def __call__(self, text: str) -> bytes:
        """Speak."""
        import numpy as np

        pieces: list[Pcm] = list(self._voice.speak(text))
        whole = np.concatenate(pieces) if pieces else audio.silence(100, 24_000)
        slow_rate = round(self._voice.info.sample_rate * self.PITCH)
        line = audio.levelled(audio.resample(whole, slow_rate, audio.RATE))
        return audio.to_ulaw(line)


@dataclass(slots=True)
class Report:
    """What came of a call."""

    failure: str | None = None
    outcome: str | None = None
    latencies_ms: list[int] = field(default_factory=list)
    barge_in_ms: list[int] = field(default_factory=list)
    recognised: list[tuple[str, str, float]] = field(default_factory=list)


class ScriptedCall:
    """One call by a script, over audio or in text mode."""

    def __init__(self, base: str, script: Script, voice: CallerVoice | None, say: Print) -> None:
        self.base, self.script, self.voice, self._print = base.rstrip("/"), script, voice, say
        self.report = Report()
        self.phone = RemotePhone(self._sign)
        self.turns: list[dict[str, Any]] = []
        self._new = asyncio.Event()
        self._spoken = ""
        self._outcome: asyncio.Future[str | None] | None = None
        self._queue = ""
        self._media = ""

    @property
    def text(self) -> bool:
        """Return whether the call runs without audio."""
        return self.voice is None

    async def run(self) -> Report:
        """Place the call and play the script."""
        self._outcome = asyncio.get_running_loop().create_future()
        token = await self._token()
        watcher: asyncio.Task[None] | None = None
        try:
            await self.phone.open(self.base, token)
            watcher = asyncio.create_task(self._watch())
            await self.phone.dial(self.script.caller, self.script.called, text=self.text)
            for number, turn in enumerate(self.script.turns, 1):
                failure = await self._play(turn)
                if failure:
                    self.report.failure = f"turn {number}: {failure}"
                    break
            await self._finish()
        except LineRefused as error:
            raise Unavailable(str(error)) from error
        finally:
            await self.phone.close()
            if watcher is not None:
                watcher.cancel()
                await asyncio.gather(watcher, return_exceptions=True)
        return self.report

    async def _token(self) -> str:
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                answer = await client.get(f"{self.base}/phone/token")
                answer.raise_for_status()
                return str(answer.json()["token"])
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise Unavailable(
                f"no hotline answers at {self.base} (start one with `ivr serve` or `ivr demo`): {error}"
            ) from error

    async def _finish(self) -> None:
        assert self._outcome is not None
        if not self.report.failure:
            await self._until(lambda: bool(self.turns))  # the answer to the last thing done
        await self.phone.hang_up()
        try:
            self.report.outcome = await asyncio.wait_for(self._outcome, 5)
        except TimeoutError:
            self.report.outcome = None
        ends = self.script.ends
        if self.report.failure or ends is None:
            return
        if self.report.outcome != ends.outcome:
            self.report.failure = f"the call was to end as {ends.outcome}, it ended as {self.report.outcome}"
        elif ends.queue and ends.queue != self._queue:
            self.report.failure = (
                f"the call was to wait in {ends.queue}, it waits in {self._queue or 'no queue'}"
            )

    # ---- what happens

    async def _watch(self) -> None:
        """Follow the hotline's own account of the call."""
        while not self.phone.call:
            await asyncio.sleep(0.01)
        query = urlencode({"call": self.phone.call, "since": 0})
        url = f"{self.base.replace('http', 'ws', 1)}/phone/events?{query}"
        try:
            async with connect(url, compression=None) as socket:
                async for message in socket:
                    self._happened(orjson.loads(message))
        except (ConnectionClosed, OSError):
            return

    def _happened(self, message: dict[str, Any]) -> None:
        match message["topic"]:
            case "turn":
                self.turns.append(message)
                self._print_turn(message)
                ends = message.get("ends") or {}
                if ends.get("kind") == "JoinQueue":
                    self._queue = ends["queue"]
                self._new.set()
            case "timing":
                self._print(
                    f"           · the hotline: {message['total_ms']} ms = end-point {message['endpoint_ms']}"
                    f" + recognition {message['recognition_ms']} + dialogue {message['thinking_ms']}"
                    f" + voice {message['audio_ms']}"
                )
            case "call" if message["status"] != "ended":
                self._media = message["media"]
            case "call":
                if self._outcome is not None and not self._outcome.done():
                    self._outcome.set_result(message["outcome"])

    def _print_turn(self, message: dict[str, Any]) -> None:
        event, heard = message["event"], message["heard"]
        if event["kind"] == "Spoke":
            sure = heard.get("confidence", event["confidence"])
            self._print(f"           · heard “{event['text']}” ({sure:.2f}, {message['understood']})")
            self.report.recognised.append((self._spoken, event["text"], sure))
        elif event["kind"] == "Acted":
            self._print(f"           · {event['action']} → {event['outcome']}")
        elif event["kind"] in HAPPENED:
            self._print(f"           · {HAPPENED[event['kind']](event)}")
        for text, node in zip(message["said"], message["said_at"], strict=True):
            self._print(f"  hotline  {text}   [{node}]")
        if message["ends"]:
            self._print(f"           · {_end_in_words(message['ends'])}")

    def _sign(self, sign: dict[str, object]) -> None:
        if sign["type"] in ("queued", "left", "bridged", "failed"):
            self._print(f"           · line: {sign['type']} {sign.get('queue', sign.get('error', ''))}")

    # ---- what the caller does

    async def _play(self, turn: Turn) -> str | None:
        if turn.hear is not None:
            for wanted in turn.hear:
                failure = await self._hear(wanted)
                if failure:
                    return failure
            return None
        if turn.hang_up:
            await self._quiet()
            self._print("  caller   [hangs up]")
            await self.phone.hang_up()
            return None
        if turn.wait is not None:
            return await self._stay(turn.wait)
        if turn.transfer is not None:
            self._print(f"           · (left out: the other telephone is {turn.transfer})")
            return None
        if not await self._asked():
            return "the hotline does not listen"
        if turn.press is not None and self._in_queue():
            await self._press_in_queue(turn)
            return None
        await self._wait_to_talk(turn)
        await self._answer(turn)
        return None

    async def _wait_to_talk(self, turn: Turn) -> None:
        """Wait for the caller's turn to speak: the end of the prompt, its first words, or a tone."""
        if self.text:
            return
        if turn.talks_over is not None:
            await self._talking(turn.talks_over)
            return
        await self._quiet()
        if self._media == "webhook" and turn.say is not None:
            await self._beep()

    def _in_queue(self) -> bool:
        return bool(self.turns) and (self.turns[-1]["ends"] or {}).get("kind") == "JoinQueue"

    async def _stay(self, ms: int) -> str | None:
        """Stay in a queue for a time, or until something happens there."""
        if not await self._until(self._in_queue):
            return "the caller does not wait in a queue"
        self._print(f"  caller   [waits {ms / 1000:g} s]")
        until, known = time.monotonic() + ms / 1000, len(self.turns)
        while len(self.turns) == known and not self.phone.ended.is_set():
            left = until - time.monotonic()
            if left <= 0:
                break
            self._new.clear()
            await self._news(min(left, 0.5))
        return None

    async def _news(self, seconds: float) -> bool:
        """Wait at most so long for a turn; return whether one came."""
        try:
            await asyncio.wait_for(self._new.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _answer(self, turn: Turn) -> None:
        self.turns.clear()
        self._new.clear()
        if turn.press is not None:
            self._print(f"  caller   [keys {turn.press}]")
            self.phone.listen_for_reply()
            began = time.monotonic()
            await self.phone.press(turn.press)
            await self._note_reply(began, "key")
        elif turn.say is not None:
            await self._say(turn.say, interrupted=turn.talks_over is not None)
        elif turn.silence:
            self._print("  caller   [silence]")
            if self.text:
                await self.phone.stay_silent()

    async def _press_in_queue(self, turn: Turn) -> None:
        """Press keys until they do something."""
        until = time.monotonic() + STEP_LIMIT_S
        while time.monotonic() < until and not self.phone.ended.is_set():
            await self._answer(turn)
            if self.turns or await self._news(PRESS_AGAIN_S):
                return

    async def _say(self, text: str, *, interrupted: bool) -> None:
        self._spoken = text
        self._print(f"  caller   {text}")
        if self.voice is None:
            await self.phone.type_words(text)
            return
        ulaw = await asyncio.to_thread(self.voice, text)
        self.phone.forget_clears()
        ended = await self.phone.speak(ulaw)
        cleared = self.phone.cleared_at
        if interrupted and cleared is not None:
            self.report.barge_in_ms.append(round((cleared - self.phone.began_speaking) * 1000))
            self._print(
                f"           · the prompt stopped {self.report.barge_in_ms[-1]} ms after the caller began"
            )
        await self._note_reply(ended, "speech")

    async def _note_reply(self, ended: float, what: str) -> None:
        if self.text:
            return
        until = time.monotonic() + 12
        while (
            self.phone.first_audible_after is None
            and time.monotonic() < until
            and not self.phone.ended.is_set()
        ):
            await asyncio.sleep(0.02)
        if self.phone.first_audible_after is not None:
            waited = round((self.phone.first_audible_after - ended) * 1000)
            if what == "speech":
                self.report.latencies_ms.append(waited)
            self._print(
                f"           · {waited} ms from the end of the {what} to the first sound of the reply"
            )

    async def _asked(self) -> bool:
        """Wait until the hotline has taken its turn and listens."""
        return await self._until(lambda: bool(self.turns) and not self.turns[-1]["acting"])

    async def _quiet(self) -> None:
        """Wait for the end of the prompt, as a polite caller does."""
        if self.text:
            return
        until = time.monotonic() + STEP_LIMIT_S
        began = time.monotonic()
        while time.monotonic() < until and not self.phone.ended.is_set():
            since = time.monotonic() - max(self.phone.last_audible, began)
            if since > (QUIET_S if self.phone.last_audible > 0 else 2 * QUIET_S):
                return
            await asyncio.sleep(0.02)

    async def _beep(self) -> None:
        """Wait for the tone after which a recording listens."""
        self.phone.listen_for_reply()
        until = time.monotonic() + 2
        while self.phone.first_audible_after is None and time.monotonic() < until:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)

    async def _talking(self, words: int) -> None:
        """Wait until the hotline has said about so many words of a prompt."""
        until = time.monotonic() + STEP_LIMIT_S
        while time.monotonic() < until and time.monotonic() - self.phone.last_audible > 0.1:
            await asyncio.sleep(0.02)
        await asyncio.sleep(words * WORD_S)

    async def _hear(self, wanted: str | HearText) -> str | None:
        if await self._until(lambda: self._reached(wanted)):
            return None
        said = " ".join(text for turn in self.turns for text in turn["said"])
        nodes = [turn["node"] for turn in self.turns]
        what = f"“{wanted.text}”" if isinstance(wanted, HearText) else f"node '{wanted}'"
        return f"expected {what}, heard “{said}” at {', '.join(nodes) or 'no node'}"

    def _reached(self, wanted: str | HearText) -> bool:
        if isinstance(wanted, HearText):
            said = " ".join(text for turn in self.turns for text in turn["said"])
            return " ".join(words(wanted.text)) in " ".join(words(said))
        return any(wanted in turn["path"] or wanted == turn["node"] for turn in self.turns)

    async def _until(self, true: Callable[[], bool]) -> bool:
        until = time.monotonic() + STEP_LIMIT_S
        while not true():
            left = until - time.monotonic()
            if left <= 0 or (self.phone.ended.is_set() and not self._new.is_set()):
                return true()
            self._new.clear()
            await self._news(min(left, 0.5))
        return True


HAPPENED: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "Recorded": lambda event: f"recorded {event['ms'] / 1000:.1f} s: “{event['text']}”",
    "Waited": lambda event: f"has waited {event['ms'] / 1000:.0f} s",
    "Transferred": lambda event: f"the other telephone: {event['outcome']}",
}
"""What is printed of events that are no answer."""


def _end_in_words(ends: dict[str, Any]) -> str:
    match ends["kind"]:
        case "JoinQueue":
            return f"queue {ends['queue']}"
        case "Transfer":
            return f"rings {ends['to']}"
        case _:
            return f"the end: {ends['outcome']}"
