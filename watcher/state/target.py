"""What is watched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

from watcher.state.canonical import canonical_json
from watcher.state.token import Address, Token

Param: TypeAlias = str | int | bool
EMPTY: Mapping[str, Param] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Target:
    """A pool, vault or feed as `identify` found it.

    `kind` is that of its states. `key` is what the address does not say ("" where it says all).
    `tokens` are the coins in the contract's own order, `share` the claim that it issues. `params`
    are facts that the reading or the arithmetic needs and that do not change from block to block.
    `name` is for people only.
    """

    chain_id: int
    protocol: str
    address: Address
    kind: str
    key: str = ""
    tokens: tuple[Token, ...] = ()
    share: Token | None = None
    params: Mapping[str, Param] = field(default_factory=lambda: EMPTY)
    name: str = ""

    @property
    def id(self) -> str:
        """SHA-256 of canonical JSON [CAIP-2, protocol, lower-case address, key], in hex."""
        return target_id(self.chain_id, self.protocol, self.address, self.key)

    @property
    def caip10(self) -> str:
        return f"eip155:{self.chain_id}:{self.address}"

    @property
    def label(self) -> str:
        return self.name or f"{self.protocol}:{self.address}"


@lru_cache(65_536)
def target_id(chain_id: int, protocol: str, address: str, key: str = "") -> str:
    """The id of a target before it is identified."""
    identity = [f"eip155:{chain_id}", protocol, address.lower(), key]
    return hashlib.sha256(canonical_json(identity).encode()).hexdigest()
