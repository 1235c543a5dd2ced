"""What is happening, told to whoever listens: floor, desks, transcripts. In-process, numbered.

Publishing never blocks and never fails; a listener that falls behind loses the oldest messages and
is told so by a gap in the numbers.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that happened.

    `topic` is call, turn, partial, ticket, agent, callback, case, message, menus or prompts.
    """

    number: int
    topic: str
    data: Mapping[str, Any]

    def as_data(self) -> dict[str, Any]:
        """Return the message as JSON data."""
        return {"number": self.number, "topic": self.topic, **self.data}


Listener = Callable[[Message], None]


@dataclass(slots=True)
class Feed:
    """The messages and who wants them. Listeners are called from any thread."""

    _listeners: dict[int, Listener] = field(default_factory=dict)
    _recent: deque[Message] = field(default_factory=lambda: deque(maxlen=KEPT))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _number: int = 0
    _tokens: int = 0

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        """Tell everybody."""
        with self._lock:
            self._number += 1
            message = Message(self._number, topic, data)
            self._recent.append(message)
            listeners = list(self._listeners.values())
        for listener in listeners:
            listener(message)

    def subscribe(self, listener: Listener, *, since: int | None = None) -> Callable[[], None]:
        """Call `listener` for each message from now on, or after number `since`; return the end of it."""
        with self._lock:
            self._tokens += 1
            token = self._tokens
            missed = [m for m in self._recent if since is not None and m.number > since]
            self._listeners[token] = listener
        for message in missed:
            listener(message)
        return lambda: self._drop(token)

    def _drop(self, token: int) -> None:
        with self._lock:
            self._listeners.pop(token, None)
