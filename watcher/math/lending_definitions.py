"""Measures of lending markets: what is supplied and owed, rates, oracles, accounts."""

from __future__ import annotations

from watcher.math.definition import LENDING, MORPHO, PEG, VAULT, YEARN, Definition
from watcher.state.aave_reserve import AaveReserve
from watcher.state.compound_market import CompoundMarket

AAVE = AaveReserve.KIND
LENT = (*LENDING, MORPHO)

LENDING_DEFINITIONS = (
    Definition(
        name="utilization",
        kinds=LENT,
        unit="fraction",
        formula="borrows / (cash + borrows - reserves), with interest up to the block; of Aave "
        "debt / (available + debt); of Morpho Blue total_debt / total_supplied, with the "
        "interest up to the block",
        dims="",
        source="JumpRateModel.utilizationRate of Compound; borrowUsageRatio of Aave's "
        "strategies; Morpho Blue, as its interest rate models take it",
        bad="towards 1: whoever supplied cannot withdraw",
        cannot_say="how long it stays so: rates answer to it",
    ),
    Definition(
        name="cash_share",
        kinds=LENDING,
        unit="fraction",
        formula="withdrawable / total_supplied",
        dims="",
        source="CToken.redeemFresh: no more than the cash is paid; Aave alike",
        bad="down",
        cannot_say="who withdraws first",
    ),
    Definition(
        name="withdrawable",
        kinds=(VAULT, YEARN, *LENT, PEG),
        unit="token 0",
        formula="min(cash, what is supplied), whole tokens; 0 while withdrawing is paused; of "
        "Morpho Blue min(total_supplied - total_debt, what the contract holds of the token); of a "
        "peg stability module min(what it holds, what was minted at its own price); of vaults idle "
        "assets, at most total_assets; of Yearn's also the smallest of debt, assets and "
        "maxWithdraw of each strategy that is known",
        dims="",
        source="CToken.redeemFresh; AToken.burn; Morpho Blue, withdraw: INSUFFICIENT_LIQUIDITY; "
        "Venus' PegStability, swapVAIForStable; EIP-4626; VaultV3.vy _redeem, Vault.vy withdraw",
        bad="down, below what holders want",
        cannot_say="what single accounts may take out: their loans hold their collateral; what a "
        "vault that is no Yearn's could take back; whether a strategy of Yearn's V2 can sell",
    ),
    Definition(
        name="total_supplied",
        kinds=LENT,
        unit="token 0",
        formula="cash + borrows - reserves, with interest up to the block, whole tokens; of Aave "
        "the aTokens; of Morpho Blue total supply assets with interest up to the block, "
        "whole tokens",
        dims="",
        source="CToken.exchangeRateStored times totalSupply, before rounding; "
        "AToken.totalSupply; Morpho Blue, market",
        bad="down: a run",
        cannot_say="whether what is lent comes back",
    ),
    Definition(
        name="total_debt",
        kinds=LENT,
        unit="token 0",
        formula="borrows with interest up to the block, whole tokens; of Morpho Blue total borrow "
        "assets with interest up to the block, whole tokens",
        dims="",
        source="CToken.totalBorrowsCurrent; totalSupply of Aave's debt tokens; Morpho Blue, market",
        bad="none by itself: utilization says it",
        cannot_say="who owes it",
    ),
    Definition(
        name="reserves",
        kinds=LENDING,
        unit="token 0",
        formula="the protocol's own part, with interest up to the block, whole tokens",
        dims="",
        source="CToken.totalReserves after accrueInterest; accruedToTreasury of Aave's reserves",
        bad="down: less stands before a loss",
        cannot_say="whether they may be used to cover one",
    ),
    Definition(
        name="supply_index",
        kinds=LENDING,
        unit="token 0 per share",
        formula="the exchange rate at the block, whole tokens for a whole cToken; of Aave the "
        "normalized income",
        dims="",
        source="CToken.exchangeRateCurrent; Pool.getReserveNormalizedIncome",
        bad="down, or a jump: a gift to a cToken raises what it is worth as collateral",
        cannot_say="whether what is lent comes back",
    ),
    Definition(
        name="borrow_rate",
        kinds=LENT,
        unit="fraction of a year",
        formula="rate of one block * blocks of a year, without compounding; of Aave the variable "
        "rate; of Morpho Blue rate of a second * 31,536,000 / 10^18, not compounded",
        dims="",
        source="CToken.borrowRatePerBlock and blocksPerYear of the model of rates; "
        "currentVariableBorrowRate; the market's interest rate model, borrowRateView",
        bad="up",
        cannot_say="what is paid in the end: it changes with every loan and withdrawal",
    ),
    Definition(
        name="supply_rate",
        kinds=LENDING,
        unit="fraction of a year",
        formula="borrow_rate * utilization * (1 - reserve factor); of Aave the liquidity rate",
        dims="",
        source="JumpRateModel.getSupplyRate of Compound; currentLiquidityRate of Aave",
        bad="none by itself",
        cannot_say="rewards in other tokens",
    ),
    Definition(
        name="cap_used",
        kinds=(AAVE, PEG),
        unit="fraction",
        formula="what is supplied and what the treasury is due / supply cap, total_debt / borrow "
        "cap; of a peg stability module minted / mint cap",
        dims="side",
        source="ValidationLogic.validateSupply and validateBorrow of Aave; Venus' PegStability, "
        "vaiMinted and vaiMintCap",
        bad="towards 1: no more can come in, or be borrowed",
        cannot_say="anything where there is no cap",
    ),
    Definition(
        name="oracle_price",
        kinds=LENDING,
        unit="as the oracle counts",
        formula="what the market's oracle says of one whole token of the underlying",
        dims="",
        source="PriceOracle.getUnderlyingPrice of Compound, scaled by 10^(36 - decimals); "
        "AaveOracle.getAssetPrice / BASE_CURRENCY_UNIT",
        bad="none by itself: compare it with the reference",
        cannot_say="whether it is fresh",
    ),
    Definition(
        name="ln_oracle_over_reference",
        kinds=LENT,
        unit="natural logarithm",
        formula="ln(oracle_price / reference price of the underlying); of Morpho Blue ln(the "
        "market's own price of collateral / (reference price of the collateral / that of "
        "the loan token))",
        dims="",
        source="three-way deviation: protocol price, redemption rate, market; Morpho Blue, "
        "IOracle.price, and the configured sources",
        bad="above 0 collateral is lent on for more than it brings; below 0 it is liquidated early",
        cannot_say="anything where the oracle counts in another unit than the configuration",
    ),
    Definition(
        name="weakest_health",
        kinds=LENT,
        unit="fraction",
        formula="min over the named accounts that owe anything of collateral, each market's by "
        "its factor, / debt, by the oracle, of Compound as stored; of Morpho Blue min of "
        "account_health over the named accounts that owe anything",
        dims="",
        source="Comptroller.getAccountLiquidity; Pool.getUserAccountData of Aave; Morpho Blue, "
        "_isHealthy",
        bad="below 1: anybody may liquidate the account",
        cannot_say="anything of accounts that are not named: known_debt_share says how much",
    ),
    Definition(
        name="uncovered_debt",
        kinds=LENDING,
        unit="as the oracle counts",
        formula="sum over the named accounts of max(0, debt - collateral in full)",
        dims="",
        source="Comptroller.getAccountLiquidity, each factor taken as 1; Pool.getUserAccountData",
        bad="up: nobody gains by repaying it, so that the suppliers lose it",
        cannot_say="what selling the collateral would cost; what accounts that are not named owe",
    ),
    Definition(
        name="known_debt_share",
        kinds=(YEARN, *LENT),
        unit="fraction",
        formula="what the named accounts owe in this market / what all owe, of Compound as stored; "
        "of Morpho Blue borrow shares; of Yearn's vaults debts of the strategies that are known / "
        "total debt; 1 without debt",
        dims="",
        source="CToken.borrowBalanceStored and totalBorrows; Aave's debt tokens; Morpho Blue, "
        "position and market; Yearn's strategies(address)",
        bad="below 0.95: figures of accounts and strategies see a part only",
        cannot_say="who owes the rest: Yearn's V3 lists no strategy, V2 those of its queue",
    ),
    Definition(
        name="debt_at_risk",
        kinds=LENT,
        unit="token 0",
        formula="what the named accounts owe here that may be liquidated once all collateral has "
        "lost the part `shock` of its worth against all that is owed",
        dims="shock",
        source="as weakest_health; of Morpho Blue _isHealthy at a lower price, to the wei",
        bad="up: it comes due at once",
        cannot_say="what accounts that are not named owe: partial while known_debt_share is below "
        "0.95; an account whose collateral is what it owes does not fall",
    ),
    Definition(
        name="coverage",
        kinds=LENT,
        unit="fraction",
        formula="withdrawable / debt_at_risk",
        dims="shock",
        source="coverage ladder: what can leave the market against what must come back to it",
        bad="below 1: suppliers who leave cannot all be paid before liquidators have repaid",
        cannot_say="as debt_at_risk; whether liquidators come",
    ),
    Definition(
        name="bad_debt_at_shock",
        kinds=(CompoundMarket.KIND, MORPHO),
        unit="token 0",
        formula="what liquidators leave unpaid of what the named accounts owe here after `shock`: "
        "owed * max(0, 1 - collateral * (1 - shock) / (bonus * debt)) of every account that may be "
        "liquidated; of Morpho Blue bad_debt at the lower price, exact integers",
        dims="shock",
        source="Comptroller.liquidateCalculateSeizeTokens: whatever the close factor, a repaid "
        "unit takes its bonus until no collateral is left; Morpho Blue, liquidate",
        bad="up: it is the suppliers' loss",
        cannot_say="what selling the collateral does to its price; as debt_at_risk",
    ),
    Definition(
        name="account_health",
        kinds=(MORPHO,),
        unit="fraction",
        formula="what the account may owe / what it owes, at the market's own price",
        dims="account",
        source="Morpho Blue, _isHealthy, both with its roundings",
        bad="down: below 1 it is liquidated",
        cannot_say="anything of an account that the target does not name",
    ),
    Definition(
        name="bad_debt",
        kinds=(MORPHO,),
        unit="token 0",
        formula="what liquidating the named accounts that are unhealthy leaves unpaid, one after "
        "the other, at the market's own price, exact integers, in whole loan tokens",
        dims="",
        source="Morpho Blue, liquidate: the suppliers write it off",
        bad="up: it is the suppliers' loss",
        cannot_say="what the accounts that the target does not name leave; what selling the "
        "collateral does to its price",
    ),
    Definition(
        name="bad_debt_money",
        kinds=(MORPHO,),
        unit="unit of account",
        formula="bad_debt * reference price of the loan token",
        dims="",
        source="as bad_debt",
        bad="up",
        cannot_say="anything where the reference price is unknown",
    ),
)
