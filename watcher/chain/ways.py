"""The ways to make many calls at once, the best first, and how a node is asked in each.

    state override   the lens's code is placed at an address for the one call
    creation code    the lens goes out as creation code and answers by revert data
    Multicall3       the contract that stands on most chains: watcher/chain/multicall.py
    batches          many requests in one HTTP request: watcher/chain/batches.py
    single calls     each request alone

A way only writes requests and reads replies; `lens_reader` decides which to take.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Protocol

from watcher.chain import lens_answer
from watcher.chain.jsonrpc import ErrorObject, Reply, Request
from watcher.chain.lens_answer import Reading
from watcher.chain.lens_code import creation_data, deployed_code, most_program
from watcher.chain.lens_program import fits
from watcher.chain.pieces import Piece
from watcher.chain.questions import At, hex_bytes
from watcher.chain.verdict import Verdict, judge, revert_data
from watcher.errors import DecodeError, ReadError
from watcher.state import Call

PLACE = "0x1e5a1e5a1e5a1e5a1e5a1e5a1e5a1e5a1e5a1e5a"
"""Where the code is placed: no contract's address, so nothing real is covered."""

MOST_DATA = 450_000
"""Bytes of a program placed by override: Anvil takes twice as much, and bodies go out in hex."""

_WORD = 32
_RETURN_GAS = "0x5a60005260206000f3"
_REVERT_GAS = "0x5a60005260206000fd"
"""GAS, put into memory, and returned or reverted with: an answer shows the way and the gas."""


class Way(StrEnum):
    """By its name in texts."""

    OVERRIDE = "state override"
    CREATION = "creation code"
    MULTICALL = "Multicall3"
    BATCH = "batches"
    SINGLE = "single calls"


class NoReading(ReadError):
    """One request for many calls gave no answers; smaller ones, or another way, may."""


class ManyCalls(Protocol):
    """One way to make many calls in one eth_call."""

    name: Way
    caps_gas: bool
    """Whether a call's gas cap is kept, so that a failure is the call's own."""
    most_data: int
    """Bytes of the longest program that may go out."""

    def makes(self, call: Call) -> bool: ...

    def data(self, piece: Piece) -> str:
        """What carries the piece's calls, 0x-hex; depends on nothing else."""
        ...

    def size(self, piece: Piece) -> int:
        """Bytes that `most_data` bounds."""
        ...

    def request(self, piece: Piece, data: str, at: At, *, gas: int) -> Request: ...

    def reading(self, reply: Reply, piece: Piece) -> Reading:
        """Raises NoReading where the reply is not a whole answer to this piece."""
        ...

    def probe(self, at: At, *, gas: int) -> Request:
        """The smallest request that works only where the way does."""
        ...

    def probed(self, reply: Reply, *, gas: int) -> int:
        """The gas that a call really gets when it asks for `gas`. Raises NoReading."""
        ...


class OverrideWay:
    """The deployed lens, placed by a state override of eth_call."""

    name = Way.OVERRIDE
    caps_gas = True
    most_data = MOST_DATA

    def makes(self, call: Call) -> bool:
        return fits(call)

    def data(self, piece: Piece) -> str:
        return "0x" + piece.program.encode().hex()

    def size(self, piece: Piece) -> int:
        return len(piece.program.encode())

    def request(self, piece: Piece, data: str, at: At, *, gas: int) -> Request:
        return self._request(data, deployed_code(), at, gas)

    def reading(self, reply: Reply, piece: Piece) -> Reading:
        return decoded(returned(reply), piece)

    def probe(self, at: At, *, gas: int) -> Request:
        return self._request("0x", _RETURN_GAS, at, gas)

    def probed(self, reply: Reply, *, gas: int) -> int:
        return _gas(returned(reply))

    def _request(self, data: str, code: str, at: At, gas: int) -> Request:
        override = f',{{"{PLACE}":{{"code":"{code}"}}}}'
        return eth_call(f'"to":"{PLACE}","data":"{data}"', at, gas=gas, more=override)


class CreationWay:
    """The lens as creation code without `to`, its answer the revert data."""

    name = Way.CREATION
    caps_gas = True

    def __init__(self) -> None:
        self.most_data = most_program()

    def makes(self, call: Call) -> bool:
        return fits(call)

    def data(self, piece: Piece) -> str:
        return creation_data(piece.program.encode())

    def size(self, piece: Piece) -> int:
        return len(piece.program.encode())

    def request(self, piece: Piece, data: str, at: At, *, gas: int) -> Request:
        return eth_call(f'"data":"{data}"', at, gas=gas)

    def reading(self, reply: Reply, piece: Piece) -> Reading:
        return decoded(_reverted(reply), piece)

    def probe(self, at: At, *, gas: int) -> Request:
        return eth_call(f'"data":"{_REVERT_GAS}"', at, gas=gas)

    def probed(self, reply: Reply, *, gas: int) -> int:
        return _gas(_reverted(reply))


def eth_call(message: str, at: At, *, gas: int, more: str = "") -> Request:
    """The texts are long: they are put together, not encoded anew at each block."""
    block = json.dumps(at, separators=(",", ":"))
    return Request("eth_call", f'[{{{message},"gas":"{hex(gas)}"}},{block}{more}]')


def returned(reply: Reply) -> bytes:
    """The bytes of a result. Raises NoReading."""
    if isinstance(reply, ErrorObject):
        raise NoReading(f"error {reply.code} ({reply.message})")
    data = hex_bytes(reply.value)
    if data is None:
        raise NoReading("a result that is not hex data")
    return data


def decoded(response: bytes, piece: Piece) -> Reading:
    try:
        return lens_answer.decode(response, piece.program)
    except DecodeError as error:
        raise NoReading(str(error)) from None


def _reverted(reply: Reply) -> bytes:
    if not isinstance(reply, ErrorObject):
        raise NoReading("a result where the lens reverts with its answer")
    data = revert_data(reply)
    if not data or judge(reply) is Verdict.RATE_LIMITED:
        raise NoReading(f"error {reply.code} ({reply.message})")
    return data


def _gas(word: bytes) -> int:
    if len(word) != _WORD:
        raise NoReading(f"{len(word)} bytes instead of one word")
    return int.from_bytes(word)
