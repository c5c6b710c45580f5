"""Checking a package's archive against the lock and taking files out of it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from watcher.devnet.lock import Package
from watcher.errors import SetupError


def check_integrity(archive: Path, package: Package) -> None:
    """Refuse an archive whose SHA-512 is not the lock's."""
    with archive.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha512").digest()
    if f"sha512-{base64.b64encode(digest).decode()}" != package.integrity:
        raise SetupError(
            f"{package.spec} from the package registry is not the one in the lock (SHA-512 "
            "differs): nothing of it was used; check which registry npm is configured with."
        )


def extract(archive: Path, package: Package, *, into: Path) -> None:
    """Write the package's listed files, and nothing else, below a folder.

    Destinations come from the lock, never from the archive; an archive that holds a path leading
    out of its folder is refused as a whole.
    """
    missing = set(package.files)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for path, member in _members(tar, package):
                if path not in missing:
                    continue
                missing.remove(path)
                _write(tar, member, to=into / path, package=package)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SetupError(f"{package.spec}: its archive cannot be read ({error}).") from error
    if missing:
        raise SetupError(f"{package.spec} holds no {min(missing)}: the lock is wrong.")


def _members(tar: tarfile.TarFile, package: Package) -> Iterator[tuple[str, tarfile.TarInfo]]:
    for member in tar:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or "\\" in member.name:
            raise SetupError(
                f"{package.spec} holds an unsafe path in its archive: nothing of it was used."
            )
        # npm wraps a package in one folder, named "package" by most tools but not by all
        yield "/".join(path.parts[1:]), member


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, *, to: Path, package: Package) -> None:
    content = tar.extractfile(member) if member.isfile() else None
    if content is None:
        raise SetupError(f"{package.spec}: {to.name} is not a plain file: nothing of it was used.")
    to.parent.mkdir(parents=True, exist_ok=True)
    with content, to.open("wb") as target:
        shutil.copyfileobj(content, target)
    to.chmod(0o755 if member.mode & 0o111 else 0o644)
