"""Every figure of pools of several coins from curves in floats, beside those from exact quotes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.support.balancer_strategies import balancer_stable, weighted
from tests.support.strategies import fixed, stable, subject_of
from tests.support.strategies_pools import crypto, kyber, solidly
from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.state import CryptoSwap, Measure, State

SETTINGS = Settings(unit="USD", sizes=(1_000.0, 50_000.0), prices=())
E24 = 10**24
POOLS: dict[str, State] = {
    "three_coins": stable((E24, 2 * 10**12, 7 * E24 // 10), decimals=(18, 6, 18), A=500),
    "dynamic_fee": stable((E24, E24 // 4), variant="ng", offpeg_fee_multiplier=2 * 10**11),
    "balancer": balancer_stable((E24, 3 * 10**12), decimals=(18, 6)),
    "surging": balancer_stable(
        (E24, E24 // 3), variant="v3", surge=(3 * 10**17, 95 * 10**16), aggregate_fee=10**17
    ),
    "crypto": crypto((E24, 12 * E24 // 10)),
    "stable_pair": solidly(E24, 6 * 10**11, decimals=(18, 6)),
    "volatile_pair": solidly(E24, 2 * E24, stable=False, fee=30),
    "amplified": kyber(E24, E24 // 2, amp_bps=30_000),
    "weighted_v1": weighted((E24, 4 * E24), variant="v1", weights=(10**18, 4 * 10**18)),
    "weighted_v2": weighted((E24, E24, 2 * E24)),
    "weighted_v3": weighted((E24, 2 * E24), variant="v3", aggregate_fee=5 * 10**17),
}


CLOSE = {"size_within_slippage": 2e-7, "depth_imbalance": 1e-3}
"""A fee of Curve's is counted in 10^-10, by which a size within a loss moves further; a difference
of two depths is as good as they are."""


def figures(state: State, *, exact: bool) -> tuple[Measure, ...]:
    """The first coin is worth 2% more than the pool says in balance, so that a trade earns."""
    subject = subject_of(state)
    worth = [1.02, *(1.0 for _ in subject.target.tokens[1:])]
    if isinstance(state, CryptoSwap):
        worth[1] = state.price_scale[0] / 10**18
    tokens = [token.address for token in subject.target.tokens]
    known = {token: fixed(token, price) for token, price in zip(tokens, worth, strict=True)}
    (found,) = measure([replace(subject, prices=known)], SETTINGS, exact=exact)
    return found


@pytest.mark.parametrize("name", POOLS)
def test_floats_and_exact_quotes_give_the_same_figures(name: str) -> None:
    floats, exact = (figures(POOLS[name], exact=each) for each in (False, True))
    earned = False
    rights = {(each.name, each.dims): each for each in exact}
    assert rights.keys() == {(each.name, each.dims) for each in floats}
    for found in floats:
        right = rights[found.name, found.dims]
        assert found.reason == right.reason, found
        if found.name == "arbitrage_value":
            # exact quotes are asked for it at a few sizes, and none above a cap's whole thousandths
            assert right.value * (1 - 1e-8) <= found.value <= right.value * (1 + 1e-3)
            earned = found.value > 0
            continue
        close, near = CLOSE.get(found.name, 1e-8), 1e-8
        if name == "weighted_v1":
            # its powers are good to ten digits, of a balance
            close, near = 1e-6, 1e-6
        assert found.value == pytest.approx(right.value, rel=close, abs=near, nan_ok=True), found
    assert earned


def test_exact_quotes_are_asked_only_when_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Side by side, no quote is."""

    def refused(*_: object) -> None:
        raise AssertionError("an exact quote was asked for")

    monkeypatch.setattr("watcher.math.quotes.quote_exact_in", refused)
    assert not all(math.isnan(each.value) for each in figures(POOLS["crypto"], exact=False))
    with pytest.raises(AssertionError, match="exact quote"):
        figures(POOLS["crypto"], exact=True)
