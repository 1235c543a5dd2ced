"""The REST service of the switch, as far as the hotline uses Twilio's: calls are updated while they run.

A small ASGI application below `/switch`: `POST /2010-04-01/Accounts/{account}/Calls/{call}.json` with
`Twiml` or `Status=completed`; `POST …/Calls.json` with `To`, `From`, `Url`, `StatusCallback` and
`Timeout`; and the recordings.
"""

import base64
import hmac
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from ivr.switch.http import ApplicationError
from ivr.switch.interpreter import Placed
from ivr.switch.network import Network

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_CALL = re.compile(r"/switch/2010-04-01/Accounts/(\w+)/Calls/(\w+)\.json")
_CALLS = re.compile(r"/switch/2010-04-01/Accounts/(\w+)/Calls\.json")
_RECORDING = re.compile(r"/switch/recordings/(\w+)(?:\.wav)?")
LARGEST = 100_000


async def serve(network: Network, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """Answer one request."""
    if not _allowed(network, scope):
        await _answer(send, 401, {"code": 20003, "message": "Authenticate"})
        return
    path, method = scope["path"], scope["method"]
    if (found := _RECORDING.fullmatch(path)) and method == "GET":
        data = network.recording(found[1])
        if data is not None:
            await _send(send, 200, b"audio/wav", data)
            return
    if _CALLS.fullmatch(path) and method == "POST":
        await _place(network, await _form(receive), send)
        return
    if (found := _CALL.fullmatch(path)) and method == "POST":
        await _update(network, found[2], await _form(receive), send)
        return
    await _answer(send, 404, {"code": 20404, "message": "not found"})


def _allowed(network: Network, scope: MutableMapping[str, Any]) -> bool:
    header = dict(scope["headers"]).get(b"authorization", b"")
    wanted = base64.b64encode(f"{network.application.account}:{network.application.token}".encode())
    return hmac.compare_digest(header, b"Basic " + wanted)


async def _form(receive: Receive) -> dict[str, str]:
    body = b""
    while True:
        event = await receive()
        body += event.get("body", b"")
        if len(body) > LARGEST or not event.get("more_body"):
            break
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


async def _place(network: Network, form: dict[str, str], send: Send) -> None:
    """Place a call, as the application asks (Twilio: "Create a Call resource")."""
    to, url = form.get("To", ""), form.get("Url", "")
    if not to or not url:
        await _answer(send, 400, {"code": 21201, "message": "a call needs To and Url"})
        return
    timeout = form.get("Timeout", "")
    placed = Placed(url, form.get("StatusCallback", ""), float(timeout) if timeout.isdigit() else 60.0)
    call = network.call_out(to, form.get("From", ""), placed)
    if call is None:
        await _answer(send, 429, {"code": 20429, "message": "all lines are busy"})
        return
    await _answer(send, 201, {"sid": call, "status": "queued", "to": to, "from": form.get("From", "")})


async def _update(network: Network, call: str, form: dict[str, str], send: Send) -> None:
    try:
        found = network.update(call, twiml=form.get("Twiml", ""), status=form.get("Status", ""))
    except ApplicationError as error:
        await _answer(send, 400, {"code": error.code, "message": str(error)})
        return
    if not found:
        await _answer(send, 404, {"code": 20404, "message": f"there is no call {call}"})
        return
    await _answer(send, 200, {"sid": call, "status": form.get("Status") or "in-progress"})


async def _answer(send: Send, status: int, data: dict[str, Any]) -> None:
    await _send(send, status, b"application/json", json.dumps(data).encode())


async def _send(send: Send, status: int, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
