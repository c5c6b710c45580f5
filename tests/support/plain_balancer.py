"""Balancer's pools by plain `eth_call`s. What the first pools of V2 are due to pay no getter tells:
it follows from what the getters say of the last join."""

from __future__ import annotations

from typing import Any

from tests.support.plain import Plain
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.places import BalancerPool
from watcher.math.exact.balancer_stable import StableMath
from watcher.math.exact.balancer_v2_fees import stable_fees_due, weighted_fees_due
from watcher.math.exact.weighted import WeightedMath
from watcher.state import BalancerStable, Weighted

ONE = 10**18
FEE = ONE // 2
"""The protocol's part of the swap fees in the local world."""


def first_pool(chain: LocalChain, known: BalancerPool) -> Weighted:
    pool, coins = Plain(chain, known.address), [coin.address for coin in known.coins]
    weigh = "getDenormalizedWeight"
    return Weighted(
        variant="v1",
        balances=tuple(pool.integer("getBalance", coin, inputs="address") for coin in coins),
        scaling_factors=(1,) * len(coins),
        rates=(ONE,) * len(coins),
        weights=tuple(pool.integer(weigh, coin, inputs="address") for coin in coins),
        swap_fee=pool.integer("getSwapFee"),
        aggregate_swap_fee=0,
        minimum_trade=0,
        minimum_balances=(),
        protocol_fees_due=(),
        total_supply=pool.integer("totalSupply"),
        decimals=tuple(coin.decimals for coin in known.coins),
        paused=False,
    )


def weighted_pool(chain: LocalChain, known: BalancerPool, *, first: bool) -> Weighted:
    pool, factors = Plain(chain, known.address), _factors(known)
    balances, weights = _balances(chain, known), pool.get("getNormalizedWeights()(uint256[])")[0]
    due: tuple[int, ...] = ()
    if first:
        due = weighted_fees_due(
            WeightedMath(weights, first=True),
            [b * f // ONE for b, f in zip(balances, factors, strict=True)],
            last_invariant=pool.integer("getLastInvariant"),
            percentage=FEE,
        )
    return Weighted(
        variant="v2_first" if first else "v2",
        balances=balances,
        scaling_factors=factors,
        rates=(ONE,) * len(balances),
        weights=weights,
        swap_fee=pool.integer("getSwapFeePercentage"),
        aggregate_swap_fee=0,
        minimum_trade=0,
        minimum_balances=(),
        protocol_fees_due=due,
        total_supply=pool.integer("totalSupply" if first else "getActualSupply"),
        decimals=tuple(coin.decimals for coin in known.coins),
        paused=bool(pool.get("getPausedState()(bool,uint256,uint256)")[0]),
    )


def stable_pool(chain: LocalChain, known: BalancerPool, *, first: bool) -> BalancerStable:
    """Before any join but the first, which has minted that invariant."""
    pool, factors = Plain(chain, known.address), _factors(known)
    balances = _balances(chain, known)
    composable = known.address in [coin.address for coin in known.coins]
    amplification = pool.get("getAmplificationParameter()(uint256,bool,uint256)")[0]
    due: tuple[int, ...] = ()
    if not composable:
        due = stable_fees_due(
            StableMath("rounded" if first else "plain", amplification),
            [b * f // ONE for b, f in zip(balances, factors, strict=True)],
            last_invariant=pool.integer("totalSupply"),
            percentage=FEE,
        )
    return BalancerStable(
        variant="v2_first" if first else "v2",
        balances=balances,
        scaling_factors=factors,
        rates=_rates(chain, known) if composable else (ONE,) * len(balances),
        amplification=amplification,
        swap_fee=pool.integer("getSwapFeePercentage"),
        aggregate_swap_fee=0,
        minimum_trade=0,
        surge_threshold=ONE,
        surge_max_fee=0,
        protocol_fees_due=due,
        total_supply=pool.integer("getActualSupply" if composable else "totalSupply"),
        bpt_index=pool.integer("getBptIndex") if composable else len(balances),
        decimals=tuple(coin.decimals for coin in known.coins),
        paused=bool(pool.get("getPausedState()(bool,uint256,uint256)")[0]),
    )


def _balances(chain: LocalChain, known: BalancerPool) -> tuple[int, ...]:
    vault = Plain(chain, known.vault)
    tokens = "getPoolTokens(bytes32)(address[],uint256[],uint256)"
    found: tuple[Any, ...] = vault.get(tokens, known.pool_id)
    return tuple(found[1])


def _factors(known: BalancerPool) -> tuple[int, ...]:
    return tuple(int(10 ** (36 - coin.decimals)) for coin in known.coins)


def _rates(chain: LocalChain, known: BalancerPool) -> tuple[int, ...]:
    """Those that the pool keeps, which have not changed by then."""
    pool = Plain(chain, known.address)
    scaled = pool.get("getScalingFactors()(uint256[])")[0]
    return tuple(s * ONE // f for s, f in zip(scaled, _factors(known), strict=True))
