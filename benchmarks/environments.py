"""Packages that are no dependency of ours, each set in an environment of its own under the user's
cache folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

from watcher.devnet.fetch import default_cache
from watcher.errors import SetupError

ROOT = Path(__file__).parents[1]
REQUIREMENTS = Path(__file__).parent / "peers"
OURS = "ours"
SETS = (
    "web3",
    "ethereum_defi",
    "degenbot",
    "uniswap_v3_quoter",
    "balancer_maths",
    "curvesim",
)
"""`peers/NAME.txt`: exact versions of all packages, without addresses."""


def python_of(name: str) -> Path:
    """The interpreter of a set of packages; made where it is not there yet, which takes a minute or
    two. Raises SetupError."""
    if name == OURS:
        return Path(sys.executable)
    return installed(REQUIREMENTS / f"{name}.txt", kind="bench")


def installed(requirements: Path, *, kind: str) -> Path:
    """The interpreter of an environment that holds just what a file names: exact versions of all
    packages. It is kept under the user's cache folder, by `kind`, for the next time.

    Raises SetupError where pip does not find or install them.
    """
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    folder = default_cache() / kind / f"{requirements.stem}-{version}"
    python, stamp = folder / "bin" / "python", folder / ".stamp"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"{kind}: installing what {requirements.name} names", file=sys.stderr)
    venv.create(folder, clear=True, with_pip=True)
    line = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(requirements)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise SetupError(f"pip could not install {requirements.name}: {' '.join(last)}.")
    stamp.write_text(wanted)
    return python


def environment() -> dict[str, str]:
    """For every contestant: no proxies and no settings of the user's reach it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONNOUSERSITE": "1"}
