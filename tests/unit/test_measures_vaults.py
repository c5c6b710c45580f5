"""The figures of vaults and feeds, and the exact door to floats behind them."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.support.strategies import feed, pool, subject_of, vault
from watcher.errors import MathError
from watcher.math import bridge
from watcher.math.exploitability.share_price import donation_to_move
from watcher.math.families.share_vault import assets_per_share
from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state import Measure, ShareVault, State

SETTINGS = Settings(unit="USD", sizes=(), prices=())
PERCENT = Fraction(1, 100)


def figures(
    state: State, *, previous: State | None = None, price: float = 1.0
) -> dict[str, Measure]:
    (found,) = measure([subject_of(state, (price, 1.0), previous=previous)], SETTINGS)
    return {each.name: each for each in found}


def test_price_per_share_is_in_whole_tokens() -> None:
    assert figures(vault(1_100 * 10**18, 1_000 * 10**18, offset=None))["price_per_share"].value == (
        1.1
    )
    offset = vault(1_100 * 10**6, 1_000 * 10**12, offset=6, decimals=6)
    assert figures(offset)["price_per_share"].value == pytest.approx(1.1, rel=1e-8)
    assert figures(vault(0, 0, offset=6))["price_per_share"].value == 1.0
    assert figures(vault(0, 0, offset=None))["price_per_share"].value == 1.0


def test_price_per_share_is_exact_beyond_the_digits_of_a_float() -> None:
    shares = 10**30
    dear = vault(3 * shares, shares, offset=None)
    assert bridge.price_per_share_change(replace(dear, total_assets=3 * shares + 3), dear) == 1e-30


def test_the_change_of_the_price_per_share() -> None:
    before, after = vault(1_000, 1_000, offset=None), vault(1_010, 1_000, offset=None)
    assert figures(after, previous=before)["price_per_share_change"].value == 0.01
    assert figures(before, previous=after)["price_per_share_change"].value == pytest.approx(
        -10 / 1010
    )
    assert figures(after, previous=after)["price_per_share_change"].value == 0
    alone = figures(after)["price_per_share_change"]
    assert (math.isnan(alone.value), alone.reason) == (True, "no state one block earlier")


def test_cream_october_2021() -> None:
    """A donation of 8,431,514.82 moved the price per share from 1.000996 to 2.001993."""
    gift = 8_431_514_820_000 * 10**12
    supply = int(Fraction(gift) / Fraction("1.000997"))
    before = vault(int(supply * Fraction("1.000996")), supply, offset=None)
    after = replace(before, total_assets=before.total_assets + gift)
    assert round(bridge.price_per_share(before), 6) == 1.000996
    assert round(bridge.price_per_share(after), 6) == 2.001993
    assert donation_to_move(before, Fraction("1.000997") / Fraction("1.000996")) == pytest.approx(
        gift, rel=1e-9
    )


@pytest.mark.parametrize("offset", [None, 0, 6])
def test_a_donation_moves_the_price_and_one_unit_less_does_not(offset: int | None) -> None:
    state = vault(123_456_789, 100_000_000, offset=offset)
    gift = donation_to_move(state, PERCENT)
    before = assets_per_share(state)

    def moved(amount: int) -> Fraction:
        return assets_per_share(replace(state, total_assets=state.total_assets + amount)) / before

    assert moved(gift) >= 1 + PERCENT > moved(gift - 1)


def test_the_donation_in_tokens_and_in_money() -> None:
    found = figures(vault(5_000 * 10**18, 10**18, offset=None), price=2.0)
    assert found["donation_1pct"].value == 50
    assert found["donation_1pct_money"].value == 100


def test_a_donation_of_more_money_than_a_float_holds_is_unknown() -> None:
    found = figures(vault(2**160, 0, offset=0, decimals=0), price=1e300)
    assert found["donation_1pct"].value == pytest.approx(2**160 / 100)
    money = found["donation_1pct_money"]
    assert (math.isnan(money.value), money.reason) == (True, "undefined")


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (vault(10**18, 0, offset=None), "its price is 1:1 whatever it holds"),
        (vault(10**18, 10**18, idle_assets=5), "a donation may not count"),
        (vault(0, 10**18, offset=None), "price per share is zero"),
    ],
)
def test_no_donation_where_none_is_shown_to_move_the_price(state: ShareVault, why: str) -> None:
    with pytest.raises(MathError, match=why):
        donation_to_move(state, PERCENT)
    for name in ("donation_1pct", "donation_1pct_money"):
        found = figures(state)[name]
        assert math.isnan(found.value)
        assert why in found.reason


def test_shares_without_assets_have_no_price() -> None:
    found = figures(vault(0, 5, offset=None), previous=vault(5, 5, offset=None))
    for name in ("price_per_share", "price_per_share_change"):
        assert math.isnan(found[name].value)
        assert found[name].reason == "the vault has shares and no assets"


def test_a_vault_that_was_not_read_says_why() -> None:
    known = subject_of(vault())
    unread = Subject(known.target, None, known.state, known.prices, "target is no_code")
    (found,) = measure([unread], SETTINGS)
    assert {each.reason for each in found} == {"target is no_code"}


def test_a_feed_is_measured_as_it_answers() -> None:
    assert figures(feed(123_456_789))["feed_price"].value == 1.23456789
    assert figures(feed(-5, decimals=0))["feed_price"].value == -5
    known = subject_of(feed())
    (found,) = measure([Subject(known.target, None, None, known.prices, "not read yet")], SETTINGS)
    assert [each.reason for each in found] == ["not read yet"]


def test_a_state_of_another_kind_gives_no_figure() -> None:
    assert math.isnan(bridge.price_per_share(pool()))
    assert math.isnan(bridge.feed_price(vault()))
    assert math.isnan(bridge.price_per_share_change(vault(), pool()))
    arrays = bridge.pool_arrays([vault(), None])
    assert (arrays.reserves != arrays.reserves).all()


def test_floats_are_correctly_rounded_whatever_the_size() -> None:
    assert bridge.whole(2**256 - 1, 0) == float(2**256)
    assert bridge.whole(10**40 + 1, 40) == 1.0
    arrays = bridge.pool_arrays([pool(2**112 - 1, 3, decimals=(0, 1))])
    assert arrays.reserves.tolist() == [[float(2**112), 0.3]]
