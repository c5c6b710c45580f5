"""What `watcher status` says."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.alerts.health import Grade
from watcher.cli.options import Format
from watcher.cli.output import Row, print_rows, print_table
from watcher.cli.phrases import duration, utc
from watcher.cli.verdicts import Verdict
from watcher.store import Gap

COLUMNS = ["state", "target", "why", "since", "data"]


def print_standings(found: Sequence[Verdict], *, now: float, every: bool, format_: Format) -> None:
    """`every` lists one by one what the table otherwise folds into a line: the healthy ones, and
    those that are blind only because their chain has no new block."""
    if format_ is not Format.TABLE:
        rows = [standing_row(verdict, now=now) for verdict in found]
        print_rows(rows, list(rows[0]), format_=format_)
        return
    several = len({verdict.entry.chain_id for verdict in found}) > 1
    lines = []
    for group in _grouped(found, every=every):
        line = _folded(group, now=now) if group[0] is not group[-1] else _line(group[0], now=now)
        if several:
            line[1] += f" (eip155:{group[0].entry.chain_id})"
        lines.append(line)
    print_table(lines, COLUMNS, elastic=COLUMNS.index("why"))


def counts(found: Sequence[Verdict]) -> str:
    """What they are: 11 targets, 2 feeds."""
    feeds = sum(verdict.is_feed for verdict in found)
    return ", ".join(
        f"{count} {what}{'s' if count != 1 else ''}"
        for count, what in ((len(found) - feeds, "target"), (feeds, "feed"))
        if count
    )


def missing(gaps: Sequence[Gap]) -> str:
    """What is said of blocks that were not read; empty when there are none."""
    left = [gap for gap in gaps if gap.filled_at is None]
    if not left:
        return ""
    blocks = sum(gap.last - gap.first + 1 for gap in left)
    many = "block" if blocks == 1 else "blocks"
    return f"{blocks:,} {many} not read: `watcher backfill --list` lists, `watcher backfill` fills"


def _grouped(found: Sequence[Verdict], *, every: bool) -> list[list[Verdict]]:
    """What is said in one line: those that are alike, of one chain."""
    groups: dict[object, list[Verdict]] = {}
    for verdict in found:
        alike = verdict.only_late or verdict.grade is Grade.HEALTHY
        key = (verdict.grade, verdict.entry.chain_id) if alike and not every else verdict.id
        groups.setdefault(key, []).append(verdict)
    return list(groups.values())


def _line(verdict: Verdict, *, now: float) -> list[str]:
    finding = verdict.finding
    since = duration(now - finding.since) if finding.since is not None else ""
    return [verdict.grade.word, verdict.label, finding.why, since, _age(verdict, now)]


def _folded(group: Sequence[Verdict], *, now: float) -> list[str]:
    age = _age(group[0], now)
    if group[0].grade is Grade.HEALTHY:
        return [Grade.HEALTHY.word, counts(group), "", "", age]
    why = f"no new block for {age}: is `watcher run` running?"
    return [Grade.BLIND.word, counts(group), why, age, age]


def _age(verdict: Verdict, now: float) -> str:
    return duration(now - verdict.newest.timestamp) if verdict.newest else ""


def standing_row(verdict: Verdict, *, now: float) -> Row:
    entry, standing, newest = verdict.entry, verdict.standing, verdict.newest
    observation = standing.observation if standing else None
    measure, since = verdict.finding.measure, verdict.finding.since
    return {
        "state": verdict.grade.word,
        "target": verdict.label,
        "target_id": verdict.id,
        "chain": f"eip155:{entry.chain_id}",
        "protocol": entry.protocol,
        "address": entry.address,
        "why": verdict.finding.why,
        "measure": measure.name if measure else None,
        "value": measure.value if measure else None,
        "state_when_seen": verdict.seen.grade.word,
        "status": str(observation.status) if observation else None,
        "detail": observation.detail if observation else None,
        "since": utc(since) if since is not None else None,
        "since_seconds": int(now - since) if since is not None else None,
        "block": newest.number if newest else None,
        "block_hash": newest.hash if newest else None,
        "block_time": utc(newest.timestamp) if newest else None,
        "data_age_seconds": int(now - newest.timestamp) if newest else None,
    }
