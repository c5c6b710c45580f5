"""Pools with ticks: what a swap takes and pays, and the tick after it where the vector says it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.vectors.vector import REVERT, Ask, Compared, Vector
from watcher.math.exact.concentrated import Pool, swap
from watcher.math.exact.concentrated_variants import ALGEBRA_V1

USUAL_SPACING = 60
"""Algebra's, where a vector does not say it."""


def uniswap_v3(vector: Vector) -> int | Compared:
    """Both amounts: of a swap that a limit or the end of the liquidity cuts short, those that the
    vector says were used and received."""
    state, fields = vector.state, vector.fields
    ticks = state.inners("ticks")
    pool = Pool(
        sqrt_price_x96=state.integer("sqrt_price_x96"),
        tick=state.integer("tick"),
        liquidity=state.integer("liquidity"),
        fee0=state.integer("fee"),
        fee1=state.integer("fee"),
        tick_spacing=state.integer("tick_spacing"),
        ticks=tuple(tick.integer("index") for tick in ticks),
        liquidity_net=tuple(tick.integer("liquidity_net") for tick in ticks),
    )
    limit = "sqrt_price_limit_x96"
    found = swap(
        pool,
        -vector.amount_out if vector.asks_exact_out else vector.amount_in,
        zero_for_one=vector.token_in == 0,
        sqrt_price_limit_x96=state.integer(limit) if limit in state else None,
    )
    if vector.kind == REVERT:
        return found.amount_in if vector.asks_exact_out else found.amount_out
    expected = vector.expected()
    amounts: tuple[int | None, int | None]
    if vector.asks_exact_out:
        amounts = expected, fields.integer("amount_out_received", vector.amount_out)
    else:
        amounts = fields.integer("amount_in_used", vector.amount_in), expected
    return Compared(
        (*amounts, fields.integer("tick_after", found.tick)),
        (found.amount_in, found.amount_out, found.tick),
    )


def algebra(vector: Vector) -> int:
    """The source's own names; a fee of each direction, or one of both."""
    extra = vector.state.inner("extra")
    state = extra.inner("globalState")
    ticks = extra.inners("ticks")
    fees = [state.integer(name if name in state else "fee") for name in ("feeZto", "feeOtz")]
    pool = Pool(
        sqrt_price_x96=state.integer("price"),
        tick=state.integer("tick"),
        liquidity=extra.integer("liquidity"),
        fee0=fees[0],
        fee1=fees[1],
        tick_spacing=extra.integer("tickSpacing", USUAL_SPACING),
        ticks=tuple(tick.integer("Index") for tick in ticks),
        liquidity_net=tuple(tick.integer("LiquidityNet") for tick in ticks),
        variant=ALGEBRA_V1,
    )
    if vector.asks_exact_out:
        return swap(pool, -vector.amount_out, zero_for_one=vector.token_in == 0).amount_in
    return swap(pool, vector.amount_in, zero_for_one=vector.token_in == 0).amount_out


FAMILIES: Mapping[str, Ask] = {"uniswap_v3": uniswap_v3, "algebra": algebra}
