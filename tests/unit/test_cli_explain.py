"""The explained arithmetic is the arithmetic: it ends in what the quote says, or is not shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from tests.support.numbers import sizes
from tests.support.strategies import feed, pool, pools, stable, ticked, ticked_pools, vault, vaults
from watcher.cli.explain import explain, steps
from watcher.errors import InputError, MathError
from watcher.math.quotes import quote_exact_in, quote_exact_out
from watcher.state import State


@given(
    st.one_of(pools(), vaults(), ticked_pools()),
    st.sampled_from([0, 1]),
    sizes(1, 2**120),
    st.booleans(),
)
def test_every_quote_is_explained_to_the_unit(
    state: State, coin_in: Literal[0, 1], amount: int, exact_out: bool
) -> None:
    ask = quote_exact_out if exact_out else quote_exact_in
    try:
        quote = ask(state, coin_in, 1 - coin_in, amount)
    except MathError:
        reject()
    explanation = explain(state, quote, exact_out=exact_out)
    known = dict(explanation.given)
    for line in explanation.lines:
        # What is printed can be typed into any calculator with integers.
        assert eval(line.numbers) == eval(line.formula, {}, known) == line.value
        known[line.name] = line.value
    result = quote.amount_in if exact_out else quote.amount_out
    assert explanation.lines[-1].value == result
    assert steps(explanation)[-1] == ("", f"= {result}")


def test_an_explanation_that_disagrees_is_never_shown() -> None:
    state = pool()
    quote = quote_exact_in(state, 0, 1, 10**18)
    wrong = replace(quote, amount_out=quote.amount_out + 1)
    with pytest.raises(RuntimeError, match=r"UniswapV2Library\.getAmountOut is explained as"):
        explain(state, wrong, exact_out=False)
    with pytest.raises(RuntimeError):
        explain(replace(state, fee_numerator=998), quote, exact_out=False)


@pytest.mark.parametrize(
    ("coin_in", "exact_out", "function", "last"),
    [
        (0, False, "ERC4626.previewDeposit", "product // divisor"),
        (0, True, "ERC4626.previewMint", "(product + divisor - 1) // divisor"),
        (1, False, "ERC4626.previewRedeem", "product // divisor"),
        (1, True, "ERC4626.previewWithdraw", "(product + divisor - 1) // divisor"),
    ],
)
def test_each_function_of_a_vault_has_its_rounding(
    coin_in: int, exact_out: bool, function: str, last: str
) -> None:
    state = vault(3 * 10**18, 7 * 10**18, offset=3)
    ask = quote_exact_out if exact_out else quote_exact_in
    explanation = explain(state, ask(state, coin_in, 1 - coin_in, 10**17 + 1), exact_out=exact_out)
    assert explanation.function == function
    assert explanation.lines[-1].formula == last


def test_the_pools_own_fee_stands_in_the_lines() -> None:
    state = pool(fee=(998, 1000))
    explanation = explain(state, quote_exact_in(state, 1, 0, 10**18), exact_out=False)
    assert explanation.lines[0].formula == "amountIn * 998"
    assert explanation.lines[0].numbers == f"{10**18} * 998"


def test_a_feed_has_nothing_to_explain() -> None:
    with pytest.raises(ValueError, match="price_feed exchanges nothing"):
        explain(feed(), quote_exact_in(pool(), 0, 1, 10**18), exact_out=False)


def test_a_swap_over_ticks_is_explained_range_by_range() -> None:
    state = ticked()
    quote = quote_exact_in(state, 0, 1, 2 * 10**16)
    explanation = explain(state, quote, exact_out=False)
    given, lines = dict(explanation.given), {line.name: line for line in explanation.lines}
    assert explanation.function == "UniswapV3Pool.swap"
    # The price is at the end of a word of the bitmap, where the pool stops too.
    assert [given[f"tick_{number}"] for number in (1, 2, 3)] == [0, -60, -600]
    assert lines["liquidity_3"].formula == "liquidity_1 - liquidityNet_2"
    assert lines["liquidity_3"].value == 10**18
    assert lines["amountOut"].formula == "amountOut_1 + amountOut_2 + amountOut_3"
    assert lines["feeAmount_3"].formula == "amountRemaining_2 - amountIn_3"
    assert lines["amountRemaining_3"].value == 0


def test_what_is_solved_round_by_round_is_not_explained() -> None:
    quote = quote_exact_in(stable(), 0, 1, 10**18)
    with pytest.raises(InputError, match="leave --explain out"):
        explain(stable(), quote, exact_out=False)
