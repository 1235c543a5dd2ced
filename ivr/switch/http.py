"""How the switch speaks to the application: signed webhooks as Twilio sends them, and their faults.

(https://www.twilio.com/docs/usage/webhooks) POST, form-encoded, `X-Twilio-Signature`, an idempotency
token, cookies by call, at most 15 s, at most 64 kB, fetched from `local` where the public address
is our own machine.
"""

import uuid
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError, fromstring

import httpx
from twilio.request_validator import RequestValidator

LIMIT_S = 15.0
CONNECT_LIMIT_S = 5.0
LARGEST = 64_000


class ApplicationError(Exception):
    """The application did not answer with a document; `code` is Twilio's number of the fault."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Application:
    """Where the application is, and how to sign for it."""

    public_base: str
    local_base: str
    account: str
    token: str

    @property
    def incoming(self) -> str:
        """Return the address that a new call asks."""
        return f"{self.public_base}/voice/twilio/incoming"

    @property
    def status(self) -> str:
        """Return the address that hears of a call's end."""
        return f"{self.public_base}/voice/twilio/status"

    def sign(self, url: str, form: dict[str, str]) -> str:
        """Return the signature of a request, made by Twilio's own library."""
        return str(RequestValidator(self.token).compute_signature(url, form))

    def local(self, url: str) -> str:
        """Return where an address of ours is reached from here."""
        base = self.public_base
        return self.local_base + url[len(base) :] if url.startswith(base) else url


class Caller:
    """The HTTP side of one call: it keeps the call's cookies."""

    def __init__(self, application: Application) -> None:
        self._application = application
        limits = httpx.Timeout(LIMIT_S, connect=CONNECT_LIMIT_S)
        self._client = httpx.AsyncClient(timeout=limits, headers={"User-Agent": "TwilioProxy/1.1"})

    async def document(self, url: str, form: dict[str, str], base: str = "") -> tuple[Element, str]:
        """Ask for a document; return its root and the address it came from. Raise ApplicationError."""
        url = urljoin(base or self._application.incoming, url)
        answer = await self._post(url, form)
        if answer.status_code >= 400:
            raise ApplicationError(11200, f"{url} answered {answer.status_code}")
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if not kind:
            raise ApplicationError(12300, f"{url} names no content type")
        if len(answer.content) > LARGEST:
            raise ApplicationError(11750, f"{url} answered more than 64 kB")
        if kind not in ("text/xml", "application/xml", "text/html"):
            raise ApplicationError(12300, f"{url} answered {kind}")
        return parsed(answer.content), url

    async def notify(self, url: str, form: dict[str, str]) -> None:
        """Send a callback whose answer does not matter."""
        try:
            await self._post(url, form)
        except ApplicationError:
            return

    async def _post(self, url: str, form: dict[str, str]) -> httpx.Response:
        headers = {
            "X-Twilio-Signature": self._application.sign(url, form),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        }
        try:
            return await self._client.post(self._application.local(url), data=form, headers=headers)
        except httpx.HTTPError as error:
            raise ApplicationError(11205, f"{urlsplit(url).path}: {type(error).__name__}") from error

    async def sound(self, url: str, base: str) -> bytes:
        """Fetch a file to play. Raise ApplicationError."""
        url = urljoin(base, url)
        try:
            answer = await self._client.get(self._application.local(url))
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise ApplicationError(11200, f"{url}: {error}") from error
        return answer.content

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def parsed(data: bytes | str) -> Element:
    """Return the root of a TwiML document. Raise ApplicationError (12100, 12200)."""
    try:
        root = fromstring(data)
    except ParseError as error:
        raise ApplicationError(12100, f"not XML: {error}") from error
    if root.tag != "Response":
        raise ApplicationError(12200, f"the root is <{root.tag}>, not <Response>")
    return root
