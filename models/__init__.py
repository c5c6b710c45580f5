"""The tables of the history, their column types and their migrations; nothing here knows the
watcher, and only `watcher.store` reads or writes through it."""

from models.alert import ALERT_EVENTS, AlertEventRow, AlertRow, RuleRow
from models.base import SCHEMA, metadata, table_of
from models.block import BLOCK_STATUSES, BlockRow, CursorRow, GapRow
from models.code import CodeRow
from models.delivery import DELIVERY_STATUSES, DeliveryRow
from models.endpoint import ENDPOINT_EVENTS, EndpointEventRow
from models.finding import FINDING_GOALS, FINDING_PROOFS, RECEIPT_LEVELS, FindingRow, ReceiptRow
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
    "ALERT_EVENTS",
    "BLOCK_STATUSES",
    "DELIVERY_STATUSES",
    "ENDPOINT_EVENTS",
    "FINDING_GOALS",
    "FINDING_PROOFS",
    "OBSERVATION_STATUSES",
    "RECEIPT_LEVELS",
    "SCHEMA",
    "AlertEventRow",
    "AlertRow",
    "AmountRow",
    "BlockRow",
    "CodeRow",
    "ComputationInputRow",
    "ComputationRow",
    "CursorRow",
    "DeliveryRow",
    "EndpointEventRow",
    "FindingRow",
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
    "ReceiptRow",
    "RuleRow",
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
