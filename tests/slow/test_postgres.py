"""The use cases and webhooks keep their promises on PostgreSQL too: the same tests, another server."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def postgres(tmp_path_factory):
    """A cluster of the test's own on loopback; PostgreSQL does not run as root."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert found, "PostgreSQL is missing: apt-get install postgresql (make slow does it)"
    folder, port = Path(f"/tmp/ivr-postgres-{os.getpid()}"), free_port()
    folder.mkdir()
    as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_owner:
        shutil.chown(folder, "postgres")

    def run(*words: str) -> None:
        subprocess.run([*as_owner, *words], check=True, capture_output=True, cwd="/", timeout=60)

    run(str(found[-1] / "initdb"), "-D", str(folder / "d"), "-A", "trust", "-U", "postgres")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder}"
    run(
        str(found[-1] / "pg_ctl"),
        "-D",
        str(folder / "d"),
        "-o",
        options,
        "-l",
        str(folder / "log"),
        "-w",
        "start",
    )
    yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    run(str(found[-1] / "pg_ctl"), "-D", str(folder / "d"), "-m", "immediate", "stop")
    shutil.rmtree(folder)


def test_service_and_webhooks_keep_their_promises_on_postgresql(postgres):
    root = Path(__file__).parents[2]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:unraisableexception",
        "tests/service",
        "tests/http",
    ]
    done = subprocess.run(
        command, cwd=root, env={**os.environ, "TEST_POSTGRES": postgres}, capture_output=True, text=True, timeout=500,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
