"""The door to all exact arithmetic: it refuses what is no exchange, and says why."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.support.strategies import feed, pool, ticked, vault
from watcher.errors import MathError
from watcher.math.families import concentrated, constant_product
from watcher.math.quotes import (
    add_liquidity,
    quote_exact_in,
    quote_exact_out,
    remove_liquidity,
    spot_price,
    without_fee,
)


def test_a_feed_exchanges_nothing() -> None:
    for ask in (quote_exact_in, quote_exact_out):
        with pytest.raises(MathError, match="a price feed exchanges nothing"):
            ask(feed(), 0, 1, 10)
    with pytest.raises(MathError, match="a price feed exchanges nothing"):
        without_fee(feed())


@pytest.mark.parametrize(("coin_in", "coin_out"), [(2, 0), (0, 2), (-1, 0), (0, -1)])
def test_a_coin_must_exist(coin_in: int, coin_out: int) -> None:
    for state in (pool(), vault(), ticked()):
        with pytest.raises(MathError, match="does not exist: there are 0 to 1"):
            quote_exact_in(state, coin_in, coin_out, 10)
        with pytest.raises(MathError, match="does not exist"):
            spot_price(state, coin_in, coin_out)


def test_a_coin_is_not_exchanged_for_itself() -> None:
    with pytest.raises(MathError, match="the same"):
        quote_exact_in(pool(), 1, 1, 10)


def test_liquidity_is_added_and_removed_by_the_pairs_own_functions() -> None:
    state = pool()
    amounts = (state.reserve0 // 10, state.reserve1 // 10)
    assert add_liquidity(state, amounts) == constant_product.mint(state, *amounts).liquidity
    removed = constant_product.burn(state, 10**15)
    assert remove_liquidity(state, 10**15) == (removed.amount0, removed.amount1)
    with pytest.raises(MathError, match="3 amounts for 2 coins"):
        add_liquidity(state, (1, 2, 3))


def test_a_vault_takes_deposits_and_no_liquidity() -> None:
    with pytest.raises(MathError, match="a share vault takes no liquidity"):
        add_liquidity(vault(), (1, 2))
    with pytest.raises(MathError, match="a share vault gives no liquidity back"):
        remove_liquidity(vault(), 1)


def test_a_pool_with_ticks_is_quoted_by_its_swap() -> None:
    state = ticked(fees=(3_000, 500))
    found = quote_exact_in(state, 0, 1, 10**15)
    assert 997 * 10**12 * 999 // 1_000 < found.amount_out < 997 * 10**12
    assert quote_exact_out(state, 0, 1, found.amount_out).amount_in <= 10**15
    assert quote_exact_in(without_fee(state), 0, 1, 10**15).amount_out > found.amount_out
    assert quote_exact_in(state, 1, 0, 10**15).amount_out > found.amount_out
    assert spot_price(state, 0, 1) == 1
    fees = [concentrated.fee(state, coin) for coin in (0, 1)]
    assert fees == [
        Fraction(3, 1000),
        Fraction(1, 2000),
    ]


def test_a_pool_with_ticks_refuses_what_its_routers_refuse() -> None:
    for amount in (0, -1, 2**255):
        with pytest.raises(MathError):
            quote_exact_in(ticked(), 0, 1, amount)
        with pytest.raises(MathError):
            quote_exact_out(ticked(), 0, 1, amount)
    with pytest.raises(MathError, match="liquidity ends"):
        quote_exact_out(ticked(), 0, 1, 10**18)
    with pytest.raises(MathError, match="no liquidity"):
        quote_exact_in(ticked([(60, 120, 10**18)]), 0, 1, 10**18)
    with pytest.raises(MathError, match="not initialised"):
        spot_price(replace(ticked(), sqrt_price_x96=0), 0, 1)
    with pytest.raises(MathError, match="net and its gross"):
        quote_exact_in(replace(ticked(), liquidity_net=()), 0, 1, 1)
    with pytest.raises(MathError, match="takes no liquidity"):
        add_liquidity(ticked(), (1, 1))
