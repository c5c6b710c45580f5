"""The error texts of real nodes, and of contracts that imitate them."""

from __future__ import annotations

import pytest

from watcher.chain.jsonrpc import ErrorObject
from watcher.chain.verdict import Verdict, judge, revert_data

REVERTS = [
    (3, "execution reverted", "0x"),
    (3, "execution reverted: header not found", "0x08c379a0"),
    (-32000, "execution reverted: missing trie node", ""),
    (-32000, "Execution reverted", "0x"),
    (-32015, "VM execution error.", "Reverted 0x"),
    (-32015, "VM execution error.", "Bad instruction fe"),
    (-32603, "VM Exception while processing transaction: revert", ""),
    (-32000, "out of gas", ""),
    (-32003, "Out of gas: gas required exceeds: 1021000", ""),
    (-32000, "invalid opcode: INVALID", ""),
    (-32000, "stack underflow (0 <=> 2)", ""),
    (-32000, "stack limit reached 1024 (1023)", ""),
    (-32000, "invalid jump destination", ""),
    (-32000, "write protection", ""),
    (-32603, "EVM error InvalidFEOpcode", ""),
    (-32603, "EVM error OutOfGas", ""),
    (-32603, "EVM error StackUnderflow", ""),
    (-32603, "EVM error InvalidJump", ""),
    (-32603, "EVM error: StateChangeDuringStaticCall", ""),
    (-32603, "EVM error MemoryOOG", ""),
]
STALE = [
    (-32000, "header not found", ""),
    (-32000, "header for hash not found", ""),
    (-32000, "hash is not currently canonical", ""),
    (-32000, "hash 0x12 is not currently canonical", ""),
    (-32001, "Resource not found", ""),
    (-32001, "block not found: hash 0x1212", ""),
    (-32000, "unknown block", ""),
    (-32602, "BlockOutOfRangeError: block height is 1 but requested was 153", ""),
    (-32001, "0x12 could not be found", ""),
]
PRUNED = [
    (-32000, "missing trie node 3b70 (path ) state 0x3b70 is not available, not found", ""),
    (-32000, "missing trie node 3b70 (path )", ""),
    (-32000, "required historical state unavailable (reexec=128)", ""),
    (-32000, "historical state 3b70 is not available", ""),
    (-32002, "No state available for block 0x12", ""),
    (-32603, "Internal error", "Nethermind.Trie.MissingTrieNodeException: Node A"),
    (-32603, "World state unavailable", ""),
    (-32000, "distance to target block exceeds maximum proof window", ""),
    (-32000, "project ID does not have access to archive state", ""),
    (4444, "pruned history unavailable", ""),
]
BAD_PARAMS = [
    (-32602, "Invalid params", ""),
    (-32602, "invalid argument 1: json: cannot unmarshal object into Go value", ""),
    (-32000, "invalid argument 1: hex string without 0x prefix", ""),
]
UNKNOWN = [
    (-32603, "EVM error; database error: failed to get account for 0x12", ""),
    (-32603, "Internal error", ""),
    (0, "neither a result nor an error", ""),
    (-32000, "intrinsic gas too high -- CallGasCostMoreThanGasLimit", ""),
]


@pytest.mark.parametrize(
    ("verdict", "code", "message", "data"),
    [
        (verdict, *error)
        for verdict, errors in {
            Verdict.REVERTED: REVERTS,
            Verdict.STALE: STALE,
            Verdict.PRUNED: PRUNED,
            Verdict.BAD_PARAMS: BAD_PARAMS,
            Verdict.UNKNOWN: UNKNOWN,
            Verdict.RATE_LIMITED: [(-32005, "limit exceeded", ""), (429, "slow down", "")],
        }.items()
        for error in errors
    ],
)
def test_the_errors_of_nodes(verdict: Verdict, code: int, message: str, data: str) -> None:
    assert judge(ErrorObject(code, message, data)) is verdict


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("0x08c379a0", b"\x08\xc3\x79\xa0"),
        ("Reverted 0x08c379a0", b"\x08\xc3\x79\xa0"),
        ("0x", b""),
        ("", b""),
        ("Bad instruction fe", b""),
    ],
)
def test_revert_data_comes_in_several_dresses(data: str, expected: bytes) -> None:
    assert revert_data(ErrorObject(3, "execution reverted", data)) == expected
