"""What one block adds of flows: pure, from a reading of logs and what was in force."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from watcher.math.flow import flow_measures, reserves
from watcher.state.flow import BlockFlows, Decoded, FlowReading, FlowWindow
from watcher.state.observation import Observation
from watcher.state.target import Target
from watcher.store.tick import InForce

Held: TypeAlias = Mapping[str, InForce]
"""What is in force, by target id."""


def block_flows(
    reading: FlowReading,
    targets: Mapping[str, Target],
    *,
    before: Held | None,
    now: Held,
    changed: Collection[str],
) -> BlockFlows:
    """`before` is what was in force at the block's parent, None where that was not read; `changed`
    are the targets whose observation is of this block."""
    if reading.failure:
        return BlockFlows(reading, ())
    decoded = {one.target_id: one for one in reading.decoded}
    candidates = decoded.keys() | (set(changed) & set(reading.scope))
    windows = (
        window(targets[one], decoded.get(one), before=before, now=now) for one in sorted(candidates)
    )
    return BlockFlows(reading, tuple(found for found in windows if found is not None))


def window(
    target: Target, decoded: Decoded | None, *, before: Held | None, now: Held
) -> FlowWindow | None:
    """`decoded` is None where the block has no logs of the target, whose reserves may have changed
    without; None where they have not."""
    earlier = None if before is None else _observed(before, target)
    later = _observed(now, target)
    if decoded is None:
        if not _moved(target, earlier, later):
            return None
        decoded = Decoded(target.id, ())
    return FlowWindow(decoded, flow_measures(target, decoded, earlier, later))


def _observed(held: Held, target: Target) -> Observation | None:
    found = held.get(target.id)
    return None if found is None else found.observation


def _moved(target: Target, earlier: Observation | None, later: Observation | None) -> bool:
    """Whether both are known and differ."""
    if earlier is None or later is None or earlier.state is None or later.state is None:
        return False
    held = reserves(target, earlier.state), reserves(target, later.state)
    return held[0] is not None and held[1] is not None and held[0] != held[1]
