"""The line to a shop's back end: signed questions, answers within a deadline. It does not know the records.

Reads are tried again, changes never: who does not know whether a change was made asks again with its key.
After some failures in a row the shop is left alone for a while, so that callers need not wait for nothing.
"""

import re
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import quote, urlencode

import httpx
import structlog
from pybreaker import STATE_CLOSED, STATE_OPEN, CircuitBreaker, CircuitBreakerError, CircuitMemoryStorage
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    wait_exponential,
)

from ivr.clock import utc_now
from ivr.commerce.deadline import DeadlineTransport, Monotonic, deadline
from ivr.commerce.signature import headers
from ivr.commerce.wire import Problem, parse, read
from ivr.errors import InvalidInput, Unavailable
from ivr.ports import Clock

log = structlog.get_logger(__name__)
TRIES, FIRST_PAUSE_S, WORTH_S = 3, 0.05, 0.1
"""How often a read is tried, the pause before the second time, and how much time a try must still have."""
CONNECT, SILENCE = 1 / 3, 2 / 3
"""Shares of the deadline: for connecting, and for a read of which nothing comes; then another try is left."""
FAILURES, REST_S = 5, 10.0
"""After how many failures in a row the shop is left alone, and for how long."""
IDLE = 8
"""Connections that are kept for the next read. A change gets a fresh one: over one that the other side just
closes it would be lost, and nobody would know whether it was made."""
MOST_BYTES = 1_000_000
"""No reply needs more."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
JSON, PROBLEM = "application/json", "application/problem+json"
CODES: Mapping[int, str] = {404: "not_found", 409: "refused", 422: "refused"}
"""What a problem must be called to be an answer; else a gateway's 404 would mean that there is no order."""


class _Passing(Unavailable):
    """A trouble that may be gone at the next try."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. `path` is a template of `names`; a change has a `key` that names it for ever."""

    method: str
    path: str
    names: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    key: str = ""

    @property
    def target(self) -> str:
        """Return path and query as they stand in the request line."""
        path = self.path.format(**{name: quote(value, safe="") for name, value in self.names.items()})
        return f"{path}?{urlencode(self.query)}" if self.query else path

    def __str__(self) -> str:
        """Return what may be logged: nobody's numbers."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the shop says: JSON data, or by the code of a problem why there are none."""

    data: object = None
    problem: str = ""


class ShopLine:
    """The line to one back end; used by many threads."""

    def __init__(
        self,
        url: str,
        key: str,
        clock: Clock,
        *,
        timeout_s: float = 1.5,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._base = _base(url)
        self._timeout_s, self._sleep, self._monotonic = timeout_s, sleep, monotonic
        self._waits = httpx.Timeout(timeout_s * SILENCE, connect=timeout_s * CONNECT)
        self._patient = httpx.Timeout(timeout_s, connect=timeout_s * CONNECT)
        self._breaker = CircuitBreaker(
            FAILURES, REST_S, state_storage=_Tally(clock), throw_new_error_on_trip=False
        )
        signed, trust = _Signed(key, clock), httpx.create_ssl_context()
        self._reading = _client(signed, DeadlineTransport(trust, IDLE, monotonic))
        self._changing = _client(signed, DeadlineTransport(trust, 0, monotonic))

    def ask(self, ask: Ask) -> Reply:
        """Return the shop's answer. Raise Unavailable when there is none that can be understood."""
        try:
            with self._breaker.calling():  # unlike call(), it lets other threads in meanwhile
                return self._answered(ask, self._monotonic() + self._timeout_s)
        except CircuitBreakerError:
            raise Unavailable(
                f"the shop failed {FAILURES} times in a row and is left alone for {REST_S:.0f} seconds"
            ) from None
        except Unavailable as error:
            left_alone = self._breaker.current_state == STATE_OPEN
            log.warning("the shop cannot tell", asked=str(ask), why=str(error), left_alone=left_alone)
            raise

    def close(self) -> None:
        """Close the connections."""
        self._reading.close()
        self._changing.close()

    def _answered(self, ask: Ask, until: float) -> Reply:
        if ask.method != "GET":
            return self._once(self._changing, ask, until, self._patient)

        def enough(state: RetryCallState) -> bool:
            late = self._monotonic() + state.upcoming_sleep + WORTH_S > until
            return late or state.attempt_number >= TRIES

        tries = Retrying(
            retry=retry_if_exception_type(_Passing),
            stop=enough,
            wait=wait_exponential(FIRST_PAUSE_S),
            sleep=self._sleep,
            reraise=True,
        )
        return tries(self._once, self._reading, ask, until, self._waits)

    def _once(self, client: httpx.Client, ask: Ask, until: float, waits: httpx.Timeout) -> Reply:
        more = {"Content-Type": JSON} if ask.body else {}
        if ask.key:
            more["Idempotency-Key"] = ask.key
        request = client.build_request(
            ask.method, self._base + ask.target, content=ask.body, headers=more, timeout=waits
        )
        try:
            with deadline(until):
                response = client.send(request, stream=True)
                try:
                    return _understood(response, _body(response))
                finally:
                    response.close()
        except httpx.TimeoutException:
            raise _Passing("the shop did not answer in time") from None
        except httpx.ConnectError:
            raise _Passing("the shop cannot be reached") from None
        except (httpx.HTTPError, httpx.StreamError):
            raise _Passing("the shop's reply broke off, or was no HTTP") from None


def _client(signed: "_Signed", transport: DeadlineTransport) -> httpx.Client:
    return httpx.Client(
        transport=transport,
        auth=signed,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # callers have no session
        headers={"Accept": f"{JSON}, {PROBLEM}", "Accept-Encoding": "identity"},
        trust_env=False,
    )


def _base(url: str) -> str:
    """Return the address without a closing slash. Raise InvalidInput for what is none."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL("")
    plain = re.fullmatch("https?://[!-~]+", url) and not (parts.userinfo or parts.query or parts.fragment)
    if not plain or not parts.host:
        raise InvalidInput("IVR_SHOP_URL is no address of a shop's back end; write https://api.shop.example")
    if parts.scheme == "http" and parts.host not in LOOPBACK:
        log.warning("the shop is asked without encryption; write https:// in IVR_SHOP_URL")
    return str(parts).rstrip("/")


def _body(response: httpx.Response) -> bytes:
    parts = bytearray()
    for part in response.iter_raw():
        parts += part
        if len(parts) > MOST_BYTES:
            raise Unavailable(f"the shop's reply is longer than {MOST_BYTES} bytes")
    return bytes(parts)


def _understood(response: httpx.Response, body: bytes) -> Reply:
    """Return what a response says."""
    match response.status_code:
        case 200 | 201:
            return Reply(_json(response, body, JSON))
        case 401 | 403 as status:
            raise Unavailable(f"the shop refused our signature ({status}); check IVR_SHOP_KEY and the clocks")
        case 429:
            raise Unavailable("the shop is asked too often (429)")
        case 404 | 409 | 422 as status:
            return Reply(problem=_code(_json(response, body, PROBLEM), CODES[status]))
        case status if status >= 500:
            raise _Passing(f"the shop failed ({status})")
        case status:
            raise Unavailable(f"the shop answered with the status {status}")


def _json(response: httpx.Response, body: bytes, wanted: str) -> object:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != wanted:
        raise Unavailable(f"the shop's reply with the status {response.status_code} is not {wanted}")
    try:
        return parse(body)
    except InvalidInput as fault:
        raise Unavailable(f"the shop's reply cannot be read: {fault}") from None


def _code(data: object, wanted: str) -> str:
    try:
        code = read(Problem, data).code
    except InvalidInput as fault:
        raise Unavailable(f"the shop's problem cannot be read: {fault}") from None
    if code != wanted:
        raise Unavailable(f"the shop has a problem with the question: {code}")
    return code


class _Signed(httpx.Auth):
    """Signs each request as it is sent; a second try is signed anew."""

    requires_request_body = True

    def __init__(self, key: str, clock: Clock) -> None:
        self._key, self._clock = key, clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        seconds, target = int(self._clock().timestamp()), request.url.raw_path.decode("ascii")
        request.headers.update(headers(self._key, seconds, request.method, target, request.content))
        yield request


class _Tally(CircuitMemoryStorage):
    """What the breaker remembers. It compares with the wall clock, so our clock's time is told as its."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(STATE_CLOSED)
        self._clock, self._opened = clock, clock() - timedelta(days=1)

    @property
    def opened_at(self) -> datetime:
        return utc_now() - (self._clock() - self._opened)

    @opened_at.setter
    def opened_at(self, now: datetime) -> None:
        self._opened = self._clock()
