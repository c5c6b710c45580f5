"""Compound's markets without a node: what forks have otherwise than those of the local world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from eth_abi.abi import encode

from tests.support.answers import REVERTED, Fake, FakeChain, Reply, address_word, data, text, words
from tests.support.strategies import address
from watcher.errors import DecodeError, RefusedTarget, RevertedCall
from watcher.protocols import Entry
from watcher.protocols.compound_v2 import ADAPTER
from watcher.state import Answer, CompoundAccount, CompoundMarket, State, Target
from watcher.state.token import ZERO_ADDRESS

CTOKEN, UNDERLYING, COMPTROLLER = address(0x50), address(0x60), address(0x70)
MODEL, ORACLE, OTHER, WHO = address(0x80), address(0x90), address(0xA0), address(0xB0)
WAD = 10**18
JUMP = {
    "baseRatePerBlock()": words(100),
    "multiplierPerBlock()": words(1_000),
    "jumpMultiplierPerBlock()": words(10_000),
    "kink()": words(WAD // 2),
    "blocksPerYear()": words(2_628_000),
}
AT_60_PERCENT = 100 + 500 + 1_000
LATER = {
    "supplyCaps(address)": words(0),
    "borrowCaps(address)": words(7_000),
    "mintGuardianPaused(address)": words(1),
    "seizeGuardianPaused()": words(1),
}


def chain(
    market: Mapping[str, Reply] | None = None,
    comptroller: Mapping[str, Reply] | None = None,
    model: Mapping[str, Reply] | None = None,
    *,
    native: int = 0,
) -> FakeChain:
    """A market of 400 in cash and 600 lent, with the named replies instead of its own."""
    own: dict[str, Reply] = {
        "underlying()": address_word(UNDERLYING),
        "comptroller()": address_word(COMPTROLLER),
        "interestRateModel()": address_word(MODEL),
        "getCash()": words(400),
        "totalBorrows()": words(600),
        "totalReserves()": words(0),
        "borrowIndex()": words(WAD),
        "totalSupply()": words(500),
        "accrualBlockNumber()": words(90),
        "exchangeRateStored()": words(2 * WAD),
        "borrowRatePerBlock()": words(AT_60_PERCENT),
        "reserveFactorMantissa()": words(WAD // 10),
        "decimals()": words(8),
        "symbol()": text("cAAA"),
        "getAccountSnapshot(address)": words(0, 10, 3, 2 * WAD),
    }
    rules: dict[str, Reply] = {
        "oracle()": address_word(ORACLE),
        "closeFactorMantissa()": words(WAD // 2),
        "liquidationIncentiveMantissa()": words(WAD),
        "markets(address)": words(1, WAD // 2 + 1, 0),
        "getAssetsIn(address)": data(encode(["address[]"], [[CTOKEN]])),
        "getAccountLiquidity(address)": words(0, 7, 0),
    }
    token = {"decimals()": words(18), "symbol()": text("AAA")}
    return FakeChain(
        {
            CTOKEN: Fake(own | dict(market or {}), native=native),
            COMPTROLLER: Fake(rules | dict(comptroller or {})),
            MODEL: Fake(dict(JUMP if model is None else model)),
            ORACLE: Fake({"getUnderlyingPrice(address)": words(WAD)}),
            UNDERLYING: Fake(token),
        },
        number=100,
    )


def entry(**options: str) -> Entry:
    return Entry(31337, ADAPTER.protocol, CTOKEN, options=options)


def read(on: FakeChain, **options: str) -> CompoundMarket:
    return found(on.read(ADAPTER, on.identify(ADAPTER, entry(**options))))


def found(state: State) -> CompoundMarket:
    assert isinstance(state, CompoundMarket)
    return state


def with_market(on: FakeChain, signature: str, reply: Answer) -> FakeChain:
    fake = on.contracts[CTOKEN]
    changed = replace(fake, replies={**fake.replies, signature: reply})
    return replace(on, contracts={**on.contracts, CTOKEN: changed})


def target_of(on: FakeChain, **options: str) -> Target:
    return on.identify(ADAPTER, entry(**options))


def test_a_jump_model_is_told_by_its_getters_and_its_rate() -> None:
    state = read(chain())
    assert state.rate_model == "jump"
    assert (state.base_rate, state.multiplier, state.kink) == (100, 1_000, WAD // 2)
    assert (state.jump_multiplier, state.periods_a_year, state.elapsed) == (10_000, 2_628_000, 10)


def test_a_curve_that_gives_another_rate_is_not_believed() -> None:
    """What has accrued still follows from the contract's own rate."""
    state = read(chain({"borrowRatePerBlock()": words(AT_60_PERCENT + 1)}))
    assert (state.rate_model, state.base_rate, state.kink) == ("other", 0, 0)
    assert (state.borrow_rate, state.periods_a_year) == (AT_60_PERCENT + 1, 2_628_000)


def test_a_model_without_a_kink_and_one_without_getters() -> None:
    plain = {name: JUMP[name] for name in ("baseRatePerBlock()", "multiplierPerBlock()")}
    state = read(chain({"borrowRatePerBlock()": words(700)}, model=plain))
    assert (state.rate_model, state.multiplier, state.periods_a_year) == ("white_paper", 1_000, 0)
    assert read(chain(model={})).rate_model == "other"


def test_a_model_that_is_replaced_is_asked_nothing_that_it_may_not_have() -> None:
    on = chain()
    target = target_of(on)
    later = with_market(on, "interestRateModel()", address_word(OTHER))
    state = found(later.read(ADAPTER, target))
    assert (state.rate_model, state.periods_a_year) == ("other", 0)
    assert state.borrow_rate == AT_60_PERCENT


def test_what_a_later_comptroller_has_is_read_and_must_stay() -> None:
    on = chain(comptroller=LATER)
    target = target_of(on)
    state = found(on.read(ADAPTER, target))
    assert (state.supply_cap, state.borrow_cap) == (None, 7_000)
    assert (state.mint_paused, state.borrow_paused) == (True, False)
    assert (state.seize_paused, state.transfer_paused) == (True, False)
    for name in LATER:
        with pytest.raises(RevertedCall):
            chain(comptroller={**LATER, name: REVERTED}).read(ADAPTER, target)


def test_the_native_coin_is_an_underlying_where_the_cash_is_it() -> None:
    without = {"underlying()": REVERTED}
    assert target_of(chain(without, native=400)).tokens[0].address == ZERO_ADDRESS
    for native in (0, 399):
        with pytest.raises(RefusedTarget, match="names no underlying"):
            target_of(chain(without, native=native))


@pytest.mark.parametrize("last", [3, 2])
def test_an_account_by_either_rounding(last: int) -> None:
    """At 2 for a share, a price of 5/4 and a factor of 1/2 and a little, a whole share counts 5/4
    and 2 1/2 of the last digits, which comptrollers round up or down."""
    counted = 10 * (5 * WAD // 4 + last)
    market = {"getAccountSnapshot(address)": words(0, 10 * WAD, 3, 2 * WAD)}
    on = chain(market, {"getAccountLiquidity(address)": words(0, counted - 3, 0)})
    oracle = {"getUnderlyingPrice(address)": words(5 * WAD // 4)}
    on = replace(on, contracts={**on.contracts, ORACLE: Fake(oracle)})
    state = read(on, accounts=WHO)
    assert state.accounts == (CompoundAccount(10 * WAD, 3, counted, 25 * WAD, 3),)


def test_an_account_that_is_summed_up_otherwise_is_refused() -> None:
    assert read(chain(), accounts=WHO).accounts == (CompoundAccount(10, 3, 10, 20, 3),)
    with pytest.raises(RefusedTarget, match="is not what its markets come to"):
        read(chain(comptroller={"getAccountLiquidity(address)": words(0, 8, 0)}), accounts=WHO)


def test_an_account_that_the_comptroller_cannot_value_has_no_value() -> None:
    without = {"getAccountLiquidity(address)": words(13, 0, 0)}
    state = read(chain(comptroller=without), accounts=WHO)
    assert state.accounts == (CompoundAccount(10, 3),)
    odd = {"getAccountLiquidity(address)": words(13, 1, 0)}
    with pytest.raises(RefusedTarget, match="an error and a liquidity"):
        read(chain(comptroller=odd), accounts=WHO)
    with pytest.raises(RefusedTarget, match="answered the error 9"):
        read(chain({"getAccountSnapshot(address)": words(9, 0, 0, 0)}), accounts=WHO)


def test_a_market_that_contradicts_itself_is_refused() -> None:
    on = chain()
    target = target_of(on)
    for signature, reply, why in (
        ("exchangeRateStored()", words(2 * WAD + 1), "answers an exchange rate of"),
        ("totalReserves()", words(1_001), "the reserves are more than the market has"),
        ("accrualBlockNumber()", words(101), "up to a later block"),
        ("reserveFactorMantissa()", words(WAD + 1), "reserve_factor is over"),
    ):
        with pytest.raises(DecodeError, match=why):
            with_market(on, signature, reply).read(ADAPTER, target)


def test_what_is_no_market_is_refused() -> None:
    with pytest.raises(RefusedTarget, match="is no market of Compound V2"):
        target_of(chain({"comptroller()": REVERTED}))
