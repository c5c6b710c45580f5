"""One rule on one target, block by block, with a history that forgets nothing."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field

from watcher.alerts.alarms import Alarms
from watcher.alerts.expression import expression
from watcher.alerts.lifecycle import Open
from watcher.alerts.rule import Rule
from watcher.state import Block, Measure, Target, Token, to_address
from watcher.state.alert import AlertEvent, EventKind, Kept, Past
from watcher.state.notice import Notice

CHAIN = 31337
SECONDS = 12
START = 1_700_000_000
WETH = Token(to_address("0x" + "0e" * 20), 18, "WETH")
USDC = Token(to_address("0x" + "0c" * 20), 6, "USDC")
PAIR = Target(
    CHAIN,
    "uniswap_v2",
    to_address("0x" + "a1" * 20),
    "constant_product",
    tokens=(WETH, USDC),
    name="WETH/USDC",
)


def a_rule(
    *,
    name: str = "high",
    when: str = "spot_price > 1",
    clear: str | None = "spot_price < 0.5",
    agrees: str | None = None,
    duration: int = 2 * SECONDS,
    clear_duration: int = 2 * SECONDS,
    repeat: float = 1.25,
    escalate: int | None = 6 * SECONDS,
) -> Rule:
    return Rule(
        name=name,
        when=expression(when),
        severity="critical",
        clear=None if clear is None else expression(clear),
        agrees=None if agrees is None else expression(agrees),
        duration=duration,
        clear_duration=clear_duration,
        repeat=repeat,
        escalate=escalate,
        route=("oncall",),
        escalate_route=("boss",),
        means="Whoever sells here loses.",
    )


def spot(value: float) -> tuple[Measure, ...]:
    why = "no independent reference" if math.isnan(value) else ""
    return (Measure("spot_price", value, 1, (), why),)


@dataclass
class Played:
    """A chain on which a figure has a value at each block; `told` are all notices, `kinds` the
    events, in their order."""

    rule: Rule = field(default_factory=a_rule)
    blocks: list[tuple[Block, float]] = field(default_factory=list)
    events: list[AlertEvent | tuple[str, Past]] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)
    receivers: list[tuple[str, ...]] = field(default_factory=list)
    mined: bool = False
    _salt: int = 0

    def __post_init__(self) -> None:
        self.alarms = self.restarted()

    @property
    def pair(self) -> tuple[str, str]:
        return self.rule.name, PAIR.id

    @property
    def alert(self) -> Open | None:
        return self.alarms.open.get(self.pair)

    @property
    def kinds(self) -> list[str]:
        return [one.kind.value for one in self.events if isinstance(one, AlertEvent)]

    @property
    def notices(self) -> list[str]:
        return [one.kind.value for one in self.told]

    def mine(self, *values: float, seconds: int = SECONDS) -> None:
        for value in values:
            self._salt += 1
            before = self.blocks[-1][0] if self.blocks else None
            number = before.number + 1 if before else 1
            parent = before.hash if before else "0x" + "00" * 32
            digest = hashlib.sha256(f"{parent}/{self._salt}".encode()).hexdigest()
            timestamp = before.timestamp + seconds if before else START
            block = Block(CHAIN, number, f"0x{digest}", parent, timestamp)
            events, routed = self.alarms.step(
                block, before, faults={}, measures={PAIR.id: spot(value)}
            )
            self.blocks.append((block, value))
            self.mined = True
            self.events += events
            self.told += [one.notice for one in routed]
            self.receivers += [one.receivers for one in routed]

    def drop(self, count: int) -> None:
        """A reorg: the newest blocks leave the chain, and what is known is read anew."""
        del self.blocks[len(self.blocks) - count :]
        self.mined = False
        self.alarms = self.restarted()

    def restart(self) -> None:
        self.alarms = self.restarted()

    def act(self, kind: EventKind, *, until: int | None = None) -> None:
        assert self.alert is not None
        past = Past(kind, None, canonical=True, until=until)
        self.events.append((self.alert.uid, past))
        self.alarms.act(self.alert.uid, past)

    def restarted(self) -> Alarms:
        """What a new process knows: only what is stored."""
        alarms = Alarms([self.rule], [PAIR], unit="USD")
        in_force = {PAIR.id: spot(self.blocks[-1][1])} if self.blocks else {}
        alarms.restore(self.kept(), measures=in_force, faults={})
        return alarms

    def kept(self) -> list[Kept]:
        """The alerts without an end on the branch, as the store gives them."""
        canonical = {block.hash for block, _ in self.blocks}
        found: dict[str, list[Past]] = {}
        for one in self.events:
            if isinstance(one, AlertEvent):
                on = one.block.hash in canonical
                past = Past(one.kind, one.block, on, one.gauges, rule_hash=one.rule_hash)
                found.setdefault(one.alert, []).append(past)
            else:
                found.setdefault(one[0], []).append(one[1])
        return [
            Kept(uid, self.rule.name, self.rule.severity, CHAIN, PAIR.id, tuple(events))
            for uid, events in found.items()
            if not any(one.canonical and one.kind.ends for one in events)
        ]
