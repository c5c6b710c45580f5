"""The figures of Yearn's vaults, and of what an ERC-4626 vault can pay, by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.support.strategies import subject_of, vault, yearn
from watcher.errors import MathError
from watcher.math.exact import yearn as ours
from watcher.math.families.yearn_vault import yearn_totals
from watcher.math.measures import measure
from watcher.math.quotes import quote_exact_in
from watcher.math.settings import Settings
from watcher.state import Measure, State, YearnStrategy

SETTINGS = Settings(unit="USD", sizes=(), prices=())
E18 = 10**18


def figures(state: State, previous: State | None = None) -> dict[str, Measure]:
    (found,) = measure([subject_of(state, (2.0, 1.0), previous=previous)], SETTINGS)
    return {each.name: each for each in found}


def test_what_is_idle_and_what_is_lent() -> None:
    found = figures(yearn(60 * E18, 80 * E18, 30 * E18, 10 * E18))
    assert found["idle_share"].value == 0.6
    assert found["vault_utilization"].value == 0.4
    assert found["price_per_share"].value == 1.25
    assert found["withdrawable"].value == 100
    assert found["known_debt_share"].value == 1
    assert (found["donation_1pct"].value, found["donation_1pct_money"].value) == (1, 2)


def test_a_strategy_pays_no_more_than_it_has_and_may() -> None:
    state = replace(yearn(60 * E18, 80 * E18, version="3.1.0"), total_debt=40 * E18)
    for strategy, payable in (
        (YearnStrategy(10 * E18, 20 * E18, 20 * E18), 70),
        (YearnStrategy(10 * E18, 7 * E18, 20 * E18), 67),
        (YearnStrategy(10 * E18, 20 * E18, 2 * E18), 62),
    ):
        found = figures(replace(state, strategies=(strategy,)))
        assert found["withdrawable"].value == payable
        assert found["known_debt_share"].value == 0.25


def test_locked_profit_is_no_part_of_the_price_yet() -> None:
    state = yearn(90 * E18, 80 * E18, 10 * E18)
    locked = replace(state, locked_profit=20 * E18)
    assert figures(locked)["price_per_share"].value == 1
    assert figures(state, locked)["price_per_share_change"].value == 0.25
    assert figures(locked)["donation_1pct"].value == 0.8


def test_a_gift_to_v3_does_not_count() -> None:
    found = figures(yearn(version="3.1.0"))["donation_1pct"]
    assert math.isnan(found.value)
    assert "does not count" in found.reason


def test_an_empty_vault_of_yearns() -> None:
    found = figures(yearn(0, 0))
    assert found["price_per_share"].value == 1
    assert found["withdrawable"].value == 0
    for name in ("idle_share", "vault_utilization"):
        assert (math.isnan(found[name].value), found[name].reason) == (
            True,
            "the vault has no assets",
        )


def test_what_a_vault_can_pay_and_its_holder_take() -> None:
    state = vault(100 * E18, 80 * E18, offset=None, idle_assets=25 * E18)
    found = figures(state)
    assert (found["idle_share"].value, found["withdrawable"].value) == (0.25, 25)
    assert figures(replace(state, idle_assets=200 * E18))["withdrawable"].value == 100
    assert "no `holder` is configured" in found["holder_withdrawable"].reason
    subject = subject_of(replace(state, max_withdraw=7 * E18))
    held = replace(subject, target=replace(subject.target, params={"holder": "0x"}))
    (measured,) = measure([held], SETTINGS)
    named = {each.name: each.value for each in measured}
    assert named["holder_withdrawable"] == 7


def test_fees_as_fractions() -> None:
    state = replace(vault(), entry_fee_bps=25, exit_fee_bps=50)
    found = figures(state)
    assert (found["entry_fee"].value, found["exit_fee"].value) == (0.0025, 0.005)
    unknown = figures(replace(state, fees_unknown=True))["exit_fee"]
    assert (math.isnan(unknown.value), "no fees that are known" in unknown.reason) == (True, True)


@pytest.mark.parametrize(
    ("seconds", "left"), [(0, 1_000), (1, 1_000), (10_870, 500), (21_739, 1), (21_740, 0)]
)
def test_profit_is_freed_at_46_millionths_a_second(seconds: int, left: int) -> None:
    assert ours.locked_profit(1_000, degradation=46 * 10**12, seconds=seconds) == left


def test_more_locked_than_there_is_has_no_price() -> None:
    state = replace(yearn(10, 10), locked_profit=11)
    with pytest.raises(MathError, match="more profit is locked"):
        quote_exact_in(state, 1, 0, 1)
    assert math.isnan(figures(state)["price_per_share"].value)


def test_the_first_revision_divides_a_deposit_by_all_assets() -> None:
    """While profit is locked it mints fewer shares than what they are worth."""
    first = replace(yearn(120, 100, version="0.3.4"), locked_profit=20)
    later = replace(first, version="0.4.3")
    assert quote_exact_in(first, 0, 1, 60).amount_out == 50
    assert quote_exact_in(later, 0, 1, 60).amount_out == 60
    assert quote_exact_in(first, 0, 1, 1).amount_out == 0
    poor = replace(later, total_supply=10)
    with pytest.raises(MathError, match="resulted in zero"):
        quote_exact_in(poor, 0, 1, 1)
    assert ours.v2_share_value(50, yearn_totals(first), first=True) == 50
