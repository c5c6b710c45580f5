"""Several endpoints of one chain, of which some fail or lag."""

from __future__ import annotations

import time

import pytest

from tests.support.faulty_node import (
    CHAIN_ID,
    block_hash,
    error,
    make_chain,
)
from tests.support.honest_nodes import (
    CALLS,
    CHAIN,
    COOLING,
    DISABLED,
    LAGGING,
    POOLS,
    READY,
    ROUNDING,
    TRUE,
    advance,
    honest,
    honest_nodes,
    is_ready,
    numbers,
    word,
)
from tests.support.linked import linked
from tests.support.virtual_time import virtually
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.lag import LagLimits
from watcher.chain.poll import GRACE
from watcher.chain.retry import Patience
from watcher.errors import StaleBlock, Unavailable
from watcher.state import Block
from watcher.state.endpoint_event import EventKind

# Failover


async def test_fault_01_retry_after_is_kept_to_and_another_endpoint_is_used() -> None:
    async with linked(honest_nodes(2)) as chain:
        first, second = chain.transports
        first.fail(Kind.RATE_LIMITED, retry_after=7.0)
        head = await chain.headers.head()
        assert head == CHAIN[9]
        first.error = None
        asked = first.bodies
        chain.clock.now += 6.9
        assert numbers(await chain.reader.read(head, CALLS)) == TRUE
        assert await chain.headers.range(5, 9) == CHAIN[5:10]
        assert (first.bodies, chain.states()) == (asked, [COOLING, READY])
        chain.clock.now += 0.2
        await chain.headers.head()
        assert first.bodies > asked
        assert chain.states() == [READY, READY]
        assert second.bodies > 0


@virtually
async def test_fault_01_a_lone_endpoint_is_waited_for_where_the_deadline_allows() -> None:
    async with linked(honest_nodes(1), real_clock=True) as chain:
        (only,) = chain.transports
        head = await chain.headers.head()
        only.fail(Kind.RATE_LIMITED, retry_after=0.1)
        with pytest.raises(EndpointError):
            await chain.headers.head()
        only.error = None
        started = time.monotonic()
        assert numbers(await chain.reader.read(head, CALLS)) == TRUE
        assert time.monotonic() - started == pytest.approx(0.1)


@virtually
async def test_fault_01_a_pause_beyond_the_deadline_is_not_waited_for() -> None:
    async with linked(honest_nodes(1), deadline=0.5, real_clock=True) as chain:
        (only,) = chain.transports
        head = await chain.headers.head()
        only.fail(Kind.RATE_LIMITED, retry_after=60.0)
        started = time.monotonic()
        for _ in range(3):
            with pytest.raises(EndpointError) as caught:
                await chain.reader.read(head, CALLS)
            assert caught.value.kind is Kind.RATE_LIMITED
        assert time.monotonic() - started == 0
        assert only.bodies == 2


async def test_fault_02_a_rate_limit_in_a_200_is_as_429() -> None:
    nodes = honest_nodes(2)
    async with linked(nodes, sample=0) as chain:
        head = await chain.headers.head()
        nodes[0].overrides = {"eth_call": error(-32005, "limit exceeded")}
        assert numbers(await chain.reader.read(head, CALLS)) == TRUE
        assert chain.states() == [COOLING, READY]
        assert chain.link(0).rate.per_second is not None
        assert chain.link(1).rate.per_second is None
        asked = nodes[0].requests_of("eth_call")
        assert numbers(await chain.reader.read(head, CALLS)) == TRUE
        assert nodes[0].requests_of("eth_call") == asked


async def test_fault_02_one_limited_read_of_many_is_asked_of_another() -> None:
    nodes = honest_nodes(2)
    nodes[0].calls[POOLS[2].lower()] = error(-32005, "limit exceeded")
    async with linked(nodes, sample=0) as chain:
        assert numbers(await chain.reader.read(CHAIN[9], CALLS)) == TRUE
        assert nodes[1].requests_of("eth_call") == 1
        assert chain.states() == [COOLING, READY]


@virtually
async def test_fault_02_a_lone_endpoint_is_asked_again_for_what_it_limited() -> None:
    node = honest()
    tries: list[object] = []

    def limited_once(params: object) -> object:
        tries.append(params)
        return error(-32005, "limit exceeded") if len(tries) == 1 else word(102)

    node.calls[POOLS[2].lower()] = limited_once
    async with linked([node], patience=Patience(first=0.05), real_clock=True) as chain:
        assert numbers(await chain.reader.read(CHAIN[9], CALLS)) == TRUE
        assert len(tries) == 2


@pytest.mark.parametrize("alone", [True, False])
async def test_fault_03_a_refused_key_disables_and_is_not_tried_again(alone: bool) -> None:
    async with linked(honest_nodes(1 if alone else 2)) as chain:
        first = chain.transports[0]
        first.fail(Kind.KEY_REFUSED)
        for _ in range(5):
            if alone:
                with pytest.raises(EndpointError, match="key_refused"):
                    await chain.headers.head()
                with pytest.raises(EndpointError, match="key_refused"):
                    await chain.reader.read(CHAIN[9], CALLS)
            else:
                assert await chain.headers.head() == CHAIN[9]
                assert numbers(await chain.reader.read(CHAIN[9], CALLS)) == TRUE
            chain.clock.now += 20.0
        assert first.bodies == 1
        assert chain.states()[0] is DISABLED
        assert chain.events() == [("node-a.example", EventKind.KEY_REFUSED)]
        assert is_ready(chain) is not alone


@pytest.mark.parametrize("kind", [Kind.NOT_JSON_RPC, Kind.UNREACHABLE, Kind.NODE_FAULT])
async def test_fault_04_an_endpoint_that_answers_nonsense_is_left_for_another(kind: Kind) -> None:
    async with linked(honest_nodes(3)) as chain:
        head = await chain.headers.head()
        chain.transports[0].fail(kind)
        assert numbers(await chain.reader.read(head, CALLS)) == TRUE
        assert await chain.headers.range(0, 9) == CHAIN[:10]
        assert chain.states() == [COOLING, READY, READY]
        assert chain.links.all[0].standing().reason == f"node-a.example failed: {kind}"


async def test_fault_04_pauses_double_and_one_answer_ends_them() -> None:
    async with linked(honest_nodes(2), patience=Patience(first=1.0, longest=5.0)) as chain:
        chain.transports[0].fail(Kind.UNREACHABLE)
        pauses = []
        for _ in range(5):
            await chain.headers.head()
            pauses.append(chain.link(0).health.retry_in)
            chain.clock.now += pauses[-1]
        assert pauses == [1.0, 2.0, 4.0, 5.0, 5.0]
        chain.transports[0].error = None
        await chain.headers.head()
        assert chain.states() == [READY, READY]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@virtually
async def test_fault_05_the_deadline_holds_however_many_hang(count: int) -> None:
    async with linked(honest_nodes(count), deadline=0.6, real_clock=True) as chain:
        for transport in chain.transports:
            transport.hangs = True
        for question in (
            chain.headers.head(),
            chain.headers.by_number(3),
            chain.headers.range(0, 9),
            chain.headers.tagged("finalized"),
            chain.reader.read(CHAIN[9], CALLS),
        ):
            started = time.monotonic()
            with pytest.raises(Unavailable):
                await question
            assert time.monotonic() - started <= 0.6 + ROUNDING


@virtually
async def test_fault_05_two_that_hang_cost_no_read_of_the_third() -> None:
    async with linked(honest_nodes(3), deadline=1.2, real_clock=True) as chain:
        for transport in chain.transports[:2]:
            transport.hangs = True
        assert await chain.headers.head() == CHAIN[9]
        started = time.monotonic()
        assert await chain.headers.head() == CHAIN[9]
        assert numbers(await chain.reader.read(CHAIN[9], CALLS)) == TRUE
        assert time.monotonic() - started == 0


@virtually
async def test_fault_05_one_that_hangs_leaves_time_for_the_next() -> None:
    async with linked(honest_nodes(2), sample=0, deadline=1.0, real_clock=True) as chain:
        chain.transports[0].hangs = True
        assert numbers(await chain.reader.read(CHAIN[9], CALLS)) == TRUE


@virtually
async def test_a_head_does_not_wait_for_one_that_hangs_once_the_quorum_is_there() -> None:
    async with linked(honest_nodes(3), real_clock=True) as chain:
        chain.transports[2].hangs = True
        started = time.monotonic()
        for _ in range(3):
            assert await chain.headers.head() == CHAIN[9]
        assert time.monotonic() - started <= 3 * GRACE + ROUNDING
        assert chain.transports[2].bodies == 1


async def test_fault_09_a_node_that_comes_back_on_another_chain_is_refused() -> None:
    nodes = honest_nodes(2)
    async with linked(nodes) as chain:
        await chain.headers.head()
        chain.transports[0].fail(Kind.UNREACHABLE)
        await chain.headers.head()
        chain.transports[0].error = None
        nodes[0].chain_id, nodes[0].blocks = 5, make_chain(90, fork=1, fork_at=0)
        chain.clock.now += 1.0
        assert await chain.headers.head() == CHAIN[9]
        assert numbers(await chain.reader.read(CHAIN[9], CALLS)) == TRUE
        assert chain.states() == [DISABLED, READY]
        assert nodes[0].requests_of("eth_getBlockByNumber") == 1
        assert chain.events() == [("node-a.example", EventKind.WRONG_CHAIN)]
        assert "is on chain 5" in chain.link(0).standing().reason


async def test_a_stale_block_is_stale_only_where_all_that_answer_say_so() -> None:
    nodes = honest_nodes(2)
    async with linked(nodes, sample=0) as chain:
        nodes[0].blocks = make_chain(10, fork=1, fork_at=8)
        assert numbers(await chain.reader.read(CHAIN[9], CALLS)) == TRUE
        nodes[1].blocks = nodes[0].blocks
        with pytest.raises(StaleBlock):
            await chain.reader.read(CHAIN[9], CALLS)
        assert chain.states() == [READY, READY]
        chain.transports[1].fail(Kind.NODE_FAULT)
        with pytest.raises(StaleBlock):
            await chain.reader.read(CHAIN[9], CALLS)


async def test_an_endpoint_that_is_behind_the_block_is_asked_last() -> None:
    nodes = [honest(9), honest(10)]
    async with linked(nodes, sample=0) as chain:
        await chain.headers.head()
        assert numbers(await chain.reader.read(CHAIN[9], CALLS)) == TRUE
        assert nodes[0].requests_of("eth_call") == 0


# Lag


async def test_fault_10_a_head_that_stands_still_lags_and_leads_nobody() -> None:
    nodes = honest_nodes(2)
    async with linked(nodes) as chain:
        for length in (10, 11, 12):
            advance(nodes[1:], length)
            assert (await chain.headers.head()).number >= 9
        advance(nodes[1:], 13)
        await chain.headers.head()
        assert await chain.headers.head() == CHAIN[12]
        assert chain.states() == [LAGGING, READY]
        assert chain.link(0).standing().reason == "its head is 3 blocks behind the others"
        advance(nodes, 14)
        await chain.headers.head()
        assert chain.states() == [READY, READY]


async def test_fault_10_a_chain_that_stands_still_everywhere_is_not_ready() -> None:
    async with linked(honest_nodes(2), limits=LagLimits(stuck_seconds=30.0)) as chain:
        await chain.headers.head()
        assert is_ready(chain)
        chain.clock.now += 31.0
        assert await chain.headers.head() == CHAIN[9]
        assert chain.states() == [LAGGING, LAGGING]
        assert not is_ready(chain)
        assert chain.link(1).standing().reason == "its head has stood at block 9 for 31 s"


async def test_fault_10_a_head_that_goes_back_lags() -> None:
    nodes = honest_nodes(2)
    async with linked(nodes) as chain:
        await chain.headers.head()
        advance(nodes[:1], 8)
        assert await chain.headers.head() == CHAIN[9]
        assert chain.states() == [LAGGING, READY]
        assert chain.link(0).standing().reason == "its head went back from block 9 to 7"
        advance(nodes, 8)
        await chain.headers.head()
        assert not is_ready(chain)


@pytest.mark.parametrize("quorum", [None, 2])
async def test_fault_10_heads_in_the_future_are_no_heads(quorum: int | None) -> None:
    nodes = honest_nodes(3)
    ahead = Block(CHAIN_ID, 5_000, block_hash(5_000), block_hash(4_999), 9_000_000)
    async with linked(nodes, quorum=quorum) as chain:
        nodes[0].blocks = [*CHAIN[:10], ahead]
        assert await chain.headers.head() == CHAIN[9]
        assert chain.states() == [LAGGING, READY, READY]
        assert "s in the future" in chain.link(0).standing().reason
        if quorum is None:  # two of a false future are no majority of the present
            nodes[1].blocks = nodes[0].blocks
            assert await chain.headers.head() == CHAIN[9]
            assert not is_ready(chain)
