"""The Core tables by short names, for queries."""

from __future__ import annotations

from sqlalchemy import BindParameter, ColumnElement, FromClause, Text, literal

import models
from models import table_of

block = table_of(models.BlockRow)
gap = table_of(models.GapRow)
cursor = table_of(models.CursorRow)
token = table_of(models.TokenRow)
target = table_of(models.TargetRow)
target_token = table_of(models.TargetTokenRow)
state = table_of(models.StateRow)
observation = table_of(models.ObservationRow)
amount = table_of(models.AmountRow)
settings = table_of(models.SettingsRow)
computation = table_of(models.ComputationRow)
computation_input = table_of(models.ComputationInputRow)
measure = table_of(models.MeasureRow)
endpoint_event = table_of(models.EndpointEventRow)
code = table_of(models.CodeRow)
flow_scope = table_of(models.FlowScopeRow)
flow_reading = table_of(models.FlowReadingRow)
flow_window = table_of(models.FlowWindowRow)
flow = table_of(models.FlowRow)
flow_amount = table_of(models.FlowAmountRow)
flow_measure = table_of(models.FlowMeasureRow)
lease = table_of(models.LeaseRow)
delivery = table_of(models.DeliveryRow)
rule = table_of(models.RuleRow)
alert = table_of(models.AlertRow)
alert_event = table_of(models.AlertEventRow)
finding = table_of(models.FindingRow)
receipt = table_of(models.ReceiptRow)
series = table_of(models.SeriesRow)
series_point = table_of(models.SeriesPointRow)

LATEST = "latest"
SAFE = "safe"
FINALIZED = "finalized"
ORPHANED = "orphaned"


def _spelled(value: str) -> BindParameter[str]:
    """SQLite takes a partial index only when the query spells its condition out, as it does."""
    return literal(value, Text, literal_execute=True)


def canonical_of(blocks: FromClause) -> ColumnElement[bool]:
    return blocks.c.status != _spelled(ORPHANED)


def failed_of(observations: FromClause) -> ColumnElement[bool]:
    return observations.c.status != _spelled("ok")


canonical = canonical_of(block)
