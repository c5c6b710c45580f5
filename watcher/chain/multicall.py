"""Multicall3's aggregate3, where neither way of the lens is open.

Source: Multicall3.sol of github.com/mds1/multicall3, at one address on most chains. It keeps no gas
cap and no return cap: what fails in it may have failed for want of gas, so each failure is asked
again alone. Its own views come last in each request: where they fail, the gas had run out, and what
they tell is the block that was really read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eth_utils.crypto import keccak

from watcher.chain.jsonrpc import Reply, Request
from watcher.chain.lens_answer import Reading
from watcher.chain.lens_program import fits
from watcher.chain.pieces import Piece
from watcher.chain.questions import At, capped
from watcher.chain.ways import NoReading, Way, eth_call, returned
from watcher.state import Address, Balance, Call, Static

MULTICALL3 = Address("0xcA11bde05977b3631167028862bE2a173976CA11")

MOST_DATA = 450_000
"""Bytes of call data in one request."""

CALL_GAS, BASE_GAS = 100_000, 1_000_000
"""Gas for each call, and for the rest: a call that eats all of it costs no more than that."""

_WORD = 32
_AGGREGATE3 = keccak(text="aggregate3((address,bool,bytes)[])")[:4]
_OWN = [
    keccak(text=view)[:4]
    for view in ("getBlockNumber()", "getCurrentBlockTimestamp()", "getLastBlockHash()")
]
_BALANCE = keccak(text="getEthBalance(address)")[:4]
_TRUE, _DATA_AT, _BYTES_AT = (number.to_bytes(_WORD, "big") for number in (1, 0x60, 0x40))
_FALSE = bytes(_WORD)


class MulticallWay:
    name = Way.MULTICALL
    caps_gas = False
    most_data = MOST_DATA

    def makes(self, call: Call) -> bool:
        return fits(call) and isinstance(call, Static | Balance)

    def data(self, piece: Piece) -> str:
        return "0x" + encode(piece.calls).hex()

    def size(self, piece: Piece) -> int:
        return len(encode(piece.calls))

    def request(self, piece: Piece, data: str, at: At, *, gas: int) -> Request:
        gas = min(gas, BASE_GAS + CALL_GAS * len(piece.calls))
        return eth_call(f'"to":"{MULTICALL3}","data":"{data}"', at, gas=gas)

    def reading(self, reply: Reply, piece: Piece) -> Reading:
        results = decode(returned(reply), len(piece.calls) + len(_OWN))
        number, timestamp, parent_hash = _own(results[len(piece.calls) :])
        answers = [
            capped(data, _return_cap(call), ok=ok)
            for (ok, data), call in zip(results, piece.calls, strict=False)
        ]
        return Reading(number, timestamp, f"0x{parent_hash:064x}", answers)

    def probe(self, at: At, *, gas: int) -> Request:
        return eth_call(f'"to":"{MULTICALL3}","data":"0x{encode(()).hex()}"', at, gas=gas)

    def probed(self, reply: Reply, *, gas: int) -> int:
        """What was asked for: this way does not see what it got."""
        _own(decode(returned(reply), len(_OWN)))
        return gas


def encode(calls: Sequence[Call]) -> bytes:
    """The call data of one aggregate3 with these calls and then Multicall3's own views."""
    items = [_item(to, data) for to, data in _targets(calls)]
    offsets, at = [], _WORD * len(items)
    for item in items:
        offsets.append(_word(at))
        at += len(item)
    return b"".join([_AGGREGATE3, _word(_WORD), _word(len(items)), *offsets, *items])


def decode(response: bytes, count: int) -> list[tuple[bool, bytes]]:
    """Success and bytes of each call, from the one encoding that Solidity gives to them.

    Raises NoReading for anything else.
    """
    start = 2 * _WORD
    if response[:start] != _word(_WORD) + _word(count):
        raise NoReading("an answer that is no list of as many results as were asked")
    results = []
    at = start + _WORD * count
    for i in range(count):
        offset = response[start + _WORD * i : start + _WORD * (i + 1)]
        success = response[at : at + _WORD]
        data_at = at + 3 * _WORD
        length = int.from_bytes(response[data_at - _WORD : data_at])
        end = data_at + length + -length % _WORD
        if (
            # Before anything is reckoned with it: a length may be nearly 2**256.
            end > len(response)
            or offset != _word(at - start)
            or success not in (_TRUE, _FALSE)
            or response[at + _WORD : at + 2 * _WORD] != _BYTES_AT
            or any(response[data_at + length : end])
        ):
            raise NoReading(f"an answer whose result {i + 1} is not encoded as Solidity does")
        results.append((success == _TRUE, response[data_at : data_at + length]))
        at = end
    if at != len(response):
        raise NoReading("an answer with bytes after its end")
    return results


def _targets(calls: Sequence[Call]) -> Iterator[tuple[str, bytes]]:
    for call in calls:
        match call:
            case Static(to, data):
                yield to, data
            case Balance(address):
                yield MULTICALL3, _BALANCE + _word(int(address, 16))
            case _:
                raise ValueError(f"Multicall3 cannot make this call: {call}")
    yield from ((MULTICALL3, view) for view in _OWN)


def _own(results: Sequence[tuple[bool, bytes]]) -> list[int]:
    """What Multicall3's own views tell. Raises NoReading where they do not."""
    if not all(ok and len(data) == _WORD for ok, data in results):
        raise NoReading("an answer whose gas had run out, or of no Multicall3")
    return [int.from_bytes(data) for _, data in results]


def _item(to: str, data: bytes) -> bytes:
    padding = bytes(-len(data) % _WORD)
    address = _word(int(to, 16))
    return b"".join([address, _TRUE, _DATA_AT, _word(len(data)), data, padding])


def _return_cap(call: Call) -> int:
    return call.return_cap if isinstance(call, Static) else _WORD


def _word(number: int) -> bytes:
    return number.to_bytes(_WORD, "big")
