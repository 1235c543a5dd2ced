"""Threads that do bounded work for callers: a queue with a limit, a time-out, a replacement.

A thread cannot be killed. One whose work takes too long is given up: its caller gets `Unavailable`,
another thread takes its place, and it ends by itself when the work comes back.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import structlog

from ivr.errors import TooBusy, Unavailable

log = structlog.get_logger(__name__)
T = TypeVar("T")
LOOK_S = 0.1
"""How often running work is looked at."""
MOST_LOST = 8
"""Threads given up at the same time; beyond it new work is refused until some come back."""


@dataclass(slots=True, eq=False)
class _Task(Generic[T]):
    work: Callable[[], T]
    future: "Future[T]" = field(default_factory=Future)
    began: float | None = None
    given_up: bool = False


class Workers:
    """Some threads and what waits for them."""

    def __init__(self, name: str, count: int, most: int, limit_s: float) -> None:
        """Start `count` threads that take at most `most` pieces of work at a time, each of `limit_s`."""
        self._name, self._count, self._most, self._limit_s = name, count, most, limit_s
        self._waiting: deque[_Task[Any]] = deque()
        self._running: list[_Task[Any]] = []
        self._lost = 0
        self._refused_at = float("-inf")
        self._changed = threading.Condition()
        self._closed = False
        for _ in range(count):
            self._start()
        threading.Thread(target=self._watch, name=f"{name}-watch", daemon=True).start()

    @property
    def idle(self) -> bool:
        """Return whether a thread is free now."""
        return not self._waiting and len(self._running) < self._count

    def overloaded(self, within_s: float = 10.0) -> bool:
        """Return whether work was refused a short time ago."""
        return time.monotonic() - self._refused_at < within_s

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Do some work in a thread. Raise TooBusy when too much waits, Unavailable when too much is stuck."""
        task = _Task(work)
        with self._changed:
            if self._closed or self._lost >= MOST_LOST:
                raise Unavailable(f"the {self._name} workers do not answer")
            if len(self._waiting) + len(self._running) >= self._most:
                self._refused_at = time.monotonic()
                raise TooBusy("too many callers speak at once")
            self._waiting.append(task)
            self._changed.notify()
        return task.future

    def close(self) -> None:
        """Take no more work, and none of what waits."""
        with self._changed:
            self._closed = True
            for task in self._waiting:
                task.future.cancel()
            self._waiting.clear()
            self._changed.notify_all()

    def _start(self) -> None:
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            _settle(task)
            with self._changed:
                if task.given_up:
                    self._lost -= 1
                    return  # another thread has taken the place
                self._running.remove(task)

    def _next(self) -> "_Task[Any] | None":
        with self._changed:
            while True:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if not self._waiting:
                    return None
                task = self._waiting.popleft()
                if task.future.set_running_or_notify_cancel():
                    task.began = time.monotonic()
                    self._running.append(task)
                    return task

    def _watch(self) -> None:
        while not self._closed:
            time.sleep(LOOK_S)
            with self._changed:
                late = [task for task in self._running if self._is_late(task)]
                for task in late:
                    self._give_up(task)
            for task in late:
                task.future.set_exception(Unavailable(f"no answer in {self._limit_s:g} s"))

    def _is_late(self, task: "_Task[Any]") -> bool:
        return task.began is not None and time.monotonic() - task.began > self._limit_s

    def _give_up(self, task: "_Task[Any]") -> None:
        task.given_up = True
        self._running.remove(task)
        self._lost += 1
        log.error("worker given up and replaced", workers=self._name, seconds=self._limit_s)
        self._start()


def _settle(task: "_Task[Any]") -> None:
    """Run a task; what it comes to is told unless it was given up meanwhile."""
    try:
        result = task.work()
    except BaseException as error:  # whatever it is, its caller must hear of it  # noqa: BLE001
        if not task.given_up:
            task.future.set_exception(error)
        return
    if not task.given_up:
        task.future.set_result(result)
