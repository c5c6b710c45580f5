"""The basket that `watcher rebalance` is asked about: its assets, targets and risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from watcher.cli.markets import watched_markets
from watcher.cli.output import note
from watcher.cli.phrases import symbol
from watcher.cli.session import open_store, read_config
from watcher.cli.subjects import Found, find_subject, load_snapshot
from watcher.errors import InputError
from watcher.math.exploitability.trading import Market, is_pool
from watcher.math.rebalancing.basket import Asset, Basket, basket_of
from watcher.math.series import closes, ewma_volatility, log_returns, shrunk_correlation
from watcher.state.holdings import Holdings
from watcher.state.set_token import WAD, SetToken
from watcher.state.token import Token

if TYPE_CHECKING:
    from watcher.math.bridge import Floats
    from watcher.store import Figure

BASKETS = (Holdings.KIND, SetToken.KIND)
YEAR_SECONDS = 365 * 86_400
HOUR = 3_600
LEAST_RETURNS = 24
HALF_LIFE_HOURS = 7 * 24
GIVE = "give them with --volatility, such as WETH=0.6,USDC=0.01"


@dataclass(frozen=True, slots=True)
class Asked:
    """`markets` are the pools that may be traded with."""

    found: Found
    basket: Basket
    markets: tuple[Market, ...]


def find_basket(
    target: str | None,
    *,
    files: Sequence[Path],
    targets: str | None,
    volatility: str | None,
    aversion: float,
    at: int | None,
    config: Path | None,
) -> Asked:
    """From the store, or from files alone: one of a basket, the others of pools."""
    found, markets = _read(target, files, at=at, config=config)
    tokens, amounts = _held(found)
    weights = _weights(found, tokens, targets)
    prices, kept = found.subject.prices, sorted(weights)
    assets = [
        Asset(token, amounts[place], prices[token.address].value, weights[place])
        for place, token in ((place, tokens[place]) for place in kept)
    ]
    _tell_of_own_prices(found, markets, [asset.token for asset in assets])
    named = _fractions(volatility, tokens, option="--volatility")
    given = {row: named[place] for row, place in enumerate(kept) if place in named}
    history = _prices_in_time(found, assets, config) if target is not None else None
    covariance = _covariance([asset.token for asset in assets], given, history)
    return Asked(found, basket_of(assets, covariance, aversion=aversion), tuple(markets))


def _read(
    target: str | None, files: Sequence[Path], *, at: int | None, config: Path | None
) -> tuple[Found, list[Market]]:
    if (target is None) == (not files):
        raise InputError("name a basket, or files with --state, and not both")
    if not files:
        found = find_subject(target, file=None, at=at, config=config)
        _require_basket(found)
        return found, watched_markets(found, config)
    kinds = {file: load_snapshot(file).state.KIND for file in files}
    baskets = [file for file, kind in kinds.items() if kind in BASKETS]
    if len(baskets) != 1:
        raise InputError(f"{len(baskets)} of the files are of a basket: give one, and its pools")
    found = find_subject(None, file=baskets[0], at=at, config=config)
    others = [load_snapshot(file) for file in files if file != baskets[0]]
    for other in others:
        if not is_pool(other.state):
            raise InputError(f"{other.target.label} is no pool: leave its file out")
        if other.target.chain_id != found.snapshot.target.chain_id:
            raise InputError(f"{other.target.label} is of another chain: leave its file out")
    return found, [Market(other.target, other.state) for other in others]


def _require_basket(found: Found) -> None:
    if found.snapshot.state.KIND not in BASKETS:
        raise InputError(
            f"{found.snapshot.target.label} is no basket: name holdings or an index token"
        )


def _held(found: Found) -> tuple[tuple[Token, ...], tuple[int, ...]]:
    """The tokens and what is at hand of each: what lies in pools and vaults is not for sale."""
    tokens = found.snapshot.target.tokens
    match found.snapshot.state:
        case Holdings() as state:
            amounts = [sum(row[place] for row in state.balances) for place in range(len(tokens))]
            if state.native:
                amounts[state.wrapped] += sum(state.native)
        case SetToken() as state:
            amounts = [component.balance for component in state.components]
        case _:
            raise InputError(f"{found.snapshot.target.label} is no basket")
    return tokens, tuple(amounts)


def _weights(found: Found, tokens: Sequence[Token], text: str | None) -> Mapping[int, float]:
    """By place among the tokens; those that nobody names are left alone."""
    if text is not None:
        return _fractions(text, tokens, option="--targets")
    state = found.snapshot.state
    if isinstance(state, SetToken) and state.weights:
        return {place: weight / WAD for place, weight in enumerate(state.weights)}
    names = ", ".join(symbol(token) for token in tokens)
    raise InputError(f"say the target weights with --targets, such as WETH=0.5: it holds {names}")


def _fractions(text: str | None, tokens: Sequence[Token], *, option: str) -> dict[int, float]:
    """NAME=VALUE, by place. Raises InputError that names the option."""
    found: dict[int, float] = {}
    for part in filter(None, (each.strip() for each in (text or "").split(","))):
        name, sign, value = part.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not sign or not 0 <= number < float("inf"):
            raise InputError(f"{option}: {part[:40]!r} is not TOKEN=NUMBER, such as WETH=0.5")
        place = _place(name.strip(), tokens, option=option)
        if place in found:
            raise InputError(f"{option} names {symbol(tokens[place])} twice: leave one out")
        found[place] = number
    return found


def _place(name: str, tokens: Sequence[Token], *, option: str) -> int:
    lower = name.lower()
    matches = [
        place
        for place, token in enumerate(tokens)
        if lower in (token.address.lower(), token.symbol.lower())
    ]
    if len(matches) == 1:
        return matches[0]
    names = ", ".join(symbol(token) for token in tokens)
    if matches:
        raise InputError(f"{option}: {name[:40]!r} names several tokens: give the address")
    raise InputError(f"{option}: there is no {name[:50]!r} in the basket: it has {names}")


def _tell_of_own_prices(found: Found, markets: Sequence[Market], tokens: Sequence[Token]) -> None:
    """A cost that is counted at the pool's own price shows no distance from the market."""
    for token in tokens:
        ancestry = found.subject.prices[token.address].ancestry
        for market in markets:
            if {market.target.id, market.target.address} & set(ancestry):
                note(f"the price of {symbol(token)} comes from {market.target.label} itself")


def _prices_in_time(
    found: Found, assets: Sequence[Asset], config: Path | None
) -> Mapping[int, tuple[Floats, Floats]]:
    """By place among the assets: times, and prices as the basket's own history has them."""
    snapshot = found.snapshot
    with open_store(read_config(config)) as store:
        rows = store.measure_history(
            snapshot.target.id, ("asset_amount", "asset_value"), last=snapshot.block.number
        )
    by_token: dict[str, dict[str, dict[int, float]]] = {}
    for row in rows:
        figures = by_token.setdefault(_token_of(row), {})
        figures.setdefault(row.measure.name, {})[row.block.timestamp] = row.measure.value
    prices = {}
    for place, asset in enumerate(assets):
        figures = by_token.get(asset.token.address, {})
        amounts, values = figures.get("asset_amount", {}), figures.get("asset_value", {})
        known = [time for time in values if amounts.get(time, 0.0) > 0]
        if known:
            prices[place] = (
                np.array([*known, snapshot.block.timestamp], dtype=np.float64),
                np.array([*(values[time] / amounts[time] for time in known), asset.price]),
            )
    return prices


def _token_of(row: Figure) -> str:
    return dict(row.measure.dims).get("token", "")


def _covariance(
    tokens: Sequence[Token],
    given: Mapping[int, float],
    history: Mapping[int, tuple[Floats, Floats]] | None,
) -> Floats:
    """Of a year: volatilities as given, else of the hourly closes of the basket's history;
    correlations of those closes, else none."""
    returns = _returns(len(tokens), history or {})
    volatility = np.full(len(tokens), np.nan)
    correlation = np.eye(len(tokens))
    if len(returns) >= LEAST_RETURNS:
        yearly = (YEAR_SECONDS / HOUR) ** 0.5
        volatility = np.array(
            [ewma_volatility(column, HALF_LIFE_HOURS) * yearly for column in returns.T]
        )
        correlation = np.nan_to_num(shrunk_correlation(returns).matrix, nan=0.0)
        np.fill_diagonal(correlation, 1.0)
    else:
        note("correlations are taken for none: the history is too short to tell")
    for place, value in given.items():
        volatility[place] = value
    unknown = [symbol(tokens[place]) for place in map(int, np.flatnonzero(np.isnan(volatility)))]
    if unknown:
        raise InputError(f"the volatility of {', '.join(unknown)} is not known: {GIVE}")
    return correlation * np.outer(volatility, volatility)


def _returns(assets: int, history: Mapping[int, tuple[Floats, Floats]]) -> Floats:
    """(time, asset) of hourly closes from when the first asset was known; NaN where unknown."""
    if not history:
        return np.full((0, assets), np.nan)
    start = min(times[0] for times, _ in history.values())
    end = max(times[-1] for times, _ in history.values())
    grid = start + HOUR * np.arange(int((end - start) // HOUR) + 1)
    prices = np.full((len(grid), assets), np.nan)
    for place, (times, values) in history.items():
        prices[:, place] = closes(times, values, grid)
    return log_returns(prices)
