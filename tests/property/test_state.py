"""One text for one value: whatever the figures are."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.strategies import (
    CHAIN,
    TOKEN0,
    feed,
    fixed,
    metapools,
    pool,
    stable,
    states,
    target_of,
    ticked,
    usually,
    vault,
)
from watcher.errors import InputError
from watcher.state import Block, Snapshot, State, content_hash, state_from_json, state_to_json
from watcher.state.snapshot import snapshot_from_json, snapshot_to_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@usually
@given(one=states(), two=states())
def test_two_states_have_one_hash_only_when_they_are_equal(one: State, two: State) -> None:
    equal = content_hash(state_to_json(one)) == content_hash(state_to_json(two))
    assert equal == (one == two)


@usually
@given(state=states(), data=st.data())
def test_a_key_less_or_more_or_a_number_is_refused(state: State, data: st.DataObject) -> None:
    plain: dict[str, Any] = json.loads(state_to_json(state))
    key = data.draw(st.sampled_from(sorted(plain)))
    less = {name: value for name, value in plain.items() if name != key}
    extra = data.draw(st.text().filter(lambda name: name not in plain))
    number = plain | {key: 5}
    may_be_missing = {one.name for one in fields(state) if one.default is None}
    for broken in (less, plain | {extra: "1"}, number):
        try:
            read = state_from_json(json.dumps(broken))
        except InputError:
            continue
        if broken is not less or key not in may_be_missing:
            raise AssertionError(f"{broken} was read as {read}")
        assert json.loads(state_to_json(read)) == less


@usually
@given(state=states(), changes=st.dictionaries(st.sampled_from(["kind", "v", "answer"]), JSON))
def test_no_json_gives_anything_but_a_state_or_an_input_error(
    state: State, changes: dict[str, object]
) -> None:
    plain = json.loads(state_to_json(state)) | changes
    try:
        read = state_from_json(json.dumps(plain))
    except InputError:
        return
    assert json.loads(state_to_json(read)) == plain


@usually
@given(JSON)
def test_no_text_gives_anything_but_a_state_or_an_input_error(value: object) -> None:
    for text in (json.dumps(value), str(value)):
        for read in (state_from_json, snapshot_from_json):
            try:
                read(text)
            except InputError:
                continue
            raise AssertionError(f"{text!r} was read")


HASHES = st.integers(0, 2**256 - 1).map(lambda number: f"0x{number:064x}")


@usually
@given(
    state=states(),
    number=st.integers(0, 2**64),
    timestamp=st.integers(0, 253_402_300_799),
    block_hash=HASHES,
    params=st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=8),
        st.one_of(st.integers(0, 10**40), st.booleans(), st.text(st.characters(codec="utf-8"))),
        max_size=3,
    ),
    price=st.floats(min_value=1e-300, allow_nan=False, allow_infinity=False),
)
def test_every_snapshot_comes_back_as_it_was(
    state: State,
    number: int,
    timestamp: int,
    block_hash: str,
    params: dict[str, Any],
    price: float,
) -> None:
    snapshot = Snapshot(
        Block(CHAIN, number, block_hash, block_hash, timestamp),
        replace(target_of(state), params=params),
        state,
        (fixed(TOKEN0.address, price, ancestry=("a",)),),
    )
    text = snapshot_to_json(snapshot)
    assert snapshot_from_json(text) == snapshot
    assert snapshot_to_json(snapshot_from_json(text)) == text


@usually
@given(
    state=st.one_of(st.sampled_from([pool(), vault(), feed(), stable(), ticked()]), metapools()),
    data=st.data(),
)
def test_no_changed_snapshot_gives_anything_but_a_snapshot_or_an_input_error(
    state: State, data: st.DataObject
) -> None:
    """Anything at all in one place of an otherwise good file."""
    block = Block(CHAIN, 7, "0x" + "ab" * 32, "0x" + "cd" * 32, 1)
    good = Snapshot(block, target_of(state), state, (fixed(TOKEN0.address, 1.5),))
    plain = json.loads(snapshot_to_json(good))
    place: Any = plain
    while True:
        keys: list[Any] = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        assume(keys)
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], (dict, list)) or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JSON)
    try:
        read = snapshot_from_json(json.dumps(plain))
    except InputError:
        return
    assert snapshot_from_json(snapshot_to_json(read)) == read
