"""Whatever a contract writes, an adapter's decoder gives flows of the target's own tokens, or says
why it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.faulty_node import make_chain
from tests.support.golden import conversations
from tests.support.strategies import usually
from watcher.errors import DecodeError
from watcher.protocols import ADAPTERS, Adapter
from watcher.state import Target
from watcher.state.flow import Flow, Side
from watcher.state.log import Log

[BLOCK] = make_chain(1)
DECODING = [one for one in ADAPTERS.values() if one.events is not None]
TARGETS: dict[str, list[Target]] = {}
for talk in conversations().values():
    TARGETS.setdefault(talk.entry.protocol, []).append(talk.snapshot.target)

SMALL = st.integers(0, 8)
WORDS = st.one_of(
    SMALL,
    st.integers(0, 2**160 - 1),
    st.integers(0, 2**256 - 1),
    st.integers(1, 40).map(lambda count: 32 * count),  # where an array might begin
    st.just(2**256 - 1),
)


@st.composite
def logs_of(draw: st.DrawFn, adapter: Adapter, target: Target) -> list[Log]:
    """Of its own topics, mostly of as many words as some event has."""
    assert adapter.events is not None
    own = [int(token.address, 16) for token in target.tokens]
    found = []
    for index in sorted(draw(st.sets(st.integers(0, 12), max_size=6))):
        words = draw(st.lists(st.one_of(WORDS, st.sampled_from(own)), max_size=14))
        cut = draw(st.sampled_from([0, 0, 0, 0, 0, 1, 31]))
        data = b"".join(word.to_bytes(32) for word in words)
        heads = draw(st.lists(st.one_of(WORDS, st.sampled_from(own)), max_size=3))
        topics = [draw(st.sampled_from(adapter.events.topics))]
        topics += ["0x" + head.to_bytes(32).hex() for head in heads]
        end = max(len(data) - cut, 0)
        log = Log(BLOCK, index, "0x" + "77" * 32, target.address, tuple(topics), data[:end])
        found.append(log)
    return found


@pytest.mark.parametrize("adapter", DECODING, ids=lambda one: one.protocol)
@usually
@given(data=st.data())
def test_whatever_is_written_is_flows_or_refused(adapter: Adapter, data: st.DataObject) -> None:
    assert adapter.events is not None
    target = data.draw(st.sampled_from(TARGETS[adapter.protocol]))
    logs = data.draw(logs_of(adapter, target))
    try:
        flows = adapter.events.decode(target, logs)
    except DecodeError:
        return
    check(flows, target, logs)


def check(flows: list[Flow], target: Target, logs: list[Log]) -> None:
    indices = [flow.index for flow in flows]
    assert indices == sorted(set(indices))
    assert set(indices) <= {log.index for log in logs}
    own = {token.address for token in target.tokens}
    for flow in flows:
        assert flow.amounts
        for amount in flow.amounts:
            assert amount.token in own
            assert 0 <= amount.raw < 2**256
            assert amount.raw or amount.side is Side.RESERVE


def test_the_decoders_of_all_protocols_are_tried() -> None:
    assert {one.protocol for one in DECODING} <= TARGETS.keys()
