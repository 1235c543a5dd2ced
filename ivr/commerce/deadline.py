"""HTTP connections on which every wait ends at one deadline, however slowly the other side drips.

A time-out of httpx bounds a single wait: a server that sends one byte a second is waited for without end.
Here each connect, handshake, write and read may take what is left until the deadline of the thread's request.
Only the look-up of a host's name is left to the system and its own time-out.
"""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

Monotonic = Callable[[], float]
Option = Any
"""A socket option, as httpcore takes it."""
_UNTIL: ContextVar[float] = ContextVar("until")
CONNECTIONS, IDLE_S = 32, 4.0
"""At most so many connections, and how long one is kept while idle: many servers close at 5 s."""


@contextmanager
def deadline(until: float) -> Iterator[None]:
    """Let every wait of this thread's requests end at a time of the monotonic clock."""
    token = _UNTIL.set(until)
    try:
        yield
    finally:
        _UNTIL.reset(token)


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's own transport, on sockets that know the deadline."""

    def __init__(self, trust: SSLContext, idle: int, monotonic: Monotonic = time.monotonic) -> None:
        super().__init__(verify=trust)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(  # httpx takes no network back end as an argument
            ssl_context=trust,
            max_connections=CONNECTIONS,
            max_keepalive_connections=idle,
            keepalive_expiry=IDLE_S,
            network_backend=_Network(monotonic),
        )


class _Network(httpcore.NetworkBackend):
    """Opens sockets, to one address of a host after the other."""

    def __init__(self, monotonic: Monotonic) -> None:
        self._plain, self._monotonic = httpcore.SyncBackend(), monotonic

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Option] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("the host has no address")
        for address in _addresses(host, port):
            try:
                left = _left(self._monotonic, timeout)
                return _Stream(self._plain.connect_tcp(address, port, left), self._monotonic)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return [str(address[0]) for *_, address in found]


class _Stream(httpcore.NetworkStream):
    """A socket whose waits end at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, monotonic: Monotonic) -> None:
        self._stream, self._monotonic = stream, monotonic

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._monotonic, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._monotonic, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._monotonic, timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._monotonic)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(monotonic: Monotonic, timeout: float | None) -> float | None:
    """Return how long a wait may take. Raise ReadTimeout at the deadline."""
    until = _UNTIL.get(None)
    if until is None:
        return timeout
    left = until - monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline is over")
    return left if timeout is None else min(timeout, left)
