"""Alerts and findings as the models of /api/v1."""

from __future__ import annotations

import math
from typing import Any

from watcher.api.v1 import alarm_models as models
from watcher.api.v1.shown import block, chain, maybe_block, moment
from watcher.report.alert_told import Told
from watcher.state.alert import Gauge, Past
from watcher.store.findings import StoredFinding


def alert(told: Told) -> models.Alert:
    return models.Alert(**_alert(told))


def alert_detail(told: Told) -> models.AlertDetail:
    terms, events = told.terms, told.kept.events
    return models.AlertDetail(
        **_alert(told),
        definition=models.Rule(
            hash=events[-1].rule_hash,
            when=terms.when,
            clear=terms.clear,
            agrees=terms.agrees,
            for_seconds=terms.duration,
            clear_for_seconds=terms.clear_duration,
            repeat=terms.repeat,
            escalate_seconds=terms.escalate,
            means=terms.means,
        ),
        events=[_event(one) for one in events],
    )


def _alert(told: Told) -> dict[str, Any]:
    kept = told.kept
    return {
        "id": kept.uid,
        "rule": kept.rule,
        "severity": kept.severity,
        "target": kept.target_id,
        "label": told.target.label,
        "chain": chain(kept.chain_id),
        "open": told.is_open,
        "state": told.state,
        "fact": told.fact,
        "began": maybe_block(told.began),
        "last": maybe_block(told.last),
    }


def _event(event: Past) -> models.AlertEvent:
    return models.AlertEvent(
        event=event.kind.value,
        block=maybe_block(event.block),
        orphaned=not event.canonical and event.block is not None,
        found_at=event.found_at,
        who=event.actor or None,
        detail=event.detail,
        until=None if event.until is None else moment(event.until),
        figures=[_gauge(one) for one in event.gauges],
    )


def _gauge(one: Gauge) -> models.Gauge:
    return models.Gauge(
        figure=one.figure,
        dims=dict(one.dims),
        sign=one.sign,
        limit=_known(one.limit),
        value=_known(one.value),
        reason=one.reason or None,
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def finding(one: StoredFinding) -> models.Finding:
    return models.Finding(**_finding(one))


def finding_detail(one: StoredFinding) -> models.FindingDetail:
    return models.FindingDetail(**_finding(one), body=one.plain)


def _finding(one: StoredFinding) -> dict[str, Any]:
    return {
        "id": one.id,
        "target": one.target_id,
        "block": block(one.block),
        "retracted": one.retracted,
        "attack": one.attack,
        "goal": one.goal,
        "proof": one.proof,
        "profit": one.profit,
        "victims_loss": one.victims_loss,
        "pools_loss": one.pools_loss,
        "reason": one.reason or None,
        "receipts": [
            models.Receipt(id=each.id, level=each.level, reason=each.reason, made_at=each.made_at)
            for each in one.receipts
        ],
    }
