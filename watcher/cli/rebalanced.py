"""What `watcher rebalance` says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from watcher.cli.measured import heading
from watcher.cli.options import Format
from watcher.cli.output import Row, figure, note, print_json, print_rows, print_text
from watcher.cli.phrases import duration, grouped, money, percent, price, symbols, whole_amount
from watcher.cli.plots import Line, Plot
from watcher.errors import InputError
from watcher.math.bridge import Floats
from watcher.math.exploitability.trading import Market
from watcher.math.rebalancing.band import Band
from watcher.math.rebalancing.consequences import (
    consequences,
    equal_weights,
    risk_parity,
    tracking_error,
)
from watcher.math.rebalancing.plan import Leg, Outcome, Rebalancing, Trade, rebalance
from watcher.math.rebalancing.stepwise import Stepwise
from watcher.state.snapshot import Snapshot

ASSETS = ("asset", "held", "price", "target", "off_before", "off_after")
LEGS = ("pool", "sell", "amount_in", "buy", "amount_out", "cost", "fee", "impact")
OUTCOMES = ("plan", "legs", "cost", "risk", "cost_and_risk", "tracking_error", "still_off")
BANDS = ("above", "below", "first_unit_loses", "pays_from")
MEANING = (
    "weights",
    "of_each",
    "volatility",
    "diversification",
    "effective_assets",
    "risk_from",
    "error_to_it",
)
STEPS = ("step", "after", "traded", "cost", "risk", "still_off")
SENSED = tuple(10.0 ** (k / 2) for k in range(-4, 5))
"""Of lambda: the points of the plot."""


@dataclass(frozen=True, slots=True)
class Told:
    """`stepwise` is None where one step was asked for; `seconds` are between two."""

    snapshot: Snapshot
    unit: str
    found: Rebalancing
    bands: tuple[Band, ...]
    stepwise: Stepwise | None
    seconds: int

    @property
    def names(self) -> list[str]:
        named = symbols(self.snapshot.target)
        return [named[asset.token.address] for asset in self.found.basket.assets]


def print_rebalancing(told: Told, *, format_: Format) -> None:
    """As CSV the legs alone."""
    if format_ is Format.JSON:
        print_json(_document(told))
        return
    if format_ is Format.CSV:
        print_rows([_plain_leg(*each) for each in _legs(told.found.best)], LEGS, format_=format_)
        return
    print_text(heading(told.snapshot))
    print_rows(list(_assets(told)), ASSETS, format_=format_)
    print_text()
    legs = [_leg(told, *each) for each in _legs(told.found.best)]
    if legs:
        print_rows(legs, LEGS, format_=format_)
    else:
        print_text("no trade pays: the basket is within its no-trade band")
    print_text()
    print_rows([_outcome(told, *each) for each in _outcomes(told.found)], OUTCOMES, format_=format_)
    print_text()
    print_rows(_meaning_rows(told), MEANING, format_=format_)
    if told.bands:
        print_text()
        print_rows([_band(told, band) for band in told.bands], BANDS, format_=format_)
    if told.stepwise is not None and told.stepwise.legs:
        print_text()
        print_rows(list(_steps(told, told.stepwise)), STEPS, format_=format_)
        note(
            f"spread over its steps the cost and the risk of a year are estimated at "
            f"{money(told.stepwise.objective, told.unit)}: they rest on the recovery"
        )
    note(
        "Computed from the state of the pools at the block: nothing was executed. cost is at the "
        "reference prices and is the fee and the impact; risk is lambda times a year's variance."
    )


def frontier(told: Told, markets: Sequence[Market]) -> Plot:
    """What is left of the tracking error over what it costs, as lambda grows. Raises InputError
    where fewer than two of its plans cost anything."""
    basket, points = told.found.basket, dict[float, float]()
    for factor in SENSED:
        sensed = replace(basket, aversion=basket.aversion * factor)
        best = rebalance(sensed, markets).best
        if best.cost > 0:
            points[best.cost / basket.value] = best.tracking_error
    if len(points) < 2:
        raise InputError("there is nothing to draw: hardly any plan trades; give a larger --lambda")
    return Plot(
        title=f"{told.snapshot.target.label} at block {told.snapshot.block.number:,}",
        x_axis="cost as a part of the basket",
        y_axis="tracking error of a year that is left",
        lines=[Line("the best plans, lambda from 1/100 to 100 times", sorted(points.items()))],
    )


def _outcomes(found: Rebalancing) -> list[tuple[str, Outcome]]:
    return [
        ("nothing", found.nothing),
        ("best", found.best),
        ("all the way", found.all_the_way),
    ]


def _legs(outcome: Outcome) -> Iterator[tuple[Trade, Leg]]:
    for trade in outcome.trades:
        for leg in trade.legs:
            yield trade, leg


def _still_off(outcome: Outcome) -> float:
    """Total variation: the part of the value that is in the wrong asset."""
    return float(abs(outcome.deviation).sum() / 2)


def _assets(told: Told) -> Iterator[Row]:
    found = told.found
    for place, (name, asset) in enumerate(zip(told.names, found.basket.assets, strict=True)):
        yield {
            "asset": name,
            "held": grouped(whole_amount(asset.amount, asset.token.decimals)),
            "price": price(asset.price),
            "target": percent(asset.weight),
            "off_before": percent(float(found.nothing.deviation[place])),
            "off_after": percent(float(found.best.deviation[place])),
        }


def _leg(told: Told, trade: Trade, leg: Leg) -> Row:
    tokens = {token.address: token for token in leg.target.tokens}
    named = symbols(leg.target)
    last = leg is trade.legs[-1]
    return {
        "pool": leg.target.label,
        "sell": named[leg.token_in],
        "amount_in": grouped(whole_amount(leg.amount_in, tokens[leg.token_in].decimals)),
        "buy": named[leg.token_out],
        "amount_out": grouped(whole_amount(leg.amount_out, tokens[leg.token_out].decimals)),
        # of a route the whole is known, since what it goes through may have no price
        "cost": money(trade.cost, told.unit) if last else "",
        "fee": money(trade.fee, told.unit) if last else "",
        "impact": money(trade.impact, told.unit) if last else "",
    }


def _plain_leg(trade: Trade, leg: Leg) -> Row:
    last = leg is trade.legs[-1]
    return {
        "pool": leg.target.id,
        "sell": leg.token_in,
        "amount_in": str(leg.amount_in),
        "buy": leg.token_out,
        "amount_out": str(leg.amount_out),
        "cost": trade.cost if last else None,
        "fee": trade.fee if last else None,
        "impact": trade.impact if last else None,
    }


def _outcome(told: Told, name: str, outcome: Outcome) -> Row:
    return {
        "plan": name,
        "legs": len(list(_legs(outcome))),
        "cost": money(outcome.cost, told.unit),
        "risk": money(outcome.risk, told.unit),
        "cost_and_risk": money(outcome.objective, told.unit),
        "tracking_error": percent(outcome.tracking_error),
        "still_off": percent(_still_off(outcome)),
    }


def _band(told: Told, band: Band) -> Row:
    return {
        "above": told.names[band.sold],
        "below": told.names[band.bought],
        "first_unit_loses": percent(band.loss),
        "pays_from": percent(band.width),
    }


def _weights(told: Told) -> dict[str, Floats]:
    """What the basket is, and what it is held against."""
    basket = told.found.basket
    aimed = np.array([asset.weight for asset in basket.assets])
    return {
        "as it is": aimed + told.found.nothing.deviation,
        "as it is to be": aimed,
        "1/n": equal_weights(basket.covariance),
        "risk parity": risk_parity(basket.covariance),
    }


def _meaning(told: Told) -> Iterator[dict[str, Any]]:
    weights, sigma = _weights(told), told.found.basket.covariance
    for name, one in weights.items():
        found = consequences(one, sigma)
        yield {
            "weights": name,
            "of_each": one.tolist(),
            "volatility": found.volatility,
            "diversification_ratio": found.diversification_ratio,
            "effective_assets": found.effective_assets,
            "risk_contributions": found.risk_contributions.tolist(),
            "tracking_error": tracking_error(weights["as it is"], one, sigma),
        }


def _meaning_rows(told: Told) -> list[Row]:
    def each(parts: list[float]) -> str:
        pairs = zip(told.names, parts, strict=True)
        return ", ".join(f"{name} {percent(part)}" for name, part in pairs)

    return [
        {
            "weights": row["weights"],
            "of_each": each(row["of_each"]),
            "volatility": percent(row["volatility"]),
            "diversification": figure(row["diversification_ratio"]),
            "effective_assets": figure(row["effective_assets"]),
            "risk_from": each(row["risk_contributions"]),
            "error_to_it": percent(row["tracking_error"]),
        }
        for row in _meaning(told)
        if not math.isnan(row["volatility"])
    ]


def _steps(told: Told, plan: Stepwise) -> Iterator[Row]:
    for number, step in enumerate(plan.steps):
        traded = [
            f"{money(float(size), told.unit)} {told.names[leg.sold]} for {told.names[leg.bought]}"
            for leg, size in zip(plan.legs, step.sizes, strict=True)
            if size > 0
        ]
        yield {
            "step": number + 1,
            "after": duration(number * told.seconds),
            "traded": ", ".join(traded) or "nothing",
            "cost": money(step.cost, told.unit),
            "risk": money(step.risk, told.unit),
            "still_off": percent(float(abs(step.left).sum() / 2)),
        }


def _document(told: Told) -> dict[str, Any]:
    found, snapshot = told.found, told.snapshot
    addresses = [asset.token.address for asset in found.basket.assets]
    document: dict[str, Any] = {
        "target": snapshot.target.label,
        "id": snapshot.target.id,
        "block": snapshot.block.number,
        "value": found.basket.value,
        "unit": told.unit,
        "lambda": found.basket.aversion,
        "assets": [
            {
                "token": asset.token.address,
                "held": str(asset.amount),
                "price": asset.price,
                "weight": asset.weight,
                "volatility": math.sqrt(found.basket.covariance[place, place]),
            }
            for place, asset in enumerate(found.basket.assets)
        ],
        "plans": {
            name.replace(" ", "_"): _outcome_document(outcome) for name, outcome in _outcomes(found)
        },
        "weights": list(_meaning(told)),
        "bands": [
            {
                "above": addresses[band.sold],
                "below": addresses[band.bought],
                "first_unit_loses": band.loss,
                "width": band.width,
            }
            for band in told.bands
        ],
    }
    if told.stepwise is not None:
        document["steps"] = [
            {
                "after_seconds": number * told.seconds,
                "sizes": step.sizes.tolist(),
                "cost": step.cost,
                "risk": step.risk,
                "deviation": step.left.tolist(),
            }
            for number, step in enumerate(told.stepwise.steps)
        ]
        document["step_legs"] = [
            {"sell": addresses[leg.sold], "buy": addresses[leg.bought]}
            for leg in told.stepwise.legs
        ]
    return document


def _outcome_document(outcome: Outcome) -> dict[str, Any]:
    return {
        "cost": outcome.cost,
        "risk": outcome.risk,
        "objective": outcome.objective,
        "tracking_error": outcome.tracking_error,
        "deviation": outcome.deviation.tolist(),
        "legs": [dict(_plain_leg(*each)) for each in _legs(outcome)],
    }
