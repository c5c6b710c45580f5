"""Every adapter on real contracts: what it reads through our reader is what the getters answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.world import LocalWorld
from watcher.chain.client import open_chain
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import LocalChain, Transaction
from watcher.devnet.world import Pair, Vault, World
from watcher.errors import DecodeError, ReadError
from watcher.protocols import ADAPTERS, Entry
from watcher.service.identify import Identified, identify
from watcher.state import (
    Address,
    Answer,
    Concentrated,
    ConstantProduct,
    PriceFeed,
    ShareVault,
    State,
    Target,
    to_address,
)
from watcher.state.token import ZERO_ADDRESS

pytestmark = pytest.mark.anvil

NOBODY = to_address("0x00000000000000000000000000000000000000aa")
ROUND = "latestRoundData()(uint80,int256,uint256,uint256,uint80)"


def entry(protocol: str, address: Address, **options: object) -> Entry:
    """An entry whose options went through the adapter's own parsers, as a configuration's do."""
    parsers = {option.name: option.parse for option in ADAPTERS[protocol].options}
    parsed = {name: parsers[name](value) for name, value in options.items()}
    return Entry(31337, protocol, address, options=parsed)


def entries(world: World) -> list[Entry]:
    """Everything that stands in the world."""
    named = [entry(each.protocol, each.address, **each.options) for each in world.entries.targets]
    return [*named, *(entry("chainlink", feed.proxy) for feed in world.feeds)]


async def identified(node: LocalWorld, asked: Sequence[Entry]) -> list[Identified]:
    async with open_chain(node.chain.chain_id, node.chain.url) as client:
        return await identify(client.reader, await client.headers.head(), asked)


async def read(node: LocalWorld, targets: Sequence[Target]) -> list[State]:
    """Each target's state at the head, all in one read."""
    plans = [(target, ADAPTERS[target.protocol]) for target in targets]
    calls = [adapter.calls(target) for target, adapter in plans]
    async with open_chain(node.chain.chain_id, node.chain.url) as client:
        block = await client.headers.head()
        found = iter(await client.reader.read(block, [call for each in calls for call in each]))
    return [
        adapter.decode(target, [answered(next(found)) for _ in asked])
        for (target, adapter), asked in zip(plans, calls, strict=True)
    ]


def answered(found: Answer | ReadError) -> Answer:
    assert isinstance(found, Answer), found
    return found


@dataclass(frozen=True)
class Plain:
    """Plain `eth_call`s of one contract."""

    chain: LocalChain
    address: Address

    def get(self, signature: str, *args: Any) -> Any:
        return self.chain.read(self.address, signature, *args)

    def integer(self, name: str, *args: Any, inputs: str = "", kind: str = "uint256") -> int:
        return int(self.get(f"{name}({inputs})({kind})", *args)[0])

    def at(self, name: str) -> Plain:
        return Plain(self.chain, to_address(self.get(f"{name}()(address)")[0]))

    def balance(self, holder: Address) -> int:
        return self.integer("balanceOf", holder, inputs="address")

    @property
    def decimals(self) -> int:
        return self.integer("decimals", kind="uint8")


def plain_pair(node: LocalWorld, target: Target) -> ConstantProduct:
    known: Pair = next(each for each in node.world.pairs if each.address == target.address)
    pair = Plain(node.chain, target.address)
    token0, token1, factory = pair.at("token0"), pair.at("token1"), pair.at("factory")
    reserve0, reserve1, _ = pair.get("getReserves()(uint112,uint112,uint32)")
    fee_is_on = factory.at("feeTo").address != ZERO_ADDRESS
    kept = 1 - known.fee
    return ConstantProduct(
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=token0.balance(pair.address),
        balance1=token1.balance(pair.address),
        total_supply=pair.integer("totalSupply"),
        k_last=pair.integer("kLast"),
        fee_numerator=kept.numerator,
        fee_denominator=kept.denominator,
        protocol_share_numerator=known.protocol_share.numerator if fee_is_on else 0,
        protocol_share_denominator=known.protocol_share.denominator,
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )


SLOT0 = "slot0()(uint160,int24,uint16,uint16,uint16,uint8,bool)"
TICK = "ticks(int24)(uint128,int128,uint256,uint256,int56,uint160,uint32,bool)"


def plain_tick_pool(node: LocalWorld, target: Target) -> Concentrated:
    """Its ticks are those where the world's positions end, as far as they are to be read."""
    known = next(each for each in node.world.tick_pools if each.address == target.address)
    pool = Plain(node.chain, target.address)
    token0, token1 = pool.at("token0"), pool.at("token1")
    price, tick, *_, protocol_fees, _ = pool.get(SLOT0)
    first, last = -887_272, 887_272
    word, words = 256 * known.tick_spacing, int(target.params["tick_words"])
    if (last - first) // word + 2 > 2 * words + 1:  # not all words are read
        first = max(first, (tick // word - words) * word)
        last = min(last, (tick // word + words + 1) * word - known.tick_spacing)
    ticks = tuple(each for each in known.ticks if first <= each <= last)
    infos = [pool.get(TICK, each)[:2] for each in ticks]
    fee = pool.integer("fee", kind="uint24")
    return Concentrated(
        variant="uniswap_v3",
        sqrt_price_x96=price,
        tick=tick,
        liquidity=pool.integer("liquidity", kind="uint128"),
        fee0=fee,
        fee1=fee,
        protocol_fee0=protocol_fees % 16,
        protocol_fee1=protocol_fees // 16,
        tick_spacing=pool.integer("tickSpacing", kind="int24"),
        ticks=ticks,
        liquidity_net=tuple(net for _, net in infos),
        liquidity_gross=tuple(gross for gross, _ in infos),
        known_from=first,
        known_to=last,
        balances=(token0.balance(pool.address), token1.balance(pool.address)),
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )


def plain_vault(node: LocalWorld, target: Target) -> ShareVault:
    known: Vault = next(each for each in node.world.vaults if each.address == target.address)
    vault = Plain(node.chain, target.address)
    asset = vault.at("asset")
    return ShareVault(
        total_assets=vault.integer("totalAssets"),
        total_supply=vault.integer("totalSupply"),
        idle_assets=asset.balance(vault.address),
        virtual_assets=1 if known.virtual_shares else 0,
        virtual_shares=10**known.decimals_offset if known.virtual_shares else 0,
        refuses_zero=not known.virtual_shares,
        asset_decimals=asset.decimals,
        share_decimals=vault.decimals,
    )


def plain_feed(node: LocalWorld, target: Target) -> PriceFeed:
    proxy = Plain(node.chain, target.address)
    round_id, answer, started_at, updated_at, answered_in = proxy.get(ROUND)
    return PriceFeed(
        answer=answer,
        decimals=proxy.decimals,
        round_id=round_id,
        answered_in_round=answered_in,
        started_at=started_at,
        updated_at=updated_at,
    )


PLAIN: Mapping[str, Callable[[LocalWorld, Target], State]] = {
    "uniswap_v2": plain_pair,
    "uniswap_v3": plain_tick_pool,
    "erc4626": plain_vault,
    "chainlink": plain_feed,
}


def test_every_adapter_is_held_to_its_contracts_getters() -> None:
    assert set(PLAIN) == set(ADAPTERS)


def send(node: LocalWorld, sender: Address, to: Address, signature: str, *args: Any) -> None:
    node.chain.mine([Transaction(sender, to, call_data(signature, *args), signature)])


def give(node: LocalWorld, vault: Vault, amount: int = 7_777) -> None:
    """Mint some of its asset into a vault."""
    sender = node.world.actors.trader
    send(node, sender, vault.asset.address, "mint(address,uint256)", vault.address, amount)


def stir(node: LocalWorld) -> None:
    """Gifts to every pair and vault, one trade, protocol fees on, a new answer of every feed: no
    two fields of a state are equal by chance any more."""
    world, who = node.world, node.world.actors
    mint = "mint(address,uint256)"
    for number, pair in enumerate(world.pools, start=1):
        for token, gift in ((pair.token0, 1_000 * number + 1), (pair.token1, 1_000 * number + 2)):
            if token != world.weth:
                send(node, who.trader, token.address, mint, pair.address, gift)
    for number, vault in enumerate(world.vaults, start=1):
        if vault.asset != world.weth:
            give(node, vault, 7_777 * number)
    traded = world.pair("DAI/USDC")
    send(node, who.trader, traded.token0.address, mint, traded.address, 10**18)
    swap = "swap(uint256,uint256,address,bytes)"
    send(node, who.trader, traded.address, swap, 0, 1, who.trader, b"")
    factory = Plain(node.chain, traded.address).at("factory").address
    send(node, who.builder, factory, "setFeeTo(address)", who.treasury)
    for pool in world.tick_pools:
        send(node, who.builder, pool.address, "setFeeProtocol(uint8,uint8)", 4, 6)
    for number, feed in enumerate(world.feeds, start=1):
        answer = feed.first_answer + number
        send(node, who.oracle, feed.aggregator, "submit(uint256,int256)", 2, answer)


async def test_every_field_is_what_the_getters_answer(fork_node: LocalWorld) -> None:
    asked = entries(fork_node.world)
    assert {each.protocol for each in asked} == set(ADAPTERS)
    before = await identified(fork_node, asked)
    targets = [each.target for each in before if each.target is not None]
    assert len(targets) == len(asked), [each.refusal for each in before]
    first = await read(fork_node, targets)
    assert first == [PLAIN[each.protocol](fork_node, each) for each in targets]

    stir(fork_node)
    second = await read(fork_node, targets)
    assert second == [PLAIN[each.protocol](fork_node, each) for each in targets]
    weth = fork_node.world.vault("solmate-weth").address  # nobody mints ether into it
    changed = {
        each.address for each, old, new in zip(targets, first, second, strict=True) if old != new
    }
    assert changed == {each.address for each in targets} - {weth}
    for target, state in zip(targets, second, strict=True):
        assert state.KIND == target.kind == ADAPTERS[target.protocol].kind


async def test_targets_are_what_the_contracts_say_of_themselves(fork_node: LocalWorld) -> None:
    for found in await identified(fork_node, entries(fork_node.world)):
        target = found.target
        assert target is not None
        contract = Plain(fork_node.chain, target.address)
        if target.protocol == "chainlink":
            assert target.params["description"] == contract.get("description()(string)")[0]
            assert (target.tokens, target.share) == ((), None)
            continue
        names = ("token0", "token1") if target.protocol.startswith("uniswap") else ("asset",)
        described = [contract.at(name) for name in names]
        assert (target.share is None) == (target.protocol == "uniswap_v3")
        issued = [target.share] if target.share else []
        described += [contract for _ in issued]
        for token, plain in zip([*target.tokens, *issued], described, strict=True):
            assert token.address == plain.address
            assert token.decimals == plain.decimals
            assert token.symbol == plain.get("symbol()(string)")[0]


async def test_a_feed_is_followed_through_its_proxy_to_another_phase(
    fork_node: LocalWorld, toolchain: Toolchain
) -> None:
    """Another aggregator behind the proxy, of other decimals, starts its rounds anew."""
    feed, who = fork_node.world.feeds[0], fork_node.world.actors
    (found,) = await identified(fork_node, [entry("chainlink", feed.proxy)])
    assert found.target is not None
    (first,) = await read(fork_node, [found.target])
    assert isinstance(first, PriceFeed)
    assert first.round_id == first.answered_in_round == (1 << 64) + 1

    following = deploy_aggregator(fork_node, toolchain, decimals=18)
    oracles = "changeOracles(address[],address[],address[],uint32,uint32,uint32)"
    send(fork_node, who.builder, following, oracles, [], [who.oracle], [who.oracle], 1, 1, 0)
    for number in (1, 2, 3):
        send(fork_node, who.oracle, following, "submit(uint256,int256)", number, 10**18 + number)
    for signature in ("proposeAggregator(address)", "confirmAggregator(address)"):
        send(fork_node, who.builder, feed.proxy, signature, following)

    (second,) = await read(fork_node, [found.target])
    assert second == plain_feed(fork_node, found.target)
    assert isinstance(second, PriceFeed)
    assert second.round_id == second.answered_in_round == (2 << 64) + 3
    assert (second.answer, second.decimals) == (10**18 + 3, 18)


def deploy_aggregator(node: LocalWorld, toolchain: Toolchain, *, decimals: int) -> Address:
    """A FluxAggregator that nobody has answered to yet."""
    site = Site(node.chain, toolchain.artifacts)
    arguments = (ZERO_ADDRESS, 0, 3_600, ZERO_ADDRESS, 1, 10**20, decimals, "ETH / USD")
    address = site.create(node.world.actors.builder, "FluxAggregator", *arguments)
    site.mine()
    return address


WRONG: list[tuple[str, str, dict[str, object], str]] = [
    # protocol, what its address is, its options, the sentence
    ("uniswap_v2", "nobody", {"fee": 0.003}, "nothing is deployed at {} on this chain"),
    ("uniswap_v2", "token", {"fee": 0.003}, r"{} is no Uniswap V2 pair: .*; remove the entry"),
    ("uniswap_v2", "pair", {}, "the fee of factory 0x.* is not known: give it"),
    ("uniswap_v2", "stray pair", {"fee": 0.003}, "its factory 0x.* does not know {} as the pair"),
    ("uniswap_v3", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("uniswap_v3", "pair", {}, r"{} is no Uniswap V3 pool: .*; remove the entry"),
    ("erc4626", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("erc4626", "token", {}, r"{} is no ERC-4626 vault: .*; remove the entry"),
    ("erc4626", "vault", {"decimals_offset": 3}, "{} is no vault as it is configured: convertTo"),
    (
        "erc4626",
        "vault",
        {"virtual_shares": False},
        "{} is no vault as it is configured: convertTo",
    ),
    (
        "erc4626",
        "vault",
        {"virtual_shares": False, "decimals_offset": 6},
        "`decimals_offset` needs `virtual_shares = true`",
    ),
    ("chainlink", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("chainlink", "pair", {}, r"{} does not answer decimals\(\) and latestRoundData\(\)"),
    ("chainlink", "silent feed", {}, "{} .* has no finished round yet"),
]


def test_every_adapter_refuses_something() -> None:
    assert {protocol for protocol, *_ in WRONG} == set(ADAPTERS)


@pytest.mark.parametrize(
    ("protocol", "what", "options", "sentence"),
    WRONG,
    ids=[f"{protocol}: {what} {' '.join(options)}" for protocol, what, options, _ in WRONG],
)
async def test_a_wrong_entry_is_refused_with_its_sentence(
    fork_node: LocalWorld,
    toolchain: Toolchain,
    protocol: str,
    what: str,
    options: dict[str, object],
    sentence: str,
) -> None:
    address = wrong_address(fork_node, toolchain, what)
    (found,) = await identified(fork_node, [entry(protocol, address, **options)])
    assert found.target is None
    assert re.search(sentence.format(address), found.refusal), found.refusal


async def test_wrong_virtual_shares_are_found_out_as_soon_as_they_matter(
    fork_node: LocalWorld,
) -> None:
    """While a share is worth what it was at first, virtual shares change no conversion at all."""
    vault = fork_node.world.vault("oz6-usdc")
    (found,) = await identified(fork_node, [entry("erc4626", vault.address, virtual_shares=False)])
    assert found.target is not None
    give(fork_node, vault, 1)
    with pytest.raises(DecodeError, match=r"convertToShares answers .* check `virtual_shares`"):
        await read(fork_node, [found.target])


def wrong_address(node: LocalWorld, toolchain: Toolchain, what: str) -> Address:
    world = node.world
    match what:
        case "token":
            return world.token("USDC").address
        case "pair":
            return world.pair("DAI/USDC").address
        case "vault":
            give(node, world.vault("oz6-usdc"))
            return world.vault("oz6-usdc").address
        case "stray pair":  # a real pair, but of no factory
            site = Site(node.chain, toolchain.artifacts)
            address = site.create(world.actors.builder, "UniswapV2Pair")
            site.mine()
            return address
        case "silent feed":
            return deploy_aggregator(node, toolchain, decimals=8)
        case _:
            return NOBODY
