"""Curve's StableSwap families and Saddle.

Which contract a pool is follows from its family and, for plain pools, from A_precision. Where the
view and the exchange differ, each family expects one of them: plain pools what `exchange` pays
(the fee taken at 18 decimals), the others what the view named by the README of the vectors answers.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.vectors.vector import Ask, Fields, Vector
from watcher.math.exact import stableswap_meta as meta
from watcher.math.exact import stableswap_swaps as swaps
from watcher.math.exact.saddle import remove_liquidity_one_token
from watcher.math.exact.stableswap import PRECISION, Pool, amplification, get_virtual_price
from watcher.math.exact.stableswap_liquidity import calc_token_amount
from watcher.math.exact.stableswap_meta import Metapool
from watcher.math.exact.stableswap_variants import Variant

SADDLE_PRECISION = 100


def plain(vector: Vector) -> int:
    pool, i, j = _pool(vector.state, _plain_variant(vector.state)), *_pair(vector)
    if vector.asks_exact_out:
        return swaps.get_dx(pool, i, j, vector.amount_out)
    return swaps.exchange(pool, i, j, vector.amount_in).amount_out


def rate_oracle(vector: Vector) -> int:
    return _viewed(vector, _pool(vector.state, "rate_oracle"))


def aave(vector: Vector) -> int:
    return _viewed(vector, _pool(vector.state, "aave"))


def ng(vector: Vector) -> int:
    return _viewed(vector, _pool(vector.state, "ng"))


def compound(vector: Vector) -> int:
    pool, i, j = _pool(vector.state, "lending"), *_pair(vector)
    underlying = vector.fields.boolean("underlying", False)
    if vector.asks_exact_out:
        needed = swaps.get_dx_underlying if underlying else swaps.get_dx
        return needed(pool, i, j, vector.amount_out)
    paid = swaps.get_dy_underlying if underlying else swaps.get_dy
    return paid(pool, i, j, vector.amount_in)


def metapool(vector: Vector) -> int:
    return _metapool(vector, _plain_variant(vector.state))


def ng_metapool(vector: Vector) -> int:
    return _metapool(vector, "ng")


def saddle(vector: Vector) -> int:
    """An index behind the last coin is the LP token. Those vectors are what the contract's views
    answer to an account that has just deposited: calculateTokenAmount leaves the fee of adding
    out, which addLiquidity takes; calculateRemoveLiquidityOneToken takes both fees."""
    pool, i, j = _saddle_pool(vector), *_pair(vector)
    lp = len(pool.balances)
    if i == lp:
        return remove_liquidity_one_token(pool, vector.amount_in, j)
    if j == lp:
        amounts = [vector.amount_in if k == i else 0 for k in range(lp)]
        return calc_token_amount(pool, amounts, is_deposit=True)
    return swaps.exchange(pool, i, j, vector.amount_in).amount_out


FAMILIES: Mapping[str, Ask] = {
    "curve_stableswap_plain": plain,
    "curve_plain_oracle": rate_oracle,
    "curve_aave": aave,
    "curve_compound": compound,
    "curve_stableswap_ng": ng,
    "curve_meta": metapool,
    "curve_ng_meta": ng_metapool,
    "saddle": saddle,
}


def _pair(vector: Vector) -> tuple[int, int]:
    return vector.token_in, vector.token_out


def _viewed(vector: Vector, pool: Pool) -> int:
    i, j = _pair(vector)
    if vector.asks_exact_out:
        return swaps.get_dx(pool, i, j, vector.amount_out)
    return swaps.get_dy(pool, i, j, vector.amount_in)


def _plain_variant(state: Fields) -> Variant:
    if "offpeg_fee_multiplier" in state:
        return "ng"
    return "three_pool" if state.integer("A_precision") == 1 else "factory"


def _pool(state: Fields, variant: Variant) -> Pool:
    """`A` is at the vector's block already; a lending pool's rates lack the coins' precision."""
    balances = state.integers("balances")
    precisions = state.integers("precision_mul", [1] * len(balances))
    rates = state.integers("rates", [PRECISION] * len(balances))
    scaled_rates = tuple(rate * mul for rate, mul in zip(rates, precisions, strict=True))
    return Pool(
        variant=variant,
        balances=balances,
        rates=scaled_rates,
        amp=state.integer("A"),
        a_precision=state.integer("A_precision"),
        fee=state.integer("fee"),
        admin_fee=state.integer("admin_fee"),
        offpeg_fee_multiplier=state.integer("offpeg_fee_multiplier", 0),
        total_supply=state.integer("lp_supply", 0),
        underlying_precisions=precisions if variant == "lending" else (),
    )


def _metapool(vector: Vector, variant: Variant) -> int:
    state = vector.state
    base_state = state.inner("base")
    base = _pool(base_state, _plain_variant(base_state))
    rates = state.values["rates"]
    known = rates[1] if rates[1] is not None else str(get_virtual_price(base))
    own = Fields({**state.values, "rates": [rates[0], known]}, state.where)
    both, (i, j) = Metapool(_pool(own, variant), base), _pair(vector)
    if vector.asks_exact_out:
        return meta.get_dx_underlying(both, i, j, vector.amount_out)
    if vector.fields.text("call", "get_dy_underlying") == "exchange_underlying":
        return meta.exchange_underlying(both, i, j, vector.amount_in)
    return meta.get_dy_underlying(both, i, j, vector.amount_in)


def _saddle_pool(vector: Vector) -> Pool:
    extra, static = vector.state.inner("extra"), vector.state.inner("static_extra")
    multipliers = static.integers("precisionMultipliers")
    reserves = vector.state.integers("reserves")
    coins = len(multipliers)
    return Pool(
        variant="saddle",
        balances=reserves[:coins],
        rates=tuple(multiplier * PRECISION for multiplier in multipliers),
        amp=_saddle_amplification(vector, extra),
        a_precision=SADDLE_PRECISION,
        fee=extra.integer("swapFee"),
        admin_fee=extra.integer("adminFee"),
        offpeg_fee_multiplier=0,
        total_supply=reserves[coins] if len(reserves) > coins else 0,
        withdraw_fee=extra.integer("defaultWithdrawFee", 0),
    )


def _saddle_amplification(vector: Vector, extra: Fields) -> int:
    future = extra.integer("futureA")
    if "timestamp" not in vector.fields:
        return future  # no time is told, so the ramp is taken to be over
    return amplification(
        vector.fields.integer("timestamp"),
        initial=extra.integer("initialA"),
        future=future,
        initial_time=extra.integer("initialATime"),
        future_time=extra.integer("futureATime"),
    )
