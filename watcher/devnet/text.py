"""Figures as the scenes tell them to people."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from watcher.devnet.places import PRICE_DECIMALS
from watcher.state.token import Token


def amount_text(amount: int, token: Token) -> str:
    """`1,204 WETH`, `12.50 WETH`, `0.0312 WBTC`: decimals only where they matter."""
    units = Decimal(amount).scaleb(-token.decimals)
    digits = 0 if units >= 1_000 else 2 if units >= 1 else 4
    return f"{units:,.{digits}f} {token.symbol}"


def price_text(answer: int) -> str:
    """A feed's answer in dollars: five decimals near a peg, two elsewhere."""
    dollars = Decimal(answer).scaleb(-PRICE_DECIMALS)
    return f"{dollars:,.{5 if dollars < 10 else 2}f}"


def percent_text(part: Fraction, *, digits: int = 1) -> str:
    """`8.0%` of 0.08; the sign is left to the sentence."""
    return f"{float(part) * 100:.{digits}f}%"


def listed(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
