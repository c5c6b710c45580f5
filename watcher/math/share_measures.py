"""The measures of shares beside total variation, of pools of any kind at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from watcher.math.bridge import Floats
from watcher.math.columns import Column
from watcher.math.disparity import SHAPES

SIDE_IS_EMPTY = "a side of the pool is empty"

Basis = Literal["value", "invariant"]


def shape_columns(
    shares: Floats, weights: Floats, reasons: Sequence[str], basis: Basis
) -> list[Column]:
    """`shares` and `weights` (target, coin); `reasons` why the shares of a target are unknown."""
    dims = [(("basis", basis),)] * len(reasons)
    columns = []
    for name, figure in SHAPES.items():
        values = figure(shares, weights)
        why = [
            reason or (SIDE_IS_EMPTY if infinite else "")
            for reason, infinite in zip(reasons, np.isinf(values), strict=True)
        ]
        columns.append(Column(name, values, why, dims))
    return columns
