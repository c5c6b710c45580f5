"""Reports of snapshots made by hand, and the 3pool of ../shared/data."""

from __future__ import annotations

import csv
import json
from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.report.document import Cite, Report
from watcher.report.material import History, Material
from watcher.report.notes import NO_NOTES, Notes
from watcher.state import Block, Price, Snapshot, StableSwap, Target, Token
from watcher.state.token import to_address

DEPEGS = Path(__file__).parents[3] / "shared" / "data" / "depegs"
NO_DEPEGS = "no ../shared/data/depegs"
SETTINGS = Settings(unit="USD", sizes=(1_000.0, 100_000.0), prices=())
COINS = (
    Token(to_address("0x6b175474e89094c44da98b954eedeac495271d0f"), 18, "DAI"),
    Token(to_address("0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"), 6, "USDC"),
    Token(to_address("0xdac17f958d2ee523a2206206994597c13d831ec7"), 6, "USDT"),
)
THREE_POOL = Target(
    1,
    "curve_stableswap",
    to_address("0xbEbc44782C7dB0a1A60Cb6fe97d0b483032FF1C7"),
    "stableswap",
    tokens=COINS,
    share=Token(to_address("0x6c3f90f043a72fa612cbac8115ee7e52bde6e490"), 18, "3Crv"),
    params={"variant": "three_pool"},
    name="Curve 3pool",
)


def block_at(timestamp: int, number: int = 14_759_000) -> Block:
    return Block(1, number, "0x" + "ab" * 32, "0x" + "cd" * 32, timestamp)


def material_of(
    subject: Subject,
    *,
    block: Block | None = None,
    history: History | None = None,
    notes: Notes = NO_NOTES,
) -> Material:
    """Of a subject that was read; its prices are the snapshot's."""
    assert subject.state is not None
    at = block or Block(
        subject.target.chain_id, 7, "0x" + "ab" * 32, "0x" + "cd" * 32, 1_700_000_000
    )
    prices = tuple(subject.prices.values())
    snapshot = Snapshot(at, subject.target, subject.state, prices)
    return Material(snapshot, subject, SETTINGS, history, notes)


def three_pool(day: str, *, priced: bool = True) -> Snapshot:
    """The sample of that day with A by its ramp; LP tokens as D over the virtual price."""
    text = (DEPEGS / "pool_curve_3Pool_DAI-USDC-USDT.csv").read_text()
    for row in csv.DictReader(text.splitlines()):
        found = {(name or "").strip(): text for name, text in row.items()}
        at = int(found["UNIX TimeStamp"])
        if f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}" == day:
            break
    else:
        raise KeyError(day)
    state = StableSwap(
        variant="three_pool",
        balances=tuple(int(found[f"{coin.symbol} Balance"]) for coin in COINS),
        rates=(10**18, 10**30, 10**30),
        amplification=_amplification(at),
        amplification_precision=1,
        fee=1_000_000,
        admin_fee=5 * 10**9,
        offpeg_fee_multiplier=0,
        withdraw_fee=0,
        total_supply=0,
        decimals=(18, 6, 6),
        underlying_decimals=(),
    )
    par = sum(b * r // 10**18 for b, r in zip(state.balances, state.rates, strict=True))
    state = replace(state, total_supply=par * 10**18 // int(found["Virtual Price"]))
    prices = tuple(Price(coin.address, 1.0, "fixed") for coin in COINS) if priced else None
    return Snapshot(block_at(at), THREE_POOL, state, prices)


def _amplification(at: int) -> int:
    ramps = json.loads((DEPEGS / "A_curve_3Pool_DAI-USDC-USDT.json").read_text())
    place = bisect_right(ramps["ts0"], at) - 1
    begin, end = ramps["ts0"][place], ramps["ts1"][place]
    old, new = ramps["A_old"][place], ramps["A_new"][place]
    return int(new if at >= end else old + (new - old) * (at - begin) // (end - begin))


def problems_of(report: Report) -> list[str]:
    """What no report may have: a figure cited that has no row, an empty section, an unknown figure
    without its reason."""
    known = {fact.id for fact in report.facts}
    found = [
        f"{part.id} is cited and has no row"
        for text in report.texts()
        for part in text
        if isinstance(part, Cite) and part.id and part.id not in known
    ]
    found += [f"section {each.title} is empty" for each in report.sections if not each.blocks]
    found += [
        f"{fact.id} has no reason" for fact in report.facts if not fact.known | bool(fact.reason)
    ]
    found += [f"{part.name} says nothing" for part in report.parts if not part.found]
    if len(report.five) != 5:
        found.append(f"there are {len(report.five)} figures on page 1")
    return found
