"""Pairs of the constant-product kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact import constant_product as exact
from watcher.math.families.family import Family
from watcher.state.constant_product import ConstantProduct


def exact_in(state: ConstantProduct, coin_in: int, coin_out: int, amount_in: int) -> int:
    """UniswapV2Library.getAmountOut, which the pair then accepts."""
    amount_out = exact.get_amount_out(
        amount_in,
        _reserve(state, coin_in),
        _reserve(state, coin_out),
        fee_numerator=state.fee_numerator,
        fee_denominator=state.fee_denominator,
    )
    _require_swap(state, coin_in, amount_in, amount_out)
    return amount_out


def exact_out(state: ConstantProduct, coin_in: int, coin_out: int, amount_out: int) -> int:
    """UniswapV2Library.getAmountIn, which the pair then accepts."""
    amount_in = exact.get_amount_in(
        amount_out,
        _reserve(state, coin_in),
        _reserve(state, coin_out),
        fee_numerator=state.fee_numerator,
        fee_denominator=state.fee_denominator,
    )
    _require_swap(state, coin_in, amount_in, amount_out)
    return amount_in


def spot_price(state: ConstantProduct, coin_in: int, coin_out: int) -> Fraction:
    if state.reserve0 == 0 or state.reserve1 == 0:
        raise MathError("INSUFFICIENT_LIQUIDITY")
    return Fraction(_reserve(state, coin_out), _reserve(state, coin_in))


def without_fee(state: ConstantProduct) -> ConstantProduct:
    return replace(state, fee_numerator=1, fee_denominator=1)


def mint(state: ConstantProduct, amount0: int, amount1: int) -> exact.LiquidityAdded:
    """Sending both amounts and calling `mint`; a donation that lies in the pair already counts for
    whoever mints next."""
    return exact.mint(
        state.balance0 + amount0 - state.reserve0,
        state.balance1 + amount1 - state.reserve1,
        reserve0=state.reserve0,
        reserve1=state.reserve1,
        total_supply=state.total_supply,
        protocol_minted=_protocol_minted(state),
    )


def burn(state: ConstantProduct, liquidity: int) -> exact.LiquidityRemoved:
    """Sending `liquidity` LP tokens and calling `burn`."""
    return exact.burn(
        liquidity,
        balance0=state.balance0,
        balance1=state.balance1,
        total_supply=state.total_supply,
        protocol_minted=_protocol_minted(state),
    )


def _add(state: ConstantProduct, amounts: Sequence[int]) -> int:
    amount0, amount1 = amounts
    return mint(state, amount0, amount1).liquidity


def _remove(state: ConstantProduct, liquidity: int) -> tuple[int, ...]:
    removed = burn(state, liquidity)
    return removed.amount0, removed.amount1


def _protocol_minted(state: ConstantProduct) -> int:
    return exact.protocol_liquidity(
        state.reserve0,
        state.reserve1,
        total_supply=state.total_supply,
        k_last=state.k_last,
        share_numerator=state.protocol_share_numerator,
        share_denominator=state.protocol_share_denominator,
    )


def _require_swap(state: ConstantProduct, coin_in: int, amount_in: int, amount_out: int) -> None:
    balances = (state.balance0, state.balance1)
    exact.require_swap(
        amount_in,
        amount_out,
        reserve_in=_reserve(state, coin_in),
        reserve_out=_reserve(state, 1 - coin_in),
        balance_in=balances[coin_in],
        balance_out=balances[1 - coin_in],
        fee_numerator=state.fee_numerator,
        fee_denominator=state.fee_denominator,
    )


def _reserve(state: ConstantProduct, coin: int) -> int:
    return state.reserve1 if coin else state.reserve0


FAMILY: Family[ConstantProduct] = Family(
    coins=lambda _: 2,
    exact_in=exact_in,
    exact_out=exact_out,
    spot_price=spot_price,
    without_fee=without_fee,
    add=_add,
    remove=_remove,
)
