"""Looking at a slower pace at what is deployed: gone, replaced, or upgraded behind its proxy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog
from eth_utils.crypto import keccak

from watcher.chain.reader import Reader
from watcher.errors import ReadError
from watcher.protocols.sighting import IMPLEMENTATION_SLOT, stored_address
from watcher.state.block import Block
from watcher.state.call import Answer, Call, Code, Slot
from watcher.state.code import Deployed, event_of
from watcher.state.target import Target
from watcher.state.token import Address

LOG = structlog.get_logger(__name__)

CODE_CAP = 64 * 1024
"""Bytes of one contract's code: EIP-170 allows 24,576, some L2s twice that."""

AT_ONCE = 100
"""Contracts whose code is held in memory together."""


async def deployed(reader: Reader, block: Block, targets: Sequence[Target]) -> list[Deployed]:
    """What is deployed at each target, as far as the node says it: others are left out.

    Raises Unavailable or StaleBlock when the node gives no answer at all.
    """
    addresses = list(dict.fromkeys(target.address for target in targets))
    hashes = await _hashes(reader, block, addresses)
    slots = await reader.read(block, [Slot(one, IMPLEMENTATION_SLOT) for one in addresses])
    behind = {one: _implementation(slot) for one, slot in zip(addresses, slots, strict=True)}
    wanted = list(dict.fromkeys(found for found in behind.values() if isinstance(found, str)))
    hashes |= await _hashes(reader, block, [one for one in wanted if one not in hashes])
    found = []
    for target in targets:
        one = _deployed(target, hashes, behind[target.address])
        if isinstance(one, ReadError):
            LOG.warning("code not read", target=target.label, detail=str(one))
        else:
            found.append(one)
    return found


def _deployed(
    target: Target,
    hashes: Mapping[str, str | ReadError | None],
    implementation: Address | ReadError | None,
) -> Deployed | ReadError:
    own = hashes[target.address]
    if isinstance(own, ReadError):
        return own
    if implementation is None or isinstance(implementation, ReadError):
        return implementation or Deployed(target.id, own)
    further = hashes[implementation]
    if isinstance(further, ReadError):
        return further
    return Deployed(target.id, own, implementation, further)


def proxies(found: Sequence[Deployed], targets: Sequence[Target]) -> list[Address]:
    """The addresses of those that point somewhere."""
    pointing = {one.target_id for one in found if one.implementation is not None}
    return list(dict.fromkeys(one.address for one in targets if one.id in pointing))


def changed(found: Sequence[Deployed], before: Mapping[str, Deployed]) -> tuple[Deployed, ...]:
    """Those that are new or differ from what was seen before, by target id."""
    return tuple(one for one in found if before.get(one.target_id) != one)


def tell(block: Block, now: Sequence[Deployed], before: Mapping[str, Deployed]) -> None:
    """Log each event among `now`."""
    for one in now:
        known = before.get(one.target_id)
        event = event_of(known, one) if known is not None else None
        if event is not None:
            LOG.warning(
                "code changed",
                chain=block.chain_id,
                number=block.number,
                target=one.target_id,
                what=event.value,
                implementation=one.implementation,
            )


async def _hashes(
    reader: Reader, block: Block, addresses: Sequence[Address]
) -> dict[str, str | ReadError | None]:
    found: dict[str, str | ReadError | None] = {}
    for start in range(0, len(addresses), AT_ONCE):
        some = addresses[start : start + AT_ONCE]
        calls: list[Call] = [Code(one, return_cap=CODE_CAP) for one in some]
        for address, answer in zip(some, await reader.read(block, calls), strict=True):
            found[address] = _hash(address, answer)
    return found


def _hash(address: Address, answer: Answer | ReadError) -> str | ReadError | None:
    if isinstance(answer, ReadError):
        return answer
    if answer.length > len(answer.data):
        return ReadError(f"the code of {address} is over {CODE_CAP:,} bytes and is not compared")
    return "0x" + keccak(answer.data).hex() if answer.length else None


def _implementation(answer: Answer | ReadError) -> Address | ReadError | None:
    if isinstance(answer, ReadError):
        return answer
    return stored_address(answer)
