"""Yearn's vaults to the wei: what a deposit mints and a withdrawal pays, through their strategies.

Sources: Vault.vy 0.3.4 and 0.4.3 (V2) and VaultV3.vy 3.1.0. Products and sums are of 256 bits and
revert beyond. Assets and shares are in smallest units; whoever withdraws has all shares that are
not the vault's own. A strategy is taken to pay what it says that it can.
"""

from __future__ import annotations

from dataclasses import dataclass

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX, checked

DEGRADATION_COEFFICIENT = 10**18
PRECISION = 10**3
"""By which 0.3.4 multiplies before it divides, which changes no result but reverts earlier."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """What it owes, what it has for the vault, and what of it can be paid out."""

    debt: int
    assets: int
    max_withdraw: int


@dataclass(frozen=True, slots=True)
class Totals:
    """See YearnVault. `locked_profit` is 0 in V3, `locked_shares` 0 in V2."""

    total_idle: int
    total_debt: int
    total_supply: int
    locked_profit: int
    locked_shares: int
    deposit_limit: int
    strategies: tuple[Strategy, ...]

    @property
    def total_assets(self) -> int:
        return checked(self.total_idle + self.total_debt, 256, "total assets overflow")

    @property
    def free_funds(self) -> int:
        """V2's total assets without the locked profit."""
        if self.locked_profit > self.total_assets:
            raise MathError("more profit is locked than there are assets")
        return self.total_assets - self.locked_profit


def locked_profit(locked: int, *, degradation: int, seconds: int) -> int:
    """What of V2's profit is still locked `seconds` after the last report."""
    ratio = checked(seconds * degradation, 256, "the degradation overflows")
    if ratio >= DEGRADATION_COEFFICIENT:
        return 0
    return locked - _product(ratio, locked) // DEGRADATION_COEFFICIENT


def v2_deposit(amount: int, totals: Totals, *, first: bool) -> int:
    """Shares that V2 mints for `amount`, rounded down; `first`: 0.3.4, which divides by all assets
    and mints no share for a little, where 0.4.3 divides by what is free and reverts."""
    _require_given(amount)
    held = totals.total_assets
    if checked(held + amount, 256, "total assets overflow") > totals.deposit_limit:
        raise MathError("the deposit limit is reached")
    if totals.total_supply == 0:
        return amount
    shares = _divided(
        _product(amount, totals.total_supply), held if first else totals.free_funds, "free funds"
    )
    if shares == 0 and not first:
        raise MathError("division rounding resulted in zero")
    checked(totals.total_supply + shares, 256, "total supply overflows")
    return shares


def v2_share_value(shares: int, totals: Totals, *, first: bool) -> int:
    """Assets that V2 counts for `shares`, rounded down."""
    if not first:
        if totals.total_supply == 0:
            return shares
        return _product(shares, totals.free_funds) // totals.total_supply
    scaled = _product(PRECISION, _product(shares, totals.free_funds))
    return _divided(scaled, totals.total_supply, "total supply") // PRECISION


def v2_price_per_share(one: int, totals: Totals, *, first: bool) -> int:
    """What pricePerShare answers; `one` is a whole share."""
    return v2_share_value(one, totals, first=first) if totals.total_supply else one


def v2_withdraw(shares: int, totals: Totals, *, first: bool) -> int:
    """Assets that V2 pays for `shares`, the strategies of its queue called one after the other.
    Raises where one of them would have to realise a loss, whose size only it knows, and where they
    owe too little, so that not all shares would be burned."""
    if shares == UINT256_MAX:
        raise MathError("this amount means all that the sender has")
    if shares > totals.total_supply:
        raise MathError("more shares than there are")
    if shares == 0:
        raise MathError("no shares are withdrawn")
    value = v2_share_value(shares, totals, first=first)
    balance = totals.total_idle
    for strategy in totals.strategies:
        needed = min(max(value - balance, 0), strategy.debt)
        if needed and strategy.assets < strategy.debt:
            raise MathError("a strategy has less than it owes: what it would pay is not known")
        balance += needed
    if value > balance:
        raise MathError("the strategies of the queue owe less than that")
    return value


def v3_convert_to_assets(shares: int, totals: Totals, *, up: bool = False) -> int:
    """Assets for `shares`."""
    if totals.total_supply == 0:
        return shares
    numerator = _product(shares, totals.total_assets)
    return _rounded(numerator, totals.total_supply, up=up)


def v3_convert_to_shares(assets: int, totals: Totals, *, up: bool = False) -> int:
    """Shares for `assets`; none where there are shares and no assets."""
    if totals.total_assets == 0:
        return assets if totals.total_supply == 0 else 0
    return _rounded(_product(assets, totals.total_supply), totals.total_assets, up=up)


def v3_deposit(assets: int, totals: Totals) -> int:
    """Shares that V3 mints for `assets`, rounded down."""
    held = totals.total_assets
    if checked(held + assets, 256, "total assets overflow") > totals.deposit_limit:
        raise MathError("exceed deposit limit")
    if totals.total_supply == 0:
        shares = assets
    elif held > 0:
        shares = _product(assets, totals.total_supply) // held
    else:
        raise MathError("amount too high")
    if shares == 0:
        raise MathError("cannot mint zero")
    checked(totals.total_supply + shares, 256, "total supply overflows")
    return shares


def v3_mint(shares: int, totals: Totals) -> int:
    """Assets that V3 takes for `shares`, rounded up; it mints what they are worth."""
    assets = v3_convert_to_assets(shares, totals, up=True)
    v3_deposit(assets, totals)
    return assets


def v3_redeem(shares: int, totals: Totals) -> int:
    """Assets that V3 pays for `shares`, its strategies called in their order, each with its part of
    what it has lost since its last report."""
    if shares == 0:
        raise MathError("no shares to redeem")
    if shares > totals.total_supply - totals.locked_shares:
        raise MathError("insufficient shares to redeem")
    requested = v3_convert_to_assets(shares, totals)
    idle, needed = totals.total_idle, requested - totals.total_idle
    for strategy in totals.strategies if needed > 0 else ():
        taken, loss = _from_strategy(strategy, needed)
        requested -= loss
        idle += taken
        if taken and requested <= idle:
            break
        needed -= loss + taken
    if idle < requested:
        raise MathError("insufficient assets in vault")
    return requested


def v3_withdraw(assets: int, totals: Totals) -> int:
    """Shares that V3 burns for `assets`, rounded up; it pays what they are worth."""
    shares = v3_convert_to_shares(assets, totals, up=True)
    v3_redeem(shares, totals)
    return shares


def withdrawable(totals: Totals) -> int:
    """What the vault could pay out now: what is idle and what its strategies would give of their
    debts."""
    return totals.total_idle + sum(
        min(one.debt, one.assets, one.max_withdraw) for one in totals.strategies
    )


def _from_strategy(strategy: Strategy, needed: int) -> tuple[int, int]:
    """What a strategy pays of `needed`, and the loss that the withdrawal takes upon itself."""
    taken = min(needed, strategy.debt)
    loss = 0
    if strategy.assets < strategy.debt:
        loss = taken - _product(taken, strategy.assets) // strategy.debt
    if loss > 0:
        wanted = taken - loss
        if strategy.max_withdraw < wanted:
            loss = loss * strategy.max_withdraw // wanted
            taken = strategy.max_withdraw + loss
        taken -= loss
    return min(taken, strategy.max_withdraw), loss


def _require_given(amount: int) -> None:
    if amount == UINT256_MAX:
        raise MathError("this amount means all that the sender has")
    if amount == 0:
        raise MathError("nothing is deposited")


def _product(x: int, y: int) -> int:
    return checked(x * y, 256, "a product overflows 256 bits")


def _divided(x: int, y: int, of: str) -> int:
    if y == 0:
        raise MathError(f"division by no {of}")
    return x // y


def _rounded(numerator: int, denominator: int, *, up: bool) -> int:
    return -(-numerator // denominator) if up else numerator // denominator
