"""Price impact, slippage and depth of constant-product pools, closed forms over many targets.

u is a gross input as a part of its reserve, gamma the part of the input that counts (1 - fee).
From out/q = gamma*R_out / (R_in + gamma*q): the average price over the spot price is
gamma / (1 + gamma*u). The forms leave out only the contract's rounding of the output, less than
one smallest unit; `quotes` is exact. All arguments broadcast; results have their shape.
"""

from __future__ import annotations

import numpy as np

from watcher.math.bridge import Floats


def slippage(u: Floats, gamma: Floats) -> Floats:
    """1 - (out/q)/spot, the fee included; a fraction."""
    return 1.0 - gamma / (1.0 + gamma * u)


def price_impact(u: Floats) -> Floats:
    """Slippage of the same input without the fee: u / (1 + u); a fraction."""
    return u / (1.0 + u)


def depth(move: float, gamma: Floats) -> Floats:
    """The largest u after which the fee-less marginal price is at least (1 - move) of what it was.

    The fee stays in the reserves: (1+u)(1+gamma*u) = 1/(1-move), solved in the form that does not
    subtract near-equal numbers. gamma = 1 gives the depth of the same pool without its fee.
    """
    c = move / (1.0 - move)
    b = 1.0 + gamma
    root: Floats = np.sqrt(b * b + 4.0 * gamma * c)
    return 2.0 * c / (b + root)
