"""One instance watches into a database; a second one is told so."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from watcher.errors import StoreError
from watcher.service.writer import Writer
from watcher.store import Store

NAME = "watch"
SECONDS = 30


def holder() -> str:
    """Who holds a lease: this machine and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


@asynccontextmanager
async def holding_lease(store: Store, writer: Writer) -> AsyncIterator[None]:
    """Hold the lease for the context. Raises StoreError while another instance holds it.

    One that was killed on this machine is not waited for.
    """
    if not await writer.do(acquire, store):
        raise StoreError(
            "another instance is watching into this database: stop it; if it was killed on "
            f"another machine, its lease ends {SECONDS} s after that"
        )
    try:
        yield
    finally:
        await writer.do(store.release, NAME, holder=holder())


async def renew_lease(store: Store, writer: Writer) -> bool:
    """False when another instance has taken the lease over."""
    return await writer.do(store.renew, NAME, holder=holder(), seconds=SECONDS)


class Renewing:
    """Renews the lease for the context, beside work of any length."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._lost = False
        self._task: asyncio.Task[None] | None = None

    def require(self) -> None:
        """Raises StoreError when another instance has taken the lease over."""
        if self._lost:
            raise StoreError("another instance took over this database: this one ends")

    async def __aenter__(self) -> Renewing:
        self._task = asyncio.create_task(self._renew(), name="lease")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _renew(self) -> None:
        while not self._lost:
            await asyncio.sleep(SECONDS / 3)
            self._lost = not await renew_lease(self._store, self._writer)


def acquire(store: Store) -> bool:
    """Take the lease, also from one that was killed on this machine; False while another has it."""
    if store.acquire(NAME, holder=holder(), seconds=SECONDS):
        return True
    other = store.lease_holder(NAME)
    if other is None or not is_dead(other):
        return False
    store.release(NAME, holder=other)
    return store.acquire(NAME, holder=holder(), seconds=SECONDS)


def is_dead(other: str) -> bool:
    """Whether the holder was a process of this machine that is no more."""
    host, _, pid = other.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    # After a restart of a container the same number is often ours.
    return int(pid) == os.getpid()
