"""A long history in little time: one real block, and its figures repeated by SQL with other values.

SQLite alone. What is repeated is no state and no input: nothing here is for `watcher recompute`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sqlalchemy import update

from tests.support.many_pairs import CHAIN_ID, made_up, with_share
from watcher.math.settings import PriceSource, Settings
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Block, Observation, Status
from watcher.store import Store, tables
from watcher.store.bulk import insert_many

BLOCK_SECONDS = 1
CHANGING = 10
"""One pair in so many changes in a block that is written while it is served."""

COMPUTATIONS = """
INSERT INTO computation (target_id, block_id, block_number, settings_hash, key)
SELECT first.target_id, block.id, block.number, first.settings_hash, randomblob(32)
FROM block JOIN computation AS first ON first.block_number = 1
WHERE block.number > 1 ORDER BY block.number, first.target_id
"""
MEASURES = """
INSERT INTO measure (computation_id, name, dims, value, reason, version)
SELECT more.id, measure.name, measure.dims,
       measure.value * (1 + ((more.block_number * 7919 + more.target_id) % 1000) / 50000.0),
       measure.reason, measure.version
FROM computation AS more
JOIN computation AS first ON first.target_id = more.target_id AND first.block_number = 1
JOIN measure ON measure.computation_id = first.id
WHERE more.block_number > 1 ORDER BY more.id, measure.name, measure.dims
"""
CURSOR = "UPDATE cursor SET block_id = (SELECT id FROM block WHERE number = :blocks)"


@dataclass(frozen=True, slots=True)
class Built:
    """How much there is: measures, and the blocks that they are of."""

    measures: int
    blocks: int


class Chain:
    """Pairs that trade, and a store that their blocks are committed to."""

    def __init__(self, store: Store, count: int) -> None:
        self.store = store
        self.pairs = [replace(one, target=with_share(one.target)) for one in made_up(count)]
        targets = [one.target for one in self.pairs]
        coins = dict.fromkeys(coin.address for one in targets for coin in one.tokens)
        fixed = tuple(PriceSource(CHAIN_ID, coin, "fixed", value=1.0) for coin in coins)
        self.settings = Settings("USD", (1_000.0, 100_000.0), fixed)
        self._watched = watchlist(targets, self.settings)
        self._random = Random(1)  # noqa: S311 — the same trades in each run
        self._branch: Branch | None = None

    def begin(self, *, timestamp: int) -> None:
        self.store.register([one.target for one in self.pairs])
        self.store.save_settings(self.settings)
        first = Block(CHAIN_ID, 1, _hash(1), _hash(0), timestamp)
        self._commit(first)

    def go_on(self, *, timestamp: int) -> None:
        """Commit a block in which some pairs have traded."""
        cursor = self._resumed().cursor
        if cursor is None:
            raise RuntimeError("the history has no block to go on from")
        for row in self._random.sample(range(len(self.pairs)), len(self.pairs) // CHANGING):
            one = self.pairs[row]
            self.pairs[row] = replace(
                one, reserve0=one.reserve0 + 1_000, reserve1=one.reserve1 - 777
            )
        number = cursor.number + 1
        block = Block(CHAIN_ID, number, _hash(number), cursor.hash, timestamp)
        self._commit(block)

    def _commit(self, block: Block) -> None:
        observed = {
            one.target.id: Observation(one.target.id, Status.OK, one.state) for one in self.pairs
        }
        step = advance(self._resumed(), block, observed, self._watched)
        self.store.commit_tick(step.tick)
        self._branch = step.branch

    def _resumed(self) -> Branch:
        """What is in force, which a service reads once and then remembers."""
        if self._branch is None:
            stored = self.store.resume(CHAIN_ID)
            self._branch = Branch(stored.cursor, stored.in_force, stored.computation_keys)
        return self._branch


def build(folder: Path, *, measures: int, targets: int) -> Built:
    """watcher.db and watcher.toml; at least so many measures, up to the present second."""
    with Store.create(f"sqlite:///{folder / 'watcher.db'}") as store:
        chain = Chain(store, targets)
        chain.begin(timestamp=0)
        with store.database.writing() as connection:
            count = "SELECT count(*) FROM measure"
            each = int(connection.exec_driver_sql(count).scalar_one())
            blocks = max(measures // each, 2)
            begun = int(time.time()) - blocks * BLOCK_SECONDS
            connection.execute(update(tables.block).values(timestamp=begun))
            insert_many(connection, tables.block, _blocks(blocks, begun=begun))
            connection.exec_driver_sql(COMPUTATIONS)
            connection.exec_driver_sql(MEASURES)
            connection.exec_driver_sql(CURSOR, {"blocks": blocks})
            found = int(connection.exec_driver_sql(count).scalar_one())
        (folder / "watcher.toml").write_text(configuration(chain))
    return Built(found, blocks)


def _blocks(count: int, *, begun: int) -> list[dict[str, object]]:
    """Those after the first."""
    seen_at = datetime.now(UTC)
    return [
        {
            "chain_id": CHAIN_ID,
            "number": number,
            "hash": _hash(number),
            "parent_hash": _hash(number - 1),
            "timestamp": begun + (number - 1) * BLOCK_SECONDS,
            "status": tables.FINALIZED,
            "seen_at": seen_at,
        }
        for number in range(2, count + 1)
    ]


def configuration(chain: Chain) -> str:
    text = (
        'database = "sqlite:///watcher.db"\n'
        f'[chains."eip155:{CHAIN_ID}"]\npoll_seconds = 60\n'
        'endpoints = [{ url = "http://127.0.0.1:9" }]\n'
    )
    for one in chain.pairs:
        text += (
            f'[[targets]]\nchain = "eip155:{CHAIN_ID}"\nprotocol = "{one.target.protocol}"\n'
            f'address = "{one.target.address}"\nname = "pair {one.target.address[-6:]}"\n'
        )
    for source in chain.settings.prices:
        text += (
            f'[[prices]]\ntoken = "eip155:{CHAIN_ID}/erc20:{source.token}"\n'
            f'source = "fixed"\nvalue = {source.value}\n'
        )
    return text


def _hash(number: int) -> str:
    return f"0x{number:064x}"
