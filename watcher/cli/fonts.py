"""The fonts of a printed report: IBM Plex (OFL-1.1), fetched once by hash into the cache."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from watcher.cli.output import note
from watcher.cli.session import cache_folder
from watcher.devnet.fetch import fetch, package_folder
from watcher.devnet.lock import Lock, read_lock

FOLDER = "report-fonts"


def font_lock() -> Lock:
    """Packages, versions, hashes and the files that are taken."""
    return read_lock(resources.files("watcher.report").joinpath("fonts.json").read_text("utf-8"))


def report_fonts() -> Path:
    """A folder with all of them. Raises SetupError, with the cure, where they cannot be had."""
    cache, packages = cache_folder(), font_lock().packages
    fetch(
        packages,
        cache=cache,
        progress=lambda name, done, count: note(f"fetched {name} ({done} of {count})"),
    )
    folder = cache / FOLDER / "-".join(package.key[:12] for package in packages)
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        for file in package.files:
            _link(package_folder(package, cache=cache) / file, folder / Path(file).name)
    return folder


def _link(source: Path, target: Path) -> None:
    """Through a name of its own, so that two processes may do it at once."""
    if target.exists():
        return
    ours = target.with_name(f".{os.getpid()}-{target.name}")
    ours.unlink(missing_ok=True)
    ours.symlink_to(source)
    ours.replace(target)
