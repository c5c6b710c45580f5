"""How far holdings are from their target.

Everywhere shares and weights are (target, coin), each row adding up to 1, and results (target,).
NaN where a share is NaN."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from watcher.math.bridge import Floats


def value_shares(amounts: Floats, prices: Floats) -> Floats:
    """Each coin's part of the whole at `prices`; amounts, prices, result: (target, coin).

    NaN where a price is unknown or nothing is held."""
    values = amounts * prices
    total = values.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(values, total, out=np.full_like(values, np.nan), where=total > 0)
    return shares


def total_variation(shares: Floats, weights: Floats) -> Floats:
    """½Σ|s-w| / (1 - min w): 0 at the target, 1 when all is in the coin of least weight."""
    distance = 0.5 * np.abs(shares - weights).sum(axis=1)
    normalised: Floats = distance / (1.0 - weights.min(axis=1))
    return normalised


def relative_entropy(shares: Floats, weights: Floats) -> Floats:
    """Σ s ln(s/w), in nats; an empty side adds nothing.

    Summed as s ln(s/w) - s + w, which is nowhere negative: near the target nothing is lost."""
    ratio = shares / weights
    parts = np.where(shares == 0.0, weights, _over_line(ratio) * weights)
    found: Floats = parts.sum(axis=1)
    return found


def _over_line(ratio: Floats) -> Floats:
    """r ln r - r + 1, by its series near 1, where the terms would cancel."""
    off = ratio - 1.0
    near = np.abs(off) < 1e-3
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = ratio * np.log(ratio) - off
    series = off * off * (0.5 - off * (1 / 6 - off * (1 / 12 - off * (1 / 20 - off / 30))))
    found: Floats = np.where(near, series, plain)
    return found


def entropy(shares: Floats, _weights: Floats) -> Floats:
    """-Σ s ln s, in nats; an empty side adds nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(shares == 0.0, 0.0, -shares * np.log(shares))
    found: Floats = parts.sum(axis=1)
    return found


def gini(shares: Floats, weights: Floats) -> Floats:
    """½ΣΣ|s_i w_j - s_j w_i|: 0 at the target, 1 - min w when all is in the coin of least weight.

    The Gini coefficient of s/w, each counted w times; of equal weights the usual one."""
    crossed = shares[:, :, None] * weights[:, None, :]
    found: Floats = 0.5 * np.abs(crossed - crossed.transpose(0, 2, 1)).sum(axis=(1, 2))
    return found


def concentration(shares: Floats, _weights: Floats) -> Floats:
    """Σ s², the Herfindahl-Hirschman index."""
    found: Floats = (shares * shares).sum(axis=1)
    return found


def largest(shares: Floats, _weights: Floats) -> Floats:
    found: Floats = shares.max(axis=1)
    return found


def ratio_of_sides(shares: Floats, weights: Floats) -> Floats:
    """max(s/w) / min(s/w); infinite where a side is empty, or as good as."""
    filled = shares / weights
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found: Floats = filled.max(axis=1) / filled.min(axis=1)
    return found


SHAPES: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "share_divergence": relative_entropy,
    "share_entropy": entropy,
    "share_gini": gini,
    "share_concentration": concentration,
    "largest_share": largest,
    "share_ratio": ratio_of_sides,
}
"""The measures of shares, beside total variation, by the name in the catalogue."""
