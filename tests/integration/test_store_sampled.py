"""A history in few rows, and as of a block: the same as all of it says, on both databases."""

from __future__ import annotations

import itertools
import math

import pytest

from tests.support.cli_history import (
    CHAIN,
    FIRST,
    GONE,
    LATEST,
    NEWEST,
    OFF,
    SETTINGS,
    STALE,
    TARGETS,
    USDC,
    WETH,
)
from tests.support.web import Writer, block, hashed
from watcher.state.canonical import canonical_json
from watcher.state.measure import Measure
from watcher.state.observation import Status
from watcher.store import Figures, Store, Within

NAMES = ("spot_price", "value_share")
SPOT = canonical_json({})


@pytest.fixture
def filled(store: Store) -> Store:
    """As the web's: FIRST to NEWEST, and a block above them that a reorg has undone."""
    store.register(TARGETS)
    store.save_settings(SETTINGS)
    writer = Writer(store)
    for number in range(FIRST, NEWEST + 1):
        usdc = 2_000_000 + 1_000 * number if number % 2 else None
        writer.commit(number, usdc=usdc)
    writer.commit(NEWEST + 1, fork=0xF)
    store.rewind(CHAIN, hashed(NEWEST))
    return store


def spot(figures: Figures) -> float:
    return next(one.value for one in figures.measures if one.name == "spot_price")


def in_force(store: Store, number: int) -> float:
    figures = store.figures_as_of(OFF.id, number)
    assert figures is not None
    return spot(figures)


def test_with_a_point_a_block_all_computations_come(filled: Store) -> None:
    found = filled.figures_along(OFF.id, NAMES, first=FIRST, last=NEWEST, points=400)
    assert [one.block.number for one in found] == list(range(FIRST, NEWEST + 1))
    assert [spot(one) for one in found] == [in_force(filled, n) for n in range(FIRST, NEWEST + 1)]
    assert {one.name for figures in found for one in figures.measures} == set(NAMES)


def test_fewer_points_are_evenly_spaced_and_both_ends_are_among_them(filled: Store) -> None:
    found = filled.figures_along(OFF.id, NAMES, first=FIRST, last=NEWEST, points=3)
    assert [one.block.number for one in found] == [100, 105, 110]


def test_what_was_in_force_at_the_beginning_comes_along(filled: Store) -> None:
    quiet = filled.figures_along(GONE.id, NAMES, first=105, last=107, points=10)
    assert [one.block.number for one in quiet] == [100], "nothing has changed since"


def test_values_along_are_those_in_force(filled: Store) -> None:
    wanted = [(OFF.id, "spot_price", SPOT), (GONE.id, "spot_price", SPOT)]
    found = filled.values_along(CHAIN, wanted, first=FIRST, last=NEWEST, points=11)
    assert list(found[OFF.id]) == [in_force(filled, n) for n in range(FIRST, NEWEST + 1)]
    assert set(found) == {OFF.id, GONE.id}


def test_a_figure_that_a_target_does_not_have_is_none(filled: Store) -> None:
    found = filled.values_along(
        CHAIN, [(OFF.id, "utilization", SPOT)], first=FIRST, last=NEWEST, points=3
    )
    assert found == {OFF.id: (None, None, None)}
    assert filled.values_along(CHAIN, [], first=FIRST, last=NEWEST, points=3) == {}


def test_the_first_block_at_a_time_is_found(filled: Store) -> None:
    blocks = [block(number) for number in range(FIRST, NEWEST + 1)]
    for moment in range(blocks[0].timestamp - 1, LATEST + 2):
        expected = next((one for one in blocks if one.timestamp >= moment), blocks[-1])
        assert filled.block_at(blocks[-1], moment) == expected, moment


def test_a_time_before_the_history_is_its_first_block(filled: Store) -> None:
    assert filled.block_at(block(NEWEST), 0).number == FIRST


def test_readings_tell_failures_and_their_ends(filled: Store) -> None:
    (failed,) = filled.readings(GONE.id, first=FIRST, last=NEWEST)
    assert (failed.number, failed.timestamp, failed.well) == (108, block(108).timestamp, False)
    assert filled.readings(GONE.id, first=FIRST, last=107) == ()
    (before,) = filled.readings(GONE.id, first=109, last=NEWEST)
    assert (before.number, before.well) == (109, False)
    assert filled.readings(OFF.id, first=FIRST, last=NEWEST) == ()


def test_net_flows_add_up_by_stretch_and_token(filled: Store) -> None:
    (one, other) = filled.net_flows(OFF.id, first=FIRST, last=NEWEST, buckets=2)
    assert {one.token, other.token} == {WETH.address, USDC.address}
    found = {each.token: each.units for each in (one, other)}
    assert found[WETH.address] == pytest.approx(2**70 / 1e18)
    assert found[USDC.address] == pytest.approx(-42_200)
    assert one.timestamp == block(106).timestamp
    assert filled.net_flows(OFF.id, first=FIRST, last=105, buckets=2) == ()


def test_statuses_as_of_a_block_are_what_they_were_then(filled: Store) -> None:
    for number in (FIRST, 105, 108, NEWEST):
        found = {one.target.id: one for one in filled.statuses_as_of(CHAIN, number)}
        assert len(found) == len(TARGETS)
        gone, off = found[GONE.id], found[OFF.id].figures
        assert gone.newest == block(number)
        assert gone.observation is not None
        assert gone.observation.status is (Status.OK if number < 108 else Status.REVERTED)
        assert gone.since == block(108 if number >= 108 else FIRST)
        assert off is not None
        assert spot(off) == in_force(filled, number)


def test_as_of_the_newest_block_they_are_the_statuses_of_now(filled: Store) -> None:
    now = {one.target.id: one for one in filled.statuses()}
    then = {one.target.id: one for one in filled.statuses_as_of(CHAIN, NEWEST)}
    assert repr(now) == repr(then), "NaN is not equal to itself, its text is"
    assert not math.isnan(in_force(filled, NEWEST))


def test_a_few_targets_alone_are_the_same_as_among_all(filled: Store) -> None:
    every = {one.target.id: one for one in filled.statuses()}
    (alone,) = filled.statuses([OFF.id])
    assert repr(alone) == repr(every[OFF.id])
    (then,) = filled.statuses_as_of(CHAIN, 104, [OFF.id])
    assert then.target.id == OFF.id


def spot_of(store: Store, number: int) -> Measure:
    figures = store.figures_as_of(OFF.id, number)
    assert figures is not None
    return next(one for one in figures.measures if one.name == "spot_price")


def test_since_when_a_figure_is_within_is_what_its_history_says(filled: Store) -> None:
    """Against the definition, block by block, for limits between any two values."""
    values = {number: in_force(filled, number) for number in range(FIRST, NEWEST + 1)}
    limits = sorted({0.0, *values.values(), 1e9})
    for number in range(FIRST, NEWEST + 1):
        for least, below in itertools.combinations(limits, 2):
            expected = None
            for one in range(number, FIRST - 1, -1):
                if not least <= values[one] < below:
                    break
                expected = block(one).timestamp
            found = filled.within_since(
                OFF.id, spot_of(filled, number), Within(least, below), number=number, most=100
            )
            assert found == expected, (number, least, below)


def test_what_is_unknown_is_within_no_limits(filled: Store) -> None:
    figures = filled.figures_as_of(STALE.id, NEWEST)
    assert figures is not None
    unknown = next(one for one in figures.measures if one.name == "reference_price")
    since = filled.within_since(STALE.id, unknown, Within(None), number=None, most=100)
    assert since is not None
    assert filled.within_since(STALE.id, unknown, Within(0.0), number=None, most=100) is None
    but = Within(None, but=(unknown.reason,))
    assert filled.within_since(STALE.id, unknown, but, number=None, most=100) is None


def test_it_looks_back_no_further_than_it_is_told(filled: Store) -> None:
    found = filled.within_since(OFF.id, spot_of(filled, NEWEST), Within(0.0), number=None, most=4)
    assert found == block(NEWEST - 3).timestamp
