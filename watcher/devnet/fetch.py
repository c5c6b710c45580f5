"""The cache of third-party packages: fetched once, checked by hash, complete or not there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeAlias

import platformdirs
from filelock import FileLock, Timeout

from watcher.devnet.lock import Package
from watcher.devnet.node import NpmPack
from watcher.devnet.tarball import check_integrity, extract
from watcher.errors import SetupError

# Downloads one package's archive into a folder and says where it is.
Pack: TypeAlias = Callable[[Package, Path], Path]
# Told after each step: its name, how many are done, how many there are.
Progress: TypeAlias = Callable[[str, int, int], None]

LOCK_TIMEOUT_S = 900.0
_THREADS = 4
_UNFINISHED = ".unfinished-"


def default_cache() -> Path:
    """The user's cache folder for this program."""
    return Path(platformdirs.user_cache_dir("imbalance-watcher", appauthor=False))


def silent(name: str, done: int, total: int) -> None:
    """A progress callback that tells nobody."""


def package_folder(package: Package, *, cache: Path) -> Path:
    """Where the package's files are once they are fetched."""
    return cache / "contracts" / package.key


def fetch(
    packages: Sequence[Package],
    *,
    cache: Path,
    progress: Progress = silent,
    pack: Pack | None = None,
) -> None:
    """Bring the packages into the cache; without npm or network when they are there already.

    Safe to run at the same time in several processes: one fetches, the others wait and find it
    done. A run that is cut short leaves no half package behind.
    """
    if not _missing(packages, cache=cache):
        return
    with writable(cache, "contracts") as folder:
        missing = _missing(packages, cache=cache)
        if missing:
            _fetch_missing(missing, folder=folder, progress=progress, pack=pack or NpmPack())


@contextmanager
def writable(cache: Path, name: str) -> Iterator[Path]:
    """A folder of the cache, held by this process alone until the block ends."""
    folder = cache / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=LOCK_TIMEOUT_S):
            for left in folder.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(left, ignore_errors=True)
            yield folder
    except Timeout as error:
        raise SetupError(
            f"another process has held the cache {folder} for {LOCK_TIMEOUT_S / 60:.0f} minutes: "
            "end it, then run this again."
        ) from error
    except OSError as error:
        raise SetupError(
            f"the cache {folder} cannot be written ({error.strerror or error}): free it, or set "
            "WATCHER_CACHE to a folder that you can write to."
        ) from error


def unfinished(folder: Path) -> Path:
    """A new folder for work in progress, cleared by the next run if this one is cut short."""
    return Path(mkdtemp(dir=folder, prefix=_UNFINISHED))


def _missing(packages: Sequence[Package], *, cache: Path) -> list[Package]:
    def complete(package: Package) -> bool:
        folder = package_folder(package, cache=cache)
        return all((folder / path).is_file() for path in package.files)

    return [package for package in packages if not complete(package)]


def _fetch_missing(
    packages: Sequence[Package], *, folder: Path, progress: Progress, pack: Pack
) -> None:
    work = unfinished(folder)
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="fetch")
    try:
        running: dict[Future[None], Package] = {
            pool.submit(_fetch_one, package, work=work, folder=folder, pack=pack): package
            for package in packages
        }
        for done, future in enumerate(as_completed(running), start=1):
            future.result()
            progress(running[future].spec, done, len(packages))
    finally:
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(work, ignore_errors=True)


def _fetch_one(package: Package, *, work: Path, folder: Path, pack: Pack) -> None:
    archive = pack(package, work)
    check_integrity(archive, package)
    unpacked = work / package.key
    extract(archive, package, into=unpacked)
    target = folder / package.key
    if target.exists():  # somebody deleted single files of it
        target.replace(work / f"{package.key}-damaged")
    unpacked.replace(target)
