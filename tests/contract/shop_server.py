"""Back ends of shops on real loopback sockets, in threads: the reference server, and faulty ones."""

import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from ivr.commerce.http_shop import HttpShop
from ivr.commerce.reference import create_app, server

KEY = "a-key-of-a-shop-for-tests"


@contextmanager
def reference_of(shop, clock, keys=(KEY,), tls=None):
    """Serve a shop; yield its address."""
    serving = server(create_app(shop, keys, clock))
    if tls:
        serving.socket = tls.wrap_socket(serving.socket, server_side=True)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://localhost:{serving.server_port}" if tls else f"http://127.0.0.1:{serving.server_port}"
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


@contextmanager
def http_shop(url, clock, key=KEY, **line):
    shop = HttpShop(url, key, clock, **line)
    try:
        yield shop
    finally:
        shop.close()


@dataclass
class Faulty:
    """A server that gives its answers (bytes, or a function of the socket) one after the other, the last for ever.

    `asked` are the requests that came.
    """

    answers: list
    asked: list[bytes] = field(default_factory=list)
    connections: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def serve(self, listening: socket.socket) -> None:
        while not self.stopped.is_set():
            with suppress(OSError):
                connection, _ = listening.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(3)
        with connection, suppress(OSError):
            while request := _request(connection):
                answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
                self.asked.append(request)
                if callable(answer):
                    answer(connection)
                    return
                connection.sendall(answer)
                if b"Content-Length" not in answer or b"\r\n\r\n" not in answer:
                    return


def _request(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        part = connection.recv(65_536)
        if not part:
            return b""
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def faulty(*answers):
    """Serve answers; yield the server, whose `url` is its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    one = Faulty(list(answers))
    one.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    thread = threading.Thread(target=one.serve, args=(listening,))
    thread.start()
    try:
        yield one
    finally:
        one.stopped.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def http(status: str, body: bytes, kind: str = "application/json", *more: str) -> bytes:
    """An answer as it goes over the wire."""
    lines = (f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def silent(connection: socket.socket) -> None:
    """Say nothing until the other side gives up."""
    with suppress(OSError):
        connection.recv(1)


def dripping(answer: bytes, every_s: float):
    """Send a byte at a time until the other side gives up."""

    def drip(connection: socket.socket) -> None:
        with suppress(OSError):
            for place in range(len(answer)):
                connection.sendall(answer[place : place + 1])
                time.sleep(every_s)

    return drip
