"""A notice for Prometheus' Alertmanager, by its API of version 2."""

from __future__ import annotations

import json
from typing import get_args

from watcher.alerts.channels.message import OVER
from watcher.alerts.channels.text import inert, lines, one_line
from watcher.alerts.channels.webhook import chain, moment
from watcher.state.notice import Notice, NoticeKind, Severity

PATH = "/api/v2/alerts"
LASTS_SECONDS = 366 * 86_400
"""Alertmanager ends an alert that says nothing of its end after some minutes; ours is ended by the
notice that it is over."""

SUMMARY_SECONDS = 3_600
"""What is of no alert has no such notice."""


def alertmanager_body(notice: Notice) -> str:
    """A list of alerts. One is known by its labels, so that they are ours and the configuration's
    alone and stay the same; severity is one of them, since routes go by it, and so what had another
    severity before ends with each notice that follows the first."""
    if notice.kind is NoticeKind.SUMMARY:
        return json.dumps([_alert(notice, notice.severity, notice.at + SUMMARY_SECONDS)])
    ends = notice.at if notice.kind in OVER else notice.at + LASTS_SECONDS
    alerts = [_alert(notice, notice.severity, ends)]
    if notice.kind is not NoticeKind.FIRED:
        others = (one for one in get_args(Severity) if one != notice.severity)
        alerts += [_alert(notice, other, notice.at) for other in others]
    return json.dumps(alerts)


def _alert(notice: Notice, severity: Severity, ends: int) -> dict[str, object]:
    labels = {
        "alertname": one_line(notice.rule) or "imbalance_watcher",
        "alert": notice.alert or notice.uid,
        "severity": severity,
        "chain": chain(notice) or "",
        "target": notice.target_id,
    }
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {
            "summary": inert(one_line(notice.title)),
            "description": inert(lines(notice.body)),
            "target_name": inert(one_line(notice.target_name)),
            "notice": notice.kind.value,
            "id": notice.uid,
        },
        "startsAt": moment(notice.at),
        "endsAt": moment(ends),
    }
