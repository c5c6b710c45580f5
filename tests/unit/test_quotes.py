"""The door to all exact arithmetic: it refuses what is no exchange, and says why."""

from __future__ import annotations

import pytest

from tests.support.strategies import feed, pool, vault
from watcher.errors import MathError
from watcher.math.families import constant_product
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
    for state in (pool(), vault()):
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
