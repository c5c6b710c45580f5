"""Algebra Integral without a node: what is confirmed, refused and decoded."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.support.answers import REVERTED, Fake, FakeChain, Reply, address_word, text, words
from tests.support.strategies import address
from watcher.errors import MathError, RefusedTarget
from watcher.math.exact.tick_math import get_sqrt_price_at_tick
from watcher.math.quotes import quote_exact_in
from watcher.protocols import Entry
from watcher.protocols.algebra_integral import ADAPTER
from watcher.state import Answer, Concentrated, Ticks

POOL, FACTORY, AAA, BBB = (address(number) for number in (0x10, 0x20, 0x30, 0x40))
LIQUIDITY = 10**18
TICKS = {-601: LIQUIDITY, 1_200: -LIQUIDITY}
"""Of a spacing that the pool had before."""


def table(data: bytes) -> Answer:
    word = int.from_bytes(data, signed=True)
    return words(sum(1 << tick % 256 for tick in TICKS if tick // 256 == word))


def info(data: bytes) -> Answer:
    net = TICKS[int.from_bytes(data, signed=True)]
    return words(abs(net), net, 0, 0, 0, 0)


def token(symbol: str, decimals: int, balance: int) -> Fake:
    own: dict[str, Reply] = {
        "decimals()": words(decimals),
        "symbol()": text(symbol),
        "balanceOf(address)": words(balance),
    }
    return Fake(own)


def state_word(fee: int = 2_600, plugins: int = 0, community_fee: int = 150) -> Answer:
    return words(get_sqrt_price_at_tick(7), 7, fee, plugins, community_fee, 1)


def chain(pool: Mapping[str, Reply] | None = None, known: Reply | None = None) -> FakeChain:
    replies: dict[str, Reply] = {
        "token0()": address_word(AAA),
        "token1()": address_word(BBB),
        "factory()": address_word(FACTORY),
        "globalState()": state_word(),
        "tickSpacing()": words(60),
        "liquidity()": words(LIQUIDITY),
        "tickTable(int16)": table,
        "ticks(int24)": info,
    }
    by_pair: dict[str, Reply] = {"poolByPair(address,address)": known or address_word(POOL)}
    return FakeChain(
        {
            POOL: Fake(replies | dict(pool or {})),
            FACTORY: Fake(by_pair),
            AAA: token("AAA", 18, 1_001),
            BBB: token("BBB", 6, 2_002),
        }
    )


ENTRY = Entry(31337, "algebra_integral", POOL, "mine")


def read(found: FakeChain) -> Concentrated:
    state = found.read(ADAPTER, found.identify(ADAPTER, ENTRY))
    assert isinstance(state, Concentrated)
    return state


def test_the_state_is_what_the_pool_answers() -> None:
    assert read(chain()) == Concentrated(
        variant="algebra_integral",
        sqrt_price_x96=get_sqrt_price_at_tick(7),
        tick=7,
        liquidity=LIQUIDITY,
        fee0=2_600,
        fee1=2_600,
        protocol_fee0=150,
        protocol_fee1=150,
        tick_spacing=60,
        ticks=(-601, 1_200),
        liquidity_net=(LIQUIDITY, -LIQUIDITY),
        liquidity_gross=(LIQUIDITY, LIQUIDITY),
        known_from=-64 * 256,
        known_to=65 * 256 - 1,
        balances=(1_001, 2_002),
        decimals0=18,
        decimals1=6,
    )


def test_a_bit_of_its_table_is_one_tick_whatever_the_spacing() -> None:
    found = chain()
    calls = ADAPTER.calls(found.identify(ADAPTER, ENTRY))
    (walk,) = (call for call in calls if isinstance(call, Ticks))
    assert (walk.spacing, walk.first_word, walk.last_word, walk.reach) == (1, -3_466, 3_465, 64)


@pytest.mark.parametrize(("plugins", "hooked"), [(1, True), (0b1000_0001, True), (0xFE, False)])
def test_a_plugin_before_swaps_is_flagged_and_nothing_is_quoted(plugins: int, hooked: bool) -> None:
    state = read(chain({"globalState()": state_word(plugins=plugins)}))
    assert state.hooked == hooked
    if hooked:
        with pytest.raises(MathError, match="plugin of the pool may change"):
            quote_exact_in(state, 0, 1, 1_000)
    else:
        assert quote_exact_in(state, 0, 1, 1_000).amount_out > 0


@pytest.mark.parametrize(
    "wrong",
    [
        chain({"globalState()": words(1, 0, 100, 100, 0, 0, 0, 1)}),  # Algebra V1's
        chain({"globalState()": REVERTED}),
        chain({"token1()": words(2**255)}),
        chain(known=address_word(AAA)),
        chain(known=REVERTED),
    ],
)
def test_what_no_factory_knows_is_refused(wrong: FakeChain) -> None:
    with pytest.raises(RefusedTarget, match="remove the entry"):
        wrong.identify(ADAPTER, ENTRY)
