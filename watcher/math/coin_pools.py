"""Pools of several coins as the measures see them: one state with the functions of its kind. Exact;
amounts in smallest units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from watcher.errors import MathError
from watcher.math import quotes
from watcher.math.families import (
    balancer_stable,
    cryptoswap,
    kyber_dmm,
    solidly,
    stableswap,
    stableswap_meta,
    weighted,
)
from watcher.math.families.pooled import Pooled
from watcher.state.balancer_stable import BalancerStable
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.kinds import State
from watcher.state.kyber_dmm import KyberDMM
from watcher.state.solidly import Solidly
from watcher.state.stableswap import StableSwap, StableSwapMeta
from watcher.state.target import Target
from watcher.state.weighted import Weighted

POOLED: Mapping[str, Pooled[Any]] = {
    StableSwap.KIND: stableswap.POOLED,
    StableSwapMeta.KIND: stableswap_meta.POOLED,
    CryptoSwap.KIND: cryptoswap.POOLED,
    Solidly.KIND: solidly.POOLED,
    KyberDMM.KIND: kyber_dmm.POOLED,
    BalancerStable.KIND: balancer_stable.POOLED,
    Weighted.KIND: weighted.POOLED,
}

NO_RATES = "the pool has no rates of its own: it is at its target at its own price"


@dataclass(frozen=True, slots=True)
class CoinPool:
    """A state and its kind's functions; `coins` are those that are measured, by their places.
    Every method raises MathError where the contract reverts."""

    state: State
    kind: Pooled[Any]
    coins: tuple[int, ...]

    @property
    def balances(self) -> tuple[int, ...]:
        """Of all coins, by their places."""
        return self.kind.balances(self.state)

    @property
    def decimals(self) -> tuple[int, ...]:
        """Of all coins, by their places."""
        return self.kind.decimals(self.state)

    def others(self, coin: int) -> list[int]:
        return [other for other in self.coins if other != coin]

    def quote(self, coin_in: int, coin_out: int, amount_in: int) -> int:
        return quotes.quote_exact_in(self.state, coin_in, coin_out, amount_in).amount_out

    def spot(self, coin_in: int, coin_out: int) -> Fraction:
        """Without the fee, smallest units of coin_out for one of coin_in."""
        return quotes.spot_price(self.state, coin_in, coin_out)

    def reference(self, coin_in: int, coin_out: int) -> Fraction | None:
        """As `spot`, at the pool's own rates or at its price scale; None where it has none."""
        units = self._units()
        return None if units is None else Fraction(units[coin_in], units[coin_out])

    def counted(self) -> tuple[int, ...]:
        """The balances of the measured coins at the pool's own rates, up to a common factor."""
        units = self._units()
        if units is None:
            raise MathError(NO_RATES)
        return tuple(self.balances[coin] * units[coin] for coin in self.coins)

    def target_shares(self) -> list[Fraction]:
        """What part of the whole each measured coin is to be."""
        weigh = self.kind.weights
        weights = [1] * len(self.coins)
        if weigh is not None:
            given: Sequence[int] = weigh(self.state)
            weights = [given[coin] for coin in self.coins]
        return [Fraction(weight, sum(weights)) for weight in weights]

    def after(self, coin_in: int, coin_out: int, amount_in: int) -> CoinPool:
        return self._with(self.kind.after(self.state, coin_in, coin_out, amount_in))

    def at_rest(self) -> CoinPool:
        return self._with(self.kind.at_rest(self.state))

    def without_fee(self) -> CoinPool:
        return self._with(quotes.without_fee(self.state))

    def _units(self) -> tuple[int, ...] | None:
        return None if self.kind.units is None else self.kind.units(self.state)

    def _with(self, state: State) -> CoinPool:
        return replace(self, state=state)


def coin_pool(target: Target, state: State) -> CoinPool:
    """Raises KeyError for a kind that is none."""
    return CoinPool(state, POOLED[state.KIND], coins_of(target))


def coins_of(target: Target) -> tuple[int, ...]:
    """The measured coins, as places among the target's tokens."""
    return POOLED[target.kind].coins(target)


def has_rates(kind: str) -> bool:
    """Whether pools of this kind may have rates of their own."""
    return POOLED[kind].units is not None
