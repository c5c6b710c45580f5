"""Logs of events: topics as published, and nothing taken that the event does not promise."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tests.support.faulty_node import make_chain
from watcher.errors import DecodeError
from watcher.protocols import ADAPTERS, erc4626, pair_events, pancake_v3, solidly, tick_events
from watcher.protocols.events import Event, event
from watcher.state import Target, Token, to_address
from watcher.state.flow import Flow, FlowAmount, FlowKind, Side
from watcher.state.log import Log

[BLOCK] = make_chain(1)
POOL = to_address("0x" + "ab" * 20)
SENDER, OTHER = to_address("0x" + "51" * 20), to_address("0x" + "0b" * 20)
TOKEN0 = Token(to_address("0x" + "a0" * 20), 18, "A")
TOKEN1 = Token(to_address("0x" + "a1" * 20), 6, "B")

# As block explorers list them.
PUBLISHED = {
    pair_events.MINT: "4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f",
    pair_events.BURN: "dccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496",
    pair_events.SWAP: "d78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822",
    tick_events.SWAP: "c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67",
    tick_events.MINT: "7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde",
    tick_events.BURN: "0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c",
    tick_events.COLLECT: "70935338e69775456a85ddef226c395fb668b63fa0115f5f20610b388e6ca9c0",
    pancake_v3.SWAP: "19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83",
    erc4626.DEPOSIT: "dcbc1c05240f31ff3ad067ef1ee35ce4997762752e3a095284754544f4c709d7",
    erc4626.WITHDRAW: "fbde797d201c681b91056529119e0b02407c7bb96a4a2c75c01fc9667232c8db",
}
SYNC = event("Sync(uint112 reserve0, uint112 reserve1)")


@pytest.mark.parametrize(("known", "topic"), PUBLISHED.items(), ids=str)
def test_topics_are_the_published_ones(known: Event, topic: str) -> None:
    assert known.topic == "0x" + topic


def log(known: Event, *values: Any, index: int = 7) -> Log:
    """As a contract would write it."""
    heads = [
        "0x" + encode([kind], [value]).hex()
        for (kind, indexed), value in zip(known.inputs, values, strict=True)
        if indexed
    ]
    plain = [
        (kind, value)
        for (kind, indexed), value in zip(known.inputs, values, strict=True)
        if not indexed
    ]
    data = encode([kind for kind, _ in plain], [value for _, value in plain])
    return Log(BLOCK, index, "0x" + "77" * 32, POOL, (known.topic, *heads), data)


def target(protocol: str) -> Target:
    tokens = (TOKEN0,) if protocol == "erc4626" else (TOKEN0, TOKEN1)
    return Target(1, protocol, POOL, ADAPTERS[protocol].kind, tokens=tokens)


def flows(protocol: str, *logs: Log) -> list[Flow]:
    events = ADAPTERS[protocol].events
    assert events is not None
    assert all(one.topics[0] in events.topics for one in logs)
    return list(events.decode(target(protocol), logs))


MIXED = event(
    "Mixed(uint8 a, address indexed b, int24 c, uint256[] d, bool e, int256 indexed f, "
    "uint256[3] g, address[] h, int256[] i)"
)
WORDS = st.integers(0, 2**256 - 1)
SIGNED = st.integers(-(2**255), 2**255 - 1)


@given(
    st.tuples(
        st.integers(0, 255),
        st.binary(min_size=20, max_size=20),
        st.integers(-(2**23), 2**23 - 1),
        st.lists(WORDS, max_size=4),
        st.booleans(),
        SIGNED,
        st.lists(WORDS, min_size=3, max_size=3),
        st.lists(st.integers(0, 2**160 - 1), max_size=3),
        st.lists(SIGNED, max_size=3),
    )
)
def test_what_was_written_is_read(values: tuple[Any, ...]) -> None:
    a, b, c, d, e, f, g, h, i = values
    addresses = ["0x" + one.to_bytes(20).hex() for one in h]
    written = log(MIXED, a, "0x" + b.hex(), c, d, e, f, g, addresses, i)
    read = [a, to_address(b), c, tuple(d), int(e), f, tuple(g), tuple(h), tuple(i)]
    assert MIXED.values(written) == read


@given(st.data())
def test_a_log_of_another_length_is_none(data: st.DataObject) -> None:
    one = log(MIXED, 1, SENDER, 2, [3, 4], True, 5, [6, 7, 8], [OTHER], [9])
    cut = data.draw(st.integers(0, len(one.data) - 1))
    for bent in (one.data[:cut], one.data + b"\0" * (1 + cut % 64)):
        with pytest.raises(DecodeError, match="no Mixed event"):
            MIXED.values(Log(BLOCK, 7, one.transaction_hash, POOL, one.topics, bent))


def word(number: int) -> bytes:
    return number.to_bytes(32)


SWAP_TOPICS = log(pair_events.SWAP, SENDER, 1, 2, 3, 4, OTHER).topics
HOSTILE = {
    "a topic too few": (SWAP_TOPICS[:2], b"".join(map(word, (1, 2, 3, 4)))),
    "a topic too many": ((*SWAP_TOPICS, SWAP_TOPICS[1]), b"".join(map(word, (1, 2, 3, 4)))),
    "a topic that is no address": (
        (*SWAP_TOPICS[:2], "0x" + "ff" * 32),
        b"".join(map(word, (1, 2, 3, 4))),
    ),
    "a word too few": (SWAP_TOPICS, b"".join(map(word, (1, 2, 3)))),
    "a word too many": (SWAP_TOPICS, b"".join(map(word, (1, 2, 3, 4, 5)))),
    "half a word": (SWAP_TOPICS, b"".join(map(word, (1, 2, 3, 4)))[:-16]),
    "nothing": (SWAP_TOPICS, b""),
}


@pytest.mark.parametrize(("topics", "data"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_log_is_refused(topics: tuple[str, ...], data: bytes) -> None:
    bent = Log(BLOCK, 7, "0x" + "77" * 32, POOL, topics, data)
    with pytest.raises(DecodeError, match="Swap event"):
        flows("uniswap_v2", bent)


@pytest.mark.parametrize(("a", "c"), [(256, 0), (0, 2**23), (0, -(2**23) - 1)])
def test_a_number_out_of_its_type_is_refused(a: int, c: int) -> None:
    wide = event("Narrow(uint256 a, int256 c)")
    narrow = event("Narrow(uint8 a, int24 c)")
    one = log(wide, a, c)
    with pytest.raises(DecodeError, match="no Narrow event"):
        narrow.values(Log(BLOCK, 7, one.transaction_hash, POOL, one.topics, one.data))


def test_a_list_that_points_elsewhere_is_refused() -> None:
    listed = event("Listed(uint256[] a)")
    one = log(listed, [5])
    for bent in (word(64) + one.data[32:], word(32) + word(2**200) + word(5)):
        with pytest.raises(DecodeError, match="no Listed event"):
            listed.values(Log(BLOCK, 7, one.transaction_hash, POOL, one.topics, bent))


def test_what_declares_no_event_is_refused() -> None:
    for text in ("Swap", "Swap(tuple a)", "Swap(uint256 a,uint256 b)"):
        with pytest.raises(ValueError, match="declares no event"):
            event(text)


def side(what: Side, token: Token, raw: int) -> FlowAmount:
    return FlowAmount(what, token.address, raw)


def test_a_sync_is_part_of_the_event_directly_behind_it() -> None:
    found = flows(
        "uniswap_v2",
        log(SYNC, 10, 20, index=3),
        log(pair_events.SWAP, SENDER, 5, 0, 0, 4, OTHER, index=4),
        log(SYNC, 11, 21, index=5),
        log(pair_events.MINT, SENDER, 1, 1, index=7),
        log(SYNC, 12, 22, index=9),
        log(SYNC, 13, 23, index=10),
    )
    first, second = side(Side.RESERVE, TOKEN0, 10), side(Side.RESERVE, TOKEN1, 20)
    swapped = (side(Side.IN, TOKEN0, 5), side(Side.OUT, TOKEN1, 4), first, second)
    assert found[0] == Flow(4, FlowKind.SWAP, SENDER, swapped)
    kinds = [(one.index, one.kind) for one in found[1:]]
    sync = FlowKind.SYNC
    assert kinds == [(5, sync), (7, FlowKind.ADD), (9, sync), (10, sync)]
    assert found[-1].amounts == (side(Side.RESERVE, TOKEN0, 13), side(Side.RESERVE, TOKEN1, 23))


def test_a_solidly_fee_leaves_the_reserves() -> None:
    [fee, swap] = flows(
        "solidly",
        log(solidly.FEES, SENDER, 3, 0, index=1),
        log(event("Sync(uint256 reserve0, uint256 reserve1)"), 10, 20, index=2),
        log(solidly.SWAP, SENDER, OTHER, 50, 0, 0, 4, index=3),
    )
    assert (fee.kind, fee.amounts) == (FlowKind.FEE, (side(Side.FEE, TOKEN0, 3),))
    assert swap.amounts[:2] == (side(Side.IN, TOKEN0, 50), side(Side.OUT, TOKEN1, 4))


@pytest.mark.parametrize("protocol", ["uniswap_v3", "pancake_v3"])
def test_a_swap_over_ticks_is_signed_as_the_pool_sees_it(protocol: str) -> None:
    known = {"uniswap_v3": tick_events.SWAP, "pancake_v3": pancake_v3.SWAP}[protocol]
    more = (1, 2) if protocol == "pancake_v3" else ()
    [flow] = flows(protocol, log(known, SENDER, OTHER, -7, 9, 2**96, 5, -1, *more))
    assert flow == Flow(
        7, FlowKind.SWAP, SENDER, (side(Side.OUT, TOKEN0, 7), side(Side.IN, TOKEN1, 9))
    )


def test_what_a_burn_sets_aside_is_owed_and_a_poke_is_no_flow() -> None:
    burn = (OTHER, -60, 60, 5, 11, 0)
    [flow] = flows("uniswap_v3", log(tick_events.BURN, *burn))
    assert flow == Flow(7, FlowKind.REMOVE, OTHER, (side(Side.OWED, TOKEN0, 11),))
    assert flows("uniswap_v3", log(tick_events.BURN, OTHER, -60, 60, 0, 0, 0)) == []


def test_a_flash_loan_leaves_its_fee() -> None:
    [flow] = flows("uniswap_v3", log(tick_events.FLASH, SENDER, OTHER, 1_000, 0, 3, 0))
    assert flow == Flow(7, FlowKind.FLASH, SENDER, (side(Side.IN, TOKEN0, 3),))


def test_a_vaults_deposit_and_withdrawal() -> None:
    added, removed = flows(
        "erc4626",
        log(erc4626.DEPOSIT, SENDER, OTHER, 70, 69, index=1),
        log(erc4626.WITHDRAW, SENDER, OTHER, OTHER, 30, 29, index=2),
    )
    assert added == Flow(1, FlowKind.ADD, SENDER, (side(Side.IN, TOKEN0, 70),))
    assert removed == Flow(2, FlowKind.REMOVE, SENDER, (side(Side.OUT, TOKEN0, 30),))


@pytest.mark.parametrize(
    "adapter", [one for one in ADAPTERS.values() if one.events], ids=lambda one: one.protocol
)
def test_the_topics_of_an_adapter_are_told_apart(adapter: Any) -> None:
    topics = adapter.events.topics
    assert len(set(topics)) == len(topics)
    assert "0x" + keccak(text="Transfer(address,address,uint256)").hex() not in topics
