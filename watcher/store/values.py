"""What reading the history gives back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from watcher.state.block import Block
from watcher.state.endpoint_event import EventKind
from watcher.state.flow import FlowWindow
from watcher.state.measure import Measure
from watcher.state.observation import Observation
from watcher.state.target import Target


@dataclass(frozen=True, slots=True)
class Standing:
    """The observation in force at block `as_of`, appended at block `since`."""

    as_of: Block
    observation: Observation
    since: Block


@dataclass(frozen=True, slots=True)
class Figures:
    """All measures of one target, computed at `block` with the settings of `settings_hash`."""

    block: Block
    settings_hash: str
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure at the block where it was computed."""

    block: Block
    measure: Measure


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """How one target stands at the newest block of its chain.

    `since` is the block at which its status (not its state) became what it is. What has never been
    read has neither observation nor figures.
    """

    target: Target
    newest: Block | None
    observation: Observation | None
    since: Block | None
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Gap:
    """The blocks `first` to `last` were not read; `filled_at` is set once all of them were."""

    chain_id: int
    first: int
    last: int
    reason: str
    found_at: datetime
    filled_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """What befell an endpoint, and the wall time when it was stored. Block and hash are null where
    it concerned none."""

    chain_id: int
    endpoint: str
    kind: EventKind
    block_number: int | None
    block_hash: str | None
    detail: str
    found_at: datetime


@dataclass(frozen=True, slots=True)
class ChainExtent:
    """The canonical blocks that are stored of one chain."""

    chain_id: int
    blocks: int
    first: Block
    newest: Block

    @property
    def days(self) -> float:
        return (self.newest.timestamp - self.first.timestamp) / 86_400


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a database holds; `size` is in bytes."""

    size: int
    targets: int
    chains: tuple[ChainExtent, ...]


@dataclass(frozen=True, slots=True)
class FlowRecord:
    """What flowed through one target in one block."""

    block: Block
    window: FlowWindow


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """What is stored of an outside series: `points` of them, from `first` to `last` in seconds."""

    name: str
    unit: str
    source: str
    hash: str
    points: int
    first: int
    last: int
    imported_at: datetime


@dataclass(frozen=True, slots=True)
class FlowCoverage:
    """Of `blocks` stored blocks, from `first` to `last`, the target's logs were read at `read` and
    could not be read at `failed`; at the others nobody asked for them."""

    first: int | None
    last: int | None
    blocks: int
    read: int
    failed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """From block `number` at `timestamp` on a target was read well, or not, until the next."""

    number: int
    timestamp: int
    well: bool


@dataclass(frozen=True, slots=True)
class Within:
    """What a figure is: its size at least `least` and under `below`; where `least` is None it is
    unknown, for none of the reasons `but`."""

    least: float | None
    below: float = math.inf
    but: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NetFlow:
    """What came into a target less what left it, whole tokens of `token`, in a stretch of blocks;
    `timestamp` is that of its first block in which something flowed."""

    timestamp: int
    token: str
    units: float
