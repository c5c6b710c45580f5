"""Time-weighted ticks: roundings, the ring's ends, and time that wraps."""

from __future__ import annotations

import pytest

from watcher.errors import MathError
from watcher.math.exact.tick_oracle import (
    Observation,
    Oracle,
    arithmetic_mean_tick,
    consult,
    observe,
    oldest_seconds_ago,
    quote_at_tick,
    write,
)

# What 2**128 - 1 of one token is worth in the other at the lowest and the highest tick.
AT_LOWEST = 115783384738768196242144082653949453838306988932806144552194799290216044976282
AT_HIGHEST = 115783384785599357996676985412062652720342362943929506828539444553934033845703

START = Oracle((Observation(100, 0, 0),), 0, -3, 4)


@pytest.mark.parametrize(
    ("delta", "seconds", "tick"), [(-7, 2, -4), (7, 2, 3), (-6, 2, -3), (0, 5, 0)]
)
def test_the_mean_is_rounded_towards_negative_infinity(delta: int, seconds: int, tick: int) -> None:
    """v3-periphery OracleLibrary.consult: Always round to negative infinity."""
    assert arithmetic_mean_tick(delta, seconds) == tick
    with pytest.raises(MathError, match=r"^BP$"):
        arithmetic_mean_tick(delta, 0)


def test_a_window_over_a_change_of_tick_and_liquidity() -> None:
    """Tick -3 and liquidity 4 for 10 seconds, then 5 and 8 for 20: by hand, -3*10 + 5*20."""
    later = write(START, timestamp=110, cardinality_next=2)
    later = Oracle(later.observations, later.index, 5, 8)
    found = consult(later, 30, timestamp=130)
    assert found.arithmetic_mean_tick == 70 // 30
    # 30 / (10/4 + 20/8) = 6, rounded down by the contract's own constant 2**160 - 1
    assert found.harmonic_mean_liquidity == 5
    assert consult(later, 20, timestamp=130) == (5, 7)
    assert observe(later, 25, timestamp=130).tick == -15
    assert oldest_seconds_ago(later, timestamp=130) == 30
    with pytest.raises(MathError, match=r"^OLD$"):
        consult(later, 31, timestamp=130)


def test_between_observations_the_mean_tick_is_a_whole_one() -> None:
    """Oracle.observeSingle divides first and truncates: -10 over 4 seconds is -2 a second."""
    oracle = Oracle((Observation(0, 0, 0), Observation(4, -10, 0)), 1, 0, 1)
    assert observe(oracle, 3, timestamp=4).tick == -2
    assert observe(oracle, 1, timestamp=4).tick == -6
    assert observe(oracle, 0, timestamp=4).tick == -10


def test_time_wraps_after_32_bits() -> None:
    first = Oracle((Observation(2**32 - 5, 0, 0),), 0, 2, 1)
    later = write(first, timestamp=2**32 + 5, cardinality_next=2)
    assert later.observations[1] == Observation(5, 20, 10 << 128)
    later = Oracle(later.observations, 1, 9, 1)
    assert observe(later, 12, timestamp=2**32 + 10).tick == 6
    assert observe(later, 2, timestamp=2**32 + 10).tick == 20 + 27
    assert oldest_seconds_ago(later, timestamp=2**32 + 10) == 15


def test_the_ring_grows_when_it_is_full_and_then_turns() -> None:
    assert write(START, timestamp=100, cardinality_next=3) == START
    one = write(START, timestamp=101, cardinality_next=1)
    assert (one.index, one.cardinality) == (0, 1)
    ring = write(START, timestamp=101, cardinality_next=3)
    assert (ring.index, ring.cardinality) == (1, 3)
    assert not ring.observations[2].initialized
    assert oldest_seconds_ago(ring, timestamp=101) == 1
    ring = write(ring, timestamp=103, cardinality_next=7)
    assert (ring.index, ring.cardinality) == (2, 3)
    assert write(ring, timestamp=104, cardinality_next=7).cardinality == 7
    ring = write(ring, timestamp=106, cardinality_next=3)
    assert (ring.index, ring.cardinality) == (0, 3)
    assert oldest_seconds_ago(ring, timestamp=106) == 5


def test_no_means_without_observations_or_a_window() -> None:
    empty = Oracle((), 0, 0, 0)
    with pytest.raises(MathError, match=r"^I$"):
        observe(empty, 0, timestamp=1)
    with pytest.raises(MathError, match=r"^NI$"):
        oldest_seconds_ago(empty, timestamp=1)
    with pytest.raises(MathError, match=r"^BP$"):
        consult(START, 0, timestamp=101)


@pytest.mark.parametrize(
    ("tick", "amount", "token1", "token0"),
    [
        (0, 10**6, 10**6, 10**6),
        (
            -887_272,
            2**128 - 1,
            1,
            AT_LOWEST,
        ),
        (
            887_272,
            2**128 - 1,
            AT_HIGHEST,
            1,
        ),
    ],
)
def test_worth_at_a_tick(tick: int, amount: int, token1: int, token0: int) -> None:
    """v3-periphery, test/OracleLibrary.spec.ts: #getQuoteAtTick at the ends of its range."""
    assert quote_at_tick(tick, amount, base_is_token0=True) == token1
    assert quote_at_tick(tick, amount, base_is_token0=False) == token0
