"""`[[rules]]` and `[alerts]`: when somebody is told, and who."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from watcher.alerts import presets
from watcher.alerts.expression import Expression, expression
from watcher.alerts.rule import ESCALATE_SECONDS, REPEAT, SEVERITIES, Rule
from watcher.config import fields
from watcher.config.section import Section
from watcher.errors import ConfigError, Problem
from watcher.protocols import ADAPTERS, Entry
from watcher.protocols.options import boolean
from watcher.state.notice import Severity

MOST_RULES = 500
MOST_NAMES = 100
NOBODY: tuple[str, ...] = ()
NEVER = "never"

Told: TypeAlias = Callable[[object], tuple[str, ...]]
"""How a list of receivers is read."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def read_rules(root: Section, entries: Sequence[Entry]) -> tuple[Rule, ...]:
    """The presets that are in effect, then the file's own; one that names a preset takes its
    place, unless it has a name of its own. Routes name those of `[receivers]`."""
    alerts = root.table("alerts")
    shipped = alerts.optional("presets", boolean, True)
    told = partial(_names, known=tuple(root.tables("receivers")))
    routes = {severity: alerts.optional(severity, told, NOBODY) for severity in SEVERITIES}
    alerts.finish()
    sections = root.list("rules")
    if len(sections) > MOST_RULES:
        root.problem("rules", f"write at most {MOST_RULES} rules")
    found: dict[str, Rule | None] = dict(_shipped(entries)) if shipped else {}
    own: set[str] = set()
    for section in sections[:MOST_RULES]:
        name, rule = _own(section, entries, told)
        if name is None:
            continue
        if name in own:
            section.problem("name", f'"{name}" is used twice: choose another')
        own.add(name)
        found[name] = rule
    return tuple(_routed(rule, routes) for rule in found.values() if rule is not None)


def preset_rule(name: str, entries: Sequence[Entry]) -> Rule:
    """A preset as it ships, whether it is in effect or not. Raises KeyError where there is none."""
    problems: list[Problem] = []
    rule = _read(Section(presets.table(name), name, problems), entries, _nobody)
    if rule is None or problems:
        raise ConfigError(problems, source="presets.toml")
    return rule


def _shipped(entries: Sequence[Entry]) -> dict[str, Rule]:
    names = [name for name in presets.names() if not presets.why_off(name)]
    return {name: preset_rule(name, entries) for name in names}


def _own(section: Section, entries: Sequence[Entry], told: Told) -> tuple[str | None, Rule | None]:
    """A rule of the file and its name; no rule where it is switched off or wrong."""
    asked = section.optional("preset", fields.text, None)
    if asked is not None:
        if asked not in presets.names():
            section.problem("preset", fields.unknown(asked, presets.names(), what="preset"))
            return None, None
        section = section.over(presets.table(asked))
        section.optional("preset", fields.text, None)
    enabled = section.optional("enabled", boolean, True)
    rule = _read(section, entries, told)
    name = section.optional("name", _name, None)
    return name, rule if enabled else None


def _read(section: Section, entries: Sequence[Entry], told: Told) -> Rule | None:
    name = section.required("name", _name)
    when = section.required("when", _expression)
    severity = section.required("severity", _severity)
    clear = section.optional("clear", _expression, None)
    agrees = section.optional("agrees", _expression, None)
    duration = section.optional("for", _seconds, 0)
    clear_duration = section.optional("clear_for", _seconds, duration)
    repeat = section.optional("repeat", _factor, REPEAT)
    usual: int | None = ESCALATE_SECONDS
    escalate = section.optional("escalate", _escalate, usual)
    route = section.optional("route", told, NOBODY)
    escalate_route = section.optional("escalate_route", told, NOBODY)
    names = {entry.name: entry for entry in entries}
    targets = section.optional("targets", lambda value: _targets(value, names), NOBODY)
    means = section.optional("means", fields.text, "")
    section.finish()
    if name is None or when is None or severity is None:
        return None
    rule = Rule(
        name=name,
        when=when,
        severity=severity,
        clear=clear,
        agrees=agrees,
        duration=duration,
        clear_duration=clear_duration,
        repeat=repeat,
        escalate=escalate,
        route=route,
        escalate_route=escalate_route,
        targets=targets,
        means=means,
    )
    _check(section, rule, names)
    return rule


def _check(section: Section, rule: Rule, names: Mapping[str, Entry]) -> None:
    if not rule.kinds:
        section.problem("clear", "asks for measures that no target of `when` has")
    elif rule.targets and not any(
        ADAPTERS[names[name].protocol].kind in rule.kinds for name in rule.targets
    ):
        wanted = ", ".join(sorted(rule.when.names)) or "this"
        section.problem("targets", f"none of them has {wanted}: leave the key out, or name others")


def _routed(rule: Rule, routes: Mapping[Severity, tuple[str, ...]]) -> Rule:
    return rule if rule.route else replace(rule, route=routes[rule.severity])


def _name(value: object) -> str:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    raise ValueError("write a name of letters, digits, dots and dashes, at most 64 of them")


def _names(value: object, *, known: Collection[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MOST_NAMES:
        raise ValueError(f"write a list of at most {MOST_NAMES} receivers")
    found = tuple(_name(one) for one in value)
    if len(set(found)) != len(found):
        raise ValueError("a receiver stands in the list twice")
    for name in found:
        if name not in known:
            raise ValueError(fields.unknown(name, known, what="receiver"))
    return found


_nobody: Told = partial(_names, known=())


def _expression(value: object) -> Expression:
    if not isinstance(value, str) or not value.strip():
        raise ValueError('write a condition such as "abs(ln_spot_over_reference) > 0.01"')
    return expression(value)


def _severity(value: object) -> Severity:
    for one in SEVERITIES:
        if value == one:
            return one
    raise ValueError(f"write one of {', '.join(SEVERITIES)}")


def _seconds(value: object) -> int:
    return 0 if value == "0s" else fields.seconds(value)


def _escalate(value: object) -> int | None:
    if value == NEVER:
        return None
    try:
        return fields.seconds(value)
    except ValueError as error:
        raise ValueError(f'{error}, or "{NEVER}"') from None


def _factor(value: object) -> float:
    return fields.number(value, least=1.01, most=1_000.0)


def _targets(value: object, names: Mapping[str, Entry]) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError("write a list of names of targets, or leave the key out")
    for one in value:
        if one not in names:
            raise ValueError(fields.unknown(str(one), names, what="target"))
    return tuple(dict.fromkeys(value))
