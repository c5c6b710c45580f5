"""A process that stores blocks with notices and sends them, for tests that kill it.

    python -m tests.support.sender_child DATABASE HOST store BLOCK
    python -m tests.support.sender_child DATABASE HOST send

`store` commits one block together with its notices and ends by kill -9, before anything is sent;
`send` sends until it is told to end.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from unittest.mock import patch

from tests.support.receiving import notice, webhook
from tests.support.stored import CALM, Watch, block
from watcher.service.deliver import delivering
from watcher.service.writer import Writer
from watcher.state.notice import NoticeKind
from watcher.store import Store, commit
from watcher.store.outbox import enqueue

RECEIVER = "desk"


def uids_of(number: int) -> tuple[str, ...]:
    """An alert that opens and closes, and a digest."""
    return (f"b{number}-open", f"b{number}-close", f"b{number}-digest")


def store_and_die(database: str, number: int) -> None:
    """The block's transaction takes its notices with it; the process is gone right after."""
    with Store.create(database) as store:
        watch = Watch(store)
        opened, closed, digest = uids_of(number)
        real = commit.commit_tick

        def with_notices(connection, result, **options):  # type: ignore[no-untyped-def]
            tick = real(connection, result, **options)
            alert, at = f"alert-{number}", datetime.now(UTC)
            enqueue(connection, notice(opened, alert=alert), [RECEIVER], at=at)
            over = notice(closed, alert=alert, kind=NoticeKind.RESOLVED)
            enqueue(connection, over, [RECEIVER], at=at)
            enqueue(connection, notice(digest), [RECEIVER], at=at)
            return tick

        with patch.object(commit, "commit_tick", with_notices):
            watch.read(block(number), *CALM)
        os.kill(os.getpid(), signal.SIGKILL)


async def send(database: str, host: str) -> None:
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    with Store.open(database) as store, Writer() as writer:
        async with delivering([webhook(RECEIVER, host)], store.outbox, writer):
            print("sending", flush=True)
            await ending.wait()


def main() -> None:
    database, host, what, *rest = sys.argv[1:]
    if what == "store":
        store_and_die(database, int(rest[0]))
    else:
        asyncio.run(send(database, host))


if __name__ == "__main__":
    main()
