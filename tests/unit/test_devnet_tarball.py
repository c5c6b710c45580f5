"""An archive is used as the lock describes it, or not at all."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from watcher.devnet.lock import Package
from watcher.devnet.tarball import check_integrity, extract
from watcher.errors import SetupError

PACKAGE = Package(
    name="thing", version="1.0.0", integrity="", licence="MIT", files=("bin/tool", "lib/a.json")
)


def archive(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            content = b"content"
            member.size = len(content) if member.isfile() else 0
            tar.addfile(member, io.BytesIO(content))
    return path


def entry(name: str, *, mode: int = 0o644, link: str | None = None) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode = mode
    if link is not None:
        member.type, member.linkname = tarfile.SYMTYPE, link
    return member


def good(path: Path) -> Path:
    return archive(
        path,
        entry("package/package.json"),
        entry("package/bin/tool", mode=0o775),
        entry("package/lib/a.json", mode=0o666),
    )


def test_only_listed_files_are_written(tmp_path: Path) -> None:
    extract(good(tmp_path / "a.tgz"), PACKAGE, into=tmp_path / "out")
    written = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert written == {"lib/a.json"}
    assert (tmp_path / "out/bin/tool").read_bytes() == b"content"


def test_only_the_executable_bit_is_kept(tmp_path: Path) -> None:
    extract(good(tmp_path / "a.tgz"), PACKAGE, into=tmp_path / "out")
    assert (tmp_path / "out/bin/tool").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out/lib/a.json").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "name", ["package/../../escaped", "/escaped", "package/..\\..\\escaped", "../escaped"]
)
def test_an_unsafe_path_refuses_the_whole_archive(tmp_path: Path, name: str) -> None:
    evil = archive(tmp_path / "a.tgz", entry(name), entry("package/bin/tool"))
    with pytest.raises(SetupError, match="unsafe path"):
        extract(evil, PACKAGE, into=tmp_path / "deep/er/out")
    assert not list(tmp_path.rglob("escaped*"))
    assert not list(tmp_path.rglob("tool"))


def test_a_link_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    evil = archive(tmp_path / "a.tgz", entry("package/bin/tool", link="/bin/sh"))
    with pytest.raises(SetupError, match="not a plain file"):
        extract(evil, PACKAGE, into=tmp_path / "out")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    poor = archive(tmp_path / "a.tgz", entry("package/bin/tool"))
    with pytest.raises(SetupError, match=r"thing@1\.0\.0 holds no lib/a\.json"):
        extract(poor, PACKAGE, into=tmp_path / "out")


def test_a_truncated_archive_is_a_setup_error(tmp_path: Path) -> None:
    short = good(tmp_path / "a.tgz")
    short.write_bytes(short.read_bytes()[:60])
    with pytest.raises(SetupError, match="cannot be read"):
        extract(short, PACKAGE, into=tmp_path / "out")


def test_another_hash_is_refused_and_the_right_one_is_not(tmp_path: Path) -> None:
    path = good(tmp_path / "a.tgz")
    digest = hashlib.sha512(path.read_bytes()).digest()
    right = replace(PACKAGE, integrity=f"sha512-{base64.b64encode(digest).decode()}")
    check_integrity(path, right)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(SetupError, match=r"thing@1\.0\.0 .*SHA-512 differs"):
        check_integrity(path, right)
