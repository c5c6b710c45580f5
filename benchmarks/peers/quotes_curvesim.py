"""curvesim: its Newton loops run on gmpy2's integers, which are compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curvesim.pool.cryptoswap.pool import CurveCryptoPool  # type: ignore[import-not-found]
from curvesim.pool.stableswap.pool import CurvePool  # type: ignore[import-not-found]

from benchmarks.peers.quoter import Maker, Quote


def stableswap(data: Mapping[str, Any]) -> Quote:
    """It has no view: the exchange is made, and its balances are put back."""
    balances = list(data["balances"])
    pool = CurvePool(data["A"], balances, len(balances), rates=list(data["rates"]), fee=data["fee"])

    def quote(amount: int) -> int:
        pool.balances = list(balances)
        return int(pool.exchange(0, 1, amount)[0])

    return quote


def cryptoswap(data: Mapping[str, Any]) -> Quote:
    mid_fee, out_fee, fee_gamma = data["fees"]
    pool = CurveCryptoPool(
        A=data["A"],
        gamma=data["gamma"],
        n=len(data["balances"]),
        precisions=list(data["precisions"]),
        mid_fee=mid_fee,
        out_fee=out_fee,
        allowed_extra_profit=2 * 10**12,
        fee_gamma=fee_gamma,
        adjustment_step=146 * 10**12,
        ma_half_time=600,
        price_scale=list(data["price_scale"]),
        balances=list(data["balances"]),
        D=data["D"],
        tokens=data["tokens"],
    )
    return lambda amount: int(pool.get_dy(0, 1, amount))


QUOTES: dict[str, Maker] = {
    "stableswap": stableswap,
    "twocrypto": cryptoswap,
    "tricrypto_ng": cryptoswap,
}
