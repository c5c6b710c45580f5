"""Every adapter on real contracts: what it reads through our reader is what the getters answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.support import (
    plain,
    plain_balancer,
    plain_crypto,
    plain_holdings,
    plain_stableswap,
)
from tests.support.adapters import entries, entry, identified, read_states
from tests.support.plain import Plain
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.feeds import price_update
from watcher.devnet.deploy.pools import FAR_FUTURE
from watcher.devnet.deploy.saddle import SWAP
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tick_families import POOL_KEY
from watcher.devnet.local_chain import Transaction
from watcher.devnet.moves.balancer import call_of
from watcher.devnet.world import BalancerPool, CoinPool, ConcentratedPool, Pair, PythFeed, Vault
from watcher.errors import DecodeError
from watcher.protocols import ADAPTERS
from watcher.state import (
    Address,
    BalancerStable,
    Concentrated,
    ConstantProduct,
    KyberDMM,
    PriceFeed,
    ShareVault,
    Solidly,
    StableSwap,
    State,
    Target,
    Weighted,
    to_address,
)
from watcher.state.token import ZERO_ADDRESS

pytestmark = pytest.mark.anvil

NOBODY = to_address("0x00000000000000000000000000000000000000aa")


def plain_pair(node: LocalWorld, target: Target) -> ConstantProduct:
    pairs = (*node.world.pairs, *node.world.share_markets)
    known: Pair = next(each for each in pairs if each.address == target.address)
    return plain.pair(node.chain, target, fee=known.fee, protocol_share=known.protocol_share)


def plain_tick_pool(node: LocalWorld, target: Target) -> Concentrated:
    """Its ticks are those where the world's positions end."""
    known = next(each for each in node.world.tick_pools if each.address == target.address)
    return plain.tick_pool(node.chain, target, known.ticks)


def plain_solidly(node: LocalWorld, target: Target) -> Solidly:
    known = next(each for each in node.world.solidly_pools if each.address == target.address)
    pool = Plain(node.chain, target.address)
    token0, token1, factory = pool.at("token0"), pool.at("token1"), pool.at("factory")
    reserve0, reserve1, _ = pool.get("getReserves()(uint256,uint256,uint256)")
    fee = factory.integer("getFee", pool.address, known.stable, inputs="address,bool")
    return Solidly(
        version="v2",
        stable=known.stable,
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=token0.balance(pool.address),
        balance1=token1.balance(pool.address),
        fee=fee,
        fee_denominator=10_000,
        total_supply=pool.integer("totalSupply"),
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )


def plain_other_ticks(node: LocalWorld, target: Target) -> Concentrated:
    own = [token.address for token in target.tokens]
    known = next(
        each
        for each in node.world.concentrated_pools
        if each.address == target.address and [each.token0.address, each.token1.address] == own
    )
    match target.protocol:
        case "pancake_v3":
            return plain.tick_pool(
                node.chain,
                target,
                known.ticks,
                variant="pancake_v3",
                slot0=plain.PANCAKE_SLOT0,
                fee_unit=2**16,
            )
        case "algebra_integral":
            return plain.algebra_pool(node.chain, target, known.ticks)
        case _:
            return plain.v4_pool(node.chain, target, known.ticks)


def plain_kyber(node: LocalWorld, target: Target) -> KyberDMM:
    pool = Plain(node.chain, target.address)
    token0, token1, factory = pool.at("token0"), pool.at("token1"), pool.at("factory")
    info = "getTradeInfo()(uint112,uint112,uint112,uint112,uint256)"
    reserve0, reserve1, virtual0, virtual1, fee = pool.get(info)
    fee_to, fee_bps = factory.get("getFeeConfiguration()(address,uint16)")
    return KyberDMM(
        reserve0=reserve0,
        reserve1=reserve1,
        virtual_reserve0=virtual0,
        virtual_reserve1=virtual1,
        balance0=token0.balance(pool.address),
        balance1=token1.balance(pool.address),
        amplification_bps=pool.integer("ampBps"),
        fee=fee,
        total_supply=pool.integer("totalSupply"),
        k_last=pool.integer("kLast"),
        government_fee_bps=fee_bps if int(fee_to, 16) else 0,
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )


def plain_vault(node: LocalWorld, target: Target) -> ShareVault:
    known: Vault = next(each for each in node.world.vaults if each.address == target.address)
    return plain.vault(
        node.chain,
        target,
        virtual_assets=1 if known.virtual_shares else 0,
        virtual_shares=10**known.decimals_offset if known.virtual_shares else 0,
        refuses_zero=not known.virtual_shares,
    )


def plain_feed(node: LocalWorld, target: Target) -> PriceFeed:
    return plain.feed(node.chain, target)


def balancer_pool(node: LocalWorld, target: Target) -> BalancerPool:
    pools = node.world.balancer_pools
    return next(each for each in pools if each.address == target.address)


def plain_weighted(node: LocalWorld, target: Target) -> Weighted:
    known = balancer_pool(node, target)
    first = known.name == "b2:WETH/USDC"
    return plain_balancer.weighted_pool(node.chain, known, first=first)


def plain_balancer_stable(node: LocalWorld, target: Target) -> BalancerStable:
    known = balancer_pool(node, target)
    first = known.name == "b2:GUSD/USDC"
    return plain_balancer.stable_pool(node.chain, known, first=first)


PLAIN: Mapping[str, Callable[[LocalWorld, Target], State]] = {
    "uniswap_v2": plain_pair,
    "uniswap_v3": plain_tick_pool,
    "solidly": plain_solidly,
    "pancake_v3": plain_other_ticks,
    "algebra_integral": plain_other_ticks,
    "uniswap_v4": plain_other_ticks,
    "curve_cryptoswap": lambda node, target: plain_crypto.pool(node.chain, target),
    "kyber_dmm": plain_kyber,
    "curve_stableswap": lambda node, target: plain_stableswap.curve_pool(node.chain, target),
    "saddle": lambda node, target: plain_stableswap.saddle_pool(node.chain, target),
    "balancer_v1": lambda node, target: plain_balancer.first_pool(
        node.chain, balancer_pool(node, target)
    ),
    "balancer_v2_weighted": plain_weighted,
    "balancer_v2_stable": plain_balancer_stable,
    "erc4626": plain_vault,
    "holdings": plain_holdings.holdings,
    "chainlink": plain_feed,
    "pyth": lambda node, target: plain.pyth_price(node.chain, target),
    "redemption_rate": lambda node, target: plain.redemption_rate(node.chain, target),
    "uniswap_v2_twap": lambda node, target: plain.pair_oracle(node.chain, target),
    "uniswap_v3_twap": lambda node, target: plain.tick_oracle(node.chain, target),
}


def test_every_adapter_is_held_to_its_contracts_getters() -> None:
    assert set(PLAIN) == set(ADAPTERS)


def send(node: LocalWorld, sender: Address, to: Address, signature: str, *args: Any) -> None:
    node.chain.mine([Transaction(sender, to, call_data(signature, *args), signature)])


def give(node: LocalWorld, vault: Vault, amount: int = 7_777) -> None:
    """Mint some of its asset into a vault."""
    sender = node.world.actors.trader
    send(node, sender, vault.asset.address, "mint(address,uint256)", vault.address, amount)


def bring(node: LocalWorld, price: PythFeed, answer: int, conf: int) -> None:
    published = node.chain.head().timestamp
    data = price_update(price, answer=answer, conf=conf, published=published)
    send(node, node.world.actors.oracle, price.contract, "updatePriceFeeds(bytes[])", [data])


def trade_over_ticks(node: LocalWorld, pool: ConcentratedPool) -> None:
    """Sell a little of token1 in it, after new fees of the protocol."""
    builder, token = node.world.actors.builder, pool.token1
    send(node, builder, token.address, "mint(address,uint256)", builder, 10**9)
    highest = 1461446703485210103287273052203988822378723970341
    way = (False, 10**6, highest)
    if pool.protocol != "uniswap_v4":
        swap = "swap(address,bool,int256,uint160)"
        send(node, builder, pool.trader, swap, pool.address, *way)
    if pool.protocol == "pancake_v3":
        [factory] = node.chain.read(pool.address, "factory()(address)")
        fees = "setFeeProtocol(address,uint32,uint32)"
        send(node, builder, to_address(factory), fees, pool.address, 1_000, 4_000)
    elif pool.protocol == "algebra_integral":
        send(node, builder, pool.address, "setFee(uint16)", 777)
        send(node, builder, pool.address, "setCommunityFee(uint16)", 12)
    else:
        key = tuple(
            pool.options[name] for name in ("currency0", "currency1", "fee", "tick_spacing")
        )
        fees = f"setProtocolFee({POOL_KEY},uint24)"
        send(node, builder, pool.address, fees, (*key, ZERO_ADDRESS), 999 << 12 | 1)


def trade_coins(node: LocalWorld, pool: CoinPool) -> None:
    """Sell the thousandth of what it has of its first coin."""
    trader, coin = node.world.actors.trader, pool.coins[0]
    amount = Plain(node.chain, coin.address).balance(pool.address) // 1_000
    if coin == node.world.weth:
        data = call_data("deposit()")
        node.chain.mine([Transaction(trader, coin.address, data, "wrapping", value=amount)])
    else:
        send(node, trader, coin.address, "mint(address,uint256)", trader, amount)
    send(node, trader, pool.address, pool.exchange, 0, 1, amount, 0)


def exchange(node: LocalWorld, pool: CoinPool) -> None:
    """Some of the last coin that anybody may mint, for the one before it or behind."""
    sender = node.world.actors.trader
    coin = max(place for place, each in enumerate(pool.coins) if each in node.world.tokens)
    other = coin - 1 if coin else 1
    amount = 1_234 * 10 ** pool.coins[coin].decimals // 100 + 7
    mint = "mint(address,uint256)"
    send(node, sender, pool.coins[coin].address, mint, sender, amount)
    late = [FAR_FUTURE] if pool.exchange == SWAP else []
    send(node, sender, pool.address, pool.exchange, coin, other, amount, 0, *late)


def sell(node: LocalWorld, pool: BalancerPool) -> None:
    """A whole coin that anybody may mint, for another."""
    minted = {token.address for token in node.world.tokens} - {node.world.weth.address}
    taker = node.world.actors.trader
    sold = next(coin for coin in pool.coins if coin.address in minted)
    bought = next(coin for coin in pool.coins if coin != sold and coin.symbol != "BPT")
    amount = 10**sold.decimals
    send(node, taker, sold.address, "mint(address,uint256)", taker, amount)
    send(node, taker, sold.address, "approve(address,uint256)", pool.vault, amount)
    signature, arguments = call_of(pool, (sold, bought), amount, taker)
    send(node, taker, pool.vault, signature, *arguments)


def stir(node: LocalWorld) -> None:
    """Gifts to every pair and vault, one trade, protocol fees on, a new answer of every feed: no
    two fields of a state are equal by chance any more."""
    world, who = node.world, node.world.actors
    mint = "mint(address,uint256)"
    mintable = {token.address for token in world.tokens} - {world.weth.address}
    pools = (*world.pools, *world.share_markets, *world.solidly_pools, *world.kyber_pools)
    for number, pair in enumerate(pools, start=1):
        for token, gift in ((pair.token0, 1_000 * number + 1), (pair.token1, 1_000 * number + 2)):
            if token.address in mintable:
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
    for balancer in world.balancer_pools:
        sell(node, balancer)
    for pool in world.tick_pools:
        send(node, who.builder, pool.address, "setFeeProtocol(uint8,uint8)", 4, 6)
    for other in world.concentrated_pools:
        trade_over_ticks(node, other)
    for coin_pool in world.coin_pools:
        trade = trade_coins if coin_pool.protocol == "curve_cryptoswap" else exchange
        trade(node, coin_pool)
    for number, feed in enumerate(world.feeds, start=1):
        answer = feed.first_answer + number
        send(node, who.oracle, feed.aggregator, "submit(uint256,int256)", 2, answer)
    for price in world.pyth:
        bring(node, price, 99_990_001, 54_321)


async def test_every_field_is_what_the_getters_answer(fork_node: LocalWorld) -> None:
    asked = entries(fork_node.world)
    assert {each.protocol for each in asked} == set(ADAPTERS)
    before = await identified(fork_node.chain, asked)
    targets = [each.target for each in before if each.target is not None]
    assert len(targets) == len(asked), [each.refusal for each in before]
    first = await read_states(fork_node.chain, targets)
    assert first == [PLAIN[each.protocol](fork_node, each) for each in targets]

    stir(fork_node)
    second = await read_states(fork_node.chain, targets)
    assert second == [PLAIN[each.protocol](fork_node, each) for each in targets]
    weth = fork_node.world.vault("solmate-weth").address  # nobody mints ether into it
    changed = {
        each.address for each, old, new in zip(targets, first, second, strict=True) if old != new
    }
    assert changed == {each.address for each in targets} - {weth}
    for target, state in zip(targets, second, strict=True):
        assert state.KIND == target.kind == ADAPTERS[target.protocol].kind


async def test_targets_are_what_the_contracts_say_of_themselves(fork_node: LocalWorld) -> None:
    for found in await identified(fork_node.chain, entries(fork_node.world)):
        target = found.target
        assert target is not None
        contract = Plain(fork_node.chain, target.address)
        if target.protocol == "pyth":
            assert (target.tokens, target.share) == ((), None)
            continue
        if target.protocol == "chainlink":
            assert target.params["description"] == contract.get("description()(string)")[0]
            assert (target.tokens, target.share) == ((), None)
            continue
        if target.protocol in ("holdings", "redemption_rate"):
            described = [Plain(fork_node.chain, token.address) for token in target.tokens]
            assert [token.decimals for token in target.tokens] == [d.decimals for d in described]
            continue
        if target.protocol == "uniswap_v4":
            own = [token for token in target.tokens if token.address != ZERO_ADDRESS]
            described = [Plain(fork_node.chain, token.address) for token in own]
            assert [token.decimals for token in own] == [each.decimals for each in described]
            continue
        if target.protocol == "curve_cryptoswap":
            named = [contract.get("coins(uint256)(address)", place)[0] for place in (0, 1)]
            told = [Plain(fork_node.chain, to_address(coin)) for coin in named]
            told.append(contract.at("token"))
            assert target.share is not None
            for token, read in zip([*target.tokens, target.share], told, strict=True):
                assert (token.address, token.decimals) == (read.address, read.decimals)
                assert token.symbol == read.get("symbol()(string)")[0]
            continue
        if target.kind in (StableSwap.KIND, Weighted.KIND, BalancerStable.KIND):
            world = fork_node.world
            known = {pool.address: pool.coins for pool in world.coin_pools}
            known |= {pool.address: pool.coins for pool in world.balancer_pools}
            coins = known[target.address]
            assert [token.address for token in target.tokens] == [coin.address for coin in coins]
            assert [token.decimals for token in target.tokens] == [coin.decimals for coin in coins]
            continue
        names = ("asset",) if target.protocol == "erc4626" else ("token0", "token1")
        described = [contract.at(name) for name in names]
        shared = ("uniswap_v2", "solidly", "kyber_dmm", "erc4626")
        assert (target.share is not None) == (target.protocol in shared)
        issued = [target.share] if target.share else []
        described += [contract for _ in issued]
        for token, read in zip([*target.tokens, *issued], described, strict=True):
            assert token.address == read.address
            assert token.decimals == read.decimals
            assert token.symbol == read.get("symbol()(string)")[0]


async def test_a_feed_is_followed_through_its_proxy_to_another_phase(
    fork_node: LocalWorld, toolchain: Toolchain
) -> None:
    """Another aggregator behind the proxy, of other decimals, starts its rounds anew."""
    feed, who = fork_node.world.feeds[0], fork_node.world.actors
    (found,) = await identified(fork_node.chain, [entry("chainlink", feed.proxy)])
    assert found.target is not None
    (first,) = await read_states(fork_node.chain, [found.target])
    assert isinstance(first, PriceFeed)
    assert first.round_id == first.answered_in_round == (1 << 64) + 1

    following = deploy_aggregator(fork_node, toolchain, decimals=18)
    oracles = "changeOracles(address[],address[],address[],uint32,uint32,uint32)"
    send(fork_node, who.builder, following, oracles, [], [who.oracle], [who.oracle], 1, 1, 0)
    for number in (1, 2, 3):
        send(fork_node, who.oracle, following, "submit(uint256,int256)", number, 10**18 + number)
    for signature in ("proposeAggregator(address)", "confirmAggregator(address)"):
        send(fork_node, who.builder, feed.proxy, signature, following)

    (second,) = await read_states(fork_node.chain, [found.target])
    kept = {
        name: getattr(first, name)
        for name in ("first_decimals", "first_phase", "min_answer", "max_answer")
    }
    assert second == replace(plain_feed(fork_node, found.target), **kept)
    assert isinstance(second, PriceFeed)
    assert (second.first_decimals, second.first_phase) == (8, 1)
    assert second.round_id == second.answered_in_round == (2 << 64) + 3
    assert (second.answer, second.decimals) == (10**18 + 3, 18)


def deploy_aggregator(node: LocalWorld, toolchain: Toolchain, *, decimals: int) -> Address:
    """A FluxAggregator that nobody has answered to yet."""
    site = Site(node.chain, toolchain.artifacts)
    arguments = (ZERO_ADDRESS, 0, 3_600, ZERO_ADDRESS, 1, 10**20, decimals, "ETH / USD")
    address = site.create(node.world.actors.builder, "FluxAggregator", *arguments)
    site.mine()
    return address


V4_KEY: dict[str, object] = {
    "currency0": ZERO_ADDRESS,
    "currency1": NOBODY,
    "fee": 1,
    "tick_spacing": 1,
    "state_view": NOBODY,
}

WRONG: list[tuple[str, str, dict[str, object], str]] = [
    # protocol, what its address is, its options, the sentence
    ("uniswap_v2", "nobody", {"fee": 0.003}, "nothing is deployed at {} on this chain"),
    ("uniswap_v2", "token", {"fee": 0.003}, r"{} is no Uniswap V2 pair: .*; remove the entry"),
    ("uniswap_v2", "pair", {}, "the fee of factory 0x.* is not known: give it"),
    ("uniswap_v2", "stray pair", {"fee": 0.003}, "its factory 0x.* does not know {} as the pair"),
    ("uniswap_v3", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("uniswap_v3", "pair", {}, r"{} is no Uniswap V3 pool: .*; remove the entry"),
    ("solidly", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("solidly", "pair", {}, r"{} is no Velodrome V2 or Aerodrome pool: .*; remove the entry"),
    ("solidly", "stray pool", {}, "{} has no factory: it is what pools are cloned from"),
    ("pancake_v3", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("pancake_v3", "v3 pool", {}, r"{} is no Pancake V3 pool: lmPool\(\) reverted; remove the"),
    ("algebra_integral", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("algebra_integral", "v3 pool", {}, r"{} is no Algebra Integral pool: globalState\(\) rev"),
    ("uniswap_v4", "manager", {}, "{} is known by its key alone: give `currency0`, `currency1`, "),
    ("uniswap_v4", "nobody", V4_KEY, "nothing is deployed at {} on this chain"),
    ("uniswap_v4", "manager", V4_KEY, "nothing is deployed at 0x0*AA on this chain"),
    ("uniswap_v4", "manager", {**V4_KEY, "state_view": "pair"}, "{} is no PoolManager of Uniswap"),
    ("uniswap_v4", "manager", {**V4_KEY, "state_view": "views"}, "{} has no pool 0x[0-9a-f]{{64}}"),
    ("uniswap_v4", "manager", {**V4_KEY, "pool_id": "0x" + "1" * 64}, "with this key is 0x[^1]"),
    ("curve_cryptoswap", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("curve_cryptoswap", "pair", {}, "{} is no CryptoSwap pool: it names no coins; remove the en"),
    ("curve_cryptoswap", "curve pool", {}, "{} is no CryptoSwap pool: it has no gamma; remove t"),
    ("kyber_dmm", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("kyber_dmm", "pair", {}, r"{} is no Kyber DMM pool: ampBps.*; remove the entry"),
    ("kyber_dmm", "stray Kyber pool", {}, "its factory 0x.* does not know {} as the pair of"),
    ("curve_stableswap", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("curve_stableswap", "pair", {}, "{} is no StableSwap pool: it names no coins"),
    ("curve_stableswap", "saddle", {}, "{} is no StableSwap pool: it names no coins"),
    ("saddle", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("saddle", "pair", {}, "{} is no Saddle pool: it names no coins"),
    ("balancer_v1", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("balancer_v1", "weighted", {}, "{} is no finalized pool of Balancer V1: .*; remove the entry"),
    ("balancer_v2_weighted", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("balancer_v2_weighted", "pair", {}, "{} is no Balancer V2 pool: .*; remove the entry"),
    ("balancer_v2_weighted", "stable", {}, "{} is no weighted pool: it has no weights"),
    ("balancer_v2_stable", "pair", {}, "{} is no Balancer V2 pool: .*; remove the entry"),
    ("balancer_v2_stable", "weighted", {}, "{} is no stable pool: it has no amplification"),
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
    ("uniswap_v2_twap", "token", {}, "{} is no Uniswap V2 pair"),
    ("uniswap_v3_twap", "pair", {}, "{} is no Uniswap V3 pool"),
    ("holdings", "nobody", {}, "no token is named that could be held"),
    ("holdings", "nobody", {"tokens": [NOBODY]}, "token {} does not say its decimals"),
    ("holdings", "nobody", {"native": "usdc"}, "0x.* is no wrapper of the native coin"),
    ("holdings", "nobody", {"tokens": "stray pair"}, "0x.* looks like an LP token, but its fac"),
    (
        "holdings",
        "nobody",
        {"native": "weth", "position_managers": "router"},
        "0x.* is no position manager of Uniswap V3: .*; remove it",
    ),
    ("pyth", "nobody", {}, "{} needs the id of a price"),
    ("pyth", "pair", {"key": "0x" + "1" * 64}, "{} has no price of 0x1"),
    ("pyth", "nobody", {"key": "0x" + "1" * 64}, "nothing is deployed at {} on this chain"),
    ("redemption_rate", "nobody", {}, "{} needs a getter and its tokens"),
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
    options: dict[str, Any],
    sentence: str,
) -> None:
    address = wrong_address(fork_node, toolchain, what)
    given = {
        name: wrong_address(fork_node, toolchain, value)
        if isinstance(value, str) and not value.startswith("0x")
        else value
        for name, value in options.items()
    }
    (found,) = await identified(fork_node.chain, [entry(protocol, address, **given)])
    assert found.target is None
    assert re.search(sentence.format(address), found.refusal), found.refusal


async def test_wrong_virtual_shares_are_found_out_as_soon_as_they_matter(
    fork_node: LocalWorld,
) -> None:
    """While a share is worth what it was at first, virtual shares change no conversion at all."""
    vault = fork_node.world.vault("oz6-usdc")
    (found,) = await identified(
        fork_node.chain, [entry("erc4626", vault.address, virtual_shares=False)]
    )
    assert found.target is not None
    give(fork_node, vault, 1)
    with pytest.raises(DecodeError, match=r"convertToShares answers .* check `virtual_shares`"):
        await read_states(fork_node.chain, [found.target])


STRAYS = {
    "stray pair": "UniswapV2Pair",
    "stray pool": "AerodromePool",
    "stray Kyber pool": "KyberDMMPool",
}


def wrong_address(node: LocalWorld, toolchain: Toolchain, what: str) -> Address:
    world = node.world
    match what:
        case "weth":
            return world.weth.address
        case "router":
            return world.tick_pools[0].router
        case "token" | "usdc":
            return world.token("USDC").address
        case "pair":
            return world.pair("DAI/USDC").address
        case "v3 pool":
            return world.tick_pools[0].address
        case "manager":
            return world.concentrated_pools[-1].address
        case "views":
            return world.concentrated_pools[-1].beside[0]
        case "curve pool":
            return world.coin_pool("ng:USDT/HUSD/DAI").address
        case "weighted":
            return world.balancer_pools[0].address
        case "stable":
            return world.balancer_pools[2].address
        case "saddle":
            return next(one.address for one in world.coin_pools if one.protocol == "saddle")
        case "vault":
            give(node, world.vault("oz6-usdc"))
            return world.vault("oz6-usdc").address
        case name if name in STRAYS:  # real ones, but of no factory
            site = Site(node.chain, toolchain.artifacts)
            address = site.create(world.actors.builder, STRAYS[what])
            site.mine()
            return address
        case "silent feed":
            return deploy_aggregator(node, toolchain, decimals=8)
        case _:
            return NOBODY
