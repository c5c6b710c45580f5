"""What one tick hands over, and what the store gives back to go on from."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.state.alert import AlertEvent, Routed
from watcher.state.block import Block
from watcher.state.code import Deployed
from watcher.state.flow import BlockFlows
from watcher.state.measure import Computation
from watcher.state.observation import Observation


@dataclass(frozen=True, slots=True)
class TickResult:
    """Everything that one block adds, committed as one transaction together with the cursor.

    `observations` and `computations` hold only what changed on the branch. `safe` and `finalized`
    are the node's block numbers, None where it has no such tag. `codes` are those that
    changed since the last look, empty at most blocks. `flows` is None where nobody asked for logs.
    `alerts` are what the rules made of it, `notices` what people are told of that.
    """

    block: Block
    settings_hash: str
    observations: tuple[Observation, ...]
    computations: tuple[Computation, ...]
    safe: int | None = None
    finalized: int | None = None
    codes: tuple[Deployed, ...] = ()
    flows: BlockFlows | None = None
    alerts: tuple[AlertEvent, ...] = ()
    notices: tuple[Routed, ...] = ()


@dataclass(frozen=True, slots=True)
class InForce:
    """The observation that holds for a target on the branch, and the block it was appended at."""

    observation: Observation
    block_hash: str


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where a chain's watch stopped, and by target id what was in force there. `finalized` is the
    highest stored block that is final."""

    cursor: Block | None
    in_force: dict[str, InForce]
    computation_keys: dict[str, str]
    finalized: int | None = None
