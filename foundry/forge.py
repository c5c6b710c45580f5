"""Runs forge on the lenses, with the locked forge and compiler: scripts/forge test -vv."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from foundry.build import HERE, soljson
from watcher.devnet.binary import this_platform
from watcher.devnet.fetch import default_cache, fetch, package_folder
from watcher.devnet.lock import read_lock
from watcher.devnet.node import find_node
from watcher.errors import SetupError


def forge(cache: Path) -> Path:
    """The locked forge where there is one for this machine, else the one on PATH."""
    lock = read_lock((HERE / "lock.json").read_text("utf-8"))
    platform = this_platform()
    for package in lock.packages:
        if package.platform == platform:
            fetch([package], cache=cache)
            return package_folder(package, cache=cache) / package.files[0]
    found = shutil.which("forge")
    if found is None:
        raise SetupError("foundry/lock.json holds no forge for this machine: put forge on PATH.")
    return Path(found)


def run(arguments: Sequence[str], *, cache: Path, work: Path) -> subprocess.CompletedProcess[bytes]:
    """Forge's own process; all that it writes goes into the folder `work`."""
    environment = {
        "HOME": str(work),
        "PATH": f"{find_node().parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "SOLJSON": str(soljson(cache)),
        "FOUNDRY_SOLC": str(HERE / "solc"),
        "FOUNDRY_OUT": str(work / "out"),
        "FOUNDRY_CACHE_PATH": str(work / "cache"),
    }
    command = [str(forge(cache)), *arguments, "--root", str(HERE)]
    return subprocess.run(command, env=environment, check=False)


def main() -> int:
    cache = Path(os.environ.get("WATCHER_CACHE") or default_cache())
    with TemporaryDirectory(prefix="imbalance-watcher-forge-") as work:
        return run(sys.argv[1:], cache=cache, work=Path(work)).returncode


if __name__ == "__main__":
    sys.exit(main())
