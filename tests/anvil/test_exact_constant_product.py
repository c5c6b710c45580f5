"""Constant product beside the real pairs: what we say is what they do, to the wei, and where they
revert we raise. The answers come out of the pairs' own execution."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.numbers import SHARES, portion, sizes
from tests.support.pair_cases import (
    AMOUNTS,
    ANY_OUTPUT,
    Case,
    Drifted,
    drifted,
    drifted_inputs,
    inputs,
    room,
    side,
)
from tests.support.real_pairs import FEE_TO, PROTOCOLS, RealPair, deploy_pairs
from tests.support.simulation import RECEIVER, Result, step
from tests.support.strategies import UINT112, pool
from tests.support.world import LocalWorld
from watcher.errors import MathError
from watcher.math.exact import constant_product as cp
from watcher.math.families.constant_product import burn, mint
from watcher.math.quotes import quote_exact_in, quote_exact_out
from watcher.state import ConstantProduct

MOVES = ("swap", "mint", "burn", "getAmountOut", "getAmountIn", "quote")
CONTRACTS = ("UniswapV2Pair", "PancakePair", "UniswapV2Router02")
pytestmark = [
    pytest.mark.anvil,
    pytest.mark.proves("constant_product", *CONTRACTS, moves=MOVES),
]

each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)
on_chain = settings(max_examples=examples(25, deep=300))
MIXES = st.integers(0, 2)
GIFTS = st.one_of(st.just(0), sizes(0, UINT112))

BEYOND = ("K", "INSUFFICIENT_LIQUIDITY", "TRANSFER_FAILED")
"""Why an amount is refused that is too much to ask for."""

GIVEN = Drifted(pool(10**21, 10**21), (0, 10**18))
"""Somebody gave the pair some of the coin that is bought: part of it can be taken for nothing."""

GROWN = Drifted(pool(10**21, 10**21, k_last=10**41, protocol_share=(1, 6)), (0, 0))
"""Fees were earned since the last mint, and the protocol has not had its part yet."""

Pairs = dict[str, list[RealPair]]


@pytest.fixture(scope="module")
def pairs(fork_site: LocalWorld) -> Pairs:
    return {protocol: deploy_pairs(fork_site, protocol) for protocol in PROTOCOLS}


def outcome(ask: Callable[[], Any]) -> Any:
    """What ours gives, None where it raises."""
    try:
        return ask()
    except MathError:
        return None


def fee(state: ConstantProduct) -> dict[str, int]:
    return {"fee_numerator": state.fee_numerator, "fee_denominator": state.fee_denominator}


def agrees(found: Result, expected: int | None) -> bool:
    """Whether the router's answer is ours; None stands for no answer."""
    return (found.integer if found.ok else None) == expected


@each_protocol
@on_chain
@given(mix=MIXES, trade=inputs())
@example(mix=0, trade=Case(pool(10**30, 10**30), 0, room(10**30) + 1))
def test_exact_in_is_what_the_pair_pays_and_it_pays_no_more(
    pairs: Pairs, protocol: str, mix: int, trade: Case
) -> None:
    pair, coin_in = pairs[protocol][mix], trade.coin_in
    state = pair.like(trade.state)
    quote = outcome(lambda: quote_exact_in(state, coin_in, 1 - coin_in, trade.amount))
    amount_out = quote.amount_out if quote else 0
    paid, refused, swapped, received = pair.run(
        state,
        [
            pair.pay(coin_in, trade.amount),
            pair.swap(coin_in, amount_out + 1),
            pair.swap(coin_in, amount_out),
            pair.received(1 - coin_in),
        ],
    )
    assert paid.ok
    assert not refused.ok
    assert swapped.ok == (quote is not None), swapped.reason
    assert received.integer == amount_out


@each_protocol
@on_chain
@given(mix=MIXES, trade=ANY_OUTPUT)
@example(mix=0, trade=Case(pool(UINT112 - 5207920604725241538971686772, 10**6), 0, 1))
def test_exact_out_is_paid_for_what_the_rule_asks_and_two_units_less_are_refused(
    pairs: Pairs, protocol: str, mix: int, trade: Case
) -> None:
    pair, coin_in = pairs[protocol][mix], trade.coin_in
    state = pair.like(trade.state)
    quote = outcome(lambda: quote_exact_out(state, coin_in, 1 - coin_in, trade.amount))
    # Where ours raises because the rule's amount has no room, one unit less than all the room is
    # already less than the least that would do.
    most = max(room(side(state, coin_in).reserve0) - 1, 0)
    too_little = max(quote.amount_in - 2, 0) if quote else most
    _, refused, _, swapped, received = pair.run(
        state,
        [
            pair.pay(coin_in, too_little),
            pair.swap(coin_in, trade.amount),
            pair.pay(coin_in, quote.amount_in - too_little if quote else 0),
            pair.swap(coin_in, trade.amount),
            pair.received(1 - coin_in),
        ],
    )
    assert not refused.ok
    assert swapped.ok == (quote is not None), swapped.reason
    assert received.integer == (trade.amount if quote else 0)


@each_protocol
@on_chain
@given(mix=MIXES, trade=ANY_OUTPUT)
def test_the_least_input_is_enough_and_one_unit_less_is_refused(
    pairs: Pairs, protocol: str, mix: int, trade: Case
) -> None:
    pair, coin_in = pairs[protocol][mix], trade.coin_in
    state = pair.like(trade.state)
    one = side(state, coin_in)
    least = outcome(
        lambda: cp.least_amount_in(trade.amount, one.reserve0, one.reserve1, **fee(one))
    )
    fits = least is not None and least <= room(one.reserve0)
    _, refused, _, swapped = pair.run(
        state,
        [
            pair.pay(coin_in, least - 1 if least else 0),
            pair.swap(coin_in, trade.amount),
            pair.pay(coin_in, 1),
            pair.swap(coin_in, trade.amount),
        ],
    )
    assert not refused.ok
    assert swapped.ok == fits, swapped.reason


@on_chain
@given(mix=MIXES, bought=inputs(), sold=ANY_OUTPUT)
@example(mix=0, bought=Case(pool(997, 1_000), 0, 1), sold=Case(pool(997, 1_000), 0, 500))
def test_uniswaps_router_answers_as_we_do(pairs: Pairs, mix: int, bought: Case, sold: Case) -> None:
    """It knows nothing of what the pair refuses: an output of zero, an input without room."""
    pair = pairs["uniswap"][mix]
    assert pair.router is not None
    buying = side(pair.like(bought.state), bought.coin_in)
    selling = side(pair.like(sold.state), sold.coin_in)
    reserves = buying.reserve0, buying.reserve1
    others = selling.reserve0, selling.reserve1
    numbers = "(uint256,uint256,uint256)"
    out, back, quoted = pair.run(
        pair.like(bought.state),
        [
            step(pair.router, f"getAmountOut{numbers}", bought.amount, *reserves),
            step(pair.router, f"getAmountIn{numbers}", sold.amount, *others),
            step(pair.router, f"quote{numbers}", bought.amount, *reserves),
        ],
    )
    given_out = outcome(lambda: cp.get_amount_out(bought.amount, *reserves, **fee(buying)))
    too_much = bought.amount > room(reserves[0])
    assert agrees(out, given_out) or (given_out is None and (out.integer == 0 or too_much))
    asked = outcome(lambda: cp.get_amount_in(sold.amount, *others, **fee(selling)))
    assert agrees(back, asked) or (asked is None and back.integer > room(others[0]))
    assert agrees(quoted, outcome(lambda: cp.quote(bought.amount, *reserves)))


@each_protocol
@on_chain
@given(mix=MIXES, trade=drifted_inputs(), wild=sizes(0, 2 * UINT112))
@example(mix=0, trade=(GIVEN, Case(GIVEN.state, 0, 10**18)), wild=0)
def test_the_pair_accepts_what_we_say_it_accepts(
    pairs: Pairs, protocol: str, mix: int, trade: tuple[Drifted, Case], wild: int
) -> None:
    """Balances that are not the reserves: donations count as input, losses are made good first."""
    pair, (drawn, case) = pairs[protocol][mix], trade
    state = pair.like(drawn.state, drawn.drift)
    one = side(state, case.coin_in)
    held = {
        "reserve_in": one.reserve0,
        "reserve_out": one.reserve1,
        "balance_in": one.balance0,
        "balance_out": one.balance1,
    } | fee(state)

    def refusal(amount_out: int) -> str:
        try:
            cp.require_swap(case.amount, amount_out, **held)
        except MathError as error:
            return str(error)
        return ""

    # The most that leaves K, then its neighbour; what a uint112 needs paid out; any amount.
    low, high = 0, one.reserve1 + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if refusal(middle) in BEYOND else (middle, high)
    too_full = max(one.balance1 - UINT112, 0)
    for amount_out in {low, low + 1, too_full, max(too_full - 1, 0), wild, one.reserve1}:
        paid, swapped = pair.run(
            state, [pair.pay(case.coin_in, case.amount), pair.swap(case.coin_in, amount_out)]
        )
        assert paid.ok
        assert swapped.ok == (not refusal(amount_out)), (swapped.reason, refusal(amount_out))


@each_protocol
@on_chain
@given(mix=MIXES, drawn=drifted(), parts=st.tuples(SHARES, SHARES))
def test_minting_gives_what_we_say(
    pairs: Pairs, protocol: str, mix: int, drawn: Drifted, parts: tuple[int, int]
) -> None:
    pair, state = pairs[protocol][mix], drawn.state
    amounts = portion(4 * state.reserve0, parts[0]), portion(4 * state.reserve1, parts[1])
    check_mint(pair, pair.like(state, drawn.drift), *amounts)


@each_protocol
@on_chain
@given(mix=MIXES, gift=st.tuples(GIFTS, GIFTS), amounts=st.tuples(AMOUNTS, AMOUNTS))
def test_the_first_mint_gives_what_we_say(
    pairs: Pairs, protocol: str, mix: int, gift: tuple[int, int], amounts: tuple[int, int]
) -> None:
    pair = pairs[protocol][mix]
    check_mint(pair, pair.like(pool(0, 0, total_supply=0), gift), *amounts)


def check_mint(pair: RealPair, state: ConstantProduct, amount0: int, amount1: int) -> None:
    added = outcome(lambda: mint(state, amount0, amount1))
    *_, minted, mine, the_protocols, supply = pair.run(
        state,
        [
            pair.pay(0, amount0),
            pair.pay(1, amount1),
            step(pair.address, "mint(address)", RECEIVER),
            step(pair.address, "balanceOf(address)", RECEIVER),
            step(pair.address, "balanceOf(address)", FEE_TO),
            step(pair.address, "totalSupply()"),
        ],
    )
    assert minted.ok == (added is not None), minted.reason
    if added is not None:
        locked = 0 if state.total_supply else cp.MINIMUM_LIQUIDITY
        assert minted.integer == mine.integer == added.liquidity
        assert the_protocols.integer == added.protocol_liquidity
        new = added.liquidity + added.protocol_liquidity + locked
        assert supply.integer == state.total_supply + new


@each_protocol
@on_chain
@given(mix=MIXES, drawn=drifted(), part=SHARES)
@example(mix=0, drawn=GROWN, part=2**62)
def test_burning_pays_what_we_say(
    pairs: Pairs, protocol: str, mix: int, drawn: Drifted, part: int
) -> None:
    pair = pairs[protocol][mix]
    state = pair.like(drawn.state, drawn.drift)
    held = state.total_supply - cp.MINIMUM_LIQUIDITY
    for liquidity in (portion(held, part), held, held + 1, 0):
        removed = outcome(partial(burn, state, liquidity))
        _, burned, *received, the_protocols = pair.run(
            state,
            [
                step(pair.address, "transfer(address,uint256)", pair.address, liquidity),
                step(pair.address, "burn(address)", RECEIVER),
                pair.received(0),
                pair.received(1),
                step(pair.address, "balanceOf(address)", FEE_TO),
            ],
        )
        assert burned.ok == (removed is not None), burned.reason
        if removed is not None:
            amounts = removed.amount0, removed.amount1
            assert burned.integers() == tuple(each.integer for each in received) == amounts
            assert the_protocols.integer == removed.protocol_liquidity
