"""What every kind of state promises. A new one is held to it by being in KINDS."""

from __future__ import annotations

import builtins
import json
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass
from fractions import Fraction
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

import watcher.state
from tests.support.golden import all_figures
from tests.support.strategies import STATES, target_of, usually
from watcher.protocols import ADAPTERS
from watcher.state import State, amounts, state_from_json, state_to_json
from watcher.state.kinds import KINDS

EVERY = pytest.mark.parametrize("kind", KINDS)
ORACLES = {"tick_oracle", "pair_oracle", "pyth_price", "redemption_rate"}

# Quoted from files; a kind leaves this set with its adapter and its place in the local world.
WITHOUT_ADAPTER = {
    "stableswap_meta",
}


@EVERY
def test_every_kind_has_a_strategy_and_a_recorded_state(kind: str) -> None:
    assert kind in STATES, f"add a strategy of {kind} to STATES in tests/support/strategies.py"
    recorded = {each.snapshot.state.KIND for each in all_figures().values()} | WITHOUT_ADAPTER
    assert kind in recorded, "put one into the local world, then run scripts/golden --record"


@EVERY
def test_every_kind_is_named_exported_and_read_by_an_adapter(kind: str) -> None:
    found = KINDS[kind]
    assert found.KIND == kind
    assert isinstance(found.VERSION, int)
    assert found.VERSION >= 1
    assert found in get_args(State)
    assert getattr(watcher.state, found.__name__) is found
    read = {adapter.kind for adapter in ADAPTERS.values()}
    assert kind in read ^ WITHOUT_ADAPTER


def test_there_is_no_strategy_and_no_state_of_another_kind() -> None:
    assert STATES.keys() == KINDS.keys()
    assert set(get_args(State)) == set(KINDS.values())


@EVERY
def test_a_state_holds_whole_numbers_and_no_block(kind: str) -> None:
    """No float is ever in one, and equal contents have one hash whatever the block."""
    hints = get_type_hints(KINDS[kind])
    names = [field.name for field in fields(KINDS[kind])]
    assert names
    for name in names:
        assert holds_whole_numbers(hints[name]), name
        assert not name.startswith("block"), name


def holds_whole_numbers(hint: Any) -> bool:
    """Or names out of a closed set, which say how to compute with them."""
    if is_dataclass(hint):
        return all(map(holds_whole_numbers, get_type_hints(hint).values()))
    match get_origin(hint):
        case builtins.tuple:
            return all(item is ... or holds_whole_numbers(item) for item in get_args(hint))
        case typing.Literal:
            return all(isinstance(name, str) for name in get_args(hint))
        case typing.ClassVar:
            return True
        case types.UnionType:
            return set(get_args(hint)) == {int, type(None)}
        case _:
            return hint in (int, bool)


@EVERY
@usually
@given(data=st.data())
def test_a_state_is_frozen(kind: str, data: st.DataObject) -> None:
    state = data.draw(STATES[kind])
    assert type(state) is KINDS[kind]
    assert not hasattr(state, "__dict__"), "slots"
    for field in fields(state):
        with pytest.raises(FrozenInstanceError):
            setattr(state, field.name, getattr(state, field.name))
    hash(state)


@EVERY
@usually
@given(data=st.data())
def test_a_state_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    state = data.draw(STATES[kind])
    text = state_to_json(state)
    read = state_from_json(text)
    assert read == state
    assert state_to_json(read) == text
    assert text.isascii()
    plain = json.loads(text)
    assert (plain["kind"], plain["v"]) == (kind, str(KINDS[kind].VERSION))
    assert list(plain) == sorted(plain)
    assert all(isinstance(leaf, (str, bool)) for leaf in leaves(plain))


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    else:
        yield value


@EVERY
@usually
@given(data=st.data())
def test_its_amounts_are_its_own_numbers_in_its_targets_tokens(
    kind: str, data: st.DataObject
) -> None:
    state = data.draw(STATES[kind])
    target = target_of(state)
    assert target.kind == kind
    coins = [*target.tokens, *filter(None, [target.share])]
    found = amounts(target, state)
    assert len({amount.field for amount in found}) == len(found)
    for amount in found:
        assert amount.raw == at(state, amount.field)
        assert amount.token in coins
        assert amount.units == float(Fraction(amount.raw, 10**amount.token.decimals))
    # Nothing where another contract holds it, or where the pool itself tells it.
    holds = [] if kind in ORACLES else getattr(state, "balances", coins)
    assert bool(found) == bool(holds)


def at(state: State, path: str) -> Any:
    """What a state has at `total_supply`, `balances[0]` or `base.balances[2]`."""
    value: Any = state
    for name in re.findall(r"\w+", path):
        value = value[int(name)] if name.isdecimal() else getattr(value, name)
    return value
