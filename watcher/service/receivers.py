"""Whether the receivers can be told: what `watcher check` says of them, and a test notice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from uuid import uuid4

from watcher.alerts.channels.receiver import Receiver
from watcher.config.values import Config
from watcher.service.looked import Looked
from watcher.service.sending import Outcome, look_at, tell
from watcher.state.notice import Notice, NoticeKind


async def receivers_looked_at(config: Config) -> list[Looked]:
    """Nothing is sent: hosts are looked up, and apprise is asked whether it knows a service."""
    found = await asyncio.gather(*map(look_at, config.receivers))
    return [
        Looked(f"receiver {one.name}", each.taken, each.detail or f"{one.kind.value}, {one.shown}")
        for one, each in zip(config.receivers, found, strict=True)
    ]


async def tell_all(receivers: Sequence[Receiver], notice: Notice) -> list[Outcome]:
    """Tell all at once; the outcomes in their order."""
    return await asyncio.gather(*(tell(one, notice) for one in receivers))


def notice_of_test() -> Notice:
    """A notice that says that it is none; each has an id of its own."""
    return Notice(
        uid=f"test-{uuid4().hex}",
        alert="",
        rule="test",
        severity="info",
        kind=NoticeKind.SUMMARY,
        chain_id=0,
        target_id="",
        target_name="",
        block_number=None,
        block_hash=None,
        at=int(time.time()),
        title="A test of the imbalance watcher: this receiver is told",
        body="Somebody ran `watcher notify test`. Nothing has happened on any chain.",
    )
