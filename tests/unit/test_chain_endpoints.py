"""Several endpoints of one chain, of which some fail, lag or lie."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from tests.support.faulty_node import (
    CHAIN_ID,
    FaultyNode,
    block_hash,
    error,
    header,
    make_chain,
)
from tests.support.linked import Linked, linked
from tests.support.virtual_time import virtually
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.health import State
from watcher.chain.lag import LagLimits
from watcher.chain.poll import GRACE
from watcher.chain.retry import Patience
from watcher.errors import ReadError, StaleBlock, Unavailable
from watcher.state import Answer, Block, Call, Code, Static, to_address
from watcher.state.endpoint_event import EventKind

POOLS = [to_address(f"0x{0xB0B0 + row:040x}") for row in range(6)]
CALLS: list[Call] = [Static(pool, b"\x09\x02\xf1\xac") for pool in POOLS]
CHAIN = make_chain(30)
READY, LAGGING, COOLING, OUTVOTED, DISABLED = State


def word(number: int) -> str:
    return f"0x{number:064x}"


def honest(length: int = 10) -> FaultyNode:
    """A node of the one chain, at which each pool holds its row and a hundred."""
    calls = {pool.lower(): word(100 + row) for row, pool in enumerate(POOLS)}
    return FaultyNode(blocks=CHAIN[:length], calls=calls)


def honest_nodes(count: int, length: int = 10) -> list[FaultyNode]:
    return [honest(length) for _ in range(count)]


def numbers(answers: Sequence[Answer | ReadError]) -> list[int | None]:
    return [int.from_bytes(a.data) if isinstance(a, Answer) else None for a in answers]


def is_ready(chain: Linked) -> bool:
    return chain.links.ready


ROUNDING = 1e-9
TRUE = [100, 101, 102, 103, 104, 105]


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


def advance(nodes: Sequence[FaultyNode], length: int) -> None:
    for node in nodes:
        node.blocks = CHAIN[:length]


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


# Quorum


def test_by_default_two_of_three_must_agree() -> None:
    async def quorum_of(count: int) -> int:
        async with linked(honest_nodes(count)) as chain:
            return chain.links.quorum

    import asyncio

    assert [asyncio.run(quorum_of(count)) for count in (1, 2, 3, 4)] == [1, 1, 2, 2]


async def test_fault_11_a_minority_on_a_hash_is_outvoted_named_and_not_read() -> None:
    nodes = honest_nodes(3)
    async with linked(nodes) as chain:
        nodes[0].blocks = make_chain(10, fork=1, fork_at=7)
        assert await chain.headers.head() == CHAIN[9]
        assert chain.states() == [OUTVOTED, READY, READY]
        assert chain.events() == [("node-a.example", EventKind.HASH_OUTVOTED)]
        (event,) = chain.links.events
        assert event.block == CHAIN[9]
        assert block_hash(9, 1) in event.detail
        assert await chain.headers.range(5, 9) == CHAIN[5:10]
        assert await chain.headers.by_number(8) == CHAIN[8]
        assert await chain.headers.common_ancestor(CHAIN[9::-1]) == CHAIN[9]
        assert numbers(await chain.reader.read(CHAIN[9], CALLS)) == TRUE
        assert nodes[0].requests_of("eth_call") == 0
        await chain.headers.head()
        assert len(chain.events()) == 1
        advance(nodes, 11)
        assert await chain.headers.head() == CHAIN[10]
        assert chain.states() == [READY, READY, READY]
        assert chain.events()[1:] == [("node-a.example", EventKind.AGREES_AGAIN)]


async def test_fault_11_a_liar_ahead_of_the_others_does_not_lead() -> None:
    nodes = honest_nodes(3)
    async with linked(nodes) as chain:
        nodes[0].blocks = make_chain(12, fork=1, fork_at=7)
        assert await chain.headers.head() == CHAIN[9]
        assert chain.states() == [OUTVOTED, READY, READY]


async def test_fault_11_without_a_majority_no_block_is_taken() -> None:
    nodes = honest_nodes(3)
    async with linked(nodes) as chain:
        for row in (0, 1):
            nodes[row].blocks = make_chain(10, fork=row + 1, fork_at=7)
        with pytest.raises(Unavailable, match="fewer than 2 endpoints of eip155:31337 agree on"):
            await chain.headers.head()
        with pytest.raises(Unavailable, match="agree on the blocks 5 to 9"):
            await chain.headers.range(5, 9)
        assert await chain.headers.by_number(6) == CHAIN[6]


async def test_fault_11_other_hashes_below_a_true_head_are_found_in_the_range() -> None:
    nodes = honest_nodes(3)
    async with linked(nodes) as chain:
        fork = make_chain(10, fork=1, fork_at=6)
        nodes[0].blocks = [*CHAIN[:6], fork[6], fork[7], *CHAIN[8:10]]
        nodes[0].blocks[8] = Block(CHAIN_ID, 8, CHAIN[8].hash, fork[7].hash, CHAIN[8].timestamp)
        assert await chain.headers.head() == CHAIN[9]
        assert await chain.headers.range(5, 9) == CHAIN[5:10]
        assert chain.events() == [("node-a.example", EventKind.HASH_OUTVOTED)]


async def test_a_range_with_blocks_left_out_is_not_taken_from_a_minority() -> None:
    async with linked(honest_nodes(3)) as chain:

        async def without_the_last(first: int, last: int) -> list[Block]:
            return CHAIN[first:last]

        vars(chain.link(0).headers)["range"] = without_the_last
        assert await chain.headers.range(5, 9) == CHAIN[5:10]
        assert chain.events() == []


async def test_a_default_quorum_shrinks_to_who_answers_and_a_configured_one_does_not() -> None:
    for quorum in (None, 2):
        async with linked(honest_nodes(3), quorum=quorum) as chain:
            for transport in chain.transports[:2]:
                transport.fail(Kind.UNREACHABLE)
            if quorum is None:
                assert await chain.headers.head() == CHAIN[9]
                assert await chain.headers.range(5, 9) == CHAIN[5:10]
            else:
                with pytest.raises(Unavailable, match="fewer than 2 endpoints"):
                    await chain.headers.head()
                with pytest.raises(Unavailable, match="fewer than 2 endpoints"):
                    await chain.headers.range(5, 9)
            assert not is_ready(chain)


async def test_one_vote_at_a_height_that_two_claim_to_have_is_not_two() -> None:
    nodes = [honest(11), honest(10)]
    nodes[0].blocks = [*CHAIN[:9], CHAIN[10]]
    async with linked(nodes, quorum=2) as chain:
        with pytest.raises(Unavailable, match="fewer than 2 endpoints"):
            await chain.headers.head()


async def test_the_head_is_the_highest_that_enough_have() -> None:
    nodes = [honest(11), honest(10), honest(9)]
    async with linked(nodes) as chain:
        assert await chain.headers.head() == CHAIN[9]
        assert chain.states() == [READY, READY, READY]
        assert chain.events() == []


async def test_two_endpoints_on_two_forks_are_told_once_and_the_first_is_taken() -> None:
    nodes = honest_nodes(2)
    async with linked(nodes) as chain:
        nodes[1].blocks = make_chain(10, fork=1, fork_at=7)
        for _ in range(3):
            assert await chain.headers.head() == CHAIN[9]
        assert chain.events() == [("node-b.example", EventKind.UNDECIDED)]


async def test_fault_14_nodes_without_finality_have_no_say_in_it() -> None:
    nodes = honest_nodes(3)
    nodes[0].tags = {"finalized": error(-39001, "unknown block")}
    async with linked(nodes) as chain:
        assert await chain.headers.tagged("finalized") is None
        nodes[1].tags = {"finalized": header(CHAIN[5])}
        nodes[2].tags = {"finalized": header(CHAIN[4])}
        assert await chain.headers.tagged("finalized") == 4
        nodes[1].tags = {"finalized": header(CHAIN[9])}
        assert await chain.headers.tagged("finalized") == 4


# Values


async def test_fault_12_a_lie_about_one_reserve_is_outvoted_and_nothing_of_it_is_kept() -> None:
    nodes = honest_nodes(3)
    async with linked(nodes) as chain:
        nodes[0].calls[POOLS[3].lower()] = word(999)
        nodes[0].calls[POOLS[5].lower()] = word(998)
        assert numbers(await chain.reader.read(CHAIN[9], CALLS)) == TRUE
        assert chain.states() == [OUTVOTED, READY, READY]
        (event,) = chain.links.events
        assert (event.endpoint, event.kind) == ("node-a.example", EventKind.VALUE_OUTVOTED)
        assert event.block == CHAIN[9]
        assert f"the read of {POOLS[3]} at block 9 with {word(999)} against {word(103)}" in (
            event.detail
        )


@pytest.mark.parametrize("liar", [0, 1, 2])
async def test_fault_12_a_liar_is_named_within_ten_blocks_of_a_hundred_pools(liar: int) -> None:
    """Whichever it is; what it says of the others is true, so only the sample can find it."""
    pools = [to_address(f"0x{0xCAFE00 + row:040x}") for row in range(100)]
    calls: list[Call] = [Static(pool, b"\1") for pool in pools]
    nodes = [FaultyNode(blocks=CHAIN, calls={p.lower(): word(7) for p in pools}) for _ in range(3)]
    nodes[liar].calls[pools[61].lower()] = word(8)
    async with linked(nodes) as chain:
        named_at = None
        for at in range(10):
            await chain.reader.read(CHAIN[at], calls)
            if chain.events():
                named_at = at
                break
        assert named_at is not None
        assert chain.events() == [
            (chain.link(liar).name, EventKind.VALUE_OUTVOTED),
        ]


async def test_fault_12_what_a_liar_said_elsewhere_in_the_block_is_read_again() -> None:
    """The lie that is compared gives away the one that is not."""
    nodes = honest_nodes(3)
    async with linked(nodes) as chain:
        sampler = chain.reader._sampler
        sampler._least = 1
        drawn = {CALLS[at] for at in type(sampler)(20, least=1).draw(CHAIN[9], CALLS)}
        (seen,) = [row for row, call in enumerate(CALLS) if call in drawn]
        unseen = (seen + 1) % len(POOLS)
        for row in (seen, unseen):
            nodes[0].calls[POOLS[row].lower()] = word(999)
        assert numbers(await chain.reader.read(CHAIN[9], CALLS)) == TRUE
        assert nodes[0].requests_of("eth_call") == len(CALLS)


async def test_fault_12_a_liar_is_believed_again_after_ten_blocks_of_truth() -> None:
    nodes = honest_nodes(3, 30)
    async with linked(nodes) as chain:
        nodes[0].calls[POOLS[3].lower()] = word(999)
        await chain.reader.read(CHAIN[0], CALLS)
        nodes[0].calls[POOLS[3].lower()] = word(103)
        for at in range(1, 10):
            await chain.reader.read(CHAIN[at], CALLS)
        nodes[0].calls[POOLS[3].lower()] = word(999)
        await chain.reader.read(CHAIN[10], CALLS)
        nodes[0].calls[POOLS[3].lower()] = word(103)
        for at in range(11, 20):
            await chain.reader.read(CHAIN[at], CALLS)
            assert chain.states()[0] is OUTVOTED
        await chain.reader.read(CHAIN[20], CALLS)
        assert chain.states()[0] is READY
        assert [kind for _, kind in chain.events()] == [
            EventKind.VALUE_OUTVOTED,
            EventKind.AGREES_AGAIN,
        ]


async def test_fault_12_what_was_lied_about_is_compared_at_each_block_until_it_is_true() -> None:
    pools = [to_address(f"0x{0xCAFE00 + row:040x}") for row in range(100)]
    calls: list[Call] = [Static(pool, b"\1") for pool in pools]
    nodes = [FaultyNode(blocks=CHAIN, calls={p.lower(): word(7) for p in pools}) for _ in range(3)]
    async with linked(nodes) as chain:
        at = 0
        nodes[1].calls[pools[61].lower()] = word(8)
        while chain.states()[1] is READY:
            await chain.reader.read(CHAIN[at], calls)
            at += 1
        nodes[1].calls[pools[61].lower()] = word(7)
        for _ in range(9):
            await chain.reader.read(CHAIN[at], calls)
            at += 1
            assert chain.states()[1] is OUTVOTED
        await chain.reader.read(CHAIN[at], calls)
        assert chain.states()[1] is READY


async def test_fault_12_who_no_longer_says_what_it_lied_about_is_not_believed() -> None:
    nodes = honest_nodes(3, 30)
    async with linked(nodes) as chain:
        nodes[2].calls[POOLS[3].lower()] = word(999)
        await chain.reader.read(CHAIN[0], CALLS)
        nodes[2].calls[POOLS[3].lower()] = error(-32000, "missing trie node 12 (path )")
        for at in range(1, 20):
            await chain.reader.read(CHAIN[at], CALLS)
        assert chain.states() == [READY, READY, OUTVOTED]


async def test_fault_12_two_that_disagree_give_no_number() -> None:
    nodes = honest_nodes(2)
    async with linked(nodes) as chain:
        nodes[0].calls[POOLS[3].lower()] = word(999)
        for at in (8, 9):
            answers = await chain.reader.read(CHAIN[at], CALLS)
            assert numbers(answers) == [100, 101, 102, None, 104, 105]
            assert isinstance(answers[3], Unavailable)
        assert str(answers[3]) == (
            f"the read of {POOLS[3]} at block 9 has no majority (node-a.example {word(999)}, "
            f"node-b.example {word(103)}): another endpoint could decide"
        )
        assert chain.events() == [("node-a.example", EventKind.UNDECIDED)]


async def test_two_liars_of_three_win_and_four_endpoints_need_more() -> None:
    """What a majority says is taken: that is all that reading through others can do."""
    nodes = honest_nodes(4)
    async with linked(nodes) as chain:
        for row in (0, 1):
            nodes[row].calls[POOLS[3].lower()] = word(999)
        answers = await chain.reader.read(CHAIN[9], CALLS)
        assert numbers(answers)[3] is None
        assert chain.states() == [READY] * 4


async def test_reverts_that_are_worded_differently_are_no_disagreement() -> None:
    nodes = honest_nodes(3)
    nodes[0].calls[POOLS[1].lower()] = error(3, "execution reverted: A", "0xaa")
    nodes[1].calls[POOLS[1].lower()] = error(-32000, "out of gas")
    nodes[2].calls[POOLS[1].lower()] = error(3, "execution reverted")
    async with linked(nodes) as chain:
        answers = await chain.reader.read(CHAIN[9], CALLS)
        assert answers[1] == Answer(False, b"\xaa", 1)
        assert chain.events() == []


async def test_without_a_sample_only_one_endpoint_is_read() -> None:
    nodes = honest_nodes(3)
    async with linked(nodes, sample=0) as chain:
        await chain.reader.read(CHAIN[9], CALLS)
        assert [node.requests_of("eth_call") for node in nodes] == [6, 0, 0]
        assert await chain.reader.read(CHAIN[9], []) == []


# Pruned


async def test_fault_13_pruned_state_is_asked_of_an_archive_and_is_never_zero() -> None:
    pruned = error(-32000, "missing trie node 12 (path )")
    nodes = honest_nodes(3)
    for row in (0, 1):
        nodes[row].overrides = {"eth_call": pruned}
    async with linked(nodes, archives=[2], sample=0) as chain:
        assert numbers(await chain.reader.read(CHAIN[9], CALLS)) == TRUE
        assert nodes[1].requests_of("eth_call") == 0
        assert chain.states() == [READY, READY, READY]
        nodes[2].overrides = {"eth_call": pruned}
        answers = await chain.reader.read(CHAIN[9], CALLS)
        assert all(isinstance(answer, Unavailable) for answer in answers)
        assert "use an archive node" in str(answers[0])


async def test_code_and_storage_are_compared_too() -> None:
    nodes = honest_nodes(3)
    async with linked(nodes) as chain:
        nodes[0].calls[POOLS[0].lower()] = "0xfe"
        (answer,) = await chain.reader.read(CHAIN[9], [Code(POOLS[0])])
        assert answer == Answer(True, (100).to_bytes(32, "big"), 32)
        assert chain.states()[0] is OUTVOTED
