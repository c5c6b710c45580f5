"""Means over time without a node: what is decoded, and what stands still while nothing happens."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi.abi import encode

from tests.support.answers import data, words
from tests.support.strategies import address
from watcher.errors import DecodeError, RevertedCall
from watcher.math.exact.tick_math import get_sqrt_price_at_tick
from watcher.protocols import uniswap_v2_twap, uniswap_v3_twap
from watcher.state import Answer, PairOracle, Target, TickOracle, Token

AAA, BBB = Token(address(0x30), 18, "AAA"), Token(address(0x40), 6, "BBB")
POOL = Target(31337, "uniswap_v3_twap", address(0x10), "tick_oracle", "600", (AAA, BBB))
PAIR = replace(POOL, protocol="uniswap_v2_twap", kind="pair_oracle")
PRICE = get_sqrt_price_at_tick(-7)
SLOT0 = words(PRICE, -7, 0, 1, 1, 0, 1)


def observed(ticks: tuple[int, int], seconds: tuple[int, int]) -> Answer:
    return data(encode(["int56[]", "uint160[]"], [ticks, seconds]))


def read(ticks: tuple[int, int], seconds: tuple[int, int] = (0, 600 << 64)) -> TickOracle:
    return uniswap_v3_twap.decode(POOL, [SLOT0, observed(ticks, seconds)])


def test_the_mean_is_of_the_window_and_the_tick_rounded_down() -> None:
    found = read((0, -601))
    assert (found.window, found.mean_tick, found.sqrt_price_x96) == (600, -2, PRICE)
    # 600 s at 2**-64 s per liquidity each, in units of 2**-128.
    assert found.mean_liquidity == pytest.approx(2**64, rel=2**-31)
    assert (found.decimals0, found.decimals1) == (18, 6)
    (call,) = uniswap_v3_twap.calls(POOL)[1:]
    assert call == uniswap_v3_twap.OBSERVE.call(POOL.address, [600, 0], length=2)


def test_what_the_contracts_rounding_moves_is_no_other_state() -> None:
    """The sums are rounded down each, so that their difference is one more or less by chance."""
    deep = [(10**30, 10**30 + 600 * 2**128 // 10**24 + jitter) for jitter in (0, 1)]
    assert read((0, 600), deep[0]) == read((0, 600), deep[1])
    assert read((0, 600), deep[0]).mean_liquidity == pytest.approx(10**24, rel=2**-31)


def test_sums_wrap_and_an_empty_difference_is_no_liquidity() -> None:
    wrapped = read((2**55 - 300, -(2**55) + 300), (2**160 - 1, (600 << 64) - 1))
    assert wrapped == read((0, 600))
    assert read((0, 0), (5, 5)).mean_liquidity == 0


def test_a_mean_that_no_pool_has_is_refused() -> None:
    with pytest.raises(DecodeError, match="mean tick of 900000"):
        read((0, 600 * 900_000))


@pytest.mark.parametrize(
    "answer",
    [
        observed((0, 1), (0, 1))._replace(ok=False),
        data(encode(["int56[]", "uint160[]"], [(0, 1, 2), (0, 1)])),
        data(encode(["int56[]"], [(0, 1)])),
        data(encode(["uint256"] * 8, [64, 160, 3, 0, 1, 2, 0, 1])),
        data(encode(["uint256"] * 8, [64, 160, 2, 2**56, 1, 2, 0, 1])),
        data(encode(["uint256"] * 8, [64, 160, 2, 0, 1, 2, 2**160, 1])),
        data(encode(["uint256"] * 8, [2**255, 160, 2, 0, 1, 2, 0, 1])),
    ],
)
def test_other_arrays_than_were_asked_for_are_refused(answer: Answer) -> None:
    with pytest.raises((DecodeError, RevertedCall)):
        uniswap_v3_twap.decode(POOL, [SLOT0, answer])


def test_a_pairs_sums_are_kept_as_they_are() -> None:
    answers = [words(5, 7, 2**32 - 1), words(2**256 - 1), words(3)]
    assert uniswap_v2_twap.decode(PAIR, answers) == PairOracle(
        600, 2**256 - 1, 3, 2**32 - 1, 5, 7, 18, 6
    )
