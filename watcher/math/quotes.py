"""Exact quotes for any state: dispatch by kind to the families, and through them to `math.exact`.

Coins are named by their index in the state's own order; `math.families` says what they are. All
amounts are in smallest units; each function raises MathError where the contract reverts, and where
a kind has no such exchange.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from watcher.errors import MathError
from watcher.math.families import (
    balancer_stable,
    concentrated,
    constant_product,
    cryptoswap,
    kyber_dmm,
    peg_stability,
    share_vault,
    solidly,
    stableswap,
    stableswap_meta,
    weighted,
    yearn_vault,
)
from watcher.math.families.family import Family
from watcher.state.balancer_stable import BalancerStable
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.kinds import State
from watcher.state.kyber_dmm import KyberDMM
from watcher.state.peg_stability import PegStability
from watcher.state.share_vault import ShareVault
from watcher.state.solidly import Solidly
from watcher.state.stableswap import StableSwap, StableSwapMeta
from watcher.state.weighted import Weighted
from watcher.state.yearn_vault import YearnVault

FAMILIES: Mapping[str, Family[Any]] = {
    ConstantProduct.KIND: constant_product.FAMILY,
    Concentrated.KIND: concentrated.FAMILY,
    ShareVault.KIND: share_vault.FAMILY,
    StableSwap.KIND: stableswap.FAMILY,
    StableSwapMeta.KIND: stableswap_meta.FAMILY,
    CryptoSwap.KIND: cryptoswap.FAMILY,
    Solidly.KIND: solidly.FAMILY,
    KyberDMM.KIND: kyber_dmm.FAMILY,
    Weighted.KIND: weighted.FAMILY,
    BalancerStable.KIND: balancer_stable.FAMILY,
    YearnVault.KIND: yearn_vault.FAMILY,
    PegStability.KIND: peg_stability.FAMILY,
}


@dataclass(frozen=True, slots=True)
class Quote:
    """An exchange at one state; `coin_in` and `coin_out` are indices."""

    coin_in: int
    coin_out: int
    amount_in: int
    amount_out: int


def quote_exact_in(state: State, coin_in: int, coin_out: int, amount_in: int) -> Quote:
    """What `amount_in` of coin `coin_in` pays, fees included, as the contract executes it."""
    family = _exchange(state, coin_in, coin_out)
    amount_out = family.exact_in(state, coin_in, coin_out, amount_in)
    return Quote(coin_in, coin_out, amount_in, amount_out)


def quote_exact_out(state: State, coin_in: int, coin_out: int, amount_out: int) -> Quote:
    """What `amount_out` of coin `coin_out` costs, as the protocol's router asks for it."""
    family = _exchange(state, coin_in, coin_out)
    if family.exact_out is None:
        raise MathError(f"a {_name(state)} has no exchange for an exact output")
    amount_in = family.exact_out(state, coin_in, coin_out, amount_out)
    return Quote(coin_in, coin_out, amount_in, amount_out)


def without_fee(state: State) -> State:
    """The same state with a fee of zero: what separates price impact from slippage."""
    without: State = family_of(state).without_fee(state)
    return without


def spot_price(state: State, coin_in: int, coin_out: int) -> Fraction:
    """The fee-less marginal price, smallest unit of `coin_out` per smallest unit of `coin_in`."""
    return _exchange(state, coin_in, coin_out).spot_price(state, coin_in, coin_out)


def add_liquidity(state: State, amounts: Sequence[int]) -> int:
    """The LP tokens that these amounts mint."""
    family = family_of(state)
    if family.add is None:
        raise MathError(f"a {_name(state)} takes no liquidity")
    if len(amounts) != family.coins(state):
        raise MathError(f"{len(amounts)} amounts for {family.coins(state)} coins")
    return family.add(state, amounts)


def remove_liquidity(state: State, liquidity: int) -> tuple[int, ...]:
    """The amounts that burning `liquidity` LP tokens pays."""
    family = family_of(state)
    if family.remove is None:
        raise MathError(f"a {_name(state)} gives no liquidity back")
    return family.remove(state, liquidity)


def remove_liquidity_one(state: State, liquidity: int, coin: int) -> int:
    """What burning `liquidity` LP tokens pays in one coin."""
    family = family_of(state)
    if family.remove_one is None:
        raise MathError(f"a {_name(state)} gives no liquidity back in one coin")
    return family.remove_one(state, liquidity, coin)


def family_of(state: State) -> Family[Any]:
    family = FAMILIES.get(state.KIND)
    if family is None:
        raise MathError(f"a {_name(state)} exchanges nothing")
    return family


def _exchange(state: State, coin_in: int, coin_out: int) -> Family[Any]:
    family = family_of(state)
    coins = family.coins(state)
    for coin in (coin_in, coin_out):
        if not 0 <= coin < coins:
            raise MathError(f"coin {coin} does not exist: there are 0 to {coins - 1}")
    if coin_in == coin_out:
        raise MathError("the coin in and the coin out are the same")
    return family


def _name(state: State) -> str:
    return state.KIND.replace("_", " ")
