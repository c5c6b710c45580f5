"""Fifty pools with five hundred ticks each beside a thousand pairs, in as few requests as gas
allows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.support.lens_calls import placed
from tests.support.many_pairs import Pair, make_pairs
from tests.support.many_pools import Pool, make_pools
from watcher.chain import ways
from watcher.chain.anvil import Anvil, AnvilOptions, run_anvil
from watcher.chain.client import ChainClient, Policies, open_chain
from watcher.chain.lens_answer import decode
from watcher.chain.lens_program import make_plan
from watcher.chain.ways import Way
from watcher.devnet.artifacts import Toolchain
from watcher.protocols import uniswap_v3
from watcher.service.observe import Observer
from watcher.state import State, Ticks
from watcher.state.ticks import walk_of

pytestmark = pytest.mark.anvil

POOLS, TICKS, PAIRS = 50, 500, 1_000
CAP = 50_000_000
"""Gas of an eth_call that a public node usually allows."""


@dataclass(frozen=True)
class Chain:
    anvil: Anvil
    pairs: list[Pair]
    pools: list[Pool]

    @property
    def expected(self) -> dict[str, State]:
        found: dict[str, State] = {each.target.id: each.state for each in self.pairs}
        return found | {each.target.id: each.state for each in self.pools}

    def observer(self, client: ChainClient) -> Observer:
        targets = [*(each.target for each in self.pairs), *(each.target for each in self.pools)]
        return Observer(client.reader, targets)


@pytest.fixture(scope="module")
def chain(toolchain: Toolchain) -> Iterator[Chain]:
    with run_anvil(toolchain.anvil, AnvilOptions(automine=False)) as anvil:
        pools = make_pools(anvil.url, toolchain.artifacts, pools=POOLS, ticks=TICKS)
        yield Chain(anvil, make_pairs(anvil.url, toolchain.artifacts, PAIRS), pools)


@dataclass
class Asked:
    """What a node was asked."""

    methods: list[str] = field(default_factory=list)

    @property
    def eth_calls(self) -> int:
        return self.methods.count("eth_call")


def counted(client: ChainClient) -> Asked:
    rpc, asked = client.w3.provider, Asked()
    call = rpc.call

    async def counting(request: Any) -> Any:
        asked.methods.append(request.method)
        return await call(request)

    rpc.call = counting  # type: ignore[assignment, method-assign]
    return asked


async def states(client: ChainClient, chain: Chain) -> tuple[dict[str, State | None], Asked]:
    """At the head, once all is known of the endpoint."""
    observer, head = chain.observer(client), await client.headers.head()
    await observer.observe(head)
    asked = counted(client)
    found = await chain.observer(client).observe(head)
    return {name: each.state for name, each in found.items()}, asked


async def test_two_requests_where_the_node_allows_the_gas(chain: Chain) -> None:
    async with open_chain(31337, chain.anvil.url) as client:
        found, asked = await states(client, chain)
    assert found == chain.expected
    assert asked.eth_calls == 2


@pytest.mark.parametrize("way", [Way.OVERRIDE, Way.CREATION])
async def test_as_few_as_a_gas_cap_permits(
    chain: Chain, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that gives no call more than its cap, without a word, as go-ethereum does."""
    plain = ways.eth_call

    def capped(message: str, at: Any, *, gas: int, more: str = "") -> Any:
        return plain(message, at, gas=min(gas, CAP), more=more)

    monkeypatch.setattr(ways, "eth_call", capped)
    policies = Policies(ways=(way, Way.BATCH))
    async with open_chain(31337, chain.anvil.url, policies=policies) as client:
        found, asked = await states(client, chain)
    assert found == chain.expected
    assert asked.eth_calls == 7, asked.methods  # six for the ticks, one for the pairs


async def test_an_answer_that_is_too_long_is_asked_for_in_parts(chain: Chain) -> None:
    """25,000 ticks are 1.75 MB of JSON: with half the gas there are half as many."""
    async with open_chain(31337, chain.anvil.url, response_cap=1_200_000) as client:
        found, asked = await states(client, chain)
    assert found == chain.expected
    assert 3 <= asked.eth_calls <= 6, asked.methods


def gas_of(chain: Chain, call: Ticks) -> int:
    """The least with which the lens walks it whole, what it keeps back included."""
    plan = make_plan([call])

    def suffices(gas: int) -> bool:
        reading = decode(placed(chain.anvil.url, plan.program.encode(), gas=gas), plan.program)
        return reading.complete(plan.program) and walk_of(reading.answers[0]).whole

    return bisect_left(range(CAP), True, lo=100_000, key=suffices)


def test_gas_of_an_empty_word_and_of_a_tick(chain: Chain) -> None:
    pool = chain.pools[0]
    *_, call = uniswap_v3.calls(pool.target)
    assert isinstance(call, Ticks)
    words = {tick // 60 // 256 for tick in pool.state.ticks}
    call = replace(call, current=b"", reach=0)
    few, many = (
        gas_of(chain, replace(call, first_word=max(words) + 1, last_word=max(words) + count))
        for count in (5, 25)
    )
    of_word = (many - few) / 20
    walked = gas_of(chain, replace(call, first_word=min(words), last_word=max(words)))
    of_tick = (walked - few - of_word * (len(words) - 5)) / TICKS
    print(f"gas of an empty word {of_word:.0f}, of an initialised tick {of_tick:.0f}")
    assert 2_100 < of_word < 3_300
    assert 4 * 2_100 < of_tick < 10_500
