"""Every adapter on real contracts: what it reads through our reader is what the getters answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.adapters import entries, entry, identified, read_states
from tests.support.plain import Plain
from tests.support.plain_readings import PLAIN, plain_feed
from tests.support.stirring import deploy_aggregator, send, stir
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.protocols import ADAPTERS
from watcher.state import (
    BalancerStable,
    PriceFeed,
    StableSwap,
    Weighted,
    to_address,
)
from watcher.state.token import ZERO_ADDRESS

pytestmark = pytest.mark.anvil


OWN_TOKENS = {
    "erc4626": ("asset",),
    "yearn_v2": ("token",),
    "yearn_v3": ("asset",),
    "compound_v2": ("underlying",),
}
"""The getters of those that have one token, and issue shares."""


def test_every_adapter_is_held_to_its_contracts_getters() -> None:
    assert set(PLAIN) == set(ADAPTERS)


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
        if target.protocol in (
            *("holdings", "redemption_rate", "morpho_blue", "aave_v3"),
            *("venus_psm", "set_token", "lockbox"),
        ):
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
            known |= {pool.address: pool.coins for pool in world.balancer_v3_pools}
            coins = known[target.address]
            assert [token.address for token in target.tokens] == [coin.address for coin in coins]
            assert [token.decimals for token in target.tokens] == [coin.decimals for coin in coins]
            continue
        names = OWN_TOKENS.get(target.protocol, ("token0", "token1"))
        described = [contract.at(name) for name in names]
        shared = ("uniswap_v2", "solidly", "kyber_dmm", *OWN_TOKENS)
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
