"""Balancer's stable pools. A composable pool's own token is one of its coins: to buy it is to add
one coin, to sell it is to remove one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact import balancer_v2, balancer_v3
from watcher.math.exact.balancer_fixed_point import ONE, mul_down
from watcher.math.exact.balancer_stable import AMP_PRECISION, StableMath
from watcher.math.exact.balancer_v3_pools import StablePool
from watcher.math.exact.stable_surge import Surge
from watcher.math.families.family import Family
from watcher.math.families.pooled import Pooled
from watcher.state.balancer_stable import BalancerStable
from watcher.state.target import Target

Pool = balancer_v2.VaultPool | balancer_v3.VaultPool


def pool_of(state: BalancerStable) -> Pool:
    if state.variant in ("v2_first", "v2"):
        factors = zip(state.scaling_factors, state.rates, strict=True)
        composable = state.bpt_index < len(state.balances)
        return balancer_v2.VaultPool(
            math=_math(state),
            balances=state.balances,
            scaling_factors=tuple(mul_down(factor, rate) for factor, rate in factors),
            swap_fee=state.swap_fee,
            total_supply=state.total_supply,
            bpt_index=state.bpt_index if composable else None,
            fees_due=state.protocol_fees_due,
        )
    hooked = state.surge_threshold < ONE
    return balancer_v3.vault_pool(
        StablePool(_math(state), limits_imbalance=state.variant == "v3"),
        balances=state.balances,
        scaling_factors=state.scaling_factors,
        rates=state.rates,
        swap_fee=state.swap_fee,
        aggregate_fee=state.aggregate_swap_fee,
        total_supply=state.total_supply,
        minimum_trade=state.minimum_trade,
        surge=Surge(state.surge_threshold, state.surge_max_fee) if hooked else None,
        due_besides=state.protocol_fees_due,
    )


def _open(state: BalancerStable) -> Pool:
    if state.paused:
        raise MathError("PAUSED")
    return pool_of(state)


def exact_in(state: BalancerStable, coin_in: int, coin_out: int, amount_in: int) -> int:
    match _open(state):
        case balancer_v2.VaultPool() as pool:
            return balancer_v2.swap_given_in(pool, coin_in, coin_out, amount_in)
        case pool:
            return balancer_v3.swap_exact_in(pool, coin_in, coin_out, amount_in)


def exact_out(state: BalancerStable, coin_in: int, coin_out: int, amount_out: int) -> int:
    match _open(state):
        case balancer_v2.VaultPool() as pool:
            return balancer_v2.swap_given_out(pool, coin_in, coin_out, amount_out)
        case pool:
            return balancer_v3.swap_exact_out(pool, coin_in, coin_out, amount_out)


def spot_price(state: BalancerStable, coin_in: int, coin_out: int) -> Fraction:
    """The ratio of what the last unit of each is worth in the invariant, at the pool's own D."""
    return _worth(state, coin_in) / _worth(state, coin_out)


def _worth(state: BalancerStable, coin: int) -> Fraction:
    """dD for one smallest unit, D kept for the pool's own token: D / supply of it, otherwise
    dD/dx_k = (A n + P/x_k) / (A n - 1 + (n + 1) P/D) with P = D^(n+1) / (n^n prod x)."""
    match pool_of(state):
        case balancer_v2.VaultPool() as pool:
            balances, k = pool.upscaled(), pool.skip_bpt(coin)
            unit = Fraction(pool.scaling_factors[coin], ONE)
        case live_pool:
            balances, k = list(live_pool.live), coin
            unit = Fraction(live_pool.scaling_factors[coin] * live_pool.rates[coin], ONE)
    if 0 in balances:
        raise MathError("a side of the pool is empty")
    # As swaps take it: rounded the other way it may not settle where they do.
    D = _math(state).calculate_invariant(balances, up=True)
    if coin == state.bpt_index:
        return Fraction(D, state.total_supply)
    n = len(balances)
    P = Fraction(D)
    for balance in balances:
        P *= Fraction(D, balance * n)
    Ann = Fraction(state.amplification * n, AMP_PRECISION)
    return unit * (Ann + P / balances[k]) / (Ann - 1 + (n + 1) * P / D)


def without_fee(state: BalancerStable) -> BalancerStable:
    return replace(state, swap_fee=0, surge_threshold=ONE, surge_max_fee=0)


def _add(state: BalancerStable, amounts: Sequence[int]) -> int:
    match _open(state):
        case balancer_v2.VaultPool() as pool:
            return balancer_v2.join_exact_tokens_in(pool, amounts)
        case pool:
            return balancer_v3.add_unbalanced(pool, amounts)


def _remove(state: BalancerStable, burned: int) -> tuple[int, ...]:
    match _open(state):
        case balancer_v2.VaultPool() as pool:
            return balancer_v2.exit_exact_bpt_in(pool, burned)
        case pool:
            return balancer_v3.remove_proportional(pool, burned)


def _remove_one(state: BalancerStable, burned: int, coin: int) -> int:
    if coin == state.bpt_index:
        raise MathError("a pool pays none of its own tokens when some are burned")
    match _open(state):
        case balancer_v2.VaultPool() as pool:
            return balancer_v2.exit_exact_bpt_in_for_one(pool, burned, coin)
        case pool:
            return balancer_v3.remove_single_exact_in(pool, burned, coin)


def _math(state: BalancerStable) -> StableMath:
    match state.variant:
        case "v2_first":
            return StableMath("rounded", state.amplification)
        case "v2":
            return StableMath("plain", state.amplification)
        case _:
            return StableMath("v3", state.amplification)


FAMILY: Family[BalancerStable] = Family(
    coins=lambda state: len(state.balances),
    exact_in=exact_in,
    exact_out=exact_out,
    spot_price=spot_price,
    without_fee=without_fee,
    add=_add,
    remove=_remove,
    remove_one=_remove_one,
)


def _after(state: BalancerStable, coin_in: int, coin_out: int, amount_in: int) -> BalancerStable:
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


def _coins(target: Target) -> tuple[int, ...]:
    """A composable pool's own token is none to be measured."""
    tokens = enumerate(target.tokens)
    return tuple(place for place, token in tokens if token.address != target.address)


def _units(state: BalancerStable) -> tuple[int, ...]:
    return tuple(f * rate for f, rate in zip(state.scaling_factors, state.rates, strict=True))


POOLED: Pooled[BalancerStable] = Pooled(
    balances=lambda state: state.balances,
    decimals=lambda state: state.decimals,
    after=_after,
    coins=_coins,
    units=_units,
)
