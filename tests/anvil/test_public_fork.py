"""The adapters on a fork of a public chain: WATCHER_FORK_URL says of which.

The same tests go through the same steps with a local world as the public chain, so that they are
known to work where nobody has given a URL.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import pytest

from tests.support import plain
from tests.support.adapters import identified, read_states
from tests.support.plain import Plain
from tests.support.public_fork import VARIABLE, chain_id_of, fork_of, secret_of, watched
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import LocalChain
from watcher.errors import Unavailable
from watcher.math.quotes import quote_exact_in, quote_exact_out
from watcher.protocols import ADAPTERS, Entry
from watcher.protocols.erc4626 import ANYBODY
from watcher.state import (
    Address,
    Concentrated,
    ConstantProduct,
    PriceFeed,
    ShareVault,
    State,
    Target,
    to_address,
)

pytestmark = pytest.mark.anvil

KEY = "f0rk3dk3y0f0rs"
SMALL = (10**6, 10**4, 10**3)
"""Parts of what a contract holds that are traded."""

QUOTER = "(address,address,uint256,uint24,uint160))(uint256,uint160,uint32,uint256)"
WETH = to_address("0x" + "ee" * 20)
"""The quoter keeps it and asks it nothing."""


@dataclass
class Fork:
    """The fork, the targets of its chain that were identified, and the quoters made on it."""

    chain: LocalChain
    entries: list[Entry]
    secret: str
    targets: list[Target] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    quoters: dict[Address, Address] = field(default_factory=dict)
    log: str = ""

    def of(self, protocol: str) -> list[Target]:
        return [target for target in self.targets if target.protocol == protocol]


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.__dict__}")


@pytest.fixture(scope="module", params=["a local world", VARIABLE])
def fork(
    request: pytest.FixtureRequest,
    toolchain: Toolchain,
    world_node: LocalWorld,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Fork]:
    url = os.environ.get(VARIABLE, "")
    if request.param != VARIABLE:
        url = f"{world_node.chain.url}/?apikey={KEY}"
    elif not url:
        pytest.skip(f"{VARIABLE} is not set")
    lines, root = _Lines(), logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    try:
        chain_id = asyncio.run(chain_id_of(url))
        listed = watched(chain_id, world_node.world, tmp_path_factory.mktemp("lists"))
        with fork_of(url, chain_id=chain_id, anvil=toolchain.anvil) as chain:
            made = Fork(chain, listed, secret_of(url))
            _identify(made)
            _make_quoters(made, toolchain)
            made.log = "\n".join(lines.lines)
            yield made
    finally:
        root.removeHandler(lines)
        root.setLevel(level)


def _identify(fork: Fork) -> None:
    for found in asyncio.run(identified(fork.chain, fork.entries)):
        if found.target is None:
            fork.refusals[found.entry.name or found.entry.address] = found.refusal
        else:
            fork.targets.append(found.target)


def _make_quoters(fork: Fork, toolchain: Toolchain) -> None:
    """The real QuoterV2 for each factory of V3 pools, before anything is read: it costs a block."""
    site, builder = Site(fork.chain, toolchain.artifacts), fork.chain.accounts[0]
    for target in fork.of("uniswap_v3"):
        factory = Plain(fork.chain, target.address).at("factory").address
        if factory not in fork.quoters:
            fork.quoters[factory] = site.create(builder, "QuoterV2", factory, WETH)
    site.mine()


def plain_pair(chain: LocalChain, target: Target) -> ConstantProduct:
    numerator, denominator, share, share_denominator = (
        int(target.params[name])
        for name in (
            "fee_numerator",
            "fee_denominator",
            "protocol_share_numerator",
            "protocol_share_denominator",
        )
    )
    fee = 1 - Fraction(numerator, denominator)
    return plain.pair(chain, target, fee=fee, protocol_share=Fraction(share, share_denominator))


def plain_pool(chain: LocalChain, target: Target) -> Concentrated:
    return plain.tick_pool(chain, target, plain.bitmap_ticks(chain, target))


def plain_vault(chain: LocalChain, target: Target) -> ShareVault:
    """Fees by the previews of many shares, in which no rounding shows."""
    vault = Plain(chain, target.address)
    holder = to_address(str(target.params.get("holder", ANYBODY)))
    named = ("deposit", "mint", *(("withdraw", "redeem") if "holder" in target.params else ()))
    limits = {
        f"max_{name}": vault.integer(f"max{name.capitalize()}", holder, inputs="address")
        for name in named
    }
    many = 10 ** (vault.decimals + 18)
    worth, cost, paid = (
        vault.integer(name, many, inputs="uint256")
        for name in ("convertToAssets", "previewMint", "previewRedeem")
    )
    return plain.vault(
        chain,
        target,
        virtual_assets=int(target.params["virtual_assets"]),
        virtual_shares=int(target.params["virtual_shares"]),
        refuses_zero=bool(target.params["refuses_zero"]),
        full_products=bool(target.params.get("full_products", False)),
        entry_fee_bps=round((cost - worth) * 10_000 / worth),
        exit_fee_bps=round((worth - paid) * 10_000 / paid),
        **limits,
    )


def plain_feed(chain: LocalChain, target: Target) -> PriceFeed:
    """Its bounds by the names that its aggregator has for them."""
    try:
        return plain.feed(chain, target, bounds=("minAnswer", "maxAnswer"))
    except Unavailable as error:
        if "execution reverted" not in str(error):
            raise
    return plain.feed(chain, target)


PLAIN: Mapping[str, Callable[[LocalChain, Target], State]] = {
    "uniswap_v2": plain_pair,
    "uniswap_v3": plain_pool,
    "erc4626": plain_vault,
    "chainlink": plain_feed,
    "pyth": plain.pyth_price,
    "uniswap_v2_twap": plain.pair_oracle,
    "uniswap_v3_twap": plain.tick_oracle,
}
OF_THE_WORLD = {
    "yearn_v2",
    "yearn_v3",
    "holdings",
    "redemption_rate",
    "pancake_v3",
    "algebra_integral",
    "uniswap_v4",
    "solidly",
    "curve_stableswap",
    "curve_cryptoswap",
    "saddle",
    "kyber_dmm",
    "balancer_v1",
    "balancer_v2_weighted",
    "balancer_v2_stable",
    "morpho_blue",
    "venus_psm",
    "set_token",
    "lockbox",
    "compound_v2",
    "aave_v3",
    "balancer_v3_weighted",
    "balancer_v3_stable",
}
"""What no shipped list has: held to its getters on the local world, in test_adapters.py."""


def test_every_adapter_is_compared() -> None:
    assert {*PLAIN, *OF_THE_WORLD} == set(ADAPTERS)


def test_the_chain_confirms_every_entry(fork: Fork) -> None:
    assert fork.refusals == {}
    protocols = {target.protocol for target in fork.targets}
    assert protocols >= {"uniswap_v2", "uniswap_v3", "erc4626", "chainlink"}
    assert len(fork.targets) == len(fork.entries) >= 10


async def test_states_are_what_plain_calls_answer(fork: Fork) -> None:
    states = await read_states(fork.chain, fork.targets)
    for target, state in zip(fork.targets, states, strict=True):
        if target.protocol in OF_THE_WORLD:
            continue
        assert state == PLAIN[target.protocol](fork.chain, target), target.label


async def test_a_pair_pays_what_is_quoted_and_not_one_unit_more(fork: Fork) -> None:
    targets = fork.of("uniswap_v2")
    for target, state in zip(targets, await read_states(fork.chain, targets), strict=True):
        assert isinstance(state, ConstantProduct)
        for coin_in, reserve in enumerate((state.reserve0, state.reserve1)):
            for part in SMALL:
                quoted = quote_exact_in(state, coin_in, 1 - coin_in, reserve // part)
                swap = (coin_in, quoted.amount_in)
                assert pays(fork.chain, target, *swap, quoted.amount_out), (target.label, quoted)
                assert not pays(fork.chain, target, *swap, quoted.amount_out + 1), target.label


def pays(chain: LocalChain, target: Target, coin_in: int, amount_in: int, amount_out: int) -> bool:
    """Whether the pair swaps so, in a block that is not kept; gifts to it are taken out before."""
    trader, pair = chain.accounts[1], target.address
    token = target.tokens[coin_in].address
    out = (0, amount_out) if coin_in == 0 else (amount_out, 0)
    swap = call_data("swap(uint256,uint256,address,bytes)", *out, trader, b"")
    steps = [
        (pair, call_data("skim(address)", trader)),
        (token, call_data("transfer(address,uint256)", pair, amount_in)),
        (pair, swap),
    ]
    snapshot = chain.snapshot()
    try:
        chain.request("anvil_dealERC20", trader, token, hex(amount_in))
        statuses = simulated(chain, trader, steps)
    finally:
        chain.revert(snapshot)
    assert statuses[:2] == [True, True], target.label
    return statuses[2]


def simulated(
    chain: LocalChain, sender: Address, steps: Sequence[tuple[Address, str]]
) -> list[bool]:
    calls = [{"from": sender, "to": to, "data": data, "gas": hex(2_000_000)} for to, data in steps]
    asked = {"blockStateCalls": [{"calls": calls}]}
    (block,) = chain.request("eth_simulateV1", asked, "latest")
    return [int(call["status"], 16) == 1 for call in block["calls"]]


async def test_a_tick_pool_is_quoted_as_the_quoter_does(fork: Fork) -> None:
    targets = fork.of("uniswap_v3")
    for target, state in zip(targets, await read_states(fork.chain, targets), strict=True):
        assert isinstance(state, Concentrated)
        pool = Plain(fork.chain, target.address)
        quoter = Plain(fork.chain, fork.quoters[pool.at("factory").address])
        tokens = [token.address for token in target.tokens]
        for coin_in in (0, 1):
            side = (tokens[coin_in], tokens[1 - coin_in])
            for part in SMALL:
                amount_in, amount_out = (state.balances[c] // part for c in (coin_in, 1 - coin_in))
                given, taken = (
                    (*side, amount, state.fee0, 0) for amount in (amount_in, amount_out)
                )
                expected = quoter.get(f"quoteExactInputSingle({QUOTER}", given)[0]
                quoted = quote_exact_in(state, coin_in, 1 - coin_in, amount_in)
                assert quoted.amount_out == expected, (target.label, given)
                expected = quoter.get(f"quoteExactOutputSingle({QUOTER}", taken)[0]
                quoted = quote_exact_out(state, coin_in, 1 - coin_in, amount_out)
                assert quoted.amount_in == expected, (target.label, taken)


async def test_a_vault_is_quoted_as_its_previews_do(fork: Fork) -> None:
    targets = fork.of("erc4626")
    for target, state in zip(targets, await read_states(fork.chain, targets), strict=True):
        assert isinstance(state, ShareVault)
        vault = Plain(fork.chain, target.address)
        for part in SMALL:
            assets, shares = state.total_assets // part + 7, state.total_supply // part + 7
            previews = {
                "previewDeposit": (assets, quote_exact_in(state, 0, 1, assets).amount_out),
                "previewMint": (shares, quote_exact_out(state, 0, 1, shares).amount_in),
                "previewRedeem": (shares, quote_exact_in(state, 1, 0, shares).amount_out),
                "previewWithdraw": (assets, quote_exact_out(state, 1, 0, assets).amount_in),
            }
            for name, (amount, quoted) in previews.items():
                expected = vault.integer(name, amount, inputs="uint256")
                assert quoted == expected, (target.label, name, amount)


async def test_a_feed_answers_what_was_read(fork: Fork) -> None:
    targets = fork.of("chainlink")
    for target, state in zip(targets, await read_states(fork.chain, targets), strict=True):
        assert isinstance(state, PriceFeed)
        feed = Plain(fork.chain, target.address)
        assert feed.integer("latestAnswer", kind="int256") == state.answer


def test_the_key_is_on_no_command_line_and_in_no_log(fork: Fork) -> None:
    if not fork.secret:
        return  # a node of one's own, without a key
    lines = command_lines()
    assert any(b"anvil" in line for line in lines), "the fork's own command line was looked at"
    assert not [line for line in lines if fork.secret.encode() in line]
    assert fork.log
    assert fork.secret not in fork.log


def command_lines() -> list[bytes]:
    """Of all processes that can be looked at."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(file.read_bytes())
        except OSError:  # it has ended, or is another's
            continue
    return found
