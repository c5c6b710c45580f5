"""Solidly's families. A vector expects what getAmountOut answers.

Whose search for y a stable pool has, the vectors do not say: those that Velodrome V2's, or
Aerodrome's, sources are named for have the second, others the first.

solidly_usdfi and solidly_velocimeter are pairs of the first version: their own field names give a
fee as a float, which is exact in parts of a million.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from tests.support.vectors.vector import Ask, BadVector, Fields, Vector
from watcher.math.exact.solidly import Pool, Version, get_amount_out
from watcher.math.exact.stableswap_swaps import least_input

SECOND = ("velodrome-v2", "velodromev2", "aerodrome")
MILLION = 10**6


def solidly(vector: Vector) -> int:
    state = vector.state
    return _quoted(
        vector,
        stable=state.boolean("stable"),
        units=state.integers("decimals"),
        fee=state.integer("fee"),
        fee_denominator=state.integer("fee_precision"),
    )


def fork(vector: Vector) -> int:
    """Under the source's own field names."""
    state = vector.state
    return _quoted(
        vector,
        stable=state.inner("static_extra").boolean("stable"),
        units=tuple(10 ** token.integer("decimals") for token in state.inners("tokens")),
        fee=_millionths(state),
        fee_denominator=MILLION,
    )


FAMILIES: Mapping[str, Ask] = {
    "solidly_stable": solidly,
    "solidly_volatile": solidly,
    "solidly_usdfi": fork,
    "solidly_velocimeter": fork,
}


def _quoted(
    vector: Vector, *, stable: bool, units: tuple[int, ...], fee: int, fee_denominator: int
) -> int:
    reserve0, reserve1 = vector.state.integers("reserves")
    pool = Pool(
        version=_version(vector),
        stable=stable,
        reserves=(reserve0, reserve1),
        balances=(reserve0, reserve1),
        units=(units[0], units[1]),
        fee=fee,
        fee_denominator=fee_denominator,
        total_supply=0,
    )
    if vector.asks_exact_out:
        return least_input(
            lambda amount: get_amount_out(pool, vector.token_in, amount),
            dy=vector.amount_out,
            guess=vector.amount_out,
        )
    return get_amount_out(pool, vector.token_in, vector.amount_in)


def _version(vector: Vector) -> Version:
    source = vector.fields.text("source", "").lower()
    return "v2" if any(name in source for name in SECOND) else "v1"


def _millionths(state: Fields) -> int:
    fee = state.values.get("swap_fee")
    if not isinstance(fee, int | float) or isinstance(fee, bool):
        raise BadVector(f"{state.where}: swap_fee is not a number")
    parts = Fraction(str(fee)) * MILLION
    if parts.denominator != 1:
        raise BadVector(f"{state.where}: swap_fee is not in parts of a million")
    return int(parts)
