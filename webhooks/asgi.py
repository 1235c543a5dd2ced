"""One ASGI process: Flask in a thread pool for HTTP, sockets natively, the switch beside them.

An open media socket never occupies one of Flask's threads, so a full house does not stop webhooks.
"""

import asyncio
from collections.abc import Callable

import structlog
from a2wsgi import WSGIMiddleware

from audio.speech import Speech
from ivr.bootstrap import Hotline, tokens
from ivr.switch import rest
from ivr.switch.endpoints.socket import SocketPhone
from ivr.switch.http import Application
from ivr.switch.network import Network
from ivr.telephony.twilio import signature
from webhooks import events
from webhooks.app import create_app
from webhooks.auth import subject_of
from webhooks.media import REFUSED, MediaSocket, Receive, Scope, Send

log = structlog.get_logger(__name__)
HTTP_THREADS = 32
LOOP_LAG_S = 0.05


class Server:
    """The ASGI application of one hotline. `on_ready` is called when it takes calls."""

    def __init__(self, hotline: Hotline, on_ready: Callable[[], None] = lambda: None) -> None:
        self.hotline, self._on_ready = hotline, on_ready
        self.flask = create_app(hotline)
        self._http = WSGIMiddleware(self.flask, workers=HTTP_THREADS)  # type: ignore[arg-type]
        settings = hotline.settings
        application = Application(
            hotline.base_url,
            f"http://127.0.0.1:{settings.port}",
            settings.twilio_account_sid,
            tokens(settings)[0],
        )
        self.network = Network(application, lambda text, language: _spoken(hotline.speech, text, language))
        self._watchdog: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        match scope["type"]:
            case "lifespan":
                await self._lifespan(receive, send)
            case "websocket":
                await self._socket(scope, receive, send)
            case _ if scope["path"].startswith("/switch/") and self.hotline.settings.phone:
                await rest.serve(self.network, scope, receive, send)
            case _:
                await self._http(scope, receive, send)  # type: ignore[arg-type]

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        match scope["path"].rstrip("/"):
            case "/media/twilio" if self._signed(scope):
                await MediaSocket(self.hotline, receive, send).serve()
            case "/events":
                await events.serve(self.hotline, scope, receive, send, events.watcher(self.hotline, scope))
            case "/phone/events":
                call = events.query(scope).get("call", "")
                subject = f"call:{call}" if self.network.knows(call) else None
                await events.serve(self.hotline, scope, receive, send, subject)
            case "/switch/line" if self.hotline.settings.phone:
                await self._line(scope, receive, send)
            case _:
                await send({"type": "websocket.close", "code": REFUSED})

    def _signed(self, scope: Scope) -> bool:
        """Refuse a handshake with a wrong signature; without one the stream's token decides alone."""
        given = dict(scope["headers"]).get(b"x-twilio-signature")
        if given is None:
            return True
        url = self.hotline.base_url.replace("http", "ws", 1) + scope["path"]
        return signature.valid(url, [], tokens(self.hotline.settings), given.decode("latin-1"))

    async def _line(self, scope: Scope, receive: Receive, send: Send) -> None:
        secret, given = self.hotline.settings.secret_key, events.query(scope).get("token", "")
        identity = subject_of(secret, "client", given)
        if identity is None and subject_of(secret, "line", given) is None:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": REFUSED})
            return
        await SocketPhone(self.network, receive, send, identity, self._desk_closed).serve()

    def _desk_closed(self, agent: str) -> None:
        """An agent's phone is gone: calls must not ring there."""
        asyncio.get_running_loop().run_in_executor(None, self.hotline.queue.phone_gone, agent)

    # ---- start and stop

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                await asyncio.to_thread(self.hotline.start)
                self._watchdog = asyncio.create_task(_watch_loop())
                await send({"type": "lifespan.startup.complete"})
                self._on_ready()
            else:
                if self._watchdog:
                    self._watchdog.cancel()
                await self.network.close()
                await asyncio.to_thread(self.hotline.close)
                self.flask.extensions["voice_work"].close()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _watch_loop() -> None:
    """Tell when the event loop was held up: audio suffers from it."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        await asyncio.sleep(0.5)
        lag = loop.time() - began - 0.5
        if lag > LOOP_LAG_S:
            log.warning("event loop lagged", milliseconds=round(lag * 1000))


async def _spoken(speech: Speech, text: str, language: str) -> bytes:
    """Speak for the switch's own <Say>; without a voice there is silence."""
    if not speech.speaks(language):
        return b"\xff" * 8000
    return await asyncio.wrap_future(speech.render(text, language))
