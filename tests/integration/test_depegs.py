"""The shipped presets on two real depegs that none of their thresholds was fitted to.

The series have one reading a day. Each is taken to have held for the twenty minutes after it, since
a rule's duration cannot be told from a single look: what the pool did between is not in the data.
"""

from __future__ import annotations

import csv
import json
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from watcher.alerts import presets
from watcher.alerts.rule import Rule
from watcher.backtest.firing import Tried, tried
from watcher.config.rules import preset_rule
from watcher.math.measures import measure
from watcher.math.settings import PriceSource, Settings
from watcher.math.subject import SELF, assemble
from watcher.state import Block, Observation, StableSwap, Status, Target, Token, to_address
from watcher.state.stableswap import StableSwapVariant
from watcher.store.replay import Replayed

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "depegs"
HELD = 20 * 60
CHAIN = 1
Reading = tuple[int, tuple[int, ...], int]
"""Time, balances in smallest units, A."""


def token(number: int, decimals: int, symbol: str) -> Token:
    return Token(to_address(f"0x{number:040x}"), decimals, symbol)


DAI, USDC, USDT = token(1, 18, "DAI"), token(2, 6, "USDC"), token(3, 6, "USDT")
ETH, STETH = token(4, 18, "ETH"), token(5, 18, "stETH")


def amplification(name: str, scale: int) -> Callable[[int], int]:
    """A at a second, on the pool's own ramps; `scale` is what the file multiplies it by."""
    found = json.loads((DATA / f"A_{name}.json").read_text())
    ramps = sorted(zip(found["ts0"], found["ts1"], found["A_old"], found["A_new"], strict=True))
    begins = [ramp[0] for ramp in ramps]

    def at(second: int) -> int:
        begin, end, old, new = ramps[max(bisect_right(begins, second) - 1, 0)]
        if second <= begin:
            return int(old) // scale
        if second >= end:
            return int(new) // scale
        return int(old + (new - old) * (second - begin) // (end - begin)) // scale

    return at


def rows(name: str) -> list[dict[str, str]]:
    path = DATA / f"pool_{name}.csv"
    if not path.is_file():
        pytest.skip("no ../shared/data/depegs")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def three_pool() -> list[Reading]:
    name = "curve_3Pool_DAI-USDC-USDT"
    found = {
        int(row["UNIX TimeStamp"]): (
            int(row["DAI Balance"]),
            int(row["USDC Balance"]),
            int(row[" USDT Balance"] if " USDT Balance" in row else row["USDT Balance"]),
        )
        for row in rows(name)
    }
    at = amplification(name, 1)
    return [(second, found[second], at(second)) for second in sorted(found)]


def steth_pool() -> list[Reading]:
    name = "curve_sETH-ETH"
    found = {
        int(datetime.fromisoformat(row["time"]).timestamp()): tuple(
            int(float(row[key]) * 1e6) * 10**12 for key in ("eth_pool", "steth_pool")
        )
        for row in rows(name)
    }
    at = amplification(name, 100)
    return [(second, found[second], at(second)) for second in sorted(found)]


def pool(
    variant: StableSwapVariant, balances: tuple[int, ...], A: int, target: Target
) -> StableSwap:
    decimals = tuple(coin.decimals for coin in target.tokens)
    return StableSwap(
        variant=variant,
        balances=balances,
        rates=tuple(10 ** (36 - one) for one in decimals),
        amplification=A,
        amplification_precision=1,
        fee=1_000_000 if variant == "three_pool" else 4_000_000,
        admin_fee=5_000_000_000,
        offpeg_fee_multiplier=0,
        withdraw_fee=0,
        total_supply=sum(balances[:1]) * len(balances),
        decimals=decimals,
        underlying_decimals=(),
    )


def played(
    target: Target, variant: StableSwapVariant, readings: list[Reading], dollars: float
) -> Iterator[Replayed]:
    """Each reading, and once more at the end of the time for which it is taken to have held."""
    prices = tuple(
        PriceSource(CHAIN, coin.address, "fixed", value=dollars) for coin in target.tokens
    )
    settings = Settings("USD", (1_000.0,), prices)
    subjects = []
    for second, balances, A in readings:
        seen = Observation(target.id, Status.OK, pool(variant, balances, A, target))
        subjects.append(assemble(target, {SELF: seen}, timestamp=second, settings=settings))
    for day, figures in enumerate(measure(subjects, settings)):
        second = readings[day][0]
        for number, timestamp in ((2 * day, second), (2 * day + 1, second + HELD)):
            parent = f"0x{number - 1 if number else 0:064x}"
            block = Block(CHAIN, number, f"0x{number:064x}", parent, timestamp)
            yield Replayed(block, {}, {target.id: figures})


def fired(found: Tried) -> dict[str, list[str]]:
    """By rule, the days on which it fired."""
    days: dict[str, list[str]] = {}
    for one in found.firings:
        day = datetime.fromtimestamp(one.fired.timestamp, UTC).date().isoformat()
        days.setdefault(one.rule, []).append(day)
    return days


def shipped() -> list[Rule]:
    return [preset_rule(name, ()) for name in presets.names() if not presets.why_off(name)]


def test_3pool_on_the_12th_of_may_2022_and_on_which_other_days() -> None:
    target = Target(
        CHAIN,
        "curve_stableswap",
        to_address("0x" + "3b" * 20),
        "stableswap",
        tokens=(DAI, USDC, USDT),
        share=token(6, 18, "3Crv"),
        name="3pool",
    )
    found = tried(shipped(), [target], played(target, "three_pool", three_pool(), 1.0), unit="USD")
    assert found is not None
    assert fired(found) == {"deep-discount": ["2022-05-12"]}


def test_steth_in_june_2022_and_on_which_other_days() -> None:
    """ETH at 1,500 dollars: only money figures depend on it."""
    target = Target(
        CHAIN,
        "curve_stableswap",
        to_address("0x" + "5e" * 20),
        "stableswap",
        tokens=(ETH, STETH),
        share=token(7, 18, "steCRV"),
        name="stETH/ETH",
    )
    found = tried(shipped(), [target], played(target, "steth", steth_pool(), 1_500.0), unit="USD")
    assert found is not None
    young, deep = ["2021-01-06", "2021-01-08"], ["2021-01-18", "2021-02-27", "2022-05-21"]
    deep.append("2022-06-09")
    assert fired(found) == {"discount-with-thin-depth": young, "deep-discount": deep}
    market = {row["time"][:10]: float(row["price_to_eth"]) for row in rows("curve_sETH-ETH")}
    assert all(market[day] < -0.6 for day in (*young, *deep)), "another source sees a discount too"
