"""Twilio's REST service as a `Carrier`: calls are steered while they run.

The official client is used, its requests sent to IVR_TWILIO_API_URL: Twilio's own address, or our
local switch, which speaks the same service.
"""

import threading
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog

from ivr.errors import Unavailable
from ivr.telephony.twilio import twiml

log = structlog.get_logger(__name__)
TIMEOUT_S = 5.0
DIAL_S = 25
"""How long a customer's telephone rings for a call back."""


class TwilioClient:
    """The official client, made when it is first needed: importing it takes a second."""

    def __init__(self, account: str, token: str, api_url: str) -> None:
        self._account, self._token, self._api_url = account, token, api_url.rstrip("/")
        self._lock = threading.Lock()
        self._client: Any = None

    def ready(self) -> Any:
        """Return the client."""
        with self._lock:
            if self._client is None:
                from twilio.rest import Client

                self._client = Client(self._account, self._token, http_client=_http_client(self._api_url))
            return self._client


class TwilioCarrier:
    """Steers calls over REST."""

    def __init__(self, client: TwilioClient, public_base_url: str) -> None:
        self._client = client
        self._base = public_base_url.rstrip("/")

    def connect(self, call: str, agent: str, ticket: str) -> None:
        """Take a call, wherever its TwiML is, to an agent's browser phone."""
        action = f"{self._base}/voice/twilio/next?{urlencode({'after': 'agent'})}"
        document = twiml.dial_client(agent, action, ticket)
        self._do(call, lambda one: one.update(twiml=document))

    def hold(self, call: str, queue: str, turn: int) -> None:
        """Take a call, wherever its TwiML is, into a queue."""
        base = f"{self._base}/voice/twilio"
        after = f"{base}/next?{urlencode({'after': 'queue', 'turn': turn})}"
        document = twiml.document(twiml.enqueue(queue, after, f"{base}/wait?{urlencode({'turn': turn})}"))
        self._do(call, lambda one: one.update(twiml=document))

    def dial(self, number: str, caller: str, ticket: str) -> None:
        """Place a call back. What to do when it is answered, and how it went, is asked at our webhooks."""
        about = urlencode({"ticket": ticket})
        self._do(
            "",
            lambda calls: calls.create(
                to=number,
                from_=caller,
                url=f"{self._base}/voice/twilio/callback?{about}",
                status_callback=f"{self._base}/voice/twilio/status?{about}",
                timeout=DIAL_S,
            ),
        )

    def hang_up(self, call: str) -> None:
        """End a call; one that is over already is no error."""
        self._do(call, lambda one: one.update(status="completed"), gone_is_fine=True)

    def _do(self, call: str, order: Any, *, gone_is_fine: bool = False) -> None:
        from requests.exceptions import RequestException
        from twilio.base.exceptions import TwilioException, TwilioRestException

        try:
            calls = self._client.ready().calls
            order(calls(call) if call else calls)
        except TwilioRestException as error:
            if gone_is_fine and error.status == 404:
                return
            raise Unavailable(f"the carrier refused: {error.status} {error.msg}") from error
        except (TwilioException, RequestException) as error:
            raise Unavailable(f"the carrier does not answer: {error}") from error

    def warm_up(self) -> None:
        """Load the client ahead of the first call."""
        self._client.ready()


def _http_client(api_url: str) -> Any:
    from twilio.http.http_client import TwilioHttpClient

    class Redirected(TwilioHttpClient):  # type: ignore[misc]
        """Sends the client's requests to our address instead of api.twilio.com."""

        def request(self, method: str, url: str, *rest: Any, **more: Any) -> Any:
            more["timeout"] = TIMEOUT_S
            return super().request(method, api_url + urlsplit(url).path, *rest, **more)

    return Redirected(timeout=TIMEOUT_S)
