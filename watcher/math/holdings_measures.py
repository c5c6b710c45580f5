"""The measures of holdings, of one target at a time: each has rows of its own assets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from watcher.errors import MathError
from watcher.math.columns import Column, dims_of, price_reason, price_value
from watcher.math.exit_measures import exit_measures
from watcher.math.look_through import Form, LookedThrough, look_through
from watcher.math.prices import plain_tokens
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state.holdings import Holdings

NOTHING = "nothing is held"
NO_PRICE = "nothing that is held has a known price"


@dataclass(frozen=True, slots=True)
class _Asset:
    """`amount` is in whole tokens, NaN with its `problem` where it is unknown; `price` too."""

    dims: Mapping[str, str]
    amount: float
    problem: str
    price: float
    price_problem: str
    by_form: Mapping[Form, float]

    @property
    def value(self) -> float:
        """What is not held is worth nothing whatever its price."""
        return 0.0 if self.amount == 0 else self.amount * self.price

    @property
    def value_problem(self) -> str:
        return self.problem or (self.price_problem if self.amount else "")


def holdings_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """Of the settings only the baskets count: no figure of holdings depends on sizes."""
    (subject,) = subjects
    assets = _assets(subject, redeemable=False)
    problem = _problem(subject, assets)
    redeemable = _assets(subject, redeemable=True)
    redeemable_problem = _problem(subject, redeemable)
    total = _total(assets, problem)
    return [
        _column("holdings_value", total, problem),
        _partial(assets),
        _column(
            "holdings_value_redeemable", _total(redeemable, redeemable_problem), redeemable_problem
        ),
        *(_form_column(form, assets, problem) for form in Form),
        *(column for asset in assets for column in _asset_columns(asset, total, problem)),
        *_concentration(assets, total, problem),
        *exit_measures(subject, settings),
    ]


def _assets(subject: Subject, *, redeemable: bool) -> list[_Asset]:
    found, problem = _looked_through(subject, redeemable=redeemable)
    assets = []
    for place, token in enumerate(subject.target.tokens[: plain_tokens(subject.target)]):
        one = 10**token.decimals
        parts: Mapping[Form, Fraction] = found.by_form[place] if found else {}
        assets.append(
            _Asset(
                dims={"token": token.address},
                amount=found.amounts[place] / one if found else math.nan,
                problem=problem,
                price=price_value(subject, place),
                price_problem=price_reason(subject, place),
                by_form={form: float(part / one) for form, part in parts.items()},
            )
        )
    return assets


def _looked_through(subject: Subject, *, redeemable: bool) -> tuple[LookedThrough | None, str]:
    if not isinstance(subject.state, Holdings):
        return None, subject.reason
    try:
        return look_through(subject.state, redeemable=redeemable), ""
    except MathError as error:
        return None, f"a contract refuses to pay: {error}"


def _problem(subject: Subject, assets: Sequence[_Asset]) -> str:
    """Why there is no total; "" where there is one."""
    if isinstance(subject.state, Holdings) and subject.state.other_positions:
        other = subject.state.other_positions[0]
        managers = str(subject.target.params.get("position_managers", "")).split()
        where = f" of {managers[other.manager]}" if other.manager < len(managers) else ""
        return f"position {other.token_id}{where} is in tokens that `tokens` does not name"
    return next((asset.value_problem for asset in assets if asset.value_problem), "")


def _total(assets: Sequence[_Asset], problem: str) -> float:
    return math.nan if problem else float(sum(asset.value for asset in assets))


def _partial(assets: Sequence[_Asset]) -> Column:
    known = [asset.value for asset in assets if not asset.value_problem and asset.amount]
    held = [asset for asset in assets if asset.amount]
    problem = next((asset.problem for asset in assets if asset.problem), "")
    if not problem and held and not known:
        problem = NO_PRICE
    return _column("holdings_value_partial", math.nan if problem else float(sum(known)), problem)


def _form_column(form: Form, assets: Sequence[_Asset], problem: str) -> Column:
    value = sum(
        asset.by_form[form] * asset.price for asset in assets if asset.by_form.get(form, 0.0)
    )
    known = math.nan if problem else float(value)
    return _column("holdings_value_by_form", known, problem, {"form": form.value})


def _asset_columns(asset: _Asset, total: float, problem: str) -> list[Column]:
    value = math.nan if asset.value_problem else asset.value
    return [
        _column("asset_amount", asset.amount, asset.problem, asset.dims),
        _column("asset_value", value, asset.value_problem, asset.dims),
        _column("asset_share", _share(asset, total), problem or NOTHING, asset.dims),
    ]


def _share(asset: _Asset, total: float) -> float:
    return asset.value / total if total > 0 else math.nan


def _concentration(assets: Sequence[_Asset], total: float, problem: str) -> list[Column]:
    shares = [_share(asset, total) for asset in assets]
    squares = float(sum(share * share for share in shares))
    largest = max(shares, default=math.nan)
    why = problem or NOTHING
    return [
        _column("asset_largest_share", largest, why),
        _column("asset_concentration", squares, why),
    ]


def _column(name: str, value: float, reason: str, dims: Mapping[str, str] | None = None) -> Column:
    return Column(name, np.array([value]), [reason], [dims_of(dims)] if dims else None)
