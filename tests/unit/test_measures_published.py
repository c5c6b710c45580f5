"""Figures that others have published, or that follow from a formula, as the measures give them."""

from __future__ import annotations

import csv
import json
import math
from bisect import bisect_right
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from tests.support.strategies import fixed, pool, stable, subject_of, target_of
from watcher.math.coin_pools import coin_pool
from watcher.math.curves.build import curves_of
from watcher.math.curves.stable import StableCurve
from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.state import StableSwap, State

DEPEGS = Path(__file__).parents[3] / "shared" / "data" / "depegs"
E18 = 10**18
SETTINGS = Settings(unit="USD", sizes=(1_000.0,), prices=())


def figures(state: State, *prices: float) -> dict[tuple[str, ...], float]:
    """Each value by its name followed by the values of its dims, a coin as its place."""
    subject = subject_of(state)
    tokens = [token.address for token in subject.target.tokens]
    known = {token: fixed(token, price) for token, price in zip(tokens, prices, strict=True)}
    (found,) = measure([replace(subject, prices=known)], SETTINGS)
    places: dict[str, str] = {token: str(place) for place, token in enumerate(tokens)}
    return {(m.name, *(places.get(v, v) for _, v in m.dims)): m.value for m in found}


def shared(share: float, A: int, *, fee: int = 0) -> StableSwap:
    """A pool of two coins that holds a million."""
    first = round(share * 10**6)
    return stable((first * E18, (10**6 - first) * E18), A=A, fee=fee)


@pytest.mark.parametrize(
    ("millions", "price"),
    [((267, 57, 56), 0.99788), ((74.35, 12.91, 12.74), 0.99673), ((86, 7, 7), 0.98127)],
)
def test_the_price_that_shares_of_3pool_mean(millions: tuple[float, ...], price: float) -> None:
    """The large coin against the smallest. The press had 0.997 for the second."""
    state = stable(
        tuple(round(each * 10**6) * E18 for each in millions), variant="three_pool", A=2000
    )
    assert figures(state, 1.0, 1.0, 1.0)["spot_price", "2"] == pytest.approx(price, abs=5e-6)


def test_3pool_in_the_morning_of_the_12th_of_may_2022() -> None:
    """USDT, DAI, USDC with the A of that day; what selling USDT for USDC averaged (press: 0.96)."""
    millions = (1839.995, 100.984, 100.249)
    state = stable(
        tuple(round(each * 1_000) * 1_000 * E18 for each in millions),
        variant="three_pool",
        A=5000,
        fee=1_000_000,
    )
    found = figures(state, 1.0, 1.0, 1.0)
    assert found["invariant_share", "0"] == pytest.approx(0.90142, abs=5e-6)
    assert found["largest_share", "invariant"] == found["invariant_share", "0"]
    assert found["spot_price", "2"] == pytest.approx(0.97887, abs=5e-6)
    assert found["ln_spot_over_reference", "2"] == pytest.approx(math.log(0.97887), abs=1e-5)
    curve = curve_of(state).facing(0, 2)
    for sold, average in ((1e6, 0.97857), (1e7, 0.97654), (5e7, 0.96011)):
        assert float(curve.out(np.array([sold]))[0]) / sold == pytest.approx(average, abs=5e-6)


def test_steth_at_a_discount_of_six_percent() -> None:
    state = stable((491_000 * E18, 111_300 * E18), A=50)
    assert figures(state, 1.0, 1.0)["spot_price", "1"] == pytest.approx(0.93738, abs=5e-6)


@pytest.mark.parametrize(
    ("share", "A", "price", "sale", "lost"),
    [
        (0.55, 30, 0.9934, 6.7, 0.669),
        (0.55, 200, 0.9990, 22.5, 0.189),
        (0.55, 2000, 0.9999, 37.3, 0.118),
        (0.90, 30, 0.734, 0.26, 1.0),
        (0.90, 200, 0.943, 0.83, 1.0),
        (0.90, 2000, 0.994, 3.9, 0.948),
    ],
)
def test_what_a_share_alone_cannot_tell(
    share: float, A: int, price: float, sale: float, lost: float
) -> None:
    """The same share is a price, a sale that moves it by 1% (in percent of the pool) and a depth
    lost that the amplification decides."""
    found = figures(shared(share, A), 1.0, 1.0)
    assert found["invariant_share", "0"] == pytest.approx(share, abs=1e-9)
    decimals = 4 if share < 0.6 else 3
    assert found["spot_price", "1"] == pytest.approx(price, abs=0.5001 * 10**-decimals)
    off = 0.005001 if sale < 1 else 0.05001
    assert found["depth_ladder", "0.01", "0"] / 10**4 == pytest.approx(sale, abs=off)
    assert found["lost_depth",] == pytest.approx(lost, abs=5.1e-4)
    assert found["lost_depth",] == found["lost_depth_pair", "0", "1"]


def test_a_depegged_coin_fills_the_pool_and_is_worth_half_of_it() -> None:
    found = figures(shared(0.95, 100), 5 / 95, 1.0)
    assert found["spot_price", "1"] == pytest.approx(0.68609, abs=5e-6)
    assert found["disparity_invariant",] == pytest.approx(0.9, abs=1e-9)
    assert found["disparity_value",] == pytest.approx(0, abs=1e-9)
    assert found["share_divergence", "value"] == pytest.approx(0, abs=1e-12)
    assert found["share_entropy", "value"] == pytest.approx(math.log(2), abs=1e-12)
    assert found["share_ratio", "invariant"] == pytest.approx(19, rel=1e-12)


def test_depth_of_a_thousand_and_a_thousand() -> None:
    """Gross, the fee kept in the reserves."""
    found = figures(pool(1_000 * E18, 1_000 * E18), 1.0, 1.0)
    assert found["depth_ladder", "0.01", "0"] == pytest.approx(5.04538, abs=5e-6)
    assert found["depth_ladder", "0.01", "1"] == pytest.approx(5.04538, abs=5e-6)
    assert found["depth_imbalance",] == 0
    assert found["lost_depth",] == 0


@pytest.mark.skipif(not DEPEGS.is_dir(), reason="no ../shared/data/depegs")
def test_steth_over_370_days() -> None:
    """The pool's spot after its 0.04% fee against the market's discount, A by its ramp: within 0.04
    percentage points in the median."""
    ramps = json.loads((DEPEGS / "A_curve_sETH-ETH.json").read_text())
    off = []
    for row in csv.DictReader((DEPEGS / "pool_curve_sETH-ETH.csv").read_text().splitlines()):
        day = datetime.fromisoformat(row["time"])
        if not "2021-05-02" <= f"{day:%Y-%m-%d}" <= "2022-05-06":
            continue
        held = tuple(int(float(row[name]) * 10**18) for name in ("steth_pool", "eth_pool"))
        state = replace(
            stable(held, variant="steth", A=1, fee=4_000_000),
            amplification=amplification(ramps, int(day.timestamp())),
            amplification_precision=100,
        )
        spot = figures(state, 1.0, 1.0)["spot_price", "1"]
        off.append(100 * (spot * (1 - 0.0004) - 1) - float(row["price_to_eth"]))
    assert len(off) == 370
    assert abs(median(off)) <= 0.04


def amplification(ramps: dict[str, list[int]], timestamp: int) -> int:
    """A times 100."""
    at = bisect_right(ramps["ts0"], timestamp) - 1
    begin, end = ramps["ts0"][at], ramps["ts1"][at]
    old, new = ramps["A_old"][at], ramps["A_new"][at]
    if timestamp >= end:
        return new
    return old + (new - old) * (timestamp - begin) // (end - begin)


def curve_of(state: StableSwap) -> StableCurve:
    ([curves], _) = curves_of([coin_pool(target_of(state), state)])
    assert isinstance(curves.curve, StableCurve)
    return curves.curve
