"""Archives of models: looked at before a byte is written, unpacked beside, and put in place in one step.

An archive is somebody else's data, also when its checksum is right: no path leaves the folder, no link
is made, and nothing may grow beyond bounds.
"""

import errno
import hashlib
import lzma
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from audio.models.catalogue import Model
from audio.models.installed import MANIFEST, VOSK_FILES, Damaged, FileNote, Manifest, sha256_of
from ivr.errors import InvalidInput, Unavailable

MOST_ENTRIES = 2000
MOST_DEPTH = 8
LONGEST_NAME = 200
MOST_BYTES = 8 << 30
MOST_GROWTH = 20
"""Times the size of the archive: models are mostly numbers, which hardly shrink."""
FREE_GROWTH = 16 << 20
"""Growth that any small archive may have."""
BLOCK = 1 << 20
IGNORED = ("__MACOSX/", ".DS_Store")
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


def unpack(archive: Path, into: Path) -> dict[str, FileNote]:
    """Unpack an archive into a new folder, without the single folder around it; return what was written.

    Raise Damaged when it is no sound archive of a model.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _accepted(opened.infolist(), archive.stat().st_size)
            _room_for(sum(entry.file_size for entry in entries.values()), into)
            return {path: _extract(opened, entry, into / path) for path, entry in entries.items()}
    except BROKEN as error:
        raise Damaged(f"{archive.name} is no sound ZIP archive: {error}") from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):
            raise
        # bz2 says so without a number, and a place before the file's beginning is an invalid argument
        raise Damaged(f"{archive.name} is no sound ZIP archive: {error}") from error


def _accepted(infos: list[zipfile.ZipInfo], size: int) -> dict[str, zipfile.ZipInfo]:
    """Return the files of an archive by path. Raise Damaged for one that could do harm."""
    if len(infos) > MOST_ENTRIES:
        raise Damaged(f"the archive has {len(infos)} entries; at most {MOST_ENTRIES} are unpacked")
    files: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        path = _path(info)
        if info.is_dir() or info.filename.startswith(IGNORED[0]) or path.name == IGNORED[1]:
            continue
        if str(path).lower() in {known.lower() for known in files}:
            raise Damaged(f"the archive holds {path} twice")
        files[str(path)] = info
    grown = sum(info.file_size for info in files.values())
    if grown > min(MOST_BYTES, size * MOST_GROWTH + FREE_GROWTH):
        raise Damaged(f"the archive of {size:,} bytes would grow to {grown:,}; that is no model")
    if not files:
        raise Damaged("the archive is empty")
    return _without_top(files)


def _path(info: zipfile.ZipInfo) -> PurePosixPath:
    """Return where an entry belongs. Raise Damaged for one that is no plain file inside."""
    name = info.orig_filename
    path = PurePosixPath(name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if "\0" in name or "\\" in name or ":" in name or path.is_absolute() or ".." in path.parts:
        raise Damaged(f"the archive wants to write outside its folder: {name!r}")
    if not path.parts or len(path.parts) > MOST_DEPTH or len(name) > LONGEST_NAME or not name.isprintable():
        raise Damaged(f"the archive holds a name that is none: {name[:60]!r}")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Damaged(f"the archive holds a link or a device: {name!r}")
    if info.flag_bits & 1:
        raise Damaged("the archive is encrypted")
    return path


def _without_top(files: dict[str, zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    tops = {path.partition("/")[0] for path in files}
    if len(tops) > 1 or any("/" not in path for path in files):
        return files
    return {path.partition("/")[2]: info for path, info in files.items()}


def _extract(opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> FileNote:
    with opened.open(info) as source:
        return _written(iter(lambda: source.read(BLOCK), b""), path, info.file_size)


def _written(blocks: Iterator[bytes], path: Path, most: int) -> FileNote:
    """Write a file, to the disk; return what it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    summed, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for block in blocks:
            size += len(block)
            if size > most:
                raise Damaged(f"{path.name} is larger than the archive says")
            summed.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        return FileNote(size, os.fstat(file.fileno()).st_mtime_ns, summed.hexdigest())


def copy(folder: Path, into: Path) -> dict[str, FileNote]:
    """Copy an unpacked model into a new folder; return what was written. Raise Damaged for links."""
    files: dict[str, FileNote] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise Damaged(f"{name} is a link; a model is made of plain files")
        if path.is_file() and path.name not in (MANIFEST, IGNORED[1]):
            with path.open("rb") as source:
                blocks = iter(lambda source=source: source.read(BLOCK), b"")  # type: ignore[misc]
                files[name] = _written(blocks, into / name, path.stat().st_size)
        if len(files) > MOST_ENTRIES:
            raise Damaged(f"{folder} has more than {MOST_ENTRIES} files; that is no model")
    return files


def put_in_place(source: Path, model: Model, models: Path, *, origin: str, sha256: str) -> Path:
    """Make an archive or an unpacked folder the model's folder, whole or not at all; return it.

    Raise Damaged when it does not hold the model, Unavailable when the disk is full.
    """
    target = models / model.name
    parts = parts_of(models)
    beside = parts / f"{target.name}.new"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir()
        files = copy(source, beside) if source.is_dir() else unpack(source, beside)
        _holds(model, files, source)
        manifest = Manifest(model.name, origin, sha256, files)
        (beside / MANIFEST).write_text(manifest.written(), encoding="utf-8")
        _swap(beside, target, parts / f"{target.name}.old")
        return target
    except OSError as error:
        raise Unavailable(f"{model.name} cannot be written to {models}: {error.strerror}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _holds(model: Model, files: Mapping[str, FileNote], source: Path) -> None:
    if model.engine == "vosk" and not any(set(wanted) <= set(files) for wanted in VOSK_FILES):
        raise Damaged(f"{source.name} holds no Vosk model (no am/final.mdl)")
    wrong = [path for path, wanted in model.files if path not in files or files[path].sha256 != wanted]
    if wrong:
        raise Damaged(
            f"{source.name} does not hold {model.name}: {', '.join(wrong)} missing or other than known"
        )


def _swap(new: Path, target: Path, old: Path) -> None:
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _room_for(needed: int, parts: Path) -> None:
    free = shutil.disk_usage(parts).free
    if needed > free:
        raise Unavailable(f"the disk is too full: {needed >> 20} MB are needed, {free >> 20} are free")


def parts_of(models: Path) -> Path:
    """Return the folder for what is not finished, below the models' own, so that a rename is one step."""
    parts = models / ".parts"
    try:
        parts.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"the folder {models} cannot be written: {error.strerror} (IVR_MODELS)") from error
    return parts


def sum_of(source: Path) -> str:
    """Return the checksum of an archive; "" for a folder, which has none."""
    return "" if source.is_dir() else sha256_of(source)
