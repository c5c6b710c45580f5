"""Aave's reserves without a node: the bitmap, pools without stable debt, and contradictions."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.support.answers import Fake, FakeChain, Reply, address_word, text, words
from tests.support.strategies import address
from watcher.errors import DecodeError, NoCode, RefusedTarget
from watcher.math.exact.lending_aave import RAY, health_factor, normalized_debt, normalized_income
from watcher.protocols import Entry
from watcher.protocols.aave_v3 import ADAPTER, configuration
from watcher.state import AaveAccount, AaveReserve

POOL, ASSET, PROVIDER, ORACLE = address(0x50), address(0x60), address(0x70), address(0x80)
A_TOKEN, VARIABLE, STABLE, WHO = address(0x90), address(0xA0), address(0xB0), address(0xC0)
BITMAP = 7_500 | 8_000 << 16 | 10_500 << 32 | 6 << 48 | 1 << 56 | 1 << 58 | 1_000 << 64
CAPS = 40 << 80 | 50 << 116


def reserve(bitmap: int = BITMAP, *, stable: int = 0, a_token: int = int(A_TOKEN, 16)) -> list[int]:
    """Indexes of 1.1 and 1.2, rates of 2% and 5%, touched at 900."""
    indexes = [11 * RAY // 10, RAY // 50, 12 * RAY // 10, RAY // 20, 0, 900, 3]
    return [bitmap, *indexes, a_token, stable, int(VARIABLE, 16), 0, 5, 0, 0]


def chain(
    pool: Mapping[str, Reply] | None = None, *, time: int = 1_000, stable: int = 0
) -> FakeChain:
    """A pool whose indexes are right at a time, with the named replies instead of its own."""
    income = normalized_income(11 * RAY // 10, RAY // 50, time - 900)
    debt = normalized_debt(12 * RAY // 10, RAY // 20, time - 900)
    health = health_factor(1_000, 400, 8_000)
    own: dict[str, Reply] = {
        "getReserveData(address)": words(*reserve(stable=stable)),
        "getReserveNormalizedIncome(address)": words(income),
        "getReserveNormalizedVariableDebt(address)": words(debt),
        "ADDRESSES_PROVIDER()": address_word(PROVIDER),
        "getUserAccountData(address)": words(1_000, 400, 350, 8_000, 7_500, health),
    }
    held = {"scaledTotalSupply()": words(700), "scaledBalanceOf(address)": words(30)}
    owed = {"scaledTotalSupply()": words(200), "scaledBalanceOf(address)": words(20)}
    fixed = {"totalSupply()": words(9), "balanceOf(address)": words(4)}
    prices = {"getAssetPrice(address)": words(10**8), "BASE_CURRENCY_UNIT()": words(10**8)}
    token = {"decimals()": words(6), "symbol()": text("AAA"), "balanceOf(address)": words(500)}
    return FakeChain(
        {
            POOL: Fake(own | dict(pool or {})),
            PROVIDER: Fake({"getPriceOracle()": address_word(ORACLE)}),
            ORACLE: Fake(prices),
            A_TOKEN: Fake(held),
            VARIABLE: Fake(owed),
            STABLE: Fake(fixed),
            ASSET: Fake(token),
        },
        timestamp=time,
    )


def entry(key: str = ASSET, **options: str) -> Entry:
    return Entry(31337, ADAPTER.protocol, POOL, key=key, options=options)


def read(on: FakeChain, **options: str) -> AaveReserve:
    state = on.read(ADAPTER, on.identify(ADAPTER, entry(**options)))
    assert isinstance(state, AaveReserve)
    return state


def test_the_bitmap() -> None:
    found = configuration(BITMAP | CAPS)
    assert (found.ltv, found.liquidation_threshold) == (7_500, 8_000)
    assert (found.liquidation_bonus, found.decimals, found.reserve_factor) == (10_500, 6, 1_000)
    assert (found.active, found.frozen, found.borrowing_enabled, found.paused) == (
        *(True, False),
        *(True, False),
    )
    assert (found.borrow_cap, found.supply_cap) == (40, 50)
    assert configuration(1 << 57).frozen
    assert configuration(1 << 60).paused


def test_caps_are_in_whole_tokens_and_none_at_0() -> None:
    capped = {"getReserveData(address)": words(*reserve(BITMAP | CAPS))}
    state = read(chain(capped))
    assert (state.supply_cap, state.borrow_cap) == (50 * 10**6, 40 * 10**6)
    assert (read(chain()).supply_cap, read(chain()).borrow_cap) == (None, None)


def test_stable_debt_is_read_where_there_is_any() -> None:
    account = AaveAccount(30, 20, 0, 1_000, 400, 8_000)
    state = read(chain(), accounts=WHO)
    assert (state.stable_debt, state.accounts) == (0, (account,))
    state = read(chain(stable=int(STABLE, 16)), accounts=WHO)
    assert (state.stable_debt, state.accounts[0].stable_debt) == (9, 4)
    assert (state.available, state.scaled_supply, state.scaled_debt) == (500, 700, 200)


def test_a_pool_that_contradicts_itself_is_refused() -> None:
    on = chain()
    target = on.identify(ADAPTER, entry(accounts=WHO))
    health = health_factor(1_000, 400, 8_000)
    for signature, reply, why in (
        ("getReserveNormalizedIncome(address)", words(RAY), "answers the indexes"),
        ("getReserveNormalizedVariableDebt(address)", words(RAY), "answers the indexes"),
        (
            "getUserAccountData(address)",
            words(1_000, 400, 350, 8_000, 7_500, health + 1),
            "the health factor of",
        ),
        ("getReserveData(address)", words(*reserve(BITMAP ^ 4 << 48)), "in 2 decimals"),
    ):
        with pytest.raises(DecodeError, match=why):
            chain({signature: reply}).read(ADAPTER, target)
    with pytest.raises(DecodeError, match="at a later time"):
        chain(time=899).read(ADAPTER, target)


def test_what_is_no_reserve_is_refused() -> None:
    with pytest.raises(RefusedTarget, match="give the one that is meant"):
        chain().identify(ADAPTER, entry(key=""))
    none = {"getReserveData(address)": words(*reserve(a_token=0))}
    with pytest.raises(RefusedTarget, match="has no reserve of"):
        chain(none).identify(ADAPTER, entry())
    with pytest.raises(NoCode):
        FakeChain({ASSET: Fake({"decimals()": words(6)})}).identify(ADAPTER, entry())
