"""Time-weighted ticks and liquidity from a pool's observations.

Source: Uniswap v3-core Oracle.sol and v3-periphery OracleLibrary.sol; Pancake V3 is the same. Times
are block timestamps in seconds modulo 2**32. `seconds_per_liquidity_x128` sums seconds divided by
liquidity, in units of 2**-128, modulo 2**160.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from watcher.errors import MathError
from watcher.math.exact.fixed_point import div_truncated, mul_div
from watcher.math.exact.tick_math import get_sqrt_price_at_tick

MAX_CARDINALITY = 65_535
UINT32 = 1 << 32
UINT160 = 1 << 160


@dataclass(frozen=True, slots=True)
class Observation:
    """One slot of the ring; a slot that `grow` prepared is not yet initialised."""

    block_timestamp: int
    tick_cumulative: int
    seconds_per_liquidity_x128: int
    initialized: bool = True


@dataclass(frozen=True, slots=True)
class Oracle:
    """The ring of a pool: its slots up to the cardinality, the newest at `index`, and what has been
    in force since that."""

    observations: tuple[Observation, ...]
    index: int
    tick: int
    liquidity: int

    @property
    def cardinality(self) -> int:
        return len(self.observations)


class Cumulatives(NamedTuple):
    """Sums over time up to one moment."""

    tick: int
    seconds_per_liquidity_x128: int


class Consulted(NamedTuple):
    """Means over a window that ends now."""

    arithmetic_mean_tick: int
    harmonic_mean_liquidity: int


def observe(oracle: Oracle, seconds_ago: int, *, timestamp: int) -> Cumulatives:
    """The sums as of `seconds_ago` before `timestamp`, between two observations interpolated with
    the contract's rounding (Oracle.observeSingle).

    Raises MathError("OLD") before the oldest observation and MathError("I") without any.
    """
    if oracle.cardinality == 0:
        raise MathError("I")
    time, newest = timestamp % UINT32, oracle.observations[oracle.index]
    target = (time - seconds_ago) % UINT32
    if _not_after(newest.block_timestamp, target, now=time):
        return _cumulatives(_transform(newest, target, oracle.tick, oracle.liquidity))
    if not _not_after(_oldest(oracle).block_timestamp, target, now=time):
        raise MathError("OLD")
    return _between(*_surrounding(oracle, target, now=time), target)


def consult(oracle: Oracle, seconds_ago: int, *, timestamp: int) -> Consulted:
    """Time-weighted means of the last `seconds_ago` (OracleLibrary.consult): the tick rounded
    towards negative infinity, the liquidity down."""
    if seconds_ago == 0:
        raise MathError("BP")
    before = observe(oracle, seconds_ago, timestamp=timestamp)
    now = observe(oracle, 0, timestamp=timestamp)
    elapsed = (now.seconds_per_liquidity_x128 - before.seconds_per_liquidity_x128) % UINT160
    if elapsed == 0:
        raise MathError("division by zero")
    return Consulted(
        arithmetic_mean_tick(now.tick - before.tick, seconds_ago),
        seconds_ago * (UINT160 - 1) // (elapsed << 32) % (1 << 128),
    )


def arithmetic_mean_tick(tick_cumulative_delta: int, seconds: int) -> int:
    """Rounded towards negative infinity, which is Python's own division."""
    if seconds <= 0:
        raise MathError("BP")
    return tick_cumulative_delta // seconds


def quote_at_tick(tick: int, base_amount: int, *, base_is_token0: bool) -> int:
    """What `base_amount` is worth in the other token at a tick, rounded down
    (OracleLibrary.getQuoteAtTick, with its two precisions)."""
    price = get_sqrt_price_at_tick(tick)
    if price < 1 << 128:
        ratio, one = price * price, 1 << 192
    else:
        ratio, one = mul_div(price, price, 1 << 64), 1 << 128
    return mul_div(ratio, base_amount, one) if base_is_token0 else mul_div(one, base_amount, ratio)


def oldest_seconds_ago(oracle: Oracle, *, timestamp: int) -> int:
    """How far back the ring reaches (OracleLibrary.getOldestObservationSecondsAgo)."""
    if oracle.cardinality == 0:
        raise MathError("NI")
    return (timestamp - _oldest(oracle).block_timestamp) % UINT32


def write(oracle: Oracle, *, timestamp: int, cardinality_next: int) -> Oracle:
    """The ring after the block's first change of tick or liquidity, before that change.

    At most one observation a block; the ring grows to `cardinality_next` only when it is full.
    """
    last, time = oracle.observations[oracle.index], timestamp % UINT32
    if last.block_timestamp == time:
        return oracle
    slots = list(oracle.observations)
    if cardinality_next > len(slots) and oracle.index == len(slots) - 1:
        slots += [Observation(1, 0, 0, initialized=False)] * (cardinality_next - len(slots))
    index = (oracle.index + 1) % len(slots)
    slots[index] = _transform(last, time, oracle.tick, oracle.liquidity)
    return Oracle(tuple(slots), index, oracle.tick, oracle.liquidity)


def _transform(last: Observation, time: int, tick: int, liquidity: int) -> Observation:
    delta = (time - last.block_timestamp) % UINT32
    grown = last.seconds_per_liquidity_x128 + (delta << 128) // max(liquidity, 1)
    return Observation(time, last.tick_cumulative + tick * delta, grown % UINT160)


def _oldest(oracle: Oracle) -> Observation:
    following = oracle.observations[(oracle.index + 1) % oracle.cardinality]
    return following if following.initialized else oracle.observations[0]


def _surrounding(oracle: Oracle, target: int, *, now: int) -> tuple[Observation, Observation]:
    """The two observations around `target`, which is not before the oldest and before the newest.
    The contract searches by halves; which pair it finds is the same."""
    ring = _oldest_first(oracle)
    for before, after in pairwise(ring):
        if _not_after(target, after.block_timestamp, now=now):
            return before, after
    raise MathError("OLD")


def _oldest_first(oracle: Oracle) -> Sequence[Observation]:
    start = oracle.index + 1
    ring = oracle.observations[start:] + oracle.observations[:start]
    return [observation for observation in ring if observation.initialized]


def _between(before: Observation, after: Observation, target: int) -> Cumulatives:
    if target == before.block_timestamp:
        return _cumulatives(before)
    if target == after.block_timestamp:
        return _cumulatives(after)
    span = (after.block_timestamp - before.block_timestamp) % UINT32
    passed = (target - before.block_timestamp) % UINT32
    grown = (after.seconds_per_liquidity_x128 - before.seconds_per_liquidity_x128) % UINT160
    # The contract divides first, and truncates: the mean tick between the two is a whole one.
    mean_tick = div_truncated(after.tick_cumulative - before.tick_cumulative, span)
    return Cumulatives(
        before.tick_cumulative + mean_tick * passed,
        (before.seconds_per_liquidity_x128 + grown * passed // span) % UINT160,
    )


def _cumulatives(observation: Observation) -> Cumulatives:
    return Cumulatives(observation.tick_cumulative, observation.seconds_per_liquidity_x128)


def _not_after(a: int, b: int, *, now: int) -> bool:
    """Whether time `a` is at or before `b`, both at or before `now` modulo 2**32 (Oracle.lte)."""
    if a <= now and b <= now:
        return a <= b
    return (a if a > now else a + UINT32) <= (b if b > now else b + UINT32)
