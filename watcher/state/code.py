"""What is deployed at a target's address."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from watcher.state.block import Block
from watcher.state.token import Address


@dataclass(frozen=True, slots=True)
class Deployed:
    """`code_hash` is the Keccak-256 of the code, 0x and lower-case hex, None where there is none.

    `implementation` is what an EIP-1967 proxy points at, None where the target is none, and
    `implementation_hash` the hash of the code there, None where there is none.
    """

    target_id: str
    code_hash: str | None
    implementation: Address | None = None
    implementation_hash: str | None = None


class CodeEvent(StrEnum):
    """How what is deployed changed from one look to the next."""

    DESTROYED = "destroyed"
    DEPLOYED = "deployed"
    CODE_CHANGED = "code_changed"
    IMPLEMENTATION_CHANGED = "implementation_changed"


@dataclass(frozen=True, slots=True)
class CodeChange:
    """An event, the block at which it was seen first, and what is deployed since."""

    block: Block
    event: CodeEvent
    deployed: Deployed


def event_of(before: Deployed, now: Deployed) -> CodeEvent | None:
    """None where nothing changed. The weightiest of several: gone, come back, changed, behind."""
    if before.code_hash != now.code_hash:
        if now.code_hash is None:
            return CodeEvent.DESTROYED
        return CodeEvent.DEPLOYED if before.code_hash is None else CodeEvent.CODE_CHANGED
    behind = (before.implementation, before.implementation_hash)
    if behind != (now.implementation, now.implementation_hash):
        return CodeEvent.IMPLEMENTATION_CHANGED
    return None
