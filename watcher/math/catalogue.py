"""What each measure is: the definitions behind `watcher measure` and docs/measures.md."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.state.aave_reserve import AaveReserve
from watcher.state.balancer_stable import BalancerStable
from watcher.state.compound_market import CompoundMarket
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.holdings import Holdings
from watcher.state.kyber_dmm import KyberDMM
from watcher.state.pair_oracle import PairOracle
from watcher.state.price_feed import PriceFeed
from watcher.state.pyth_price import PythPrice
from watcher.state.redemption_rate import RedemptionRate
from watcher.state.share_vault import ShareVault
from watcher.state.solidly import Solidly
from watcher.state.stableswap import StableSwap
from watcher.state.tick_oracle import TickOracle
from watcher.state.weighted import Weighted

POOL = ConstantProduct.KIND
TICK_POOL = Concentrated.KIND
RATED_POOLS = (StableSwap.KIND, CryptoSwap.KIND, Solidly.KIND, BalancerStable.KIND)
"""Coin pools that may take their coins at rates of their own, or at a price scale."""
COIN_POOLS = (*RATED_POOLS, KyberDMM.KIND, Weighted.KIND)
"""Pools that may have more than two coins, or are measured as if they had."""
POOLS = (POOL, TICK_POOL, *COIN_POOLS)
VAULT = ShareVault.KIND
HOLDINGS = Holdings.KIND
FEED = PriceFeed.KIND
PYTH = PythPrice.KIND
RATE = RedemptionRate.KIND
TICK_ORACLE = TickOracle.KIND
PAIR_ORACLE = PairOracle.KIND
LENDING = (CompoundMarket.KIND, AaveReserve.KIND)


@dataclass(frozen=True, slots=True)
class Definition:
    """`version` grows with every change of a figure; `bad` says which direction worries whom.

    A measure may be one of several kinds: its unit and its meaning are then the same, and `formula`
    says what it is of each. `coin_dims` are the dims of pools that may have more than two coins.
    """

    name: str
    kinds: tuple[str, ...]
    unit: str
    formula: str
    dims: str
    source: str
    bad: str
    cannot_say: str
    version: int = 1
    coin_dims: str | None = None

    def dims_of(self, kind: str) -> str:
        return self.dims if self.coin_dims is None or kind not in COIN_POOLS else self.coin_dims


DEFINITIONS = (
    Definition(
        name="spot_price",
        kinds=(*POOLS, TICK_ORACLE, PAIR_ORACLE),
        unit="token 1 per token 0",
        formula="(reserve1 / 10^decimals1) / (reserve0 / 10^decimals0); with ticks "
        "(sqrt_price_x96 / 2^96)^2 * 10^(decimals0 - decimals1); of several coins each but the "
        "first, from the derivative of the invariant at the pool's D",
        dims="",
        coin_dims="token",
        source="Uniswap V2 whitepaper, section 2.2; Uniswap V3 whitepaper, section 6.1; StableSwap "
        "whitepaper; Curve's crypto pools whitepaper",
        bad="none by itself: compare it with reference_price",
        cannot_say="whether anyone could trade at it: that is depth and slippage",
    ),
    Definition(
        name="reference_price",
        kinds=(*POOLS, TICK_ORACLE, PAIR_ORACLE),
        unit="token 1 per token 0",
        formula="p0 / p1, each in the unit of account from its configured sources: the median of "
        "those that do not come from the target and have a vote; of StableSwap coins the quotient "
        "of the rates that the pool takes them at, of CryptoSwap that of its price scale, of a "
        "stable pair of Solidly's 1",
        dims="",
        coin_dims="token",
        source="the configured sources, docs/adr/0012; the pool's own rates and price scale",
        bad="null: nothing independent to judge the pool by",
        cannot_say="more than its feeds know: they move in steps of their deviation",
    ),
    Definition(
        name="ln_spot_over_reference",
        kinds=POOLS,
        unit="natural logarithm",
        formula="ln(spot_price / reference_price)",
        dims="",
        coin_dims="token",
        source="DESIGN of this project, disparity of constant-product and concentrated pools",
        bad="away from 0; inside the pool's fee plus the feeds' deviation it means nothing",
        cannot_say="how much money it takes to correct it: that is arbitrage_value",
    ),
    Definition(
        name="value_share",
        kinds=POOLS,
        unit="fraction",
        formula="v_i / sum v, v_i = reserve_i in whole tokens * p_i; with ticks the "
        "balances, fees that wait included; p_i is the market's of each kind of pool",
        dims="token",
        source="share of holdings at reference prices",
        bad="away from 1/n",
        cannot_say="anything where a reference price is unknown",
    ),
    Definition(
        name="reserve_drift",
        kinds=(POOL,),
        unit="token",
        formula="balance_i - reserve_i, whole tokens, exact before the division",
        dims="token",
        source="UniswapV2Pair.skim pays out what is above 0 and reverts below; sync makes it 0",
        bad="below 0: the pair owes more than it holds; above 0 anybody may take it with skim",
        cannot_say="why: a gift, a rebase, a fee on transfer and a trade half done look alike",
    ),
    Definition(
        name="disparity_value",
        kinds=POOLS,
        unit="fraction",
        formula="(1/2 * sum |value_share_i - w_i|) / (1 - min w_i), w_i the pool's weights, 1/n of "
        "n coins where it has none",
        dims="",
        source="total variation distance, normalised to 1 for a pool that holds one coin only",
        bad="towards 1",
        cannot_say="which side is short: value_share says it; whether those who chose the ranges "
        "of a pool with ticks want it so",
    ),
    Definition(
        name="disparity_invariant",
        kinds=RATED_POOLS,
        unit="fraction",
        formula="(1/2 * sum |s_i - 1/n|) / (1 - 1/n), s_i the part of coin i in the balances at "
        "the pool's own rates, or at its price scale; without rates a pool is always at its "
        "target at its own price",
        dims="",
        source="total variation distance, normalised to 1 for a pool that holds one coin only",
        bad="towards 1",
        cannot_say="what the coins are worth: a coin that lost its peg fills the pool at its full "
        "rate, and disparity_value sees no disparity then",
    ),
    Definition(
        name="price_impact",
        kinds=POOLS,
        unit="fraction",
        formula="1 - (out/q) / spot without the fee = u / (1 + u), u = q / reserve_in; with ticks "
        "out is walked over them; of several coins the exact exchange, the worst coin out",
        dims="token_in, size (unit of account)",
        source="constant product, in each range of ticks; up to one smallest unit of the output",
        bad="up",
        cannot_say="the fee's part: slippage has it",
    ),
    Definition(
        name="slippage",
        kinds=POOLS,
        unit="fraction",
        formula="1 - (out/q) / spot = 1 - gamma / (1 + gamma*u), gamma = 1 - fee; with ticks "
        "gamma*q is walked over them; of several coins the exact exchange, the worst coin out",
        dims="token_in, size (unit of account)",
        source="constant product, in each range of ticks; up to one smallest unit of the output",
        bad="up",
        cannot_say="what other venues would pay",
    ),
    Definition(
        name="depth",
        kinds=POOLS,
        unit="token_in",
        formula="reserve_in * u, (1+u)(1+gamma*u) = 1/(1-move); move is the fee-less spot's; with "
        "ticks depth_feeless / gamma",
        dims="move, token_in",
        source="constant product; a pair keeps the fee in its reserves, a pool with ticks does not",
        bad="down",
        cannot_say="how long the liquidity stays",
    ),
    Definition(
        name="depth_feeless",
        kinds=POOLS,
        unit="token_in",
        formula="reserve_in * u, (1+u)^2 = 1/(1-move): depth of the same pool without its fee; "
        "with ticks sum of L * |change of sqrt(price), or of its inverse|; of several coins as "
        "depth",
        dims="move, token_in",
        source="constant product; Uniswap V3 whitepaper, section 6.2",
        bad="down",
        cannot_say="what a trader pays: depth is gross of the fee",
    ),
    Definition(
        name="depth_money",
        kinds=POOLS,
        unit="unit of account",
        formula="depth * reference price of token_in",
        dims="move, token_in",
        source="constant product with the fee kept in the reserves",
        bad="down",
        cannot_say="anything where the reference price is unknown",
    ),
    Definition(
        name="arbitrage_value",
        kinds=POOLS,
        unit="unit of account",
        formula="max over x of out(x)*p_out - x*p_in, both directions, exact integers",
        dims="",
        source="closed form: fee*x + R_in = sqrt(fee*R_in*R_out*p_out/p_in); with ticks the swap "
        "that ends at p_out/p_in but for the fee; of several coins the best pair, by golden "
        "section",
        bad="up: what the pool's holders stand to lose to the next arbitrageur",
        cannot_say="gas, and whether the reference price can be traded at",
    ),
    Definition(
        name="price_per_share",
        kinds=(VAULT,),
        unit="asset per share",
        formula="(total_assets + virtual assets) / (total_supply + virtual shares), whole tokens",
        dims="",
        source="EIP-4626 and OpenZeppelin's virtual offset",
        bad="down, or a jump",
        cannot_say="whether the assets are really there or worth their nominal amount",
    ),
    Definition(
        name="price_per_share_change",
        kinds=(VAULT,),
        unit="fraction",
        formula="price_per_share / price_per_share one block earlier - 1, exact quotient",
        dims="",
        source="EIP-4626",
        bad="down, or a jump upwards that no income explains",
        cannot_say="why: a donation and a harvest look the same",
    ),
    Definition(
        name="donation_1pct",
        kinds=(VAULT,),
        unit="asset",
        formula="ceil((total_assets + virtual assets) / 100)",
        dims="",
        source="price per share grows by d / (total_assets + virtual assets) with a gift d",
        bad="down: cheaper to push whoever reads this price",
        cannot_say="what a market that reads the price would lend on it",
    ),
    Definition(
        name="donation_1pct_money",
        kinds=(VAULT,),
        unit="unit of account",
        formula="donation_1pct * reference price of the asset",
        dims="",
        source="as donation_1pct",
        bad="down",
        cannot_say="anything where the reference price is unknown",
    ),
    Definition(
        name="ln_market_over_redemption",
        kinds=(VAULT, *RATED_POOLS),
        unit="natural logarithm",
        formula="ln(reference price of the share / (price_per_share * reference price of the "
        "asset)), the share's without what the vault itself says; of coins of a pool ln((p0 / p1) "
        "/ reference_price), p the market's",
        dims="",
        coin_dims="token",
        source="three-way deviation: protocol price, redemption rate, market",
        bad="away from 0: below it, those who leave by the market get less than the vault promises",
        cannot_say="anything where the share or a coin has no market that is watched; why they "
        "differ",
    ),
    Definition(
        name="redemption_rate",
        kinds=(RATE,),
        unit="token 1 per token 0",
        formula="what the getter answers / 10^decimals, in whole quote tokens (token 1)",
        dims="",
        source="the contract's own getter: getRate, stEthPerToken, convertToAssets and the like",
        bad="down: what backs the token has lost",
        cannot_say="whether anyone can redeem at it now, and how long that takes",
    ),
    Definition(
        name="ln_source_over_redemption",
        kinds=(RATE,),
        unit="natural logarithm",
        formula="ln(what this source says of the token / (redemption_rate * reference price of the "
        "quote token)), for each source of the token but the rate itself",
        dims="source, address",
        source="three-way deviation: protocol price, redemption rate, market",
        bad="away from 0: a feed above it lends too much, a market below it pays too little",
        cannot_say="which of them is right",
    ),
    Definition(
        name="three_way_deviation",
        kinds=(RATE,),
        unit="natural logarithm",
        formula="largest less smallest of 0 and every ln_source_over_redemption",
        dims="",
        source="three-way deviation: protocol price, redemption rate, market",
        bad="up: protocol price, redemption rate and market are that far apart",
        cannot_say="which two differ: that is ln_source_over_redemption",
    ),
    Definition(
        name="time_weighted_price",
        kinds=(TICK_ORACLE, PAIR_ORACLE),
        unit="token 1 per token 0",
        formula="1.0001^(mean tick) of the window; of a pair (price0 sum now - price0 sum when the "
        "window began) / seconds",
        dims="",
        source="Uniswap V3 OracleLibrary.consult; V2 UniswapV2OracleLibrary",
        bad="none by itself: compare it with the spot and with the reference",
        cannot_say="what the price is now: it lags by half its window",
    ),
    Definition(
        name="ln_spot_over_time_weighted",
        kinds=(TICK_ORACLE, PAIR_ORACLE),
        unit="natural logarithm",
        formula="ln(spot_price / time_weighted_price)",
        dims="",
        source="the pool's own history",
        bad="away from 0 while ln_time_weighted_over_reference is near it: a spike of a few blocks",
        cannot_say="whether it will stay: once it has, time_weighted_price has followed",
    ),
    Definition(
        name="ln_time_weighted_over_reference",
        kinds=(TICK_ORACLE, PAIR_ORACLE),
        unit="natural logarithm",
        formula="ln(time_weighted_price / reference_price)",
        dims="",
        source="the pool's own history and the configured sources",
        bad="away from 0: an imbalance that lasts, which no single block can make",
        cannot_say="how the pool stands now: that is ln_spot_over_reference of the pool",
    ),
    Definition(
        name="holdings_value",
        kinds=(HOLDINGS,),
        unit="unit of account",
        formula="sum over assets of asset_amount * reference price; null while that of one that is "
        "held is missing",
        dims="",
        source="what closing, burning and redeeming pay, each contract's own arithmetic",
        bad="down",
        cannot_say="what selling it all would bring: that moves prices",
    ),
    Definition(
        name="holdings_value_partial",
        kinds=(HOLDINGS,),
        unit="unit of account",
        formula="holdings_value of those assets alone whose reference price is known",
        dims="",
        source="as holdings_value",
        bad="none by itself: where holdings_value is null, it lacks something",
        cannot_say="what it leaves out: the reason of holdings_value names the first of it",
    ),
    Definition(
        name="holdings_value_redeemable",
        kinds=(HOLDINGS,),
        unit="unit of account",
        formula="holdings_value without the vault shares that exceed the holder's maxRedeem",
        dims="",
        source="EIP-4626, maxRedeem and previewRedeem",
        bad="below holdings_value: shares that nobody can redeem now",
        cannot_say="when the rest can be redeemed; shares inside of something are taken as free",
    ),
    Definition(
        name="holdings_value_by_form",
        kinds=(HOLDINGS,),
        unit="unit of account",
        formula="the part of holdings_value that is held as tokens, or comes out of LP tokens of "
        "pairs, of positions, or of vault shares",
        dims="form",
        source="each amount split in proportion, without rounding",
        bad="none by itself: how much is not at hand",
        cannot_say="what is inside of what: the form is the outermost",
    ),
    Definition(
        name="asset_amount",
        kinds=(HOLDINGS,),
        unit="token",
        formula="what of the asset is left once all is looked through, whole tokens",
        dims="token",
        source="Uniswap V2 burn, Uniswap V3 decreaseLiquidity and collect, EIP-4626 redeem",
        bad="down",
        cannot_say="what is in positions of tokens that the target does not name",
    ),
    Definition(
        name="asset_value",
        kinds=(HOLDINGS,),
        unit="unit of account",
        formula="asset_amount * reference price",
        dims="token",
        source="as asset_amount",
        bad="down",
        cannot_say="anything where the reference price is unknown, unless nothing is held",
    ),
    Definition(
        name="asset_share",
        kinds=(HOLDINGS,),
        unit="fraction",
        formula="asset_amount * reference price / holdings_value",
        dims="token",
        source="share of holdings at reference prices",
        bad="none by itself",
        cannot_say="anything where holdings_value is null",
    ),
    Definition(
        name="asset_largest_share",
        kinds=(HOLDINGS,),
        unit="fraction",
        formula="max of asset_share",
        dims="",
        source="concentration ratio of one",
        bad="towards 1",
        cannot_say="which: asset_share says it; whether several assets fall together",
    ),
    Definition(
        name="asset_concentration",
        kinds=(HOLDINGS,),
        unit="fraction",
        formula="sum of asset_share^2",
        dims="",
        source="Herfindahl-Hirschman index; its inverse is the effective number of assets",
        bad="towards 1",
        cannot_say="whether several assets fall together",
    ),
    Definition(
        name="utilization",
        kinds=LENDING,
        unit="fraction",
        formula="borrows / (cash + borrows - reserves), with interest up to the block; of Aave "
        "debt / (available + debt)",
        dims="",
        source="JumpRateModel.utilizationRate of Compound; borrowUsageRatio of Aave's strategies",
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
        kinds=LENDING,
        unit="token 0",
        formula="min(cash, what is supplied), whole tokens; 0 while withdrawing is paused",
        dims="",
        source="CToken.redeemFresh; AToken.burn",
        bad="down",
        cannot_say="what single accounts may take out: their loans hold their collateral",
    ),
    Definition(
        name="total_supplied",
        kinds=LENDING,
        unit="token 0",
        formula="cash + borrows - reserves, with interest up to the block, whole tokens; of Aave "
        "the aTokens",
        dims="",
        source="CToken.exchangeRateStored times totalSupply, before rounding; AToken.totalSupply",
        bad="down: a run",
        cannot_say="whether what is lent comes back",
    ),
    Definition(
        name="total_debt",
        kinds=LENDING,
        unit="token 0",
        formula="borrows with interest up to the block, whole tokens",
        dims="",
        source="CToken.totalBorrowsCurrent; totalSupply of Aave's debt tokens",
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
        kinds=LENDING,
        unit="fraction of a year",
        formula="rate of one block * blocks of a year, without compounding; of Aave the variable "
        "rate",
        dims="",
        source="CToken.borrowRatePerBlock and blocksPerYear of the model of rates; "
        "currentVariableBorrowRate",
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
        kinds=(AaveReserve.KIND,),
        unit="fraction",
        formula="what is supplied and what the treasury is due / supply cap, total_debt / borrow "
        "cap",
        dims="side",
        source="ValidationLogic.validateSupply and validateBorrow of Aave",
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
        kinds=LENDING,
        unit="natural logarithm",
        formula="ln(oracle_price / reference price of the underlying)",
        dims="",
        source="three-way deviation: protocol price, redemption rate, market",
        bad="above 0 collateral is lent on for more than it brings; below 0 it is liquidated early",
        cannot_say="anything where the oracle counts in another unit than the configuration",
    ),
    Definition(
        name="weakest_health",
        kinds=LENDING,
        unit="fraction",
        formula="min over the named accounts that owe anything of collateral, each market's by its "
        "factor, / debt, by the oracle, of Compound as stored",
        dims="",
        source="Comptroller.getAccountLiquidity; Pool.getUserAccountData of Aave",
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
        kinds=LENDING,
        unit="fraction",
        formula="what the named accounts owe in this market / what all owe, of Compound as stored",
        dims="",
        source="CToken.borrowBalanceStored and totalBorrows; Aave's debt tokens",
        bad="below 0.95: weakest_health and uncovered_debt see a part only",
        cannot_say="how many others owe the rest",
    ),
    Definition(
        name="feed_price",
        kinds=(FEED, PYTH),
        unit="as the feed says",
        formula="answer / 10^decimals; of Pyth price * 10^expo",
        dims="",
        source="Chainlink AggregatorV3Interface.latestRoundData; Pyth IPyth.getPriceUnsafe",
        bad="zero or negative",
        cannot_say="whether it is fresh: its age depends on when you ask",
    ),
)

CATALOGUE = {definition.name: definition for definition in DEFINITIONS}
