"""The lens reader on real nodes: the same states by each way, and hostile contracts among many."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.anvil.test_lens import CODES, EATER, GARBAGE, INVALID, MEGABYTE, REVERTS
from tests.support.adapters import entries
from tests.support.many_pairs import Pair, make_pairs, trade
from tests.support.world import LocalWorld
from watcher.chain.anvil import Anvil, AnvilOptions, run_anvil
from watcher.chain.client import ChainClient, Policies, open_chain
from watcher.chain.multicall import MULTICALL3
from watcher.chain.ways import Way
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import creation_data
from watcher.protocols import ADAPTERS
from watcher.service.identify import identify
from watcher.service.observe import Observer
from watcher.state import Address, Answer, Call, Static, Status

pytestmark = pytest.mark.anvil

MANY = 1_000


@pytest.fixture(scope="module")
def many(toolchain: Toolchain) -> Iterator[tuple[Anvil, list[Pair]]]:
    """A thousand pairs and the hostile contracts, on Anvil's default limits but for the size of a
    request, which writing the pairs needs."""
    with run_anvil(toolchain.anvil, AnvilOptions(automine=False)) as anvil:
        pairs = make_pairs(anvil.url, toolchain.artifacts, MANY)
        for where, code in CODES.items():
            anvil.rpc("anvil_setCode", where, code)
        anvil.rpc("evm_mine")
        yield anvil, pairs


def way_of(chain: ChainClient) -> Way:
    (link,) = chain.links.all
    assert link.lens is not None
    return link.lens.limits.way


async def requests(chain: ChainClient, observer: Observer) -> int:
    """HTTP requests of one block's reading, once all is known of the endpoint."""
    head = await chain.headers.head()
    await observer.observe(head)
    rpc = chain.w3.provider
    sent = 0
    call = rpc.call

    async def counted(asked):  # type: ignore[no-untyped-def]
        nonlocal sent
        sent += 1
        return await call(asked)

    rpc.call = counted  # type: ignore[method-assign]
    try:
        await observer.observe(head)
    finally:
        rpc.call = call  # type: ignore[method-assign]
    return sent


@pytest.mark.parametrize("way", Way)
async def test_each_way_gives_the_same_states_of_the_world(
    fork_node: LocalWorld, toolchain: Toolchain, way: Way
) -> None:
    chain_id, node = fork_node.world.chain_id, fork_node.chain
    creation = creation_data(toolchain.artifacts["Multicall3"].bytecode, ())
    runtime = node.request("eth_call", {"data": creation}, "latest")
    node.request("anvil_setCode", MULTICALL3, runtime)
    node.request("evm_mine")
    states = []
    for ways in ((Way.BATCH,), (way,)):
        async with open_chain(chain_id, node.url, policies=Policies(ways=ways)) as chain:
            head = await chain.headers.head()
            found = await identify(chain.reader, head, entries(fork_node.world))
            targets = [one.target for one in found if one.target is not None]
            assert len(targets) == len(found)
            observed = await Observer(chain.reader, targets).observe(head)
            states.append({one.target_id: one.state for one in observed.values()})
            assert (way_of(chain),) == ways
    assert states[0] == states[1]
    assert all(state is not None for state in states[0].values())


@pytest.mark.parametrize("way", Way)
async def test_each_way_gives_the_states_of_a_thousand_pairs(
    many: tuple[Anvil, list[Pair]], way: Way
) -> None:
    anvil, pairs = many
    async with open_chain(31337, anvil.url, policies=Policies(ways=(way,))) as chain:
        observer = Observer(chain.reader, [pair.target for pair in pairs])
        head = await chain.headers.head()
        observed = await observer.observe(head)
        assert [observed[pair.target.id].state for pair in pairs] == [p.state for p in pairs]
        assert way_of(chain) is way
        if way is Way.OVERRIDE:
            assert await requests(chain, observer) == 1


async def test_what_did_not_change_keeps_its_observation(
    toolchain: Toolchain,
) -> None:
    with run_anvil(toolchain.anvil, AnvilOptions(automine=False)) as anvil:
        pairs = make_pairs(anvil.url, toolchain.artifacts, 50)
        async with open_chain(31337, anvil.url) as chain:
            observer = Observer(chain.reader, [pair.target for pair in pairs])
            before = await observer.observe(await chain.headers.head())
            pairs = trade(anvil.url, pairs, [7, 31])
            after = await observer.observe(await chain.headers.head())
    assert [after[pair.target.id].state for pair in pairs] == [pair.state for pair in pairs]
    changed = [
        i for i, pair in enumerate(pairs) if after[pair.target.id] is not before[pair.target.id]
    ]
    assert changed == [7, 31]


async def test_five_thousand_pairs_are_one_request(toolchain: Toolchain) -> None:
    with run_anvil(toolchain.anvil, AnvilOptions(automine=False)) as anvil:
        pairs = make_pairs(anvil.url, toolchain.artifacts, 5_000)
        async with open_chain(31337, anvil.url) as chain:
            observer = Observer(chain.reader, [pair.target for pair in pairs])
            assert await requests(chain, observer) == 1
            observed = await observer.observe(await chain.headers.head())
    assert [observed[pair.target.id].state for pair in pairs] == [pair.state for pair in pairs]


@pytest.mark.parametrize("way", [Way.OVERRIDE, Way.CREATION, Way.MULTICALL, Way.BATCH])
@pytest.mark.parametrize("poison", [EATER, MEGABYTE, REVERTS, INVALID, GARBAGE])
async def test_a_poisonous_target_among_a_thousand_costs_only_itself(
    many: tuple[Anvil, list[Pair]], way: Way, poison: Address
) -> None:
    """FAULTS.md 8 and 26: a real pair's code is exchanged for a hostile one."""
    anvil, pairs = many
    victim = pairs[500].target
    snapshot = anvil.rpc("evm_snapshot")
    try:
        anvil.rpc("anvil_setCode", victim.address, CODES[poison])
        anvil.rpc("evm_mine")
        async with open_chain(
            31337, anvil.url, policies=Policies(ways=(way,)), deadline=30
        ) as chain:
            observer = Observer(chain.reader, [pair.target for pair in pairs])
            for _ in range(2):
                observed = await observer.observe(await chain.headers.head())
                failed = observed.pop(victim.id)
                assert failed.status in (Status.REVERTED, Status.DECODE_ERROR, Status.TOO_LARGE)
                others = [pair for pair in pairs if pair.target is not victim]
                assert [observed[one.target.id].state for one in others] == [
                    one.state for one in others
                ]
            assert way_of(chain) is way
    finally:
        anvil.rpc("evm_revert", snapshot)


async def test_a_call_with_more_gas_than_there_is_goes_alone(
    many: tuple[Anvil, list[Pair]],
) -> None:
    anvil, pairs = many
    calls: list[Call] = list(ADAPTERS["uniswap_v2"].calls(pairs[0].target))
    big = Static(REVERTS, b"", gas_cap=2_000_000_000)
    async with open_chain(31337, anvil.url) as chain:
        head = await chain.headers.head()
        answers = await chain.reader.read(head, [*calls, big])
        lens = chain.links.all[0].lens
        assert lens is not None
        assert (lens.limits.way, lens.limits.quarantined) == (Way.OVERRIDE, 0)
    assert answers[-1] == Answer(False, b"\xde\xad\xbe\xef", 4)
    assert all(isinstance(answer, Answer) and answer.ok for answer in answers[:-1])
