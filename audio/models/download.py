"""One file over HTTP, going on where an earlier try ended. It knows neither models nor archives.

What is there so far stands in a part file, with a note beside it of what the server called the file
(ETag, Last-Modified): only the rest of the very same file is asked for (Range, If-Range).
"""

import errno
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from ivr.errors import Unavailable

CONNECT_S, READ_S = 10.0, 30.0
ATTEMPTS = 4
"""Tries in a row that bring nothing; one that brings something starts the count anew."""
MOST_REDIRECTS = 5
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
Progress = Callable[[int, int], None]
"""Told how many bytes are there, and how many there will be (0: unknown)."""


class Unreachable(Unavailable):
    """No connection to the server could be made at all."""

    code = "unreachable"


class _Cut(Exception):
    """The connection ended before the file did, or the server was busy: worth another try."""


@dataclass(frozen=True, slots=True)
class _Note:
    """What a part file is a part of."""

    url: str = ""
    validator: str = ""
    total: int = 0


def client() -> httpx.Client:
    """Return a client with our patience."""
    return httpx.Client(
        timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
        follow_redirects=True,
        max_redirects=MOST_REDIRECTS,
        headers={"Accept-Encoding": "identity", "User-Agent": "ivr-models"},
    )


def download(
    web: httpx.Client,
    url: str,
    part: Path,
    *,
    most: int,
    told: Progress = lambda have, total: None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Fetch a file into `part`. A part file of the same file is gone on with; one of another is begun anew.

    Raise Unreachable without a connection, Unavailable for anything else; the part file is kept for the
    next try, unless the disk is full or the server sends something else.
    """
    failures, before = 0, _size(part)
    while True:
        try:
            with _told_in_words(url, part):
                _attempt(web, url, part, most, told)
            _note_of(part).unlink(missing_ok=True)
            return
        except _Cut as error:
            have = _size(part)
            failures = 0 if have > before else failures + 1
            before = have
            if failures >= ATTEMPTS:
                raise Unavailable(
                    f"{httpx.URL(url).host} sent {have >> 20} MB and then no more ({error}); "
                    "run the command again to go on from there"
                ) from None
            sleep(2.0**failures)


@contextmanager
def _told_in_words(url: str, part: Path) -> Iterator[None]:
    """Turn what the network and the disk say into our words."""
    host = httpx.URL(url).host
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
        raise Unreachable(f"{host} cannot be reached ({error})") from error
    except httpx.TooManyRedirects as error:
        raise Unavailable(f"{host} redirects for ever") from error
    except httpx.TransportError as error:
        raise _Cut(str(error) or type(error).__name__) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            discard(part)
            raise Unavailable(f"the disk is full; {part.name} was deleted again") from error
        raise Unavailable(f"{part} cannot be written: {error.strerror}") from error


def _attempt(web: httpx.Client, url: str, part: Path, most: int, told: Progress) -> None:
    """Ask for what is missing and write it. Raise _Cut when it did not all come."""
    note, have = _read_note(part, url), _size(part)
    if not note.validator:
        have = 0
    headers = {"Range": f"bytes={have}-", "If-Range": note.validator} if have else {}
    with web.stream("GET", url, headers=headers) as response:
        _secure(url, response)
        if have and response.status_code == 416:
            if note.total == have:
                return
            discard(part)
            raise _Cut("the file has changed")
        have, total = _begin(response, have, note)
        if max(have, total) > most:
            discard(part)
            raise Unavailable(f"{response.url.host} offers {total >> 20} MB, far more than the model has")
        _room_for(total - have, part)
        _write_note(part, _Note(url, _validator(response), total))
        with part.open("ab" if have else "wb") as file:
            for chunk in response.iter_raw():
                file.write(chunk)
                have += len(chunk)
                if have > most:
                    break
                told(have, total)
    if have > most or (total and have > total):
        discard(part)
        raise Unavailable(f"{response.url.host} sends more than it said; nothing was kept")
    if total and have < total:
        raise _Cut(f"{total - have:,} bytes are missing")


def _begin(response: httpx.Response, have: int, note: _Note) -> tuple[int, int]:
    """Return how many bytes of ours stay, and how many there will be. Raise for answers that are none."""
    status, host = response.status_code, response.url.host
    if status in AGAIN:
        raise _Cut(f"it answers {status}")
    length = _number(response.headers.get("Content-Length", ""))
    if status == 200:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise Unavailable(f"{host} sends the file in another encoding than asked for")
        return 0, length
    if status != 206:
        raise Unavailable(f"{host} answers {status} {response.reason_phrase} for {response.url.path}".strip())
    begin, total = _content_range(response.headers.get("Content-Range", ""))
    if begin != have or (note.total and total and total != note.total):
        raise Unavailable(f"{host} sends another part than asked for")
    return have, total or have + length


def _content_range(text: str) -> tuple[int, int]:
    """Read "bytes 100-199/200"; -1 for where it begins when it cannot be read, 0 for an unknown total."""
    span, _, total = text.removeprefix("bytes ").partition("/")
    return _number(span.partition("-")[0], -1), _number(total)


def _number(text: str, otherwise: int = 0) -> int:
    return int(text) if text.isascii() and text.isdigit() else otherwise


def _secure(url: str, response: httpx.Response) -> None:
    schemes = {step.url.scheme for step in (*response.history, response)}
    if url.startswith("https:") and schemes != {"https"}:
        raise Unavailable(f"{httpx.URL(url).host} redirects to an address that is not protected (http)")


def _validator(response: httpx.Response) -> str:
    """Return what proves later that the file is still the same: a strong ETag, else its date; or ""."""
    etag = str(response.headers.get("ETag", ""))
    return etag if etag.startswith('"') else str(response.headers.get("Last-Modified", ""))


def _room_for(needed: int, part: Path) -> None:
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        discard(part)
        raise Unavailable(
            f"the disk is too full: {needed >> 20} MB are to come to {part.parent}, {free >> 20} are free"
        )


# ---- the note beside the part file


def discard(part: Path) -> None:
    """Delete a part file and its note."""
    part.unlink(missing_ok=True)
    _note_of(part).unlink(missing_ok=True)


def _note_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_note(part: Path, url: str) -> _Note:
    try:
        note = _Note(**json.loads(_note_of(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return _Note()
    return note if note.url == url else _Note()


def _write_note(part: Path, note: _Note) -> None:
    _note_of(part).write_text(json.dumps(asdict(note)), encoding="utf-8")


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:
        return 0
