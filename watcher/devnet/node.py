"""Node and npm: found, checked, run, and their failures put into one sentence with its cure."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from watcher.devnet.lock import Package
from watcher.errors import SetupError

MINIMUM_NODE = 18
INSTALL = "Install Node 20 or newer, npm included."

# Nothing here needs minutes: the largest package is 19 MB, the longest compilation 3 s.
PACK_TIMEOUT_S = 300.0
NODE_TIMEOUT_S = 300.0

# npm's own retries wait 10 s, then 60 s; whoever is offline should hear it sooner.
_QUICK_RETRIES = (
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=500",
    "--fetch-retry-maxtimeout=3000",
    "--no-update-notifier",
    "--no-color",
)
_UNREACHABLE = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONN\w+|ETIMEDOUT|\w*SOCKET_TIMEOUT|ENETUNREACH|EHOSTUNREACH|EPIPE"
    r"|FETCH_ERROR|E429|E5\d\d"
)
_REFUSED = frozenset(("E401", "E403", "ENEEDAUTH"))
_UNWRITABLE = frozenset(("EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT"))


def find_node() -> Path:
    """The `node` on PATH, refused when it is too old."""
    node = shutil.which("node")
    if node is None:
        raise SetupError(f"node was not found: it runs the Solidity compiler. {INSTALL}")
    version = _run([node, "--version"], timeout=30.0).stdout.strip()
    match = re.match(r"v(\d+)\.", version)
    if match is None or int(match[1]) < MINIMUM_NODE:
        raise SetupError(
            f"Node {version.removeprefix('v') or 'of unknown version'} is too old: "
            f"{MINIMUM_NODE} is the oldest that works. {INSTALL}"
        )
    return Path(node)


def find_npm() -> Path:
    """The `npm` on PATH, with a Node that can run it."""
    npm = shutil.which("npm")
    if npm is None:
        raise SetupError(
            f"npm was not found: it brings Anvil and the contracts of the local world. {INSTALL}"
        )
    find_node()
    return Path(npm)


def run_script(node: Path, script: Path, argument: Path, *, stdin: str) -> str:
    """Standard output of a script that is given one argument and its input."""
    done = _run([str(node), str(script), str(argument)], timeout=NODE_TIMEOUT_S, stdin=stdin)
    if done.returncode != 0:
        reason = _last_line(done.stderr) or f"exit status {done.returncode}"
        raise SetupError(f"node failed to run {script.name}: {reason}.")
    return done.stdout


class NpmPack:
    """Downloads one package's archive with the `npm` on PATH, as the user configured it."""

    def __init__(self) -> None:
        self._npm = find_npm()

    def __call__(self, package: Package, into: Path) -> Path:
        """`npm pack`: no install, so no script of the package runs."""
        with TemporaryDirectory(dir=into, prefix="pack-") as folder:
            command = [str(self._npm), "pack", package.spec, "--ignore-scripts", *_QUICK_RETRIES]
            done = _run(command, timeout=PACK_TIMEOUT_S, cwd=Path(folder))
            archives = list(Path(folder).glob("*.tgz"))
            if done.returncode != 0 or len(archives) != 1:
                raise SetupError(_npm_failure(package, done.stderr))
            return archives[0].replace(into / f"{package.key}.tgz")


def _npm_failure(package: Package, stderr: str) -> str:
    match = re.search(r"^npm (?:ERR!|error) code (\S+)", stderr, re.MULTILINE)
    code = match[1] if match else "no reason given"
    if code == "E404":
        return (
            f"the package registry that npm uses has no {package.spec}: check `npm config get "
            "registry`, or wait until its mirror has the package."
        )
    if code == "EINTEGRITY":
        return f"{package.spec} was damaged on its way (npm: {code}): run this again."
    if _UNREACHABLE.fullmatch(code):
        return (
            f"the package registry is unreachable (npm: {code} for {package.spec}): check the "
            "network, proxy and `npm config get registry`, then run this again; what was fetched "
            "is kept."
        )
    if code in _REFUSED:
        return f"the package registry refused {package.spec} (npm: {code}): run `npm login`."
    if code in _UNWRITABLE:
        return (
            f"npm cannot write ({code}) while it fetches {package.spec}: free space, or make "
            "`npm config get cache` a folder that you can write to."
        )
    return f"npm could not fetch {package.spec} ({code}): try `npm pack {package.spec}` yourself."


def _run(
    command: Sequence[str], *, timeout: float, cwd: Path | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    name = Path(command[0]).name
    try:
        return subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            cwd=cwd,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"{name} did not end within {timeout:.0f} s: run this again.") from error
    except OSError as error:
        raise SetupError(f"{name} cannot be run ({error.strerror}). {INSTALL}") from error


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line]
    return (errors or lines or [""])[-1][:300]
