"""Compiles our contracts to abis/lens, the same on every machine: scripts/build_lenses."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from watcher.devnet.fetch import default_cache, fetch, package_folder
from watcher.devnet.lock import load_lock
from watcher.devnet.node import find_node, run_script
from watcher.errors import SetupError

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "src"
ARTIFACTS = HERE.parent / "abis" / "lens"
SOLC = "0.8.28"
LENSES = ("Lens", "CallLens", "Payer")


def soljson(cache: Path) -> Path:
    """The locked compiler's file, fetched when the cache lacks it."""
    package = load_lock().package(f"solc@{SOLC}")
    fetch([package], cache=cache)
    return package_folder(package, cache=cache) / package.files[0]


def settings() -> dict[str, Any]:
    """The compiler's settings, as foundry.toml has them for forge."""
    profile = tomllib.loads((HERE / "foundry.toml").read_text("utf-8"))["profile"]["default"]
    return {
        "evmVersion": profile["evm_version"],
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "metadata": {
            "bytecodeHash": profile["bytecode_hash"],
            "appendCBOR": profile["cbor_metadata"],
        },
    }


def standard_json() -> str:
    sources = {f"src/{path.name}": path.read_text("utf-8") for path in SOURCES.glob("*.sol")}
    wanted = ["evm.bytecode.object", "evm.deployedBytecode.object"]
    selection = {f"src/{name}.sol": {name: wanted} for name in LENSES}
    document = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sorted(sources.items())},
        "settings": {**settings(), "outputSelection": selection},
    }
    return json.dumps(document)


def artifacts(cache: Path) -> dict[str, str]:
    """File name -> text, as abis/lens must hold them. Raises SetupError with solc's first error."""
    with resources.as_file(resources.files("watcher.devnet").joinpath("solc.js")) as script:
        output = run_script(find_node(), script, soljson(cache), stdin=standard_json())
    document = json.loads(output)
    for message in document.get("errors", ()):
        if message["severity"] == "error":
            raise SetupError(f"solc refused the lenses:\n{message['formattedMessage'].strip()}")
    return {f"{name}.json": _artifact(name, document) for name in LENSES}


def _artifact(name: str, document: dict[str, Any]) -> str:
    evm = document["contracts"][f"src/{name}.sol"][name]["evm"]
    artifact = {
        "contract": f"foundry/src/{name}.sol",
        "compiler": f"solc {SOLC}",
        "settings": settings(),
        "creation_code": "0x" + evm["bytecode"]["object"],
        "runtime_code": "0x" + evm["deployedBytecode"]["object"],
    }
    return json.dumps(artifact, indent=2) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/build_lenses", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args().check
    ARTIFACTS.mkdir(exist_ok=True)
    different = 0
    for file, text in artifacts(Path(os.environ.get("WATCHER_CACHE") or default_cache())).items():
        path = ARTIFACTS / file
        if path.exists() and path.read_text("utf-8") == text:
            continue
        different += 1
        if check:
            print(f"abis/lens/{file} is not what foundry/src compiles to: run scripts/build_lenses")
        else:
            path.write_text(text, "utf-8")
            print(f"abis/lens/{file} written")
    return 3 if check and different else 0


if __name__ == "__main__":
    sys.exit(main())
