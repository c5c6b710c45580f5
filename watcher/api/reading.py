"""The store for handlers: read only, and never on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from watcher.store import Store

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 2
"""Reads at once, so that a long one does not hold up a short one. More would only wait for each
other and for the event loop: what they do is mostly Python."""


class Reading:
    """Runs functions of the store in a few threads; the store must be open for reading only."""

    def __init__(self, store: Store, *, threads: int = THREADS) -> None:
        self._store = store
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="reader")

    async def do(
        self, work: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`work(store, ...)`: `await reading.do(Store.targets)`, or a function that asks the store
        several things, each of which is one view of the data."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(self._store, *args, **kwargs))

    def close(self) -> None:
        """Wait for what is read now, and close the store."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._store.close()
