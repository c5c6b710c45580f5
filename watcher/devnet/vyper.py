"""The Vyper compiler and the sources that its own package brings, by pip and by hash.

The compiler lives in a folder of the cache, apart from every environment, and is run by a Python
that sees nothing else (`-I -S`). Packages of that registry come as sources, and pip can tell a
source package's name only by running its build: with the tools that were installed by hash, and on
an archive whose hash pip has checked before.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from watcher.devnet.fetch import Progress, unfinished, writable
from watcher.devnet.lock import Package
from watcher.errors import SetupError
from watcher.state.token import to_address

PIP_TIMEOUT_S = 300.0
COMPILE_TIMEOUT_S = 300.0
ADDRESS_BYTES = 20

_PIP = (
    *(sys.executable, "-m", "pip"),
    *("--disable-pip-version-check", "--no-input", "--quiet", "--retries", "2"),
)

_COMPILE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from vyper.compiler import compile_code
from vyper.compiler.input_bundle import FilesystemInputBundle
given = {}
if len(sys.argv) > 2:
    path = Path(sys.argv[2])
    given = {
        "contract_path": path,
        "resolved_path": path,
        "input_bundle": FilesystemInputBundle([path.parent]),
    }
made = compile_code(sys.stdin.read(), output_formats=["abi", "bytecode"], **given)
json.dump({"abi": made["abi"], "bytecode": made["bytecode"]}, sys.stdout)
"""


def requirements() -> str:
    """What is installed, every file by its hash."""
    return resources.files(__package__).joinpath("vyper.txt").read_text("utf-8")


def source_requirements() -> str:
    """What is fetched for its sources alone, every package by its hash."""
    return resources.files(__package__).joinpath("vyper_sources.txt").read_text("utf-8")


class Vyper:
    """The compiler in a cache; it is installed when it is first needed."""

    def __init__(self, cache: Path, progress: Progress) -> None:
        self._cache = cache
        self._progress = progress

    @cached_property
    def folder(self) -> Path:
        """Where its packages are. Builds differ from one Python to the next."""
        tag = f"{sys.implementation.cache_tag}-{sys.platform}-{os.uname().machine}"
        key = hashlib.sha256(f"{tag}\n{requirements()}".encode()).hexdigest()[:40]
        target = self._cache / "vyper" / key
        if not target.is_dir():
            with writable(self._cache, "vyper") as folder:
                if not target.is_dir():
                    self._install(folder, target)
        return target

    def pack(self, package: Package, into: Path) -> Path:
        """Download a source package's archive, as `fetch` asks for it."""
        with TemporaryDirectory(dir=into, prefix="pack-") as name:
            wanted = Path(name) / "requirement.txt"
            wanted.write_text(_requirement(package), "utf-8")
            _run(
                [
                    *(*_PIP, "download", "--no-deps", "--no-build-isolation"),
                    *("--require-hashes", "--no-binary", package.name, "--dest", name),
                    *("--requirement", str(wanted)),
                ],
                timeout=PIP_TIMEOUT_S,
                what=f"fetch {package.spec}",
                environment={"PYTHONPATH": str(self.folder)},
            )
            (archive,) = Path(name).glob("*.tar.gz")
            return archive.replace(into / f"{package.key}.tgz")

    def compile(self, source: str, *, name: str, path: Path | None = None) -> dict[str, Any]:
        """A contract's abi and bytecode; `path` is where it lies beside what it imports. Raises
        SetupError with the compiler's own words."""
        beside = [] if path is None else [str(path)]
        answer = _run(
            [sys.executable, "-I", "-S", "-c", _COMPILE, str(self.folder), *beside],
            timeout=COMPILE_TIMEOUT_S,
            what=f"compile {name}",
            stdin=source,
        )
        made: dict[str, Any] = json.loads(answer)
        return made

    def _install(self, folder: Path, target: Path) -> None:
        work = unfinished(folder)
        try:
            listed = work / "vyper.txt"
            listed.write_text(requirements(), "utf-8")
            _run(
                [
                    *(*_PIP, "install", "--no-deps", "--require-hashes"),
                    *("--only-binary", ":all:", "--target", str(work / "packages")),
                    *("--requirement", str(listed)),
                ],
                timeout=PIP_TIMEOUT_S,
                what="install the Vyper compiler",
            )
            (work / "packages").replace(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        self._progress("the Vyper compiler", 1, 1)


@dataclass(frozen=True, slots=True)
class VyperUnit:
    """One contract to compile: its name, its source, and the compiler.

    `constants` are addresses in the source, by what they are of, that are known when the contract
    is deployed: they become links of the artifact. `path` is where a source lies that imports
    others of its package; `package` then names all of them.
    """

    name: str
    source: str
    compiler: Vyper
    constants: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None
    package: str = ""

    @property
    def key(self) -> str:
        """Name of its result in the cache: hash of compiler and source."""
        imported = [self.package] if self.package else []
        text = "\0".join(
            [requirements(), self.source, *map(str, self.constants.items()), *imported]
        )
        return hashlib.sha256(text.encode()).hexdigest()[:40]

    def run(self) -> dict[str, dict[str, Any]]:
        source = self.source
        for constant, address in self.constants.items():
            source = source.replace(address, to_address(_placeholder(constant)))
        made = self.compiler.compile(source, name=self.name, path=self.path)
        code = bytes.fromhex(made["bytecode"].removeprefix("0x"))
        places = {
            constant: [
                {"start": found.start(), "length": ADDRESS_BYTES}
                for found in re.finditer(re.escape(bytes.fromhex(_placeholder(constant)[2:])), code)
            ]
            for constant in self.constants
        }
        return {self.name: made | {"linkReferences": {self.name: places}}}


def _placeholder(constant: str) -> str:
    """An address that no code holds by chance, and whose push takes all its bytes."""
    return "0xff" + hashlib.sha256(constant.encode()).hexdigest()[: 2 * ADDRESS_BYTES - 2]


def _requirement(package: Package) -> str:
    """The package's own lines of the requirements, hashes and all."""
    block = re.search(
        rf"^{re.escape(package.name)}=={re.escape(package.version)} .*?(?=^\S|\Z)",
        f"{requirements()}{source_requirements()}",
        re.MULTILINE | re.DOTALL,
    )
    if block is None:
        raise SetupError(f"{package.spec} has no hash in vyper.txt: the lock is wrong.")
    return block[0]


def _run(
    command: Sequence[str],
    *,
    timeout: float,
    what: str,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
) -> str:
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            env={**os.environ, **(environment or {})},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"it took over {timeout:.0f} s to {what}: run this again.") from error
    if done.returncode != 0:
        raise SetupError(
            f"pip or Python could not {what} ({_reason(done.stderr)}): check the network and what "
            "`pip config list` says, then run this again."
        )
    return done.stdout


def _reason(stderr: str) -> str:
    """The last line that says something is wrong, without addresses."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [
        line for line in lines if re.search(r"error|Exception|No module", line, re.IGNORECASE)
    ]
    last = (errors or lines or ["no reason given"])[-1]
    return re.sub(r"\S+://\S+", "the registry", last)[:300]
