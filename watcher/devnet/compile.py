"""Solidity to artifacts, through the compiler builds that the lock holds; each result is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

from watcher.devnet.fetch import unfinished, writable
from watcher.devnet.node import find_node, run_script
from watcher.errors import SetupError


@dataclass(frozen=True, slots=True)
class Artifact:
    """A contract as it is deployed: its ABI and its creation code, `0x...`.

    `links` are the places, in bytes of the code, that the address of each library belongs in.
    """

    abi: tuple[Mapping[str, Any], ...]
    bytecode: str
    links: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def linked(self, libraries: Mapping[str, str]) -> Artifact:
        """The same with the libraries' addresses in their places; KeyError when one is missing."""
        code = self.bytecode.removeprefix("0x")
        for library, places in self.links.items():
            address = libraries[library].removeprefix("0x").lower()
            for place in places:
                code = code[: 2 * place] + address + code[2 * place + len(address) :]
        return replace(self, bytecode="0x" + code, links={})


@dataclass(frozen=True, slots=True)
class Compiler:
    """A solc build: its version, the hash of the package it came in, and its soljson.js."""

    version: str
    integrity: str
    soljson: Path


@dataclass(frozen=True, slots=True)
class Unit:
    """One run of a compiler: all sources inline, and the contracts wanted, name -> source file."""

    compiler: Compiler
    sources: Mapping[str, str]
    contracts: Mapping[str, str]
    evm_version: str
    optimizer_runs: int
    via_ir: bool = False
    remappings: tuple[str, ...] = ()

    def standard_json(self) -> str:
        """The compiler's input; canonical, so that equal work has an equal text."""
        selection: dict[str, dict[str, list[str]]] = {}
        for name, file in self.contracts.items():
            selection.setdefault(file, {})[name] = ["abi", "evm.bytecode.object"]
        document: dict[str, Any] = {
            "language": "Solidity",
            "sources": {file: {"content": text} for file, text in self.sources.items()},
            "settings": {
                "evmVersion": self.evm_version,
                "optimizer": {"enabled": True, "runs": self.optimizer_runs},
                # no metadata hash: the bytecode depends on the code alone, not on comments
                "metadata": {"bytecodeHash": "none"},
                "outputSelection": selection,
                # left out where it is off, so that what was compiled before is known by its key
                **({"viaIR": True} if self.via_ir else {}),
            },
        }
        if self.remappings:
            document["settings"]["remappings"] = list(self.remappings)
        return json.dumps(document, sort_keys=True, separators=(",", ":"))

    @property
    def key(self) -> str:
        """Name of its result in the cache: hash of compiler, sources and settings."""
        digest = hashlib.sha256(self.compiler.integrity.encode())
        digest.update(self.standard_json().encode())
        return digest.hexdigest()[:40]

    def run(self) -> dict[str, dict[str, Any]]:
        return run_compiler(self)


class Compilable(Protocol):
    """What one run of a compiler makes, and the name that its result is kept by."""

    @property
    def key(self) -> str: ...

    def run(self) -> dict[str, dict[str, Any]]: ...


def compiled(unit: Compilable, *, cache: Path) -> dict[str, Artifact] | None:
    """The unit's artifacts if the cache has them."""
    try:
        document = json.loads(_result(unit, cache=cache).read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return {name: artifact(entry) for name, entry in document.items()}


def compile_unit(unit: Compilable, *, cache: Path) -> dict[str, Artifact]:
    """Compile one unit and keep the result; one compiler at a time, it takes 300 MB."""
    with writable(cache, "compiled") as folder:
        known = compiled(unit, cache=cache)
        if known is not None:  # another process was quicker
            return known
        contracts = unit.run()
        partial = unfinished(folder) / unit.key
        partial.write_text(json.dumps(contracts, sort_keys=True), "utf-8")
        partial.replace(_result(unit, cache=cache))
        partial.parent.rmdir()
    return {name: artifact(entry) for name, entry in contracts.items()}


def run_compiler(unit: Unit) -> dict[str, dict[str, Any]]:
    """The compiler's answer, contract -> abi and bytecode; its first error as a SetupError."""
    with resources.as_file(resources.files(__package__).joinpath("solc.js")) as script:
        output = run_script(find_node(), script, unit.compiler.soljson, stdin=unit.standard_json())
    document = json.loads(output)
    for message in document.get("errors", ()):
        if message["severity"] == "error":
            raise SetupError(
                f"solc {unit.compiler.version} refused the contracts of the local world:\n"
                f"{message['formattedMessage'].strip()}"
            )
    contracts = document["contracts"]
    return {
        name: {
            "abi": contracts[file][name]["abi"],
            "bytecode": contracts[file][name]["evm"]["bytecode"]["object"],
        }
        for name, file in unit.contracts.items()
    }


def artifact(document: Mapping[str, Any]) -> Artifact:
    """An artifact from a build's JSON: ours, Truffle's, Waffle's, Hardhat's or Forge's."""
    code = document["bytecode"]
    bytecode: str = code["object"] if isinstance(code, Mapping) else code
    links = {
        library: tuple(reference["start"] for reference in references)
        for libraries in document.get("linkReferences", {}).values()
        for library, references in libraries.items()
    }
    return Artifact(
        abi=tuple(document["abi"]),
        bytecode="0x" + bytecode.removeprefix("0x").lower(),
        links=links,
    )


def _result(unit: Compilable, *, cache: Path) -> Path:
    return cache / "compiled" / f"{unit.key}.json"
