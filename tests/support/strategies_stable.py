"""StableSwap pools and metapools, by hand and for hypothesis."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from hypothesis import strategies as st

from tests.support.numbers import sizes
from watcher.state.stableswap import StableSwap, StableSwapMeta, StableSwapVariant

WITHOUT_PRECISION = ("gen1", "lending", "ren", "three_pool")
"""Contracts whose A has no fraction; that of the others counts hundredths."""


def stable(
    balances: tuple[int, ...] = (10**24, 10**24),
    *,
    variant: StableSwapVariant = "factory",
    A: int = 200,
    fee: int = 4_000_000,
    admin_fee: int = 5 * 10**9,
    offpeg_fee_multiplier: int = 0,
    withdraw_fee: int = 0,
    decimals: tuple[int, ...] | None = None,
    prices: tuple[int, ...] | None = None,
    total_supply: int = 2 * 10**24,
) -> StableSwap:
    """A pool by hand; `A` is A n^(n-1), `prices` are what coins are worth, times 10**18."""
    places = decimals or (18,) * len(balances)
    worth = prices or (10**18,) * len(balances)
    precision = 1 if variant in WITHOUT_PRECISION else 100
    return StableSwap(
        variant=variant,
        balances=balances,
        rates=tuple(price * 10 ** (18 - d) for price, d in zip(worth, places, strict=True)),
        amplification=A * precision,
        amplification_precision=precision,
        fee=fee,
        admin_fee=admin_fee,
        offpeg_fee_multiplier=offpeg_fee_multiplier,
        withdraw_fee=withdraw_fee,
        total_supply=total_supply,
        decimals=places,
        underlying_decimals=places if variant == "lending" else (),
    )


VARIANTS: st.SearchStrategy[StableSwapVariant] = st.sampled_from(get_args(StableSwapVariant))


def metapool(pool: StableSwap | None = None, base: StableSwap | None = None) -> StableSwapMeta:
    """A metapool by hand, on three coins unless told."""
    return StableSwapMeta(
        pool=pool or stable(prices=(10**18, 1_020_000_000_000_000_000)),
        base=base or stable((10**24, 10**12, 10**12), variant="three_pool", decimals=(18, 6, 6)),
    )


@st.composite
def stables(
    draw: st.DrawFn, *, coins: int | None = None, variant: StableSwapVariant | None = None
) -> StableSwap:
    """A pool of two to four coins worth about one, no more than 1000 to 1 out of balance, with as
    many LP tokens as coins."""
    n = coins or draw(st.integers(2, 4))
    kind = draw(VARIANTS) if variant is None else variant
    decimals = tuple(draw(st.sampled_from([2, 6, 8, 18])) for _ in range(n))
    size = draw(sizes(10**3, 10**10))
    parts = [draw(st.integers(1, 1000)) for _ in range(n)]
    balances = tuple(size * part * 10**d for part, d in zip(parts, decimals, strict=True))
    return stable(
        balances,
        variant=kind,
        A=draw(sizes(1, 10**6)),
        fee=draw(st.sampled_from([0, 1_000_000, 4_000_000, 10**8])),
        admin_fee=draw(st.sampled_from([0, 5 * 10**9, 10**10])),
        offpeg_fee_multiplier=(
            draw(st.sampled_from([0, 10**10, 2 * 10**10, 10**11]))
            if kind in ("aave", "ng", "ng_early")
            else 0
        ),
        withdraw_fee=draw(st.sampled_from([0, 5_000_000])) if kind == "saddle" else 0,
        decimals=decimals,
        prices=tuple(draw(st.integers(9 * 10**17, 2 * 10**18)) for _ in range(n)),
        total_supply=size * sum(parts) * 10**18,
    )


@st.composite
def metapools(draw: st.DrawFn) -> StableSwapMeta:
    kinds: st.SearchStrategy[StableSwapVariant] = st.sampled_from(["factory", "ng"])
    pool = draw(stables(coins=2, variant=draw(kinds)))
    base = draw(stables(variant=draw(st.sampled_from(["three_pool", "factory", "ng"]))))
    held, lp_held = pool.balances[0], pool.balances[1] * 10 ** (18 - pool.decimals[1])
    own = replace(
        pool,
        balances=(held, lp_held),
        decimals=(pool.decimals[0], 18),
        rates=(pool.rates[0], 1_020_000_000_000_000_000),
    )
    return StableSwapMeta(own, base)
