"""Every contract of the local world, ready to deploy, and the Anvil to deploy it on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from watcher.devnet.binary import anvil_on_path, this_platform
from watcher.devnet.compile import Artifact, Compiler, Unit, artifact, compile_unit, compiled
from watcher.devnet.fetch import Pack, Progress, fetch, package_folder, silent
from watcher.devnet.lock import Lock, Package, load_lock
from watcher.devnet.sources import (
    COMPILED,
    CONSTANTS,
    CREATING,
    CRYPTO_DECIMALS,
    MULTICALL3,
    MULTICALL3_CODE,
    OWN_IMPORT,
    PERMIT2,
    PERMIT2_CODE,
    PREBUILT,
    VYPER,
    Recipe,
    crypto_swap,
    with_precisions,
)
from watcher.devnet.vyper import Vyper, VyperUnit
from watcher.errors import SetupError


@dataclass(frozen=True, slots=True)
class Artifacts:
    """The contracts by name; a name that is not there is a KeyError."""

    contracts: Mapping[str, Artifact]

    def __getitem__(self, name: str) -> Artifact:
        return self.contracts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.contracts)

    def __len__(self) -> int:
        return len(self.contracts)


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What the local world is made with."""

    anvil: Path
    artifacts: Artifacts


def prepare(cache: Path, *, progress: Progress = silent, pack: Pack | None = None) -> Toolchain:
    """Fetch, check and compile what the cache lacks; with nothing lacking, without Node or network.

    `pack` replaces npm as the source of packages. Raises SetupError, whose text names the cure.
    """
    lock = load_lock()
    binary = anvil_binary(cache, progress=progress, pack=pack)
    fetch([*lock.anywhere()], cache=cache, progress=progress, pack=pack)
    vyper = Vyper(cache, progress)
    fetch([*lock.anywhere("pypi")], cache=cache, progress=progress, pack=pack or vyper.pack)
    contracts = (
        _prebuilt(lock, cache=cache)
        | _compiled(lock, cache=cache, progress=progress)
        | _compiled_vyper(lock, vyper, cache=cache, progress=progress)
    )
    return Toolchain(anvil=binary, artifacts=Artifacts(contracts))


def anvil_binary(cache: Path, *, progress: Progress = silent, pack: Pack | None = None) -> Path:
    """The locked Anvil, fetched where it is not there, else the one on PATH. Raises SetupError."""
    anvil = load_lock().anvil(this_platform())
    if anvil is None:
        return anvil_on_path()
    fetch([anvil], cache=cache, progress=progress, pack=pack)
    return package_folder(anvil, cache=cache) / anvil.files[0]


def _prebuilt(lock: Lock, *, cache: Path) -> dict[str, Artifact]:
    def load(spec: str, file: str) -> Artifact:
        path = package_folder(lock.package(spec), cache=cache) / file
        return artifact(json.loads(path.read_text("utf-8")))

    found = {name: load(spec, file) for name, (spec, file) in PREBUILT.items()}
    return found | {
        "Multicall3": _multicall3(lock, cache=cache),
        "Permit2": _permit2(lock, cache=cache),
    }


def _multicall3(lock: Lock, *, cache: Path) -> Artifact:
    return Artifact(abi=(), bytecode=_in_script(lock, *MULTICALL3, MULTICALL3_CODE, cache=cache))


def _permit2(lock: Lock, *, cache: Path) -> Artifact:
    code = _in_script(lock, *PERMIT2, PERMIT2_CODE, cache=cache)
    return Artifact(abi=(), bytecode=CREATING.format(len(code) // 2) + code)


def _in_script(lock: Lock, spec: str, file: str, pattern: re.Pattern[str], *, cache: Path) -> str:
    script = (package_folder(lock.package(spec), cache=cache) / file).read_text("utf-8")
    found = pattern.search(script)
    if found is None:
        raise SetupError(f"{spec} holds no code where it should: restore the lock")
    return found[1]


def _compiled(lock: Lock, *, cache: Path, progress: Progress) -> dict[str, Artifact]:
    contracts: dict[str, Artifact] = {}
    for done, recipe in enumerate(COMPILED, start=1):
        unit = _unit(recipe, lock=lock, cache=cache)
        result = compiled(unit, cache=cache)
        if result is None:
            result = compile_unit(unit, cache=cache)
            progress(f"compiled with solc {recipe.compiler}", done, len(COMPILED))
        contracts |= {recipe.prefix + name: made for name, made in result.items()}
    return contracts


def _compiled_vyper(
    lock: Lock, vyper: Vyper, *, cache: Path, progress: Progress
) -> dict[str, Artifact]:
    contracts: dict[str, Artifact] = {}
    units = list(_vyper_units(lock, vyper, cache=cache))
    for done, unit in enumerate(units, start=1):
        result = compiled(unit, cache=cache)
        if result is None:
            result = compile_unit(unit, cache=cache)
            progress(f"compiled {unit.name} with Vyper", done, len(units))
        contracts |= result
    return contracts


def _vyper_units(lock: Lock, vyper: Vyper, *, cache: Path) -> Iterator[VyperUnit]:
    for name, (spec, file) in VYPER.items():
        package = lock.package(spec)
        path = package_folder(package, cache=cache) / file
        source, constants = path.read_text("utf-8"), CONSTANTS.get(name, {})
        if OWN_IMPORT.search(source):
            yield VyperUnit(name, source, vyper, constants, path=path, package=package.key)
            continue
        yield VyperUnit(name, source, vyper, constants)
        if name == crypto_swap((18, 18)):
            for decimals in CRYPTO_DECIMALS:
                written = with_precisions(source, decimals)
                yield VyperUnit(crypto_swap(decimals), written, vyper, constants)


def _unit(recipe: Recipe, *, lock: Lock, cache: Path) -> Unit:
    solc = lock.package(f"solc@{recipe.compiler}")
    sources: dict[str, str] = {}
    for spec in recipe.packages:
        sources |= _package_sources(lock.package(spec), cache=cache)
    ours = resources.files(__package__).joinpath("contracts")
    for file in recipe.contracts.values():
        if file not in sources:
            sources[file] = ours.joinpath(file).read_text("utf-8")
    return Unit(
        compiler=Compiler(
            version=solc.version,
            integrity=solc.integrity,
            soljson=package_folder(solc, cache=cache) / solc.files[0],
        ),
        sources=sources,
        contracts=recipe.contracts,
        evm_version=recipe.evm_version,
        optimizer_runs=recipe.optimizer_runs,
        via_ir=recipe.via_ir,
        remappings=recipe.remappings,
    )


def _package_sources(package: Package, *, cache: Path) -> dict[str, str]:
    """Without builds, and without a script, which is no source of a contract."""
    folder = package_folder(package, cache=cache)
    sources = [file for file in package.files if file.endswith(".sol") and file != PERMIT2[1]]
    return {f"{package.name}/{file}": (folder / file).read_text("utf-8") for file in sources}
