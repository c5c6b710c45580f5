"""What a deep run writes down: counted from what the chain did, kept by family and contract."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.proof import (
    PAGE,
    RECORD,
    Proven,
    Recorder,
    Run,
    merged,
    outcomes,
    package_of,
    page,
    read_record,
    record_text,
    selectors,
)
from watcher.devnet.lock import load_lock
from watcher.devnet.sources import COMPILED, PREBUILT, VYPER
from watcher.protocols.interface import selector
from watcher.state.kinds import KINDS

RUN = Run("7", "3.11.7", "2026-01-02", "0123456789")
SWAP: dict[str, Any] = {
    "type": "function",
    "name": "swap",
    "inputs": [
        {"type": "tuple[]", "components": [{"type": "address"}, {"type": "uint24"}]},
        {"type": "bytes"},
    ],
}
STATISTICS = (
    "  - during generate phase (1 second):\n    - 25 passing, 0 failing, 3 invalid examples"
)
POOL = "KyberDMMPool"


def abi(name: str) -> list[dict[str, Any]]:
    return {POOL: [SWAP]}[name]


def test_the_page_is_what_the_record_says() -> None:
    assert PAGE.read_text("utf-8") == page(read_record(RECORD.read_text("utf-8")))


def test_what_is_recorded_was_executed_and_is_of_contracts_in_the_lock() -> None:
    text = RECORD.read_text("utf-8")
    record = read_record(text)
    assert record_text(record) == text
    assert record
    for each in record:
        assert each.family in KINDS
        assert min(each.properties, each.examples, each.executed) > 0
        for spec in ", ".join(map(package_of, each.contracts)).split(", "):
            assert load_lock().package(spec).spec == spec


def test_every_contract_has_its_package() -> None:
    compiled = [recipe.prefix + name for recipe in COMPILED for name in recipe.contracts]
    for name in (*PREBUILT, *VYPER, *compiled):
        for spec in package_of(name).split(", "):
            assert load_lock().package(spec).spec == spec
    assert package_of("KyberDMMPool") == "@setprotocol/set-protocol-v2@0.1.16"
    assert package_of("AerodromePool") == "sphere-mezo-solidity-files@1.2.0"
    with pytest.raises(KeyError):
        package_of("Pool")


def test_the_functions_of_a_name_are_found_whatever_they_take() -> None:
    other: dict[str, Any] = {"type": "function", "name": "swap", "inputs": []}
    abi = [SWAP, other, {"type": "event", "name": "swap", "inputs": []}]
    swaps = {selector("swap((address,uint24)[],bytes)"), selector("swap()")}
    assert selectors(abi, ("swap", "mint")) == swaps


def test_calls_are_counted_as_the_chain_did_them() -> None:
    mint, transfer = selector("mint(address)").hex(), selector("transfer(address,uint256)").hex()
    asked = {
        "blockStateCalls": [
            {"calls": [{"data": f"0x{transfer}00"}, {"data": f"0x{mint}00"}]},
            {"calls": [{"data": f"0x{mint}01"}, {"to": "0x00"}]},
        ]
    }
    answered = [
        {"calls": [{"status": "0x0"}, {"status": "0x1"}]},
        {"calls": [{"status": "0x0"}, {"status": "0x1"}]},
    ]
    known = frozenset({bytes.fromhex(mint)})
    assert list(outcomes(asked, answered, known)) == [True, False]


def test_a_run_replaces_what_it_ran_anew_and_leaves_the_rest() -> None:
    old = Proven("kyber_dmm", (POOL,), 1, 200, 900, 80, replace(RUN, seed="6"))
    kept = Proven("solidly", ("AerodromePool",), 1, 200, 800, 70, RUN)
    new = replace(old, examples=100, run=RUN)
    assert merged([old, kept], [new]) == [new, kept]


def test_properties_of_one_contract_add_up(tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    recorder = Recorder(RUN, file, abi)
    for _ in range(2):
        recorder.add("kyber_dmm", (POOL,), STATISTICS, Counter({True: 40, False: 5}))
    recorder.pytest_sessionfinish()
    expected = Proven("kyber_dmm", (POOL,), 2, 50, 80, 10, RUN)
    assert read_record(file.read_text()) == [expected]
    text = file.with_suffix(".md").read_text()
    spec = package_of(POOL)
    assert f"| `kyber_dmm` | `{POOL}` | {spec} | 2 | 50 | 80 | 10 | 7 | 3.11.7 |" in text


def test_what_counts_nothing_is_no_proof(tmp_path: Path) -> None:
    recorder = Recorder(RUN, tmp_path / "proof.json", abi)
    for statistics, count in (("", Counter({True: 1})), (STATISTICS, Counter({False: 9}))):
        with pytest.raises(ValueError, match="counts nothing"):
            recorder.add("kyber_dmm", (POOL,), statistics, count)
    with pytest.raises(KeyError):
        recorder.add("kyber", (POOL,), STATISTICS, Counter({True: 1}))
    recorder.pytest_sessionfinish()
    assert not (tmp_path / "proof.json").exists()


@pytest.mark.parametrize("misses", [True, False])
def test_a_property_that_misses_takes_its_contract_out(
    request: pytest.FixtureRequest, tmp_path: Path, misses: bool
) -> None:
    """Of two properties of one contract one fails: the other alone proves nothing."""
    file = tmp_path / "proof.json"
    recorder = Recorder(RUN, file, abi)
    for family, contract in (("kyber_dmm", POOL), ("solidly", "AerodromePool")):
        recorder.add(family, (contract,), STATISTICS, Counter({True: 1}))
    if misses:
        request.node.add_marker(pytest.mark.proves("kyber_dmm", POOL, moves=("swap",)))
    running = recorder.pytest_runtest_call(request.node)
    next(running)
    with pytest.raises(AssertionError):
        running.throw(AssertionError())
    recorder.pytest_sessionfinish()
    proven = [each["family"] for each in json.loads(file.read_text())]
    assert proven == (["solidly"] if misses else ["solidly", "kyber_dmm"])
