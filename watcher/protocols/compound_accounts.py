"""What accounts have and owe in all markets of a comptroller: the markets that they entered, their
snapshots there, and the comptroller's own sum, which ours must give.

Sources: Comptroller.sol (getAssetsIn, getAccountLiquidity) and CToken.sol (getAccountSnapshot).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from watcher.errors import DecodeError, MathError
from watcher.math.exact.lending_compound import (
    Position,
    Valued,
    liquidity_and_shortfall,
    valued,
)
from watcher.protocols.interface import arrays_view, view
from watcher.state.call import Answer, Call
from watcher.state.compound_market import CompoundAccount
from watcher.state.token import Address, to_address

ASSETS_IN = arrays_view("compound/Comptroller", "getAssetsIn")
LIQUIDITY = view("compound/Comptroller", "getAccountLiquidity")
MARKETS = view("compound/Comptroller", "markets")
SNAPSHOT = view("compound/CToken", "getAccountSnapshot")
UNDERLYING_PRICE = view("compound/PriceOracle", "getUnderlyingPrice")

MOST_ASSETS = 50
"""Markets that one account may have entered: comptrollers allow 20 and fewer."""


class Weighed(NamedTuple):
    """A market as accounts are valued by it; `factor` is the part of its shares that counts."""

    listed: bool
    factor: int
    price: int


@dataclass(frozen=True, slots=True)
class Asking:
    """Whose accounts are read: `entered` are the markets of each, in the comptroller's order."""

    market: Address
    comptroller: Address
    oracle: Address
    accounts: tuple[Address, ...]
    entered: tuple[tuple[Address, ...], ...]

    @property
    def markets(self) -> tuple[Address, ...]:
        """The market itself, and all that an account entered."""
        return tuple(dict.fromkeys([self.market, *(each for row in self.entered for each in row)]))

    def seen(self, row: int) -> tuple[Address, ...]:
        """Where the snapshot of one account is asked."""
        return tuple(dict.fromkeys([self.market, *self.entered[row]]))

    def calls(self) -> list[Call]:
        return [
            *(UNDERLYING_PRICE.call(self.oracle, each) for each in self.markets),
            *(MARKETS.call(self.comptroller, each) for each in self.markets),
            *(
                call
                for row, account in enumerate(self.accounts)
                for call in (
                    LIQUIDITY.call(self.comptroller, account),
                    *(SNAPSHOT.call(each, account) for each in self.seen(row)),
                )
            ),
        ]

    def decode(self, answers: Sequence[Answer]) -> tuple[Weighed, tuple[CompoundAccount, ...]]:
        """The market itself and the accounts. Raises a ReadError; DecodeError too where the
        comptroller's sum of an account is not ours."""
        taking = iter(answers)
        prices = [UNDERLYING_PRICE.integer(next(taking)) for _ in self.markets]
        rules = [_market(next(taking)) for _ in self.markets]
        weighed = {
            market: Weighed(listed, factor, price)
            for market, (listed, factor), price in zip(self.markets, rules, prices, strict=True)
        }
        accounts = tuple(self._account(row, taking, weighed) for row in range(len(self.accounts)))
        return weighed[self.market], accounts

    def _account(
        self, row: int, taking: Iterator[Answer], weighed: Mapping[Address, Weighed]
    ) -> CompoundAccount:
        error, *told = LIQUIDITY.integers(next(taking))
        snapshots = {market: _snapshot(next(taking)) for market in self.seen(row)}
        shares, borrow_balance, _ = snapshots[self.market]
        found: Valued | None = None
        if error and any(told):
            raise DecodeError(f"{LIQUIDITY.signature} answered an error and a liquidity")
        if error == 0:
            positions = [
                Position(*snapshots[market], weighed[market].factor, weighed[market].price)
                for market in self.entered[row]
            ]
            found = _agreed(positions, (told[0], told[1]), self.accounts[row])
        return CompoundAccount(
            shares=shares,
            borrow_balance=borrow_balance,
            collateral=found.collateral if found else None,
            value=found.value if found else None,
            debt=found.debt if found else None,
        )


def entered_calls(comptroller: Address, accounts: Sequence[Address]) -> list[Call]:
    return [ASSETS_IN.call(comptroller, account, length=MOST_ASSETS) for account in accounts]


def entered(answers: Sequence[Answer]) -> tuple[tuple[Address, ...], ...]:
    """The markets that each account entered."""
    found = []
    for answer in answers:
        (assets,) = ASSETS_IN.decode(answer, length=ASSETS_IN.length(answer))
        found.append(tuple(to_address(asset.to_bytes(20)) for asset in assets))
    return tuple(found)


def _market(answer: Answer) -> tuple[bool, int]:
    listed, factor, _ = MARKETS.integers(answer)
    return listed == 1, factor


def _snapshot(answer: Answer) -> tuple[int, int, int]:
    """Shares, what is owed, the exchange rate."""
    error, shares, borrow_balance, rate = SNAPSHOT.integers(answer)
    if error:
        raise DecodeError(f"{SNAPSHOT.signature} answered the error {error}")
    return shares, borrow_balance, rate


def _agreed(positions: Sequence[Position], told: tuple[int, int], account: Address) -> Valued:
    """By whichever rounding gives what the comptroller says; both are about."""
    for half_up in (True, False):
        try:
            found = valued(positions, half_up=half_up)
        except MathError as error:
            raise DecodeError(f"account {account} cannot be valued: {error}") from None
        if liquidity_and_shortfall(found) == told:
            return found
    raise DecodeError(
        f"{LIQUIDITY.signature} of {account} is not what its markets come to: this comptroller "
        "values accounts in a way that is not known here"
    )
