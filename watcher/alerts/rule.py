"""A rule: under which condition, for how long, somebody is told what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.alerts.expression import Expression
from watcher.state.alert import Gauge, RuleText
from watcher.state.canonical import canonical_json, content_hash
from watcher.state.notice import Severity
from watcher.state.target import Target

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")

REPEAT = 1.25
"""Told again once a figure of the condition is worse by this factor, unless the rule says more."""

ESCALATE_SECONDS = 1_800


@dataclass(frozen=True, slots=True)
class Rule:
    """Times are seconds of block time. The condition must hold for `duration` before anybody is
    told, and `clear` (without it, that the condition does not hold) for `clear_duration` before the
    alert is resolved.

    `agrees` is asked of other targets at the same address, such as a pool's mean over time: while
    one of them denies it nobody is told. `repeat` is the factor by which a figure must be worse
    than when it was told last to be told again. After `escalate` seconds without an acknowledgement
    those of `escalate_route`, else of `route`, are told once more; None is never. `targets` are
    names; none are all that have the measures.
    """

    name: str
    when: Expression
    severity: Severity
    clear: Expression | None = None
    agrees: Expression | None = None
    duration: int = 0
    clear_duration: int = 0
    repeat: float = REPEAT
    escalate: int | None = ESCALATE_SECONDS
    route: tuple[str, ...] = ()
    escalate_route: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    means: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of the targets that have all measures of the condition and of what clears it."""
        clear = self.clear or self.when
        return tuple(kind for kind in self.when.kinds if kind in clear.by_kind)

    @property
    def names(self) -> frozenset[str]:
        """Every measure that it needs."""
        parts = (self.when, self.clear, self.agrees)
        return frozenset().union(*(part.names for part in parts if part is not None))

    def applies(self, target: Target) -> bool:
        named = not self.targets or target.name in self.targets
        return named and target.kind in self.kinds

    @property
    def text(self) -> RuleText:
        """As the history keeps it: everything that decides when somebody is told."""
        body = canonical_json(
            {
                "name": self.name,
                "when": self.when.text,
                "clear": self.clear.text if self.clear else None,
                "agrees": self.agrees.text if self.agrees else None,
                "severity": self.severity,
                "for": self.duration,
                "clear_for": self.clear_duration,
                "repeat": self.repeat,
                "escalate": self.escalate,
                "targets": list(self.targets),
            }
        )
        return RuleText(content_hash(body), self.name, self.severity, body)


def worse(now: Sequence[Gauge], told: Sequence[Gauge], factor: float) -> bool:
    """Whether a figure is `factor` times as far from 0 on the side that its comparison asks for as
    when it was told last; below 0, as much nearer. Rules are written so that 0 is a bound."""
    before = {(one.figure, one.sign): one.value for one in told}
    return any(
        _worse(one.sign, one.value, before.get((one.figure, one.sign)), factor) for one in now
    )


def _worse(sign: str, now: float, told: float | None, factor: float) -> bool:
    if told is None or sign[0] not in "<>" or told == 0:
        return False
    if sign[0] == "<":
        now, told = -now, -told
    # NaN is never at least anything.
    return now >= told * factor if told > 0 else now >= told / factor


def next_told(gauge: Gauge, factor: float) -> float | None:
    """The figure from which it is told again; None where that is nothing that can be said."""
    if gauge.sign[0] not in "<>" or gauge.value == 0 or gauge.value != gauge.value:
        return None
    away = gauge.value > 0 if gauge.sign[0] == ">" else gauge.value < 0
    return gauge.value * factor if away else gauge.value / factor
