"""What a user reads when Node, npm or the registry is not as it should be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from watcher.devnet.lock import Package
from watcher.devnet.node import NpmPack, find_node, find_npm, run_script
from watcher.errors import SetupError

PACKAGE = Package(name="thing", version="1.0.0", integrity="", licence="MIT", files=())
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts shell scripts, and nothing else, on PATH."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def write(**tools: str) -> None:
        for name, body in tools.items():
            (folder / name).write_text(f"#!/bin/sh\n{body}\n")
            (folder / name).chmod(0o755)

    return write


def test_missing_npm_says_what_it_is_for_and_what_to_install(install: Install) -> None:
    install(node="echo v20.0.0")
    with pytest.raises(SetupError) as caught:
        find_npm()
    assert str(caught.value) == (
        "npm was not found: it brings Anvil and the contracts of the local world. "
        "Install Node 20 or newer, npm included."
    )


def test_missing_node_is_not_called_missing_npm(install: Install) -> None:
    install(npm="exit 0")
    with pytest.raises(SetupError, match="node was not found"):
        find_npm()


@pytest.mark.parametrize(
    ("version", "accepted"), [("v16.20.2", False), ("v18.0.0", True), ("what", False)]
)
def test_an_old_node_is_refused(install: Install, version: str, accepted: bool) -> None:
    install(node=f"echo {version}", npm="exit 0")
    if accepted:
        assert find_node().name == "node"
    else:
        with pytest.raises(SetupError, match="is too old: 18 is the oldest"):
            find_npm()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("ENOTFOUND", "unreachable"),
        ("ECONNREFUSED", "unreachable"),
        ("ERR_SOCKET_TIMEOUT", "unreachable"),
        ("E503", "unreachable"),
        ("E404", "has no thing@1.0.0"),
        ("E401", "npm login"),
        ("EACCES", "cannot write"),
        ("EINTEGRITY", "damaged on its way"),
        ("EWHATEVER", "could not fetch"),
    ],
)
def test_each_failure_of_npm_names_its_cure(
    tmp_path: Path, install: Install, code: str, sentence: str
) -> None:
    install(
        node="echo v20.0.0",
        npm=f'echo "npm error code {code}" >&2\n'
        'echo "npm error request to https://user:s3cret@packages.example/thing failed" >&2\nexit 1',
    )
    with pytest.raises(SetupError) as caught:
        NpmPack()(PACKAGE, tmp_path)
    assert sentence in str(caught.value)
    assert "thing@1.0.0" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "://" not in str(caught.value)


def test_npm_that_brings_nothing_is_an_error(tmp_path: Path, install: Install) -> None:
    install(node="echo v20.0.0", npm="exit 0")
    with pytest.raises(SetupError, match="could not fetch"):
        NpmPack()(PACKAGE, tmp_path)


def test_a_package_is_packed_without_running_its_scripts(tmp_path: Path, install: Install) -> None:
    install(node="echo v20.0.0", npm=f'echo "$@" > {tmp_path}/arguments\n: > thing-1.0.0.tgz')
    archive = NpmPack()(PACKAGE, tmp_path)
    assert archive.is_file()
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments[:3] == ["pack", "thing@1.0.0", "--ignore-scripts"]


def test_a_crashing_compiler_is_explained(tmp_path: Path, install: Install) -> None:
    install(node='echo "RangeError: out of memory" >&2; exit 7')
    with pytest.raises(SetupError, match=r"node failed to run solc\.js: RangeError: out of memory"):
        run_script(tmp_path / "tools/node", Path("solc.js"), Path("soljson.js"), stdin="")
