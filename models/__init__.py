"""The tables of the history, their column types and their migrations; nothing here knows the
watcher, and only `watcher.store` reads or writes through it."""

from models.base import SCHEMA, metadata, table_of
from models.block import BLOCK_STATUSES, BlockRow, CursorRow, GapRow
from models.code import CodeRow
from models.endpoint import ENDPOINT_EVENTS, EndpointEventRow
from models.flow import (
    FlowAmountRow,
    FlowMeasureRow,
    FlowReadingRow,
    FlowRow,
    FlowScopeRow,
    FlowWindowRow,
)
from models.lease import LeaseRow
from models.measure import ComputationInputRow, ComputationRow, MeasureRow, SettingsRow
from models.observation import OBSERVATION_STATUSES, AmountRow, ObservationRow, StateRow
from models.series import SeriesPointRow, SeriesRow
from models.target import TargetRow, TargetTokenRow, TokenRow

__all__ = [
    "BLOCK_STATUSES",
    "ENDPOINT_EVENTS",
    "OBSERVATION_STATUSES",
    "SCHEMA",
    "AmountRow",
    "BlockRow",
    "CodeRow",
    "ComputationInputRow",
    "ComputationRow",
    "CursorRow",
    "EndpointEventRow",
    "FlowAmountRow",
    "FlowMeasureRow",
    "FlowReadingRow",
    "FlowRow",
    "FlowScopeRow",
    "FlowWindowRow",
    "GapRow",
    "LeaseRow",
    "MeasureRow",
    "ObservationRow",
    "SeriesPointRow",
    "SeriesRow",
    "SettingsRow",
    "StateRow",
    "TargetRow",
    "TargetTokenRow",
    "TokenRow",
    "metadata",
    "table_of",
]
