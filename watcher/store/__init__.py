"""The history of what was read and computed, in SQLite or PostgreSQL."""

from watcher.store.columns import Columns
from watcher.store.difference import Difference, Recomputation
from watcher.store.open import History, open_history
from watcher.store.outbox import Delivery, DeliveryStatus, Outbox
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
    NetFlow,
    Reading,
    Standing,
    StoredEvent,
    StoredSeries,
    TargetStatus,
    Within,
)

__all__ = [
    "ChainExtent",
    "Columns",
    "Delivery",
    "DeliveryStatus",
    "Difference",
    "Extent",
    "Figure",
    "Figures",
    "FlowCoverage",
    "FlowRecord",
    "Gap",
    "History",
    "InForce",
    "NetFlow",
    "Outbox",
    "Reading",
    "Recomputation",
    "Resumption",
    "Schema",
    "Standing",
    "Store",
    "StoredEvent",
    "StoredSeries",
    "TargetStatus",
    "TickResult",
    "Within",
    "open_history",
    "recompute",
]
