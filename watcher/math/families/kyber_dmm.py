"""Pairs of Kyber DMM, quoted by its library and accepted by the pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact import kyber_dmm as exact
from watcher.math.exact.kyber_dmm import Pool
from watcher.math.families.family import Family
from watcher.math.families.pooled import Pooled
from watcher.state.kyber_dmm import KyberDMM


def pool_of(state: KyberDMM) -> Pool:
    return Pool(
        reserves=(state.reserve0, state.reserve1),
        virtual_reserves=(state.virtual_reserve0, state.virtual_reserve1),
        balances=(state.balance0, state.balance1),
        amp_bps=state.amplification_bps,
        fee=state.fee,
        total_supply=state.total_supply,
        k_last=state.k_last,
        government_fee_bps=state.government_fee_bps,
    )


def exact_in(state: KyberDMM, coin_in: int, _coin_out: int, amount_in: int) -> int:
    pool = pool_of(state)
    amount_out = exact.get_amount_out(pool, coin_in, amount_in)
    exact.swap(pool, coin_in, amount_in, amount_out)
    return amount_out


def exact_out(state: KyberDMM, coin_in: int, _coin_out: int, amount_out: int) -> int:
    pool = pool_of(state)
    amount_in = exact.get_amount_in(pool, coin_in, amount_out)
    exact.swap(pool, coin_in, amount_in, amount_out)
    return amount_in


def spot_price(state: KyberDMM, coin_in: int, coin_out: int) -> Fraction:
    """Of the virtual reserves."""
    virtual = state.virtual_reserve0, state.virtual_reserve1
    if 0 in virtual:
        raise MathError("a side of the pool is empty")
    return Fraction(virtual[coin_out], virtual[coin_in])


def without_fee(state: KyberDMM) -> KyberDMM:
    return replace(state, fee=0)


def _add(state: KyberDMM, amounts: Sequence[int]) -> int:
    amount0, amount1 = amounts
    return exact.mint(pool_of(state), amount0, amount1)[0]


def _remove(state: KyberDMM, liquidity: int) -> tuple[int, ...]:
    return exact.burn(pool_of(state), liquidity)[0]


FAMILY: Family[KyberDMM] = Family(
    coins=lambda _: 2,
    exact_in=exact_in,
    exact_out=exact_out,
    spot_price=spot_price,
    without_fee=without_fee,
    add=_add,
    remove=_remove,
)


def _after(state: KyberDMM, coin_in: int, _coin_out: int, amount_in: int) -> KyberDMM:
    """With the fee of the block, which all of a block's trades pay."""
    pool = pool_of(state)
    amount_out = exact.get_amount_out(pool, coin_in, amount_in)
    moved = exact.swap(pool, coin_in, amount_in, amount_out)
    (reserve0, reserve1), (balance0, balance1) = moved.reserves, moved.balances
    (virtual_reserve0, virtual_reserve1) = moved.virtual_reserves
    return replace(
        state,
        reserve0=reserve0,
        reserve1=reserve1,
        virtual_reserve0=virtual_reserve0,
        virtual_reserve1=virtual_reserve1,
        balance0=balance0,
        balance1=balance1,
    )


POOLED: Pooled[KyberDMM] = Pooled(
    balances=lambda state: (state.reserve0, state.reserve1),
    decimals=lambda state: (state.decimals0, state.decimals1),
    after=_after,
)
