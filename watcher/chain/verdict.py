"""What a node's error says about one read. Nodes agree on few codes, so texts decide.

Sources: the error texts of go-ethereum, Erigon, Nethermind, Besu, Reth, Anvil and Hardhat.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from watcher.chain.jsonrpc import RATE_LIMIT_CODES, ErrorObject


class Verdict(Enum):
    REVERTED = auto()
    STALE = auto()
    PRUNED = auto()
    RATE_LIMITED = auto()
    BAD_PARAMS = auto()
    UNKNOWN = auto()


REVERTED = re.compile(r"execution reverted|reverted|vm exception while processing|vm execution err")
"""At the beginning of a message. What follows is the contract's own text, and may be a trap."""

HALTED = re.compile(
    r"out of ?gas|outofgas|invalid opcode|bad instruction|stack underflow|stack limit reached"
    r"|invalid jump|write protection|return ?data out of bounds|gas uint64 overflow"
    r"|max call depth|memory limit"
    r"|evm error:? (invalidfeopcode|opcodenotfound|notactivated|stack(under|over)flow|invalidjump"
    r"|outofoffset|calltoodeep|precompile|statechangeduringstaticcall"
    r"|\w*oog|callnotallowedinsidestatic|createcontract|createinitcode|createcollision)"
)
"""The EVM stopped the call without revert data."""

PRUNED = re.compile(
    r"missing trie node|missingtrienode|no state available|state (\w+ )?(is )?not available"
    r"|(historical )?state (is )?unavailable|world state|pruned|archive"
    r"|maximum proof window|state histories|state already discarded|is not available, lowest"
)

STALE = re.compile(
    r"(header|block|resource|hash)\b.*\bnot (be )?found|unknown block|(not|non).{0,12}canonical"
    r"|block.?out.?of.?range|could not find block|beyond head block"
)

BAD_PARAMS = re.compile(r"invalid (argument|params|block)|cannot unmarshal|hex string|deserializ")

INVALID_PARAMS = -32602
PRUNED_HISTORY = 4444
RESOURCE_NOT_FOUND = -32001
RESOURCE_UNAVAILABLE = -32002
EXECUTION_REVERTED = 3


def judge(error: ErrorObject) -> Verdict:
    """The revert comes first: its text is written by the contract and may say anything."""
    message = error.message.lower()
    if error.code == EXECUTION_REVERTED or REVERTED.match(message):
        return Verdict.REVERTED
    said = f"{message} {error.data.lower()}"
    if HALTED.search(said):
        return Verdict.REVERTED
    if error.code in RATE_LIMIT_CODES:
        return Verdict.RATE_LIMITED
    if error.code in (PRUNED_HISTORY, RESOURCE_UNAVAILABLE) or PRUNED.search(said):
        return Verdict.PRUNED
    if error.code == RESOURCE_NOT_FOUND or STALE.search(said):
        return Verdict.STALE
    if error.code == INVALID_PARAMS or BAD_PARAMS.search(said):
        return Verdict.BAD_PARAMS
    return Verdict.UNKNOWN


def revert_data(error: ErrorObject) -> bytes:
    """What the contract reverted with; empty where the node does not say or the EVM stopped it."""
    digits = error.data.removeprefix("Reverted ").removeprefix("0x")
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return b""
