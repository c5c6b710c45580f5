"""The local world without a chain: calls, configuration, schedule, and what the scenes plan."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import isqrt
from random import Random
from typing import Any

import pytest

from watcher.devnet import local_chain
from watcher.devnet.calldata import call_data, creation_data, returned
from watcher.devnet.configuration import duration, to_toml
from watcher.devnet.deploy.site import created_address
from watcher.devnet.draft import Draft
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.moves.trades import (
    amount_to_share,
    arbitrage,
    gap_bps,
    sell,
    small_trades,
    value_share,
)
from watcher.devnet.places import Actors, CoinPool, Feed, Pair, TickPool, Vault
from watcher.devnet.scenes import EVENTS, SCENES
from watcher.devnet.scenes.calm import CALM
from watcher.devnet.scenes.reorg import REORG
from watcher.devnet.schedule import Act, schedule
from watcher.devnet.stage import RollBack, Scene, Stage, Step
from watcher.devnet.text import amount_text, listed, percent_text, price_text
from watcher.devnet.world import World
from watcher.errors import SetupError
from watcher.state.block import Block
from watcher.state.token import Address, Token, to_address


def address(number: int) -> Address:
    return to_address(f"0x{number:040x}")


WETH = Token(address(1), 18, "WETH")
USDC = Token(address(2), 6, "USDC")
GUSD = Token(address(3), 2, "GUSD")
PAIRS = (
    Pair("WETH/USDC", address(11), WETH, USDC, Fraction(3, 1000), Fraction(1, 6), address(10)),
    Pair("pancake:WETH/USDC", address(12), WETH, USDC, Fraction(2, 1000), Fraction(1, 4), None),
    Pair("GUSD/USDC", address(13), USDC, GUSD, Fraction(3, 1000), Fraction(1, 6), address(10)),
)
TICK_POOL = TickPool(
    "v3:WETH/USDC",
    address(14),
    WETH,
    USDC,
    fee=500,
    tick_spacing=10,
    ticks=(-200_000, -190_000),
    router=address(15),
)
COIN_POOL = CoinPool(
    "curve:WETH/USDC",
    "curve_stableswap",
    address(16),
    (Token(address(22), 18, "solmate-weth"), USDC),
    "exchange(uint128,uint128,uint256,uint256)",
)
VAULTS = (
    Vault("oz6-usdc", address(21), USDC, virtual_shares=True, decimals_offset=6),
    Vault("solmate-weth", address(22), WETH, virtual_shares=False),
)
FEEDS = (
    Feed("ETH / USD", WETH, address(31), address(41), 3_600, 0.005, 3_000 * 10**8),
    Feed("USDC / USD", USDC, address(32), address(42), 86_400, 0.0025, 10**8),
    Feed("GUSD / USD", GUSD, address(33), address(43), 86_400, 0.005, 10**8),
)
WORLD = World(
    chain_id=31337,
    actors=Actors(*(address(100 + index) for index in range(10))),
    weth=WETH,
    tokens=(WETH, USDC, GUSD),
    pairs=PAIRS,
    tick_pools=(TICK_POOL,),
    solidly_pools=(),
    coin_pools=(COIN_POOL,),
    vaults=VAULTS,
    feeds=FEEDS,
)
HEAD = Block(31337, 5, "0x05", "0x04", 1_700_000_060)


class StandingChain:
    """A reader for whom nothing that is planned ever happens."""

    block_seconds = 12

    def head(self) -> Block:
        return HEAD

    def read(self, address: Address, signature: str, *args: Any) -> tuple[Any, ...]:
        match signature.partition("(")[0]:
            case "getReserves" if address == PAIRS[2].address:
                return 500_000 * 10**6, 500_000 * 10**2, HEAD.timestamp
            case "getReserves":
                return 1_000 * 10**18, 3_000_000 * 10**6, HEAD.timestamp
            case "slot0":  # 3,000 USDC for one WETH
                return isqrt(3_000 * 10**6 * 2**192 // 10**18), -196_257, 0, 1, 1, 0, True
            case "liquidity":
                return (10**18,)
            case "ticks":
                return 10**18, 10**18 if args == (-200_000,) else -(10**18)
            case "latestRoundData":
                feed = next(feed for feed in FEEDS if feed.aggregator == address)
                return 1, feed.first_answer, HEAD.timestamp, HEAD.timestamp, 1
            case "totalAssets":
                return (10**24,)
            case "totalSupply":
                return (10**24,)
            case "balanceOf":
                return (10**20,)
        raise AssertionError(signature)


def draft() -> Draft:
    return Draft(WORLD, StandingChain())


def steps(scene: Scene, blocks: int, seed: int) -> Sequence[Step | RollBack]:
    return list(scene.play(Stage(WORLD, StandingChain(), Random(seed)), blocks))


# calls


def test_a_call_is_its_selector_and_its_arguments() -> None:
    assert call_data("totalSupply()(uint256)") == "0x18160ddd"
    data = call_data("transfer(address,uint256)", address(7), 9)
    assert data == "0xa9059cbb" + f"{7:064x}" + f"{9:064x}"


def test_an_answer_is_read_by_the_second_brackets() -> None:
    data = "0x" + f"{3:064x}" + f"{4:064x}" + f"{5:064x}"
    assert returned("getReserves()(uint112,uint112,uint32)", data) == (3, 4, 5)
    assert returned("submit(uint256)", "0x") == ()


def test_a_constructors_arguments_follow_the_code() -> None:
    assert creation_data("0x6001", ("uint8",), 2) == "0x6001" + f"{2:064x}"
    assert creation_data("0x6001", ()) == "0x6001"


@pytest.mark.parametrize(
    ("nonce", "created"),
    [
        # the first contracts of Anvil's first account, known to everybody who has used one
        (0, "0x5FbDB2315678afecb367f032d93F642f64180aa3"),
        (1, "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"),
        (2, "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"),
    ],
)
def test_a_contracts_address_is_known_before_it_is_there(nonce: int, created: str) -> None:
    sender = to_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
    assert created_address(sender, nonce) == created


def test_addresses_differ_at_the_limits_of_the_encoding() -> None:
    nonces = (0, 1, 127, 128, 255, 256, 65_535, 65_536)
    assert len({created_address(address(7), nonce) for nonce in nonces}) == len(nonces)


def test_only_an_anvil_is_driven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_chain, "rpc", lambda url, method, params: "Geth/v1.15.0")
    with pytest.raises(SetupError, match=r"runs on Anvil alone, and this node is 'Geth/v1\.15\.0'"):
        LocalChain("http://127.0.0.1:8545")


# configuration


def test_the_configuration_names_everything_once() -> None:
    text = to_toml(
        WORLD,
        endpoint_url="http://127.0.0.1:8545",
        database_url='sqlite:////home/a "b"\\ü\x7f/watcher.db',
    )
    document = tomllib.loads(text)
    assert document["unit"] == "USD"
    assert document["database"] == 'sqlite:////home/a "b"\\ü\x7f/watcher.db'
    chain = document["chains"]["eip155:31337"]
    assert chain["endpoints"] == [{"url": "http://127.0.0.1:8545"}]
    targets = {entry["name"]: entry for entry in document["targets"]}
    assert targets["pancake:WETH/USDC"] == {
        "chain": "eip155:31337",
        "protocol": "uniswap_v2",
        "address": PAIRS[1].address,
        "name": "pancake:WETH/USDC",
        "fee": 0.002,
        "protocol_fee_share": "1/4",
    }
    assert targets["oz6-usdc"]["virtual_shares"] is True
    assert targets["oz6-usdc"]["decimals_offset"] == 6
    assert targets["solmate-weth"]["virtual_shares"] is False
    assert "decimals_offset" not in targets["solmate-weth"]
    assert len(targets) == len(document["targets"]) == len(PAIRS) + 2 + len(VAULTS)
    assert document["prices"][0] == {
        "token": f"eip155:31337/erc20:{WETH.address}",
        "source": "chainlink",
        "address": FEEDS[0].proxy,
        "heartbeat": "1h",
        "deviation": 0.005,
    }
    assert len(document["prices"]) == len(FEEDS)


@pytest.mark.parametrize(
    ("seconds", "text"), [(86_400, "24h"), (3_600, "1h"), (5_400, "90m"), (90, "90s")]
)
def test_durations_are_written_in_their_largest_unit(seconds: int, text: str) -> None:
    assert duration(seconds) == text


# schedule


@pytest.mark.parametrize("seed", range(5))
def test_a_schedule_announces_as_many_blocks_as_asked(seed: int) -> None:
    for blocks in range(201):
        acts = schedule(blocks, Random(seed))
        assert sum(act.blocks for act in acts) == blocks
        for act in acts:
            assert act.scene.shortest <= act.blocks <= act.scene.longest


@pytest.mark.parametrize("seed", range(5))
def test_short_schedules_have_the_events_that_matter_most(seed: int) -> None:
    for blocks in range(5, 13):
        names = {act.scene.name for act in schedule(blocks, Random(seed))}
        assert names >= {"calm", "one_side_emptied", "reorg"}
    for blocks in range(13, 41):
        assert {act.scene for act in schedule(blocks, Random(seed))} == set(SCENES)


def test_long_schedules_go_round_again() -> None:
    counts = Counter(act.scene for act in schedule(200, Random(1)))
    assert {counts[scene] for scene in EVENTS} == {5}


def test_a_schedule_follows_from_its_seed() -> None:
    def drawn(seed: int) -> list[Act]:
        return schedule(40, Random(seed))

    assert drawn(1) == drawn(1)
    assert len({tuple(act.scene.name for act in drawn(seed)) for seed in range(10)}) > 5


# scenes


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_scene_announces_the_blocks_that_it_is_given(scene: Scene) -> None:
    for blocks in range(scene.shortest, min(scene.longest, 12) + 1):
        for seed in range(10):
            played = steps(scene, blocks, seed)
            announced = [step for step in played if isinstance(step, Step) and step.announced]
            assert len(announced) == blocks
            assert all(step.text for step in announced)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_scene_follows_from_its_seed(scene: Scene) -> None:
    blocks = min(scene.longest, 6)
    assert steps(scene, blocks, 1) == steps(scene, blocks, 1)
    assert steps(scene, blocks, 1) != steps(scene, blocks, 2)


@pytest.mark.parametrize("depth", range(1, 6))
def test_a_reorg_mines_one_block_more_than_it_takes_back(depth: int) -> None:
    played = steps(REORG, depth + 1, seed=depth)
    at = played.index(RollBack(depth))
    old, new = played[:at], played[at + 1 :]
    assert (len(old), len(new)) == (depth, depth + 1)
    assert [isinstance(step, Step) and step.announced for step in new] == [False] * depth + [True]
    first_old, first_new = old[0], new[0]
    assert isinstance(first_old, Step)
    assert isinstance(first_new, Step)
    assert first_old.seconds != first_new.seconds
    assert first_old.transactions != first_new.transactions


def test_calm_goes_on_without_end() -> None:
    endless = CALM.play(Stage(WORLD, StandingChain(), Random(1)), CALM.longest)
    assert sum(1 for _ in zip(range(100), endless, strict=False)) == 100


# trades


def test_a_second_trade_of_a_block_meets_what_the_first_left() -> None:
    plan = draft()
    first = sell(plan, WORLD.actors.trader, PAIRS[0], WETH, 10**19)
    second = sell(plan, WORLD.actors.trader, PAIRS[0], WETH, 10**19)
    assert second.amount_out < first.amount_out
    assert plan.reserves(PAIRS[0]) == (
        1_020 * 10**18,
        3_000_000 * 10**6 - first.amount_out - second.amount_out,
    )


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
@pytest.mark.parametrize("side", [0, 1])
def test_a_sale_makes_a_coin_the_share_that_is_asked_for(pair: Pair, side: int) -> None:
    plan = draft()
    sold = (pair.token0, pair.token1)[side]
    share = Fraction(9, 10)
    sell(plan, WORLD.actors.whale, pair, sold, amount_to_share(plan, pair, sold, share))
    assert abs(value_share(plan, pair, sold) - share) < Fraction(1, 1_000)
    assert amount_to_share(plan, pair, sold, Fraction(1, 2)) == 0


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
@pytest.mark.parametrize("side", [0, 1])
def test_arbitrage_goes_back_to_the_fee_and_no_further(pair: Pair, side: int) -> None:
    plan = draft()
    sold = (pair.token0, pair.token1)[side]
    assert arbitrage(plan, pair) is None
    sell(plan, WORLD.actors.whale, pair, sold, plan.reserves(pair)[side] // 10)
    trade = arbitrage(plan, pair)
    assert trade is not None
    assert trade.token_in == pair.other(sold)
    assert gap_bps(plan, pair) <= pair.fee * 10_000 + 1
    assert value_share(plan, pair, sold) > Fraction(1, 2)
    assert arbitrage(plan, pair) is None


def test_small_trades_lean_against_a_gap_and_avoid_what_they_are_told_to() -> None:
    for seed in range(30):
        plan = draft()
        plan.plan_reserves(PAIRS[0], 1_010 * 10**18, 3_000_000 * 10**6)
        trades = small_trades(plan, Random(seed), most=3, least=1, avoid=(PAIRS[1],))
        assert trades
        assert len({trade.pair for trade in trades}) == len(trades)
        assert all(trade.pair != PAIRS[1] for trade in trades)
        assert all(trade.token_in == USDC for trade in trades if trade.pair == PAIRS[0])


def test_a_pair_without_a_router_is_paid_first() -> None:
    plan = draft()
    sell(plan, WORLD.actors.trader, PAIRS[1], USDC, 10**9)
    assert [transaction.to for transaction in plan.transactions] == [
        USDC.address,
        USDC.address,
        PAIRS[1].address,
    ]


# words


@pytest.mark.parametrize(
    ("amount", "token", "text"),
    [
        (1_204_600 * 10**15, WETH, "1,205 WETH"),
        (12_500 * 10**15, WETH, "12.50 WETH"),
        (31_200, USDC, "0.0312 USDC"),
        (123, GUSD, "1.23 GUSD"),
    ],
)
def test_amounts_have_decimals_where_they_matter(amount: int, token: Token, text: str) -> None:
    assert amount_text(amount, token) == text


def test_prices_near_a_peg_have_five_decimals() -> None:
    assert price_text(99_991_000) == "0.99991"
    assert price_text(2_760 * 10**8) == "2,760.00"


def test_words() -> None:
    assert percent_text(Fraction(8, 100)) == "8.0%"
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"
