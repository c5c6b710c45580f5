"""The measures of share vaults, Yearn's among them, and of price feeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from watcher.errors import MathError
from watcher.math import bridge
from watcher.math.columns import Column, price_reason, price_value, token_reason
from watcher.math.exact.shares import BASIS
from watcher.math.exploitability.share_price import donation_to_move
from watcher.math.families import yearn_vault
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state.kinds import State
from watcher.state.share_vault import ShareVault
from watcher.state.yearn_vault import YearnVault

ONE_PERCENT = Fraction(1, 100)
NO_SHARE = "the vault issues no share"
NO_ASSETS = "the vault has shares and no assets"
NO_HOLDER = "no `holder` is configured whose limit could be read"
UNKNOWN_FEES = "the vault's previews follow no fees that are known"


def vault_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """`settings` are not used: no figure of a vault depends on sizes."""
    return [*_common(subjects), _market_column(subjects), *_limits_and_fees(subjects)]


def yearn_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """As `vault_measures`."""
    known = np.array([_known_debt(subject.state) for subject in subjects])
    return [*_common(subjects), Column("known_debt_share", known, [s.reason for s in subjects])]


def _common(subjects: Sequence[Subject]) -> list[Column]:
    price = np.array([bridge.price_per_share(subject.state) for subject in subjects])
    change = np.array(
        [bridge.price_per_share_change(subject.state, subject.previous) for subject in subjects]
    )
    donations = [_donation(subject) for subject in subjects]
    gift = np.array([amount for amount, _ in donations])
    asset_price = np.array([price_value(subject, 0) for subject in subjects])
    idle = np.array([bridge.idle_share(subject.state) for subject in subjects])
    payable = np.array([_withdrawable(subject.state) for subject in subjects])
    empty = [s.reason or "the vault has no assets" for s in subjects]
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
        Column("idle_share", idle, empty),
        Column("vault_utilization", 1 - idle, empty),
        Column("withdrawable", payable, [s.reason for s in subjects]),
    ]


def _limits_and_fees(subjects: Sequence[Subject]) -> list[Column]:
    states = [s.state if isinstance(s.state, ShareVault) else None for s in subjects]
    held = ["" if s.target.params.get("holder") else NO_HOLDER for s in subjects]
    most = [
        bridge.whole(state.max_withdraw, state.asset_decimals) if state and not no else math.nan
        for state, no in zip(states, held, strict=True)
    ]
    fees = [
        (state.entry_fee_bps / BASIS, state.exit_fee_bps / BASIS)
        if state and not state.fees_unknown
        else (math.nan, math.nan)
        for state in states
    ]
    reasons = [s.reason or UNKNOWN_FEES for s in subjects]
    return [
        Column(
            "holder_withdrawable",
            np.array(most),
            [s.reason or no for s, no in zip(subjects, held, strict=True)],
        ),
        Column("entry_fee", np.array([entry for entry, _ in fees]), reasons),
        Column("exit_fee", np.array([leave for _, leave in fees]), reasons),
    ]


def _withdrawable(state: State | None) -> float:
    match state:
        case ShareVault():
            return bridge.whole(min(state.idle_assets, state.total_assets), state.asset_decimals)
        case YearnVault():
            return bridge.whole(yearn_vault.withdrawable(state), state.decimals)
    return math.nan


def _known_debt(state: State | None) -> float:
    if not isinstance(state, YearnVault):
        return math.nan
    known = sum(one.debt for one in state.strategies)
    return known / state.total_debt if state.total_debt else 1.0


def _market_column(subjects: Sequence[Subject]) -> Column:
    """The market's price of a share against what it redeems for."""
    per_share = np.array([bridge.price_per_share(subject.state) for subject in subjects])
    asset = np.array([price_value(subject, 0) for subject in subjects])
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
    state = subject.state
    try:
        match state:
            case ShareVault():
                gift = donation_to_move(state, ONE_PERCENT)
                return bridge.whole(gift, state.asset_decimals), ""
            case YearnVault():
                return bridge.whole(_yearn_gift(state), state.decimals), ""
    except MathError as error:
        return math.nan, str(error)
    return math.nan, subject.reason


def _yearn_gift(state: YearnVault) -> int:
    """The least gift that raises the price per share by 1%."""
    if state.is_v3:
        raise MathError("the vault keeps account of what is idle: a gift does not count")
    if state.total_supply == 0:
        raise MathError("the vault has no shares: its price is 1:1 whatever it holds")
    free = yearn_vault.yearn_totals(state).free_funds
    if free == 0:
        raise MathError("the price per share is zero: no donation is a fraction of it")
    return -(-free * ONE_PERCENT.numerator // ONE_PERCENT.denominator)
