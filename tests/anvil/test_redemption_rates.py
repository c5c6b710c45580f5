"""What tokens redeem for, by the getters of real contracts, and the three-way deviation from it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from eth_abi.abi import encode

from tests.support.adapters import identified, read_states
from tests.support.real_balancer import Bench, build
from tests.support.world import LocalWorld
from watcher.chain.anvil import AnvilOptions, run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.site import created_address
from watcher.devnet.local_chain import LocalChain, Transaction
from watcher.math.measures import measure
from watcher.math.prices import Book
from watcher.math.settings import PriceSource, Settings
from watcher.math.subject import PRICE, SELF, Subject, assemble
from watcher.protocols import Entry
from watcher.protocols.redemption_rate import PROTOCOL, Asked, key_of
from watcher.state import (
    Address,
    Observation,
    RedemptionRate,
    State,
    Status,
    Target,
    to_address,
)
from watcher.state.token import ZERO_ADDRESS

pytestmark = pytest.mark.anvil

CHAIN = 31337
ONE = 10**18


@pytest.fixture
def bench(toolchain: Toolchain) -> Iterator[Bench]:
    options = AnvilOptions(genesis_timestamp=1_700_000_000, automine=False)
    with run_anvil(toolchain.anvil, options) as anvil:
        yield build(LocalChain(anvil.url), toolchain.artifacts)


def rate_of(chain: LocalChain, address: Address, asked: Asked) -> Target:
    (found,) = asyncio.run(identified(chain, [Entry(CHAIN, PROTOCOL, address, key=key_of(asked))]))
    assert found.target is not None, found.refusal
    return found.target


def refused(chain: LocalChain, address: Address, asked: Asked) -> str:
    (found,) = asyncio.run(identified(chain, [Entry(CHAIN, PROTOCOL, address, key=key_of(asked))]))
    assert found.target is None
    return found.refusal


def state_of(chain: LocalChain, target: Target) -> RedemptionRate:
    (state,) = asyncio.run(read_states(chain, [target]))
    assert isinstance(state, RedemptionRate)
    return state


def source_of(target: Target) -> PriceSource:
    token, quote = target.tokens
    return PriceSource(
        CHAIN,
        token.address,
        "redemption_rate",
        target.id,
        address=target.address,
        quote=quote.address,
    )


FIRST_POOL = 3
"""The nonce of a factory that has created the two halves of its pools' code before."""
CREATE = "create(string,string,address[],uint256,address[],uint256[],bool[],uint256,address)"
JOIN = "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))"
STEP = "(bytes32,uint8,address,address,uint256,bytes)"
SWAP = f"swap({STEP},(address,bool,address,bool),uint256,uint256)"


@dataclass(frozen=True, slots=True)
class Composable:
    """A composable stable pool of two coins, with a thousand of each; `maker` owns its tokens."""

    bench: Bench
    address: Address
    coins: tuple[Address, ...]
    maker: Address

    @property
    def id(self) -> bytes:
        return bytes.fromhex(self.address[2:]) + bytes(12)

    def send(self, to: Address, signature: str, *args: object) -> None:
        data = call_data(signature, *args)
        self.bench.chain.mine([Transaction(self.maker, to, data, signature, gas=8_000_000)])

    def swap(self, amount: int) -> None:
        step = (self.id, 0, *self.coins, amount, b"")
        funds = (self.maker, False, self.maker, False)
        self.send(self.bench.vault, SWAP, step, funds, 0, 2**255)


def composable(bench: Bench) -> Composable:
    coins = tuple(coin for coin, _ in bench.coins_of((18, 18)))
    factory = bench.factories["composable"]
    maker = to_address(bench.chain.request("eth_accounts")[0])
    pool = Composable(bench, created_address(factory, FIRST_POOL), coins, maker)
    providers, fee = [ZERO_ADDRESS] * 2, ONE // 100
    times = (10_000, 10_000)
    pool.send(factory, CREATE, "S", "S", coins, 200, providers, times, (False, False), fee, maker)
    for coin in coins:
        pool.send(coin, "mint(address,uint256)", maker, 2_000 * ONE)
        pool.send(coin, "approve(address,uint256)", bench.vault, 2**256 - 1)
    held = sorted((*coins, pool.address), key=lambda one: int(one, 16))
    amounts = [0 if one == pool.address else 1_000 * ONE for one in held]
    data = encode(["uint256", "uint256[]"], [0, amounts])
    pool.send(bench.vault, JOIN, pool.id, maker, maker, (held, [2**255] * 3, data, False))
    return pool


def test_a_balancer_pools_rate_is_a_price_of_its_token(bench: Bench) -> None:
    """A real composable stable pool: `getRate()` grows with the fees of a swap."""
    pool, chain = composable(bench), bench.chain
    born, quote = pool.address, pool.coins[0]
    target = rate_of(chain, born, Asked("getRate", 18, born, quote))
    before = state_of(chain, target)
    assert before.rate == chain.read(born, "getRate()(uint256)")[0] == ONE
    pool.swap(100 * ONE)
    after = state_of(chain, target)
    assert after.rate == chain.read(born, "getRate()(uint256)")[0] > ONE

    dollar = PriceSource(CHAIN, quote, "fixed", value=2.0)
    settings = Settings("USD", (1.0,), (source_of(target), dollar))
    held = {target.id: Observation(target.id, Status.OK, after)}
    found = Book(settings, CHAIN, held, {}, timestamp=0).price(born)
    assert found.value == pytest.approx(2 * after.rate / 10**18, rel=1e-15)
    assert (found.source, found.age(0)) == (PROTOCOL, 0)
    assert found.ancestry == (target.id, born)


def send(node: LocalWorld, to: Address, signature: str, *args: object) -> None:
    trader = node.world.actors.trader
    node.chain.mine([Transaction(trader, to, call_data(signature, *args), signature)])


def three_ways(
    node: LocalWorld, target: Target, others: dict[PriceSource, Target]
) -> dict[tuple[str, str], float]:
    """The measures of a rate at the head, by name and source."""
    dollar = PriceSource(CHAIN, target.tokens[1].address, "fixed", value=1.0)
    settings = Settings("USD", (1.0,), (source_of(target), *others, dollar))
    targets = [target, *others.values()]
    states: list[State] = asyncio.run(read_states(node.chain, targets))
    seen = [Observation(t.id, Status.OK, s) for t, s in zip(targets, states, strict=True)]
    observed = {SELF: seen[0], **{f"{PRICE}{one.target_id}": one for one in seen}}
    subject: Subject = assemble(target, observed, timestamp=0, settings=settings)
    (found,) = measure([subject], settings)
    return {(one.name, dict(one.dims).get("source", "")): one.value for one in found}


def test_a_vaults_share_redeems_sells_and_is_fed_at_three_prices(fork_node: LocalWorld) -> None:
    vault = fork_node.world.vaults[0]
    (market,) = fork_node.world.share_markets
    share, asset = vault.address, vault.asset
    target = rate_of(fork_node.chain, share, Asked("convertToAssets", 18, share, asset.address))
    one = 10 ** target.tokens[0].decimals
    send(fork_node, asset.address, "mint(address,uint256)", share, 12_345 * 10**asset.decimals)
    state = state_of(fork_node.chain, target)
    (pays,) = fork_node.chain.read(share, "previewRedeem(uint256)(uint256)", one)
    assert (state.rate, state.decimals) == (pays, asset.decimals)
    assert pays > 10**asset.decimals

    entry = Entry(CHAIN, "uniswap_v2", market.address, options={"fee": "3/1000"})
    (pair,) = asyncio.run(identified(fork_node.chain, [entry]))
    assert pair.target is not None, pair.refusal
    spot = PriceSource(
        CHAIN, share, "spot", pair.target.id, address=market.address, quote=asset.address
    )
    own = PriceSource(CHAIN, share, "redemption", "x", address=share, quote=asset.address)
    found = three_ways(fork_node, target, {spot: pair.target})
    reserves = fork_node.chain.read(market.address, "getReserves()(uint112,uint112,uint32)")[:2]
    mine, other = reserves if market.token0.address == share else reserves[::-1]
    price = other / 10**asset.decimals / (mine / one)
    rate = pays / 10**asset.decimals
    assert found["redemption_rate", ""] == rate
    assert found["ln_source_over_redemption", "spot"] == pytest.approx(math.log(price / rate))
    assert found["three_way_deviation", ""] == pytest.approx(abs(math.log(price / rate)))
    assert found["three_way_deviation", ""] > 0.005
    # What the vault itself says is no second opinion, and a protocol's own price is a third.
    fed = PriceSource(CHAIN, share, "fixed", value=1.5)
    more = three_ways(fork_node, target, {own: target, fed: target, spot: pair.target})
    assert ("ln_source_over_redemption", "redemption") not in more
    logs = [0.0, *(more["ln_source_over_redemption", name] for name in ("fixed", "spot"))]
    assert more["ln_source_over_redemption", "fixed"] == pytest.approx(math.log(1.5 / rate))
    assert more["three_way_deviation", ""] == pytest.approx(max(logs) - min(logs))


def test_a_rate_without_another_source_has_no_independent_reference(fork_node: LocalWorld) -> None:
    vault = fork_node.world.vaults[0]
    asked = Asked("convertToAssets", 18, vault.address, vault.asset.address)
    found = three_ways(fork_node, rate_of(fork_node.chain, vault.address, asked), {})
    assert found["redemption_rate", ""] > 0
    assert math.isnan(found["three_way_deviation", ""])


def test_what_has_no_such_getter_is_refused_with_the_cure(fork_node: LocalWorld) -> None:
    vault, weth = fork_node.world.vaults[0], fork_node.world.weth
    asked = Asked("stEthPerToken", 18, vault.address, weth.address)
    sentence = refused(fork_node.chain, vault.address, asked)
    assert sentence.endswith("stEthPerToken() reverted; fix `getter` or `address`")
    nobody = fork_node.world.actors.trader
    assert "nothing is deployed" in refused(fork_node.chain, nobody, asked)
