"""Recognising contracts by asking them: all that stand in the local world, and many that are
nothing we know."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.put_code import NOWHERE, SOMEWHERE, factory_of, put, store
from tests.support.world import LocalWorld
from watcher.chain.client import open_chain
from watcher.cli.app import app
from watcher.cli.discovered import proposal, refusal
from watcher.config import load_config
from watcher.devnet.configuration import to_toml
from watcher.devnet.places import Actors
from watcher.devnet.world import TargetEntry
from watcher.protocols import ADAPTERS, uniswap_v2
from watcher.protocols.interface import selector
from watcher.protocols.sighting import IMPLEMENTATION_SLOT, Sight
from watcher.service.discover import Discovery, discover
from watcher.state import Address, to_address

pytestmark = pytest.mark.anvil


LOOPS = "0x5b600056"
REVERTS = "0x60006000fd"
A_MEGABYTE = "0x621000006000f3"
FOUR_KILOBYTES = "0x6110006000f3"
EVERY_WORD_IS_18 = "0x60125f5260205ff3"
FIVE_WORDS_OF_18 = "0x60125f526012602052601260405260126060526012608052" + "60a05ff3"
ITS_OWN_ADDRESS = "0x305f5260205ff3"
ECHOES = "0x365f5f37365ff3"
SHORTER_THAN_A_WORD = "0x601f5ff3"
CLONE = "0x363d3d373d3d3d363d73{}5af43d82803e903d91602b57fd5bf3"
DELEGATED = "0xef0100{}"
FACTORY_SLOT, TOKEN0_SLOT, TOKEN1_SLOT = 5, 6, 7
"""Of UniswapV2Pair, after the slots of UniswapV2ERC20."""
LP_TOKENS_ALONE = (
    *("set_minter(address)", "initialize(string,string)"),
    "getPreviousIndex(address)",
    "delegationWithSig(address,address,uint256,uint256,uint8,bytes32,bytes32)",
)
"""And what alone the tokens of Aave's reserves have, which its proxies stand before."""


def look(node: LocalWorld, address: Address) -> Discovery:
    async def asking() -> Discovery:
        async with open_chain(node.chain.chain_id, node.chain.url) as client:
            return await discover(client.reader, await client.headers.head(), address)

    return asyncio.run(asking())


def entry_of(found: Discovery) -> dict[str, Any]:
    """The `[[targets]]` table that is proposed."""
    [one] = found.recognised
    [table] = tomllib.loads("\n".join(proposal(one)))["targets"]
    return dict(table)


PERSONAL = ("holder", "strategies", "accounts", "weights", "band")
"""Options that no trial has: whose limits are meant, which strategies, whose health, what somebody
wants of a basket. The chain knows nothing of them."""


def discoverable(node: LocalWorld) -> list[TargetEntry]:
    """Those that a contract says of itself: what somebody holds, and the key of a pool of Uniswap
    V4, is named by whoever asks."""
    return [one for one in node.world.entries.targets if ADAPTERS[one.protocol].trials]


def created(node: LocalWorld) -> Iterator[Address]:
    """Every contract that a transaction of the world's setting up made."""
    for number in range(node.chain.head().number + 1):
        block = node.chain.request("eth_getBlockByNumber", hex(number), False)
        for transaction in block["transactions"]:
            receipt = node.chain.request("eth_getTransactionReceipt", transaction)
            if receipt["contractAddress"]:
                yield to_address(receipt["contractAddress"])


def told(node: LocalWorld) -> dict[Address, str]:
    """What every contract of the world is: a protocol, or what else is seen."""
    world = node.world
    found = {entry.address: entry.protocol for entry in discoverable(node)}
    for feed in world.feeds:
        found |= {feed.proxy: "chainlink", feed.aggregator: "chainlink"}
    found |= {token.address: Sight.TOKEN.value for token in (*world.tokens, world.weth)}
    for pool in world.pools:
        [factory] = node.chain.read(pool.address, "factory()(address)")
        found[to_address(factory)] = Sight.FACTORY.value
        if pool.router is not None:
            found[pool.router] = Sight.ROUTER.value
    made = {*(pool.address for pool in world.solidly_pools)}
    made |= {pool.address for pool in world.kyber_pools}
    for address in made:
        [factory] = node.chain.read(address, "factory()(address)")
        found[to_address(factory)] = Sight.CONTRACT.value
    found |= dict.fromkeys(models(node) | shares(node), Sight.TOKEN.value)
    for concentrated in world.concentrated_pools:
        around = (concentrated.address, concentrated.trader, *concentrated.beside)
        found = dict.fromkeys(around, Sight.CONTRACT.value) | found
    for pool_v3 in world.balancer_v3_pools:
        found |= dict.fromkeys(pool_v3.beside, Sight.CONTRACT.value)
    found = dict(parts(node)) | found
    # Which of its prices is meant, Pyth's contract cannot be asked.
    found |= {one.contract: Sight.CONTRACT.value for one in world.pyth}
    for vault in world.more_vaults:
        as_vaults = vault.protocol == "yearn_v3"
        found |= dict.fromkeys(vault.strategies, "erc4626" if as_vaults else Sight.CONTRACT.value)
    for loan in world.morpho_loans:
        _, _, oracle, irm, _ = loan.params
        found |= dict.fromkeys((loan.morpho, oracle, irm), Sight.CONTRACT.value)
    for module in world.peg_modules:
        found |= dict.fromkeys(module.beside, Sight.CONTRACT.value)
        found |= {module.minted.address: Sight.TOKEN.value}
    issued = [box.issued.address for box in world.boxes if box.issued is not None]
    found |= dict.fromkeys(issued, Sight.TOKEN.value)
    for index in world.index_tokens:
        found |= dict.fromkeys(index.beside, Sight.CONTRACT.value)
    ctokens = [one for one in world.lending_markets if one.protocol == "compound_v2"]
    for market in ctokens:
        for name in ("comptroller()(address)", "interestRateModel()(address)"):
            [around] = node.chain.read(market.address, name)
            found[to_address(around)] = Sight.CONTRACT.value
        [oracle] = node.chain.read(market.rules, "oracle()(address)")
        found[to_address(oracle)] = Sight.CONTRACT.value
    # A manager of positions names its factory and the wrapped native coin, as routers do.
    return found | {one.positions: Sight.ROUTER.value for one in world.treasuries}


def shares(node: LocalWorld) -> set[Address]:
    """The LP tokens of CryptoSwap's pools."""
    pools = [one for one in node.world.coin_pools if one.protocol == "curve_cryptoswap"]
    found = [node.chain.read(pool.address, "token()(address)")[0] for pool in pools]
    return set(map(to_address, found))


def models(node: LocalWorld) -> set[Address]:
    """What Aerodrome's pools are clones of."""
    found = set()
    for clone in node.world.solidly_pools:
        [factory] = node.chain.read(clone.address, "factory()(address)")
        [model] = node.chain.read(to_address(factory), "implementation()(address)")
        found.add(to_address(model))
    return found


def behind(node: LocalWorld) -> set[Address]:
    """What Venus' peg stability modules are proxies of."""
    return {module.beside[0] for module in node.world.peg_modules}


YEARN_FACTORY = "protocol_fee_config()"
BALANCER_PARTS = (
    "getPoolTokens(bytes32)",
    "grantRole(bytes32,address)",
    "isPoolFromFactory(address)",
    "getFeeTypePercentage(uint256)",
    "getRate()",
    "getCurrentBlockTimestamp()",
    "getMarketId()",
    "addPoolAdmin(address)",
    "getReservesList()",
    "setPoolPause(bool)",
    "getSourceOfAsset(address)",
    "getMaxVariableBorrowRate()",
)
"""What alone Balancer's Vault, its authorizer, factories, the providers of the protocol's fees and
of rates, Multicall3, and what stands about Aave's pool have, but for pools."""


def parts(node: LocalWorld) -> Iterator[tuple[Address, str]]:
    """The LP token of Curve's first pool, the one that Saddle's are clones of, the library that
    Saddle's pools are linked with, and what stands about Balancer's."""
    for address in created(node):
        code = node.chain.request("eth_getCode", address, "latest")
        # a pool of Saddle's knows the selector too, and is told for what it is besides
        if any(selector(each).hex() in code for each in LP_TOKENS_ALONE):
            yield address, Sight.TOKEN.value
            continue
        library = code.startswith(f"0x73{address[2:].lower()}")  # one knows where it stands
        around = (*BALANCER_PARTS, YEARN_FACTORY)
        if library or any(selector(each).hex() in code for each in around):
            yield address, Sight.CONTRACT.value


def test_every_contract_of_the_world_is_told_for_what_it_is(world_node: LocalWorld) -> None:
    expected = told(world_node)
    assert set(created(world_node)) <= expected.keys(), "nobody says what this contract is"
    for address, what in expected.items():
        found = look(world_node, address)
        if found.recognised:
            assert [one.target.protocol for one in found.recognised] == [what]
            assert [one.target.address for one in found.recognised] == [address]
        else:
            assert found.seen.sight.value == what, address
        # As far as Uniswap V2 sees, what pools are cloned from is a pair of no factory.
        near = {"uniswap_v2"} if address in models(world_node) else set()
        # and what stands behind a proxy of Venus' has neither oracle nor fees of its own
        near |= {"venus_psm"} if address in behind(world_node) else set()
        assert {miss.protocol for miss in found.near} == near
    for account in (
        *accounts(world_node.world.actors),
        *(t.address for t in world_node.world.treasuries),
    ):
        found = look(world_node, account)
        assert found.seen.sight in (Sight.ACCOUNT, Sight.NOTHING)
        assert found.recognised == () == found.near


def accounts(actors: Actors) -> Iterator[Address]:
    return (getattr(actors, field.name) for field in fields(actors))


def test_every_pool_and_vault_of_the_world_is_recognised_with_its_options(
    world_node: LocalWorld,
) -> None:
    entries = discoverable(world_node)
    tried = {name for name, one in ADAPTERS.items() if one.trials and not one.is_source}
    assert {entry.protocol for entry in entries} | {"chainlink"} == tried
    for entry in entries:
        found = look(world_node, entry.address)
        [one] = found.recognised
        table = entry_of(found)
        assert (table["protocol"], table["address"]) == (entry.protocol, entry.address)
        if entry.protocol == uniswap_v2.PROTOCOL:
            # No factory of this world is known, and no view tells the fee: it is left to a person.
            assert set(one.trial.options) == set(entry.options)
            assert one.trial.assumes
            assert not table.keys() & entry.options.keys()
        else:
            told = {name: each for name, each in entry.options.items() if name not in PERSONAL}
            if entry.protocol == "erc4626" and told:
                # Found by what it answers, and left out of the proposal.
                offset = told.get("decimals_offset", 0)
                assert isinstance(offset, int)
                shares = 10**offset if told["virtual_shares"] else 0
                assert one.target.params["virtual_shares"] == shares
                continue
            assert {name: table.get(name) for name in told} == told, entry.name
        assert found.near == ()


def test_every_feed_of_the_world_is_recognised_and_named_by_its_description(
    world_node: LocalWorld,
) -> None:
    for feed in world_node.world.feeds:
        found = look(world_node, feed.proxy)
        [one] = found.recognised
        table = entry_of(found)
        assert (table["protocol"], table["address"]) == ("chainlink", feed.proxy)
        assert table["expect"] == {"description": feed.pair}
        price = tomllib.loads("\n".join(proposal(one)))["prices"][0]
        assert (price["source"], price["address"]) == ("chainlink", feed.proxy)


def test_what_is_proposed_is_watched_once_it_is_pasted(
    world_node: LocalWorld, tmp_path: Path
) -> None:
    """Only the fees, which nothing on the chain says, are put in by hand."""
    proposed = []
    for entry in discoverable(world_node):
        [one] = look(world_node, entry.address).recognised
        lines = [line for line in proposal(one) if not line.startswith("name = ")]
        name = f"{entry.protocol}-{entry.address}"
        given = [f'{key} = "{value}"' for key, value in entry.options.items() if one.trial.assumes]
        proposed.append("\n".join([*lines, f'name = "{name}"', *given]))
    head = to_toml(
        world_node.world, endpoint_url=world_node.chain.url, database_url="sqlite:///a.db"
    )
    file = tmp_path / "watcher.toml"
    file.write_text("\n\n".join([head.partition("[[targets]]")[0], *proposed]))
    assert len(load_config(file, {}).entries) == len(proposed)
    done = CliRunner().invoke(app, ["check", "--config", str(file), "--json"])
    assert done.exit_code == 0, done.output


def test_every_token_of_the_world_is_a_token_and_nothing_to_watch(world_node: LocalWorld) -> None:
    world = world_node.world
    for token in (*world.tokens, world.weth):
        found = look(world_node, token.address)
        assert (found.seen.sight, found.seen.token) == (Sight.TOKEN, token)
        assert found.recognised == () == found.near


def claims_a_factory(node: LocalWorld) -> Address:
    """A real pair's code at an address that its factory did not make."""
    pair = node.world.pairs[0]
    code = str(node.chain.request("eth_getCode", pair.address, "latest"))
    [factory] = node.chain.read(pair.address, "factory()(address)")
    fake = put(node, code)
    store(node, fake, FACTORY_SLOT, factory)
    store(node, fake, TOKEN0_SLOT, pair.token0.address)
    store(node, fake, TOKEN1_SLOT, pair.token1.address)
    return fake


def proxy_to_nothing(node: LocalWorld) -> Address:
    store(node, put(node, REVERTS), IMPLEMENTATION_SLOT, NOWHERE)
    return SOMEWHERE


def router_of(node: LocalWorld) -> Address:
    router = node.world.pairs[0].router
    assert router is not None
    return router


STRANGERS: dict[str, tuple[Sight, Callable[[LocalWorld], Address]]] = {
    "a token": (Sight.TOKEN, lambda node: node.world.tokens[0].address),
    "a router": (Sight.ROUTER, router_of),
    "a V3 router": (Sight.ROUTER, lambda node: node.world.tick_pools[0].router),
    "a factory": (Sight.FACTORY, factory_of),
    "an account": (Sight.ACCOUNT, lambda node: node.world.actors.trader),
    "an account that delegates": (
        Sight.ACCOUNT,
        lambda node: put(node, DELEGATED.format(node.world.weth.address[2:])),
    ),
    "an empty address": (Sight.NOTHING, lambda node: NOWHERE),
    "a clone of nothing": (Sight.CONTRACT, lambda node: put(node, CLONE.format(NOWHERE[2:]))),
    "a proxy to nothing": (Sight.CONTRACT, proxy_to_nothing),
    "a gas eater": (Sight.CONTRACT, lambda node: put(node, LOOPS)),
    "one that always reverts": (Sight.CONTRACT, lambda node: put(node, REVERTS)),
    "one that answers a megabyte": (Sight.CONTRACT, lambda node: put(node, A_MEGABYTE)),
    "one that answers 4 kB of zeros": (
        Sight.ANSWERS_ANYTHING,
        lambda node: put(node, FOUR_KILOBYTES),
    ),
    "one that answers 18 to everything": (
        Sight.ANSWERS_ANYTHING,
        lambda node: put(node, EVERY_WORD_IS_18),
    ),
    "one that answers five words": (
        Sight.ANSWERS_ANYTHING,
        lambda node: put(node, FIVE_WORDS_OF_18),
    ),
    "one that answers itself": (Sight.ANSWERS_ANYTHING, lambda node: put(node, ITS_OWN_ADDRESS)),
    "one that echoes": (Sight.CONTRACT, lambda node: put(node, ECHOES)),
    "one that answers half a word": (
        Sight.CONTRACT,
        lambda node: put(node, SHORTER_THAN_A_WORD),
    ),
    "a pair that claims a factory": (Sight.TOKEN, claims_a_factory),
}


@pytest.mark.parametrize(("sight", "place"), STRANGERS.values(), ids=STRANGERS)
def test_what_is_nothing_we_know_is_said_to_be_that(
    fork_node: LocalWorld, sight: Sight, place: Callable[[LocalWorld], Address]
) -> None:
    found = look(fork_node, place(fork_node))
    assert found.recognised == ()
    assert found.seen.sight is sight
    assert found.address in refusal(found)


def test_a_pair_that_claims_a_factory_is_told_from_a_token(fork_node: LocalWorld) -> None:
    [miss] = look(fork_node, claims_a_factory(fork_node)).near
    assert miss.protocol == uniswap_v2.PROTOCOL
    assert "does not know" in miss.refusal


@pytest.mark.parametrize("make", [proxy_to_nothing, STRANGERS["a clone of nothing"][1]])
def test_a_proxy_to_nothing_names_what_is_missing(
    fork_node: LocalWorld, make: Callable[[LocalWorld], Address]
) -> None:
    found = look(fork_node, make(fork_node))
    assert (found.seen.implementation, found.implementation_missing) == (NOWHERE, True)


def test_a_clone_of_a_real_vaults_code_is_no_proxy_to_nothing(fork_node: LocalWorld) -> None:
    vault = fork_node.world.vaults[0].address
    found = look(fork_node, put(fork_node, CLONE.format(vault[2:])))
    assert (found.seen.implementation, found.implementation_missing) == (vault, False)
