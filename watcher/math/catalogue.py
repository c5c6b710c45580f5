"""What each measure is: the definitions behind `watcher measure` and docs/measures.md."""

from __future__ import annotations

from watcher.math.claim_definitions import CLAIM_DEFINITIONS
from watcher.math.definition import (
    COIN_POOLS,
    FEED,
    HOLDINGS,
    LENDING,
    LOCKBOX,
    MORPHO,
    PAIR_ORACLE,
    PEG,
    POOL,
    POOLS,
    PYTH,
    RATE,
    RATED_POOLS,
    SET,
    TICK_ORACLE,
    TICK_POOL,
    VAULT,
    YEARN,
    Definition,
)
from watcher.math.depth_definitions import DEPTH_DEFINITIONS
from watcher.math.lending_definitions import LENDING_DEFINITIONS
from watcher.math.share_definitions import SHARE_DEFINITIONS
from watcher.math.vault_definitions import VAULT_DEFINITIONS

__all__ = [
    "CATALOGUE",
    "COIN_POOLS",
    "DEFINITIONS",
    "FEED",
    "HOLDINGS",
    "LENDING",
    "LOCKBOX",
    "MORPHO",
    "PAIR_ORACLE",
    "PEG",
    "POOL",
    "POOLS",
    "PYTH",
    "RATE",
    "RATED_POOLS",
    "SET",
    "TICK_ORACLE",
    "TICK_POOL",
    "VAULT",
    "YEARN",
    "Definition",
]

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
        kinds=(*POOLS, SET),
        unit="fraction",
        formula="v_i / sum v, v_i = reserve_i in whole tokens * p_i; with ticks the "
        "balances, fees that wait included; p_i is the market's of each kind of pool; of an index "
        "token the total units of each component, less what it owes",
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
        kinds=(*POOLS, SET),
        unit="fraction",
        formula="(1/2 * sum |value_share_i - w_i|) / (1 - min w_i), w_i the pool's weights, 1/n of "
        "n coins where it has none; of an index token those that are configured",
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
        "out is walked over them; of several coins on the curve, the worst coin out",
        dims="token_in, size (unit of account)",
        source="constant product, in each range of ticks; up to one smallest unit of the output",
        bad="up",
        cannot_say="the fee's part: slippage has it",
        version=2,
    ),
    Definition(
        name="slippage",
        kinds=POOLS,
        unit="fraction",
        formula="1 - (out/q) / spot = 1 - gamma / (1 + gamma*u), gamma = 1 - fee; with ticks "
        "gamma*q is walked over them; of several coins on the curve, the worst coin out",
        dims="token_in, size (unit of account)",
        source="constant product, in each range of ticks; up to one smallest unit of the output",
        bad="up",
        cannot_say="what other venues would pay",
        version=2,
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
        version=2,
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
        version=2,
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
        version=2,
    ),
    Definition(
        name="arbitrage_value",
        kinds=POOLS,
        unit="unit of account",
        formula="max over x of out(x)*p_out - x*p_in, both directions; exact integers, of several "
        "coins floats",
        dims="",
        source="closed form: fee*x + R_in = sqrt(fee*R_in*R_out*p_out/p_in); with ticks the swap "
        "that ends at p_out/p_in but for the fee; of several coins the best pair, by golden "
        "section",
        bad="up: what the pool's holders stand to lose to the next arbitrageur",
        cannot_say="gas, and whether the reference price can be traded at",
        version=2,
    ),
    *VAULT_DEFINITIONS,
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
        name="feed_price",
        kinds=(FEED, PYTH),
        unit="as the feed says",
        formula="answer / 10^decimals; of Pyth price * 10^expo",
        dims="",
        source="Chainlink AggregatorV3Interface.latestRoundData; Pyth IPyth.getPriceUnsafe",
        bad="zero or negative",
        cannot_say="whether it is fresh: its age depends on when you ask",
    ),
    *LENDING_DEFINITIONS,
    *CLAIM_DEFINITIONS,
    *SHARE_DEFINITIONS,
    *DEPTH_DEFINITIONS,
)

CATALOGUE = {definition.name: definition for definition in DEFINITIONS}
