"""The bloom of a block's header: which addresses and topics its logs may have.

Source: Ethereum Yellow Paper, section 4.4.1 (M3:2048).
"""

from __future__ import annotations

from functools import lru_cache

from eth_utils.crypto import keccak

from watcher.state.log import Log

BYTES = 256


def may_hold(bloom: int, log: Log) -> bool:
    """Whether a block of this bloom can have the log; never false of one that it has."""
    wanted = _bits(log.address)
    for topic in log.topics:
        wanted |= _bits(topic)
    return bloom & wanted == wanted


@lru_cache(65_536)
def _bits(item: str) -> int:
    """Of an address or a topic in hex."""
    digest = keccak(hexstr=item)
    bits = 0
    for at in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[at : at + 2]) & 2_047)
    return bits
