"""The service's part of `scripts/bench api`, in a process of its own: a block a second.

    python -m benchmarks.writing DATABASE TARGETS

Prints after each block how many milliseconds after its due time it was committed.
"""

from __future__ import annotations

import sys
import time

from benchmarks.long_history import BLOCK_SECONDS, Chain
from watcher.store import Store


def main(database: str, targets: int) -> None:
    with Store.open(f"sqlite:///{database}") as store:
        chain = Chain(store, targets)
        due = float(int(time.time()) + 1)
        while True:
            time.sleep(max(due - time.time(), 0.0))
            chain.go_on(timestamp=int(due))
            print(1e3 * (time.time() - due), flush=True)
            due += BLOCK_SECONDS


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
