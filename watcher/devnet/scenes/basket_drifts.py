"""One component of an index token gains so much that its weight leaves its band."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.devnet.moves.feeds import submit
from watcher.devnet.stage import Scene, Stage, Step, step
from watcher.devnet.text import price_text

RISE_BPS = 600
"""Of the price, in each block."""


def play(stage: Stage, blocks: int) -> Iterator[Step]:
    index = stage.world.index_tokens[0]
    component = index.components[0]
    feed = stage.world.feed(component)
    for _ in range(blocks):
        draft = stage.draft()
        answer = draft.round(feed).answer * (10_000 + RISE_BPS) // 10_000
        submit(draft, feed, answer)
        told = f"{feed.pair} rises to {price_text(answer)}"
        yield step(draft, f"{told}, and {index.name} becomes more {component.symbol}")


BASKET_DRIFTS = Scene("basket_drifts", play, shortest=1, longest=8)
