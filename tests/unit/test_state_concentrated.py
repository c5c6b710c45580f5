"""A pool with ticks: what none can be, and what its routers refuse."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from tests.support.strategies import ticked
from watcher.errors import MathError
from watcher.math.families import concentrated as family


@pytest.mark.parametrize("state", [ticked(), ticked(balances=(5, 6), variant="uniswap_v4")])
def test_a_pool_has_no_problems(state: Any) -> None:
    assert list(state.problems()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"sqrt_price_x96": 4_295_128_738},
        {"tick": 887_273},
        {"liquidity": 2**128},
        {"fee0": 1_000_000},
        {"fee1": -1},
        {"protocol_fee0": 11},
        {"protocol_fee1": -1},
        {"tick_spacing": 0},
        {"ticks": (-600, -60, 60)},
        {"ticks": (-600, 60, -60, 600)},
        {"ticks": (-600, 60, 60, 600)},
        {"liquidity_net": ()},
        {"liquidity_net": (2**128, 0, 0, 0)},
        {"liquidity_gross": (0, 1, 1, 1)},
        {"known_from": -887_273},
        {"known_to": 599},
        {"balances": (1,)},
        {"balances": (1, -1)},
    ],
    ids=str,
)
def test_what_no_pool_can_be_is_one_sentence(change: dict[str, Any]) -> None:
    found = list(replace(ticked(), **change).problems())
    assert len(found) == 1
    assert f"state.{next(iter(change))}" in found[0]


def test_a_pool_is_quoted_by_its_swap() -> None:
    state = ticked(fees=(3_000, 500))
    found = family.exact_in(state, 0, 1, 10**15)
    assert 997 * 10**12 * 999 // 1_000 < found < 997 * 10**12
    assert family.exact_out(state, 0, 1, found) <= 10**15
    assert family.exact_in(family.without_fee(state), 0, 1, 10**15) > found
    assert family.exact_in(state, 1, 0, 10**15) > found
    assert family.spot_price(state, 0, 1) == 1
    fees = [family.fee(state, coin) for coin in (0, 1)]
    assert fees == [Fraction(3, 1_000), Fraction(1, 2_000)]


def test_a_pool_refuses_what_its_routers_refuse() -> None:
    for amount in (0, -1, 2**255):
        with pytest.raises(MathError):
            family.exact_in(ticked(), 0, 1, amount)
        with pytest.raises(MathError):
            family.exact_out(ticked(), 0, 1, amount)
    with pytest.raises(MathError, match="liquidity ends"):
        family.exact_out(ticked(), 0, 1, 10**18)
    with pytest.raises(MathError, match="no liquidity"):
        family.exact_in(ticked([(60, 120, 10**18)]), 0, 1, 10**18)
    with pytest.raises(MathError, match="not initialised"):
        family.spot_price(replace(ticked(), sqrt_price_x96=0), 0, 1)
    with pytest.raises(MathError, match="net and its gross"):
        family.exact_in(replace(ticked(), liquidity_net=()), 0, 1, 1)
