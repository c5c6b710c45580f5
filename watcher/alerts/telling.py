"""An alert in words: the fact in one sentence, then everything that a person asks next."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from watcher.alerts.lifecycle import Open
from watcher.alerts.phrases import duration, money, number, percent, utc
from watcher.alerts.rule import Rule, next_told
from watcher.alerts.values import UNREAD, Rows
from watcher.math.catalogue import CATALOGUE
from watcher.state.alert import Act, AlertEvent, EventKind, Gauge, Routed
from watcher.state.canonical import canonical_json, content_hash
from watcher.state.notice import Notice, NoticeKind
from watcher.state.target import Target
from watcher.state.token import Token

KINDS = {
    EventKind.FIRED: NoticeKind.FIRED,
    EventKind.REOPENED: NoticeKind.FIRED,
    EventKind.WORSENED: NoticeKind.WORSENED,
    EventKind.ESCALATED: NoticeKind.ESCALATED,
    EventKind.RESOLVED: NoticeKind.RESOLVED,
    EventKind.RETRACTED: NoticeKind.RETRACTED,
}
_NAME = re.compile(r"(?<![0-9a-z_.])[a-z_][a-z0-9_]*")
_COMPARE = {">": "over", ">=": "at least", "<": "under", "<=": "at most", "==": "at", "!=": "not"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is so: the target, the unit of account, what a second source says, and the measures
    in force."""

    target: Target
    unit: str
    second: str
    rows: Rows


def notice(rule: Rule, event: AlertEvent, alert: Open, place: Place) -> Notice:
    """Its uid is that of the event: the same alert, kind and block give the same."""
    block = event.block
    return Notice(
        uid=content_hash(canonical_json([event.alert, event.kind.value, block.hash])),
        alert=event.alert,
        rule=rule.name,
        severity=rule.severity,
        kind=KINDS[event.kind],
        chain_id=block.chain_id,
        target_id=event.target_id,
        target_name=place.target.label,
        block_number=block.number,
        block_hash=block.hash,
        at=block.timestamp,
        title=title(rule, event, alert, place),
        body="\n".join(_body(rule, event, alert, place)),
    )


def title(rule: Rule, event: AlertEvent, alert: Open, place: Place) -> str:
    label = place.target.label
    fact = fact_of(rule.name, rule.when.text, event.gauges, place)
    match event.kind:
        case EventKind.WORSENED:
            return f"{label}, worse: {fact}"
        case EventKind.ESCALATED:
            since = alert.known.timestamp if alert.known else event.block.timestamp
            age = duration(event.block.timestamp - since)
            return f"{label}, not acknowledged for {age}: {fact}"
        case EventKind.REOPENED:
            return f"{label}, still so after a reorg: {fact}"
        case EventKind.RESOLVED:
            return f"{label}, over: {fact}"
        case EventKind.RETRACTED:
            return f"{label}, taken back: the blocks that said so have left the chain ({rule.name})"
    return f"{label}: {fact}"


def fact_of(name: str, when: str, gauges: Sequence[Gauge], place: Place) -> str:
    """What the figures of the condition `when` say; of one without figures the rule's `name`."""
    clauses = dict.fromkeys(_clause(gauge, place) for gauge in gauges)
    if UNREAD in place.rows and (not clauses or UNREAD in _NAME.findall(when)):
        return f"it cannot be read ({place.rows[UNREAD][0].reason})"
    return " and ".join(clauses) or f"{name} ({when})"


def _clause(gauge: Gauge, place: Place) -> str:
    name = _measure(gauge.figure)
    if math.isnan(gauge.value):
        return f"{gauge.figure} is unknown ({gauge.reason})"
    coins = _coins(place.target)
    symbols: dict[str, str] = {coin.address: coin.symbol or coin.address for coin in coins}
    signed = _signed(name, gauge, place.rows)
    match name:
        case "ln_spot_over_reference":
            coin = dict(gauge.dims).get("token")
            first = place.target.tokens[0].address if place.target.tokens else ""
            # Of several coins the row says how many of the coin pay for one of the first.
            off = math.expm1(signed if coin is None else -signed)
            symbol = symbols.get(coin or first, coin or first)
            side = "under" if off < 0 else "over"
            return f"{symbol} trades {percent(abs(off))} {side} its reference"
        case "depth_money" | "depth_1pct_money":
            return f"only {money(gauge.value, place.unit)} can leave before the price moves 1%"
        case "price_per_share_change":
            sign = "+" if signed > 0 else ""
            return f"the price per share changed by {sign}{percent(signed)} in one block"
        case "solvency_reference":
            return f"what is held is {percent(1 - _reverse(gauge))} of what is owed"
        case "utilization":
            return f"{percent(1 - _reverse(gauge))} of what was supplied is lent out"
    of = ", ".join(symbols.get(value, value) for _, value in gauge.dims)
    return f"{gauge.figure}{f' of {of}' if of else ''} is {figure(gauge, gauge.value, place.unit)}"


def _reverse(gauge: Gauge) -> float:
    """What is missing to 1, whichever way the rule writes it."""
    return gauge.value if gauge.figure.startswith("1 - ") else 1 - gauge.value


def figure(gauge: Gauge, value: float, unit: str) -> str:
    """A value of a comparison in the unit of its measure."""
    name = _measure(gauge.figure)
    known = CATALOGUE[name].unit if name in CATALOGUE else "unit of account"
    if known == "unit of account":
        return money(value, unit)
    return percent(value) if known in ("fraction", "natural logarithm") else number(value)


def _measure(figure: str) -> str:
    """The first measure that a figure is made of."""
    found = [word for word in _NAME.findall(figure) if word not in ("abs", "min", "max", "sum")]
    return found[0] if found else ""


def _signed(name: str, gauge: Gauge, rows: Rows) -> float:
    """The measure itself, whose sign abs() takes away."""
    for one in rows.get(name, ()):
        if abs(one.value) == abs(gauge.value) and set(gauge.dims) <= set(one.dims):
            return one.value
    return gauge.value


def _coins(target: Target) -> Iterable[Token]:
    return (*target.tokens, *filter(None, [target.share]))


def _body(rule: Rule, event: AlertEvent, alert: Open, place: Place) -> Iterator[str]:
    target, block = place.target, event.block
    where = f"{target.protocol}, {target.caip10}" + (f", {target.key}" if target.key else "")
    yield f"What: {fact_of(rule.name, rule.when.text, event.gauges, place)}"
    yield f"Where: {target.label} ({where})"
    yield f"At: block {block.number:,} {block.hash}, {utc(block.timestamp)}"
    if alert.since is not None:
        age = duration(block.timestamp - alert.since.timestamp)
        yield f"Since: block {alert.since.number:,} {alert.since.hash}, {age}"
    lasting = f", for {duration(rule.duration)}" if rule.duration else ""
    yield f"Rule: {rule.name} ({rule.severity}): {rule.when.text}{lasting}"
    then = {(one.figure, one.sign): one for one in alert.first}
    for gauge in event.gauges:
        yield f"  {_then_and_now(gauge, then.get((gauge.figure, gauge.sign)), place.unit)}"
    if rule.means:
        yield f"What it means: {rule.means}"
    sure = _sure(event, alert, place)
    if sure:
        yield f"Sure of it: {sure}"
    if event.detail:
        yield f"Note: {event.detail}"
    if event.kind not in (EventKind.RESOLVED, EventKind.RETRACTED):
        yield f"Next: {_next(rule, event.gauges, place.unit)}"
    yield f"More: watcher alerts show {event.alert[:12]}"


def _then_and_now(gauge: Gauge, then: Gauge | None, unit: str) -> str:
    limit = limit_of(gauge, unit)
    if math.isnan(gauge.value):
        return f"{gauge.figure}: unknown now ({gauge.reason}); the rule asks for {limit}"
    before = f"{figure(gauge, then.value, unit)} when it began, " if then is not None else ""
    now = figure(gauge, gauge.value, unit)
    return f"{gauge.figure}: {before}{now} now; the rule asks for {limit}"


def limit_of(gauge: Gauge, unit: str) -> str:
    """What the rule asks of a figure: over 2.00%."""
    return f"{_COMPARE[gauge.sign]} {figure(gauge, gauge.limit, unit)}"


def _sure(event: AlertEvent, alert: Open, place: Place) -> str:
    if alert.since is None or event.kind in (EventKind.RESOLVED, EventKind.RETRACTED):
        return place.second
    blocks = event.block.number - alert.since.number + 1
    held = "the first block at which it is so: it may be a spike of one block"
    if blocks > 1:
        held = f"it has held since {blocks:,} blocks ago, so it is no spike of one block"
    return f"{place.second}; {held}" if place.second else held


def _next(rule: Rule, gauges: Iterable[Gauge], unit: str) -> str:
    again = told_again(gauges, rule.repeat, unit)
    parts = [f"told again only once {' or '.join(again)}"] if again else ["not told again"]
    if rule.escalate is not None:
        parts.append(f"and after {duration(rule.escalate)} without an acknowledgement")
    ends = rule.clear.text if rule.clear else f"not ({rule.when.text})"
    lasting = f" for {duration(rule.clear_duration)}" if rule.clear_duration else ""
    return f"{' '.join(parts)}; over when {ends}{lasting}"


def told_again(gauges: Iterable[Gauge], repeat: float, unit: str) -> list[str]:
    """From which figures on it is told again."""
    return [
        f"{gauge.figure} is {_COMPARE[gauge.sign[0]]} {figure(gauge, value, unit)}"
        for gauge in gauges
        if (value := next_told(gauge, repeat)) is not None
    ]


def act_notice(rule: Rule, act: Act, target: Target) -> Routed:
    """What those who know of the alert are told of what a person did."""
    done = "acknowledged" if act.until is None else f"silenced until {utc(act.until)}"
    at = int(act.at.timestamp())
    found = Notice(
        uid=content_hash(canonical_json([act.alert, act.kind.value, act.at.isoformat()])),
        alert=act.alert,
        rule=rule.name,
        severity=rule.severity,
        kind=NoticeKind.ACKNOWLEDGED if act.until is None else NoticeKind.SILENCED,
        chain_id=target.chain_id,
        target_id=target.id,
        target_name=target.label,
        block_number=None,
        block_hash=None,
        at=at,
        title=f"{target.label}: {rule.name} {done} by {act.who}",
        body=f"Why: {act.why}\nWhen: {utc(at)}\nMore: watcher alerts show {act.alert[:12]}",
    )
    return Routed(found, rule.route)
