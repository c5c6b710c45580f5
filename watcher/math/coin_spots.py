"""Fee-less marginal prices of pools of several coins, each asked of the exact curve once."""

from __future__ import annotations

from fractions import Fraction

from watcher.math.coin_pools import CoinPool
from watcher.math.coin_table import CoinTable


class Spots:
    """Smallest units of one place for one of another."""

    def __init__(self, table: CoinTable) -> None:
        self._known: list[dict[tuple[int, int], Fraction]] = [{} for _ in table.subjects]

    def of(self, pool: CoinPool, row: int, pair: tuple[int, int]) -> Fraction:
        known = self._known[row]
        if pair not in known:
            known[pair] = pool.spot(*pair)
        return known[pair]
