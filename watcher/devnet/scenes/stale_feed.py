"""One feed falls silent past its heartbeat while all others answer, and comes back at last."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.devnet.draft import Draft
from watcher.devnet.moves.feeds import submit
from watcher.devnet.places import Feed
from watcher.devnet.stage import Scene, Stage, Step, step

BEATS = 2
"""Blocks of the scene in one heartbeat of the feed."""


def play(stage: Stage, blocks: int) -> Iterator[Step]:
    feed = stage.world.feed(stage.world.weth)
    for left in range(blocks, 0, -1):
        draft = Draft(stage.world, stage.reader, seconds=feed.heartbeat // BEATS + 1)
        _others(draft, feed)
        age = draft.timestamp - draft.round(feed).updated_at
        told = f"{feed.pair} is silent for {age:,} s of a heartbeat of {feed.heartbeat:,} s"
        if left == 1:
            submit(draft, feed, draft.round(feed).answer)
            told = f"{feed.pair} answers again after {age:,} s"
        yield step(draft, told)


def _others(draft: Draft, silent: Feed) -> None:
    for feed in draft.world.feeds:
        if feed != silent:
            submit(draft, feed, draft.round(feed).answer)


STALE_FEED = Scene("stale_feed", play, shortest=BEATS + 2, longest=12)
