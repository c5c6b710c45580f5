"""Flows of the local world's real contracts: what is stored is what web3 decodes of their events,
and it explains what became of the reserves, token by token."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from eth_utils.crypto import keccak

from tests.anvil import test_balancer as balancer
from tests.anvil.test_reorgs import Watching, mine, watching
from tests.support.event_ledger import Key, said_by_events
from tests.support.stirring import exchange, trade_over_ticks
from tests.support.world import LocalWorld
from watcher.chain.anvil import run_anvil
from watcher.chain.bloom import may_hold
from watcher.chain.client import ChainClient
from watcher.chain.headers import Headers
from watcher.chain.reader import Reader
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy import deploy_world
from watcher.devnet.deploy.pools import FAR_FUTURE
from watcher.devnet.deploy.tick_pools import POSITION_GAS
from watcher.devnet.local_chain import LocalChain, Transaction, local_options
from watcher.devnet.play import play
from watcher.devnet.world import CoinPool, KyberPool, Pair, SolidlyPool
from watcher.errors import Unavailable
from watcher.protocols import ADAPTERS
from watcher.service.backfill import Backfill, asked_stretches
from watcher.service.watch import ChainWatch
from watcher.state import Address, Block, Target, to_address
from watcher.state.flow import Side
from watcher.state.log import Log
from watcher.store import FlowRecord, recompute

pytestmark = pytest.mark.anvil

PAIRS = ("uniswap_v2", "solidly", "kyber_dmm")
BALANCER = ("balancer_v1", "balancer_v2_weighted", "balancer_v2_stable")
ADMINISTERED = ("curve_stableswap", "saddle")
FIRST_CURVE = "curve:sUSD"
COIN_BALANCE = {
    "first": "balances(int128)",
    "curve_stableswap": "balances(uint256)",
    "curve_cryptoswap": "balances(uint256)",
    "saddle": "getTokenBalance(uint8)",
}
"""The getter of one coin's balance, by protocol; the first generation's is another."""
TRANSFER = "transfer(address,uint256)"
MINT = "mint(address,uint256)"


@pytest.fixture
def node(toolchain: Toolchain) -> Iterator[LocalWorld]:
    with run_anvil(toolchain.anvil, local_options()) as running:
        chain = LocalChain(running.url)
        yield LocalWorld(chain, deploy_world(chain, toolchain.artifacts))


def held(node: LocalWorld, target: Target, number: int) -> list[int]:
    """What the contract's own getters say of the reserves at a block, asked plainly."""

    def ask(to: Address, signature: str, *args: object) -> list[int]:
        call = {"to": to, "data": call_data(signature, *args)}
        data = bytes.fromhex(node.chain.request("eth_call", call, hex(number))[2:])
        return [int.from_bytes(data[at : at + 32]) for at in range(0, len(data), 32)]

    if target.protocol in PAIRS:
        return ask(target.address, "getReserves()")[:2]
    if target.protocol == "erc4626":
        return ask(target.address, "totalAssets()")
    if target.protocol == "balancer_v1":
        balance_of = "getBalance(address)"
        return [ask(target.address, balance_of, token.address)[0] for token in target.tokens]
    if target.protocol in COIN_BALANCE:
        view = COIN_BALANCE["first" if target.name == FIRST_CURVE else target.protocol]
        return [ask(target.address, view, place)[0] for place in range(len(target.tokens))]
    if "pool_id" in target.params:
        pool_id = bytes.fromhex(str(target.params["pool_id"])[2:])
        words = ask(to_address(str(target.params["vault"])), "getPoolTokens(bytes32)", pool_id)
        # Behind three words of head and the tokens with their number.
        return words[3 + len(target.tokens) + 2 :][: len(target.tokens)]
    return [ask(token.address, "balanceOf(address)", target.address)[0] for token in target.tokens]


def stored(target: Target, records: Sequence[FlowRecord]) -> dict[int, dict[Key, list[int]]]:
    """By block, kind and side, the sums of what is stored."""
    places = {token.address: place for place, token in enumerate(target.tokens)}
    found: dict[int, dict[Key, list[int]]] = {}
    for record in records:
        sums: dict[Key, list[int]] = defaultdict(lambda: [0] * len(places))
        for flow in record.window.decoded.flows:
            for amount in flow.amounts:
                if amount.side is not Side.RESERVE:
                    sums[flow.kind.value, amount.side.value][places[amount.token]] += amount.raw
        if sums:
            found[record.block.number] = dict(sums)
    return found


def to_administrator(
    node: LocalWorld, target: Target, first: int
) -> dict[tuple[str, int], list[int]]:
    """What leaves the balances of a StableSwap pool for its administrator, who has what the pool
    holds beyond its balances, by name and block."""

    def beyond(number: int) -> list[int]:
        holding = []
        for token in target.tokens:
            call = {"to": token.address, "data": call_data("balanceOf(address)", target.address)}
            holding.append(int(node.chain.request("eth_call", call, hex(number)), 16))
        own = held(node, target, number)
        return [has - of for has, of in zip(holding, own, strict=True)]

    last = node.chain.head().number
    values = [beyond(number) for number in range(first, last + 1)]
    changes = [
        [before - now for before, now in zip(one, two, strict=True)]
        for one, two in pairwise(values)
    ]
    return {(target.name, first + 1 + k): one for k, one in enumerate(changes) if any(one)}


def left_over(record: FlowRecord, name: str) -> dict[str, float]:
    return {
        dict(one.dims)["token"]: one.value for one in record.window.measures if one.name == name
    }


def check_target(
    node: LocalWorld,
    toolchain: Toolchain,
    watched: Watching,
    target: Target,
    *,
    first: int,
    given: dict[tuple[str, int], list[int]] | None = None,
) -> set[str]:
    """All that is stored of one target against the chain. `given` is what it was given otherwise,
    by name and block. The kinds of its flows."""
    last = node.chain.head().number
    records = watched.store.flows(target.id, first=first)
    said = said_by_events(node.chain.url, toolchain.artifacts, target, first, last)
    expected = {number: dict(one.sums) for number, one in said.items() if one.sums}
    assert stored(target, records) == expected, target.label
    by_number = {record.block.number: record for record in records}
    for number in range(first + 1, last + 1):
        before, now = held(node, target, number - 1), held(node, target, number)
        none = [0] * len(target.tokens)
        change = said[number].change if number in said else none
        extra = (given or {}).get((target.name, number), none)
        for place in range(len(target.tokens)):
            # Exactly, by the chain's own getters and web3's events.
            assert before[place] + change[place] + extra[place] == now[place], (target.name, number)
        if number not in by_number:
            assert before == now
            continue
        record = by_number[number]
        unexplained, corrected = (
            left_over(record, name) for name in ("unexplained_flow", "corrected_flow")
        )
        is_pair = target.protocol in PAIRS
        for place, token in enumerate(target.tokens):
            over, rest = (corrected, unexplained) if is_pair else (unexplained, corrected)
            assert over[token.address] == extra[place] / 10**token.decimals, (target.name, number)
            assert rest[token.address] == 0.0, (target.name, number)
    return {flow.kind.value for record in records for flow in record.window.decoded.flows}


def decoded_targets(watched: Watching) -> list[Target]:
    return [one for one in watched.prepared.targets if ADAPTERS[one.protocol].events is not None]


def gifts(node: LocalWorld, toolchain: Toolchain, target: Target, first: int) -> dict[int, int]:
    """What a vault got of its asset by block but for deposits, from the token's own transfers."""
    transfer = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
    word = "0x" + target.address[2:].lower().rjust(64, "0")
    [asset] = target.tokens
    net: dict[int, int] = defaultdict(int)
    for place, sign in ((2, 1), (1, -1)):
        topics: list[object] = [transfer, None, None]
        topics[place] = word
        asked = {"address": asset.address, "fromBlock": hex(first), "topics": topics}
        for log in node.chain.request("eth_getLogs", asked):
            net[int(log["blockNumber"], 16)] += sign * int(log["data"], 16)
    last = node.chain.head().number
    said = said_by_events(node.chain.url, toolchain.artifacts, target, first, last)
    for number, one in said.items():
        net[number] -= one.change[0]
    return {number: amount for number, amount in net.items() if amount}


async def test_the_flows_of_a_demonstration_are_the_chains_and_explain_the_reserves(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    async with watching(node, tmp_path, "flows") as watched:
        [start] = await watched.look()
        for _ in play(node.world, node.chain, blocks=40, seed=3):
            await watched.look()
        first = start.block.number
        kinds: dict[str, set[str]] = defaultdict(set)
        for target in decoded_targets(watched):
            given = {}
            if target.protocol in ADMINISTERED:
                given = to_administrator(node, target, first)
            if target.protocol == "erc4626":
                found = gifts(node, toolchain, target, first)
                given = {(target.name, number): [one] for number, one in found.items()}
            kinds[target.protocol] |= check_target(
                node, toolchain, watched, target, first=first, given=given
            )
        assert kinds["uniswap_v2"] == kinds["uniswap_v3"] == {"swap"}
        assert kinds["erc4626"] >= {"add"}
        exchanged = (*ADMINISTERED, "curve_cryptoswap", *BALANCER)
        assert [kinds[protocol] for protocol in exchanged] == [{"swap"}] * len(exchanged)
        assert recompute(watched.store).found == 0
        covered = watched.store.flow_coverage(watched.prepared.targets[0].id)
        assert covered.blocks == covered.read > 40
        assert covered.failed == ()


def send(
    node: LocalWorld, to: Address, signature: str, *args: object, sender: Address | None = None
) -> int:
    """One call in a block of its own; the block's number."""
    who = sender or node.world.actors.builder
    sent = Transaction(who, to, call_data(signature, *args), signature, gas=POSITION_GAS)
    return node.chain.mine([sent]).number


def balance(node: LocalWorld, token: Address, holder: Address) -> int:
    return int(node.chain.read(token, "balanceOf(address)(uint256)", holder)[0])


AnyPair = Pair | SolidlyPool | KyberPool


def pay(node: LocalWorld, token: Address, to: Address, amount: int) -> None:
    send(node, token, MINT, to, amount)


def move_pair(node: LocalWorld, pair: AnyPair) -> dict[tuple[str, int], list[int]]:
    """Everything that a pair can do; what it was given otherwise, where that became reserve."""
    builder, receiver = node.world.actors.builder, node.world.actors.treasury
    token0, token1 = pair.token0.address, pair.token1.address
    reserve0, reserve1 = (balance(node, token, pair.address) for token in (token0, token1))
    given: dict[tuple[str, int], list[int]] = {}
    for token, reserve in ((token0, reserve0), (token1, reserve1)):
        pay(node, token, pair.address, reserve // 97)
    send(node, pair.address, "mint(address)", builder)
    pay(node, token0, pair.address, reserve0 // 50)
    swap = "swap(uint256,uint256,address,bytes)"
    send(node, pair.address, swap, 0, reserve1 // 103, receiver, b"")
    # Both ways at once: what came in of the coin that goes out is paid in as well.
    for token, reserve in ((token0, reserve0), (token1, reserve1)):
        pay(node, token, pair.address, reserve // 50)
    send(node, pair.address, swap, reserve0 // 211, reserve1 // 97, receiver, b"")
    pay(node, token1, pair.address, 12_345_678)
    given[pair.name, send(node, pair.address, "sync()")] = [0, 12_345_678]
    pay(node, token0, pair.address, 7_654_321)
    liquidity = balance(node, pair.address, builder) // 7
    send(node, pair.address, TRANSFER, pair.address, liquidity)
    given[pair.name, send(node, pair.address, "burn(address)", receiver)] = [7_654_321, 0]
    pay(node, token1, pair.address, 999_999)
    send(node, pair.address, "skim(address)", receiver)
    return given


@pytest.mark.parametrize(
    "name", ["DAI/USDC", "pancake:DAI/USDC", "stable:DAI/USDC", "kyber:DAI/USDC"]
)
async def test_everything_that_a_pair_does_is_decoded_and_explained(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path, name: str
) -> None:
    world = node.world
    pools: list[AnyPair] = [*world.pairs, *world.solidly_pools, *world.kyber_pools]
    [pair] = [pool for pool in pools if pool.name == name]
    async with watching(node, tmp_path, "pair") as watched:
        [start] = await watched.look()
        given = move_pair(node, pair)
        await watched.look()
        [target] = [one for one in watched.prepared.targets if one.name == name]
        first = start.block.number
        kinds = check_target(node, toolchain, watched, target, first=first, given=given)
        fees = {"fee"} if target.protocol == "solidly" else set()
        assert kinds == {"swap", "add", "remove", "sync"} | fees
        assert recompute(watched.store).found == 0


POSITION = (
    "positions(uint256)(uint96,address,address,address,uint24,int24,int24,uint128,uint256,uint256,"
    "uint128,uint128)"
)
ALL = 2**128 - 1
OPEN = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


def move_v3(node: LocalWorld, name: str) -> dict[tuple[str, int], list[int]]:
    """Through the manager of positions and the pool itself; what the pool was given otherwise."""
    world, builder = node.world, node.world.actors.builder
    pool, manager = world.tick_pool(name), world.treasuries[0].positions
    token0, token1 = pool.token0.address, pool.token1.address
    for token in (token0, token1):
        pay(node, token, builder, 10**24)
        send(node, token, "approve(address,uint256)", manager, 10**24)
        send(node, token, "approve(address,uint256)", pool.router, 10**24)
    send(node, pool.address, "setFeeProtocol(uint8,uint8)", 4, 6)
    amounts = balance(node, token0, pool.address) // 50, balance(node, token1, pool.address) // 50
    ticks = pool.ticks[0], pool.ticks[-1]
    order = (token0, token1, pool.fee, *ticks, *amounts, 0, 0, builder, FAR_FUTURE)
    send(node, manager, OPEN, order)
    (count,) = node.chain.read(manager, "balanceOf(address)(uint256)", builder)
    owned = "tokenOfOwnerByIndex(address,uint256)(uint256)"
    (nft,) = node.chain.read(manager, owned, builder, count - 1)
    swap = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
    for sold, bought, amount in ((token0, token1, amounts[0]), (token1, token0, amounts[1])):
        send(node, pool.router, swap, (sold, bought, pool.fee, builder, FAR_FUTURE, amount, 0, 0))
    (*_, liquidity, _, _, _, _) = node.chain.read(manager, POSITION, nft)
    decrease = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
    send(node, manager, decrease, (nft, liquidity // 3, 0, 0, FAR_FUTURE))
    send(node, manager, "collect((uint256,address,uint128,uint128))", (nft, builder, ALL, ALL))
    collect = "collectProtocol(address,uint128,uint128)"
    send(node, pool.address, collect, world.actors.treasury, ALL, ALL)
    sent = Transaction(builder, token1, call_data(MINT, pool.address, 4_444), "a gift")
    return {(name, node.chain.mine([sent]).number): [0, 4_444]}


async def test_what_positions_and_the_protocol_take_is_decoded_and_a_gift_stays_unexplained(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    mintable = {token.symbol for token in node.world.tokens} - {"WETH"}
    name = next(
        pool.name
        for pool in node.world.tick_pools
        if {pool.token0.symbol, pool.token1.symbol} <= mintable
    )
    async with watching(node, tmp_path, "v3") as watched:
        [start] = await watched.look()
        given = move_v3(node, name)
        await watched.look()
        [target] = [one for one in watched.prepared.targets if one.name == name]
        kinds = check_target(
            node, toolchain, watched, target, first=start.block.number, given=given
        )
        assert kinds == {"swap", "add", "remove", "collect", "fee"}
        assert recompute(watched.store).found == 0


async def test_a_pool_of_pancakes_third_version(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    builder = node.world.actors.builder
    [pool] = [one for one in node.world.concentrated_pools if one.protocol == "pancake_v3"]
    async with watching(node, tmp_path, "pancake") as watched:
        [start] = await watched.look()
        for token in (pool.token0, pool.token1):
            if token != node.world.weth:
                pay(node, token.address, builder, 10**24)
        trade_over_ticks(node, pool)  # sets the protocol's part for the next one
        trade_over_ticks(node, pool)
        mint = "mintPancake(address,int24,int24,uint128)"
        send(node, pool.trader, mint, pool.address, pool.ticks[0], pool.ticks[-1], 10**6)
        [factory] = node.chain.read(pool.address, "factory()(address)")
        collect = "collectProtocol(address,address,uint128,uint128)"
        send(node, to_address(factory), collect, pool.address, builder, ALL, ALL)
        await watched.look()
        [target] = [one for one in watched.prepared.targets if one.name == pool.name]
        kinds = check_target(node, toolchain, watched, target, first=start.block.number)
        assert kinds == {"swap", "add", "fee"}


async def test_swaps_joins_and_exits_of_balancers_pools(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    """The protocol's part of the fees is switched on first: what leaves beside an exit is told."""
    pools, builder = node.world.balancer_pools, node.world.actors.builder
    balancer.provide(node)
    async with watching(node, tmp_path, "balancer") as watched:
        [start] = await watched.look()
        balancer.trade(node)
        for pool in pools:
            amounts = [0 if coin.symbol == "BPT" else 7 * 10**coin.decimals for coin in pool.coins]
            first = next(k for k, coin in enumerate(pool.coins) if coin.symbol != "BPT")
            for kind in ("join", "all", "one"):
                burned = 123 * 10**17 if pool.pool_id else 10**18
                order = (amounts, burned, first, builder)
                data = balancer.change_data(pool, kind, *order)
                sent = Transaction(builder, pool.vault, data, f"{kind} {pool.name}", gas=10**7)
                node.chain.mine([sent])
        await watched.look()
        fees = set()
        for pool in pools:
            [target] = [one for one in watched.prepared.targets if one.name == pool.name]
            kinds = check_target(node, toolchain, watched, target, first=start.block.number)
            assert kinds == {"swap", "add", "remove"}
            fees |= {
                amount.side
                for record in watched.store.flows(target.id)
                for flow in record.window.decoded.flows
                for amount in flow.amounts
            }
        assert Side.FEE in fees
        assert recompute(watched.store).found == 0


def would_pass(node: LocalWorld, sender: Address, to: Address, data: str) -> bool:
    try:
        node.chain.request("eth_call", {"from": sender, "to": to, "data": data}, "latest")
    except Unavailable:
        return False
    return True


def coin_moves(pool: CoinPool, builder: Address) -> list[tuple[str, tuple[Any, ...]]]:
    """Adding and every way of removing that the pool has."""
    count, burned = len(pool.coins), 10**18
    amounts = [(3 + place) * 10**coin.decimals for place, coin in enumerate(pool.coins)]
    none = [0] * count
    if pool.protocol == "saddle":
        late = FAR_FUTURE
        return [
            ("addLiquidity(uint256[],uint256,uint256)", (amounts, 0, late)),
            ("removeLiquidity(uint256,uint256[],uint256)", (burned, none, late)),
            ("removeLiquidityOneToken(uint256,uint8,uint256,uint256)", (burned, 1, 0, late)),
            ("removeLiquidityImbalance(uint256[],uint256,uint256)", (amounts, 10**24, late)),
        ]
    sized = f"uint256[{count}]" if pool.name == FIRST_CURVE or "crypto" in pool.protocol else ""
    several = sized or "uint256[]"
    remove: tuple[str, tuple[Any, ...]] = (f"remove_liquidity(uint256,{several})", (burned, none))
    if not sized:  # without paying the administrator, whom this world has not named
        remove = (
            "remove_liquidity(uint256,uint256[],address,bool)",
            (burned, none, builder, False),
        )
    moves: list[tuple[str, tuple[Any, ...]]] = [
        (f"add_liquidity({several},uint256)", (amounts, 0)),
        remove,
    ]
    if pool.protocol == "curve_cryptoswap":
        one = "remove_liquidity_one_coin(uint256,uint256,uint256)"
        return [*moves, (one, (burned, 1, 0))]
    moves.append((f"remove_liquidity_imbalance({several},uint256)", (amounts, 10**24)))
    if not sized:
        moves.append(("remove_liquidity_one_coin(uint256,uint128,uint256)", (burned, 1, 0)))
    return moves


async def test_exchanges_and_liquidity_of_curves_and_saddles_pools(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    world, builder = node.world, node.world.actors.builder
    mintable = {token.address for token in world.tokens} - {world.weth.address}
    pools = [pool for pool in world.coin_pools if {one.address for one in pool.coins} <= mintable]
    async with watching(node, tmp_path, "coins") as watched:
        [start] = await watched.look()
        first, done = start.block.number, set()
        for pool in pools:
            coins = [coin.address for coin in pool.coins]
            transactions = [
                Transaction(builder, coin, call_data(signature, who, 10**26), signature)
                for coin in coins
                for signature, who in ((MINT, builder), ("approve(address,uint256)", pool.address))
            ]
            node.chain.mine(transactions)
            for signature, arguments in coin_moves(pool, builder):
                data = call_data(signature, *arguments)
                if not would_pass(node, builder, pool.address, data):
                    continue  # a pool far out of balance may refuse one way of leaving
                node.chain.mine([Transaction(builder, pool.address, data, signature, gas=10**7)])
                done.add((pool.protocol, signature.partition("(")[0]))
            exchange(node, pool)
        await watched.look()
        for pool in pools:
            [target] = [one for one in watched.prepared.targets if one.name == pool.name]
            given = {}
            if target.protocol in ADMINISTERED:
                given = to_administrator(node, target, first)
            kinds = check_target(node, toolchain, watched, target, first=first, given=given)
            assert kinds == {"swap", "add", "remove"}
        assert len(done) == 4 + 4 + 3, "each way of adding and leaving, of each protocol"
        assert recompute(watched.store).found == 0


@dataclass
class Deaf:
    """A chain whose node has no logs while `deaf`."""

    client: ChainClient
    deaf: bool = False

    @property
    def headers(self) -> Headers:
        return self.client.headers

    @property
    def reader(self) -> Reader:
        return self.client.reader

    @property
    def logs(self) -> Deaf:
        return self

    async def read(
        self, blocks: Sequence[Block], addresses: Collection[Address], topics: Sequence[str] = ()
    ) -> list[Log]:
        return await self.client.logs.read(blocks, addresses, topics)

    async def at(
        self, block: Block, addresses: Collection[Address], topics: Sequence[str]
    ) -> list[Log]:
        if self.deaf:
            raise Unavailable("the node has no logs")
        return await self.client.logs.at(block, addresses, topics)


async def test_blocks_without_logs_are_told_and_a_gap_without_them_stays_open(
    node: LocalWorld, tmp_path: Path
) -> None:
    async with watching(node, tmp_path, "deaf") as watched:
        chain, prepared, store = Deaf(watched.client), watched.prepared, watched.store
        common: dict[str, Any] = {
            "chain_id": node.chain.chain_id,
            "chain": chain,
            "ledger": store,
            "writer": watched.writer,
            "targets": prepared.targets,
            "settings": watched.config.settings,
            "pace": prepared.pace,
        }
        watch, filling = ChainWatch(**common), Backfill(**common)
        random = Random(3)
        numbers = []
        for deaf in (False, True, False, False):
            chain.deaf = deaf
            mine(node, random)
            numbers += [one.block.number async for one in watch.advance()]
        [pair, *_] = decoded_targets(watched)
        covered = store.flow_coverage(pair.id)
        assert (covered.blocks, covered.read, covered.failed) == (4, 3, (numbers[1],))
        assert all(store.observation_as_of(pair.id, number) for number in numbers)
        known = [
            one.value
            for target in decoded_targets(watched)
            for record in store.flows(target.id, first=numbers[2])
            for one in record.window.measures
            if one.name == "unexplained_flow"
        ]
        assert known
        assert set(known) == {0.0}
        for _ in range(3):
            mine(node, random)
        [_] = [one async for one in watch.advance(head_only=True)]
        [stretch] = asked_stretches(store, node.chain.chain_id, None, None, every_blocks=1)
        chain.deaf = True
        with pytest.raises(Unavailable, match=r"the logs of block \d+ could not be read"):
            assert [one async for one in filling.fill(stretch)] == []
        chain.deaf = False
        assert len([one async for one in filling.fill(stretch)]) == 2
        assert store.flow_coverage(pair.id).read == covered.read + 3
        assert recompute(store).found == 0


async def test_a_filled_gap_and_a_reorg_leave_the_flows_of_the_chain(
    node: LocalWorld, tmp_path: Path
) -> None:
    async with (
        watching(node, tmp_path, "gaps") as gaps,
        watching(node, tmp_path, "whole") as whole,
    ):
        [start] = await whole.look()
        await gaps.look()
        for number, played in enumerate(play(node.world, node.chain, blocks=14, seed=5)):
            await whole.look()
            if number in (3, 9) or played.replaced:
                await gaps.look(once=True)
        await gaps.look(once=True)
        chain_id = start.block.chain_id
        filling = Backfill(
            chain_id=chain_id,
            chain=gaps.client,
            ledger=gaps.store,
            writer=gaps.writer,
            targets=gaps.prepared.targets,
            settings=gaps.config.settings,
            pace=gaps.prepared.pace,
        )
        for stretch in reversed(asked_stretches(gaps.store, chain_id, None, None, every_blocks=1)):
            assert [one async for one in filling.fill(stretch)]
        some = 0
        for target in decoded_targets(whole):
            ours, theirs = (one.store.flows(target.id) for one in (gaps, whole))
            assert ours == theirs, target.label
            some += len(ours)
        assert some > 14
        assert recompute(gaps.store).found == recompute(whole.store).found == 0


async def test_the_bloom_of_a_real_header_holds_its_logs_and_excludes_others(
    node: LocalWorld,
) -> None:
    held_by_none, tried = 0, 0
    for _ in play(node.world, node.chain, blocks=6, seed=2):
        head = node.chain.request("eth_getBlockByNumber", "latest", False)
        bloom = int(head["logsBloom"], 16)
        block = node.chain.head()
        for raw in node.chain.request("eth_getLogs", {"blockHash": block.hash}):
            address = to_address(raw["address"])
            real = Log(block, 0, "", address, tuple(raw["topics"]), b"")
            assert may_hold(bloom, real)
            for place in range(20):
                other = to_address(f"0x{tried * 20 + place + 1:040x}")
                held_by_none += not may_hold(bloom, Log(block, 0, "", other, (), b""))
            tried += 1
    assert held_by_none > 20 * tried * 0.9
