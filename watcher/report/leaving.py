"""How much liquidity left within a day, by what trading leaves alone: shares, or the liquidity in
range."""

from __future__ import annotations

import math

from watcher.report.document import Fact
from watcher.report.ledger import Ledger
from watcher.report.material import NO_HISTORY, Material
from watcher.state.kinds import State

SHORT = "the stored history is shorter than a day"
NO_SIZE = "the state has no shares and no liquidity to compare"
HOW = "1 − shares or liquidity in range now / a day before"


def enter_supply(ledger: Ledger, material: Material, what: str) -> None:
    value, why = _left(material)
    ledger.enter(Fact("outflow", value, "m", what, HOW, why, from_state=False))


def _left(material: Material) -> tuple[float, str]:
    history = material.history
    if history is None:
        return math.nan, NO_HISTORY
    if history.earlier is None:
        return math.nan, SHORT
    before, now = _size(history.earlier[1]), _size(material.snapshot.state)
    return (1 - now / before, "") if before else (math.nan, NO_SIZE)


def _size(state: State) -> int:
    for name in ("total_supply", "liquidity"):
        size = getattr(state, name, 0)
        if isinstance(size, int) and size:
            return size
    return 0
