"""Curve's CryptoSwap families. A vector expects what the view get_dy answers; for an exact output
in v1, which has no view for that, the least input that the view answers it for. Of a quote of
nothing the vectors' peer says that it refuses; the view answers 0."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.vectors.vector import REVERT, Ask, Compared, Fields, Vector
from watcher.math.exact import cryptoswap_swaps as swaps
from watcher.math.exact.cryptoswap import Pool
from watcher.math.exact.cryptoswap_variants import ARITHMETIC, Variant
from watcher.math.exact.stableswap_swaps import least_input


def twocrypto(vector: Vector) -> int | Compared:
    return _judged(vector, "twocrypto")


def tricrypto(vector: Vector) -> int | Compared:
    return _judged(vector, "tricrypto")


def tricrypto_ng(vector: Vector) -> int | Compared:
    return _judged(vector, "tricrypto_ng")


def twocrypto_ng(vector: Vector) -> int | Compared:
    return _judged(vector, "twocrypto_ng")


FAMILIES: Mapping[str, Ask] = {
    "curve_twocrypto": twocrypto,
    "curve_tricrypto": tricrypto,
    "curve_tricrypto_ng": tricrypto_ng,
    "curve_twocrypto_ng": twocrypto_ng,
}


NOTHING = "get_dy answers 0 where the peer refuses to quote nothing"


def _judged(vector: Vector, variant: Variant) -> int | Compared:
    amount = _quoted(vector, variant)
    if vector.kind == REVERT and amount == 0:
        return Compared("nothing", "nothing", NOTHING)
    return amount


def _quoted(vector: Vector, variant: Variant) -> int:
    pool, i, j = _pool(vector, variant), vector.token_in, vector.token_out
    if not vector.asks_exact_out:
        return swaps.get_dy(pool, i, j, vector.amount_in)
    guess = swaps.get_dx(pool, i, j, vector.amount_out)
    if pool.rules.generation == "ng":
        return guess
    return least_input(lambda dx: swaps.get_dy(pool, i, j, dx), dy=vector.amount_out, guess=guess)


def _pool(vector: Vector, variant: Variant) -> Pool:
    """`A` and gamma are at the vector's block already; a price may be one or a list."""
    state, n = vector.state, ARITHMETIC[variant].coins
    price_scale = _prices(state, "price_scale")
    return Pool(
        variant=variant,
        balances=state.integers("balances"),
        precisions=state.integers("precision_mul", [1] * n),
        A=state.integer("A"),
        gamma=state.integer("gamma"),
        D=state.integer("D"),
        price_scale=price_scale,
        price_oracle=price_scale,
        last_prices=price_scale,
        mid_fee=state.integer("mid_fee"),
        out_fee=state.integer("out_fee"),
        fee_gamma=state.integer("fee_gamma"),
        allowed_extra_profit=state.integer("allowed_extra_profit", 0),
        adjustment_step=state.integer("adjustment_step", 0),
        xcp_profit=state.integer("xcp_profit", 0),
        virtual_price=state.integer("virtual_price", 0),
        total_supply=state.integer("lp_supply", 0),
        ramping=_ramping(vector, variant),
    )


def _prices(state: Fields, name: str) -> tuple[int, ...]:
    if isinstance(state.values.get(name), list):
        return state.integers(name)
    return (state.integer(name),)


def _ramping(vector: Vector, variant: Variant) -> bool:
    """v1 computes D anew until a move has seen the ramp's end, NG until that time."""
    until = vector.state.integer("future_A_gamma_time", 0)
    if ARITHMETIC[variant].generation == "v1":
        return until > 0
    return "timestamp" in vector.fields and until > vector.fields.integer("timestamp")
