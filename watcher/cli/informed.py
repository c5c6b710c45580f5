"""What `watcher flow --informed` says: a pool's swaps against the reference price."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from watcher.cli.options import Format
from watcher.cli.output import Cell, figure, note, print_json, print_rows
from watcher.cli.phrases import percent, symbols
from watcher.errors import InputError
from watcher.math.catalogue import CATALOGUE
from watcher.math.flow_informed import LEAST_WINDOWS, Swap, informed
from watcher.state.flow import Flow, FlowKind, Side

if TYPE_CHECKING:
    from watcher.math.bridge import Floats
    from watcher.state.target import Target
    from watcher.store import FlowRecord, Store

REFERENCE = "reference_price"
SAID = {
    "wash_like": "volume of takers who ended where they began, within 1%",
    "markout": "gained by takers a window later, of their volume",
    "kyle_lambda": "return of the reference for one bought net",
    "kyle_error": "its standard error",
    "skill": "of what imbalance foretells of the next window, out of sample",
    "windows": "windows with trades and a return",
}


def print_informed(
    store: Store, target: Target, records: Sequence[FlowRecord], *, step: int, format_: Format
) -> None:
    """Raises InputError of a target that is no pool of two tokens, or has no reference."""
    if len(target.tokens) != 2 or target.kind not in CATALOGUE[REFERENCE].kinds:
        raise InputError(f"{target.label} is no pool of two tokens: leave out --informed")
    times, prices = _reference(store, target)
    found = informed(list(_swaps(target, records)), times, prices, step=step, horizon=step)
    known: dict[str, Cell] = {
        # what has no skill out of sample foretells nothing
        name: math.nan if name == "skill" and not value > 0 else value
        for name, value in asdict(found).items()
    }
    if format_ is Format.JSON:
        print_json({"target": target.label, "step_seconds": step, **known})
        return
    name = symbols(target)[target.tokens[0].address]
    rows = [
        {
            "figure": key,
            "value": _shown(key, value) if format_ is Format.TABLE else value,
            "of": SAID[key].replace("one bought", f"1 {name} bought"),
        }
        for key, value in known.items()
    ]
    print_rows(rows, ("figure", "value", "of"), format_=format_, elastic="of")
    if found.windows < LEAST_WINDOWS:
        note(f"{found.windows:,} windows are too few to foretell by: it takes {LEAST_WINDOWS}")
    elif not found.skill > 0:
        note("imbalance foretells nothing here: a forecast by it errs more than the mean does")


def _shown(name: str, value: Cell) -> str:
    number = float(str(value))
    if name in ("windows", "kyle_lambda", "kyle_error"):
        return figure(number)
    return percent(number)


def _reference(store: Store, target: Target) -> tuple[Floats, Floats]:
    """Of token 0 in token 1, as it was stored; what was unknown is left out."""
    rows = [
        row
        for row in store.measure_history(target.id, (REFERENCE,))
        if dict(row.measure.dims).get("token", target.tokens[1].address) == target.tokens[1].address
        and not math.isnan(row.measure.value)
    ]
    if not rows:
        raise InputError(f"{target.label} has no reference price: configure one in [[prices]]")
    return (
        np.array([row.block.timestamp for row in rows], dtype=np.float64),
        np.array([row.measure.value for row in rows], dtype=np.float64),
    )


def _swaps(target: Target, records: Sequence[FlowRecord]) -> Iterator[Swap]:
    base, quote = target.tokens
    for record in records:
        for flow in record.window.decoded.flows:
            if flow.kind is FlowKind.SWAP:
                bought = _out(flow, base.address) / 10**base.decimals
                paid = -_out(flow, quote.address) / 10**quote.decimals
                yield Swap(record.block.timestamp, flow.taker, bought, paid)


def _out(flow: Flow, token: str) -> int:
    """What the taker got of a token, less what it gave."""
    signs = {Side.OUT: 1, Side.IN: -1}
    return sum(signs.get(one.side, 0) * one.raw for one in flow.amounts if one.token == token)
