"""Balancer's pools for hypothesis and by hand."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from tests.support.numbers import sizes
from watcher.state.balancer_stable import BalancerStable, BalancerStableVariant
from watcher.state.weighted import Weighted, WeightedVariant

ONE = 10**18


def scaling(variant: str, decimals: tuple[int, ...]) -> tuple[int, ...]:
    """The scaling factors of Balancer's pools: of 18 decimals in V2, whole in V3, 1 in V1."""
    whole = tuple(1 if variant == "v1" else int(10 ** (18 - d)) for d in decimals)
    return tuple(ONE * factor for factor in whole) if variant.startswith("v2") else whole


def weighted(
    balances: tuple[int, ...] = (10**24, 10**24),
    *,
    variant: WeightedVariant = "v2",
    weights: tuple[int, ...] | None = None,
    fee: int = 3 * 10**15,
    aggregate_fee: int = 0,
    decimals: tuple[int, ...] | None = None,
    rates: tuple[int, ...] | None = None,
    total_supply: int = 2 * 10**24,
    paused: bool = False,
) -> Weighted:
    """A weighted pool by hand, of equal weights unless told."""
    n = len(balances)
    places = decimals or (18,) * n
    even = (ONE // n,) * (n - 1)
    return Weighted(
        variant=variant,
        balances=balances,
        scaling_factors=scaling(variant, places),
        rates=rates or (ONE,) * n,
        weights=weights or (*even, ONE - sum(even)),
        swap_fee=fee,
        aggregate_swap_fee=aggregate_fee,
        minimum_trade=10**6 if variant.startswith("v3") else 0,
        minimum_balances=(10**12,) * n if variant == "v3" else (),
        protocol_fees_due=(),
        total_supply=total_supply,
        decimals=places,
        paused=paused,
    )


def balancer_stable(
    balances: tuple[int, ...] = (10**24, 10**24),
    *,
    variant: BalancerStableVariant = "v2",
    amp: int = 200,
    fee: int = 4 * 10**14,
    aggregate_fee: int = 0,
    decimals: tuple[int, ...] | None = None,
    rates: tuple[int, ...] | None = None,
    total_supply: int = 2 * 10**24,
    bpt_index: int | None = None,
    surge: tuple[int, int] = (ONE, 0),
    paused: bool = False,
) -> BalancerStable:
    """A stable pool by hand; `surge` are threshold and greatest fee, `amp` is A n^(n-1)."""
    n = len(balances)
    places = decimals or (18,) * n
    return BalancerStable(
        variant=variant,
        balances=balances,
        scaling_factors=scaling(variant, places),
        rates=rates or (ONE,) * n,
        amplification=amp * 1000,
        swap_fee=fee,
        aggregate_swap_fee=aggregate_fee,
        minimum_trade=10**6 if variant.startswith("v3") else 0,
        surge_threshold=surge[0],
        surge_max_fee=surge[1],
        protocol_fees_due=(),
        total_supply=total_supply,
        bpt_index=n if bpt_index is None else bpt_index,
        decimals=places,
        paused=paused,
    )


BALANCER_FEES = st.sampled_from([10**12, 10**14, 3 * 10**15, 10**16, 10**17])
BALANCER_RATES = st.integers(9 * 10**17, 2 * 10**18)


@st.composite
def coins(draw: st.DrawFn, most: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Decimals and balances of two coins or more, up to 1000 to 1 out of balance."""
    places = draw(st.lists(st.sampled_from([2, 6, 8, 18]), min_size=2, max_size=most))
    size = draw(sizes(10**3, 10**10))
    parts = [draw(st.integers(1, 1000)) for _ in places]
    balances = tuple(size * part * int(10**d) for part, d in zip(parts, places, strict=True))
    return tuple(places), balances


@st.composite
def shares_of_one(draw: st.DrawFn, n: int) -> tuple[int, ...]:
    """Weights of at least 1% that add up to 10**18."""
    parts = [draw(st.integers(10**16, 10**18)) for _ in range(n - 1)]
    left, found = ONE, []
    for k, part in enumerate(parts):
        room = left - (n - 1 - k) * 10**16
        found.append(min(max(part * room // ONE, 10**16), room))
        left -= found[-1]
    return (*found, left)


@st.composite
def weighteds(draw: st.DrawFn, variant: WeightedVariant | None = None) -> Weighted:
    """With as many pool tokens as coins, counted in whole ones."""
    kinds: st.SearchStrategy[WeightedVariant] = st.sampled_from(get_args(WeightedVariant))
    kind = draw(kinds) if variant is None else variant
    places, balances = draw(coins(4))
    n = len(balances)
    rated = tuple(draw(BALANCER_RATES) for _ in balances)
    return weighted(
        balances,
        variant=kind,
        weights=draw(shares_of_one(n)),
        fee=draw(BALANCER_FEES),
        aggregate_fee=draw(st.sampled_from([0, ONE // 2])) if kind.startswith("v3") else 0,
        decimals=places,
        rates=rated if kind.startswith("v3") else None,
        total_supply=sum(b * int(10 ** (18 - d)) for b, d in zip(balances, places, strict=True)),
    )


@st.composite
def balancer_stables(
    draw: st.DrawFn, variant: BalancerStableVariant | None = None, *, composable: bool | None = None
) -> BalancerStable:
    """With as many pool tokens as coins, counted in whole ones."""
    kinds: st.SearchStrategy[BalancerStableVariant]
    kinds = st.sampled_from(get_args(BalancerStableVariant))
    kind = draw(kinds) if variant is None else variant
    places, balances = draw(coins(4))
    rates = tuple(draw(BALANCER_RATES) for _ in balances)
    supply = sum(b * int(10 ** (18 - d)) for b, d in zip(balances, places, strict=True))
    holds_itself = draw(st.booleans()) if composable is None else composable
    index = None
    if kind == "v2" and holds_itself:
        index = draw(st.integers(0, len(balances)))
        balances = (*balances[:index], 2**111 - supply, *balances[index:])
        places = (*places[:index], 18, *places[index:])
        rates = (*rates[:index], ONE, *rates[index:])
    hooked = kind.startswith("v3") and draw(st.booleans())
    return balancer_stable(
        balances,
        variant=kind,
        amp=draw(sizes(1, 5000)),
        fee=draw(BALANCER_FEES),
        aggregate_fee=draw(st.sampled_from([0, ONE // 2])) if kind.startswith("v3") else 0,
        decimals=places,
        rates=rates,
        total_supply=supply,
        bpt_index=index,
        surge=(draw(sizes(10**15, ONE - 1)), draw(BALANCER_FEES)) if hooked else (ONE, 0),
    )
