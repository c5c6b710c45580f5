"""States of CryptoSwap, Solidly and Kyber DMM pools, by hand and for hypothesis."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isqrt
from typing import Literal, get_args

from hypothesis import reject
from hypothesis import strategies as st

from tests.support.numbers import DECIMALS, UINT112, sizes
from watcher.errors import MathError
from watcher.math.exact.cryptoswap import get_xcp, invariant, scaled
from watcher.math.exact.cryptoswap_newton import WAD
from watcher.math.exact.cryptoswap_variants import ARITHMETIC
from watcher.math.families.cryptoswap import pool_of
from watcher.state.cryptoswap import CryptoSwap, CryptoSwapVariant
from watcher.state.kyber_dmm import KyberDMM
from watcher.state.solidly import Solidly, SolidlyVersion


def crypto(
    xp: tuple[int, ...] = (10**24, 10**24),
    *,
    variant: CryptoSwapVariant = "twocrypto",
    A: int = 400_000,
    gamma: int = 145 * 10**12,
    prices: tuple[int, ...] = (1_500 * 10**18,),
    decimals: tuple[int, ...] = (18, 18),
    fees: tuple[int, int, int] = (26_000_000, 45_000_000, 230 * 10**12),
    grown: int = 1_001,
) -> CryptoSwap:
    """A pool by hand whose coins are worth `xp` in 18 decimals; its virtual price is
    grown / 1000. Raises MathError where the invariant refuses such balances."""
    units = [
        Fraction(10 ** (36 - d) * p, 10**36) for d, p in zip(decimals, (WAD, *prices), strict=True)
    ]
    state = CryptoSwap(
        variant=variant,
        balances=tuple(int(x / unit) for x, unit in zip(xp, units, strict=True)),
        amplification=A,
        gamma=gamma,
        invariant=0,
        price_scale=prices,
        price_oracle=prices,
        last_prices=prices,
        mid_fee=fees[0],
        out_fee=fees[1],
        fee_gamma=fees[2],
        allowed_extra_profit=2 * 10**12,
        adjustment_step=146 * 10**12,
        xcp_profit=0,
        virtual_price=0,
        total_supply=0,
        not_adjusted=False,
        ramping=False,
        loss_allowed=False,
        decimals=decimals,
    )
    pool = pool_of(state)
    D = invariant(pool, scaled(pool, pool.balances))
    xcp = get_xcp(pool, D, prices)
    supply = max(xcp * 1000 // grown, 1)
    virtual_price = WAD * xcp // supply
    return replace(
        state,
        invariant=D,
        total_supply=supply,
        virtual_price=virtual_price,
        xcp_profit=2 * virtual_price - WAD,
    )


@st.composite
def cryptos(
    draw: st.DrawFn,
    *,
    variant: CryptoSwapVariant | None = None,
    generation: Literal["v1", "ng"] | None = None,
) -> CryptoSwap:
    """A pool of two or three coins, out of balance as far as its mathematics takes it."""
    variants = [
        name
        for name in get_args(CryptoSwapVariant)
        if generation in (None, ARITHMETIC[name].generation)
    ]
    kind = draw(st.sampled_from(variants)) if variant is None else variant
    rules = ARITHMETIC[kind]
    size = draw(sizes(10**19, 10**30))
    parts = [draw(st.integers(1, 40)) for _ in range(rules.coins)]
    mid = draw(st.sampled_from([0, 500_000, 26_000_000]))
    try:
        state = crypto(
            tuple(size * part for part in parts),
            variant=kind,
            A=draw(sizes(rules.min_A, rules.max_A)),
            gamma=draw(sizes(10**10, rules.max_gamma)),
            prices=tuple(draw(sizes(10**12, 10**24)) for _ in parts[1:]),
            decimals=tuple(draw(st.sampled_from([6, 8, 18])) for _ in parts),
            fees=(mid, mid + draw(sizes(0, 10**8)), draw(sizes(10**10, 10**18))),
            grown=draw(st.integers(1000, 2000)),
        )
    except MathError:
        reject()
    oracle = tuple(draw(st.integers(p * 9 // 10, p * 11 // 10)) for p in state.price_scale)
    return replace(
        state,
        price_oracle=oracle,
        xcp_profit=draw(st.integers(WAD, state.xcp_profit)),
        not_adjusted=rules.generation == "v1" and draw(st.booleans()),
        ramping=draw(st.booleans()),
        loss_allowed=draw(st.booleans()),
    )


def solidly(
    reserve0: int = 10**21,
    reserve1: int = 10**21,
    *,
    version: SolidlyVersion = "v2",
    stable: bool = True,
    fee: int = 5,
    decimals: tuple[int, int] = (18, 18),
    total_supply: int = 10**21,
    drift: tuple[int, int] = (0, 0),
) -> Solidly:
    """A pool by hand; `drift` is balance minus reserve."""
    return Solidly(
        version=version,
        stable=stable,
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=reserve0 + drift[0],
        balance1=reserve1 + drift[1],
        fee=fee,
        fee_denominator=10_000,
        total_supply=total_supply,
        decimals0=decimals[0],
        decimals1=decimals[1],
    )


@st.composite
def solidlies(draw: st.DrawFn) -> Solidly:
    """A stable pool is no more than 1000 to 1 out of balance."""
    stable = draw(st.booleans())
    decimals = draw(st.sampled_from([2, 6, 8, 18])), draw(st.sampled_from([2, 6, 8, 18]))
    if stable:
        size = draw(sizes(1, 10**7))
        reserves = [size * draw(st.integers(1, 1000)) * 10**d for d in decimals]
    else:
        reserves = [draw(sizes(1, UINT112)) for _ in decimals]
    return solidly(
        reserves[0],
        reserves[1],
        version=draw(st.sampled_from(get_args(SolidlyVersion))),
        stable=stable,
        fee=draw(st.sampled_from([0, 1, 5, 30, 100, 300])),
        decimals=decimals,
        total_supply=draw(sizes(1_000, isqrt(reserves[0] * reserves[1]) + 1_001)),
    )


def kyber(
    reserve0: int = 10**21,
    reserve1: int = 10**21,
    *,
    virtual: tuple[int, int] | None = None,
    amp_bps: int = 10_000,
    fee: int = 3 * 10**15,
    total_supply: int = 10**21,
    k_last: int = 0,
    government_fee_bps: int = 0,
    decimals: tuple[int, int] = (18, 18),
) -> KyberDMM:
    """A pair by hand; its virtual reserves are in the amplification unless told."""
    reserves = reserve0, reserve1
    virtual0, virtual1 = virtual or (reserve0 * amp_bps // 10_000, reserve1 * amp_bps // 10_000)
    return KyberDMM(
        reserve0=reserve0,
        reserve1=reserve1,
        virtual_reserve0=virtual0,
        virtual_reserve1=virtual1,
        balance0=reserves[0],
        balance1=reserves[1],
        amplification_bps=amp_bps,
        fee=fee,
        total_supply=total_supply,
        k_last=k_last,
        government_fee_bps=government_fee_bps,
        decimals0=decimals[0],
        decimals1=decimals[1],
    )


@st.composite
def kybers(draw: st.DrawFn) -> KyberDMM:
    """What an amplified pair has of virtual reserves beside the real ones is of any size up to the
    amplification: trades take real ones away from one side."""
    amp_bps = draw(st.sampled_from([10_000, 15_000, 20_000, 50_000, 1_000_000]))
    size = draw(sizes(1, 2**90))
    near = [size * draw(st.integers(1, 1_000)) for _ in range(2)]
    reserve0, reserve1 = near if draw(st.booleans()) else [draw(sizes(1, 2**100)) for _ in range(2)]
    factor = amp_bps // 10_000 if amp_bps > 10_000 else 0
    extra = draw(sizes(0, factor * reserve0)), draw(sizes(0, factor * reserve1))
    return kyber(
        reserve0,
        reserve1,
        virtual=(reserve0 + extra[0], reserve1 + extra[1]),
        amp_bps=amp_bps,
        fee=draw(sizes(0, 10**17)),
        total_supply=draw(sizes(1_000, isqrt(reserve0 * reserve1) + 1_001)),
        k_last=draw(sizes(0, reserve0 * reserve1)),
        government_fee_bps=draw(st.sampled_from([0, 1, 1_999])),
        decimals=(draw(DECIMALS), draw(DECIMALS)),
    )
