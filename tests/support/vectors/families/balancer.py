"""Balancer's weighted and stable pools of V2 and V3.

V3's vectors give live balances, from which the raw ones follow: live ones are rounded down. Those
of Kyber's give the wrapped coins of buffers behind the pool's own, with sampled answers of their
vaults: a conversion is taken at the sample as the vector's own source took it, and the pool's part
of it is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.support.vectors.vector import Ask, BadVector, Compared, Fields, Vector
from watcher.math.exact import balancer_v3
from watcher.math.families import balancer_stable as stable_family
from watcher.math.families import weighted as weighted_family
from watcher.math.quotes import (
    add_liquidity,
    quote_exact_in,
    quote_exact_out,
    remove_liquidity,
    remove_liquidity_one,
)
from watcher.state.balancer_stable import BalancerStable
from watcher.state.weighted import Weighted, WeightedVariant

ONE = 10**18
MINIMUM_TRADE = 10**6
"""Of the Vault of V3 on every chain."""

BUFFERED = "wrapping and unwrapping at the vector's own samples of the vaults, the swap by ours"


def v2_weighted(vector: Vector) -> int:
    return _quote(vector, _v2_weighted(vector.state))


def v2_stable(vector: Vector) -> int:
    first = vector.state.integer("pool_type_version", 1) == 1
    return _quote(vector, _v2_stable(vector.state, first=first))


def v2_composable(vector: Vector) -> int:
    return _quote(vector, _v2_stable(vector.state, first=False))


def v3_weighted(vector: Vector) -> int:
    return _quote(vector, _v3_weighted(vector.state))


def v3_stable(vector: Vector) -> int:
    return _quote(vector, _v3_stable(vector.state))


def v3_weighted_liquidity(vector: Vector) -> Compared:
    return _liquidity(vector, _v3_weighted(vector.state))


def v3_stable_liquidity(vector: Vector) -> Compared:
    return _liquidity(vector, _v3_stable(vector.state))


def kyber_weighted(vector: Vector) -> int | Compared:
    return _buffered(vector, _v3_weighted(_normalised(vector.state)))


def kyber_stable(vector: Vector) -> int | Compared:
    return _buffered(vector, _v3_stable(_normalised(vector.state)))


FAMILIES: Mapping[str, Ask] = {
    "balancer_v2_weighted": v2_weighted,
    "balancer_v2_stable": v2_stable,
    "balancer_v2_composable_stable": v2_composable,
    "balancer_v3_weighted": v3_weighted,
    "balancer_v3_weighted_kyber": kyber_weighted,
    "balancer_v3_weighted_liquidity": v3_weighted_liquidity,
    "balancer_v3_stable": v3_stable,
    "balancer_v3_stable_kyber": kyber_stable,
    "balancer_v3_stable_liquidity": v3_stable_liquidity,
    "balancer_v3_stable_surge": v3_stable,
    "balancer_v3_stable_surge_liquidity": v3_stable_liquidity,
}


def _quote(vector: Vector, state: Weighted | BalancerStable) -> int:
    coins = vector.token_in, vector.token_out
    if vector.asks_exact_out:
        return quote_exact_out(state, *coins, vector.amount_out).amount_in
    return quote_exact_in(state, *coins, vector.amount_in).amount_out


def _v2_weighted(state: Fields) -> Weighted:
    balances = state.integers("balances")
    first = state.integer("pool_type_version", 2) == 1
    variant: WeightedVariant = "v2_first" if first else "v2"
    return Weighted(
        variant=variant,
        balances=balances,
        scaling_factors=_scaling_factors(state, balances),
        rates=(ONE,) * len(balances),
        weights=state.integers("weights"),
        swap_fee=state.integer("swap_fee"),
        aggregate_swap_fee=0,
        minimum_trade=0,
        minimum_balances=(),
        protocol_fees_due=(),
        total_supply=state.integer("total_supply", 0),
        decimals=(18,) * len(balances),
        paused=False,
    )


def _v2_stable(state: Fields, *, first: bool) -> BalancerStable:
    balances = state.integers("balances")
    return BalancerStable(
        variant="v2_first" if first else "v2",
        balances=balances,
        scaling_factors=_scaling_factors(state, balances),
        rates=(ONE,) * len(balances),
        amplification=state.integer("amp"),
        swap_fee=state.integer("swap_fee"),
        aggregate_swap_fee=0,
        minimum_trade=0,
        surge_threshold=ONE,
        surge_max_fee=0,
        protocol_fees_due=(),
        total_supply=state.integer("total_supply", 0),
        bpt_index=state.integer("bpt_index", len(balances)),
        decimals=(18,) * len(balances),
        paused=False,
    )


def _scaling_factors(state: Fields, balances: Sequence[int]) -> tuple[int, ...]:
    return state.integers("scaling_factors", [ONE] * len(balances))


def _v3_weighted(state: Fields) -> Weighted:
    balances, factors, rates = _v3_coins(state)
    return Weighted(
        variant="v3_first",
        balances=balances,
        scaling_factors=factors,
        rates=rates,
        weights=state.integers("weights"),
        swap_fee=state.integer("swap_fee"),
        aggregate_swap_fee=state.integer("aggregate_swap_fee", 0),
        minimum_trade=MINIMUM_TRADE,
        minimum_balances=(),
        protocol_fees_due=(),
        total_supply=state.integer("total_supply", 0),
        decimals=(18,) * len(balances),
        paused=False,
    )


def _v3_stable(state: Fields) -> BalancerStable:
    balances, factors, rates = _v3_coins(state)
    surge = state.inner("surge") if "surge" in state else Fields({}, state.where)
    return BalancerStable(
        variant="v3_first",
        balances=balances,
        scaling_factors=factors,
        rates=rates,
        amplification=state.integer("amp"),
        swap_fee=state.integer("swap_fee"),
        aggregate_swap_fee=state.integer("aggregate_swap_fee", 0),
        minimum_trade=MINIMUM_TRADE,
        surge_threshold=surge.integer("threshold_percentage", ONE),
        surge_max_fee=surge.integer("max_surge_fee_percentage", 0),
        protocol_fees_due=(),
        total_supply=state.integer("total_supply", 0),
        bpt_index=len(balances),
        decimals=(18,) * len(balances),
        paused=False,
    )


def _v3_coins(state: Fields) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Raw balances, scaling factors and rates."""
    live = state.integers("balances_scaled18")
    factors, rates = state.integers("scaling_factors"), state.integers("rates")
    units = [factor * rate for factor, rate in zip(factors, rates, strict=True)]
    raw = tuple(-(-balance * ONE // unit) for balance, unit in zip(live, units, strict=True))
    if balancer_v3.live_balances(raw, factors, rates, up=False) != live:
        raise BadVector(f"{state.where}: balances_scaled18 are those of no raw balances")
    return raw, factors, rates


def _liquidity(vector: Vector, state: Weighted | BalancerStable) -> Compared:
    """The quote of a liquidity operation that the vector's source asked the Vault's router."""
    operation = vector.fields.inner("operation")
    kind = vector.kind
    if kind.startswith("add:"):
        return _addition(kind, operation, state)
    if kind.startswith("remove:"):
        return _removal(kind, operation, state)
    raise BadVector(f"{vector.id}: {vector.family} does not know the kind {kind!r}")


def _addition(kind: str, operation: Fields, state: Weighted | BalancerStable) -> Compared:
    amounts, bpt = operation.integers("inputAmountsRaw"), operation.integer("bptOutRaw")
    match kind:
        case "add:Unbalanced":
            return Compared(bpt, add_liquidity(state, amounts))
        case "add:SingleToken":
            coin = _single(amounts)
            got = balancer_v3.add_single_exact_out(_pool(state), bpt, coin)
            return Compared(amounts[coin], got)
        case "add:Proportional":
            return Compared(amounts, balancer_v3.add_proportional(_pool(state), bpt))
        case _:
            raise BadVector(f"{operation.where}: there is no {kind!r}")


def _removal(kind: str, operation: Fields, state: Weighted | BalancerStable) -> Compared:
    amounts, bpt = operation.integers("amountsOutRaw"), operation.integer("bptInRaw")
    match kind:
        case "remove:Proportional":
            return Compared(amounts, remove_liquidity(state, bpt))
        case "remove:SingleTokenExactIn":
            coin = _single(amounts)
            return Compared(amounts[coin], remove_liquidity_one(state, bpt, coin))
        case "remove:SingleTokenExactOut":
            coin = _single(amounts)
            got = balancer_v3.remove_single_exact_out(_pool(state), amounts[coin], coin)
            return Compared(bpt, got)
        case _:
            raise BadVector(f"{operation.where}: there is no {kind!r}")


def _pool(state: Weighted | BalancerStable) -> balancer_v3.VaultPool:
    family = weighted_family if isinstance(state, Weighted) else stable_family
    pool = family.pool_of(state)
    if not isinstance(pool, balancer_v3.VaultPool):
        raise TypeError("a vector of V3 made no pool of V3")
    return pool


def _single(amounts: Sequence[int]) -> int:
    [coin] = [k for k, amount in enumerate(amounts) if amount]
    return coin


def _normalised(state: Fields) -> Fields:
    """Kyber's names to those of the other vectors."""
    extra = state.inner("extra")
    surge = extra.values.get("surge") or {}
    return Fields(
        {
            "balances_scaled18": extra.values.get("balsE18"),
            "scaling_factors": extra.values.get("decs"),
            "rates": extra.values.get("rates"),
            "swap_fee": extra.values.get("fee"),
            "aggregate_swap_fee": extra.values.get("aggrFee"),
            "weights": extra.values.get("normalizedWeights"),
            "amp": extra.values.get("ampParam"),
            "surge": {
                "threshold_percentage": surge.get("thresholdPercentage"),
                "max_surge_fee_percentage": surge.get("maxSurgeFeePercentage"),
            },
        },
        state.where,
    )


def _buffered(vector: Vector, state: Weighted | BalancerStable) -> int | Compared:
    """Coins of the vector: for each of the pool's what is in its buffer, or itself; then the
    wrapped ones, which are the pool's own."""
    buffers = vector.state.inner("extra").values.get("buffs") or [None] * len(state.balances)
    n = len(state.balances)
    wrapped = [k for k, buffer in enumerate(buffers) if buffer]

    def place(token: int) -> tuple[int, Fields | None]:
        if token >= n:
            return wrapped[token - n], None
        buffer = buffers[token]
        return token, Fields(buffer, vector.id) if buffer else None

    (i, wrap), (j, unwrap) = place(vector.token_in), place(vector.token_out)
    amount = vector.amount_in
    if wrap is not None:
        amount = _converted(amount, wrap.integers("dRate"))
    if i != j:
        amount = quote_exact_in(state, i, j, amount).amount_out
    if unwrap is not None:
        amount = _converted(amount, unwrap.integers("rRate"))
    if wrap is None and unwrap is None:
        return amount
    return Compared(vector.expected(), amount, BUFFERED)


def _converted(amount: int, samples: Sequence[int]) -> int:
    """At the nearest of the sampled amounts 10**6, 10**12, ... 10**30, as orders of magnitude."""
    size = 10**6
    for sample in samples[:-1]:
        if amount <= size * 1000:
            return amount * sample // size
        size *= 10**6
    return amount * samples[-1] // size
