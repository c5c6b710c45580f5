"""What `watcher rules` says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from watcher.alerts import presets
from watcher.alerts.rule import Rule
from watcher.backtest.firing import Firing, Tried, tried
from watcher.cli.options import Format
from watcher.cli.output import Row, note, print_json, print_rows
from watcher.cli.phrases import duration, utc
from watcher.config import Config, fields
from watcher.config.rules import preset_rule
from watcher.errors import InputError
from watcher.protocols import ADAPTERS
from watcher.state.target import Target

if TYPE_CHECKING:
    from watcher.store import Store

RULE_COLUMNS = ("rule", "severity", "when", "for", "clear", "units", "targets", "route")
TRIED_COLUMNS = (
    "rule",
    "severity",
    "fired",
    "a day",
    "told",
    "open for",
    "longest",
    "passed",
    "spikes",
)
NAMED = 2
"""Targets of a rule that a line of the table names, where there are more."""

FIRING_COLUMNS = ("rule", "target", "fired", "block", "ended", "open for", "told")


def print_rules(config: Config, *, format_: Format) -> None:
    every = format_ is not Format.TABLE
    rows = [_rule_row(rule, config, every=every) for rule in config.rules]
    off = {name: why for name in presets.names() if (why := presets.why_off(name))}
    if format_ is Format.JSON:
        print_json({"rules": rows, "off": off})
        return
    print_rows(rows, RULE_COLUMNS, format_=format_, elastic="when")
    if format_ is Format.TABLE:
        names = {rule.name for rule in config.rules}
        for name, why in off.items():
            if name not in names:
                note(f'off: {name}, because {why}; switch it on with preset = "{name}"')


def _rule_row(rule: Rule, config: Config, *, every: bool) -> Row:
    """`every` names all of the rule's targets, which a line of a table has no room for."""
    names = [
        entry.name or f"{entry.protocol}:{entry.address}"
        for entry in config.entries
        if ADAPTERS[entry.protocol].kind in rule.kinds
        and (not rule.targets or entry.name in rule.targets)
    ]
    return {
        "rule": rule.name,
        "severity": rule.severity,
        "when": rule.when.text,
        "for": duration(rule.duration) if rule.duration else "",
        "clear": rule.clear.text if rule.clear else "",
        "units": ", ".join(f"{name}: {unit}" for name, unit in rule.when.units),
        "targets": ", ".join(names) if every else _many(names),
        "route": ", ".join(rule.route),
    }


def _many(names: Sequence[str]) -> str:
    if len(names) <= NAMED + 1:
        return ", ".join(names) or "none"
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


def rules_to_try(config: Config, wanted: Sequence[str]) -> tuple[Rule, ...]:
    """Those in effect, or the named ones, presets that are off among them."""
    known = {rule.name: rule for rule in config.rules}
    if not wanted:
        return config.rules
    found = []
    for name in dict.fromkeys(wanted):
        if name not in known and name in presets.names():
            found.append(preset_rule(name, config.entries))
        elif name in known:
            found.append(known[name])
        else:
            raise InputError(fields.unknown(name, [*known, *presets.names()], what="rule"))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ChainTried:
    chain_id: int
    tried: Tried


def try_rules(
    config: Config,
    store: Store,
    rules: Sequence[Rule],
    *,
    target: str | None,
    first: str | None,
    last: str | None,
) -> tuple[ChainTried, ...]:
    """Each chain of the file of which a block of the stretch is stored."""
    targets: Sequence[Target] = store.targets()
    if target is not None:
        one = store.find_target(target)
        targets = [each for each in targets if (each.chain_id, each.address) == _at(one)]
        rules = [rule for rule in rules if rule.applies(one)]
        if not rules:
            raise InputError(f"none of these rules is asked of {one.label}")
    names = frozenset().union(*(rule.names for rule in rules))
    found = []
    for chain in config.chains:
        mine = [each for each in targets if each.chain_id == chain.chain_id]
        stretch = _stretch(store, chain.chain_id, first, last)
        if not mine or stretch is None:
            continue
        steps = store.replay(chain.chain_id, names, first=stretch[0], last=stretch[1])
        result = tried(rules, mine, steps, unit=config.settings.unit)
        if result is not None:
            found.append(ChainTried(chain.chain_id, result))
    if not found:
        raise InputError("no block of these is stored: `watcher history` shows what is")
    return tuple(found)


def _at(target: Target) -> tuple[int, str]:
    return target.chain_id, target.address


def _stretch(
    store: Store, chain_id: int, first: str | None, last: str | None
) -> tuple[int, int] | None:
    """The blocks that are asked for; a date is its first second, as --to its last."""
    low, since = _bound(first, "--from", end=False)
    high, until = _bound(last, "--to", end=True)
    span = store.span(chain_id, since=since, until=until)
    if span is None:
        return None
    begin = span[0] if low is None else max(low, span[0])
    end = span[1] if high is None else min(high, span[1])
    return (begin, end) if begin <= end else None


def _bound(text: str | None, option: str, *, end: bool) -> tuple[int | None, int | None]:
    """A block number, or a time in seconds."""
    if text is None:
        return None, None
    if text.isascii() and text.isdigit():
        return int(text), None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{option} {text[:40]}: write a block number or a UTC date as 2022-05-12"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole_day = 86_399 if end and len(text) == len("2022-05-12") else 0
    return None, int(moment.timestamp()) + whole_day


def print_tried(
    found: Sequence[ChainTried],
    rules: Sequence[Rule],
    targets: Sequence[Target],
    *,
    every: bool,
    format_: Format,
) -> None:
    labels = {target.id: target.label for target in targets}
    firings = [(one.tried, firing) for one in found for firing in one.tried.firings]
    rows = [_tried_row(rule, found) for rule in rules]
    each = [_firing_row(firing, whole, labels) for whole, firing in firings]
    if format_ is Format.JSON:
        print_json({"stretch": [_stretch_row(one) for one in found], "rules": rows, "alerts": each})
        return
    if every:
        print_rows(each, FIRING_COLUMNS, format_=format_, elastic="target")
    else:
        print_rows(rows, TRIED_COLUMNS, format_=format_)
    for one in found:
        note(_said(one))


def _said(one: ChainTried) -> str:
    whole = one.tried
    count = len(whole.firings)
    days = max(whole.days, 1e-9)
    return (
        f"eip155:{one.chain_id}: {whole.blocks:,} blocks, {whole.first.number:,} to "
        f"{whole.last.number:,}, {utc(whole.first.timestamp)} to {utc(whole.last.timestamp)}: "
        f"{count:,} alerts" + (f", {count / days:.2g} a day" if whole.days > 0 else "")
    )


def _tried_row(rule: Rule, found: Iterable[ChainTried]) -> Row:
    lasting, told, days, passed, spikes = [], 0, 0.0, 0, 0
    for one in found:
        whole = one.tried
        mine = [firing for firing in whole.firings if firing.rule == rule.name]
        lasting += [firing.seconds(whole.last) for firing in mine]
        told += sum(firing.told for firing in mine)
        days = max(days, whole.days)
        passed += whole.passed.get(rule.name, 0)
        spikes += whole.spikes.get(rule.name, 0)
    return {
        "rule": rule.name,
        "severity": rule.severity,
        "fired": len(lasting),
        "a day": float(f"{len(lasting) / days:.3g}") if days else None,
        "told": told,
        "open for": duration(sum(lasting)) if lasting else "",
        "longest": duration(max(lasting)) if lasting else "",
        "passed": passed,
        "spikes": spikes,
    }


def _firing_row(firing: Firing, whole: Tried, labels: Mapping[str, str]) -> Row:
    return {
        "rule": firing.rule,
        "target": labels.get(firing.target_id, firing.target_id),
        "fired": utc(firing.fired.timestamp),
        "block": firing.fired.number,
        "ended": utc(firing.ended.timestamp) if firing.ended else "",
        "open for": duration(firing.seconds(whole.last)),
        "told": firing.told,
    }


def _stretch_row(one: ChainTried) -> Row:
    whole = one.tried
    return {
        "chain": f"eip155:{one.chain_id}",
        "first": whole.first.number,
        "last": whole.last.number,
        "blocks": whole.blocks,
        "days": whole.days,
        "alerts": len(whole.firings),
    }
