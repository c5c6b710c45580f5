"""Whether an endpoint's head can be the chain's: it must not go back, stand still or run ahead."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.state import Block


@dataclass(frozen=True, slots=True)
class LagLimits:
    """From where on a head lags: blocks behind the others, seconds without a new block, seconds
    ahead of our clock."""

    behind_blocks: int = 3
    stuck_seconds: float = 120.0
    future_seconds: float = 60.0


DEFAULT_LIMITS = LagLimits()


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest head that an endpoint gave, since when it gives it, and the highest it ever gave;
    `since` is monotonic seconds."""

    head: Block
    since: float
    highest: int

    def then(self, head: Block, *, now: float) -> Heard:
        since = self.since if head == self.head else now
        return Heard(head, since, max(self.highest, head.number))


def lag(heard: Heard, agreed: int, *, now: float, wall: float, limits: LagLimits) -> str:
    """Why this head lags, "" where it does not. `agreed` is the chain's head as far as it is known,
    `now` monotonic and `wall` Unix seconds."""
    number = heard.head.number
    if number < heard.highest:
        return f"its head went back from block {heard.highest} to {number}"
    if agreed - number >= limits.behind_blocks:
        return f"its head is {agreed - number} blocks behind the others"
    ahead = heard.head.timestamp - wall
    if ahead > limits.future_seconds:
        return f"its head's time is {ahead:.0f} s in the future"
    still = now - heard.since
    if still > limits.stuck_seconds:
        return f"its head has stood at block {number} for {still:.0f} s"
    return ""
