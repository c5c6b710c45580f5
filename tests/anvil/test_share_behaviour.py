"""Vaults told by what they do: virtual shares and offsets, fees, limits, all on real contracts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.numbers import sizes
from tests.support.real_vaults import ADAPTER, COLLECTOR, KINDS, RealVault, deploy_vaults
from tests.support.simulation import RECEIVER, SENDER, Result, Step, identified, step
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.errors import MathError
from watcher.math.quotes import quote_exact_in, quote_exact_out
from watcher.protocols import Entry
from watcher.state import ShareVault, Target

MOVES = ("deposit", "mint", "withdraw", "redeem")
pytestmark = [
    pytest.mark.anvil,
    pytest.mark.proves("share_vault", "FeeVault", "LimitedVault", moves=MOVES),
]
on_chain = settings(max_examples=examples(25, deep=300))
MOST = 10**27
LESS = [kind for kind in KINDS if kind not in ("fees", "limited")]

Vaults = dict[str, list[RealVault]]


@pytest.fixture(scope="module")
def vaults(fork_site: LocalWorld, toolchain: Toolchain) -> Vaults:
    return deploy_vaults(fork_site, toolchain.artifacts)


def told(vault: RealVault) -> Target:
    """The target of an entry that says nothing of the arithmetic."""
    entry = Entry(vault.chain.chain_id, ADAPTER.protocol, vault.address)
    (found,) = identified(vault.chain, [entry])
    return found


@pytest.mark.parametrize("kind", LESS)
def test_an_empty_vault_is_told_by_its_conversions(vaults: Vaults, kind: str) -> None:
    """All but solady's without virtual shares, which until then is nothing but one to one."""
    vault = vaults[kind][0]
    found = told(vault)
    if kind == "solady plain":
        assert (found.params["virtual_shares"], found.params["otherwise"]) == (1, "full")
        return
    names = ("virtual_assets", "virtual_shares", "refuses_zero")
    assert [found.params[name] for name in names] == [vault.target.params[name] for name in names]


@pytest.mark.parametrize("kind", LESS)
@on_chain
@given(assets=sizes(2, MOST), supply=sizes(1, MOST))
def test_whatever_it_holds_each_block_shows_which_it_is(
    vaults: Vaults, kind: str, assets: int, supply: int
) -> None:
    """Read as an entry without options is; where all convert alike, any of them is right."""
    vault = vaults[kind][1]
    open_vault = replace(vault, target=told(vault))
    state, _ = open_vault.observe(assets, supply, [])
    expected = vault.state(assets, supply)
    if supply * expected.virtual_assets == assets * expected.virtual_shares or (
        kind == "solady plain" and supply == assets
    ):
        return
    assert state == replace(expected, max_deposit=state.max_deposit, max_mint=state.max_mint)


def outcome(state: ShareVault, action: str, amount: int) -> int | None:
    try:
        match action:
            case "deposit":
                return quote_exact_in(state, 0, 1, amount).amount_out
            case "mint":
                return quote_exact_out(state, 0, 1, amount).amount_in
            case "withdraw":
                return quote_exact_out(state, 1, 0, amount).amount_in
            case _:
                return quote_exact_in(state, 1, 0, amount).amount_out
    except MathError:
        return None


def answer(found: Result) -> int | None:
    return found.integer if found.ok else None


def set_fees(vault: RealVault, entry: int, leave: int) -> Step:
    return step(vault.address, "setFees(uint256,uint256)", entry, leave)


FEES = st.integers(0, 2_000)


@on_chain
@given(
    asset=st.integers(0, 2),
    assets=sizes(0, MOST),
    supply=sizes(0, MOST),
    fees=st.tuples(FEES, FEES),
    data=st.data(),
)
def test_fees_are_found_and_quoted(
    vaults: Vaults,
    asset: int,
    assets: int,
    supply: int,
    fees: tuple[int, int],
    data: st.DataObject,
) -> None:
    vault, prelude = vaults["fees"][asset], [set_fees(vaults["fees"][asset], *fees)]
    state, _ = vault.observe(assets, supply, [], prelude=prelude)
    assert not state.fees_unknown
    for action in MOVES:
        whole = assets if action in ("deposit", "withdraw") else supply
        amount = data.draw(st.one_of(sizes(0, MOST), sizes(0, whole)), label=action)
        collected = step(vault.asset, "balanceOf(address)", COLLECTOR)
        _, (acted, got) = vault.observe(
            assets, supply, [vault.act(action, amount), collected], prelude=prelude
        )
        assert answer(acted) == outcome(state, action, amount), (action, acted.reason)
        if acted.ok and amount > 10**9 and acted.integer > 10**9:
            rate = fees[0] if action in ("deposit", "mint") else fees[1]
            assert (got.integer > 0) == (rate > 0)


def test_the_fees_are_those_that_were_set(vaults: Vaults) -> None:
    vault = vaults["fees"][2]
    for entry, leave in ((0, 0), (25, 50), (1, 9_999)):
        prelude = [set_fees(vault, entry, leave)]
        state, _ = vault.observe(10**24, 9 * 10**23, [], prelude=prelude)
        assert (state.entry_fee_bps, state.exit_fee_bps) == (entry, leave)


@on_chain
@given(
    asset=st.integers(0, 2),
    assets=sizes(1, MOST),
    supply=sizes(0, MOST),
    part=st.integers(0, 10),
    cap=sizes(0, 2 * MOST),
    data=st.data(),
)
def test_limits_are_read_and_respected(
    vaults: Vaults,
    asset: int,
    assets: int,
    supply: int,
    part: int,
    cap: int,
    data: st.DataObject,
) -> None:
    """Of a vault that holds a part of its assets and takes no more than its cap."""
    vault, deployed = vaults["limited"][asset], assets * part // 10
    prelude = [
        step(vault.address, "setCap(uint256)", cap),
        step(vault.address, "deploy(uint256)", deployed),
    ]
    asked = [
        step(vault.address, "maxDeposit(address)", RECEIVER),
        step(vault.address, "maxMint(address)", RECEIVER),
        step(vault.address, "maxWithdraw(address)", SENDER),
        step(vault.address, "maxRedeem(address)", SENDER),
    ]
    state, limits = vault.observe(assets, supply, asked, prelude=prelude)
    assert (state.total_assets, state.idle_assets) == (assets, assets - deployed)
    most = (state.max_deposit, state.max_mint, state.max_withdraw, state.max_redeem)
    assert [each.integer for each in limits] == list(most)
    for action, limit in zip(MOVES, most, strict=True):
        near = min(limit, MOST)
        border = st.sampled_from([max(near - 1, 0), near, near + 1])
        amount = data.draw(st.one_of(border, sizes(0, MOST)), label=action)
        _, (acted,) = vault.observe(assets, supply, [vault.act(action, amount)], prelude=prelude)
        assert answer(acted) == outcome(state, action, amount), (action, acted.reason)
