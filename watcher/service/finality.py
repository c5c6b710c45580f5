"""Which blocks are final: what the node says, confirmations where it says nothing, never less."""

from __future__ import annotations

import asyncio
from typing import TypeAlias

import structlog

from watcher.chain.headers import Headers
from watcher.state.block import Block

LOG = structlog.get_logger(__name__)

Final: TypeAlias = tuple[int | None, int | None]
"""The numbers of the safe and of the finalized block."""


class Finality:
    """Remembers the highest final block of one chain, since final cannot be taken back."""

    def __init__(self, chain_id: int, *, confirmations: int) -> None:
        self._chain_id = chain_id
        self._confirmations = confirmations
        self._finalized: int | None = None
        self._warned: int | None = None

    @property
    def highest(self) -> int | None:
        """The highest final block so far."""
        return self._finalized

    def remember(self, finalized: int | None) -> None:
        """A block that is stored as final."""
        self._finalized = _higher(self._finalized, finalized)

    async def ask(self, headers: Headers, head: Block) -> Final:
        """What is final now, neither block above `head`.

        Safe is None where the node knows no such block. A finalized block that the node takes back
        is clamped to what it was before, and warned of.
        """
        safe, finalized = await asyncio.gather(headers.tagged("safe"), headers.tagged("finalized"))
        if finalized is None:
            finalized = max(head.number - self._confirmations, 0)
        elif self._finalized is not None and finalized < self._finalized:
            self._warn(finalized)
        finalized = min(finalized, head.number)
        self._finalized = _higher(self._finalized, finalized)
        return None if safe is None else min(safe, head.number), self._finalized

    def _warn(self, said: int) -> None:
        if said == self._warned:
            return
        self._warned = said
        LOG.warning(
            "finalized went back",
            chain=self._chain_id,
            was=self._finalized,
            now=said,
            kept=self._finalized,
        )


def _higher(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
