"""How much a pool takes, at which loss, and how much less than in balance."""

from __future__ import annotations

from watcher.math.definition import POOLS, Definition

MOVES = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1)
"""The steps of the ladder, as parts of the price."""
LOST_MOVE = 0.01
"""From the reference price, for lost_depth."""
BAND = 0.01
"""Of the logarithm of the price, for depth_imbalance."""
SLIPPAGES = (0.005, 0.01, 0.05)

_FLOATS = (
    "; float curves, within 1e-9 of exact quotes and a few smallest units, of CryptoSwap within "
    "1e-15 / gamma, where the contract takes the trade"
)

DEPTH_DEFINITIONS = (
    Definition(
        name="depth_ladder",
        kinds=POOLS,
        unit="token_in",
        formula="the largest gross input after which the fee-less spot is still (1 - move) of what "
        "it was, move 0.1, 0.5, 1, 2, 5, 10%; of several coins the coin out of which it is the "
        "least" + _FLOATS,
        dims="move, token_in",
        source="closed forms of constant, weighted and concentrated products; else a search on the "
        "curve",
        bad="down",
        cannot_say="how long the liquidity stays; what the trader pays: that is slippage",
    ),
    Definition(
        name="lost_depth_pair",
        kinds=POOLS,
        unit="fraction",
        formula="clip(1 - D(now) / D(balanced), 0, 1), D the largest gross input of token_in after "
        "which the spot against token_out is still 0.99 of the reference, 0 if below by then; "
        "balanced is the same pool moved along its own fee-free invariant to the reference: its "
        "own rates or price scale, else the market's prices" + _FLOATS,
        dims="token_in, token_out",
        source="DESIGN of this project: depth that imbalance has taken",
        bad="towards 1: who holds token_in cannot leave near the reference",
        cannot_say="anything beyond 1, which it soon reaches: read ln_spot_over_reference and "
        "depth_money beside it; nor that providers left, which takes from both alike",
    ),
    Definition(
        name="lost_depth",
        kinds=POOLS,
        unit="fraction",
        formula="max over ordered pairs of lost_depth_pair; unknown where a balanced pool has no "
        "depth",
        dims="",
        source="DESIGN of this project: depth that imbalance has taken",
        bad="towards 1",
        cannot_say="as lost_depth_pair; into which coin: lost_depth_pair says it",
    ),
    Definition(
        name="depth_imbalance",
        kinds=POOLS,
        unit="fraction",
        formula="(up - down) / (up + down): up the fee-free input of the other token that raises "
        "the spot of token 0 by e^0.01, down the fee-free input of token 0 that lowers it by "
        "e^-0.01, valued at the spot before",
        dims="",
        coin_dims="token",
        source="order-book imbalance in log bands: a constant product has exactly 0",
        bad="away from 0: below it, token 0 moves more easily up than down",
        cannot_say="whether the pool is off its reference; beyond the band, anything",
    ),
    Definition(
        name="size_within_slippage",
        kinds=POOLS,
        unit="token_in",
        formula="max q: out(q) >= (1 - slippage) * q * spot, fee included, slippage 0.5, 1, 5%; "
        "0 where the fee alone is more; of several coins the coin out of which it is the least"
        + _FLOATS,
        dims="slippage, token_in",
        source="the inverse of slippage, on the curve",
        bad="down",
        cannot_say="what other venues would pay; whether the spot is a fair price",
    ),
)
