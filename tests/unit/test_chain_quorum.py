"""Several endpoints of one chain that do not agree: whom a quorum believes."""

from __future__ import annotations

import pytest

from tests.support.faulty_node import (
    CHAIN_ID,
    FaultyNode,
    block_hash,
    error,
    header,
    make_chain,
)
from tests.support.honest_nodes import (
    CALLS,
    CHAIN,
    OUTVOTED,
    POOLS,
    READY,
    TRUE,
    advance,
    honest,
    honest_nodes,
    is_ready,
    numbers,
    word,
)
from tests.support.linked import linked
from watcher.chain.faults import Kind
from watcher.errors import Unavailable
from watcher.state import Answer, Block, Call, Code, Static, to_address
from watcher.state.endpoint_event import EventKind

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
