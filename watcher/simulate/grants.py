"""Balances granted by state override: the slot of a token in which a holder's balance stands.

The slots that `balanceOf` reads are asked by eth_createAccessList; where a node does not have it,
the places of mappings among a contract's first slots are tried, in Solidity's and in Vyper's
layout. A slot is the right one only when writing a number to it makes `balanceOf` answer that
number: balances that are computed (a rebasing token) have none, and are not granted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from eth_utils.crypto import keccak

from watcher.errors import NotEncoded
from watcher.protocols.erc20 import BALANCE_OF
from watcher.simulate.node import Node, Refused
from watcher.simulate.script import Grant
from watcher.simulate.witness import word
from watcher.state.token import Address, to_address

MARK = 0x5EED_CAFE_F00D_5EED_CAFE
"""Fits the smallest type that balances are kept in, and stands in no slot by chance."""

FIRST_SLOTS = range(64)
"""Where the mapping may lie whose place nobody tells."""

UNKNOWN_METHOD = -32601
WORD_DIGITS = 66
"""Of an answer of one word, 0x included."""

ACCESS_LIST = "the access list of balanceOf"
PROBED = "tried among the first mappings"

Place = tuple[Address, int]


async def grants(
    node: Node, needed: Mapping[tuple[Address, Address], int], *, at: str
) -> tuple[Grant, ...]:
    """Grants for the amounts by (holder, token). Raises NotEncoded for a token whose balances stand
    in no slot, Refused where the node takes no state overrides."""
    return tuple(
        [
            await _grant(node, holder, token, amount, at)
            for (holder, token), amount in needed.items()
        ]
    )


async def _grant(node: Node, holder: Address, token: Address, amount: int, at: str) -> Grant:
    found, places = ACCESS_LIST, await _read_places(node, holder, token, at)
    if places is None:
        found, places = PROBED, [(token, slot) for slot in _mapping_slots(holder)]
    for contract, slot in places:
        if all(
            [await _holds(node, holder, token, (contract, slot), n, at) for n in (MARK, amount)]
        ):
            return Grant(token, holder, amount, contract, slot, found)
    raise NotEncoded(f"{token} keeps balances in no slot of their own, so that none can be granted")


async def _holds(
    node: Node, holder: Address, token: Address, place: Place, amount: int, at: str
) -> bool:
    return await _balance(node, holder, token, place, amount, at) == amount


async def _read_places(node: Node, holder: Address, token: Address, at: str) -> list[Place] | None:
    """The slots that `balanceOf` reads; None where the node does not tell."""
    try:
        answer = await node.ask("eth_createAccessList", _call(holder, token), at)
    except Refused:
        return None
    if not isinstance(answer, dict):
        return None
    return list(_places(answer.get("accessList") or ()))


def _places(entries: Iterable[Mapping[str, Any]]) -> Iterable[Place]:
    for entry in entries:
        for key in entry["storageKeys"]:
            yield to_address(entry["address"]), int(key, 16)


def _mapping_slots(holder: Address) -> Iterable[int]:
    """Solidity hashes key and slot, Vyper slot and key."""
    key = bytes(12) + bytes.fromhex(holder[2:])
    for slot in FIRST_SLOTS:
        place = slot.to_bytes(32)
        yield int.from_bytes(keccak(key + place))
        yield int.from_bytes(keccak(place + key))


async def _balance(
    node: Node, holder: Address, token: Address, place: Place, value: int, at: str
) -> int | None:
    """What `balanceOf` answers while the slot holds `value`; None where it reverts."""
    contract, slot = place
    override = {contract: {"stateDiff": {word(slot): word(value)}}}
    try:
        answer = await node.ask("eth_call", _call(holder, token), at, override)
    except Refused as error:
        if error.code == UNKNOWN_METHOD:
            raise
        return None
    return int(str(answer), 16) if len(str(answer)) == WORD_DIGITS else None


def _call(holder: Address, token: Address) -> dict[str, str]:
    call = BALANCE_OF.call(token, holder)
    return {"to": call.to, "data": "0x" + call.data.hex()}
