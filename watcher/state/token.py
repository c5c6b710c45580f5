"""Addresses and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NewType

from eth_utils.address import is_address, to_checksum_address

Address = NewType("Address", str)
"""A contract's or holder's address with its EIP-55 checksum."""

ZERO_ADDRESS = Address("0x" + "0" * 40)
ETHER = Address("0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE")
"""How Curve's pools call the chain's own coin; Uniswap V4 calls it by the zero address."""

NATIVE_COINS = (ZERO_ADDRESS, ETHER)
"""The addresses that mean the chain's own coin: no contract is there that could be asked."""
NATIVE_DECIMALS = 18


# The same few are read of the chain block after block, and a checksum is a hash.
@lru_cache(maxsize=1 << 16)
def to_address(text: str | bytes) -> Address:
    """Give `text` its EIP-55 checksum. Raises ValueError when it is no address at all."""
    if not is_address(text):
        shown = text.hex() if isinstance(text, bytes) else text
        raise ValueError(f"{shown[:50]!r} is not an address of 20 bytes")
    return Address(to_checksum_address(text))


@dataclass(frozen=True, slots=True)
class Token:
    """An ERC-20 as its contract describes itself; `symbol` is already cleaned for display."""

    address: Address
    decimals: int
    symbol: str

    def caip19(self, chain_id: int) -> str:
        return f"eip155:{chain_id}/erc20:{self.address}"
