"""The real pools remember what we say they do: observations, their ring, and what lies between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.uniswap_v3 import Result, Step, Uniswap, uniswap
from tests.support.uniswap_v3_model import Case, Model, Order, Position
from watcher.devnet.artifacts import Toolchain
from watcher.errors import MathError
from watcher.math.exact.positions import Amounts
from watcher.math.exact.tick_oracle import Observation, Oracle, observe, oldest_seconds_ago, write

pytestmark = pytest.mark.anvil

SLOT0 = ["uint160", "int24", "uint16", "uint16", "uint16", "uint8", "bool"]
WHOLE = Amounts(10**24, 10**24)


@pytest.fixture(scope="module")
def protocol(toolchain: Toolchain) -> Iterator[Uniswap]:
    with uniswap(toolchain) as deployed:
        yield deployed


@dataclass(frozen=True)
class Trade:
    """`seconds` after the block before; 0 is a second trade in that block."""

    seconds: int
    order: Order


@st.composite
def trades(draw: st.DrawFn) -> Trade:
    order = Order(
        zero_for_one=draw(st.booleans()),
        exact_in=True,
        share=draw(st.one_of(st.integers(5_000, 40_000), st.just(20_000), st.none())),
        units=7,
        limit=None,
    )
    return Trade(draw(st.sampled_from([12, 1, 13, 3_600, 86_399, 0])), order)


class History:
    """A pool that trades, block by block, and its ring as we keep it."""

    def __init__(self, protocol: Uniswap, tick: int) -> None:
        ranges = [Position(-200, 200, WHOLE), Position(-3, 5, WHOLE)]
        case = Case((0, 4), 3_000, tick, 77, (0, 0), ranges, [])
        self.model, self.cardinality_next = Model(protocol, case), 1
        steps = [*self.model.creation(), *map(self.model.minting, ranges)]
        for position in ranges:
            assert self.model.minted(position) is not None
        self.timestamp = protocol.chain.head().timestamp + 12
        self.blocks: list[tuple[int, list[Step]]] = [(self.timestamp, steps)]
        pool = self.model.pool
        self.oracle = Oracle((Observation(self.timestamp, 0, 0),), 0, pool.tick, pool.liquidity)

    def grow(self, cardinality_next: int) -> None:
        grow = "increaseObservationCardinalityNext"
        step = self.model.protocol.step(self.model.address, grow, ["uint16"], cardinality_next)
        self.blocks[-1][1].append(step)
        self.cardinality_next = max(self.cardinality_next, cardinality_next)

    def trade(self, trade: Trade) -> None:
        amount = self.model.amount(trade.order)
        _, executed = self.model.swapping(trade.order, amount, None)
        found = self.model.swapped(trade.order, amount, None)
        if trade.seconds:
            self.timestamp += trade.seconds
            self.blocks.append((self.timestamp, []))
        self.blocks[-1][1].append(executed)
        if found is None:
            return
        if found.tick != self.model.pool.tick:
            self.oracle = write(
                self.oracle, timestamp=self.timestamp, cardinality_next=self.cardinality_next
            )
        self.oracle = replace(self.oracle, tick=found.tick, liquidity=found.liquidity)
        self.model.moved(found, zero_for_one=trade.order.zero_for_one)

    def read(self, seconds_agos: list[int], *, after: int) -> list[Result]:
        """What the pool holds and answers `after` seconds."""
        read, pool = self.model.protocol.step, self.model.address
        answer = ["uint32", "int56", "uint160", "bool"]
        slots = range(self.oracle.cardinality)
        steps = [
            read(pool, "slot0", returns=SLOT0),
            *(read(pool, "observations", ["uint256"], slot, returns=answer) for slot in slots),
            *(
                read(pool, "observe", ["uint32[]"], [ago], returns=["int56[]", "uint160[]"])
                for ago in seconds_agos
            ),
        ]
        self.timestamp += after
        self.blocks.append((self.timestamp, steps))
        return self.model.protocol.run_blocks(self.blocks)[-1]


@settings(max_examples=examples(25, deep=150))
@given(
    tick=st.integers(-40_000, 40_000),
    grown=st.tuples(st.sampled_from([3, 2, 1]), st.sampled_from([7, 4, 1])),
    at=st.integers(0, 5),
    made=st.lists(trades(), min_size=4, max_size=14),
    seconds_agos=st.lists(st.integers(0, 100_000), min_size=1, max_size=6),
    after=st.sampled_from([1, 12, 5_000]),
)
def test_observations_and_what_lies_between_are_the_pools_own(
    protocol: Uniswap,
    tick: int,
    grown: tuple[int, int],
    at: int,
    made: list[Trade],
    seconds_agos: list[int],
    after: int,
) -> None:
    history = History(protocol, tick)
    history.grow(grown[0])
    for count, trade in enumerate(made):
        history.trade(trade)
        if count == at:
            history.grow(grown[1])
    oracle = history.oracle
    oldest = oldest_seconds_ago(oracle, timestamp=history.timestamp + after)
    agos = [*seconds_agos, oldest, oldest + 1, after, after + 1, oldest // 2, oldest // 3]
    slot0, *results = history.read(agos, after=after)
    ring = (oracle.tick, oracle.index, oracle.cardinality, history.cardinality_next)
    assert slot0.values[1:5] == ring
    for observation, read in zip(oracle.observations, results, strict=False):
        assert read.values == (
            observation.block_timestamp,
            observation.tick_cumulative,
            observation.seconds_per_liquidity_x128,
            observation.initialized,
        )
    for ago, answered in zip(agos, results[oracle.cardinality :], strict=True):
        try:
            expected = observe(oracle, ago, timestamp=history.timestamp)
        except MathError as error:
            assert (str(error), answered.ok) == ("OLD", False)  # noqa: PT017 - both must refuse
            continue
        ticks, seconds_per_liquidity = answered.values
        assert (ticks[0], seconds_per_liquidity[0]) == expected
