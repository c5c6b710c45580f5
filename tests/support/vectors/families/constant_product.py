"""Uniswap V2: `fee / fee_precision` is the part of the input that is kept."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.vectors.vector import Ask, Vector
from watcher.math.quotes import quote_exact_in, quote_exact_out
from watcher.state.constant_product import ConstantProduct


def _state(vector: Vector) -> ConstantProduct:
    reserve0, reserve1 = vector.state.integers("reserves")
    precision = vector.state.integer("fee_precision")
    return ConstantProduct(
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=reserve0,
        balance1=reserve1,
        total_supply=0,
        k_last=0,
        fee_numerator=precision - vector.state.integer("fee"),
        fee_denominator=precision,
        protocol_share_numerator=0,
        protocol_share_denominator=6,
        decimals0=0,
        decimals1=0,
    )


def uniswap_v2(vector: Vector) -> int:
    coins = vector.token_in, vector.token_out
    if vector.asks_exact_out:
        return quote_exact_out(_state(vector), *coins, vector.amount_out).amount_in
    return quote_exact_in(_state(vector), *coins, vector.amount_in).amount_out


FAMILIES: Mapping[str, Ask] = {"uniswap_v2": uniswap_v2}
