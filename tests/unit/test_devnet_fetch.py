"""The package cache: complete or absent, whatever interrupts or races with it."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from watcher.devnet.fetch import fetch, package_folder
from watcher.devnet.lock import Package
from watcher.errors import SetupError


def make_package(folder: Path, name: str) -> Package:
    """A package and its archive `NAME.tgz` in a folder."""
    path = folder / f"{name}.tgz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo("package/file.txt")
        content = name.encode()
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    return Package(
        name=name,
        version="1.0.0",
        integrity=f"sha512-{digest}",
        licence="MIT",
        files=("file.txt",),
    )


class Registry:
    """Stands in for npm: hands out archives of a folder and counts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self.asked: list[str] = []

    def __call__(self, package: Package, into: Path) -> Path:
        with self._lock:
            self.asked.append(package.name)
        target = into / f"{package.key}.tgz"
        target.write_bytes((self._folder / f"{package.name}.tgz").read_bytes())
        return target


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


@pytest.fixture
def packages(tmp_path: Path) -> list[Package]:
    return [make_package(tmp_path, name) for name in ("one", "two", "three")]


def test_packages_are_fetched_once(
    tmp_path: Path, registry: Registry, packages: list[Package]
) -> None:
    cache = tmp_path / "cache"
    steps: list[tuple[str, int, int]] = []
    fetch(packages, cache=cache, pack=registry, progress=lambda *step: steps.append(step))
    assert sorted(registry.asked) == ["one", "three", "two"]
    assert [step[1:] for step in steps] == [(1, 3), (2, 3), (3, 3)]
    for package in packages:
        folder = package_folder(package, cache=cache)
        assert (folder / "file.txt").read_text() == package.name
    fetch(packages, cache=cache, pack=registry)
    assert len(registry.asked) == 3


def test_a_complete_cache_needs_no_npm(
    tmp_path: Path,
    registry: Registry,
    packages: list[Package],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetch(packages, cache=tmp_path / "cache", pack=registry)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    fetch(packages, cache=tmp_path / "cache")
    with pytest.raises(SetupError, match="npm was not found"):
        fetch(packages, cache=tmp_path / "other")


def test_a_complete_cache_is_only_read(
    tmp_path: Path, registry: Registry, packages: list[Package]
) -> None:
    cache = tmp_path / "cache"
    fetch(packages, cache=cache, pack=registry)
    (cache / "contracts/.lock").unlink(missing_ok=True)
    before = sorted(cache.rglob("*"))
    fetch(packages, cache=cache, pack=registry)
    assert sorted(cache.rglob("*")) == before


def test_a_deleted_file_is_fetched_again(
    tmp_path: Path, registry: Registry, packages: list[Package]
) -> None:
    cache = tmp_path / "cache"
    fetch(packages, cache=cache, pack=registry)
    file = package_folder(packages[1], cache=cache) / "file.txt"
    file.unlink()
    fetch(packages, cache=cache, pack=registry)
    assert file.read_text() == "two"
    assert len(registry.asked) == 4


def test_a_wrong_hash_leaves_nothing_of_that_package(
    tmp_path: Path, registry: Registry, packages: list[Package]
) -> None:
    cache = tmp_path / "cache"
    wrong = replace(packages[1], integrity=packages[2].integrity)
    with pytest.raises(SetupError, match="SHA-512 differs"):
        fetch([packages[0], wrong], cache=cache, pack=registry)
    assert not package_folder(wrong, cache=cache).exists()
    assert not list((cache / "contracts").glob(".unfinished*"))


def test_two_threads_fetch_once(
    tmp_path: Path, registry: Registry, packages: list[Package]
) -> None:
    barrier = threading.Barrier(4)

    def run() -> None:
        barrier.wait()
        fetch(packages, cache=tmp_path / "cache", pack=registry)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(registry.asked) == ["one", "three", "two"]


def test_an_unwritable_cache_names_the_cure(
    tmp_path: Path, registry: Registry, packages: list[Package]
) -> None:
    cache = tmp_path / "cache"
    cache.write_text("in the way")
    with pytest.raises(SetupError, match=r"cannot be written .*WATCHER_CACHE"):
        fetch(packages, cache=cache, pack=registry)


SCRIPT = """
import sys
from pathlib import Path
from watcher.devnet.fetch import fetch
from watcher.devnet.lock import Package
package = Package(name="one", version="1.0.0", integrity=sys.argv[2], licence="MIT",
                  files=("file.txt",))
fetch([package], cache=Path(sys.argv[1]))
"""


@pytest.fixture
def start(tmp_path: Path) -> Callable[[Package], subprocess.Popen[bytes]]:
    """Starts a process that fetches with a fake npm, which takes half a second."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "node").write_text("#!/bin/sh\necho v20.1.0\n")
    (tools / "npm").write_text(
        f"#!/bin/sh\necho run >> {tmp_path}/npm.log\n/bin/sleep 0.5\n/bin/cp {tmp_path}/one.tgz .\n"
    )
    for tool in tools.iterdir():
        tool.chmod(0o755)
    root = Path(__file__).parents[2]
    environment = {"PATH": str(tools), "PYTHONPATH": str(root), "HOME": str(tmp_path)}

    def run(package: Package) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / "cache"), package.integrity]
        return subprocess.Popen(command, env=environment, start_new_session=True)

    return run


def test_two_processes_fetch_once(
    tmp_path: Path, packages: list[Package], start: Callable[[Package], subprocess.Popen[bytes]]
) -> None:
    running = [start(packages[0]) for _ in range(2)]
    assert [process.wait(30) for process in running] == [0, 0]
    assert (tmp_path / "npm.log").read_text() == "run\n"


def test_a_killed_fetch_leaves_nothing_half_done(
    tmp_path: Path, packages: list[Package], start: Callable[[Package], subprocess.Popen[bytes]]
) -> None:
    process = start(packages[0])
    deadline = time.monotonic() + 20
    while not (tmp_path / "npm.log").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list((tmp_path / "cache/contracts").glob(".unfinished*"))
    assert not package_folder(packages[0], cache=tmp_path / "cache").exists()
    assert start(packages[0]).wait(30) == 0
    assert not list((tmp_path / "cache/contracts").glob(".unfinished*"))
    assert package_folder(packages[0], cache=tmp_path / "cache").exists()
