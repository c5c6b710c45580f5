"""What changes of a pool that change nothing, or one thing alone, do to its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.balancer_strategies import balancer_stable, weighted
from tests.support.effort import examples
from tests.support.strategies import (
    STATES,
    fixed,
    pool,
    stable,
    subject_of,
    subjects,
    target_of,
    ticked,
    usually,
)
from tests.support.strategies_pools import crypto, kyber, solidly
from watcher.math.catalogue import CATALOGUE, POOLS, TICK_POOL
from watcher.math.coin_pools import POOLED, coins_of
from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state import BalancerStable, CryptoSwap, Measure, StableSwap, State, Weighted

SETTINGS = Settings(unit="USD", sizes=(1_000.0,), prices=())
NEAR = 1e-8
OWN = frozenset(
    {
        "depth_imbalance",
        "depth_ladder",
        "disparity_invariant",
        "disparity_value",
        "invariant_share",
        "largest_share",
        "lost_depth",
        "lost_depth_pair",
        "share_concentration",
        "share_divergence",
        "share_entropy",
        "share_gini",
        "share_ratio",
        "size_within_slippage",
        "value_share",
    }
)
"""Figures in floats alone, which no rounding of an exact quote moves."""
EVERY = pytest.mark.parametrize("kind", POOLS)
UNFLIPPED = {TICK_POOL, CryptoSwap.KIND}
"""A pool with ticks and one with a numeraire have no state with their coins exchanged."""
WORTH = st.floats(0.01, 100)


Row = tuple[Any, ...]
OTHER = {0: 1, 1: 0}


def figures(subject: Subject, settings: Settings = SETTINGS) -> dict[Row, Measure]:
    """By name and dims, a coin as its place among the measured ones."""
    (found,) = measure([subject], settings)
    target = subject.target
    coins = coins_of(target) if target.kind in POOLED else range(len(target.tokens))
    places: dict[str, int] = {target.tokens[coin].address: k for k, coin in enumerate(coins)}
    return {
        (each.name, *((name, places.get(value, value)) for name, value in each.dims)): each
        for each in found
    }


def priced(state: State, worth: Mapping[int, float]) -> Subject:
    subject = subject_of(state)
    known = {
        token.address: fixed(token.address, worth[place])
        for place, token in enumerate(subject.target.tokens)
    }
    return replace(subject, prices=known)


def require_same(
    one: Mapping[Row, Measure],
    two: Mapping[Row, Measure],
    *,
    negated: tuple[str, ...] = (),
) -> None:
    for key, before in one.items():
        if key[0] in OWN:
            value = -before.value if key[0] in negated else before.value
            after = two[key]
            assert bool(before.reason) == bool(after.reason), key
            assert after.value == pytest.approx(value, rel=NEAR, abs=1e-9, nan_ok=True), key


@pytest.mark.parametrize("kind", [kind for kind in POOLS if kind not in UNFLIPPED])
@usually
@given(data=st.data(), worth=st.lists(WORTH, min_size=8, max_size=8))
def test_exchanging_two_coins_exchanges_their_figures(
    kind: str, data: st.DataObject, worth: list[float]
) -> None:
    state = data.draw(STATES[kind])
    if isinstance(state, BalancerStable):
        assume(state.bpt_index > 1)
    before = figures(priced(state, dict(enumerate(worth))))
    exchanged = dict(enumerate([worth[1], worth[0], *worth[2:]]))
    after = figures(priced(flipped(state), exchanged))
    two = len(target_of(state).tokens) == 2
    turned = {}
    for (name, *dims), each in after.items():
        if name == "depth_imbalance" and not two:
            before.pop((name, *dims))
        elif name == "depth_imbalance":
            turned[name, *dims] = each
        else:
            turned[name, *((dim, OTHER.get(coin, coin)) for dim, coin in dims)] = each
    require_same(before, turned, negated=("depth_imbalance",))


def flipped(state: State) -> State:
    """With its first two coins exchanged."""
    changed: dict[str, Any] = {}
    names = {field.name for field in fields(state)}
    for name in names:
        value = getattr(state, name)
        if isinstance(value, tuple) and len(value) >= 2:
            changed[name] = (value[1], value[0], *value[2:])
        if name.endswith(("0", "1")):
            changed[name] = getattr(state, name[:-1] + ("1" if name.endswith("0") else "0"))
    return replace(state, **changed)


@pytest.mark.parametrize("kind", [kind for kind in POOLS if kind != TICK_POOL])
@usually
@given(data=st.data(), worth=st.lists(WORTH, min_size=8, max_size=8))
def test_smaller_units_of_a_coin_change_nothing(
    kind: str, data: st.DataObject, worth: list[float]
) -> None:
    state = data.draw(STATES[kind])
    if isinstance(state, BalancerStable):
        assume(state.bpt_index > 0)
    assume(target_of(state).tokens[0].decimals < 18)
    prices = dict(enumerate(worth))
    require_same(figures(priced(state, prices)), figures(priced(finer(state), prices)))


def finer(state: State) -> State:
    """Its first coin counted in units of a tenth."""
    changed: dict[str, Any] = {}
    for field in fields(state):
        name, value = field.name, getattr(state, field.name)
        if name in ("reserve0", "virtual_reserve0", "balance0"):
            changed[name] = value * 10
        elif name == "decimals0":
            changed[name] = value + 1
        elif name == "balances":
            changed[name] = (value[0] * 10, *value[1:])
        elif name == "decimals":
            changed[name] = (value[0] + 1, *value[1:])
        elif (name == "scaling_factors" and not is_unscaled(state)) or (
            name == "rates" and isinstance(state, StableSwap)
        ):
            changed[name] = (value[0] // 10, *value[1:])
    return replace(state, **changed)


def is_unscaled(state: State) -> bool:
    return isinstance(state, Weighted) and state.variant == "v1"


@EVERY
@usually
@given(data=st.data(), worth=st.lists(WORTH, min_size=8, max_size=8))
def test_another_unit_of_account_changes_money_alone(
    kind: str, data: st.DataObject, worth: list[float]
) -> None:
    """Prices of a power of two more are the same floats but for their size."""
    state = data.draw(STATES[kind])
    sizes = replace(SETTINGS, sizes=tuple(4 * size for size in SETTINGS.sizes))
    before = figures(priced(state, dict(enumerate(worth))))
    after = figures(priced(state, dict(enumerate(4 * price for price in worth))), sizes)
    for (key, old), new in zip(before.items(), after.values(), strict=True):
        money = CATALOGUE[str(key[0])].unit == "unit of account"
        expected = 4 * old.value if money else old.value
        assert new.reason == old.reason, key
        assert new.value == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True), key


@settings(max_examples=examples(30, deep=500))
@given(
    many=st.lists(st.sampled_from(POOLS).flatmap(subjects), min_size=2, max_size=8),
    data=st.data(),
)
def test_neighbours_change_no_figure(many: list[Subject], data: st.DataObject) -> None:
    """In whatever order, and beside whatever else."""
    order = data.draw(st.permutations(range(len(many))))
    together = measure([many[place] for place in order], SETTINGS)
    for place, found in zip(order, together, strict=True):
        (alone,) = measure([many[place]], SETTINGS)
        assert [(each.name, each.dims, each.reason) for each in found] == [
            (each.name, each.dims, each.reason) for each in alone
        ]
        for one, two in zip(found, alone, strict=True):
            assert one.value == pytest.approx(two.value, rel=1e-12, abs=1e-15, nan_ok=True), one


IN_BALANCE: list[State] = [
    pool(10**24, 10**24),
    ticked([(-6_000, 6_000, 10**24)]),
    stable((10**24,) * 3),
    balancer_stable(),
    crypto(),
    solidly(10**24, 10**24),
    solidly(10**24, 10**24, stable=False),
    kyber(10**24, 10**24, amp_bps=20_000),
    weighted((4 * 10**24, 10**24), weights=(8 * 10**17, 2 * 10**17)),
]


@pytest.mark.parametrize("state", IN_BALANCE, ids=lambda state: state.KIND)
def test_half_of_all_liquidity_leaves_in_balance_and_no_depth_is_lost_to_imbalance(
    state: State,
) -> None:
    """It is half as deep, which lost_depth does not see."""
    worth = dict.fromkeys(range(8), 1.0)
    if isinstance(state, CryptoSwap):
        worth[1] = state.price_scale[0] / 10**18
    before, after = (figures(priced(each, worth)) for each in (state, halved(state)))
    for key, old in before.items():
        if key[0] in ("lost_depth", "lost_depth_pair"):
            assert old.value == pytest.approx(0, abs=1e-9), key
            assert after[key].value == pytest.approx(0, abs=1e-9), key
        if key[0] in ("depth_ladder", "size_within_slippage"):
            assert after[key].value == pytest.approx(old.value / 2, rel=1e-9), key
            assert old.value > 0 or key[0] == "size_within_slippage"


def halved(state: State) -> State:
    whole = (
        "balances",
        "invariant",
        "total_supply",
        "liquidity",
        "liquidity_net",
        "liquidity_gross",
    )
    changed: dict[str, Any] = {}
    for field in fields(state):
        value = getattr(state, field.name)
        if field.name in whole or field.name.startswith(("reserve", "virtual_reserve", "balance")):
            changed[field.name] = (
                tuple(each // 2 for each in value) if isinstance(value, tuple) else value // 2
            )
    return replace(state, **changed)


def test_every_figure_in_floats_is_one_of_the_catalogue() -> None:
    assert OWN <= CATALOGUE.keys()
