"""One text for one value, and nothing else is read back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.support.balancer_strategies import balancer_stable, weighted
from tests.support.holdings_strategies import holdings
from tests.support.strategies import address, feed, metapool, pool, stable, ticked, vault, yearn
from tests.support.strategies_compound import aave_reserve, compound_market
from tests.support.strategies_pools import crypto, kyber, solidly
from watcher.errors import InputError
from watcher.state import (
    Lockbox,
    MorphoMarket,
    MorphoPosition,
    PairOracle,
    PegStability,
    Price,
    PythPrice,
    RedemptionRate,
    SetComponent,
    SetToken,
    State,
    TickOracle,
    canonical_json,
    content_hash,
    state_from_json,
    state_to_json,
)
from watcher.state.canonical import from_plain, to_plain
from watcher.state.kinds import KINDS

STATES: list[State] = [
    pool(),
    vault(),
    feed(),
    stable(),
    metapool(),
    crypto(),
    solidly(),
    kyber(),
    weighted(),
    balancer_stable(),
    ticked(balances=(1, 2)),
    TickOracle(600, -7, 2**100, 2**96, 18, 6),
    holdings(),
    PythPrice(-5, 7, -8, 2**40),
    RedemptionRate(2**255, 77),
    PairOracle(600, 2**255, 1, 2**31, 5, 7, 18, 6),
    MorphoMarket(
        *(2**127, 2**126, 3, 4, 10**17, 5, 10**17, 10**36, 2**255),
        positions=(MorphoPosition(2**255, 6, 7),),
        loan_decimals=6,
        collateral_decimals=18,
    ),
    PegStability(1, 2, 3, 4, 5, 10**30, False, 6, 18),
    SetToken(9, (SetComponent(5, -6, 7),), (), (8,), (18,)),
    Lockbox((1, 2**255), 4, 6, 18),
    yearn(),
    compound_market(),
    aave_reserve(),
]


def plain(state: State) -> dict[str, Any]:
    found = json.loads(state_to_json(state))
    assert isinstance(found, dict)
    return found


def test_canonical_json_is_sorted_and_without_space() -> None:
    assert canonical_json({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'
    for number in (math.nan, math.inf):
        with pytest.raises(ValueError, match="JSON"):
            canonical_json(number)


def test_the_text_of_a_state_is_fixed() -> None:
    """Hashes of stored states depend on it: a change here needs a new version of the kind."""
    assert state_to_json(vault(5, 7, offset=6, decimals=6)) == (
        '{"asset_decimals":"6","idle_assets":"5","kind":"share_vault","refuses_zero":false,'
        '"share_decimals":"12","total_assets":"5","total_supply":"7","v":"1",'
        '"virtual_assets":"1","virtual_shares":"1000000"}'
    )
    assert content_hash(state_to_json(vault(5, 7, offset=6, decimals=6))) == (
        content_hash(canonical_json(plain(vault(5, 7, offset=6, decimals=6))))
    )


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.KIND)
def test_a_state_comes_back_as_it_was(state: State) -> None:
    assert state_from_json(state_to_json(state)) == state


def test_a_vault_says_its_fees_and_limits_only_where_it_has_some() -> None:
    state = replace(vault(), entry_fee_bps=1, max_deposit=0, full_products=True)
    assert state_from_json(state_to_json(state)) == state
    assert plain(state).keys() - plain(vault()).keys() == {
        "entry_fee_bps",
        "max_deposit",
        "full_products",
    }


def test_every_kind_is_known_by_its_name() -> None:
    assert {state.KIND for state in STATES} == set(KINDS)
    assert all(KINDS[name].KIND == name for name in KINDS)


def changed(state: State, **fields: object) -> str:
    return json.dumps(plain(state) | fields)


def without(state: State, field: str) -> str:
    return json.dumps({name: value for name, value in plain(state).items() if name != field})


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.KIND)
def test_each_missing_key_is_named(state: State) -> None:
    for field in plain(state):
        with pytest.raises(InputError, match=field):
            state_from_json(without(state, field))


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.KIND)
def test_an_unknown_key_is_refused(state: State) -> None:
    with pytest.raises(InputError, match="surprise"):
        state_from_json(changed(state, surprise="1"))


NO_INTEGERS: list[object] = [
    1,
    1.0,
    True,
    None,
    [],
    {},
    "",
    " 1",
    "1 ",
    "+1",
    "01",
    "-0",
    "1.0",
    "1e3",
    "0x1",
    "1_000",
    "١",  # an Arabic-Indic one: int() would take it
    "9" * 79,
    "NaN",
]


@pytest.mark.parametrize("value", NO_INTEGERS, ids=repr)
def test_an_integer_is_a_canonical_decimal_string(value: object) -> None:
    for state in STATES:
        for field, good in plain(state).items():
            if not (isinstance(good, str) and good.isdecimal()) or field == "v":
                continue
            with pytest.raises(InputError, match=field):
                state_from_json(changed(state, **{field: value}))


@pytest.mark.parametrize("value", ["", "12", "1", 1, None, {}, {"0": "1"}, [["1"]]], ids=repr)
@pytest.mark.parametrize("field", ["ticks", "liquidity_net", "liquidity_gross", "balances"])
def test_integers_are_a_list_of_decimal_strings(field: str, value: object) -> None:
    with pytest.raises(InputError, match=field):
        state_from_json(changed(ticked(), **{field: value}))


@pytest.mark.parametrize("value", ["uniswap_v2", "", "UNISWAP_V3", None, 3, []], ids=repr)
def test_a_variant_is_one_that_is_known(value: object) -> None:
    with pytest.raises(InputError, match="variant"):
        state_from_json(changed(ticked(), variant=value))


def test_the_text_of_a_pool_with_ticks_is_fixed() -> None:
    assert state_to_json(ticked([(60, 120, 5)], balances=(7, 8))) == (
        '{"balances":["7","8"],"decimals0":"18","decimals1":"18","fee0":"3000","fee1":"3000",'
        '"kind":"concentrated","known_from":"-887272","known_to":"887272","liquidity":"0",'
        '"liquidity_gross":["5","5"],"liquidity_net":["5","-5"],"protocol_fee0":"0",'
        '"protocol_fee1":"0","sqrt_price_x96":"79228162514264337593543950336","tick":"0",'
        '"tick_spacing":"60","ticks":["60","120"],"v":"1","variant":"uniswap_v3"}'
    )


@pytest.mark.parametrize(
    "value", ["12", "", None, {}, {"0": "1"}, 5, ["1", 2], ["1", None], [["1"]]]
)
def test_a_list_of_integers_is_a_list_of_integers(value: object) -> None:
    with pytest.raises(InputError, match="balances"):
        state_from_json(changed(stable(), balances=value))
    base = plain(metapool())["base"] | {"balances": value}
    with pytest.raises(InputError, match=r"base\.balances"):
        state_from_json(changed(metapool(), base=base))


@pytest.mark.parametrize("value", ["unheard of", "", None, 5, ["ng"]])
def test_a_variant_is_one_of_those_that_there_are(value: object) -> None:
    with pytest.raises(InputError, match="variant"):
        state_from_json(changed(stable(), variant=value))


@pytest.mark.parametrize("value", ["true", 1, 0, None, "1"])
def test_a_truth_value_is_true_or_false(value: object) -> None:
    with pytest.raises(InputError, match="refuses_zero"):
        state_from_json(changed(vault(), refuses_zero=value))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"kind": "unknown"}, "this program knows aave_reserve, balancer_stable"),
        ({"kind": 5}, "this program knows"),
        ({"kind": ["share_vault"]}, "this program knows"),
        ({"kind": "price_feed"}, "price_feed"),
        ({"v": "2"}, "this program reads 1"),
        ({"v": 1}, "this program reads 1"),
        ({"v": None}, "this program reads 1"),
    ],
)
def test_another_kind_or_version_is_refused(fields: dict[str, object], why: str) -> None:
    with pytest.raises(InputError, match=why):
        state_from_json(changed(vault(), **fields))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"share_vault"',
        "5",
        "1" * 5_000,
        "[" * 200_000,
        '{"kind":' * 5_000,
        '{"kind": NaN, "v": "1"}',
        '{"kind": "\\ud800"}',
    ],
    ids=lambda text: text[:12],
)
def test_what_is_no_state_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError) as caught:
        state_from_json(text)
    assert len(str(caught.value)) < 400


def test_a_price_keeps_its_unknown_value() -> None:
    price = Price(address(1), math.nan, "none", ("a", "b"), None, 0.5, "why")
    read = from_plain(to_plain(price), Price, what="price")
    assert math.isnan(read.value)
    assert (read.ancestry, read.updated_at, read.reason) == (("a", "b"), None, "why")
    dated = Price(address(1), 1.5, "chainlink", updated_at=2**40)
    assert from_plain(to_plain(dated), Price, what="price") == dated


@pytest.mark.parametrize("value", ["1.5", True, [], {}, 10**400])
def test_a_number_is_a_json_number_or_null(value: object) -> None:
    broken = to_plain(Price(address(1), 1.5, "fixed")) | {"value": value}
    with pytest.raises(InputError, match="value"):
        from_plain(broken, Price, what="price")


@dataclass(frozen=True)
class Named:
    name: str


@pytest.mark.parametrize("value", [5, None, True, [], b"x"])
def test_a_text_is_a_text(value: object) -> None:
    with pytest.raises(InputError, match="name"):
        from_plain({"name": value}, Named, what="it")


@pytest.mark.parametrize("value", [None, 5, "x", []])
def test_what_is_no_object_is_an_input_error(value: object) -> None:
    with pytest.raises(InputError):
        from_plain(value, Named, what="it")


def test_what_a_feed_does_not_tell_is_left_out_of_its_text() -> None:
    """States that were stored before bounds were asked for keep their hashes."""
    assert "first" not in state_to_json(feed())
    known = feed(first_phase=1, min_answer=-5)
    assert '"first_phase":"1"' in state_to_json(known)
    assert state_from_json(state_to_json(known)) == known
