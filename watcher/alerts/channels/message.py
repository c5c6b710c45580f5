"""A notice for a person: title and text, and how bad it is in apprise's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from watcher.alerts.channels.text import inert, lines, one_line
from watcher.alerts.channels.webhook import chain
from watcher.state.notice import Notice, NoticeKind, Severity

Mood: TypeAlias = Literal["info", "success", "warning", "failure"]

OVER = (NoticeKind.RESOLVED, NoticeKind.RETRACTED)
_MOODS: dict[Severity, Mood] = {"info": "info", "warning": "warning", "critical": "failure"}
_LED: dict[NoticeKind, str] = {
    NoticeKind.WORSENED: "worse",
    NoticeKind.ESCALATED: "still open",
    NoticeKind.ACKNOWLEDGED: "acknowledged",
    NoticeKind.SILENCED: "silenced",
    NoticeKind.RESOLVED: "resolved",
    NoticeKind.RETRACTED: "retracted",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is shown to a person; `mood` is apprise's type of a notification."""

    title: str
    body: str
    mood: Mood


def message(notice: Notice) -> Message:
    """Plain text that no chat takes for a mention, a link or markup."""
    led = _LED.get(notice.kind, notice.severity)
    return Message(
        title=inert(one_line(f"[{led}] {notice.title}")).replace("⟦", "[", 1).replace("⟧", "]", 1),
        body="\n".join(part for part in (inert(lines(notice.body)), _foot(notice)) if part),
        mood="success" if notice.kind in OVER else _MOODS[notice.severity],
    )


def _foot(notice: Notice) -> str:
    """Where and which: the same event has the same id, should it ever come twice."""
    at = "" if notice.block_number is None else f"block {notice.block_number:,}"
    parts = (inert(one_line(notice.rule)), chain(notice) or "", at, f"id {notice.uid[:16]}")
    return " · ".join(part for part in parts if part)
