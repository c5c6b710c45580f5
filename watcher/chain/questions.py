"""A call as the request that a node understands, and the node's result as its Answer."""

from __future__ import annotations

import re
from typing import TypeAlias

from watcher.chain.jsonrpc import Request, request
from watcher.state import Answer, Balance, Block, BlockTime, Code, Known, Plain, Slot, Static

At: TypeAlias = str | dict[str, object]
"""The block parameter: a number in hex, or EIP-1898's object."""

QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")


def at_hash(block: Block) -> At:
    return {"blockHash": block.hash, "requireCanonical": True}


def at_number(block: Block) -> At:
    return hex(block.number)


def question(call: Plain, at: At) -> Request:
    match call:
        case Static(to, data, gas_cap, return_cap):
            gas = hex(_call_gas(data, gas_cap))
            message = {"to": to, "data": "0x" + data.hex(), "gas": gas}
            return request("eth_call", message, at, reply_bytes=2 * return_cap + 100)
        case Code(address, return_cap):
            return request("eth_getCode", address, at, reply_bytes=2 * return_cap + 100)
        case Balance(address):
            return request("eth_getBalance", address, at, reply_bytes=200)
        case Slot(address, index):
            return request("eth_getStorageAt", address, hex(index), at, reply_bytes=200)


def answer(call: Plain, value: object) -> Answer | None:
    """None where `value` is not what the method returns."""
    match call:
        case Static(return_cap=cap) | Code(return_cap=cap):
            data = hex_bytes(value)
            return None if data is None else capped(data, cap, ok=True)
        case Balance() | Slot():
            if not isinstance(value, str) or not QUANTITY.fullmatch(value):
                return None
            return Answer(ok=True, data=int(value, 16).to_bytes(32, "big"), length=32)


def known_of(block: Block, call: Known) -> Answer:
    """What is known of the block itself."""
    value = block.timestamp if isinstance(call, BlockTime) else block.number
    return Answer(ok=True, data=value.to_bytes(32, "big"), length=32)


def capped(data: bytes, cap: int, *, ok: bool) -> Answer:
    return Answer(ok=ok, data=data[:cap], length=len(data))


def hex_bytes(value: object) -> bytes | None:
    """Whole bytes after 0x; None for anything else."""
    if not isinstance(value, str) or not value.startswith("0x"):
        return None
    try:
        data = bytes.fromhex(value[2:])
    except ValueError:
        return None
    return data if len(value) == 2 + 2 * len(data) else None  # fromhex skips white space


def _call_gas(data: bytes, gas_cap: int) -> int:
    """The message's gas, so that the contract itself gets `gas_cap`.

    A call pays 21,000 and 4 or 16 a byte before it starts, and may not bring less than EIP-7623's
    floor of 10 or 40 a byte.
    """
    zeros = data.count(0)
    tokens = zeros + 4 * (len(data) - zeros)
    return 21_000 + max(gas_cap + 4 * tokens, 10 * tokens)
