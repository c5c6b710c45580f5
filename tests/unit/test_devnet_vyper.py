"""The Vyper compiler comes by hash, apart from this environment, and its failures name a cure."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from watcher.devnet import vyper
from watcher.devnet.compile import artifact
from watcher.devnet.fetch import silent
from watcher.devnet.lock import load_lock
from watcher.devnet.vyper import Vyper, VyperUnit, requirements
from watcher.errors import SetupError


def test_every_requirement_has_hashes_and_no_address() -> None:
    assert not re.search(r"://|^\s*(-i|-f|--index|--extra|--find)", requirements(), re.MULTILINE)
    blocks = re.split(r"^(?=[a-z0-9])", requirements(), flags=re.MULTILINE)[1:]
    assert len(blocks) > 5
    for block in blocks:
        assert re.match(r"[a-z0-9-]+==\d[\d.]* ", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block


def test_each_source_package_of_the_lock_has_its_own_hashes() -> None:
    packages = list(load_lock().anywhere("pypi"))
    assert packages
    for package in packages:
        lines = vyper._requirement(package)
        assert lines.startswith(f"{package.name}=={package.version} ")
        assert "--hash=sha256:" in lines
        assert lines.count("==") == 1


def test_a_package_without_a_hash_is_not_fetched() -> None:
    (package, *_) = load_lock().anywhere("npm")
    with pytest.raises(SetupError, match="the lock is wrong"):
        vyper._requirement(package)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "Looking\\nERROR: Could not fetch https://user:secret@host/simple/vyper"
    program = f"import sys; sys.stderr.write('{said}'); sys.exit(1)"
    monkeypatch.setattr(vyper, "_PIP", (sys.executable, "-c", program))


@pytest.mark.usefixtures("failing")
def test_a_failure_tells_the_cure_and_no_address(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="could not install the Vyper compiler") as caught:
        _ = Vyper(tmp_path, silent).folder
    assert "secret" not in str(caught.value)
    assert "check the network" in str(caught.value)
    assert [path for path in (tmp_path / "vyper").iterdir() if path.name != ".lock"] == []


def test_a_result_is_kept_by_compiler_and_source(tmp_path: Path) -> None:
    compiler = Vyper(tmp_path, silent)
    one, two = (VyperUnit("A", source, compiler).key for source in ("a", "b"))
    assert one != two
    assert one == VyperUnit("B", "a", compiler).key
    assert one != VyperUnit("A", "a", compiler, path=tmp_path, package="imported").key


class Echo(Vyper):
    """Gives the addresses in a source as its code."""

    def compile(self, source: str, *, name: str, path: Path | None = None) -> dict[str, Any]:
        found = re.findall(r"0x([0-9a-fA-F]{40})", source)
        return {"abi": [], "bytecode": "0x60" + "".join(found) + f"61{name.encode().hex()}"}


def test_constant_addresses_become_links(tmp_path: Path) -> None:
    coin, token = "0x" + "0" * 38 + "10", "0x" + "0" * 39 + "1"
    source = f"coin = {coin}; token = {token}; again = {coin}"
    unit = VyperUnit("A", source, Echo(tmp_path, silent), {"coin": coin, "token": token})
    made = artifact(unit.run()["A"])
    assert made.links == {"coin": (1, 41), "token": (21,)}
    linked = made.linked({"coin": "0x" + "c" * 40, "token": "0x" + "d" * 40})
    assert linked.bytecode == "0x60" + "c" * 40 + "d" * 40 + "c" * 40 + "6141"
    assert unit.key != VyperUnit("A", source, unit.compiler).key
