"""Venus' peg stability module to the wei.

Source: venus-protocol 10.3.0 PegStability.sol. Amounts are in smallest units, fees of 10,000, what
is minted in dollars of 18 decimals.
"""

from __future__ import annotations

from dataclasses import dataclass

from watcher.errors import MathError
from watcher.math.exact.fixed_point import checked

BASIS_POINTS_DIVISOR = 10_000
MANTISSA_ONE = 10**18


@dataclass(frozen=True, slots=True)
class Module:
    """`one_dollar` is 1 with the decimals that the oracle's `price` has. `held` is the stable coin
    in the module."""

    fee_in: int
    fee_out: int
    mint_cap: int
    minted: int
    held: int
    price: int
    one_dollar: int
    paused: bool


def preview_swap_stable_for_vai(module: Module, amount: int) -> int:
    """VAI for `amount` of the stable coin, which counts one dollar at most."""
    usd = _usd(amount, min(module.price, module.one_dollar))
    fee = _fee(usd, module.fee_in)
    if _uint256(module.minted + usd) > module.mint_cap:
        raise MathError("VAIMintCapReached")
    return usd - fee


def preview_swap_vai_for_stable(module: Module, amount: int) -> int:
    """VAI that `amount` of the stable coin costs, which counts one dollar at least."""
    usd = _usd(amount, max(module.price, module.one_dollar))
    fee = _fee(usd, module.fee_out)
    if module.minted < usd:
        raise MathError("VAIMintedUnderflow")
    return _uint256(usd + fee)


def swap_stable_for_vai(module: Module, amount: int) -> int:
    """As its preview. Raises while the module is paused."""
    _active(module)
    return preview_swap_stable_for_vai(module, amount)


def swap_vai_for_stable(module: Module, amount: int) -> int:
    """As its preview. Raises while the module is paused, and for more than it holds."""
    _active(module)
    cost = preview_swap_vai_for_stable(module, amount)
    if amount > module.held:
        raise MathError("the module does not hold so much")
    return cost


def most_stable_out(module: Module) -> int:
    """The most of the stable coin that can be had, by what was minted and by what is held; 0 while
    the module is paused."""
    if module.paused:
        return 0
    dearest = max(module.price, module.one_dollar)
    # the last amount whose dollars, rounded down, are still minted
    covered = (_uint256(module.minted * MANTISSA_ONE + MANTISSA_ONE - 1)) // dearest
    return min(covered, module.held)


def _usd(amount: int, price: int) -> int:
    if amount == 0:
        raise MathError("ZeroAmount")
    return _uint256(amount * price) // MANTISSA_ONE


def _fee(usd: int, percent: int) -> int:
    if percent == 0:
        return 0
    product = _uint256(usd * percent)
    if product < BASIS_POINTS_DIVISOR:
        raise MathError("AmountTooSmall")
    return product // BASIS_POINTS_DIVISOR


def _active(module: Module) -> None:
    if module.paused:
        raise MathError("Paused")


def _uint256(value: int) -> int:
    return checked(value, 256, "overflow")
