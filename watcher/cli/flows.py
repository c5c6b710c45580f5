"""What flowed through a target, event by event and in all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from watcher.cli.figures import filled
from watcher.cli.options import Format
from watcher.cli.output import Row, figure, note, print_json, print_rows, print_text
from watcher.cli.phrases import grouped, percent, symbols, utc, whole_amount
from watcher.math.flow import Totals, totals
from watcher.state.flow import Flow, Side
from watcher.state.target import Target
from watcher.store import FlowCoverage, FlowRecord

EVENT_COLUMNS = ("block", "time", "log", "kind", "in", "out", "fee", "owed", "taker")
SUMS = ("sold", "bought", "added", "removed", "collected", "fees", "flash")
LEFT = ("corrected", "unexplained")
SIDES = (Side.IN, Side.OUT, Side.FEE, Side.OWED)


def print_flows(
    target: Target,
    records: Sequence[FlowRecord],
    covered: FlowCoverage,
    *,
    limit: int,
    format_: Format,
) -> None:
    """At most `limit` events, the newest; the totals are of all of them."""
    events = [(record, flow) for record in records for flow in record.window.decoded.flows]
    kept = events[max(0, len(events) - limit) :]
    if format_ is Format.JSON:
        print_json(_document(target, records, covered, kept))
        return
    names = symbols(target)
    rows = [_event(target, names, record, flow) for record, flow in kept]
    if rows:
        print_rows(rows, filled(rows, EVENT_COLUMNS), format_=format_, elastic="taker")
    if format_ is Format.TABLE:
        if rows:
            print_text()
        shown = [_total(names, records, one) for one in _totals(target, records)]
        columns = ["token", *SUMS[:2], "imbalance", *SUMS[2:], *LEFT]
        print_rows(shown, filled(shown, columns), format_=format_)
    _notes(records, covered, left_out=len(events) - len(kept))


def _notes(records: Sequence[FlowRecord], covered: FlowCoverage, *, left_out: int) -> None:
    if left_out:
        note(f"{left_out:,} older events are not listed: --limit lists more")
    missing = covered.blocks - covered.read
    if missing:
        failed = f", at {len(covered.failed)} of them no node had them" if covered.failed else ""
        note(f"of {covered.blocks:,} stored blocks {missing:,} are without their logs{failed}")
    for record in records:
        if record.window.decoded.problem:
            note(f"block {record.block.number}: {record.window.decoded.problem}")


def _totals(target: Target, records: Sequence[FlowRecord]) -> list[Totals]:
    flows = [flow for record in records for flow in record.window.decoded.flows]
    return [totals(token, flows) for token in target.tokens]


def _left(records: Sequence[FlowRecord], name: str, token: str) -> float:
    """The sum of what is left over, whole tokens; NaN where it is unknown in one window."""
    return math.fsum(
        one.value
        for record in records
        for one in record.window.measures
        if one.name == f"{name}_flow" and dict(one.dims).get("token") == token
    )


def _event(target: Target, names: dict[str, str], record: FlowRecord, flow: Flow) -> Row:
    decimals = {token.address: token.decimals for token in target.tokens}
    sides = {
        side.value: " + ".join(
            f"{grouped(whole_amount(one.raw, decimals[one.token]))} {names[one.token]}"
            for one in flow.amounts
            if one.side is side
        )
        for side in SIDES
    }
    return {
        "block": record.block.number,
        "time": utc(record.block.timestamp),
        "log": flow.index,
        "kind": flow.kind.value,
        **sides,
        "taker": flow.taker or "",
    }


def _total(names: dict[str, str], records: Sequence[FlowRecord], one: Totals) -> Row:
    address = one.token.address
    return {
        "token": names[address],
        **{name: grouped(whole_amount(getattr(one, name), one.token.decimals)) for name in SUMS},
        "imbalance": percent(one.imbalance),
        **{name: figure(_left(records, name, address)) for name in LEFT},
    }


def _document(
    target: Target,
    records: Sequence[FlowRecord],
    covered: FlowCoverage,
    events: Sequence[tuple[FlowRecord, Flow]],
) -> dict[str, Any]:
    return {
        "target": target.label,
        "id": target.id,
        "from": covered.first,
        "to": covered.last,
        "blocks": covered.blocks,
        "blocks_read": covered.read,
        "blocks_failed": list(covered.failed),
        "totals": [_total_document(records, one) for one in _totals(target, records)],
        "events": [_event_document(record, flow) for record, flow in events],
        "problems": list(_problems(records)),
    }


def _total_document(records: Sequence[FlowRecord], one: Totals) -> dict[str, Any]:
    address = one.token.address
    return {
        "token": address,
        "decimals": one.token.decimals,
        **{name: str(getattr(one, name)) for name in SUMS},
        "imbalance": one.imbalance,
        **{name: _left(records, name, address) for name in LEFT},
    }


def _event_document(record: FlowRecord, flow: Flow) -> dict[str, Any]:
    return {
        "block": record.block.number,
        "timestamp": record.block.timestamp,
        "log_index": flow.index,
        "kind": flow.kind.value,
        "taker": flow.taker,
        "amounts": [
            {"side": one.side.value, "token": one.token, "raw": str(one.raw)}
            for one in flow.amounts
        ],
    }


def _problems(records: Sequence[FlowRecord]) -> Iterator[dict[str, Any]]:
    for record in records:
        if record.window.decoded.problem:
            yield {"block": record.block.number, "problem": record.window.decoded.problem}
