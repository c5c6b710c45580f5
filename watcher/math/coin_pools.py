"""What the measures ask of a pool of several coins: its own coins, counted as its invariant counts
them, and itself after an exchange. Exact; amounts in smallest units.

A metapool is its own coin and the base's LP token, at the virtual price that it uses.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TypeAlias

from watcher.math.exact import cryptoswap, stableswap
from watcher.math.exact.cryptoswap_newton import WAD
from watcher.math.exact.cryptoswap_swaps import exchange as crypto_exchange
from watcher.math.exact.stableswap_swaps import exchange as stable_exchange
from watcher.math.families.cryptoswap import pool_of as crypto_pool
from watcher.math.families.stableswap import pool_of as stable_pool
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.kinds import State
from watcher.state.stableswap import StableSwap, StableSwapMeta
from watcher.state.target import Target

CoinPool: TypeAlias = StableSwap | CryptoSwap

NEVER = 2**128
"""More profit than lets a price scale move."""


def own_pool(state: State | None) -> CoinPool | None:
    """The pool whose coins are exchanged; None where there is none."""
    match state:
        case StableSwapMeta():
            return state.pool
        case StableSwap() | CryptoSwap():
            return state
        case _:
            return None


def own_coins(target: Target) -> int:
    """How many of a target's tokens the pool itself holds: a metapool's base has the others, and
    in a lending pool what each coin is worth follows the coins."""
    if target.kind == StableSwapMeta.KIND:
        return 2
    if target.params.get("variant") == "lending":
        return len(target.tokens) // 2
    return len(target.tokens)


def units(pool: CoinPool) -> tuple[int, ...]:
    """What the pool takes one smallest unit of each coin for: at its stored rates, or at its price
    scale."""
    if isinstance(pool, StableSwap):
        return pool.rates
    prices = (WAD, *pool.price_scale)
    return tuple(
        int(price * 10 ** (18 - decimals))
        for price, decimals in zip(prices, pool.decimals, strict=True)
    )


def counted(pool: CoinPool) -> tuple[int, ...]:
    """The balances as the invariant counts them, with 18 decimals. Raises MathError."""
    if isinstance(pool, StableSwap):
        return tuple(stableswap.scaled(pool.balances, pool.rates))
    return tuple(cryptoswap.scaled(crypto_pool(pool), pool.balances))


def reference(pool: CoinPool, coin_in: int, coin_out: int) -> Fraction:
    """What the pool takes for the price, smallest unit of coin_out for one of coin_in: the
    redemption rate of StableSwap, the price scale of CryptoSwap."""
    known = units(pool)
    return Fraction(known[coin_in], known[coin_out])


def at_rest(pool: CoinPool) -> CoinPool:
    """The same pool with its price scale where it is, whatever is exchanged."""
    if isinstance(pool, StableSwap):
        return pool
    return replace(pool, not_adjusted=False, allowed_extra_profit=NEVER, loss_allowed=True)


def after(pool: CoinPool, coin_in: int, coin_out: int, amount_in: int) -> CoinPool:
    """The pool after an exchange, its fee kept as the contract keeps it. Raises MathError."""
    if isinstance(pool, StableSwap):
        done = stable_exchange(stable_pool(pool), coin_in, coin_out, amount_in)
        return replace(pool, balances=done.balances)
    moved = crypto_exchange(crypto_pool(pool), coin_in, coin_out, amount_in).pool
    return replace(pool, balances=moved.balances, invariant=moved.D)
