"""Python's garbage collector kept out of short work that makes very many objects."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection meanwhile.

    The collector counts new objects, and after some thousands walks through all that the process
    holds: reading 5,000 pools it took ten times as long as the decoding. None of them is garbage,
    so at the end all go to the oldest generation without being looked at, which takes no time; a
    cycle among them is found when that one is collected.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()
        gc.enable()
