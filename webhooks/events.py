"""The event socket `/events`: what happens, as it happens, to desks, studio and transcripts.

A token says what may be seen: `floor` everything, `agent:ann` her own state and call, `call:CA…` one
call's turns. A browser that has missed some fetches the whole state again.
"""

import asyncio
from urllib.parse import parse_qs

import orjson

from ivr.bootstrap import Hotline
from ivr.service.feed import Message
from webhooks.auth import subject_of
from webhooks.media import REFUSED, Receive, Scope, Send

MOST_UNSENT = 1_000
OFFICE = ("case", "message")
"""What callers do not see of their own call: these name numbers and addresses that the shop knows."""


async def serve(hotline: Hotline, scope: Scope, receive: Receive, send: Send, subject: str | None) -> None:
    """Serve one listener; `subject` None refuses it."""
    await send({"type": "websocket.accept"})
    if subject is None:
        await send({"type": "websocket.close", "code": REFUSED})
        return
    loop = asyncio.get_running_loop()
    unsent: asyncio.Queue[Message] = asyncio.Queue(MOST_UNSENT)

    def keep(message: Message) -> None:
        if unsent.full():
            unsent.get_nowait()
        unsent.put_nowait(message)

    def listen(message: Message) -> None:
        if _concerns(subject, message):
            loop.call_soon_threadsafe(keep, message)

    stop = hotline.feed.subscribe(listen, since=_since(scope))
    writer = asyncio.create_task(_write(unsent, send))
    try:
        while (await receive())["type"] != "websocket.disconnect":
            pass
    finally:
        stop()
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)


async def _write(unsent: asyncio.Queue[Message], send: Send) -> None:
    while True:
        message = await unsent.get()
        await send({"type": "websocket.send", "text": orjson.dumps(message.as_data()).decode()})


def _concerns(subject: str, message: Message) -> bool:
    if subject == "floor":
        return True
    kind, _, name = subject.partition(":")
    if kind == "agent":
        return message.data.get("agent") == name
    return kind == "call" and message.data.get("call_id") == name and message.topic not in OFFICE


def query(scope: Scope) -> dict[str, str]:
    """Return the query's values by name."""
    found = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return {name: values[0] for name, values in found.items()}


def _since(scope: Scope) -> int | None:
    text = query(scope).get("since", "")
    return int(text) if text.isdigit() else None


def watcher(hotline: Hotline, scope: Scope) -> str | None:
    """Return what the token in the query lets its holder see."""
    return subject_of(hotline.settings.secret_key, "watch", query(scope).get("token", ""))
