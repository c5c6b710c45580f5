"""What `watcher alerts` says, and how a person acts on one."""

from __future__ import annotations

import getpass
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from watcher.alerts.lifecycle import ended
from watcher.alerts.rule import SEVERITIES
from watcher.alerts.telling import act_notice
from watcher.cli.options import Format
from watcher.cli.output import Row, print_json, print_rows, print_table, print_text
from watcher.cli.phrases import duration, symbols, utc, with_names
from watcher.config import Config
from watcher.errors import InputError
from watcher.report.alarms import fact, gauge_text, state_of
from watcher.state.alert import Act, EventKind, Kept, Past
from watcher.state.target import Target

if TYPE_CHECKING:
    from watcher.store import Store

COLUMNS = ("state", "severity", "target", "rule", "fact", "since", "for", "id")
LONGEST = 500
"""Characters of who and why."""


def print_alerts(
    found: Sequence[Kept],
    targets: Sequence[Target],
    *,
    now: float,
    unit: str,
    every: bool,
    format_: Format,
) -> None:
    by_id = {target.id: target for target in targets}
    rows = [alert_row(one, by_id[one.target_id], now, unit) for one in found]
    if not every:
        rows = [row for row in rows if row["state"] != "gone"]
        # The newest were asked for; what needs a person stands first.
        rows.sort(key=_urgency)
    print_rows(rows, COLUMNS, format_=format_, elastic="fact")


def _urgency(row: Row) -> tuple[int, bool]:
    severities: Sequence[object] = SEVERITIES
    return -severities.index(row["severity"]), row["state"] == "pending"


def alert_row(alert: Kept, target: Target, now: float, unit: str) -> Row:
    seen = [event for event in alert.events if event.canonical and event.block is not None]
    begun = seen[0].block if seen else None
    until = now
    if seen and seen[-1].kind.ends and seen[-1].block is not None:
        until = seen[-1].block.timestamp
    return {
        "state": state_of(alert, now),
        "severity": alert.severity,
        "target": target.label,
        "rule": alert.rule,
        "fact": fact(alert, target, unit),
        "since": None if begun is None else utc(begun.timestamp),
        "for": "" if begun is None else duration(until - begun.timestamp),
        "id": alert.uid[:12],
    }


def print_alert(
    alert: Kept,
    body: str,
    targets: Sequence[Target],
    *,
    now: float,
    settings: Config,
    as_json: bool,
) -> None:
    target = next(one for one in targets if one.id == alert.target_id)
    rule = json.loads(body)
    if as_json:
        print_json(
            {
                **alert_row(alert, target, now, settings.settings.unit),
                "id": alert.uid,
                "target_id": alert.target_id,
                "definition": rule,
                "events": [_event_document(one) for one in alert.events],
            }
        )
        return
    print_text(f"{alert.rule} on {target.label}: {state_of(alert, now)} ({alert.severity})")
    print_text(f"when {rule['when']}" + (f", for {duration(rule['for'])}" if rule["for"] else ""))
    if rule["clear"]:
        print_text(f"clear {rule['clear']}")
    means = next((one.means for one in settings.rules if one.name == alert.rule), "")
    if means:
        print_text(means)
    print_text(f"id {alert.uid}, target {target.caip10}")
    print_text()
    rows = [_event_row(one, symbols(target), settings.settings.unit) for one in alert.events]
    print_table(rows, ["time", "block", "event", "what"], elastic=3)


def _event_row(event: Past, names: Mapping[str, str], unit: str) -> list[str]:
    at, number = "", ""
    if event.block is not None:
        at, number = utc(event.block.timestamp), str(event.block.number)
    elif event.found_at is not None:
        at = utc(int(event.found_at.timestamp()))
    what = [gauge_text(one, names, unit) for one in event.gauges]
    if event.actor:
        until = f" until {utc(event.until)}" if event.until is not None else ""
        what.append(f"by {event.actor}{until}: {event.detail}")
    elif event.detail:
        what.append(event.detail)
    if not event.canonical:
        what.append("the block has left the chain")
    return [at, number, event.kind.value, with_names("; ".join(what), names)]


def _event_document(event: Past) -> dict[str, object]:
    block = event.block
    return {
        "event": event.kind.value,
        "block": None if block is None else block.number,
        "block_hash": None if block is None else block.hash,
        "block_time": None if block is None else utc(block.timestamp),
        "orphaned": not event.canonical,
        "who": event.actor or None,
        "detail": event.detail,
        "until": None if event.until is None else utc(event.until),
        "figures": [
            {
                "figure": one.figure,
                "dims": dict(one.dims),
                "sign": one.sign,
                "limit": one.limit,
                "value": None if math.isnan(one.value) else one.value,
                "reason": one.reason or None,
            }
            for one in event.gauges
        ],
    }


def person(who: str | None) -> str:
    """Who acts, for the record. Raises InputError where nobody can be named."""
    try:
        name = getpass.getuser() if who is None else who
    except (OSError, KeyError):
        raise InputError("the system does not say who you are: give --who") from None
    return _line(name, "--who")


def act_on(
    store: Store,
    config: Config,
    alert: Kept,
    *,
    who: str,
    why: str,
    now: float,
    seconds: int | None,
) -> None:
    """Acknowledge an alert, or silence it for so many seconds. Raises InputError where it is
    over."""
    over = ended(alert.events)
    if over is not None:
        raise InputError(f"alert {alert.uid[:12]} is {over.value}: there is nothing to act on")
    act = Act(
        alert=alert.uid,
        kind=EventKind.ACKNOWLEDGED if seconds is None else EventKind.SILENCED,
        who=who,
        why=_line(why, "--why"),
        at=datetime.fromtimestamp(now, UTC),
        until=None if seconds is None else int(now) + seconds,
    )
    rule = next((one for one in config.rules if one.name == alert.rule), None)
    target = next(one for one in store.targets() if one.id == alert.target_id)
    notices = () if rule is None else (act_notice(rule, act, target),)
    store.record_act(act, notices)


def _line(text: str, option: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > LONGEST:
        raise InputError(f"{option}: write one line of at most {LONGEST} characters")
    return text.strip()
