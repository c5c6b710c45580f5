"""What everyone quotes: one pool a family, as plain data that any peer can be made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.support.balancer_strategies import balancer_stable, weighted
from tests.support.strategies import stable, ticked
from tests.support.strategies_pools import crypto, solidly
from watcher.math.exact import (
    balancer_v3,
    concentrated,
    constant_product,
    cryptoswap_swaps,
    stableswap_swaps,
)
from watcher.math.exact import solidly as solidly_math
from watcher.math.exact.tick_math import get_sqrt_price_at_tick
from watcher.math.families import balancer_stable as balancer_stable_family
from watcher.math.families import concentrated as concentrated_family
from watcher.math.families import cryptoswap as cryptoswap_family
from watcher.math.families import solidly as solidly_family
from watcher.math.families import stableswap as stableswap_family
from watcher.math.families import weighted as weighted_family
from watcher.state import ConstantProduct, State

AMOUNTS = 16
SPACING, RANGES, CROSSED = 60, 40, 20
E18 = 10**18

Quote = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Problem:
    """Selling coin 0 for coin 1. `data` is what the peers are told, `exact` our own arithmetic on
    values that are made once, as the peers' are."""

    family: str
    title: str
    state: State
    data: dict[str, Any]
    amounts: list[int]
    exact: Quote


def problems() -> list[Problem]:
    return [
        _constant_product(),
        _ticks("v3_one_range", "Uniswap V3, within a range", crossed=0),
        _ticks("v3_20_ticks", f"Uniswap V3, over {CROSSED} ticks", crossed=CROSSED),
        _stableswap(),
        _cryptoswap("twocrypto", "CryptoSwap, two coins, v1", (1_500 * E18,), (18, 18)),
        _cryptoswap(
            "tricrypto_ng", "CryptoSwap, three coins, NG", (1_500 * E18, 30_000 * E18), (18, 18, 18)
        ),
        _weighted(),
        _balancer_stable(),
        _solidly(),
    ]


def _amounts(most: int) -> list[int]:
    random = Random(20)  # noqa: S311 — the same amounts in each run
    return [random.randrange(most // 100, most) for _ in range(AMOUNTS)]


def _constant_product() -> Problem:
    reserves = (1_234 * E18 + 7, 3_900_000 * E18 + 11)
    state = ConstantProduct(*reserves, *reserves, E18, 0, 997, 1000, 0, 6, 18, 18)

    def exact(amount: int) -> int:
        return constant_product.get_amount_out(
            amount, *reserves, fee_numerator=997, fee_denominator=1000
        )

    data = {"reserves": reserves, "fee": [3, 1000]}
    return Problem("v2", "Uniswap V2", state, data, _amounts(10 * E18), exact)


def _ticks(family: str, title: str, *, crossed: int) -> Problem:
    """Ranges side by side and of different depth; every amount ends as many ticks further on."""
    random = Random(3)  # noqa: S311 — as above
    places = range(-RANGES, RANGES)
    positions = [
        (SPACING * place, SPACING * (place + 1), random.randrange(10**21, 10**22))
        for place in places
    ]
    state = ticked(positions, tick=SPACING // 2, spacing=SPACING)
    pool = concentrated_family.pool_of(state)
    # Half a range before the first tick is crossed, a whole one between two.
    ends = [_amount_over(pool, crossed, part=part) for part in range(1, AMOUNTS + 1)]
    data = {
        "sqrt_price_x96": state.sqrt_price_x96,
        "tick": state.tick,
        "liquidity": state.liquidity,
        "fee": state.fee0,
        "spacing": SPACING,
        "ticks": state.ticks,
        "net": state.liquidity_net,
        "gross": state.liquidity_gross,
    }

    def exact(amount: int) -> int:
        return concentrated.swap(pool, amount, zero_for_one=True).amount_out

    return Problem(family, title, state, data, ends, exact)


def _amount_over(pool: concentrated.Pool, crossed: int, *, part: int) -> int:
    """What sells through exactly so many ticks, and `part` of AMOUNTS + 1 into what comes then."""
    first = pool.tick // SPACING * SPACING
    below = first - SPACING * crossed
    above = min(pool.sqrt_price_x96, get_sqrt_price_at_tick(below + SPACING))
    limit = above - (above - get_sqrt_price_at_tick(below)) * part // (AMOUNTS + 1)
    found = concentrated.swap(pool, 1 << 200, zero_for_one=True, sqrt_price_limit_x96=limit)
    if concentrated.swap(pool, found.amount_in, zero_for_one=True).ticks_crossed != crossed:
        raise RuntimeError(f"the problem does not cross {crossed} ticks")
    return found.amount_in


def _stableswap() -> Problem:
    balances = (31_000_000 * E18, 29_000_000 * 10**6, 44_000_000 * 10**6)
    state = stable(balances, variant="three_pool", A=2_000, fee=1_000_000, decimals=(18, 6, 6))
    pool = stableswap_family.pool_of(state)

    def exact(amount: int) -> int:
        return stableswap_swaps.exchange(pool, 0, 1, amount).amount_out

    data = {"A": 2_000, "balances": balances, "rates": state.rates, "fee": state.fee}
    return Problem(
        "stableswap", "StableSwap, three coins", state, data, _amounts(10**6 * E18), exact
    )


def _cryptoswap(
    variant: Any, title: str, prices: tuple[int, ...], decimals: tuple[int, ...]
) -> Problem:
    worth = tuple(
        share * 10_000 * E18 for share in ((90, 110) if len(prices) == 1 else (90, 110, 100))
    )
    given: dict[str, Any] = (
        {} if len(prices) == 1 else {"A": 1_707_629, "gamma": 11_809_167_828_997}
    )
    state = crypto(worth, variant=variant, prices=prices, decimals=decimals, **given)
    pool = cryptoswap_family.pool_of(state)

    def exact(amount: int) -> int:
        return cryptoswap_swaps.get_dy(pool, 0, 1, amount)

    data = {
        "A": state.amplification,
        "gamma": state.gamma,
        "balances": state.balances,
        "D": state.invariant,
        "price_scale": state.price_scale,
        "precisions": [10 ** (18 - places) for places in decimals],
        "fees": [state.mid_fee, state.out_fee, state.fee_gamma],
        "tokens": state.total_supply,
    }
    return Problem(variant, title, state, data, _amounts(10_000 * E18), exact)


def _balancer(state: Any, **more: Any) -> dict[str, Any]:
    return {
        "scaling_factors": state.scaling_factors,
        "rates": state.rates,
        "balances": [b * s for b, s in zip(state.balances, state.scaling_factors, strict=True)],
        "swap_fee": state.swap_fee,
        "total_supply": state.total_supply,
        **more,
    }


def _weighted() -> Problem:
    state = weighted(
        (3_000 * E18, 4_000_000 * E18), variant="v3_first", weights=(7 * E18 // 10, 3 * E18 // 10)
    )
    pool: Any = weighted_family.pool_of(state)
    data = _balancer(state, weights=state.weights)

    def exact(amount: int) -> int:
        return balancer_v3.swap_exact_in(pool, 0, 1, amount)

    return Problem("weighted", "Balancer V3, weighted", state, data, _amounts(100 * E18), exact)


def _balancer_stable() -> Problem:
    state = balancer_stable((3_000_000 * E18, 4_100_000 * E18), variant="v3_first", amp=200)
    pool: Any = balancer_stable_family.pool_of(state)
    data = _balancer(state, amp=state.amplification)

    def exact(amount: int) -> int:
        return balancer_v3.swap_exact_in(pool, 0, 1, amount)

    return Problem(
        "balancer_stable", "Balancer V3, stable", state, data, _amounts(10**5 * E18), exact
    )


def _solidly() -> Problem:
    state = solidly(3_000_000 * E18, 4_100_000 * 10**6, decimals=(18, 6))
    pool = solidly_family.pool_of(state)

    def exact(amount: int) -> int:
        return solidly_math.get_amount_out(pool, 0, amount)

    data = {
        "reserves": [state.reserve0, state.reserve1],
        "units": [E18, 10**6],
        "fee": [state.fee, state.fee_denominator],
    }
    return Problem("solidly", "Solidly, stable, V2", state, data, _amounts(10**5 * E18), exact)
