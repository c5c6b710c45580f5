"""The lock of third-party packages: what may be fetched, by exact version and hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

LOCK_VERSION = 1
REGISTRIES = frozenset(("npm", "pypi"))


@dataclass(frozen=True, slots=True)
class Package:
    """One package and the files that we take from it; `platform` is None when it runs anywhere.

    Of `registry` npm we take what a package ships, of pypi what its source package holds.
    """

    name: str
    version: str
    integrity: str
    licence: str
    files: tuple[str, ...]
    platform: str | None = None
    registry: str = "npm"

    @property
    def spec(self) -> str:
        """`name@version`, as the package manager writes it."""
        return f"{self.name}@{self.version}"

    @property
    def key(self) -> str:
        """Name of its folder in the cache: other content or other files are another folder."""
        text = json.dumps([self.integrity, self.files])
        return hashlib.sha256(text.encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Lock:
    """All packages of the local world, in the order of the file."""

    packages: tuple[Package, ...]

    def package(self, spec: str) -> Package:
        """The package with this `name@version`; KeyError when the lock does not hold it."""
        for package in self.packages:
            if package.spec == spec:
                return package
        raise KeyError(spec)

    def anywhere(self, registry: str = "npm") -> Iterator[Package]:
        """The packages of a registry that every platform needs."""
        return (
            package
            for package in self.packages
            if package.platform is None and package.registry == registry
        )

    def anvil(self, platform: str | None) -> Package | None:
        """The Anvil built for a platform such as `linux-amd64`, where its publisher ships one."""
        for package in self.packages:
            if package.platform is not None and package.platform == platform:
                return package
        return None


def read_lock(text: str) -> Lock:
    """Read a lock's JSON; ValueError when it was written for another version of this program."""
    document = json.loads(text)
    if document["version"] != LOCK_VERSION:
        raise ValueError(f"lock version {document['version']} is not {LOCK_VERSION}")
    return Lock(packages=tuple(_package(entry) for entry in document["packages"]))


def load_lock() -> Lock:
    """The lock that ships with this program."""
    return read_lock(resources.files(__package__).joinpath("lock.json").read_text("utf-8"))


def _package(entry: dict[str, Any]) -> Package:
    if entry["registry"] not in REGISTRIES:
        raise ValueError(f"{entry['name']}: registry {entry['registry']} is not supported")
    return Package(
        name=entry["name"],
        version=entry["version"],
        integrity=entry["integrity"],
        licence=entry["licence"],
        files=tuple(entry["files"]),
        platform=entry.get("platform"),
        registry=entry["registry"],
    )
