"""The measures of share vaults and of price feeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from watcher.errors import MathError
from watcher.math import bridge
from watcher.math.columns import Column, price_reason, price_value, token_reason
from watcher.math.exploitability.share_price import donation_to_move
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state.share_vault import ShareVault

ONE_PERCENT = Fraction(1, 100)
NO_SHARE = "the vault issues no share"
NO_ASSETS = "the vault has shares and no assets"


def vault_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """`settings` are not used: no figure of a vault depends on sizes."""
    price = np.array([bridge.price_per_share(subject.state) for subject in subjects])
    change = np.array(
        [bridge.price_per_share_change(subject.state, subject.previous) for subject in subjects]
    )
    donations = [_donation(subject) for subject in subjects]
    gift = np.array([amount for amount, _ in donations])
    asset_price = np.array([price_value(subject, 0) for subject in subjects])
    with np.errstate(over="ignore"):
        money = gift * asset_price
    return [
        Column("price_per_share", price, [s.reason or NO_ASSETS for s in subjects]),
        Column("price_per_share_change", change, [_change_reason(s) for s in subjects]),
        Column("donation_1pct", gift, [reason for _, reason in donations]),
        Column(
            "donation_1pct_money",
            money,
            [
                reason or price_reason(subject, 0)
                for subject, (_, reason) in zip(subjects, donations, strict=True)
            ],
        ),
        _market_column(subjects, price, asset_price),
    ]


def _market_column(
    subjects: Sequence[Subject], per_share: bridge.Floats, asset: bridge.Floats
) -> Column:
    """`per_share` and `asset` (target,): whole assets for a whole share, and the asset's price."""
    shares = [subject.target.share for subject in subjects]
    why = [
        token_reason(subject, share.address) if share else NO_SHARE
        for subject, share in zip(subjects, shares, strict=True)
    ]
    market = np.array(
        [
            subject.prices[share.address].value if share and not reason else math.nan
            for subject, share, reason in zip(subjects, shares, why, strict=True)
        ]
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        deviation = np.log(market / (per_share * asset))
    reasons = [
        subject.reason
        or (NO_ASSETS if math.isnan(rate) else "")
        or reason
        or price_reason(subject, 0)
        for subject, rate, reason in zip(subjects, per_share, why, strict=True)
    ]
    return Column("ln_market_over_redemption", deviation, reasons)


def feed_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """`settings` are not used: a feed is stored as it answers."""
    values = np.array([bridge.feed_price(subject.state) for subject in subjects])
    return [Column("feed_price", values, [""] * len(subjects))]


def _change_reason(subject: Subject) -> str:
    if subject.state is not None and subject.previous is None:
        return "no state one block earlier"
    return subject.reason or NO_ASSETS


def _donation(subject: Subject) -> tuple[float, str]:
    if not isinstance(subject.state, ShareVault):
        return math.nan, subject.reason
    try:
        gift = donation_to_move(subject.state, ONE_PERCENT)
    except MathError as error:
        return math.nan, str(error)
    return bridge.whole(gift, subject.state.asset_decimals), ""
