"""Constant product beside the real pairs: what we say is what they do, to the wei, and where they
revert we raise. The answers come out of the pairs' own execution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.real_pairs import FEE_TO, PROTOCOLS, RealPair, deploy_pairs, room
from tests.support.simulation import RECEIVER, Result, step
from tests.support.strategies import SHARES, UINT112, pool, pools, portion, sizes
from tests.support.world import LocalWorld
from watcher.errors import MathError
from watcher.math.exact import constant_product as cp
from watcher.math.quotes import add_liquidity, quote_exact_in, quote_exact_out, remove_liquidity
from watcher.state import ConstantProduct

pytestmark = pytest.mark.anvil

each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)

on_chain = settings(max_examples=examples(25, deep=300))
MIXES = st.integers(0, 2)
COINS = st.sampled_from([0, 1])
AMOUNTS = st.one_of(sizes(0, UINT112), sizes(0, 2 * UINT112))
GIFTS = st.one_of(st.just(0), sizes(0, UINT112))
POOLS = st.one_of(pools(), pools(1_000, 2**100))
DRIFTS = st.one_of(st.just(0), sizes(0, 2 * UINT112), sizes(0, UINT112).map(lambda size: -size))


@pytest.fixture(scope="module")
def pairs(fork_site: LocalWorld) -> dict[str, list[RealPair]]:
    return {protocol: deploy_pairs(fork_site, protocol) for protocol in PROTOCOLS}


def outcome(ask: Callable[[], Any]) -> Any:
    """What ours gives, None where it raises."""
    try:
        return ask()
    except MathError:
        return None


def side(state: ConstantProduct, coin_in: int) -> ConstantProduct:
    return state.flipped() if coin_in else state


def fee(state: ConstantProduct) -> dict[str, int]:
    return {"fee_numerator": state.fee_numerator, "fee_denominator": state.fee_denominator}


@st.composite
def inputs(draw: st.DrawFn) -> tuple[ConstantProduct, int, int]:
    """A pool, the coin that comes in, and how much: what buys something, or any amount."""
    state, coin_in = draw(pools()), draw(COINS)
    most = max(room(side(state, coin_in).reserve0), 1)
    return state, coin_in, draw(st.one_of(sizes(1, most), AMOUNTS))


@st.composite
def outputs(draw: st.DrawFn) -> tuple[ConstantProduct, int, int]:
    """A pool, the coin that comes in, and how much of the other one is wanted."""
    state, coin_in = draw(pools()), draw(COINS)
    reserve_out = side(state, coin_in).reserve1
    part = st.builds(portion, st.just(reserve_out), SHARES)
    return state, coin_in, draw(st.one_of(part, sizes(0, reserve_out + 1), AMOUNTS))


def agrees(found: Result, expected: int | None) -> bool:
    """Whether the router's answer is ours; None stands for no answer."""
    return (found.integer if found.ok else None) == expected


@each_protocol
@on_chain
@given(mix=MIXES, trade=inputs())
def test_exact_in_is_what_the_pair_pays_and_it_pays_no_more(
    pairs: dict[str, list[RealPair]],
    protocol: str,
    mix: int,
    trade: tuple[ConstantProduct, int, int],
) -> None:
    pair, (drawn, coin_in, amount_in) = pairs[protocol][mix], trade
    state = pair.like(drawn)
    quote = outcome(lambda: quote_exact_in(state, coin_in, amount_in))
    amount_out = quote.amount_out if quote else 0
    paid, refused, swapped, received = pair.run(
        state,
        [
            pair.pay(coin_in, amount_in),
            pair.swap(coin_in, amount_out + 1),
            pair.swap(coin_in, amount_out),
            pair.received(1 - coin_in),
        ],
    )
    assert paid.ok
    assert not refused.ok
    assert swapped.ok == (quote is not None)
    assert received.integer == amount_out


@each_protocol
@on_chain
@given(mix=MIXES, trade=outputs())
def test_exact_out_is_paid_for_what_the_rule_asks_and_two_units_less_are_refused(
    pairs: dict[str, list[RealPair]],
    protocol: str,
    mix: int,
    trade: tuple[ConstantProduct, int, int],
) -> None:
    pair, (drawn, coin_in, amount_out) = pairs[protocol][mix], trade
    state = pair.like(drawn)
    quote = outcome(lambda: quote_exact_out(state, coin_in, amount_out))
    # Where ours raises because the rule's amount has no room, one unit less than all the room is
    # already less than the least that would do.
    most = max(room(side(state, coin_in).reserve0) - 1, 0)
    too_little = max(quote.amount_in - 2, 0) if quote else most
    _, refused, _, swapped, received = pair.run(
        state,
        [
            pair.pay(coin_in, too_little),
            pair.swap(coin_in, amount_out),
            pair.pay(coin_in, quote.amount_in - too_little if quote else 0),
            pair.swap(coin_in, amount_out),
            pair.received(1 - coin_in),
        ],
    )
    assert not refused.ok
    assert swapped.ok == (quote is not None)
    assert received.integer == (amount_out if quote else 0)


@on_chain
@given(mix=MIXES, bought=inputs(), sold=outputs())
def test_uniswaps_router_answers_as_we_do(
    pairs: dict[str, list[RealPair]],
    mix: int,
    bought: tuple[ConstantProduct, int, int],
    sold: tuple[ConstantProduct, int, int],
) -> None:
    """It knows nothing of what the pair refuses: an output of zero, an input without room."""
    pair = pairs["uniswap"][mix]
    assert pair.router is not None
    state, coin, amount_in = bought
    one, amount_out = side(pair.like(state), coin), sold[2]
    reserves = one.reserve0, one.reserve1
    get = "(uint256,uint256,uint256)"
    out, back, quoted = pair.run(
        pair.like(state),
        [
            step(pair.router, f"getAmountOut{get}", amount_in, *reserves),
            step(pair.router, f"getAmountIn{get}", amount_out, *reserves),
            step(pair.router, f"quote{get}", amount_in, *reserves),
        ],
    )
    bought_out = outcome(lambda: cp.get_amount_out(amount_in, *reserves, **fee(one)))
    too_much = amount_in > room(reserves[0])
    assert agrees(out, bought_out) or (bought_out is None and (out.integer == 0 or too_much))
    asked = outcome(lambda: cp.get_amount_in(amount_out, *reserves, **fee(one)))
    assert agrees(back, asked) or (asked is None and back.integer > room(reserves[0]))
    assert agrees(quoted, outcome(lambda: cp.quote(amount_in, *reserves)))


@each_protocol
@on_chain
@given(mix=MIXES, trade=inputs(), drift=st.tuples(DRIFTS, DRIFTS), data=st.data())
def test_the_pair_accepts_what_we_say_it_accepts(
    pairs: dict[str, list[RealPair]],
    protocol: str,
    mix: int,
    trade: tuple[ConstantProduct, int, int],
    drift: tuple[int, int],
    data: st.DataObject,
) -> None:
    """Balances that are not the reserves: donations count as input, losses are made good first."""
    pair, (drawn, coin_in, amount_in) = pairs[protocol][mix], trade
    state = pair.like(drawn, drift)
    one = side(state, coin_in)
    held = {
        "reserve_in": one.reserve0,
        "reserve_out": one.reserve1,
        "balance_in": one.balance0,
        "balance_out": one.balance1,
    } | fee(state)

    def refusal(amount_out: int) -> str:
        try:
            cp.require_swap(amount_in, amount_out, **held)
        except MathError as error:
            return str(error)
        return ""

    # The most that is accepted, then its neighbour, and any amount.
    low, high = 0, one.reserve1 + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if not refusal(middle) else (low, middle)
    wanted = [low, low + 1, data.draw(sizes(0, 2 * UINT112)), one.reserve1, one.balance1]
    for amount_out in wanted:
        paid, swapped = pair.run(
            state, [pair.pay(coin_in, amount_in), pair.swap(coin_in, amount_out)]
        )
        assert paid.ok
        assert swapped.ok == (not refusal(amount_out)), (swapped.reason, refusal(amount_out))


@each_protocol
@on_chain
@given(mix=MIXES, state=POOLS, drift=st.tuples(DRIFTS, DRIFTS), parts=st.tuples(SHARES, SHARES))
def test_minting_gives_what_we_say(
    pairs: dict[str, list[RealPair]],
    protocol: str,
    mix: int,
    state: ConstantProduct,
    drift: tuple[int, int],
    parts: tuple[int, int],
) -> None:
    pair = pairs[protocol][mix]
    amounts = portion(4 * state.reserve0, parts[0]), portion(4 * state.reserve1, parts[1])
    check_mint(pair, pair.like(state, drift), *amounts)


@each_protocol
@on_chain
@given(mix=MIXES, gift=st.tuples(GIFTS, GIFTS), amounts=st.tuples(AMOUNTS, AMOUNTS))
def test_the_first_mint_gives_what_we_say(
    pairs: dict[str, list[RealPair]],
    protocol: str,
    mix: int,
    gift: tuple[int, int],
    amounts: tuple[int, int],
) -> None:
    pair = pairs[protocol][mix]
    check_mint(pair, pair.like(pool(0, 0, total_supply=0), gift), *amounts)


def check_mint(pair: RealPair, state: ConstantProduct, amount0: int, amount1: int) -> None:
    added = outcome(lambda: add_liquidity(state, amount0, amount1))
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
@given(mix=MIXES, state=POOLS, drift=st.tuples(DRIFTS, DRIFTS), part=SHARES)
def test_burning_pays_what_we_say(
    pairs: dict[str, list[RealPair]],
    protocol: str,
    mix: int,
    state: ConstantProduct,
    drift: tuple[int, int],
    part: int,
) -> None:
    pair = pairs[protocol][mix]
    real = pair.like(state, drift)
    # Somewhat more than is held is among them, and nothing.
    liquidity = portion(real.total_supply + 1, part) - 1
    removed = outcome(lambda: remove_liquidity(real, liquidity))
    _, burned, *received, the_protocols = pair.run(
        real,
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
