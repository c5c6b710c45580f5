"""Taking holdings apart, without a chain: forms, order, limits and refusals.

What each contract pays is held to the real ones in tests/anvil/test_holdings.py.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.support.holdings_strategies import (
    PAIR,
    VAULT,
    holdings,
    pair_share,
    position,
    position_range,
    vault_share,
)
from tests.support.strategies import TOKEN0, TOKEN1, subject_of
from watcher.errors import InputError, MathError
from watcher.math.look_through import Form, Unquoted, look_through, unquoted
from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.state import Block, Holdings, Measure
from watcher.state.holdings import OtherPosition
from watcher.state.price import unknown_price
from watcher.state.snapshot import Snapshot, snapshot_from_json, snapshot_to_json

SETTINGS = Settings(unit="USD", sizes=(), prices=())
ONE = 10**18
HASH = "0x" + "ab" * 32


def figures(state: Holdings, *, without_price: bool = False) -> dict[str, Measure]:
    """By name, and by name and dimension where there is one."""
    subject = subject_of(state, (2.0, 3.0))
    if without_price:
        unknown = unknown_price(TOKEN1.address, "the feed is stale")
        subject = replace(subject, prices={**subject.prices, TOKEN1.address: unknown})
    [found] = measure([subject], SETTINGS)
    return {" ".join([each.name, *(value for _, value in each.dims)]): each for each in found}


def test_holders_count_as_one_and_the_native_coin_as_its_wrapper() -> None:
    state = holdings((ONE, 2 * ONE, 0, 0), (3 * ONE, 0, 0, 0), native=(5, 7))
    assert look_through(state).amounts == (4 * ONE + 12, 2 * ONE, 0, 0)


def test_what_a_vault_pays_is_burned_together_with_what_is_held() -> None:
    state = holdings((0, 0, 10**6, 10**6), vault=vault_share((10**6,), (10**6, 3 * 10**6)))
    through = look_through(state)
    # four millionths of a pair that holds as much of each token as it has LP tokens
    assert through.amounts == (4 * 10**6, 4 * 10**6, 0, 0)
    assert through.by_form[0] == {Form.PAIR: 10**6, Form.VAULT: 3 * 10**6}


def test_what_must_be_asked_follows_from_the_outermost() -> None:
    state = holdings((0, 0, 0, 10), (0, 0, 0, 7), vault=vault_share((10, 4)))
    assert unquoted(state) == [(VAULT, 17), (VAULT, 14)]
    with pytest.raises(Unquoted, match="was not asked what redeeming 17 shares pays"):
        look_through(state)
    assert unquoted(replace(state, vaults=(vault_share((10, 4), (17, 17), (14, 14)),))) == []


def test_shares_beyond_max_redeem_are_told_apart() -> None:
    vault = vault_share((10**6, 10**5), (2 * 10**6, 2 * 10**6), (11 * 10**5, 11 * 10**5))
    state = holdings((0, 0, 0, 10**6), (0, 0, 0, 10**6), vault=vault)
    assert look_through(state).amounts[0] == 2 * 10**6
    assert look_through(state, redeemable=True).amounts[0] == 11 * 10**5
    found = figures(state)
    ratio = found["holdings_value_redeemable"].value / found["holdings_value"].value
    assert ratio == pytest.approx(0.55)


def test_an_lp_token_too_little_for_one_unit_pays_nothing_and_one_that_cannot_be_is_refused() -> (
    None
):
    poor = pair_share((10, 10**21))
    assert look_through(holdings((5, 5, 1, 0), pair=poor)).amounts == (5, 5, 0, 0)
    with pytest.raises(MathError, match="ds-math-sub-underflow"):
        look_through(holdings((5, 5, 10**21, 0)))
    found = figures(holdings((5, 5, 10**21, 0)))
    assert found["holdings_value"].reason.startswith("a contract refuses to pay: ds-math")


def test_a_position_pays_no_more_than_its_manager_is_owed() -> None:
    span = position_range(0, owed=5)
    state = holdings((0, 0, 0, 0), ranges=(span,), positions=(position(0, owed=9),))
    assert look_through(state).amounts == (5, 5, 0, 0)
    twice = replace(state, positions=(position(0, owed=4), position(0, owed=4)))
    assert look_through(twice).amounts == (5, 5, 0, 0)


def test_a_missing_price_is_null_and_what_is_left_is_called_partial() -> None:
    state = holdings((ONE, ONE, 0, 0))
    assert figures(state)["holdings_value"].value == pytest.approx(5.0)
    found = figures(state, without_price=True)
    assert math.isnan(found["holdings_value"].value)
    assert "the feed is stale" in found["holdings_value"].reason
    assert found["holdings_value_partial"].value == pytest.approx(2.0)
    assert found[f"asset_value {TOKEN0.address}"].value == pytest.approx(2.0)
    assert math.isnan(found[f"asset_value {TOKEN1.address}"].value)


def test_what_is_not_held_needs_no_price() -> None:
    found = figures(holdings((ONE, 0, 0, 0)), without_price=True)
    assert found["holdings_value"].value == pytest.approx(2.0)
    assert found[f"asset_share {TOKEN1.address}"].value == 0.0
    assert found["asset_largest_share"].value == found["asset_concentration"].value == 1.0


def test_a_position_in_tokens_that_are_not_named_leaves_no_total() -> None:
    found = figures(holdings((ONE, 0, 0, 0), others=(OtherPosition(0, 77),)))
    assert found["holdings_value"].reason.startswith("position 77 of 0x")
    assert "that `tokens` does not name" in found["holdings_value"].reason
    assert found["holdings_value_partial"].value == pytest.approx(2.0)


def test_shares_sum_to_one_and_forms_to_the_whole() -> None:
    state = holdings(
        (ONE, 0, ONE, 10**6),
        vault=vault_share((10**6,), (10**6, 3 * ONE)),
        ranges=(position_range(10**20),),
        positions=(position(10**19),),
    )
    found = figures(state)
    total = found["holdings_value"].value
    forms = [found[f"holdings_value_by_form {form}"].value for form in Form]
    assert all(value > 0 for value in forms)
    assert sum(forms) == pytest.approx(total, rel=1e-12)
    shares = [found[f"asset_share {token.address}"].value for token in (TOKEN0, TOKEN1)]
    assert sum(shares) == pytest.approx(1.0)
    assert found["asset_concentration"].value == pytest.approx(sum(s * s for s in shares))


def test_a_file_in_which_something_leads_back_is_refused(snapshot: Snapshot) -> None:
    state = snapshot.state
    assert isinstance(state, Holdings)
    assert snapshot_from_json(snapshot_to_json(snapshot)) == snapshot
    ring = replace(state.pairs[0], token0=VAULT)
    for wrong, why in (
        (replace(state, order=(PAIR, VAULT)), "before one that leads to it"),
        (replace(state, pairs=(ring,)), "before one that leads to it"),
        (replace(state, order=(VAULT,)), "each once"),
        (replace(state, balances=((1, 2, 3),)), "an entry of each token"),
        (replace(state, native=(1, 2)), "state.native is not of each holder"),
        (replace(state, positions=(position(span=4),)), "a range that is not there"),
    ):
        with pytest.raises(InputError, match=why):
            snapshot_from_json(snapshot_to_json(replace(snapshot, state=wrong)))


@pytest.fixture
def snapshot() -> Snapshot:
    state = holdings((ONE, ONE, 10**6, 0))
    block = Block(31337, 1, HASH, HASH, 1_700_000_000)
    return Snapshot(block, subject_of(state).target, state)
