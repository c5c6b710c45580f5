"""Yearn's vaults beside the real contracts: what is read after gains, losses and time, what a
deposit mints, and what a withdrawal pays through the strategy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.numbers import SHARES, portion, sizes
from tests.support.real_yearn import RealYearn, Wait, deploy_yearn
from tests.support.simulation import RECEIVER, SENDER, Result, Step, step
from tests.support.strategies import UINT256
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.deploy.more_vaults import DEBT_RATIO_BPS, UNLOCK_SECONDS
from watcher.errors import MathError
from watcher.math.exact import yearn as ours
from watcher.math.families.yearn_vault import ASSET, SHARE, is_first, withdrawable, yearn_totals
from watcher.math.quotes import quote_exact_in, quote_exact_out
from watcher.state import YearnVault

MOVES = ("deposit", "mint", "withdraw", "redeem", "pricePerShare", "convertToShares")
pytestmark = [
    pytest.mark.anvil,
    pytest.mark.proves(
        "yearn_vault", "YearnV2Vault", "YearnV2LaterVault", "YearnV3Vault", moves=MOVES
    ),
]
on_chain = settings(max_examples=examples(25, deep=300))
each_version = pytest.mark.parametrize("version", ["0.3.4", "0.4.3", "3.1.0"])
V2 = ("0.3.4", "0.4.3")
DAY = 86_400

Past = list[Step | Wait]


@pytest.fixture(scope="module")
def vaults(fork_site: LocalWorld, toolchain: Toolchain) -> dict[str, RealYearn]:
    return deploy_yearn(fork_site, toolchain.artifacts)


def owed(deposited: int) -> int:
    """What V2 lends its strategy at the first harvest."""
    return deposited * DEBT_RATIO_BPS // 10_000


@st.composite
def pasts(draw: st.DrawFn, vault: RealYearn, *, losses: bool = False) -> Past:
    """A deposit; then, each of it sometimes, a loan, a reported gain, a wait in which it unlocks, a
    gift, and a loss that nobody has reported."""
    deposited = draw(sizes(4, 10**30))
    past: Past = [vault.deposit(deposited), Wait(100)]
    lent = deposited // 3 if vault.is_v3 else owed(deposited)
    if lent and draw(st.booleans()):
        past += [vault.lend(lent if vault.is_v3 else 0), Wait(12)]
        gained = draw(sizes(1, deposited))
        past.append(vault.gain(gained))
        if draw(st.integers(0, 3)):
            past += [*vault.report(lent), Wait(draw(st.integers(1, UNLOCK_SECONDS)))]
        if losses:
            past.append(vault.lose(draw(sizes(1, lent + (gained if vault.is_v3 else 0)))))
    if draw(st.booleans()):
        past.append(vault.give(draw(sizes(1, deposited))))
    return past


@st.composite
def amounts(draw: st.DrawFn, whole: int) -> int:
    """A part of a whole, all of it and a little less or more, or any amount."""
    part = st.builds(portion, st.just(whole), SHARES)
    border = st.integers(-2, 2).map(lambda by: min(max(whole + by, 0), UINT256 - 1))
    return draw(st.one_of(part, border, sizes(0, UINT256 - 1)))


def outcome(ask: Callable[[], int]) -> int | None:
    try:
        return ask()
    except MathError:
        return None


def answer(found: Result) -> int | None:
    return found.integer if found.ok else None


def reasoned(ask: Callable[[], int]) -> tuple[int | None, str]:
    """What ours gives, or why it raises."""
    try:
        return ask(), ""
    except MathError as error:
        return None, str(error)


def holding(vault: RealYearn) -> Step:
    return step(vault.asset, "balanceOf(address)", RECEIVER)


@each_version
@on_chain
@given(data=st.data())
def test_a_deposit_mints_what_ours_says(
    vaults: dict[str, RealYearn], version: str, data: st.DataObject
) -> None:
    vault = vaults[version]
    past = data.draw(pasts(vault))
    state, _ = vault.observe(past)
    amount = data.draw(amounts(state.total_assets))
    expected = outcome(lambda: quote_exact_in(state, ASSET, SHARE, amount).amount_out)
    (minted,) = vault.run(past, [vault.deposit(amount)])
    assume(minted.ok or amount < 10**38)  # the sender has so much
    assert answer(minted) == expected, minted.reason


@each_version
@on_chain
@given(data=st.data())
def test_a_withdrawal_pays_what_ours_says(
    vaults: dict[str, RealYearn], version: str, data: st.DataObject
) -> None:
    """Beyond what is idle too, where the strategy pays the rest."""
    vault = vaults[version]
    past = data.draw(pasts(vault, losses=vault.is_v3))
    state, _ = vault.observe(past)
    shares = data.draw(amounts(state.total_supply - state.locked_shares))
    own = step(vault.address, "balanceOf(address)", SENDER)
    held, before, paid, after = vault.run(
        past, [own, holding(vault), vault.leave(shares), holding(vault)]
    )
    if held.integer < shares <= state.total_supply and not vault.is_v3:
        # The rest are fees, which somebody else has.
        assert not paid.ok
        return
    expected, why = reasoned(lambda: quote_exact_in(state, SHARE, ASSET, shares).amount_out)
    if why.startswith("the strategies of the queue"):
        # V2 burns fewer shares than it was given where it cannot pay them all.
        assert paid.ok
        return
    assert answer(paid) == expected, (why, paid.reason)
    assert after.integer - before.integer == (expected or 0)


PARTS = st.integers(0, 10)


@on_chain
@given(
    deposited=sizes(1_000, 10**30),
    lent=st.tuples(st.integers(1, 5), st.integers(1, 4)),
    lost=st.tuples(PARTS, PARTS),
    elsewhere=st.tuples(PARTS, PARTS),
    data=st.data(),
)
def test_v3_goes_through_its_strategies_in_their_order(
    vaults: dict[str, RealYearn],
    deposited: int,
    lent: tuple[int, int],
    lost: tuple[int, int],
    elsewhere: tuple[int, int],
    data: st.DataObject,
) -> None:
    """Two of them, each of which may have lost a part and have a part of the rest elsewhere."""
    vault = vaults["two"]
    past: Past = [vault.deposit(deposited), Wait(100)]
    for at, strategy in enumerate(vault.strategies):
        debt = deposited * lent[at] // 10
        gone = debt * lost[at] // 10
        away = (debt - gone) * elsewhere[at] // 10
        past += [
            vault.lend(debt, at=at),
            vault.lose(gone, at=at),
            step(strategy, "deploy(uint256)", away),
        ]
    state, _ = vault.observe(past)
    shares = data.draw(amounts(state.total_supply))
    before, paid, after = vault.run(past, [holding(vault), vault.leave(shares), holding(vault)])
    expected, why = reasoned(lambda: quote_exact_in(state, SHARE, ASSET, shares).amount_out)
    assert answer(paid) == expected, (why, paid.reason)
    assert after.integer - before.integer == (expected or 0)
    assets = data.draw(amounts(state.total_assets))
    burned = outcome(lambda: quote_exact_out(state, SHARE, ASSET, assets).amount_in)
    assert answer(vault.run(past, [vault.withdraw(assets)])[0]) == burned


@on_chain
@given(data=st.data())
def test_v3_mints_and_withdraws_an_exact_amount(
    vaults: dict[str, RealYearn], data: st.DataObject
) -> None:
    vault = vaults["3.1.0"]
    past = data.draw(pasts(vault, losses=True))
    state, _ = vault.observe(past)
    shares = data.draw(amounts(state.total_supply))
    cost = outcome(lambda: quote_exact_out(state, ASSET, SHARE, shares).amount_in)
    (minted,) = vault.run(past, [vault.mint(shares)])
    assume(minted.ok or shares < 10**38)
    assert answer(minted) == cost, minted.reason
    assets = data.draw(amounts(state.total_assets))
    burned = outcome(lambda: quote_exact_out(state, SHARE, ASSET, assets).amount_in)
    (withdrawn,) = vault.run(past, [vault.withdraw(assets)])
    assert answer(withdrawn) == burned, withdrawn.reason


@pytest.mark.parametrize("version", V2)
@on_chain
@given(data=st.data())
def test_v2s_locked_profit_is_free_after_its_time(
    vaults: dict[str, RealYearn], version: str, data: st.DataObject
) -> None:
    """The state at every moment is what pricePerShare answers; a state that has not changed since
    all was free is the same state."""
    vault, deposited = vaults[version], 10**12
    past: Past = [vault.deposit(deposited), Wait(100), vault.lend(0), Wait(12)]
    past += [vault.gain(data.draw(sizes(1, 10**12))), *vault.report(owed(deposited))]
    seconds = data.draw(st.integers(1, 8 * 3_600))
    state, [price] = vault.observe([*past, Wait(seconds)], [vault.price_per_share()])
    one = 10**state.decimals
    assert price.integer == ours.v2_share_value(one, yearn_totals(state), first=is_first(state))
    free, _ = vault.observe([*past, Wait(DAY)])
    assert free.locked_profit == 0
    assert free == vault.observe([*past, Wait(2 * DAY)])[0] == replace(state, locked_profit=0)


@pytest.mark.parametrize("version", V2)
def test_v2_is_not_quoted_where_a_strategy_would_lose(
    vaults: dict[str, RealYearn], version: str
) -> None:
    vault = vaults[version]
    past: Past = [vault.deposit(9_000), Wait(100), vault.lend(0), Wait(12), vault.lose(1_000)]
    state, _ = vault.observe(past)
    assert [(one.debt, one.assets) for one in state.strategies] == [(2_999, 1_999)]
    assert withdrawable(state) == 6_001 + 1_999
    assert quote_exact_in(state, SHARE, ASSET, 6_001).amount_out == 6_001
    assert answer(vault.run(past, [vault.leave(6_001)])[0]) == 6_001
    with pytest.raises(MathError, match="what it would pay is not known"):
        quote_exact_in(state, SHARE, ASSET, 6_002)


def test_v3_takes_the_loss_of_its_strategy_from_who_leaves(vaults: dict[str, RealYearn]) -> None:
    vault = vaults["3.1.0"]
    past: Past = [vault.deposit(9_000), Wait(100), vault.lend(3_000), vault.lose(1_000)]
    state, _ = vault.observe(past)
    strategy = state.strategies[0]
    assert (state.total_idle, strategy.debt) == (6_000, 3_000)
    assert withdrawable(state) == 6_000 + strategy.assets
    (paid,) = vault.run(past, [vault.leave(9_000)])
    assert paid.integer == quote_exact_in(state, SHARE, ASSET, 9_000).amount_out < 9_000


def test_a_loss_is_shared_as_far_as_a_strategy_pays(vaults: dict[str, RealYearn]) -> None:
    """The first has lost a quarter and can pay 1,000 of the 3,000 that are left: a third of its
    loss is taken. The second has lost a tenth."""
    vault = vaults["two"]
    first, second = vault.strategies
    past: Past = [vault.deposit(10_000), Wait(100)]
    past += [vault.lend(4_000, at=0), vault.lend(4_000, at=1)]
    past += [vault.lose(1_000, at=0), vault.lose(400, at=1)]
    past.append(step(first, "deploy(uint256)", 2_000))
    state, [paid] = vault.observe(past, [vault.leave(6_000)])
    quoted = quote_exact_in(state, SHARE, ASSET, 6_000).amount_out
    assert paid.integer == quoted
    assert 6_000 - 333 - 267 - 2 <= quoted <= 6_000 - 333 - 266
    assert second != first


def test_v3_keeps_the_shares_that_are_locked(vaults: dict[str, RealYearn]) -> None:
    vault = vaults["3.1.0"]
    past: Past = [vault.deposit(9_000), Wait(100), vault.lend(3_000), vault.gain(900)]
    past += [*vault.report(3_000), Wait(UNLOCK_SECONDS // 2)]
    state, [more] = vault.observe(past, [vault.leave(9_001)])
    assert 0 < state.locked_shares < 900
    assert state.total_supply == 9_000 + state.locked_shares
    assert not more.ok
    with pytest.raises(MathError, match="insufficient shares to redeem"):
        quote_exact_in(state, SHARE, ASSET, 9_001)
    (paid,) = vault.run(past, [vault.leave(9_000)])
    assert paid.integer == quote_exact_in(state, SHARE, ASSET, 9_000).amount_out > 9_400
    later, _ = vault.observe([*past, Wait(UNLOCK_SECONDS)])
    assert (later.locked_shares, later.total_supply) == (0, 9_000)


@each_version
def test_a_gift_raises_v2s_price_alone(vaults: dict[str, RealYearn], version: str) -> None:
    vault = vaults[version]
    past: Past = [vault.deposit(10**9), vault.give(10**9)]
    state, [price] = vault.observe(past, [vault.price_per_share()])
    one = 10**state.decimals
    assert price.integer == (one if vault.is_v3 else 2 * one)
    assert state.balance == 2 * 10**9
    assert state.total_idle == (10**9 if vault.is_v3 else 2 * 10**9)


@each_version
def test_limits_and_shutdown_refuse_deposits(vaults: dict[str, RealYearn], version: str) -> None:
    vault = vaults[version]
    limit = "set_deposit_limit(uint256)" if vault.is_v3 else "setDepositLimit(uint256)"
    capped: Past = [
        vault.deposit(600),
        step(vault.address, limit, 1_000, sender=vault.builder),
    ]
    state, results = vault.observe(capped, [vault.deposit(401), vault.deposit(400)])
    assert state.deposit_limit == 1_000
    assert [answer(each) for each in results] == [None, 400]
    assert outcome(lambda: quote_exact_in(state, ASSET, SHARE, 401).amount_out) is None
    assert quote_exact_in(state, ASSET, SHARE, 400).amount_out == 400

    closed: Past = [vault.deposit(600), *shutdown(vault)]
    state, results = vault.observe(closed, [vault.deposit(1), vault.leave(600)])
    assert state.shutdown
    assert [answer(each) for each in results] == [None, 600]
    assert outcome(lambda: quote_exact_in(state, ASSET, SHARE, 1).amount_out) is None


def test_a_vault_with_a_list_of_guests_is_quoted_to_nobody(vaults: dict[str, RealYearn]) -> None:
    vault = vaults["0.3.4"]
    guests = step(vault.address, "setGuestList(address)", RECEIVER, sender=vault.builder)
    state, (deposited,) = vault.observe([vault.deposit(600), guests], [vault.deposit(1)])
    assert (state.guarded, deposited.ok) == (True, False)
    with pytest.raises(MathError, match="its guests alone"):
        quote_exact_in(state, ASSET, SHARE, 1)


@each_version
def test_an_empty_vault_is_one_to_one(vaults: dict[str, RealYearn], version: str) -> None:
    vault = vaults[version]
    state, results = vault.observe([], [vault.price_per_share(), vault.deposit(12_345)])
    assert (state.total_supply, state.total_assets) == (0, 0)
    assert [each.integer for each in results] == [10**state.decimals, 12_345]
    assert quote_exact_in(state, ASSET, SHARE, 12_345).amount_out == 12_345


def shutdown(vault: RealYearn) -> Sequence[Step]:
    if vault.is_v3:
        return [step(vault.address, "shutdown_vault()", sender=vault.builder)]
    signature = "setEmergencyShutdown(bool)"
    return [step(vault.address, signature, True, sender=vault.builder)]


def test_states_of_other_versions_have_no_exact_output(vaults: dict[str, RealYearn]) -> None:
    state, _ = vaults["0.4.3"].observe([vaults["0.4.3"].deposit(600)])
    assert isinstance(state, YearnVault)
    for coins in ((ASSET, SHARE), (SHARE, ASSET)):
        with pytest.raises(MathError, match="no exchange for an exact output"):
            quote_exact_out(state, *coins, 1)
