"""How far a pool's holdings are from their target, in other figures than total variation."""

from __future__ import annotations

from watcher.math.definition import POOLS, RATED_POOLS, Definition

_OF = (
    "; s_i are value_share (basis value) or, where a pool may have rates of its own, "
    "invariant_share (basis invariant); w_i the pool's weights, 1/n of n coins where it has none"
)
_UNKNOWN_WORTH = "which coin it is: the shares say it; of basis invariant, what the coins are worth"

SHARE_DEFINITIONS = (
    Definition(
        name="invariant_share",
        kinds=RATED_POOLS,
        unit="fraction",
        formula="u_i / sum u, u_i = balance_i at the pool's own rate, or at its price scale; a "
        "metapool's base token at its virtual price; without a composable pool's own token",
        dims="token",
        source="share of the pool as its own invariant counts it",
        bad="away from 1/n",
        cannot_say="what the coins are worth: value_share says it, from prices elsewhere",
    ),
    Definition(
        name="share_divergence",
        kinds=POOLS,
        unit="natural logarithm",
        formula="sum s_i * ln(s_i / w_i), 0 for a side that is empty" + _OF,
        dims="basis",
        source="relative entropy: Kullback and Leibler (1951)",
        bad="up from 0, at most ln(1 / min w_i)",
        cannot_say=_UNKNOWN_WORTH,
    ),
    Definition(
        name="share_entropy",
        kinds=POOLS,
        unit="natural logarithm",
        formula="-sum s_i * ln(s_i), 0 for a side that is empty" + _OF,
        dims="basis",
        source="Shannon (1948); of a pool's balances: Cintra and Holloway, arXiv 2306.10612",
        bad="down from ln(n) to 0, all in one coin",
        cannot_say="anything of a target other than equal shares: share_divergence does; which "
        "coin it is",
    ),
    Definition(
        name="share_gini",
        kinds=POOLS,
        unit="fraction",
        formula="1/2 * sum over i, j of |s_i * w_j - s_j * w_i|; of equal weights the usual "
        "sum |s_i - s_j| / 2n" + _OF,
        dims="basis",
        source="Gini coefficient of s_i / w_i, each counted w_i times",
        bad="up from 0, at most 1 - min w_i",
        cannot_say=_UNKNOWN_WORTH,
    ),
    Definition(
        name="share_concentration",
        kinds=POOLS,
        unit="fraction",
        formula="sum s_i^2" + _OF,
        dims="basis",
        source="Herfindahl-Hirschman index; its inverse is the effective number of coins",
        bad="towards 1",
        cannot_say="anything of a target other than equal shares; which coin it is",
    ),
    Definition(
        name="largest_share",
        kinds=POOLS,
        unit="fraction",
        formula="max s_i" + _OF,
        dims="basis",
        source="concentration ratio of one",
        bad="towards 1",
        cannot_say="which coin it is: the shares say it; what it does to the price, which of an "
        "amplified pool the amplification decides",
    ),
    Definition(
        name="share_ratio",
        kinds=POOLS,
        unit="ratio",
        formula="max (s_i / w_i) / min (s_i / w_i)" + _OF,
        dims="basis",
        source="how many times the fullest side is the emptiest",
        bad="up from 1; unknown where a side is empty",
        cannot_say="how the coins between stand",
    ),
)
