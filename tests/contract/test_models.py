"""Models come whole and checked, or not at all; what is damaged is found, and refused at the start."""

import errno
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio import models
from audio.models import archive, download, installed
from audio.models.archive import put_in_place
from audio.models.catalogue import CATALOGUE, Model, named, read
from audio.models.download import Unreachable, client
from audio.models.install import fetch, install
from audio.models.installed import Damaged, checked, known_sum, manifest_of, verified
from ivr.errors import Conflict, HotlineError, InvalidInput, NotFound, Unavailable
from tests.contract.model_server import Publisher, cut_after, well, with_status, without_ranges

NAME = "vosk-model-small-uk-v3-small"
PENDING = named(NAME)
"""A model whose checksum is pending."""
FILES = {
    "am/final.mdl": b"acoustic model " * 5000,
    "conf/mfcc.conf": b"--sample-frequency=16000\n",
    "graph/Gr.fst": bytes(range(256)) * 700,
    "README": b"a model\n",
}


def zipped(files=FILES, top=f"{NAME}/", method=zipfile.ZIP_DEFLATED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as packed:
        for path, data in files.items():
            packed.writestr(f"{top}{path}", data)
    return held.getvalue()


ZIP = zipped(method=zipfile.ZIP_STORED)
SUM = hashlib.sha256(ZIP).hexdigest()
KNOWN = replace(PENDING, sha256=SUM, size=len(ZIP))
"""The same with a checksum: that of the test's archive."""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "models"


def get(publisher, root, model=KNOWN, **how):
    with client() as web:
        return fetch(model, root, web, url=publisher.url, sleep=lambda seconds: None, **how)


def held(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != installed.MANIFEST
    }


def left_over(root):
    """What lies in the folder besides models."""
    return sorted(path.name for path in (root / ".parts").iterdir() if path.name != "lock")


# ---- the catalogue


def test_every_entry_of_the_catalogue_is_complete():
    assert len({model.name for model in CATALOGUE}) == len(CATALOGUE) > 30
    for model in CATALOGUE:
        assert model.engine, model.name
        assert model.licence, model.name
        assert model.size_mb > 0, model.name
        assert model.role in ("recognition", "voice", "voice activity", "understanding"), model.name
        assert re.fullmatch(r"[a-z]{2}|any|many", model.language), model.name
        assert re.fullmatch(r"[a-z0-9][a-z0-9.-]+", model.name), "the name is a folder"
        for checksum in (model.sha256, *dict(model.files).values()):
            assert re.fullmatch(r"([0-9a-f]{64})?", checksum), model.name
        if model.url:
            assert model.url == f"https://alphacephei.com/vosk/models/{model.name}.zip"
            assert not model.package
            assert model.size == 0 or abs(model.size / 1e6 - model.size_mb) < 1, model.name


def test_a_checksum_that_nobody_here_computed_names_who_recorded_it():
    for model in CATALOGUE:
        assert bool(model.sha256) == bool(model.reported_by), model.name
        assert model.reported_by == 0 or model.reported_by >= 3, model.name


def test_the_languages_that_were_asked_for_are_there():
    assert {model.language for model in CATALOGUE if model.engine == "vosk"} >= {
        "en", "zh", "ko", "de", "fr", "es", "it", "pt", "ru", "ja",
    }  # fmt: skip


def test_gpl_is_named_as_such():
    assert named("espeak-ng").licence == "GPL-3.0"
    assert "process of its own" in named("espeak-ng").note


def test_a_model_that_is_not_there_is_answered_with_what_may_be_meant():
    with pytest.raises(NotFound, match=r"did you mean vosk-model-small-cn-0\.22"):
        named("vosk-small-cn-0.22")
    with pytest.raises(NotFound, match="ivr models list"):
        named("siri")


def test_an_entry_with_a_field_that_is_none_is_refused():
    with pytest.raises(TypeError):
        read("- {name: x, engine: y, role: voice, language: en, licence: MIT, mb: 1, colour: red}")


# ---- fetching


def test_a_model_is_fetched_checked_unpacked_and_noted(root):
    told = []
    with Publisher(ZIP) as publisher:
        folder = get(publisher, root, told=lambda have, total: told.append((have, total)))
    assert folder == root / NAME
    assert held(folder) == FILES
    assert told[-1] == (len(ZIP), len(ZIP))
    manifest = manifest_of(folder)
    assert (manifest.model, manifest.source, manifest.archive_sha256) == (NAME, publisher.url, SUM)
    assert set(manifest.files) == set(FILES)
    assert verified(KNOWN, folder, root) == ()
    assert left_over(root) == []
    assert publisher.asked[0]["Accept-Encoding"] == "identity"


def test_a_fetch_goes_on_where_the_connection_was_cut(root):
    with Publisher(ZIP, cut_after(50_000, 120_000)) as publisher:
        assert held(get(publisher, root)) == FILES
    ranges = [request.get("Range") for request in publisher.asked]
    assert ranges == [None, "bytes=50000-", "bytes=120000-"]
    assert publisher.asked[1]["If-Range"] == '"one"'


def test_a_fetch_goes_on_in_the_next_command(root):
    never = with_status(503)

    def cut_then_never(publisher, handler):
        (cut_after(60_000) if len(publisher.asked) == 1 else never)(publisher, handler)

    with Publisher(ZIP, cut_then_never) as publisher:
        with pytest.raises(Unavailable, match="run the command again to go on from there"):
            get(publisher, root)
        assert left_over(root) == [f"{NAME}.zip", f"{NAME}.zip.json"]
        publisher.answer, begin = well, len(publisher.asked)
        assert held(get(publisher, root)) == FILES
        assert [request.get("Range") for request in publisher.asked[begin:]] == ["bytes=60000-"]


def test_a_file_that_has_changed_meanwhile_is_fetched_anew(root):
    with Publisher(b"x" * len(ZIP), cut_after(60_000)) as publisher:

        def changed(publisher, handler):
            publisher.data, publisher.etag, publisher.answer = ZIP, '"two"', well
            well(publisher, handler)

        first = publisher.answer

        def then_changed(publisher, handler):
            publisher.answer = changed
            first(publisher, handler)

        publisher.answer = then_changed
        assert held(get(publisher, root)) == FILES


def test_a_server_that_knows_no_ranges_sends_everything_again(root):
    with Publisher(ZIP, cut_after(60_000)) as publisher:
        first = publisher.answer

        def answer(publisher, handler):
            publisher.answer = without_ranges
            first(publisher, handler)

        publisher.answer = answer
        assert held(get(publisher, root)) == FILES


def test_a_part_without_proof_of_what_it_is_is_not_gone_on_with(root):
    def nameless(publisher, handler, upto=None):
        handler.head(200, Content_Length=len(publisher.data))
        handler.wfile.write(publisher.data[:upto])
        if upto:
            handler.hang_up()

    def cut(publisher, handler):
        publisher.answer = nameless
        nameless(publisher, handler, 50_000)

    with Publisher(ZIP, cut) as publisher:
        assert held(get(publisher, root)) == FILES
    assert "Range" not in publisher.asked[1]


def test_a_file_that_is_there_already_is_not_fetched_again(root):
    def whole_then_cut(publisher, handler):
        publisher.answer = well
        handler.head(200, ETag=publisher.etag, Content_Length=len(ZIP) + 1)
        handler.wfile.write(ZIP)
        handler.hang_up()

    with Publisher(ZIP, whole_then_cut) as publisher:
        parts = root / ".parts"
        parts.mkdir(parents=True)
        (parts / f"{NAME}.zip").write_bytes(ZIP)
        note = {"url": publisher.url, "validator": '"one"', "total": len(ZIP)}
        (parts / f"{NAME}.zip.json").write_text(json.dumps(note))
        publisher.answer = well
        assert held(get(publisher, root)) == FILES
    assert len(publisher.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(root, status):
    with Publisher(ZIP, with_status(status, 2)) as publisher:
        assert held(get(publisher, root)) == FILES
    assert len(publisher.asked) == 3


# ---- fetching in vain


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_file_that_is_not_there_is_said_at_once(root, status):
    with (
        Publisher(ZIP, with_status(status)) as publisher,
        pytest.raises(Unavailable, match=f"answers {status}"),
    ):
        get(publisher, root)
    assert len(publisher.asked) == 1
    assert not (root / NAME).exists()


def test_other_bytes_are_deleted_and_nothing_is_installed(root):
    wrong = zipped({**FILES, "am/final.mdl": b"another model " * 5000}, method=zipfile.ZIP_STORED)
    said = rf"is not {NAME}: its SHA-256 is .*it was deleted"
    with Publisher(wrong[: len(ZIP)].ljust(len(ZIP), b"x")) as publisher, pytest.raises(Damaged, match=said):
        get(publisher, root)
    assert not (root / NAME).exists()
    assert left_over(root) == []


def test_a_model_that_is_installed_stays_when_a_fetch_fails(root):
    with Publisher(ZIP) as publisher:
        folder = get(publisher, root)
        publisher.data = b"x" * len(ZIP)
        with pytest.raises(Damaged):
            get(publisher, root)
    assert held(folder) == FILES
    assert verified(KNOWN, folder) == ()


def test_a_server_that_offers_far_more_is_refused_before_it_is_read(root):
    def endless(publisher, handler):
        handler.head(200, Content_Length=10**12)
        handler.hang_up()

    with (
        Publisher(ZIP, endless) as publisher,
        pytest.raises(Unavailable, match="far more than the model has"),
    ):
        get(publisher, root)
    assert left_over(root) == []


def test_a_server_that_sends_more_than_the_model_has_is_stopped(root):
    def endless(publisher, handler):
        handler.head(200, Connection="close")
        for _ in range(100):
            try:
                handler.wfile.write(b"x" * 65_536)
            except OSError:
                break
        handler.hang_up()

    with Publisher(ZIP, endless) as publisher, pytest.raises(Unavailable, match="more than it said"):
        get(publisher, root)
    assert left_over(root) == []


def test_a_server_that_sends_another_part_is_refused(root):
    def shifted(publisher, handler):
        handler.head(206, ETag='"one"', Content_Range=f"bytes 7-{len(ZIP)}/{len(ZIP)}", Content_Length=1)
        handler.wfile.write(b"x")

    with (
        Publisher(ZIP, shifted) as publisher,
        pytest.raises(Unavailable, match="another part than asked for"),
    ):
        get(publisher, root)


def test_a_compressed_answer_is_refused(root):
    def gzipped(publisher, handler):
        handler.head(200, Content_Encoding="gzip", Content_Length=3)
        handler.wfile.write(b"abc")

    with Publisher(ZIP, gzipped) as publisher, pytest.raises(Unavailable, match="another encoding"):
        get(publisher, root)


def test_redirects_are_followed_but_not_for_ever(root):
    def moved(publisher, handler):
        publisher.answer = well
        handler.head(302, Location="/elsewhere/model.zip", Content_Length=0)

    with Publisher(ZIP, moved) as publisher:
        assert held(get(publisher, root)) == FILES
        publisher.answer = with_status(302, Location="/again")
        with pytest.raises(Unavailable, match="redirects for ever"):
            get(publisher, root)


def test_a_redirect_to_an_unprotected_address_is_refused(root):
    import httpx

    def answer(request):
        if request.url.scheme == "https":
            return httpx.Response(302, headers={"Location": "http://other.example/model.zip"})
        return httpx.Response(200, content=ZIP)

    web = httpx.Client(transport=httpx.MockTransport(answer), follow_redirects=True)
    with web, pytest.raises(Unavailable, match="not protected"):
        fetch(KNOWN, root, web, url="https://publisher.example/model.zip")


def test_without_a_network_it_is_said_how_to_go_on(root):
    with Publisher(ZIP) as publisher:
        url = publisher.url
    gone = replace(KNOWN, url=url)
    with client() as web, pytest.raises(Unreachable, match=f"ivr models install {NAME} FILE") as raised:
        fetch(gone, root, web, sleep=lambda seconds: None)
    assert str(raised.value).count("\n") == 0
    assert url in str(raised.value)


def test_a_full_disk_leaves_nothing_behind(root, monkeypatch):
    class Full(io.FileIO):
        def write(self, data):
            if self.tell() > 80_000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    opened = Path.open

    def full(path, mode="r", **more):
        return (
            Full(path, "ab")
            if path.name.endswith(".zip") and mode in ("ab", "wb")
            else opened(path, mode, **more)
        )

    monkeypatch.setattr(Path, "open", full)
    with Publisher(ZIP) as publisher, pytest.raises(Unavailable, match="the disk is full"):
        get(publisher, root)
    monkeypatch.undo()
    assert left_over(root) == []


def test_a_disk_without_room_is_noticed_before(root, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: usage)
    with Publisher(ZIP) as publisher, pytest.raises(Unavailable, match="the disk is too full"):
        get(publisher, root)


def test_a_disk_that_fills_up_while_unpacking_leaves_the_old_model(root, monkeypatch):
    with Publisher(ZIP) as publisher:
        folder = get(publisher, root)

        def full(*args):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(archive.os, "fsync", full)
        with pytest.raises(Unavailable, match="cannot be written"):
            get(publisher, root)
    monkeypatch.undo()
    assert held(folder) == FILES
    assert left_over(root) == []


def test_two_fetches_at_a_time_do_not_disturb_each_other(root):
    with Publisher(ZIP) as publisher:

        def meanwhile(publisher, handler):
            publisher.answer = well
            with pytest.raises(Conflict, match="another command is at work"):
                get(publisher, root)
            well(publisher, handler)

        publisher.answer = meanwhile
        assert held(get(publisher, root)) == FILES


# ---- checksums that are pending


def test_a_pending_checksum_needs_a_word_of_trust_and_is_then_kept(root):
    with Publisher(ZIP) as publisher:
        with pytest.raises(InvalidInput, match=r"the checksum of .* is pending.*--trust-first"):
            get(publisher, root, PENDING)
        assert publisher.asked == []
        get(publisher, root, PENDING, trust_first=True)
        assert known_sum(PENDING, root) == SUM
        publisher.data = zipped({**FILES, "README": b"another\n"})
        with pytest.raises(Damaged):
            get(publisher, root, PENDING, trust_first=True)
    assert verified(PENDING, root / NAME, root) == ()


def test_a_checksum_can_be_given(root):
    with Publisher(ZIP) as publisher:
        with pytest.raises(Damaged):
            get(publisher, root, PENDING, sha256="0" * 64)
        with pytest.raises(InvalidInput, match="no SHA-256"):
            get(publisher, root, PENDING, sha256="abc")
        assert held(get(publisher, root, PENDING, sha256=SUM.upper())) == FILES


def test_a_model_from_another_archive_than_is_known_is_told(root):
    with Publisher(ZIP) as publisher:
        folder = get(publisher, root, PENDING, trust_first=True)
    assert any(
        "another archive" in fault for fault in verified(replace(PENDING, sha256="1" * 64), folder, root)
    )


# ---- from a file


def test_a_model_is_installed_from_a_file_without_a_network(root, tmp_path):
    file = tmp_path / "brought.zip"
    file.write_bytes(ZIP)
    assert held(install(KNOWN, root, file)) == FILES
    assert file.exists()
    with pytest.raises(InvalidInput, match="pending"):
        install(PENDING, root, file)
    install(PENDING, root, file, trust_first=True)
    assert known_sum(PENDING, root) == SUM


def test_a_file_that_is_another_is_refused_and_left_alone(root, tmp_path):
    file = tmp_path / "brought.zip"
    file.write_bytes(ZIP + b"x")
    with pytest.raises(Damaged, match=rf"brought\.zip is not {NAME}"):
        install(KNOWN, root, file)
    assert file.exists()
    assert not (root / NAME).exists()
    with pytest.raises(NotFound):
        install(KNOWN, root, tmp_path / "none.zip")


def test_a_folder_is_installed_when_it_is_trusted(root, tmp_path):
    source = tmp_path / "unpacked"
    for path, data in FILES.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(data)
    with pytest.raises(InvalidInput, match="a folder has no checksum"):
        install(KNOWN, root, source)
    assert held(install(KNOWN, root, source, trust_first=True)) == FILES
    (source / "link").symlink_to("/etc/passwd")
    with pytest.raises(Damaged, match="link"):
        install(KNOWN, root, source, trust_first=True)


def test_a_model_whose_files_are_known_needs_no_other_proof(root, tmp_path):
    voice = Model(
        "a-voice", "voice", "en", "MIT", 1, files=(("v.bin", hashlib.sha256(b"voice").hexdigest()),)
    )
    source = tmp_path / "voices"
    source.mkdir()
    (source / "v.bin").write_bytes(b"noise")
    with pytest.raises(Damaged, match=r"v\.bin missing or other"):
        install(voice, root, source)
    (source / "v.bin").write_bytes(b"voice")
    install(voice, root, source)
    with client() as web, pytest.raises(HotlineError, match="install a-voice FILE"):
        fetch(voice, root, web)


def test_a_model_of_a_package_is_neither_fetched_nor_installed(root, tmp_path):
    (tmp_path / "x.zip").write_bytes(ZIP)
    with client() as web, pytest.raises(HotlineError, match="comes with the package hibari-tts"):
        fetch(models.HIBARI, root, web)
    with pytest.raises(HotlineError, match="make setup"):
        install(models.HIBARI, root, tmp_path / "x.zip")


def test_an_archive_without_a_folder_around_it_is_taken_too(root, tmp_path):
    for number, data in enumerate((zipped(top=""), zipped(top="whatever/"))):
        file = tmp_path / f"{number}.zip"
        file.write_bytes(data)
        assert held(install(PENDING, tmp_path / str(number), file, trust_first=True)) == FILES


# ---- archives that mean harm


def entry(name, mode=0, flags=0):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.flag_bits |= flags
    return info


def packed(*entries, data=b"x", method=zipfile.ZIP_DEFLATED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as file:
        for path, content in FILES.items():
            file.writestr(path, content)
        for one in entries:
            file.writestr(one, data, method)
    return held.getvalue()


HARMFUL = {
    "outside its folder": [
        packed(entry("../evil")),
        packed(entry("a/../../evil")),
        packed(entry("/tmp/evil")),
        packed(entry("..\\evil")),
        packed(entry("c:evil")),
    ],
    "a link or a device": [
        packed(entry("evil", 0o120777), data=b"/etc/passwd"),
        packed(entry("evil", 0o020666)),
    ],
    "a name that is none": [
        packed(entry("/".join("abcdefghij"))),
        packed(entry("x" * 300)),
        packed(entry("a\nb")),
    ],
    "twice": [packed(entry("readme"), entry("README2")), packed(entry("x"), entry("X"))],
    "would grow": [packed(entry("bomb"), data=bytes(40_000_000))],
    "entries": [packed(*(entry(f"f{n}") for n in range(2001)))],
    "no sound ZIP": [b"PK\x05\x06", b"nonsense" * 100, ZIP[:-30], b""],
    "no Vosk model": [zipped({"README": b"nothing"})],
    "is empty": [zipped({})],
}


@pytest.mark.parametrize(("why", "data"), [(why, data) for why, kinds in HARMFUL.items() for data in kinds])
def test_a_harmful_archive_is_refused_whole(root, tmp_path, why, data):
    file = tmp_path / "harmful.zip"
    file.write_bytes(data)
    with pytest.raises(Damaged, match=why):
        install(PENDING, root, file, trust_first=True)
    assert not (root / NAME).exists()
    assert left_over(root) == []
    assert not (tmp_path / "evil").exists()
    assert not Path("/tmp/evil").exists()


def test_a_name_with_an_end_in_its_middle_is_refused(root, tmp_path):
    file = tmp_path / "harmful.zip"
    file.write_bytes(packed(entry("conf/AAAA.conf")).replace(b"conf/AAAA.conf", b"conf/A\0AA.conf"))
    with pytest.raises(Damaged, match="outside its folder"):
        install(PENDING, root, file, trust_first=True)


def test_an_encrypted_archive_is_refused(root, tmp_path):
    data = bytearray(zipped())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(mark), bytes(data)):
            data[found.start() + at] |= 1
    file = tmp_path / "encrypted.zip"
    file.write_bytes(bytes(data))
    with pytest.raises(Damaged, match="encrypted"):
        install(PENDING, root, file, trust_first=True)


def test_an_archive_that_lies_about_its_sizes_is_refused(root, tmp_path):
    data = zipped({**FILES, "am/final.mdl": b"0" * 100_000})
    lying = data.replace((100_000).to_bytes(4, "little"), (99).to_bytes(4, "little"))
    assert lying != data
    file = tmp_path / "lying.zip"
    file.write_bytes(lying)
    with pytest.raises(Damaged):
        install(PENDING, root, file, trust_first=True)
    assert not (root / NAME).exists()


SMALL = zipped({"am/final.mdl": b"model", "conf/mfcc.conf": b"conf"})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_no_damage_to_an_archive_gets_through_or_breaks_anything(tmp_path, changes):
    data = bytearray(SMALL)
    for at, byte in changes:
        data[at] = byte
    file, root = tmp_path / "damaged.zip", tmp_path / "models"
    file.write_bytes(bytes(data))
    (root / NAME).mkdir(parents=True, exist_ok=True)
    try:
        folder = put_in_place(file, PENDING, root, origin="test", sha256="")
    except Damaged:
        return
    contents = held(folder)
    assert contents["am/final.mdl"] == b"model"
    assert contents["conf/mfcc.conf"] == b"conf"


# ---- verify, and the check at the start


@pytest.fixture
def fetched(root, tmp_path):
    file = tmp_path / "brought.zip"
    file.write_bytes(ZIP)
    return install(KNOWN, root, file)


def test_a_sound_model_is_sound(fetched):
    checked(fetched)
    assert verified(KNOWN, fetched) == ()


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("file", FILES)
def test_a_flipped_bit_in_any_file_is_found_at_the_start_and_by_verify(fetched, file):
    flip(fetched / file)
    with pytest.raises(Unavailable, match=rf"the model {NAME} is damaged: {file} has another checksum"):
        checked(fetched)
    assert verified(KNOWN, fetched) == (f"{file} has another checksum",)


def test_a_missing_and_a_short_file_are_found(fetched):
    (fetched / "README").unlink()
    (fetched / "graph/Gr.fst").write_bytes(b"short")
    with pytest.raises(Damaged, match=r"Gr\.fst has 5 bytes instead of 179,200, README is missing"):
        checked(fetched)


def test_a_large_file_is_summed_at_the_start_only_when_it_was_touched(fetched, monkeypatch):
    monkeypatch.setattr(installed, "SURE_BYTES", 10_000)
    summed = []
    real = installed.sha256_of
    monkeypatch.setattr(installed, "sha256_of", lambda path: (summed.append(path.name), real(path))[1])
    checked(fetched)
    assert sorted(summed) == ["README", "mfcc.conf"]
    large = fetched / "graph/Gr.fst"
    before = large.stat()
    flip(large)
    with pytest.raises(Damaged, match=r"Gr\.fst has another checksum"):
        checked(fetched)
    os.utime(large, ns=(before.st_atime_ns, before.st_mtime_ns))
    checked(fetched)
    assert verified(KNOWN, fetched) == ("graph/Gr.fst has another checksum",), "verify is not deceived"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"model": 1}', '{"model": "x", "source": "", "files": 3}', "\xff"]
)
def test_a_damaged_manifest_is_a_damaged_model(fetched, text):
    (fetched / installed.MANIFEST).write_text(text, encoding="latin-1")
    with pytest.raises(Unavailable, match="manifest of the model"):
        checked(fetched)
    assert len(verified(KNOWN, fetched)) == 1


def test_a_model_that_somebody_unpacked_by_hand_is_looked_at(root):
    folder = root / NAME
    folder.mkdir(parents=True)
    with pytest.raises(Unavailable, match="holds no Vosk model"):
        checked(folder)
    for path, data in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    checked(folder)
    assert verified(PENDING, folder) == ()


def test_the_models_of_packages_are_those_of_the_catalogue():
    for model in CATALOGUE:
        if model.files and (folder := models.find(model)):
            checked(folder)
            assert verified(model, folder) == (), model.name


def test_an_older_vosk_layout_is_a_vosk_model_too(root, tmp_path):
    file = tmp_path / "old.zip"
    file.write_bytes(zipped({"final.mdl": b"x", "mfcc.conf": b"y", "HCLG.fst": b"z"}))
    checked(install(PENDING, root, file, trust_first=True))


def test_removing_takes_only_what_was_brought(fetched, root):
    assert models.remove(PENDING, root) == fetched
    assert not fetched.exists()
    with pytest.raises(NotFound):
        models.remove(PENDING, root)
    with pytest.raises(Conflict, match="pip uninstall hibari-tts"):
        models.remove(models.HIBARI, root)


# ---- the command


@pytest.fixture
def ivr(root, monkeypatch):
    from ivr.cli.main import main

    monkeypatch.setenv("IVR_MODELS", str(root))

    def run(*words):
        return CliRunner().invoke(main, ["models", *map(str, words)])

    return run


def test_the_command_lists_fetches_verifies_and_removes(ivr, root):
    listed = {m["name"]: m for m in json.loads(ivr("list", "--json").stdout)["models"]}
    assert listed[NAME]["checksum"] == "pending"
    assert not listed[NAME]["installed"]
    assert listed["moonshine-tiny-en"]["checksum"] == "known"
    assert listed["moonshine-tiny-en"]["where"] == "package moonshine-voice"
    with Publisher(ZIP) as publisher:
        done = ivr("fetch", NAME, "--from", publisher.url, "--trust-first")
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout == f"{NAME} is installed in {root / NAME}\n"
        assert ivr("fetch", NAME, "--from", publisher.url).exit_code == 0
        assert len(publisher.asked) == 1, "it is there"
        assert ivr("fetch", NAME, "--from", publisher.url, "--again").exit_code == 0
    listed = {m["name"]: m for m in json.loads(ivr("list", "--json").stdout)["models"]}
    assert listed[NAME]["checksum"] == "recorded here"
    assert listed[NAME]["where"] == str(root / NAME)
    assert ivr("verify", NAME).stdout == f"{NAME:<28} ok\n"
    flip(root / NAME / "am/final.mdl")
    done = ivr("verify")
    assert done.exit_code == 1
    assert f"{NAME:<28} DAMAGED\n  am/final.mdl has another checksum\n" in done.stdout
    assert ivr("remove", NAME).exit_code == 0
    assert ivr("verify", NAME).stdout == f"{NAME:<28} not installed\n"


def test_the_table_is_one_line_a_model(ivr):
    lines = ivr().stdout.splitlines()
    assert len(lines) == 1 + len(CATALOGUE)
    assert lines[0].split() == ["name", "engine", "lang", "MB", "licence", "checksum", "where"]
    assert all(len(line) < 130 for line in lines)
    assert any(
        re.match(r"vosk-model-small-cn-0\.22 +vosk +zh +44  Apache-2\.0 +reported by 10\+ +-$", line)
        for line in lines
    )


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("fetch", "siri"), 2, "there is no model 'siri'"),
        (("fetch", NAME), 2, "pending"),
        (("fetch", "hibari-heart", "--again"), 2, "comes with the package"),
        (("fetch", NAME, "--trust-first", "--from", "ftp://x/y"), 2, "no web address"),
        (("remove", NAME), 2, "is not installed"),
        (("install", NAME, "/nowhere.zip"), 2, "does not exist"),
        (("verify", "siri"), 2, "there is no model 'siri'"),
    ],
)
def test_the_command_says_in_a_sentence_why_not(ivr, words, status, says):
    done = ivr(*words)
    assert done.exit_code == status
    assert says in done.stderr
    assert "Traceback" not in done.output


def test_the_command_ends_with_1_when_what_came_is_not_the_model(ivr, root, tmp_path):
    with Publisher(ZIP) as publisher:
        done = ivr("fetch", NAME, "--from", publisher.url, "--sha256", "0" * 64)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "it was deleted" in done.stderr
    file = tmp_path / "x.zip"
    file.write_bytes(b"nonsense")
    assert ivr("install", NAME, file, "--trust-first").exit_code == 1
    file.write_bytes(ZIP)
    assert ivr("install", NAME, file, "--trust-first").exit_code == 0


INTERRUPTIBLE = """\
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from ivr.cli.main import main
main()
"""
"""A shell that runs tests in the background has its children ignore Ctrl-C; people's terminals do not."""


def test_the_command_can_be_interrupted_and_goes_on(root, tmp_path):
    """As with Ctrl-C: the part stays, and the next fetch asks for the rest."""
    ended = threading.Event()

    def slow(publisher, handler):
        if "Range" in handler.headers:
            return well(publisher, handler)
        handler.head(200, ETag='"one"', Content_Length=len(ZIP))
        handler.wfile.write(ZIP[:90_000])
        handler.wfile.flush()
        wait_for(lambda: part.exists() and part.stat().st_size >= 65_536)
        process.send_signal(signal.SIGINT)
        ended.wait(20)
        return handler.hang_up()

    part = root / ".parts" / f"{NAME}.zip"
    words = ["models", "fetch", NAME, "--trust-first", "--from"]
    environment = {**os.environ, "IVR_MODELS": str(root)}
    with Publisher(ZIP, slow) as publisher:
        process = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTIBLE, *words, publisher.url],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        _, stderr = process.communicate(timeout=60)
        ended.set()
        assert process.returncode == 1
        assert stderr == "ivr: interrupted; run the command again to go on from there\n"
        assert held(get(publisher, root, PENDING, trust_first=True)) == FILES
    assert int(publisher.asked[1]["Range"].removeprefix("bytes=").rstrip("-")) >= 65_536


def wait_for(condition):
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
