"""What every measure promises. A new one is held to it by being in DEFINITIONS."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.strategies import PRICES, STATES, subject_of, subjects, target_of
from watcher.alerts.health import DEFAULT_LIMITS
from watcher.math.catalogue import CATALOGUE, DEFINITIONS, Definition
from watcher.math.coin_pools import POOLED, coins_of
from watcher.math.measures import METHOD_HASH, METHOD_VERSIONS, measure
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state import Address, Measure, State, Target
from watcher.state.canonical import canonical_json, content_hash
from watcher.state.kinds import KINDS
from watcher.state.price import Price, unknown_price

SETTINGS = Settings(unit="USD", sizes=(1.0, 1_000.0, 1e6), prices=())
ANY_PRICE = st.sampled_from([5e-324, 1e-300, 1e300, 1.7e308]) | st.floats(
    min_value=0, exclude_min=True, allow_infinity=False
)
EVERY = pytest.mark.parametrize("kind", KINDS)
SOME = settings(max_examples=examples(12, deep=300))
"""Of each kind; an example is all measures of a target, several times over."""


def measured(subject: Subject) -> tuple[Measure, ...]:
    [found] = measure([subject], SETTINGS)
    return found


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda each: each.name)
def test_a_definition_is_complete(definition: Definition) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", definition.name)
    assert definition.kinds
    assert set(definition.kinds) <= KINDS.keys()
    assert isinstance(definition.version, int)
    assert definition.version >= 1
    for field in fields(definition):
        value = getattr(definition, field.name)
        if isinstance(value, str) and field.name != "dims":
            assert value.strip() == value != "", field.name
            assert "\n" not in value


def test_a_name_means_one_measure_and_its_version_is_in_the_methods_hash() -> None:
    assert len(CATALOGUE) == len(DEFINITIONS)
    assert {each.name: each.version for each in DEFINITIONS} == METHOD_VERSIONS
    assert content_hash(canonical_json(METHOD_VERSIONS)) == METHOD_HASH
    assert DEFAULT_LIMITS.keys() <= CATALOGUE.keys(), "a rule on no measure"


@EVERY
@SOME
@given(data=st.data())
def test_a_figure_that_is_unknown_says_why_and_a_known_one_says_nothing(
    kind: str, data: st.DataObject
) -> None:
    for each in measured(data.draw(subjects(kind))):
        assert not math.isinf(each.value)
        assert bool(each.reason) == math.isnan(each.value), each
        assert each.reason != "undefined", each


@EVERY
@SOME
@given(data=st.data())
def test_no_figure_is_infinite_whatever_the_prices_are(kind: str, data: st.DataObject) -> None:
    state = data.draw(STATES[kind])
    prices = (data.draw(ANY_PRICE), data.draw(ANY_PRICE))
    for each in measured(subject_of(state, prices, previous=data.draw(STATES[kind]))):
        assert not math.isinf(each.value), each
        assert bool(each.reason) == math.isnan(each.value), each


@EVERY
@SOME
@given(data=st.data())
def test_every_measure_of_the_catalogue_is_made_and_no_other(
    kind: str, data: st.DataObject
) -> None:
    subject = data.draw(subjects(kind))
    found = measured(subject)
    assert set(Counter((each.name, each.dims) for each in found).values()) <= {1}
    for each in found:
        definition = CATALOGUE[each.name]
        assert definition.version == each.version
        assert [name for name, _ in each.dims] == sorted(dict(each.dims))
        dims = [name for name in definition.dims_of(kind).split(", ") if name]
        assert sorted(re.sub(r" \(.*\)", "", name) for name in dims) == [n for n, _ in each.dims]
    made = {each.name for each in found}
    assert made == {name for name, each in CATALOGUE.items() if kind in each.kinds}


@EVERY
@SOME
@given(data=st.data())
def test_the_rows_depend_on_the_target_alone(kind: str, data: st.DataObject) -> None:
    """On its kind, and on how many coins it has."""
    one, two = data.draw(subjects(kind)), data.draw(subjects(kind))
    if coins(one.target) == coins(two.target):
        assert list(rows(one)) == list(rows(two))
    blind = replace(one, state=None, previous=None, prices=unpriced(one), reason="why not")
    assert list(rows(one)) == list(rows(blind))


@EVERY
@SOME
@given(data=st.data())
def test_without_anything_to_compute_from_every_figure_is_unknown(
    kind: str, data: st.DataObject
) -> None:
    subject = data.draw(subjects(kind))
    blind = replace(subject, state=None, previous=None, prices=unpriced(subject), reason="why not")
    for each in measured(blind):
        assert math.isnan(each.value), each
        assert "why not" in each.reason, each


@EVERY
@SOME
@given(data=st.data())
def test_a_missing_input_is_never_made_up(kind: str, data: st.DataObject) -> None:
    """A figure without one of its inputs is unknown, or is the same whatever that input is; only
    one whose name says that it is partial leaves out what it lacks."""
    state, other = data.draw(STATES[kind]), data.draw(STATES[kind])
    assume(coins(target_of(state)) == coins(target_of(other)))
    full = whole(state, other, data)
    pairs = [
        (replace(full, state=None, reason="why not"), replace(full, state=other)),
        (replace(full, previous=None), replace(full, previous=state)),
        *(
            (
                with_price(full, unknown_price(price.token, "why not")),
                with_price(full, replace(price, value=3 * price.value)),
            )
            for price in full.prices.values()
        ),
    ]
    known = rows(full)
    for without, changed in pairs:
        different = rows(changed)
        for row, figure in rows(without).items():
            if not figure.reason and not figure.name.endswith("_partial"):
                assert figure == known[row] == different[row]


@EVERY
@SOME
@given(data=st.data())
def test_a_target_is_never_judged_by_a_price_that_comes_from_it(
    kind: str, data: st.DataObject
) -> None:
    """Such a price counts as none."""
    subject = whole(data.draw(STATES[kind]), data.draw(STATES[kind]), data)
    for price in subject.prices.values():
        own = rows(with_price(subject, replace(price, ancestry=(subject.target.id,))))
        none = rows(with_price(subject, unknown_price(price.token, "none")))
        for row, figure in own.items():
            assert bool(figure.reason) == bool(none[row].reason), figure
            assert figure.reason or figure == none[row]


def coins(target: Target) -> tuple[int, ...]:
    return coins_of(target) if target.kind in POOLED else ()


def rows(subject: Subject) -> dict[object, Measure]:
    return {(each.name, each.dims): each for each in measured(subject)}


def whole(state: State, previous: State, data: st.DataObject) -> Subject:
    """A subject that lacks nothing."""
    return subject_of(state, (data.draw(PRICES), data.draw(PRICES)), previous=previous)


def with_price(subject: Subject, price: Price) -> Subject:
    return replace(subject, prices={**subject.prices, price.token: price})


def unpriced(subject: Subject) -> Mapping[Address, Price]:
    return {token: unknown_price(token, "why not") for token in subject.prices}
