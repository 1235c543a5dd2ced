"""Models on this machine: where they lie, and whether their bytes are still those that were installed.

A model that was fetched or installed has a manifest, `.manifest.json`, in its folder: every file with size
and SHA-256. One that came with a package is checked against the catalogue. One that somebody unpacked by
hand has neither, and is only looked at.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

from audio.models.catalogue import CATALOGUE, Model
from ivr.errors import Conflict, HotlineError, NotFound, Unavailable

MANIFEST = ".manifest.json"
SUMS = "checksums.json"
"""Below the models' folder: checksums of archives that were trusted when they were first fetched."""
SURE_BYTES = 64 << 20
"""At start a file up to this size is always summed; a larger one when it was touched since the install."""
VOSK_FILES = (("am/final.mdl", "conf/mfcc.conf"), ("final.mdl", "mfcc.conf"))
"""What a Vosk model must have, in its newer and its older layout."""


class Damaged(Unavailable):
    """A model's bytes are not what they should be."""

    code = "damaged"


@dataclass(frozen=True, slots=True)
class FileNote:
    """What was noted of a file when it was installed."""

    size: int
    changed_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was installed: from where, by which archive, which files."""

    model: str
    source: str
    archive_sha256: str
    files: Mapping[str, FileNote]

    def written(self) -> str:
        """Return the manifest as JSON."""
        files = {
            path: {"size": note.size, "changed_ns": note.changed_ns, "sha256": note.sha256}
            for path, note in self.files.items()
        }
        data = {
            "model": self.model, "source": self.source, "archive_sha256": self.archive_sha256, "files": files,
        }  # fmt: skip
        return json.dumps(data, indent=1)


def manifest_of(folder: Path) -> Manifest | None:
    """Return the manifest of a model, None where there is none. Raise Damaged when it cannot be read."""
    try:
        data = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {
            str(path): FileNote(int(note["size"]), int(note["changed_ns"]), str(note["sha256"]))
            for path, note in data["files"].items()
        }
        return Manifest(str(data["model"]), str(data["source"]), str(data["archive_sha256"]), files)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"the manifest of the model {folder.name} is damaged: {error}") from error


# ---- where models are


def find(model: Model, models: Path | None = None) -> Path | None:
    """Return the model's folder, in its package or below `models`, or None."""
    if model.package and (folder := _in_package(model)):
        return folder
    beside = models / model.name if models else None
    return beside if beside and beside.is_dir() else None


def _in_package(model: Model) -> Path | None:
    try:
        root = Path(str(metadata.distribution(model.package).locate_file("")))
    except metadata.PackageNotFoundError:
        return None
    folder = root / model.folder
    return folder if folder.is_dir() else None


def locate(model: Model, models: Path | None = None) -> Path:
    """Return the model's folder after checking its bytes.

    Raise NotFound when it is not installed, Unavailable when a file is not what it should be.
    """
    folder = find(model, models)
    if folder is None:
        raise NotFound(f"the model {model.name} is not installed")
    wrong = wrong_files(model, folder)
    if wrong:
        raise Damaged(f"the model {model.name} is damaged: {', '.join(wrong)} (run `ivr models verify`)")
    return folder


def vosk_model(language: str, models: Path | None = None) -> Path | None:
    """Return the folder of an installed Vosk model of a language, or None."""
    return next(iter(vosk_models(language, models)), None)


def vosk_models(language: str, models: Path | None = None) -> tuple[Path, ...]:
    """Return the folders of all installed Vosk models of a language, the one to be used first."""
    if util.find_spec("vosk") is None:
        return ()
    installed = (find(m, models) for m in CATALOGUE if m.engine == "vosk" and m.language == language)
    return tuple(folder for folder in installed if folder)


# ---- whether they are sound


def checked(folder: Path) -> None:
    """Check a model before it is loaded: fast, for the start of the hotline.

    Sizes of all files, and the sums of all but large ones that nobody touched. Raise Unavailable with a
    sentence when the model is damaged.
    """
    wrong = _wrong(folder, thorough=False)
    if wrong:
        raise Damaged(f"the model {folder.name} is damaged: {', '.join(wrong)} (run `ivr models verify`)")


def verified(model: Model, folder: Path, models: Path | None = None) -> tuple[str, ...]:
    """Sum every file of a model; return in words what is wrong with it."""
    try:
        wrong = _wrong(folder, thorough=True)
        manifest = manifest_of(folder)
    except Damaged as error:
        return (str(error),)
    known = known_sum(model, models)
    if manifest and known and manifest.archive_sha256 and manifest.archive_sha256 != known:
        wrong = (*wrong, "it was installed from another archive than the catalogue knows")
    return wrong


def _wrong(folder: Path, *, thorough: bool) -> tuple[str, ...]:
    manifest = manifest_of(folder)
    if manifest is not None:
        found = ((path, _fault(folder / path, note, thorough)) for path, note in manifest.files.items())
        return tuple(f"{path} {fault}" for path, fault in found if fault)
    packaged = next((m for m in CATALOGUE if m.files and find(m) == folder), None)
    if packaged is not None:
        return tuple(f"{path} has another checksum or is missing" for path in wrong_files(packaged, folder))
    engine = next((m.engine for m in CATALOGUE if m.name == folder.name), "")
    if engine == "vosk" and not any(all((folder / f).is_file() for f in files) for files in VOSK_FILES):
        return ("it holds no Vosk model (no am/final.mdl)",)
    return ()


def _fault(path: Path, note: FileNote, thorough: bool) -> str:
    """Return in words what is wrong with a file, "" for nothing."""
    try:
        found = path.stat()
    except OSError:
        return "is missing"
    if found.st_size != note.size:
        return f"has {found.st_size:,} bytes instead of {note.size:,}"
    if not thorough and note.size > SURE_BYTES and found.st_mtime_ns == note.changed_ns:
        return ""
    return "" if sha256_of(path) == note.sha256 else "has another checksum"


@cache
def wrong_files(model: Model, folder: Path) -> tuple[str, ...]:
    """Return the files of a model that are missing or have another checksum than the catalogue says."""
    return tuple(name for name, wanted in model.files if sha256_of(folder / name) != wanted)


def sha256_of(path: Path) -> str:
    """Return the checksum of a file; "" when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


# ---- checksums of archives


def known_sum(model: Model, models: Path | None) -> str:
    """Return the checksum the model's archive must have, by the catalogue or as first seen here; or ""."""
    return model.sha256 or str(_recorded(models).get(model.name, ""))


def record_sum(model: Model, models: Path, sha256: str) -> None:
    """Keep the checksum of an archive that was trusted at first sight, so that later ones are compared."""
    part = models / f"{SUMS}.part"
    part.write_text(json.dumps({**_recorded(models), model.name: sha256}, indent=1), encoding="utf-8")
    part.replace(models / SUMS)


def _recorded(models: Path | None) -> dict[str, Any]:
    if models is None:
        return {}
    try:
        data = json.loads((models / SUMS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Damaged(f"{models / SUMS} cannot be read: {error}") from error
    return data if isinstance(data, dict) else {}


# ---- removing


def remove(model: Model, models: Path) -> Path:
    """Remove a model that was fetched or installed; return its folder. Raise NotFound, Conflict."""
    folder = models / model.name
    if folder.is_dir():
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise HotlineError(f"{folder} cannot be removed: {error.strerror}") from error
        return folder
    if find(model) is not None:
        raise Conflict(
            f"{model.name} comes with the package {model.package}; `pip uninstall {model.package}`"
        )
    raise NotFound(f"the model {model.name} is not installed")
