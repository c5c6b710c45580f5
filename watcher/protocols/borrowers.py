"""Who has ever owed something to a lending market, by the events of its loans.

Sources: CToken.sol of Compound V2, IPool.sol of Aave V3 core, EventsLib.sol of Morpho Blue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watcher.errors import DecodeError
from watcher.protocols.events import Event, event
from watcher.state.log import Log
from watcher.state.target import Target
from watcher.state.token import Address, to_address


@dataclass(frozen=True, slots=True)
class Loans:
    """The event of a loan: the place of the borrower among its inputs, and of what tells the
    markets of one contract apart, None where it has one alone."""

    event: Event
    borrower: int
    market: int | None = None


LOANS: Mapping[str, Loans] = {
    "compound_v2": Loans(
        event(
            "Borrow(address borrower, uint256 borrowAmount, uint256 accountBorrows, "
            "uint256 totalBorrows)"
        ),
        borrower=0,
    ),
    "aave_v3": Loans(
        event(
            "Borrow(address indexed reserve, address user, address indexed onBehalfOf, "
            "uint256 amount, uint8 interestRateMode, uint256 borrowRate, "
            "uint16 indexed referralCode)"
        ),
        borrower=2,
        market=0,
    ),
    "morpho_blue": Loans(
        event(
            "Borrow(bytes32 indexed id, address caller, address indexed onBehalf, "
            "address indexed receiver, uint256 assets, uint256 shares)"
        ),
        borrower=2,
        market=0,
    ),
}


def borrower(target: Target, log: Log) -> Address | None:
    """Who took this loan; None of another market of the same contract. Raises DecodeError."""
    loans = LOANS[target.protocol]
    values = loans.event.values(log)
    if loans.market is not None and values[loans.market] != _market(target):
        return None
    found = values[loans.borrower]
    if not isinstance(found, str):
        raise DecodeError(f"log {log.index} names no borrower")
    return to_address(found)


def _market(target: Target) -> object:
    """What its events call it: the asset of a reserve, the id of a market."""
    if target.protocol == "aave_v3":
        return target.tokens[0].address
    return int(target.key, 16)
