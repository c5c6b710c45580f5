"""What is stored of each configured chain, and what is not."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.alerts.lateness import RECENT_BLOCKS, is_late
from watcher.config import ChainConfig, Config
from watcher.state.block import Block
from watcher.store import Extent, Store


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """`missing` blocks are in open gaps; `late`: no block came for so long that nothing is known of
    now."""

    chain: ChainConfig
    first: Block | None
    newest: Block | None
    blocks: int
    missing: int
    late: bool


def chain_facts(store: Store, config: Config, extent: Extent, *, now: float) -> list[ChainFacts]:
    """In the order of the configuration; `now` is in seconds."""
    stored = {one.chain_id: one for one in extent.chains}
    found = []
    for chain in config.chains:
        mine = stored.get(chain.chain_id)
        gaps = [gap for gap in store.gaps(chain.chain_id) if gap.filled_at is None]
        found.append(
            ChainFacts(
                chain=chain,
                first=mine.first if mine else None,
                newest=mine.newest if mine else None,
                blocks=mine.blocks if mine else 0,
                missing=sum(gap.last - gap.first + 1 for gap in gaps),
                late=chain_is_late(store, chain, now=now),
            )
        )
    return found


def chain_is_late(store: Store, chain: ChainConfig, *, now: float) -> bool:
    recent = store.recent_blocks(chain.chain_id, RECENT_BLOCKS)
    return is_late(recent, poll_seconds=chain.poll_seconds, now=now)
