"""ERC-4626 beside real vaults: the conversions, the four roundings, and what is then executed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.numbers import SHARES, portion, sizes
from tests.support.real_vaults import KINDS, RealVault, deploy_vaults
from tests.support.simulation import RECEIVER, SENDER, Result
from tests.support.strategies import UINT256
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.errors import MathError
from watcher.math.exact import shares as ours
from watcher.math.exact.shares import ShareTotals
from watcher.math.families.share_vault import share_totals

MOVES = ("deposit", "mint", "withdraw", "redeem", "convertToShares", "convertToAssets")
pytestmark = [
    pytest.mark.anvil,
    pytest.mark.proves(
        "share_vault",
        "OpenZeppelinVault",
        "OpenZeppelin4Vault",
        "SolmateVault",
        "SoladyVault",
        "SnekmateVault",
        moves=MOVES,
    ),
]

on_chain = settings(max_examples=examples(25, deep=300))
PLAIN_KINDS = [kind for kind in KINDS if kind not in ("fees", "limited")]
each_kind = pytest.mark.parametrize("kind", PLAIN_KINDS)
ASSETS = st.integers(0, 2)

Vaults = dict[str, list[RealVault]]
Totals = tuple[int, int, int]
"""Total assets, the part of them that was donated last, total supply."""

# What each action is called in our arithmetic, and in which token it pays.
PREVIEWS: dict[str, tuple[Callable[[int, ShareTotals], int], str]] = {
    "deposit": (ours.preview_deposit, "previewDeposit"),
    "mint": (ours.preview_mint, "previewMint"),
    "withdraw": (ours.preview_withdraw, "previewWithdraw"),
    "redeem": (ours.preview_redeem, "previewRedeem"),
}


@pytest.fixture(scope="module")
def vaults(fork_site: LocalWorld, toolchain: Toolchain) -> Vaults:
    return deploy_vaults(fork_site, toolchain.artifacts, PLAIN_KINDS)


@st.composite
def totals(draw: st.DrawFn, most: int = UINT256) -> Totals:
    """Of every size, alike in size half of the time."""
    assets = draw(st.one_of(sizes(0, most), sizes(0, 2**100)))
    supply = draw(st.one_of(sizes(0, 4 * min(assets, most // 4) + 1), sizes(0, most)))
    return assets, draw(st.one_of(st.just(0), sizes(0, assets))), supply


@st.composite
def amounts(draw: st.DrawFn, whole: int) -> int:
    """A part of a whole, all of it and a little less or more, or any amount."""
    part = st.builds(portion, st.just(whole), SHARES)
    border = st.integers(-2, 2).map(lambda step: min(max(whole + step, 0), UINT256))
    return draw(st.one_of(part, border, sizes(0, UINT256)))


def outcome(ask: Callable[[], int]) -> int | None:
    """What ours gives, None where it raises."""
    try:
        return ask()
    except MathError:
        return None


def answer(found: Result) -> int | None:
    """What the contract gives, None where it reverts."""
    return found.integer if found.ok else None


@each_kind
@on_chain
@given(asset=ASSETS, total=totals(), data=st.data())
def test_conversions_are_the_vaults(
    vaults: Vaults, kind: str, asset: int, total: Totals, data: st.DataObject
) -> None:
    vault, (assets, gift, supply) = vaults[kind][asset], total
    state = vault.state(assets, supply)
    in_assets, in_shares = data.draw(amounts(assets)), data.draw(amounts(supply))
    to_shares, to_assets = vault.run(
        state,
        [vault.view("convertToShares", in_assets), vault.view("convertToAssets", in_shares)],
        gift=gift,
    )
    held = share_totals(state)
    assert answer(to_shares) == outcome(lambda: ours.convert_to_shares(in_assets, held))
    assert answer(to_assets) == outcome(lambda: ours.convert_to_assets(in_shares, held))


@each_kind
@on_chain
@given(asset=ASSETS, total=totals(), data=st.data())
def test_each_action_does_what_ours_says(
    vaults: Vaults, kind: str, asset: int, total: Totals, data: st.DataObject
) -> None:
    """Where the action reverts although its preview answers, ours raises all the same."""
    vault, (assets, gift, supply) = vaults[kind][asset], total
    state = vault.state(assets, supply)
    for action, (preview, name) in PREVIEWS.items():
        in_assets = action in ("deposit", "withdraw")
        amount = data.draw(amounts(assets if in_assets else supply), label=action)
        expected = outcome(partial(preview, amount, share_totals(state)))
        previewed, acted, *holdings = vault.run(
            state,
            [
                vault.view(name, amount),
                vault.act(action, amount),
                vault.holding(vault.asset, vault.address),
                vault.holding(vault.address, SENDER),
                vault.holding(vault.address, RECEIVER),
                vault.holding(vault.asset, RECEIVER),
            ],
            gift=gift,
        )
        assert answer(acted) == expected, (action, acted.reason)
        if expected is None:
            continue
        assert previewed.integer == expected
        moved, shares = (amount, expected) if in_assets else (expected, amount)
        if action in ("deposit", "mint"):
            after = [assets + moved, supply, shares, 0]
        else:
            after = [assets - moved, supply - shares, 0, moved]
        assert [each.integer for each in holdings] == after


@on_chain
@given(
    asset=ASSETS,
    supply=sizes(1, 2**100),
    price=sizes(2, 2**100),
    gift=SHARES,
    part=SHARES,
)
def test_solmate_refuses_the_deposit_that_would_mint_no_share(
    vaults: Vaults, asset: int, supply: int, price: int, gift: int, part: int
) -> None:
    """One share is worth `price` assets or a little more, most of them donated."""
    vault = vaults["solmate"][asset]
    assets = supply * price + supply // 3
    state = vault.state(assets, supply)
    least = -(-assets // supply)
    for amount in {portion(least - 1, part), least - 1}:
        with pytest.raises(MathError, match=r"^ZERO_SHARES$"):
            ours.preview_deposit(amount, share_totals(state))
        (refused,) = vault.run(state, [vault.act("deposit", amount)], gift=portion(assets, gift))
        assert (refused.ok, refused.reason) == (False, "ZERO_SHARES")
    (accepted,) = vault.run(state, [vault.act("deposit", least)])
    assert accepted.integer == ours.preview_deposit(least, share_totals(state)) == 1
