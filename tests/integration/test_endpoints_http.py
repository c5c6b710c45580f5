"""Two or three nodes over HTTP, of which some break: what comes out is always the others' truth."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.support.faulty_node import CHAIN_ID, Fault, FaultyNode, serve
from watcher.chain.client import ChainClient, Policies, open_chain
from watcher.chain.endpoint import Endpoint, EndpointOptions
from watcher.chain.faults import EndpointError, WrongChain
from watcher.chain.health import State
from watcher.chain.ways import Way
from watcher.config import load_config
from watcher.service.checkup import checkup
from watcher.state import Answer, Call, Static, to_address
from watcher.state.endpoint_event import EventKind

KEY = "pl4nted0key0of0ours"
POOLS = [to_address(f"0x{0xA0 + row:040x}") for row in range(8)]
CALLS: list[Call] = [Static(pool, b"\1") for pool in POOLS]
SEVENS = [Answer(True, b"\7", 1)] * len(POOLS)


def nodes_of(count: int) -> list[FaultyNode]:
    return [FaultyNode(calls={pool.lower(): "0x07" for pool in POOLS}) for _ in range(count)]


@asynccontextmanager
async def served(nodes: Sequence[FaultyNode]) -> AsyncIterator[list[EndpointOptions]]:
    async with AsyncExitStack() as stack:
        hosts = [await stack.enter_async_context(serve(node)) for node in nodes]
        yield [EndpointOptions(Endpoint(f"http://{host}/v3/{KEY}")) for host in hosts]


@asynccontextmanager
async def chain_over(
    nodes: Sequence[FaultyNode], *, deadline: float = 6.0
) -> AsyncIterator[ChainClient]:
    async with (
        served(nodes) as endpoints,
        open_chain(
            CHAIN_ID,
            endpoints,
            deadline=deadline,
            response_cap=300_000,
            policies=Policies(ways=(Way.BATCH,)),  # these nodes run no lens
        ) as chain,
    ):
        yield chain


async def assert_true(chain: ChainClient) -> None:
    head = FaultyNode().head
    assert await chain.headers.head() == head
    assert await chain.headers.range(2, 7) == FaultyNode().blocks[2:8]
    assert await chain.reader.read(head, CALLS) == SEVENS


COOLED = [
    pytest.param(Fault.TOO_MANY, id="fault_01_429"),
    pytest.param(Fault.HTML, id="fault_04_html"),
    pytest.param(Fault.TRUNCATED, id="fault_04_truncated"),
    pytest.param(Fault.NO_CONTENT, id="fault_04_204"),
    pytest.param(Fault.EMPTY, id="fault_04_empty"),
    pytest.param(Fault.BAD_GATEWAY, id="fault_04_502"),
    pytest.param(Fault.CUT, id="fault_04_cut"),
    pytest.param(Fault.CLOSE, id="fault_04_close"),
    pytest.param(Fault.HANG, id="fault_05_hang"),
    pytest.param(Fault.DRIP, id="fault_05_drip"),
    pytest.param(Fault.ALWAYS_413, id="fault_07_413"),
    pytest.param(Fault.ENDLESS, id="fault_16_endless"),
    pytest.param(Fault.BOMB, id="fault_16_bomb"),
    pytest.param(Fault.REDIRECT, id="fault_17_redirect"),
]


@pytest.mark.parametrize("fault", COOLED)
async def test_a_node_that_fails_is_cooled_and_another_used(fault: Fault) -> None:
    nodes = nodes_of(2)
    async with chain_over(nodes, deadline=2.0) as chain:
        nodes[0].fault = fault
        started = time.monotonic()
        await assert_true(chain)
        assert time.monotonic() - started < 2.0
        first, second = chain.health()
        assert (first.state, second.state) == (State.COOLING, State.READY)
        assert first.reason.startswith(first.endpoint)
        assert len(first.reason) < 200 + len(first.endpoint)
        assert KEY not in first.reason


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault.SHORT_BATCH, id="fault_06_short"),
        pytest.param(Fault.DOUBLED_ID, id="fault_06_doubled"),
        pytest.param(Fault.FOREIGN_ID, id="fault_06_foreign"),
        pytest.param(Fault.SHUFFLED, id="fault_06_shuffled"),
        pytest.param(Fault.BATCH_413, id="fault_07_413"),
        pytest.param(Fault.BATCH_400, id="fault_07_400"),
    ],
)
async def test_a_node_whose_batches_alone_are_broken_stays_in_use(fault: Fault) -> None:
    nodes = nodes_of(2)
    async with chain_over(nodes) as chain:
        nodes[0].fault, nodes[0].batch_limit = fault, 2
        await assert_true(chain)
        assert [one.state for one in chain.health()] == [State.READY, State.READY]


async def test_fault_01_a_429_is_left_alone_for_as_long_as_it_says() -> None:
    nodes = nodes_of(2)
    async with chain_over(nodes) as chain:
        nodes[0].fault, nodes[0].retry_after = Fault.TOO_MANY, "2"
        until = time.monotonic() + 2
        await assert_true(chain)
        assert 0.0 < chain.health()[0].retry_in <= 2
        asked, nodes[0].fault = len(nodes[0].paths), Fault.NONE
        while time.monotonic() < until - 1.5:
            await assert_true(chain)
        assert len(nodes[0].paths) == asked
        while chain.health()[0].retry_in > 0:
            await assert_true(chain)
        await assert_true(chain)
        assert len(nodes[0].paths) > asked
        assert chain.health()[0].state is State.READY


@pytest.mark.parametrize("fault", [Fault.UNAUTHORIZED, Fault.FORBIDDEN])
async def test_fault_03_a_refused_key_is_not_tried_again_and_not_shown(
    fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    nodes = nodes_of(3)
    async with chain_over(nodes) as chain:
        nodes[0].fault = fault
        before = len(nodes[0].paths)
        for _ in range(5):
            await assert_true(chain)
        assert len(nodes[0].paths) == before + 1
        assert [one.state for one in chain.health()] == [State.DISABLED, *[State.READY] * 2]
        (event,) = chain.links.events
        assert event.kind is EventKind.KEY_REFUSED
        shown = [caplog.text, repr(chain), repr(chain.health()), repr(event)]
        assert not any(KEY in text for text in shown)
        assert "is disabled" in caplog.text


async def test_fault_17_a_redirect_is_not_followed() -> None:
    nodes = nodes_of(2)
    async with chain_over(nodes) as chain:
        nodes[0].fault = Fault.REDIRECT
        await assert_true(chain)
        assert {path for node in nodes for path in node.paths} == {f"POST /v3/{KEY}"}
        assert "redirects are not followed" in chain.health()[0].reason


async def test_fault_09_of_several_only_the_one_on_another_chain_is_refused() -> None:
    nodes = nodes_of(3)
    nodes[1].chain_id = 5
    async with chain_over(nodes) as chain:
        await assert_true(chain)
        first, second, third = chain.health()
        assert (first.state, second.state, third.state) == (
            State.READY,
            State.DISABLED,
            State.READY,
        )
        assert len(nodes[1].paths) == 1
        assert [event.kind for event in chain.links.events] == [EventKind.WRONG_CHAIN]


async def test_a_start_needs_one_that_answers() -> None:
    nodes = nodes_of(2)
    nodes[0].fault = Fault.BAD_GATEWAY
    async with chain_over(nodes) as chain:
        await assert_true(chain)
    nodes[1].fault = Fault.HTML
    with pytest.raises(EndpointError, match="answered 502"):
        async with chain_over(nodes):
            pass
    nodes[1].fault, nodes[1].chain_id = Fault.NONE, 5
    with pytest.raises(WrongChain):
        async with chain_over(nodes):
            pass


async def test_check_prints_a_line_for_each_endpoint(tmp_path: Path) -> None:
    nodes = nodes_of(3)
    nodes[1].fault, nodes[2].chain_id = Fault.UNAUTHORIZED, 5
    async with served(nodes) as endpoints:
        urls = ", ".join(f'{{ url = "{one.endpoint.url}" }}' for one in endpoints)
        file = tmp_path / "watcher.toml"
        file.write_text(
            f'[chains."eip155:{CHAIN_ID}"]\nendpoints = [{urls}]\n[[targets]]\n'
            f'chain = "eip155:{CHAIN_ID}"\nprotocol = "erc4626"\naddress = "{POOLS[0]}"\n'
            'name = "vault"\nvirtual_shares = true\n'
        )
        findings = await checkup(load_config(file, {}))
        lines = [(one.ok, one.detail) for one in findings if one.what == f"eip155:{CHAIN_ID}"]
        names = [one.endpoint.name for one in endpoints]
    refused = (
        f"{names[1]} answered 401 to eth_chainId: the key is refused; check the endpoint's URL"
    )
    elsewhere = (
        f"{names[2]} is on chain 5, the configuration says eip155:{CHAIN_ID}: "
        "fix the endpoint's URL or the chain's key"
    )
    (ok, honest), *others = lines
    assert ok
    assert honest.startswith(f"{names[0]}: head 7 (")
    assert honest.endswith(
        "no finalized tag: 12 confirmations, many calls by batches, batches of 500, "
        "archive all blocks"
    )
    assert others == [(False, refused), (False, elsewhere)]
    (cost,) = [one.detail for one in findings if one.what == "a day costs"]
    assert "requests" in cost
    assert names[0] in cost
