"""Which Anvil is used where."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from watcher.devnet.binary import anvil_on_path, this_platform
from watcher.errors import SetupError


@pytest.mark.parametrize(
    ("system", "machine", "libc", "expected"),
    [
        ("Linux", "x86_64", "glibc", "linux-amd64"),
        ("Linux", "aarch64", "glibc", "linux-arm64"),
        ("Linux", "x86_64", "", None),
        ("Linux", "riscv64", "glibc", None),
        ("Darwin", "arm64", "", "darwin-arm64"),
        ("Windows", "AMD64", "", None),
    ],
)
def test_the_platform_has_the_publishers_name(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, libc: str, expected: str | None
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, ""))
    assert this_platform() == expected


def test_without_a_package_anvil_must_be_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match=r"put anvil on PATH \(1\.7 or newer, before 2\.0\)"):
        anvil_on_path()


@pytest.mark.parametrize(
    ("printed", "accepted"),
    [
        ("anvil Version: 1.7.1", True),
        ("anvil Version: 1.9.0-nightly", True),
        ("anvil Version: 1.6.0", False),
        ("anvil 0.2.0 (abc 2024-01-01)", False),
        ("anvil Version: 2.0.0", False),
        ("hello", False),
    ],
)
def test_an_unsuitable_anvil_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: str, accepted: bool
) -> None:
    anvil = tmp_path / "anvil"
    anvil.write_text(f"#!/bin/sh\necho '{printed}'\n")
    anvil.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if accepted:
        assert anvil_on_path() == anvil
    else:
        with pytest.raises(SetupError, match="the anvil on PATH is"):
            anvil_on_path()
