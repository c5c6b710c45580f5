"""Every adapter refuses what is none of its own, with a sentence."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.adapters import entry, identified, read_states
from tests.support.stirring import deploy_aggregator, give
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.deploy.site import Site
from watcher.errors import DecodeError
from watcher.protocols import ADAPTERS
from watcher.state import (
    Address,
    to_address,
)
from watcher.state.token import ZERO_ADDRESS

pytestmark = pytest.mark.anvil

NOBODY = to_address("0x00000000000000000000000000000000000000aa")
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
    ("balancer_v3_weighted", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("balancer_v3_weighted", "pair", {}, r"{} is no Balancer V3 pool: getVault\(\) reverted; re"),
    ("balancer_v3_weighted", "weighted", {}, "{} is no Balancer V3 pool of fixed weights; remove"),
    ("balancer_v3_weighted", "stable V3", {}, "{} is no Balancer V3 pool of fixed weights; remov"),
    ("balancer_v3_stable", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("balancer_v3_stable", "stable", {}, "{} is no stable pool of Balancer V3; remove the entry"),
    ("balancer_v3_stable", "stray V3 pool", {}, "the Vault 0x.* does not know {} as Balancer V3"),
    ("balancer_v3_stable", "weighted V3", {}, "{} is no stable pool of Balancer V3; remove the e"),
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
    ("erc4626", "yearn v3", {}, 'is a vault of Yearn\'s V3: write `protocol = "yearn_v3"`'),
    ("yearn_v2", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("yearn_v2", "token", {}, r"{} is no vault of Yearn's V2: token\(\).*; remove it"),
    ("yearn_v2", "yearn v3", {}, r"{} is no vault of Yearn's V2: token\(\).*; remove it"),
    ("yearn_v3", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("yearn_v3", "vault", {}, r"{} is no vault of Yearn's V3: totalIdle\(\).*; remove it"),
    ("yearn_v3", "yearn v3", {"strategies": "usdc"}, "0x.* is no strategy of .*: fix `strategies`"),
    ("compound_v2", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("compound_v2", "vault", {}, r"{} is no market of Compound V2: comptroller\(\) reverted"),
    ("aave_v3", "nobody", {}, "{} lends many assets: give the one that is meant as `asset`"),
    ("aave_v3", "nobody", {"asset": "usdc"}, "nothing is deployed at {} on this chain"),
    (
        "aave_v3",
        "vault",
        {"asset": "usdc"},
        r"{} is no pool of Aave V3: getReserveData\(address\) r",
    ),
    ("aave_v3", "aave", {"asset": "vault"}, "{} has no reserve of 0x.*: fix `asset`"),
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
    (
        "lockbox",
        "nobody",
        {},
        "a lockbox needs the token that is `locked`, and either the `issued`",
    ),
    ("lockbox", "nobody", {"locked": NOBODY, "liability": 5}, "token {} does not say its decim"),
    ("set_token", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("set_token", "pair", {}, "{} is no index token of Set: .*; remove the entry"),
    (
        "set_token",
        "index",
        {"weights": [0.5, 0.5]},
        "{} has 3 components and `weights` has 2 parts",
    ),
    ("venus_psm", "nobody", {}, "nothing is deployed at {} on this chain"),
    ("venus_psm", "pair", {}, "{} is no peg stability module of Venus: .*; remove the entry"),
    ("morpho_blue", "morpho", {}, "a market of {} is known by its id alone: give `market_id`"),
    ("morpho_blue", "nobody", {"market_id": "0x" + "1" * 64}, "nothing is deployed at {} on this"),
    ("morpho_blue", "pair", {"market_id": "0x" + "1" * 64}, "{} is no Morpho Blue: .*; remove the"),
    ("morpho_blue", "morpho", {"market_id": "0x" + "1" * 64}, "{} has no market 0x1{{64}}: fix `m"),
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
        case "weighted V3" | "stable V3":
            return world.balancer_v3_pools[what == "stable V3"].address
        case "stray V3 pool":  # of the Vault, which nobody has told of it
            site, vault = Site(node.chain, toolchain.artifacts), world.balancer_v3_pools[0].vault
            params = ("S", "S", 200, "v")
            address = site.create(world.actors.builder, "StablePool", params, vault)
            site.mine()
            return address
        case "saddle":
            return next(one.address for one in world.coin_pools if one.protocol == "saddle")
        case "index":
            return world.index_tokens[0].address
        case "morpho":
            return world.morpho_loans[0].morpho
        case "aave":
            lent = world.lending_markets
            return next(one.address for one in lent if one.protocol == "aave_v3")
        case "vault":
            give(node, world.vault("oz6-usdc"))
            return world.vault("oz6-usdc").address
        case name if name in STRAYS:  # real ones, but of no factory
            site = Site(node.chain, toolchain.artifacts)
            address = site.create(world.actors.builder, STRAYS[what])
            site.mine()
            return address
        case "yearn v3":
            return next(one.address for one in world.more_vaults if one.protocol == "yearn_v3")
        case "silent feed":
            return deploy_aggregator(node, toolchain, decimals=8)
        case _:
            return NOBODY
