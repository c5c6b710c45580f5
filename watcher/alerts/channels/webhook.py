"""A notice for a program: JSON by the convention of Standard Webhooks."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from watcher.alerts.channels.text import lines, one_line
from watcher.state.notice import Notice, NoticeKind


def webhook_body(notice: Notice) -> str:
    """`{"type", "timestamp", "data"}`, the same text each time: it is what is signed.

    Names are clean of control characters; they are still a stranger's, for whoever shows them.
    """
    told = "notice" if notice.kind is NoticeKind.SUMMARY else "alert"
    document = {
        "type": f"{told}.{notice.kind.value}",
        "timestamp": moment(notice.at),
        "data": {
            "id": notice.uid,
            "alert": notice.alert or None,
            "rule": one_line(notice.rule) or None,
            "severity": notice.severity,
            "chain": chain(notice),
            "target": notice.target_id or None,
            "target_name": one_line(notice.target_name) or None,
            "block_number": notice.block_number,
            "block_hash": notice.block_hash,
            "title": one_line(notice.title),
            "body": lines(notice.body),
        },
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


LAST_SECOND = 253_402_300_799
"""Of the year 9999: a chain may say what it likes of its time."""


def moment(seconds: int) -> str:
    """UTC, ISO-8601; what lies outside of the years 1970 to 9999 is at their ends."""
    return (
        datetime.fromtimestamp(min(max(seconds, 0), LAST_SECOND), UTC)
        .isoformat()
        .replace("+00:00", "Z")
    )


def chain(notice: Notice) -> str | None:
    """The chain as CAIP-2; none of a notice that is of no chain."""
    return f"eip155:{notice.chain_id}" if notice.chain_id > 0 else None
