"""Charts that are lines of measures without dims: of which, and how to read them, by kind."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.math.catalogue import (
    FEED,
    HOLDINGS,
    LENDING,
    LOCKBOX,
    MORPHO,
    PAIR_ORACLE,
    PEG,
    PYTH,
    RATE,
    SET,
    TICK_ORACLE,
    VAULT,
    YEARN,
)


@dataclass(frozen=True, slots=True)
class Simple:
    """A chart of measures that have no dims: `lines` are names and labels."""

    id: str
    title: str
    say: str
    lines: tuple[tuple[str, str], ...]
    format: str = "number"
    ticks: str = ""
    reference: tuple[float, str] | None = None
    yardstick: str = ""


_SOLVENCY = Simple(
    "solvency",
    "Solvency at reference",
    "What it holds over what it owes; under 100% something is missing.",
    (("solvency_reference", "solvency"),),
    "percent",
    "percent",
    (1.0, "all is there"),
)
_MEANS = (
    Simple(
        "mean",
        "Mean over time and reference",
        "The pool's own mean price over its window, and what the configured sources say.",
        (("time_weighted_price", "mean"), ("reference_price", "reference")),
        "price",
        yardstick="reference_price",
    ),
)
_FEEDS = (
    Simple(
        "answer",
        "Answer",
        "What the feed says, at each block.",
        (("feed_price", "answer"),),
        "price",
    ),
)
_LENT = (
    Simple(
        "utilization",
        "Utilization",
        "What is borrowed of what is supplied; near 100% nobody can leave.",
        (("utilization", "utilization"),),
        "percent1",
        "percent0",
        (1.0, ""),
    ),
    Simple(
        "supply",
        "Supplied, owed and withdrawable",
        "Whole tokens of the coin that is lent.",
        (("total_supplied", "supplied"), ("total_debt", "owed"), ("withdrawable", "withdrawable")),
        "amount",
        "axis_amount",
    ),
    Simple(
        "rates",
        "Interest",
        "A year, at each block.",
        (("borrow_rate", "borrow"), ("supply_rate", "supply")),
        "percent",
        "percent1",
    ),
    Simple(
        "health",
        "Weakest account",
        "What it may owe over what it owes; under 1 it is liquidated. Named accounts only.",
        (("weakest_health", "health"),),
        "number",
        "number",
        (1.0, "liquidation"),
    ),
)
_VAULTS = (
    Simple(
        "share",
        "Price per share",
        "What one share redeems for, in the asset.",
        (("price_per_share", "per share"),),
        "price",
    ),
    Simple(
        "atonce",
        "Withdrawable now",
        "Whole tokens of the asset at hand.",
        (("withdrawable", "withdrawable"),),
        "amount",
        "axis_amount",
    ),
    Simple(
        "idle",
        "Idle and placed",
        "Parts of the assets.",
        (("vault_utilization", "placed"), ("idle_share", "idle")),
        "percent1",
        "percent0",
    ),
)
SIMPLE: dict[str, tuple[Simple, ...]] = {
    VAULT: _VAULTS,
    YEARN: _VAULTS,
    **dict.fromkeys(LENDING, _LENT),
    MORPHO: (
        *_LENT[:2],
        Simple(
            "rates",
            "Interest",
            "A year, at each block.",
            (("borrow_rate", "borrow"),),
            "percent",
            "percent1",
        ),
        _LENT[3],
    ),
    HOLDINGS: (
        Simple(
            "value",
            "Value",
            "At reference prices.",
            (("holdings_value", "value"),),
            "money",
            "axis_money",
        ),
    ),
    SET: (
        _SOLVENCY,
        Simple(
            "nav",
            "Value of one share",
            "At reference prices, and as its valuer says.",
            (("nav_per_share", "value"), ("own_valuation", "valuer")),
            "price",
            yardstick="own_valuation",
        ),
    ),
    LOCKBOX: (_SOLVENCY,),
    PEG: (
        _SOLVENCY,
        Simple(
            "cap",
            "Cap used",
            "Of what it may mint.",
            (("cap_used", "used"),),
            "percent1",
            "percent0",
            (1.0, "cap"),
        ),
    ),
    RATE: (
        Simple(
            "rate",
            "Redemption rate",
            "What the contract pays for one.",
            (("redemption_rate", "rate"),),
            "price",
        ),
    ),
    TICK_ORACLE: _MEANS,
    PAIR_ORACLE: _MEANS,
    FEED: _FEEDS,
    PYTH: _FEEDS,
}
