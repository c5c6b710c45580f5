"""Alerts in the tables: events of a tick, acts of people, and what is read back of both."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, select

from watcher.errors import InputError
from watcher.state.alert import ENDS, Act, EventKind, Gauge, Kept, Past, RuleText
from watcher.state.canonical import canonical_json
from watcher.state.measure import Measure
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS
from watcher.store.bulk import insert_many, insert_new
from watcher.store.commit import Tick
from watcher.store.history import figures_as_of
from watcher.store.rows import block_of, storable
from watcher.store.tables import ORPHANED

block, target = tables.block, tables.target
alert, event, rule = tables.alert, tables.alert_event, tables.rule

IDS = 500
PEOPLE = tuple(kind.value for kind in EventKind if kind.by_people)
ENDING = tuple(kind.value for kind in ENDS)
EVENT_COLUMNS = (
    event.c.id.label("event_id"),
    event.c.alert_id,
    event.c.rule_hash,
    event.c.kind,
    event.c.actor,
    event.c.detail,
    event.c.until,
    event.c.gauges,
    event.c.found_at,
    block.c.status.label("block_status"),
    *BLOCK_COLUMNS,
)


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """The alerts that have not ended, and the newest event there is."""

    kept: tuple[Kept, ...]
    newest: int


def save_rules(connection: Connection, rules: Sequence[RuleText]) -> None:
    rows = [
        {"hash": one.hash, "name": one.name, "severity": one.severity, "body": one.body}
        for one in rules
    ]
    insert_new(connection, rule, rows)


def add_alerts(tick: Tick, *, now: datetime) -> None:
    """The events of a tick. Those of a block that is stored already are there already."""
    events, connection = tick.result.alerts, tick.connection
    if not events:
        return
    stored = select(event.c.id).where(event.c.block_id == tick.block_id).limit(1)
    if connection.execute(stored).scalar() is not None:
        return
    rows = {
        one.alert: {
            "uid": one.alert,
            "target_id": tick.entry(one.target_id).id,
            "rule": one.rule,
        }
        for one in events
    }
    insert_new(connection, alert, list(rows.values()))
    ids = _ids(connection, list(rows))
    insert_many(
        connection,
        event,
        [
            {
                "alert_id": ids[one.alert],
                "rule_hash": one.rule_hash,
                "kind": one.kind.value,
                "block_id": tick.block_id,
                "block_number": tick.result.block.number,
                "actor": "",
                "detail": storable(one.detail),
                "until": None,
                "gauges": _gauges_text(one.gauges),
                "found_at": now,
            }
            for one in events
        ],
    )


def _ids(connection: Connection, uids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(uids), IDS):
        chunk = uids[start : start + IDS]
        rows = connection.execute(select(alert.c.uid, alert.c.id).where(alert.c.uid.in_(chunk)))
        found |= {row.uid: row.id for row in rows}
    return found


def add_act(connection: Connection, act: Act) -> None:
    """What a person did. Raises InputError where there is no such alert."""
    query = (
        select(alert.c.id, event.c.rule_hash)
        .join(event, event.c.alert_id == alert.c.id)
        .where(alert.c.uid == act.alert)
        .order_by(event.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        raise InputError(f"there is no alert {act.alert[:12]}: `watcher alerts list` lists them")
    values = {
        "alert_id": row.id,
        "rule_hash": row.rule_hash,
        "kind": act.kind.value,
        "block_id": None,
        "block_number": None,
        "actor": storable(act.who),
        "detail": storable(act.why),
        "until": act.until,
        "gauges": "[]",
        "found_at": act.at,
    }
    connection.execute(insert(event).values(values))


def open_alerts(connection: Connection, chain_id: int) -> OpenAlerts:
    """Those that have not ended on the branch, the oldest first."""
    newest = connection.execute(select(func.max(event.c.id))).scalar()
    kept = kept_where(connection, target.c.chain_id == chain_id, ~ended_on_branch())
    return OpenAlerts(kept, newest or 0)


def alerts(connection: Connection, *, every: bool, limit: int) -> tuple[Kept, ...]:
    """The newest alerts of all chains, the oldest of them first; without `every` those alone that
    have not ended."""
    query = select(alert.c.id).order_by(alert.c.id.desc()).limit(limit)
    if not every:
        query = query.where(~ended_on_branch())
    ids = [row.id for row in connection.execute(query)]
    return kept_where(connection, alert.c.id.in_(ids)) if ids else ()


def find_alert(connection: Connection, text: str) -> Kept:
    """By the first digits of its uid. Raises InputError where none or several begin so."""
    digits = text.lower()
    if not digits or set(digits) - set("0123456789abcdef"):
        raise InputError(f"{text[:40]!r} is no alert: write the first digits of its id")
    query = select(alert.c.id).where(alert.c.uid.startswith(digits, autoescape=True)).limit(2)
    ids = [row.id for row in connection.execute(query)]
    if len(ids) != 1:
        how = "no alert begins" if not ids else "several alerts begin"
        raise InputError(f"{how} with {digits[:64]}: `watcher alerts list --all` lists them")
    return kept_where(connection, alert.c.id == ids[0])[0]


def rule_body(connection: Connection, rule_hash: str) -> str:
    return str(connection.execute(select(rule.c.body).where(rule.c.hash == rule_hash)).scalar_one())


def acts_after(
    connection: Connection, chain_id: int, after: int
) -> tuple[tuple[int, str, Past], ...]:
    """What people did since the event `after`: the event, the alert's uid, and what it was."""
    query = (
        select(alert.c.uid, *EVENT_COLUMNS)
        .select_from(event)
        .join(alert, alert.c.id == event.c.alert_id)
        .join(target, target.c.id == alert.c.target_id)
        .outerjoin(block, block.c.id == event.c.block_id)
        .where(event.c.id > after, event.c.kind.in_(PEOPLE), target.c.chain_id == chain_id)
        .order_by(event.c.id)
    )
    rows = connection.execute(query).mappings()
    return tuple((row["event_id"], row["uid"], _past(row)) for row in rows)


def measures_in_force(
    connection: Connection, chain_id: int, names: Collection[str], number: int | None
) -> dict[str, tuple[Measure, ...]]:
    """By target id, the measures of these names that are in force at block `number`."""
    mine = and_(target.c.chain_id == chain_id, tables.measure.c.name.in_(sorted(names)))
    return {uid: one.measures for uid, one in figures_as_of(connection, number, mine).items()}


def ended_on_branch() -> ColumnElement[bool]:
    past, ending = block.alias(), event.alias()
    return exists(
        select(ending.c.id)
        .join(past, past.c.id == ending.c.block_id)
        .where(
            ending.c.alert_id == alert.c.id,
            ending.c.kind.in_(ENDING),
            past.c.status != ORPHANED,
        )
        .correlate(alert)
    )


def kept_where(connection: Connection, *where: ColumnElement[bool]) -> tuple[Kept, ...]:
    query = (
        select(
            alert.c.uid,
            alert.c.rule,
            rule.c.severity,
            target.c.chain_id.label("of_chain"),
            target.c.uid.label("target_uid"),
            *EVENT_COLUMNS,
        )
        .select_from(alert)
        .join(target, target.c.id == alert.c.target_id)
        .join(event, event.c.alert_id == alert.c.id)
        .join(rule, rule.c.hash == event.c.rule_hash)
        .outerjoin(block, block.c.id == event.c.block_id)
        .where(*where)
        .order_by(alert.c.id, event.c.id)
    )
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault(row["alert_id"], []).append(row)
    return tuple(map(_alert, found.values()))


def _alert(rows: Sequence[Any]) -> Kept:
    last = rows[-1]
    return Kept(
        uid=last["uid"],
        rule=last["rule"],
        severity=last["severity"],
        chain_id=last["of_chain"],
        target_id=last["target_uid"],
        events=tuple(map(_past, rows)),
    )


def _past(row: Any) -> Past:
    return Past(
        kind=EventKind(row["kind"]),
        block=None if row["block_status"] is None else block_of(row),
        canonical=row["block_status"] != ORPHANED,
        gauges=_gauges(row["gauges"]),
        until=row["until"],
        actor=row["actor"],
        detail=row["detail"],
        rule_hash=row["rule_hash"],
        found_at=row["found_at"],
    )


def _gauges_text(gauges: Iterable[Gauge]) -> str:
    return storable(
        canonical_json(
            [
                {
                    "figure": one.figure,
                    "sign": one.sign,
                    "limit": _known(one.limit),
                    "value": _known(one.value),
                    "dims": dict(one.dims),
                    "reason": one.reason,
                }
                for one in gauges
            ]
        )
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _gauges(text: str) -> tuple[Gauge, ...]:
    def unknown(value: float | None) -> float:
        return math.nan if value is None else value

    return tuple(
        Gauge(
            figure=one["figure"],
            sign=one["sign"],
            limit=unknown(one["limit"]),
            value=unknown(one["value"]),
            dims=tuple(sorted(one["dims"].items())),
            reason=one["reason"],
        )
        for one in json.loads(text)
    )
