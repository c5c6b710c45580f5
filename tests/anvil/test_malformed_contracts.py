"""Contracts of the local world that answer one of their views as no contract of theirs does."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from eth_abi.abi import encode

from tests.support.answering import answering
from tests.support.world import LocalWorld
from watcher.chain.client import Policies, open_chain
from watcher.chain.ways import Way
from watcher.devnet.artifacts import Toolchain
from watcher.protocols import (
    ADAPTERS,
    Entry,
    algebra_integral,
    erc20,
    erc4626,
    pancake_v3,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
    v3_forks,
)
from watcher.protocols import chainlink as feeds
from watcher.protocols.interface import View
from watcher.service.identify import identify
from watcher.service.observe import Observer
from watcher.state import Address, Status, to_address

pytestmark = pytest.mark.anvil

MALFORMED = {
    "empty": b"",
    "short": b"\0" * 31,
    "a text of length 2**255": encode(["uint256", "uint256"], [32, 2**255]),
    "a text that points at itself": b"\0" * 64,
    "bad UTF-8": b"\xff\xfe\xc0\x80" * 16,
}
"""Wrong for every view: none answers two words."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A view that a target is read by, `token` where it is one of its token's."""

    protocol: str
    view: View
    token: bool = False
    narrow: bool = True
    """Whether a word of ones is over its type."""


VIEWS = (
    Asked("uniswap_v2", uniswap_v2.GET_RESERVES),
    Asked("uniswap_v2", uniswap_v2.K_LAST, narrow=False),
    Asked("uniswap_v2", erc20.TOTAL_SUPPLY, narrow=False),
    Asked("uniswap_v2", erc20.BALANCE_OF, token=True, narrow=False),
    Asked("uniswap_v3", uniswap_v3.SLOT0),
    Asked("uniswap_v3", v3_forks.LIQUIDITY),
    Asked("uniswap_v3", v3_forks.TICK_BITMAP, narrow=False),
    Asked("uniswap_v3", v3_forks.TICKS),
    Asked("pancake_v3", pancake_v3.SLOT0),
    Asked("algebra_integral", algebra_integral.GLOBAL_STATE),
    Asked("algebra_integral", algebra_integral.TICK_TABLE, narrow=False),
    Asked("algebra_integral", algebra_integral.TICKS),
    Asked("uniswap_v4", uniswap_v4.GET_SLOT0),
    Asked("uniswap_v4", uniswap_v4.GET_LIQUIDITY),
    Asked("uniswap_v4", uniswap_v4.GET_TICK_BITMAP, narrow=False),
    Asked("uniswap_v4", uniswap_v4.GET_TICK_LIQUIDITY),
    Asked("erc4626", erc4626.TOTAL_ASSETS, narrow=False),
    Asked("erc4626", erc4626.CONVERT_TO_SHARES, narrow=False),
    Asked("chainlink", feeds.DECIMALS),
    Asked("chainlink", feeds.LATEST_ROUND_DATA),
)
FORKS_ANSWER_MORE = ("tickBitmap", "ticks", "tickTable", "getTickBitmap", "getTickLiquidity")
"""A walk takes the first words of what these answer: forks of Uniswap V3 have more."""


def replies(asked: Asked) -> dict[str, bytes]:
    size = 32 * len(asked.view.outputs)
    if asked.view.name in FORKS_ANSWER_MORE:
        found = {name: MALFORMED[name] for name in ("empty", "short")}
    else:
        found = MALFORMED | {"long": b"\0" * (size + 32)}
    return found | ({"over its type": b"\xff" * size} if asked.narrow else {})


def place(node: LocalWorld, asked: Asked) -> tuple[Entry, Address]:
    """A target of the protocol, and the contract whose view is asked."""
    world = node.world
    if asked.protocol == "chainlink":
        proxy = world.feeds[0].proxy
        return Entry(world.chain_id, "chainlink", proxy), proxy
    found = next(one for one in world.entries.targets if one.protocol == asked.protocol)
    options = {
        option.name: option.parse(found.options[option.name])
        for option in ADAPTERS[found.protocol].options
        if option.name in found.options
    }
    key_of = ADAPTERS[found.protocol].key
    key = key_of(options) if key_of else ""
    entry = Entry(world.chain_id, found.protocol, found.address, key=key, options=options)
    token = world.pairs[0].token0.address
    views = to_address(str(options.get("state_view", found.address)))
    return entry, token if asked.token else views


@pytest.mark.parametrize("way", [Way.OVERRIDE, Way.BATCH])
@pytest.mark.parametrize("asked", VIEWS, ids=lambda one: f"{one.protocol}.{one.view.name}")
async def test_fault_27_a_malformed_answer_is_a_decode_error_and_never_a_zero(
    fork_node: LocalWorld, toolchain: Toolchain, asked: Asked, way: Way
) -> None:
    chain = fork_node.chain
    entry, contract = place(fork_node, asked)
    beside = Entry(chain.chain_id, "chainlink", fork_node.world.feeds[1].proxy)
    async with open_chain(
        chain.chain_id, chain.url, policies=Policies(ways=(way, Way.BATCH))
    ) as client:
        found = await identify(client.reader, await client.headers.head(), [entry, beside])
        target, other = (one.target for one in found)
        assert target is not None
        assert other is not None
        observer = Observer(client.reader, [target, other])
        before = (await observer.observe(await client.headers.head()))[target.id]
        assert before.status is Status.OK
        stand_in = answering(fork_node, toolchain, contract)
        for name, data in replies(asked).items():
            stand_in.answer(asked.view.signature, data)
            observed = await observer.observe(await client.headers.head())
            assert observed[target.id].status is Status.DECODE_ERROR, (name, observed[target.id])
            assert observed[target.id].state is None
            assert observed[other.id].status is Status.OK
        if asked.view.name not in FORKS_ANSWER_MORE:
            stand_in.answer(asked.view.signature, b"", length=200_000)
            observed = await observer.observe(await client.headers.head())
            assert observed[target.id].status is Status.TOO_LARGE
            assert observed[other.id].status is Status.OK
        stand_in.answer_as_before(asked.view.signature)
        after = (await observer.observe(await client.headers.head()))[target.id]
        assert after == before
