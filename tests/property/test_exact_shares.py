"""What must hold of every vault, with virtual shares and without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import assume, given

from tests.support.numbers import sizes
from tests.support.strategies import UINT256, usually, vaults
from watcher.errors import MathError
from watcher.math.exact import shares as ours
from watcher.math.families.share_vault import assets_per_share, share_totals
from watcher.math.quotes import quote_exact_in, quote_exact_out, spot_price, without_fee
from watcher.state import ShareVault

AMOUNTS = sizes(0, 2**160)


def outcome(ask: Callable[[], Any]) -> Any:
    """What a function gives, or why it gives nothing."""
    try:
        return ask()
    except MathError as error:
        return str(error)


def known(ask: Callable[[], int]) -> int:
    """A figure; a call that reverts is none of the test's business."""
    found = outcome(ask)
    assume(not isinstance(found, str))
    assert isinstance(found, int)
    return found


def owned(state: ShareVault) -> ShareVault:
    """A vault whose assets belong to somebody: who comes first to one that was only given assets
    gets them, which is profit indeed."""
    assume(state.total_supply > 0 or state.virtual_shares > 0 or state.total_assets == 0)
    return state


def grown(state: ShareVault, assets: int, shares: int) -> ShareVault:
    return replace(
        state,
        total_assets=state.total_assets + assets,
        total_supply=state.total_supply + shares,
        idle_assets=state.idle_assets + assets,
    )


@usually
@given(state=vaults(), assets=AMOUNTS)
def test_depositing_and_redeeming_never_profits(state: ShareVault, assets: int) -> None:
    shares = known(lambda: ours.preview_deposit(assets, share_totals(owned(state))))
    after = share_totals(grown(state, assets, shares))
    assert known(lambda: ours.preview_redeem(shares, after)) <= assets


@usually
@given(state=vaults(), shares=AMOUNTS)
def test_minting_and_redeeming_never_profits(state: ShareVault, shares: int) -> None:
    paid = known(lambda: ours.preview_mint(shares, share_totals(owned(state))))
    after = share_totals(grown(state, paid, shares))
    assert known(lambda: ours.preview_redeem(shares, after)) <= paid


@usually
@given(state=vaults(), assets=AMOUNTS)
def test_withdrawing_and_depositing_again_never_profits(state: ShareVault, assets: int) -> None:
    burned = known(lambda: ours.preview_withdraw(assets, share_totals(state)))
    after = share_totals(grown(state, -assets, -burned))
    assert known(lambda: ours.preview_deposit(assets, after)) <= burned or after.total_supply == 0


@usually
@given(state=vaults(), amount=AMOUNTS)
def test_rounding_up_and_down_differ_by_one_at_most(state: ShareVault, amount: int) -> None:
    totals = share_totals(state)
    down = known(lambda: ours.convert_to_assets(amount, totals))
    up = known(lambda: ours.preview_mint(amount, totals))
    assert down <= up <= down + 1
    held = replace(totals, refuses_zero=False)
    fewer = known(lambda: ours.convert_to_shares(amount, held))
    burned = known(lambda: ours.preview_withdraw(amount, held))
    assert fewer <= burned <= fewer + 1


@usually
@given(state=vaults(), amount=AMOUNTS, more=AMOUNTS)
def test_more_in_never_gives_less_out(state: ShareVault, amount: int, more: int) -> None:
    totals = share_totals(state)
    for convert in (ours.convert_to_shares, ours.convert_to_assets):
        less = known(partial(convert, amount, totals))
        assert known(partial(convert, amount + more, totals)) >= less


@usually
@given(state=vaults(), shares=AMOUNTS)
def test_a_mint_costs_the_least_that_buys_as_many(state: ShareVault, shares: int) -> None:
    totals = replace(share_totals(state), refuses_zero=False)
    paid = known(lambda: ours.preview_mint(shares, totals))
    assert known(lambda: ours.convert_to_shares(paid, totals)) >= shares
    if paid:
        assert known(lambda: ours.convert_to_shares(paid - 1, totals)) < shares


@usually
@given(state=vaults(), amount=sizes(0, 2**100))
def test_quotes_name_the_asset_0_and_the_share_1(state: ShareVault, amount: int) -> None:
    totals = share_totals(state)
    for coin, ask, expected in (
        (0, quote_exact_in, ours.preview_deposit),
        (1, quote_exact_in, ours.preview_redeem),
        (0, quote_exact_out, ours.preview_mint),
        (1, quote_exact_out, ours.preview_withdraw),
    ):
        found = outcome(partial(ask, state, coin, 1 - coin, amount))
        wanted = outcome(partial(expected, amount, totals))
        if isinstance(wanted, str):
            assert found == wanted
        else:
            exact_in = ask is quote_exact_in
            assert (found.amount_in, found.amount_out) == (
                (amount, wanted) if exact_in else (wanted, amount)
            )
            assert (found.coin_in, found.coin_out) == (coin, 1 - coin)
    assert without_fee(state) == state


@usually
@given(state=vaults())
def test_the_spot_price_is_shares_for_an_asset(state: ShareVault) -> None:
    per_share = outcome(lambda: assets_per_share(state))
    assume(not isinstance(per_share, str))
    assert spot_price(state, 0, 1) * per_share == 1
    assert spot_price(state, 1, 0) == per_share


@usually
@given(state=vaults(most=UINT256), amount=sizes(0, UINT256))
def test_no_amount_gives_anything_but_a_figure_or_a_math_error(
    state: ShareVault, amount: int
) -> None:
    totals = share_totals(state)
    for ask in (
        ours.convert_to_assets,
        ours.convert_to_shares,
        ours.preview_deposit,
        ours.preview_mint,
        ours.preview_redeem,
        ours.preview_withdraw,
    ):
        found = outcome(partial(ask, amount, totals))
        assert isinstance(found, str) or 0 <= found <= UINT256
