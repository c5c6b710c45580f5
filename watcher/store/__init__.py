"""The history of what was read and computed, in SQLite or PostgreSQL."""

from watcher.store.difference import Difference, Recomputation
from watcher.store.recompute import recompute
from watcher.store.schema import Schema
from watcher.store.store import Store
from watcher.store.tick import InForce, Resumption, TickResult
from watcher.store.values import (
    ChainExtent,
    Extent,
    Figure,
    Figures,
    FlowCoverage,
    FlowRecord,
    Gap,
    Standing,
    StoredEvent,
    StoredSeries,
    TargetStatus,
)

__all__ = [
    "ChainExtent",
    "Difference",
    "Extent",
    "Figure",
    "Figures",
    "FlowCoverage",
    "FlowRecord",
    "Gap",
    "InForce",
    "Recomputation",
    "Resumption",
    "Schema",
    "Standing",
    "Store",
    "StoredEvent",
    "StoredSeries",
    "TargetStatus",
    "TickResult",
    "recompute",
]
