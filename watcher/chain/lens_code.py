"""The lens's code, from abis/lens, as an eth_call is given it.

Two ways, one answer: the deployed code is placed at any address by a state override and gets the
program as call data; the creation code goes out without `to`, the program behind it, and its answer
is the revert data of the error.
"""

from __future__ import annotations

from functools import cache

from abis import load_artifact

MOST_INIT_CODE = 49_152
"""Bytes of creation code that EIP-3860 allows, the program included."""


@cache
def deployed_code() -> str:
    """`0x...`, for the override's `code`."""
    code: str = load_artifact("lens/Lens")["runtime_code"]
    return code


@cache
def _creation_code() -> str:
    code: str = load_artifact("lens/CallLens")["creation_code"]
    return code


def creation_data(program: bytes) -> str:
    """`0x...`, the `data` of a call without `to`: code, program, and the program's length."""
    return _creation_code() + program.hex() + len(program).to_bytes(4, "big").hex()


def most_program() -> int:
    """Bytes of the longest program that `creation_data` may carry."""
    return MOST_INIT_CODE - len(bytes.fromhex(_creation_code()[2:])) - 4
