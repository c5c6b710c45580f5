"""How a quote is asked for: coins and amounts that can be taken in one way only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.balancer_strategies import balancer_stable, weighted
from tests.support.strategies import (
    TOKEN0,
    TOKEN1,
    feed,
    metapool,
    pool,
    stable,
    target_of,
    ticked,
    vault,
)
from watcher.cli.phrases import whole_amount
from watcher.errors import InputError, MathError
from watcher.report.trade import find_coin, parse_amount, trade
from watcher.state import Block, Snapshot, State, Token

BLOCK = Block(31337, 7, "0x" + "ab" * 32, "0x" + "cd" * 32, 1_700_000_000)
TARGET = target_of(pool())


def snapshot(state: State) -> Snapshot:
    return Snapshot(BLOCK, target_of(state), state)


@pytest.mark.parametrize(
    "text", ["1", "bbb", "BBB", TOKEN1.address, TOKEN1.address.lower(), f" {TOKEN1.address} "]
)
def test_a_coin_is_found_by_index_symbol_or_address(text: str) -> None:
    assert find_coin(TARGET, text) == 1


@pytest.mark.parametrize(
    "text", ["", "2", "-1", "CCC", "0x", TOKEN1.address.upper(), "²", "9" * 5_000]
)
def test_what_names_no_coin_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="it has 0 AAA, 1 BBB"):
        find_coin(TARGET, text)


def test_a_symbol_passes_for_no_index_and_no_address() -> None:
    liar = Token(TOKEN0.address, 18, "1")
    other = Token(TOKEN1.address, 18, TOKEN0.address)
    target = replace(TARGET, tokens=(liar, other))
    assert find_coin(target, "1") == 1
    assert find_coin(target, TOKEN0.address) == 0


def test_one_symbol_of_two_coins_is_refused() -> None:
    twins = (Token(TOKEN0.address, 18, "USD"), Token(TOKEN1.address, 6, "usd"))
    with pytest.raises(InputError, match="'usd' names 2 coins"):
        find_coin(replace(TARGET, tokens=twins), "usd")


def test_a_vault_exchanges_its_asset_and_its_share() -> None:
    target = target_of(vault())
    assert (find_coin(target, "AAA"), find_coin(target, "LP")) == (0, 1)
    with pytest.raises(InputError, match="is a price feed"):
        find_coin(target_of(feed()), "0")


@given(st.integers(0, 2**256 - 1), st.integers(0, 77))
def test_an_amount_is_taken_digit_by_digit(raw: int, decimals: int) -> None:
    token = Token(TOKEN0.address, decimals, "AAA")
    assert parse_amount(whole_amount(raw, decimals), token, raw=False) == raw
    assert parse_amount(str(raw), token, raw=True) == raw


def test_zeros_at_the_end_are_no_decimals() -> None:
    usdc = Token(TOKEN0.address, 6, "USDC")
    assert parse_amount("1.5000000000", usdc, raw=False) == 1_500_000
    with pytest.raises(InputError, match=r"'1\.0000001' has 7 decimals and USDC has 6"):
        parse_amount("1.0000001", usdc, raw=False)


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1e3", "1,000", "1_000", ".5", "1.", "NaN", "inf", "٣", "0x10", "1 0"]
)
def test_what_could_be_read_in_two_ways_is_no_amount(text: str) -> None:
    with pytest.raises(InputError, match="is no amount"):
        parse_amount(text, TOKEN0, raw=False)


def test_no_amount_exceeds_256_bits() -> None:
    with pytest.raises(InputError, match="more than 256 bits"):
        parse_amount(str(2**256), TOKEN0, raw=True)
    with pytest.raises(InputError, match="leave out the point"):
        parse_amount("1.5", TOKEN0, raw=True)


def test_the_figures_of_a_trade() -> None:
    state = pool(1_000 * 10**18, 2_000_000 * 10**6, decimals=(18, 6))
    sold = trade(snapshot(state), 0, 1, 10 * 10**18, exact_out=False)
    assert sold.quote.amount_out == 9970 * 2_000_000 * 10**6 // 1_009_970
    assert sold.marginal_price == 2_000
    assert sold.average_price == pytest.approx(2_000 * 0.997 / 1.00997, rel=1e-9)
    assert sold.slippage == pytest.approx(1 - 0.997 / 1.00997, rel=1e-7)
    assert sold.price_impact == pytest.approx(1 - 1 / 1.01, rel=1e-7)
    assert sold.fee == pytest.approx(0.003)


def test_the_fee_of_a_pool_with_ticks_is_that_of_the_coin_sold() -> None:
    state = ticked(fees=(3_000, 500), decimals=(18, 18))
    for coin, fee in ((0, 0.003), (1, 0.0005)):
        sold = trade(snapshot(state), coin, 1 - coin, 10**12, exact_out=False)
        assert sold.fee == fee
        assert sold.slippage == pytest.approx(fee, rel=1e-2)
    assert find_coin(target_of(state), "BBB") == 1


def test_what_comes_out_is_asked_for_the_other_way_round() -> None:
    state = pool(1_000 * 10**18, 2_000_000 * 10**6, decimals=(18, 6))
    bought = trade(snapshot(state), 1, 0, 10**18, exact_out=True)
    assert bought.quote.amount_out == 10**18
    assert bought.marginal_price == 1 / 2_000
    assert bought.slippage == pytest.approx(1 - 0.997 * 0.999, rel=1e-5)
    assert bought.price_impact == pytest.approx(0.001, rel=1e-5)


def test_a_refusal_of_the_contract_is_no_trade() -> None:
    with pytest.raises(MathError):
        trade(snapshot(pool()), 0, 1, 0, exact_out=False)
    with pytest.raises(InputError, match="are the same"):
        trade(snapshot(pool()), 1, 1, 5, exact_out=False)


def test_nothing_for_nothing_has_no_price() -> None:
    free = trade(snapshot(vault()), 0, 1, 0, exact_out=False)
    assert (free.quote.amount_out, free.average_price, free.slippage) == (0, None, None)


def test_a_stableswap_pool_is_quoted_with_its_fee() -> None:
    found = trade(snapshot(stable()), 0, 1, 10**18, exact_out=False)
    assert (found.fee, found.marginal_price) == (0.0004, 1.0)
    assert found.quote.amount_out == pytest.approx(0.9996 * 10**18, rel=1e-6)
    assert found.slippage == pytest.approx(0.0004, rel=1e-2)


def test_balancers_pools_are_quoted_with_their_fee() -> None:
    for state in (weighted(fee=4 * 10**14), balancer_stable(fee=4 * 10**14)):
        found = trade(snapshot(state), 0, 1, 10**18, exact_out=False)
        assert (found.fee, found.marginal_price) == (0.0004, 1.0)
        assert found.quote.amount_out == pytest.approx(0.9996 * 10**18, rel=1e-5)


def test_a_metapool_is_quoted_through_its_base() -> None:
    state = metapool()
    found = trade(snapshot(state), 0, 4, 10**18, exact_out=False)
    assert (found.token_in.symbol, found.token_out.symbol) == ("T0", "T4")
    assert found.fee == 0.0004
    assert found.average_price == pytest.approx(found.marginal_price, rel=1e-3)
