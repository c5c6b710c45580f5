"""Lending markets by plain `eth_call`s, one getter after the other."""

from __future__ import annotations

from tests.support.plain import Plain
from watcher.devnet.local_chain import LocalChain
from watcher.state import (
    AaveAccount,
    AaveReserve,
    Address,
    CompoundAccount,
    CompoundMarket,
    Target,
    to_address,
)

WAD = 10**18
RESERVE = ("uint256",) * 8 + ("address",) * 4 + ("uint256",) * 3
"""The fifteen words of getReserveData."""


def compound_market(chain: LocalChain, target: Target) -> CompoundMarket:
    """A cToken of the local world, whose comptroller has no caps and whose model counts years."""
    market = Plain(chain, target.address)
    comptroller, model = market.at("comptroller"), market.at("interestRateModel")
    oracle = comptroller.at("oracle")
    factor = _factor(comptroller, target.address)
    own = {"inputs": "address", "kind": "bool"}
    accounts = map(to_address, str(target.params["accounts"]).split())
    return CompoundMarket(
        cash=market.at("underlying").balance(target.address),
        total_borrows=market.integer("totalBorrows"),
        total_reserves=market.integer("totalReserves"),
        total_supply=market.integer("totalSupply"),
        borrow_index=market.integer("borrowIndex"),
        elapsed=chain.head().number - market.integer("accrualBlockNumber"),
        exchange_rate=market.integer("exchangeRateStored"),
        borrow_rate=market.integer("borrowRatePerBlock"),
        rate_model="white_paper_annual",
        base_rate=model.integer("baseRate"),
        multiplier=model.integer("multiplier"),
        jump_multiplier=0,
        kink=0,
        periods_a_year=model.integer("blocksPerYear"),
        reserve_factor=market.integer("reserveFactorMantissa"),
        collateral_factor=factor,
        close_factor=comptroller.integer("closeFactorMantissa"),
        liquidation_incentive=comptroller.integer("liquidationIncentiveMantissa"),
        price=oracle.integer("getUnderlyingPrice", target.address, inputs="address"),
        supply_cap=None,
        borrow_cap=None,
        listed=True,
        mint_paused=bool(comptroller.integer("mintGuardianPaused", target.address, **own)),
        borrow_paused=bool(comptroller.integer("borrowGuardianPaused", target.address, **own)),
        seize_paused=bool(comptroller.integer("seizeGuardianPaused", kind="bool")),
        transfer_paused=bool(comptroller.integer("transferGuardianPaused", kind="bool")),
        accounts=tuple(_account(chain, comptroller, market, each) for each in accounts),
        decimals=market.at("underlying").decimals,
        share_decimals=market.integer("decimals"),
    )


def _account(
    chain: LocalChain, comptroller: Plain, market: Plain, account: Address
) -> CompoundAccount:
    oracle = comptroller.at("oracle")
    (entered,) = comptroller.get("getAssetsIn(address)(address[])", account)
    collateral = value = debt = 0
    for address in entered:
        each = Plain(chain, to_address(address))
        rate, factor = each.integer("exchangeRateStored"), _factor(comptroller, each.address)
        price = oracle.integer("getUnderlyingPrice", each.address, inputs="address")
        shares = each.balance(account)
        weighted = (factor * rate + WAD // 2) // WAD
        collateral += (weighted * price + WAD // 2) // WAD * shares // WAD
        value += (rate * price + WAD // 2) // WAD * shares // WAD
        debt += each.integer("borrowBalanceStored", account, inputs="address") * price // WAD
    liquidity = "getAccountLiquidity(address)(uint256,uint256,uint256)"
    assert comptroller.get(liquidity, account) == (
        0,
        max(collateral - debt, 0),
        max(debt - collateral, 0),
    )
    return CompoundAccount(
        shares=market.balance(account),
        borrow_balance=market.integer("borrowBalanceStored", account, inputs="address"),
        collateral=collateral,
        value=value,
        debt=debt,
    )


def _factor(comptroller: Plain, market: Address) -> int:
    return int(comptroller.get("markets(address)(bool,uint256,bool)", market)[1])


def aave_reserve(chain: LocalChain, target: Target) -> AaveReserve:
    """By the getters of the data provider's kind that the pool's own tokens and oracle have."""
    (token,) = target.tokens
    pool, asset = Plain(chain, target.address), token.address
    reserve = pool.get(f"getReserveData(address)({','.join(RESERVE)})", asset)
    a_token, stable, variable = (Plain(chain, to_address(each)) for each in reserve[8:11])
    oracle = pool.at("ADDRESSES_PROVIDER").at("getPriceOracle")
    bits = f"{reserve[0]:0256b}"[::-1]

    def part(start: int, end: int) -> int:
        return int(bits[start:end][::-1], 2)

    whole = 10 ** part(48, 56)
    accounts = map(to_address, str(target.params["accounts"]).split())
    return AaveReserve(
        available=Plain(chain, asset).balance(a_token.address),
        scaled_supply=a_token.integer("scaledTotalSupply"),
        scaled_debt=variable.integer("scaledTotalSupply"),
        stable_debt=stable.integer("totalSupply"),
        unbacked=reserve[13],
        accrued_to_treasury=reserve[12],
        liquidity_index=reserve[1],
        variable_borrow_index=reserve[3],
        liquidity_rate=reserve[2],
        variable_borrow_rate=reserve[4],
        elapsed=chain.head().timestamp - reserve[6],
        ltv=part(0, 16),
        liquidation_threshold=part(16, 32),
        liquidation_bonus=part(32, 48),
        reserve_factor=part(64, 80),
        active=bits[56] == "1",
        frozen=bits[57] == "1",
        paused=bits[60] == "1",
        borrowing_enabled=bits[58] == "1",
        price=oracle.integer("getAssetPrice", asset, inputs="address"),
        price_unit=oracle.integer("BASE_CURRENCY_UNIT"),
        accounts=tuple(_aave_account(pool, (a_token, variable, stable), each) for each in accounts),
        decimals=Plain(chain, asset).decimals,
        supply_cap=part(116, 152) * whole or None,
        borrow_cap=part(80, 116) * whole or None,
    )


def _aave_account(pool: Plain, tokens: tuple[Plain, Plain, Plain], account: Address) -> AaveAccount:
    a_token, variable, stable = tokens
    data = f"getUserAccountData(address)({','.join(['uint256'] * 6)})"
    collateral, debt, _, threshold, _, _ = pool.get(data, account)
    return AaveAccount(
        scaled_supply=a_token.integer("scaledBalanceOf", account, inputs="address"),
        scaled_debt=variable.integer("scaledBalanceOf", account, inputs="address"),
        stable_debt=stable.balance(account),
        collateral=collateral,
        debt=debt,
        liquidation_threshold=threshold,
    )
