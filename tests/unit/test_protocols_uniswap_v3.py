"""Uniswap V3 without a node: what is confirmed, refused and decoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.support.answers import EMPTY, REVERTED, Fake, FakeChain, Reply, address_word, text, words
from tests.support.strategies import address
from watcher.errors import DecodeError, NoCode, RefusedTarget
from watcher.math.exact.tick_math import get_sqrt_price_at_tick
from watcher.protocols import Entry
from watcher.protocols.tick_pools import TICK_WORDS
from watcher.protocols.uniswap_v3 import ADAPTER
from watcher.state import Answer, Concentrated, Target, Ticks
from watcher.state.target import Param

POOL, FACTORY, AAA, BBB = (address(number) for number in (0x10, 0x20, 0x30, 0x40))
LIQUIDITY = 10**18
TICKS = {-600: LIQUIDITY, 1_200: -LIQUIDITY}
FEES = 0x64  # a sixth of the fee of token1 is the protocol's, a quarter of token0's


def token(symbol: str, decimals: int, balance: int) -> Fake:
    return Fake(
        {
            "decimals()": words(decimals),
            "symbol()": text(symbol),
            "balanceOf(address)": words(balance),
        }
    )


def bitmap(data: bytes) -> Answer:
    word = int.from_bytes(data, signed=True)
    bits = [tick // 60 for tick in TICKS]
    return words(sum(1 << bit % 256 for bit in bits if bit // 256 == word))


def info(data: bytes) -> Answer:
    net = TICKS.get(int.from_bytes(data, signed=True), 0)
    return words(abs(net), net, 0, 0, 0, 0, 0, 1)


def chain(
    pool: Mapping[str, Reply] | None = None, factory: Mapping[str, Reply] | None = None
) -> FakeChain:
    """A pool of AAA (18 decimals) and BBB (6), with the named replies instead of its own."""
    replies: dict[str, Reply] = {
        "token0()": address_word(AAA),
        "token1()": address_word(BBB),
        "factory()": address_word(FACTORY),
        "fee()": words(3_000),
        "tickSpacing()": words(60),
        "slot0()": words(get_sqrt_price_at_tick(7), 7, 0, 1, 1, FEES, 1),
        "liquidity()": words(LIQUIDITY),
        "tickBitmap(int16)": bitmap,
        "ticks(int24)": info,
    }
    known: dict[str, Reply] = {
        "getPool(address,address,uint24)": address_word(POOL),
        "feeAmountTickSpacing(uint24)": words(60),
    }
    return FakeChain(
        {
            POOL: Fake(replies | dict(pool or {})),
            FACTORY: Fake(known | dict(factory or {})),
            AAA: token("AAA", 18, 1_001),
            BBB: token("BBB", 6, 2_002),
        }
    )


def entry(options: Mapping[str, Param] | None = None) -> Entry:
    return Entry(31337, "uniswap_v3", POOL, "mine", options=options or {})


def identify(found: FakeChain, asked: Entry | None = None) -> Target:
    return found.identify(ADAPTER, asked or entry())


def walk_of(target: Target) -> Ticks:
    (walk,) = (call for call in ADAPTER.calls(target) if isinstance(call, Ticks))
    return walk


def test_a_pool_is_identified_by_what_it_and_its_factory_say() -> None:
    target = identify(chain())
    assert [(each.symbol, each.decimals) for each in target.tokens] == [("AAA", 18), ("BBB", 6)]
    assert target.share is None
    assert (target.name, target.kind, target.key) == ("mine", "concentrated", "")
    params = {"factory": FACTORY, "fee": 3_000, "tick_spacing": 60, "tick_words": TICK_WORDS}
    assert dict(target.params) == params


def test_the_state_is_what_the_pool_answers() -> None:
    found = chain()
    assert found.read(ADAPTER, identify(found)) == Concentrated(
        variant="uniswap_v3",
        sqrt_price_x96=get_sqrt_price_at_tick(7),
        tick=7,
        liquidity=LIQUIDITY,
        fee0=3_000,
        fee1=3_000,
        protocol_fee0=4,
        protocol_fee1=6,
        tick_spacing=60,
        ticks=(-600, 1_200),
        liquidity_net=(LIQUIDITY, -LIQUIDITY),
        liquidity_gross=(LIQUIDITY, LIQUIDITY),
        known_from=-887_272,
        known_to=887_272,
        balances=(1_001, 2_002),
        decimals0=18,
        decimals1=6,
    )


@pytest.mark.parametrize(
    ("spacing", "words_each_way", "reach"),
    [
        (60, 64, 116),  # all of them: there are no more than the two ways hold
        (200, 64, 36),
        (10, 64, 64),
        (1, 64, 64),
        (60, 10, 10),
        (60, 58, 116),
        (60, 57, 57),
        (1, 6_932, 6_932),
    ],
)
def test_words_are_read_around_the_price_or_all(
    spacing: int, words_each_way: int, reach: int
) -> None:
    found = chain(
        {"tickSpacing()": words(spacing)}, {"feeAmountTickSpacing(uint24)": words(spacing)}
    )
    walk = walk_of(identify(found, entry({"tick_words": words_each_way})))
    assert (walk.spacing, walk.reach) == (spacing, reach)
    assert walk.first_word * 256 * spacing <= -887_272 < (walk.first_word + 1) * 256 * spacing
    assert walk.last_word * 256 * spacing <= 887_272 < (walk.last_word + 1) * 256 * spacing


def test_the_range_that_was_read_is_said() -> None:
    found = chain()
    state = found.read(ADAPTER, identify(found, entry({"tick_words": 1})))
    assert isinstance(state, Concentrated)
    assert (state.known_from, state.known_to) == (-256 * 60, 511 * 60)
    assert state.ticks == (-600, 1_200)


@pytest.mark.parametrize(
    ("pool", "factory"),
    [
        ({"fee()": REVERTED}, {}),
        ({"token0()": words(2**255)}, {}),
        ({"tickSpacing()": words(2**23)}, {}),
        ({"tickSpacing()": words(10)}, {}),  # not that of its fee tier
        ({"fee()": words(1_000_000)}, {}),
        ({}, {"getPool(address,address,uint24)": address_word(AAA)}),
        ({}, {"getPool(address,address,uint24)": EMPTY}),
        ({}, {"feeAmountTickSpacing(uint24)": REVERTED}),
        ({"tickSpacing()": words(0)}, {"feeAmountTickSpacing(uint24)": words(0)}),
        ({"tickSpacing()": words(-60)}, {"feeAmountTickSpacing(uint24)": words(-60)}),
    ],
)
def test_what_no_factory_knows_is_refused(
    pool: Mapping[str, Reply], factory: Mapping[str, Reply]
) -> None:
    with pytest.raises(RefusedTarget, match="remove the entry"):
        identify(chain(pool, factory))


def test_nothing_at_the_address_is_no_pool() -> None:
    with pytest.raises(NoCode):
        identify(FakeChain({}))


@pytest.mark.parametrize(
    ("pool", "why"),
    [
        ({"liquidity()": words(LIQUIDITY + 1)}, "add up to the liquidity"),
        (
            {"slot0()": words(get_sqrt_price_at_tick(9), 7, 0, 1, 1, 0, 1)},
            "not that of the current",
        ),
        ({"slot0()": words(5, 7, 0, 1, 1, 0, 1)}, "out of the range of prices"),
        ({"slot0()": words(get_sqrt_price_at_tick(7), 7, 0, 1, 1, 0x0B, 1)}, "protocol_fee"),
    ],
)
def test_what_no_pool_is_gives_no_state(pool: Mapping[str, Reply], why: str) -> None:
    target = identify(chain())
    with pytest.raises(DecodeError, match=why):
        chain(pool).read(ADAPTER, target)


def test_a_price_that_fell_just_to_a_tick_is_one_tick_lower() -> None:
    found = chain({"slot0()": words(get_sqrt_price_at_tick(8), 7, 0, 1, 1, 0, 1)})
    state = found.read(ADAPTER, identify(found))
    assert isinstance(state, Concentrated)
    assert state.tick == 7


def test_a_walk_that_did_not_come_to_its_end_is_no_reading() -> None:
    found = chain()
    target = identify(found)
    answers = found.answers(ADAPTER.calls(target))
    first, last = answers[-1].data[:2], answers[-1].data[4:6]
    cut = replace_data(answers[-1], first + first + last)
    with pytest.raises(DecodeError, match="ended before word"):
        ADAPTER.decode(target, [*answers[:-1], cut])


def replace_data(answer: Answer, data: bytes) -> Answer:
    return answer._replace(data=data, length=len(data))


def test_a_tick_off_the_spacing_is_no_tick() -> None:
    found = chain()
    target = identify(found)
    answers = found.answers(ADAPTER.calls(target))
    moved = replace(target, params={**target.params, "tick_spacing": 7})
    with pytest.raises(DecodeError, match="no multiple of the spacing"):
        ADAPTER.decode(moved, answers)
