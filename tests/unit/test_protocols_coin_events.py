"""Events of pools of several coins: of Balancer by token, of Curve and Saddle by place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.test_protocols_events import OTHER, POOL, SENDER, TOKEN0, TOKEN1, log, side
from watcher.errors import DecodeError
from watcher.protocols import ADAPTERS
from watcher.protocols import balancer_events as balancer
from watcher.protocols.events import event
from watcher.state import Target, Token, to_address
from watcher.state.flow import Flow, FlowKind, Side
from watcher.state.log import Log

TOKEN2 = Token(to_address("0x" + "a2" * 20), 8, "C")
TOKENS = (TOKEN0, TOKEN1, TOKEN2)
POOL_ID = b"\x33" * 32


def target(protocol: str) -> Target:
    params = {"pool_id": "0x" + POOL_ID.hex(), "vault": OTHER}
    return Target(1, protocol, POOL, ADAPTERS[protocol].kind, tokens=TOKENS, params=params)


def flows(protocol: str, *logs: Log) -> list[Flow]:
    events = ADAPTERS[protocol].events
    assert events is not None
    assert all(one.topics[0] in events.topics for one in logs)
    return list(events.decode(target(protocol), logs))


SWAPPED = (side(Side.IN, TOKEN2, 7), side(Side.OUT, TOKEN0, 5))


def test_balancers_first_pools() -> None:
    found = flows(
        "balancer_v1",
        log(balancer.V1_SWAP, SENDER, TOKEN2.address, TOKEN0.address, 7, 5, index=1),
        log(balancer.V1_JOIN, SENDER, TOKEN1.address, 9, index=2),
        log(balancer.V1_EXIT, SENDER, TOKEN1.address, 8, index=3),
    )
    assert found == [
        Flow(1, FlowKind.SWAP, SENDER, SWAPPED),
        Flow(2, FlowKind.ADD, SENDER, (side(Side.IN, TOKEN1, 9),)),
        Flow(3, FlowKind.REMOVE, SENDER, (side(Side.OUT, TOKEN1, 8),)),
    ]


def changed(deltas: list[int], fees: list[int], tokens: tuple[Token, ...] = TOKENS) -> Log:
    addresses = [token.address for token in tokens]
    return log(balancer.V2_BALANCES, POOL_ID, SENDER, addresses, deltas, fees)


def test_the_vault_tells_the_protocols_part_apart() -> None:
    [swap] = flows(
        "balancer_v2_weighted",
        log(balancer.V2_SWAP, POOL_ID, TOKEN2.address, TOKEN0.address, 7, 5),
    )
    assert swap == Flow(7, FlowKind.SWAP, None, SWAPPED)
    [join] = flows("balancer_v2_stable", changed([4, 0, 6], [0, 2, 0]))
    amounts = (side(Side.IN, TOKEN0, 4), side(Side.FEE, TOKEN1, 2), side(Side.IN, TOKEN2, 6))
    assert join == Flow(7, FlowKind.ADD, SENDER, amounts)
    [leave] = flows("balancer_v2_stable", changed([-4, 0, 0], [1, 0, 0]))
    gone = (side(Side.OUT, TOKEN0, 4), side(Side.FEE, TOKEN0, 1))
    assert leave == Flow(7, FlowKind.REMOVE, SENDER, gone)


def test_the_vaults_events_are_the_pools_by_its_id() -> None:
    events = ADAPTERS["balancer_v2_weighted"].events
    assert events is not None
    assert events.emitter is not None
    assert events.topic1 is not None
    pool = target("balancer_v2_weighted")
    assert (events.emitter(pool), events.topic1(pool)) == (OTHER, "0x" + "33" * 32)


def test_tokens_that_are_not_the_pools_are_refused() -> None:
    stranger = replace(TOKEN0, address=to_address("0x" + "ee" * 20))
    with pytest.raises(DecodeError, match="names the token 0x"):
        flows("balancer_v2_stable", changed([1, 0, 0], [0, 0, 0], (stranger, TOKEN1, TOKEN2)))
    with pytest.raises(DecodeError, match="and other amounts of them"):
        flows("balancer_v2_stable", changed([1, 0], [0, 0]))


BUYER, PROVIDER = "address indexed buyer", "address indexed provider"
EXCHANGES = {
    "curve_stableswap": event(
        f"TokenExchange({BUYER}, int128 sold_id, uint256 sold, int128 bought_id, uint256 bought)"
    ),
    "curve_cryptoswap": event(
        f"TokenExchange({BUYER}, uint256 sold_id, uint256 sold, uint256 bought_id, uint256 bought)"
    ),
}


@pytest.mark.parametrize("protocol", EXCHANGES)
def test_an_exchange_names_coins_by_their_places(protocol: str) -> None:
    known = EXCHANGES[protocol]
    [flow] = flows(protocol, log(known, SENDER, 2, 7, 0, 5))
    assert flow == Flow(7, FlowKind.SWAP, SENDER, SWAPPED)
    with pytest.raises(DecodeError, match="names coin 3 of 3"):
        flows(protocol, log(known, SENDER, 3, 7, 0, 5))


def test_a_coin_before_the_first_is_refused() -> None:
    with pytest.raises(DecodeError, match="names coin -1 of 3"):
        flows("curve_stableswap", log(EXCHANGES["curve_stableswap"], SENDER, -1, 7, 0, 5))


def test_saddles_exchange_has_another_order() -> None:
    known = event(f"TokenSwap({BUYER}, uint256 a, uint256 b, uint128 c, uint128 d)")
    assert flows("saddle", log(known, SENDER, 7, 5, 2, 0)) == [
        Flow(7, FlowKind.SWAP, SENDER, SWAPPED)
    ]


@pytest.mark.parametrize("size", ["[3]", "[]"])
def test_what_is_added_and_removed_is_of_each_coin(size: str) -> None:
    add = event(
        f"AddLiquidity({PROVIDER}, uint256{size} a, uint256{size} fees, uint256 i, uint256 s)"
    )
    remove = event(f"RemoveLiquidity({PROVIDER}, uint256{size} a, uint256{size} fees, uint256 s)")
    found = flows(
        "curve_stableswap",
        log(add, SENDER, [1, 0, 3], [9, 9, 9], 7, 7, index=1),
        log(remove, SENDER, [0, 2, 0], [0, 0, 0], 7, index=2),
    )
    assert [one.amounts for one in found] == [
        (side(Side.IN, TOKEN0, 1), side(Side.IN, TOKEN2, 3)),
        (side(Side.OUT, TOKEN1, 2),),
    ]
    assert [one.kind for one in found] == [FlowKind.ADD, FlowKind.REMOVE]


def test_amounts_of_another_number_of_coins_are_refused() -> None:
    add = event(f"AddLiquidity({PROVIDER}, uint256[2] a, uint256[2] f, uint256 i, uint256 s)")
    with pytest.raises(DecodeError, match="log 7 is of 2 coins"):
        flows("curve_stableswap", log(add, SENDER, [1, 2], [0, 0], 7, 7))


ONE_OF = "uint256 a, uint256 b, uint256 c"
ONE_COIN = {
    "curve_stableswap": (f"{PROVIDER}, int128 id, {ONE_OF}", (1, 99, 6, 98)),
    "curve_cryptoswap": (f"{PROVIDER}, {ONE_OF}", (99, 1, 6)),
    "saddle": (f"{PROVIDER}, uint256 lp, {ONE_OF}", (99, 98, 1, 6)),
}


@pytest.mark.parametrize("protocol", ONE_COIN)
def test_one_coin_that_is_taken_out(protocol: str) -> None:
    inputs, values = ONE_COIN[protocol]
    [flow] = flows(protocol, log(event(f"RemoveLiquidityOne({inputs})"), SENDER, *values))
    assert flow == Flow(7, FlowKind.REMOVE, SENDER, (side(Side.OUT, TOKEN1, 6),))


@pytest.mark.parametrize("inputs", ["uint256 a, uint256 b", ONE_OF])
def test_a_coin_that_the_first_pools_do_not_name_is_not_guessed(inputs: str) -> None:
    known = event(f"RemoveLiquidityOne({PROVIDER}, {inputs})")
    with pytest.raises(DecodeError, match="one coin was taken out and not which"):
        flows("curve_stableswap", log(known, SENDER, *[5] * (inputs.count(",") + 1)))
