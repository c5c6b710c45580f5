"""Hostile answers: nothing but a state or a ReadError may come out of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.answers import cut, data, drive, text, words
from tests.support.strategies import address, feed, pool, target_of, usually, vault
from watcher.errors import ReadError, RefusedTarget
from watcher.protocols import ADAPTERS, Adapter, Entry
from watcher.protocols.interface import TextView, clean_text
from watcher.state import (
    Answer,
    Call,
    ConstantProduct,
    PriceFeed,
    ShareVault,
    State,
    Static,
    Target,
    state_from_json,
    state_to_json,
)
from watcher.state.target import Param

WORDS = st.one_of(
    st.integers(0, 20),
    st.sampled_from([32, 64, 2**112, 2**160 - 1, 2**160, 2**255, 2**256 - 1]),
    st.integers(0, 2**256 - 1),
)
ANSWERS = st.one_of(
    st.lists(WORDS, max_size=6).map(lambda values: words(*values)),
    st.lists(WORDS, min_size=1, max_size=1).map(lambda values: words(*values)),
    st.binary(max_size=200).map(data),
    st.text(max_size=40).filter(lambda value: value.isprintable()).map(text),
    st.binary(max_size=64).map(lambda raw: Answer(ok=False, data=raw, length=len(raw))),
    st.binary(max_size=64).map(lambda raw: Answer(ok=True, data=raw, length=2**20)),
)

TARGETS: dict[str, tuple[Target, State]] = {
    "uniswap_v2": (target_of(pool()), pool()),
    "erc4626": (target_of(vault()), vault()),
    "chainlink": (target_of(feed()), feed()),
}


def target(adapter: Adapter) -> Target:
    found, _ = TARGETS[adapter.protocol]
    params: dict[str, dict[str, Param]] = {
        "uniswap_v2": {
            "factory": address(9),
            "fee_numerator": 997,
            "fee_denominator": 1000,
            "protocol_share_numerator": 1,
            "protocol_share_denominator": 6,
        },
        "erc4626": {"virtual_assets": 1, "virtual_shares": 1, "refuses_zero": False},
    }
    return Target(
        found.chain_id,
        adapter.protocol,
        found.address,
        found.kind,
        tokens=found.tokens,
        share=found.share,
        params=params.get(adapter.protocol, {}),
    )


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=lambda adapter: adapter.protocol)
@given(drawn=st.data())
def test_no_answers_give_anything_but_a_state_or_a_read_error(
    adapter: Adapter, drawn: st.DataObject
) -> None:
    calls = adapter.calls(target(adapter))
    answers = [
        cut(answer, call.return_cap)
        for call, answer in zip(
            calls,
            drawn.draw(st.lists(ANSWERS, min_size=len(calls), max_size=len(calls))),
            strict=True,
        )
        if isinstance(call, Static)
    ]
    try:
        state = adapter.decode(target(adapter), answers)
    except ReadError as error:
        sentence = str(error)
    else:
        sentence = ""
        assert state.KIND == adapter.kind
        assert state_from_json(state_to_json(state)) == state
        in_range(state)
    assert len(sentence) < 400


def in_range(state: State) -> None:
    """Nothing is read that its type cannot hold."""
    match state:
        case ConstantProduct():
            assert max(state.reserve0, state.reserve1) < 2**112
            assert max(state.balance0, state.balance1, state.total_supply, state.k_last) < 2**256
        case ShareVault():
            assert max(state.total_assets, state.total_supply, state.idle_assets) < 2**256
        case PriceFeed():
            assert -(2**255) <= state.answer < 2**255
            assert max(state.round_id, state.answered_in_round) < 2**80


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=lambda adapter: adapter.protocol)
@given(drawn=st.data())
def test_no_answers_identify_a_target_but_by_a_sentence(
    adapter: Adapter, drawn: st.DataObject
) -> None:
    def answers(calls: Sequence[Call]) -> list[Answer]:
        found = drawn.draw(st.lists(ANSWERS, min_size=len(calls), max_size=len(calls)))
        return [
            cut(answer, call.return_cap) if isinstance(call, Static) else answer
            for call, answer in zip(calls, found, strict=True)
        ]

    options = {"fee": "3/1000"} if adapter.protocol == "uniswap_v2" else {}
    entry = Entry(31337, adapter.protocol, address(5), options=options)
    try:
        found = drive(adapter, entry, answers)
    except (ReadError, RefusedTarget) as error:
        sentence = str(error)
    else:
        sentence = ""
        assert (found.address, found.kind) == (entry.address, adapter.kind)
        assert all(0 <= token.decimals <= 77 for token in found.tokens)
    assert len(sentence) < 600


@usually
@given(answer=ANSWERS, most=st.integers(1, 64))
def test_a_text_is_always_printable_and_short(answer: Answer, most: int) -> None:
    shown = TextView("symbol").decode(answer, most=most)
    assert len(shown) <= most
    assert shown.isprintable()
    assert shown == shown.strip()
    shown.encode()


@usually
@given(raw=st.binary(max_size=80), most=st.integers(1, 40))
def test_cleaning_twice_changes_nothing_more(raw: bytes, most: int) -> None:
    once = clean_text(raw, most=most)
    assert clean_text(once.encode(), most=most) == once
