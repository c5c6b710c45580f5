"""A call that an actor of a simulation makes. Nothing here is signed, and nothing is ever sent."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.state.token import Address


@dataclass(frozen=True, slots=True)
class Sending:
    """`signature` is that of the function, for people; `value` is in wei."""

    to: Address
    signature: str
    data: bytes
    value: int = 0
