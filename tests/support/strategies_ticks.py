"""States of pools with ticks, by hand and for hypothesis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from hypothesis import strategies as st

from tests.support.numbers import DECIMALS, sizes
from watcher.math.exact.tick_math import get_sqrt_price_at_tick
from watcher.state import (
    Concentrated,
)
from watcher.state.concentrated import ConcentratedVariant

VARIANT_NAMES: tuple[ConcentratedVariant, ...] = get_args(ConcentratedVariant)


def ticked(
    positions: Sequence[tuple[int, int, int]] = ((-600, 600, 10**18), (-60, 60, 10**18)),
    *,
    tick: int = 0,
    shift: int = 0,
    fees: tuple[int, int] = (3_000, 3_000),
    protocol_fees: tuple[int, int] = (0, 0),
    spacing: int = 60,
    variant: ConcentratedVariant = "uniswap_v3",
    decimals: tuple[int, int] = (18, 18),
    balances: tuple[int, ...] = (),
) -> Concentrated:
    """A pool with these positions (lower tick, upper tick, liquidity); its price is `shift` above
    the one at its tick."""
    net, gross = Counter[int](), Counter[int]()
    for lower, upper, liquidity in positions:
        net.update({lower: liquidity, upper: -liquidity})
        gross.update({lower: liquidity, upper: liquidity})
    ticks = tuple(sorted(gross))
    return Concentrated(
        variant=variant,
        sqrt_price_x96=get_sqrt_price_at_tick(tick) + shift,
        tick=tick,
        liquidity=sum(amount for lower, upper, amount in positions if lower <= tick < upper),
        fee0=fees[0],
        fee1=fees[1],
        protocol_fee0=protocol_fees[0],
        protocol_fee1=protocol_fees[1],
        tick_spacing=spacing,
        ticks=ticks,
        liquidity_net=tuple(net[index] for index in ticks),
        liquidity_gross=tuple(gross[index] for index in ticks),
        known_from=-887_272,
        known_to=887_272,
        balances=balances,
        decimals0=decimals[0],
        decimals1=decimals[1],
    )


@st.composite
def ticked_pools(draw: st.DrawFn, most: int = 2**100) -> Concentrated:
    """Up to eight positions near each other, the price among or beside them."""
    spacing = draw(st.sampled_from([1, 10, 60, 200]))
    middle = draw(st.integers(-200_000 // spacing, 200_000 // spacing))
    places = st.integers(middle - 400, middle + 400)
    liquidities = st.one_of(sizes(1, most), st.integers(most >> 16, most))
    spans = st.tuples(places, st.integers(1, 400), liquidities)
    positions = [
        (lower * spacing, (lower + width) * spacing, liquidity)
        for lower, width, liquidity in draw(st.lists(spans, min_size=1, max_size=8))
    ]
    fees = st.sampled_from([500, 0, 1, 100, 3_000, 10_000, 250_000])
    return ticked(
        positions,
        tick=middle * spacing + draw(st.integers(-450, 450)) * spacing,
        shift=draw(st.integers(0, 50_000)),
        fees=(draw(fees), draw(fees)),
        protocol_fees=draw(st.sampled_from([(0, 0), (4, 10), (0, 5)])),
        spacing=spacing,
        variant=draw(st.sampled_from(VARIANT_NAMES)),
        decimals=(draw(DECIMALS), draw(DECIMALS)),
        balances=draw(st.sampled_from([(), (10**20, 10**9)])),
    )
