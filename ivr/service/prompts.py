"""Prompts ahead of time: what a published version can say without slots is spoken before anybody calls.

It is done in the background, on a thread that gives way to everything else, again after each publish
and at each start (what is stored already takes no time). How far it is goes out on the feed.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import structlog

from ivr.dialog.flow import Flow, prompts_of
from ivr.dialog.prompts import is_fixed, parts
from ivr.errors import HotlineError
from ivr.service.feed import Feed, Message
from ivr.service.menus import Menus

log = structlog.get_logger(__name__)
NICENESS = 10
TOLD_EVERY_S = 0.25
CLOSES_IN_S = 10.0


class Speaker(Protocol):
    """Makes prompts and keeps them; `audio.tts.speaking.Speaking` is one."""

    def keys(self, text: str, language: str) -> tuple[str, ...]:
        """Return the names of all that a text's audio is made of; () where nothing is to be made."""
        ...

    def prepare(self, text: str, language: str) -> None:
        """Make what is missing of a text's audio. Raise Unavailable when that cannot be done."""

    def keep(self, keys: set[str]) -> None:
        """Never throw these away, until the next call."""


@dataclass(frozen=True, slots=True)
class Line:
    """A text that callers hear: where it stands, in which language. `fixed` texts have no slots."""

    node: str
    language: str
    text: str

    @property
    def fixed(self) -> bool:
        """Return whether the whole text is known ahead of time."""
        return is_fixed(self.text)


def lines(flow: Flow) -> Iterator[Line]:
    """Yield every text of a hotline once per language, with the first place where it stands."""
    for language in flow.languages:
        tongue = flow.speaking(language)
        said = [(name, text) for name, node in tongue.nodes.items() for _, text in prompts_of(node)]
        said += [("phrases", text) for name, text in tongue.phrases.items() if "." not in name]
        seen: set[str] = set()
        for node, text in said:
            if text not in seen:
                seen.add(text)
                yield Line(node, language, text)


def spoken_ahead(line: Line) -> str:
    """Return what of a text is known ahead of time: all of it, or the sentences without a slot.

    >>> spoken_ahead(Line("n", "en", "Order {order|digits} is on its way. Anything else?"))
    'Anything else?'
    """
    pieces = parts(line.text)
    return " ".join(
        sentence.strip()
        for number, piece in enumerate(pieces)
        if isinstance(piece, str)
        for sentence in _whole_sentences(piece, first=number == 0, last=number == len(pieces) - 1)
    )


def _whole_sentences(piece: str, *, first: bool, last: bool) -> Iterator[str]:
    """Yield what certainly is a sentence of its own: it begins and ends within the piece."""
    ends = [
        at + 1
        for at, mark in enumerate(piece)
        if mark in "。！？" or piece[at : at + 2] in (". ", "! ", "? ")
    ]
    start = 0 if first else (ends[0] if ends else len(piece))
    end = len(piece) if last else (ends[-1] if ends else 0)
    if piece[start:end].strip():
        yield piece[start:end]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: `done` of `total` prompts are ready, `failed` could not be spoken."""

    version: str = ""
    total: int = 0
    done: int = 0
    failed: int = 0
    language: str = ""
    finished: bool = True


def render(
    flow: Flow,
    speaker: Speaker,
    languages: set[str],
    *,
    version: str = "",
    tell: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Progress:
    """Make all prompts of a hotline that are missing, on this thread, in the languages that have a voice.

    `tell` hears of every prompt; `stop` is asked before each.
    """
    if not languages:
        return Progress(version)
    todo = [
        (text, line.language)
        for line in lines(flow)
        if line.language in languages and (text := spoken_ahead(line))
    ]
    speaker.keep({key for text, language in todo for key in speaker.keys(text, language)})
    progress = Progress(version, len(todo), finished=not todo)
    for text, language in todo:
        if stop():
            break
        progress = _after(progress, language, _made(speaker, text, language))
        tell(progress)
    return progress


def _made(speaker: Speaker, text: str, language: str) -> bool:
    try:
        speaker.prepare(text, language)
    except HotlineError as error:
        log.warning("prompt not rendered", language=language, text=text[:80], error=str(error))
        return False
    return True


def _after(was: Progress, language: str, made: bool) -> Progress:
    done, failed = was.done + made, was.failed + (not made)
    return replace(was, done=done, failed=failed, language=language, finished=done + failed == was.total)


class Prompts:
    """Renders what is published, in the background."""

    def __init__(self, menus: Menus, speaker: Speaker, feed: Feed, languages: Callable[[], set[str]]) -> None:
        self._menus, self._speaker, self._feed, self._languages = menus, speaker, feed, languages
        self._wanted, self._closed = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._told = 0.0
        self.progress = Progress()

    def start(self) -> None:
        """Begin with what is published now, and go on with what is published later."""
        self._unsubscribe = self._feed.subscribe(self._heard)
        self._wanted.set()
        self._thread = threading.Thread(target=self._run, name="prompts", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the sentence that is being spoken."""
        self._unsubscribe()
        self._closed.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(CLOSES_IN_S)

    def as_data(self) -> dict[str, Any]:
        """Return how far it is, as JSON data."""
        return asdict(self.progress)

    def _heard(self, message: Message) -> None:
        if message.topic == "menus":
            self._wanted.set()

    def _run(self) -> None:
        _give_way()
        while self._wanted.wait() and not self._closed.is_set():
            self._wanted.clear()
            try:
                self._render()
            except Exception as error:  # the thread lives on, to be there for the next version  # noqa: BLE001
                log.error("prompts not rendered", error=str(error))

    def _render(self) -> None:
        version = self._menus.published()
        self.progress = Progress(version.id, finished=False)
        self.progress = render(
            version.flow,
            self._speaker,
            self._languages(),
            version=version.id,
            tell=self._tell,
            stop=self._wanted.is_set,  # another version, or the end
        )
        if self.progress.finished:
            log.info("prompts ready", done=self.progress.done, failed=self.progress.failed)

    def _tell(self, progress: Progress) -> None:
        self.progress = progress
        if progress.finished or time.monotonic() - self._told >= TOLD_EVERY_S:
            self._told = time.monotonic()
            self._feed.publish("prompts", self.as_data())


def _give_way() -> None:
    """Let this thread run only where nothing else wants to (Linux gives each thread a niceness)."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
    except OSError as error:
        log.info("prompts are rendered at full priority", why=str(error))
