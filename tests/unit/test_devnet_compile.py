"""Compiled results are keyed by everything they depend on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from watcher.devnet.compile import Compiler, Unit, artifact, compile_unit, compiled, run_compiler
from watcher.errors import SetupError

ANSWER = {
    "contracts": {"A.sol": {"A": {"abi": [], "evm": {"bytecode": {"object": "60Ff"}}}}},
    "errors": [{"severity": "warning", "formattedMessage": "a warning"}],
}


def unit(tmp_path: Path) -> Unit:
    return Unit(
        compiler=Compiler(version="0.8.28", integrity="sha512-x", soljson=tmp_path / "soljson.js"),
        sources={"A.sol": "contract A {}"},
        contracts={"A": "A.sol"},
        evm_version="cancun",
        optimizer_runs=200,
    )


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the fake node prints as the compiler's answer, once for each line in runs.log."""
    node = tmp_path / "tools/node"
    node.parent.mkdir()
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(ANSWER))
    node.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo v20.0.0 && exit\n'
        f"echo run >> {tmp_path}/runs.log\nexec /bin/cat {path}\n"
    )
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(node.parent))
    return path


def test_a_unit_is_compiled_once(tmp_path: Path, answer: Path) -> None:
    assert compiled(unit(tmp_path), cache=tmp_path) is None
    first = compile_unit(unit(tmp_path), cache=tmp_path)
    assert first["A"].bytecode == "0x60ff"
    assert compiled(unit(tmp_path), cache=tmp_path) == first
    assert compile_unit(unit(tmp_path), cache=tmp_path) == first
    assert (tmp_path / "runs.log").read_text() == "run\n"
    assert not list((tmp_path / "compiled").glob(".unfinished*"))


def test_a_damaged_result_is_compiled_again(tmp_path: Path, answer: Path) -> None:
    first = compile_unit(unit(tmp_path), cache=tmp_path)
    (result,) = (tmp_path / "compiled").glob("*.json")
    result.write_text('{"A": ')
    assert compile_unit(unit(tmp_path), cache=tmp_path) == first


def test_each_input_changes_the_key(tmp_path: Path) -> None:
    base = unit(tmp_path)
    others = [
        replace(base, compiler=replace(base.compiler, integrity="sha512-y")),
        replace(base, sources={"A.sol": "contract A { }"}),
        replace(base, evm_version="paris"),
        replace(base, optimizer_runs=1),
    ]
    assert len({base.key, *(other.key for other in others)}) == 5
    moved = replace(base, compiler=replace(base.compiler, soljson=tmp_path / "elsewhere.js"))
    assert moved.key == base.key


def test_a_compile_error_is_shown(tmp_path: Path, answer: Path) -> None:
    message = "ParserError: Expected ';'\n --> A.sol:3:1"
    answer.write_text(
        json.dumps({"errors": [{"severity": "error", "formattedMessage": f"{message}\n"}]})
    )
    with pytest.raises(SetupError, match=r"^solc 0\.8\.28 refused ") as caught:
        run_compiler(unit(tmp_path))
    assert message in str(caught.value)


@pytest.mark.parametrize("code", ["60Ff", "0x60ff"])
def test_bytecode_has_one_form(code: str) -> None:
    assert artifact({"abi": [], "bytecode": code}).bytecode == "0x60ff"


def test_a_librarys_address_takes_its_places() -> None:
    hole = "__$" + "a" * 34 + "$__"
    built = artifact(
        {
            "abi": [],
            "bytecode": f"0x60{hole}61{hole}62",
            "linkReferences": {"some/File.sol": {"Lib": [{"start": 1}, {"start": 22}]}},
        }
    )
    assert built.links == {"Lib": (1, 22)}
    address = "0x" + "Ab" * 20
    assert built.linked({"Lib": address}).bytecode == "0x60" + "ab" * 20 + "61" + "ab" * 20 + "62"
    with pytest.raises(KeyError, match="Lib"):
        built.linked({})
    assert built.linked({"Lib": address}).linked({}).links == {}
