"""From a block's logs to flows, target by target: whose they are, and what one target's are worth
to the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pytest

from tests.support.faulty_node import make_chain
from tests.support.stored import FEED, POOL, VAULT, address
from tests.unit.test_protocols_events import log
from watcher.errors import StaleBlock, Unavailable
from watcher.protocols import ADAPTERS, erc4626, pair_events
from watcher.protocols.events import Events
from watcher.service.flows import FlowReader
from watcher.state import Address, Block, Target
from watcher.state.flow import FlowKind, FlowReading
from watcher.state.log import Log

[BLOCK] = make_chain(1)
OTHER = replace(POOL, address=address(0xB1), name="other")
TARGETS = (FEED, POOL, OTHER, VAULT)
SWAP = log(pair_events.SWAP, address(1), 5, 0, 0, 4, address(2))


@dataclass
class Node:
    logs: Sequence[Log] = ()
    raises: Exception | None = None
    asked: tuple[set[Address], tuple[str, ...]] | None = None

    async def at(
        self, block: Block, addresses: Collection[Address], topics: Sequence[str]
    ) -> list[Log]:
        assert block == BLOCK
        self.asked = set(addresses), tuple(topics)
        if self.raises is not None:
            raise self.raises
        return list(self.logs)


def at(target: Target, one: Log, *, index: int = 0) -> Log:
    return replace(one, address=target.address, index=index)


async def reading(node: Node, targets: Sequence[Target] = TARGETS) -> FlowReading:
    found = await FlowReader(node, targets).read(BLOCK)
    assert found is not None
    return found


async def test_one_request_names_all_whose_events_are_known() -> None:
    node = Node([at(POOL, SWAP), at(OTHER, SWAP, index=1), at(POOL, SWAP, index=2)])
    found = await reading(node)
    assert node.asked is not None
    addresses, topics = node.asked
    assert addresses == {POOL.address, OTHER.address, VAULT.address}
    assert len(topics) == len(set(topics))
    assert {pair_events.SWAP.topic, erc4626.DEPOSIT.topic} <= set(topics)
    assert found.scope == tuple(sorted(one.id for one in (POOL, OTHER, VAULT)))
    by_id = {one.target_id: [flow.index for flow in one.flows] for one in found.decoded}
    assert by_id == {POOL.id: [0, 2], OTHER.id: [1]}


async def test_nobody_is_asked_where_no_events_are_known() -> None:
    node = Node()
    assert await FlowReader(node, [FEED]).read(BLOCK) is None
    assert node.asked is None


async def test_one_targets_strange_log_takes_its_block_and_no_others() -> None:
    bent = replace(SWAP, data=SWAP.data[:-32])
    node = Node([at(POOL, SWAP), at(POOL, bent, index=1), at(OTHER, SWAP, index=2)])
    found = {one.target_id: one for one in (await reading(node)).decoded}
    assert found[POOL.id].flows == ()
    assert found[POOL.id].problem == "log 1 has 96 bytes that are no Swap event"
    assert (len(found[OTHER.id].flows), found[OTHER.id].problem) == (1, "")


async def test_another_protocols_event_at_its_address_is_not_its_own() -> None:
    deposit = log(erc4626.DEPOSIT, address(1), address(1), 7, 7)
    assert (await reading(Node([at(POOL, deposit)]))).decoded == ()
    both = replace(VAULT, address=POOL.address)
    found = await reading(Node([at(POOL, deposit), at(POOL, SWAP, index=1)]), [POOL, both])
    kinds = {one.target_id: [flow.kind for flow in one.flows] for one in found.decoded}
    assert kinds == {POOL.id: [FlowKind.SWAP], both.id: [FlowKind.ADD]}


async def test_a_decoder_that_fails_is_told_of_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def decode(target: Target, logs: Sequence[Log]) -> list[object]:
        raise ZeroDivisionError

    known = ADAPTERS["uniswap_v2"]
    assert known.events is not None
    broken = replace(known, events=Events(known.events.topics, decode))  # type: ignore[arg-type]
    monkeypatch.setitem(ADAPTERS, "uniswap_v2", broken)
    [one] = (await reading(Node([at(POOL, SWAP)]))).decoded
    assert one.problem == "the decoder failed with ZeroDivisionError: please report it"


async def test_logs_that_cannot_be_read_are_told_and_a_lost_block_is_raised() -> None:
    found = await reading(Node(raises=Unavailable("no node has them")))
    assert (found.failure, found.decoded) == ("no node has them", ())
    with pytest.raises(StaleBlock):
        await reading(Node(raises=StaleBlock("gone")))


async def test_pools_of_one_address_are_told_apart_by_their_first_topic(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = ADAPTERS["uniswap_v2"]
    assert known.events is not None
    sender = SWAP.topics[1]
    keyed = replace(
        known,
        events=Events(
            known.events.topics,
            known.events.decode,
            emitter=lambda target: OTHER.address,
            topic1=lambda target: sender if target == POOL else "0x" + "99" * 32,
        ),
    )
    monkeypatch.setitem(ADAPTERS, "uniswap_v2", keyed)
    node = Node([at(OTHER, SWAP)])
    found = await reading(node, [POOL, OTHER])
    assert node.asked is not None
    assert node.asked[0] == {OTHER.address}
    assert [one.target_id for one in found.decoded] == [POOL.id]
