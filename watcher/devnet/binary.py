"""Which Anvil runs on this machine: the locked one where there is one, else the one on PATH."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

from watcher.errors import SetupError

# The first Anvil that was tried with everything that the local world asks of one.
OLDEST_ANVIL = (1, 7)
BEFORE_ANVIL = (2, 0)

_SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def this_platform() -> str | None:
    """`linux-amd64` and the like, as Anvil's publisher names them; None where none can run."""
    system = _SYSTEMS.get(platform.system())
    machine = _MACHINES.get(platform.machine())
    if system is None or machine is None:
        return None
    if system == "linux" and platform.libc_ver()[0] != "glibc":
        return None  # the publisher's builds are linked with glibc
    return f"{system}-{machine}"


def anvil_on_path() -> Path:
    """The `anvil` on PATH, for machines that no locked package is for."""
    anvil = shutil.which("anvil")
    here = f"{platform.system()} {platform.machine()}"
    if anvil is None:
        raise SetupError(
            f"the lock holds no Anvil for {here}: put anvil on PATH "
            f"({_text(OLDEST_ANVIL)} or newer, before {_text(BEFORE_ANVIL)})."
        )
    version = _version(anvil)
    if version is None or not OLDEST_ANVIL <= version < BEFORE_ANVIL:
        found = "of unknown version" if version is None else _text(version)
        raise SetupError(
            f"the anvil on PATH is {found}: put one on PATH that is {_text(OLDEST_ANVIL)} or "
            f"newer and before {_text(BEFORE_ANVIL)}."
        )
    return Path(anvil)


def _version(anvil: str) -> tuple[int, int] | None:
    try:
        done = subprocess.run(
            [anvil, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupError(f"the anvil on PATH cannot be run ({error}): replace it.") from error
    match = re.search(r"(\d+)\.(\d+)\.\d+", done.stdout)
    return (int(match[1]), int(match[2])) if match else None


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
