"""What somebody is told: one event in the life of an alert, ready to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["info", "warning", "critical"]


class NoticeKind(StrEnum):
    """The closed set of what is told of an alert."""

    FIRED = "fired"
    WORSENED = "worsened"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"
    RETRACTED = "retracted"
    SUMMARY = "summary"
    """Not of one alert: a digest, a dead man's alert, a test of a receiver."""


@dataclass(frozen=True, slots=True)
class Notice:
    """`uid` is the receiver's id for it: the same event has the same uid however often it is sent.

    `alert` is the alert's uid, "" for a summary; `target_id` is "" where no target is meant;
    `block_number` and `block_hash` are of the block that made it, None where none did; `at` is
    block time in seconds, else wall time. `title` is the fact in one sentence; `body` is plain text
    of several lines; both may hold names from the chain, which are hostile.
    """

    uid: str
    alert: str
    rule: str
    severity: Severity
    kind: NoticeKind
    chain_id: int
    target_id: str
    target_name: str
    block_number: int | None
    block_hash: str | None
    at: int
    title: str
    body: str
