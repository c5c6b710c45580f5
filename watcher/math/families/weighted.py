"""Balancer's weighted pools of all versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact import balancer_v1, balancer_v2, balancer_v3
from watcher.math.exact.balancer_fixed_point import mul_down
from watcher.math.exact.balancer_v1 import BPool
from watcher.math.exact.balancer_v3_pools import WeightedPool
from watcher.math.exact.weighted import WeightedMath
from watcher.math.families.family import Family
from watcher.math.families.pooled import Pooled
from watcher.state.weighted import Weighted

Pool = BPool | balancer_v2.VaultPool | balancer_v3.VaultPool


def pool_of(state: Weighted) -> Pool:
    if state.variant == "v1":
        return BPool(state.balances, state.weights, state.swap_fee, state.total_supply)
    if state.variant in ("v2_first", "v2"):
        factors = zip(state.scaling_factors, state.rates, strict=True)
        return balancer_v2.VaultPool(
            math=WeightedMath(state.weights, first=state.variant == "v2_first"),
            balances=state.balances,
            scaling_factors=tuple(mul_down(factor, rate) for factor, rate in factors),
            swap_fee=state.swap_fee,
            total_supply=state.total_supply,
            fees_due=state.protocol_fees_due,
        )
    return balancer_v3.vault_pool(
        WeightedPool(WeightedMath(state.weights), state.minimum_balances),
        balances=state.balances,
        scaling_factors=state.scaling_factors,
        rates=state.rates,
        swap_fee=state.swap_fee,
        aggregate_fee=state.aggregate_swap_fee,
        total_supply=state.total_supply,
        minimum_trade=state.minimum_trade,
        due_besides=state.protocol_fees_due,
    )


def _open(state: Weighted) -> Pool:
    if state.paused:
        raise MathError("PAUSED")
    return pool_of(state)


def exact_in(state: Weighted, coin_in: int, coin_out: int, amount_in: int) -> int:
    match _open(state):
        case BPool() as pool:
            return balancer_v1.swap_exact_amount_in(pool, coin_in, coin_out, amount_in)
        case balancer_v2.VaultPool() as pool:
            return balancer_v2.swap_given_in(pool, coin_in, coin_out, amount_in)
        case pool:
            return balancer_v3.swap_exact_in(pool, coin_in, coin_out, amount_in)


def exact_out(state: Weighted, coin_in: int, coin_out: int, amount_out: int) -> int:
    match _open(state):
        case BPool() as pool:
            return balancer_v1.swap_exact_amount_out(pool, coin_in, coin_out, amount_out)
        case balancer_v2.VaultPool() as pool:
            return balancer_v2.swap_given_out(pool, coin_in, coin_out, amount_out)
        case pool:
            return balancer_v3.swap_exact_out(pool, coin_in, coin_out, amount_out)


def spot_price(state: Weighted, coin_in: int, coin_out: int) -> Fraction:
    """(b_out / w_out) / (b_in / w_in): scaling and rates cancel out."""
    if 0 in (state.balances[coin_in], state.balances[coin_out]):
        raise MathError("a side of the pool is empty")
    return Fraction(
        state.balances[coin_out] * state.weights[coin_in],
        state.balances[coin_in] * state.weights[coin_out],
    )


def without_fee(state: Weighted) -> Weighted:
    return replace(state, swap_fee=0)


def _add(state: Weighted, amounts: Sequence[int]) -> int:
    """V1 mints for one coin by its amount, for all of them only by what is minted."""
    match _open(state):
        case BPool() as pool:
            given = [k for k, amount in enumerate(amounts) if amount]
            if len(given) != 1:
                raise MathError("the pool takes an amount of one coin alone")
            return balancer_v1.joinswap_extern_amount_in(pool, given[0], amounts[given[0]])
        case balancer_v2.VaultPool() as pool:
            return balancer_v2.join_exact_tokens_in(pool, amounts)
        case pool:
            return balancer_v3.add_unbalanced(pool, amounts)


def _remove(state: Weighted, burned: int) -> tuple[int, ...]:
    match _open(state):
        case BPool() as pool:
            return balancer_v1.exit_pool(pool, burned)
        case balancer_v2.VaultPool() as pool:
            return balancer_v2.exit_exact_bpt_in(pool, burned)
        case pool:
            return balancer_v3.remove_proportional(pool, burned)


def _remove_one(state: Weighted, burned: int, coin: int) -> int:
    match _open(state):
        case BPool() as pool:
            return balancer_v1.exitswap_pool_amount_in(pool, coin, burned)
        case balancer_v2.VaultPool() as pool:
            return balancer_v2.exit_exact_bpt_in_for_one(pool, burned, coin)
        case pool:
            return balancer_v3.remove_single_exact_in(pool, burned, coin)


FAMILY: Family[Weighted] = Family(
    coins=lambda state: len(state.balances),
    exact_in=exact_in,
    exact_out=exact_out,
    spot_price=spot_price,
    without_fee=without_fee,
    add=_add,
    remove=_remove,
    remove_one=_remove_one,
)


def _after(state: Weighted, coin_in: int, coin_out: int, amount_in: int) -> Weighted:
    """The fee stays in the pool, but for what V3 takes out at once."""
    match _open(state):
        case balancer_v3.VaultPool() as pool:
            amount_out, leaving = balancer_v3.swapped_in(pool, coin_in, coin_out, amount_in)
        case _:
            amount_out, leaving = exact_in(state, coin_in, coin_out, amount_in), 0
    balances = list(state.balances)
    balances[coin_in] += amount_in - leaving
    balances[coin_out] -= amount_out
    return replace(state, balances=tuple(balances))


POOLED: Pooled[Weighted] = Pooled(
    balances=lambda state: state.balances,
    decimals=lambda state: state.decimals,
    after=_after,
    weights=lambda state: state.weights,
)
