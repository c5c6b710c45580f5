"""Figures that others published, out of the real contracts' own execution."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.support.real_pairs import RealPair, deploy_pairs
from tests.support.real_vaults import RealVault, deploy_vaults
from tests.support.real_yearn import RealYearn, deploy_yearn
from tests.support.simulation import RECEIVER, SENDER, step
from tests.support.strategies import UINT256, pool
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.math.exact import constant_product as cp
from watcher.math.exact.shares import preview_deposit
from watcher.math.families.share_vault import share_totals
from watcher.math.families.yearn_vault import assets_per_share

pytestmark = pytest.mark.anvil

E18 = 10**18
FEE = {"fee_numerator": 997, "fee_denominator": 1000}


@pytest.fixture(scope="module")
def pair(fork_site: LocalWorld) -> RealPair:
    return deploy_pairs(fork_site, "uniswap")[0]


@pytest.fixture(scope="module")
def vaults(fork_site: LocalWorld, toolchain: Toolchain) -> dict[str, list[RealVault]]:
    kinds = (
        "openzeppelin",
        "openzeppelin+3",
        "openzeppelin+6",
        "solady",
        "solady plain",
        "solmate",
    )
    return deploy_vaults(fork_site, toolchain.artifacts, kinds)


@pytest.fixture(scope="module")
def yearn(fork_site: LocalWorld, toolchain: Toolchain) -> dict[str, RealYearn]:
    return deploy_yearn(fork_site, toolchain.artifacts)


# Uniswap v2-core, test/UniswapV2Pair.spec.ts: amount in, reserve in, reserve out, amount out.
UNISWAP_TABLE = [
    (1 * E18, 5 * E18, 10 * E18, 1662497915624478906),
    (1 * E18, 10 * E18, 5 * E18, 453305446940074565),
    (2 * E18, 5 * E18, 10 * E18, 2851015155847869602),
    (2 * E18, 10 * E18, 5 * E18, 831248957812239453),
    (1 * E18, 10 * E18, 10 * E18, 906610893880149131),
    (1 * E18, 100 * E18, 100 * E18, 987158034397061298),
    (1 * E18, 1000 * E18, 1000 * E18, 996006981039903216),
]


@pytest.mark.parametrize(("amount_in", "reserve_in", "reserve_out", "amount_out"), UNISWAP_TABLE)
def test_uniswaps_own_table(
    pair: RealPair, amount_in: int, reserve_in: int, reserve_out: int, amount_out: int
) -> None:
    state = pair.like(pool(reserve_in, reserve_out))
    steps = [pair.pay(0, amount_in), pair.swap(0, amount_out + 1), pair.swap(0, amount_out)]
    assert [each.ok for each in pair.run(state, steps)] == [True, False, True]


# 1000 and 1000, fee 0.3%, to a price move of 1%: 5.04538 with the fee kept in the reserves.
@pytest.mark.parametrize(
    ("amount_in", "within"), [(5_045_370 * 10**12, True), (5_045_390 * 10**12, False)]
)
def test_depth_to_one_percent(pair: RealPair, amount_in: int, within: bool) -> None:
    state = pair.like(pool(1_000 * E18, 1_000 * E18))
    out = cp.get_amount_out(amount_in, state.reserve0, state.reserve1, **FEE)
    reserves = step(pair.address, "getReserves()")
    _, refused, swapped, after = pair.run(
        state, [pair.pay(0, amount_in), pair.swap(0, out + 1), pair.swap(0, out), reserves]
    )
    assert (refused.ok, swapped.ok) == (False, True)
    reserve0, reserve1, _ = after.integers()
    assert (Fraction(reserve1, reserve0) >= Fraction(99, 100)) == within


def test_a_sandwich_of_twenty_in_a_thousand(pair: RealPair) -> None:
    """Pool 1000 and 1000, victim 20 with 1% tolerance: quote, best front-run and its profit."""
    quote, front, profit = 19550169617820656117, 5095265696499566490, 172367274518725617
    victim, state = 20 * E18, pair.like(pool(1_000 * E18, 1_000 * E18))
    undisturbed = [pair.pay(0, victim), pair.swap(0, quote + 1), pair.swap(0, quote)]
    assert [each.ok for each in pair.run(state, undisturbed)] == [True, False, True]

    bought = cp.get_amount_out(front, state.reserve0, state.reserve1, **FEE)
    worst, back = quote * 99 // 100, front + profit  # the profit within 2 wei
    steps = [
        *(pair.pay(0, front), pair.swap(0, bought + 1), pair.swap(0, bought)),
        *(pair.pay(0, victim), pair.swap(0, worst + 1), pair.swap(0, worst)),
        *(pair.pay(1, bought), pair.swap(1, back + 3), pair.swap(1, back - 2)),
    ]
    assert [each.ok for each in pair.run(state, steps)] == [True, False, True] * 3


def test_resupply_june_2025(vaults: dict[str, list[RealVault]]) -> None:
    """2002e18 assets for 1001 shares: 1e18 shares are worth 2e36, whose inverse rounds to zero."""
    vault = vaults["solmate"][2]
    steps = [vault.view("convertToAssets", E18), vault.view("convertToShares", 10**18)]
    price, inverse = vault.run(vault.state(2002 * E18, 1001), steps, gift=2_000 * E18)
    assert (price.integer, inverse.integer) == (2 * 10**36, 0)


def test_cream_october_2021(vaults: dict[str, list[RealVault]]) -> None:
    """A donation of 8,431,514.82 moved the price per share from 1.000996 to 2.001993."""
    vault, gift = vaults["solmate"][2], 8_431_514_820_000 * 10**12
    supply = int(Fraction(gift) / Fraction("1.000997"))
    assets = int(supply * Fraction("1.000996"))
    one = [vault.view("convertToAssets", E18)]
    (before,) = vault.run(vault.state(assets, supply), one)
    (after,) = vault.run(vault.state(assets + gift, supply), one, gift=gift)
    assert round(before.integer / E18, 6) == 1.000996
    assert round(after.integer / E18, 6) == 2.001993


@pytest.mark.parametrize("version", ["0.3.4", "0.4.3"])
def test_cream_october_2021_at_a_vault_of_yearns(yearn: dict[str, RealYearn], version: str) -> None:
    """The vault that was given to: 8,423,117 shares at 1.000996, and everything it holds counts."""
    vault, supply, gift = yearn[version], 8_423_117 * E18, 8_431_514_820_000 * 10**12
    earned = supply * 996 // 10**6
    before, _ = vault.observe([vault.deposit(supply), vault.give(earned)])
    after, results = vault.observe(
        [vault.deposit(supply), vault.give(earned), vault.give(gift)], [vault.price_per_share()]
    )
    assert before.total_supply == after.total_supply == supply
    assert round(float(assets_per_share(before)), 6) == 1.000996
    assert round(float(assets_per_share(after)), 6) == 2.001993
    assert round(results[0].integer / E18, 6) == 2.001993


@pytest.mark.parametrize("kind", ["openzeppelin", "openzeppelin+6", "solady plain", "solmate"])
def test_an_empty_vault(vaults: dict[str, list[RealVault]], kind: str) -> None:
    """One to one, or 10**offset shares for a unit; and the first deposit gets exactly that."""
    vault = vaults[kind][0]
    many = 10**6 if kind.endswith("+6") else 1
    to_shares, to_assets, bought = vault.run(
        vault.state(0, 0),
        [
            vault.view("convertToShares", 12_345),
            vault.view("convertToAssets", 12_345 * many),
            vault.act("deposit", 12_345),
        ],
    )
    assert (to_shares.integer, to_assets.integer, bought.integer) == (
        12_345 * many,
        12_345,
        12_345 * many,
    )


# First asset 1, donation 1e11, victim 1e11: what attacker and victim gain, in smallest units.
INFLATION = [
    ("solady plain", "1.00e+11", "-1.00e+11"),
    ("solady", "-3.33e+10", "-3.33e+10"),
    ("openzeppelin", "-3.33e+10", "-3.33e+10"),
    ("openzeppelin+3", "-4.9987e+10", "-2.5e+07"),
    ("openzeppelin+6", "-5.0000e+10", "-2.5e+04"),
]
GIFT = VICTIM = 10**11


@pytest.mark.parametrize(("kind", "attacker", "victim"), INFLATION)
def test_inflation_with_virtual_shares_and_without(
    vaults: dict[str, list[RealVault]], kind: str, attacker: str, victim: str
) -> None:
    vault = vaults[kind][0]
    first = preview_deposit(1, share_totals(vault.state(0, 0)))
    shares = preview_deposit(VICTIM, share_totals(vault.state(1 + GIFT, first)))
    deposit, redeem = "deposit(uint256,address)", "redeem(uint256,address,address)"
    transfer, approve = "transfer(address,uint256)", "approve(address,uint256)"
    bought, _, _, _, minted, back, rest = vault.run(
        vault.state(0, 0),
        [
            step(vault.address, deposit, 1, SENDER),
            step(vault.asset, transfer, vault.address, GIFT),
            step(vault.asset, transfer, RECEIVER, VICTIM),
            step(vault.asset, approve, vault.address, UINT256, sender=RECEIVER),
            step(vault.address, deposit, VICTIM, RECEIVER, sender=RECEIVER),
            step(vault.address, redeem, first, SENDER, SENDER),
            step(vault.address, redeem, shares, RECEIVER, RECEIVER, sender=RECEIVER),
        ],
    )
    assert (bought.integer, minted.integer) == (first, shares)
    assert as_published(back.integer - 1 - GIFT, attacker)
    assert as_published(rest.integer - VICTIM, victim)


def as_published(amount: int, figure: str) -> bool:
    """Whether the amount rounds to the figure at the figure's own digits."""
    digits = len(figure.partition("e")[0].partition(".")[2])
    return f"{amount:.{digits}e}" == figure


def test_without_them_solmates_check_for_zero_shares_saves_the_victim(
    vaults: dict[str, list[RealVault]],
) -> None:
    """The victim's 1e11 would buy no share and belong to the attacker's one."""
    vault = vaults["solmate"][0]
    converted, refused = vault.run(
        vault.state(1 + GIFT, 1),
        [vault.view("convertToShares", VICTIM), vault.act("deposit", VICTIM)],
        gift=GIFT,
    )
    assert converted.integer == 0
    assert (refused.ok, refused.reason) == (False, "ZERO_SHARES")
