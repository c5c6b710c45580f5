"""Alerts and findings, read only."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from watcher.api.context import Context, Ctx
from watcher.api.finding import find_target
from watcher.api.v1 import alarm_models as models
from watcher.api.v1 import alarms_shown as shown
from watcher.api.v1.asked import (
    ERRORS,
    AlertPath,
    AlertsAsked,
    FindingPath,
    FindingsAsked,
    NoQuery,
)
from watcher.api.v1.cursor import number_of, number_to_cursor
from watcher.api.v1.reply import reply
from watcher.report.alert_told import Teller
from watcher.store import Store
from watcher.store.alert_paging import alert_page
from watcher.store.finding_paging import finding_page

router = APIRouter(tags=["alerts and findings"], responses=ERRORS)


@router.get("/alerts", response_model=models.Alerts)
async def alerts(
    request: Request, context: Ctx, asked: Annotated[AlertsAsked, Query()]
) -> Response:
    """Alerts of rules, the newest first; by default those that have not ended."""
    return reply(request, await context.reading.do(_alerts, context, asked))


@router.get("/alerts/{alert}", response_model=models.AlertDetail)
async def alert(request: Request, context: Ctx, alert: AlertPath, _: NoQuery) -> Response:
    """One alert: its rule as it was stored, and every event of its life."""
    return reply(request, await context.reading.do(_alert, context, alert))


@router.get("/findings", response_model=models.Findings)
async def findings(
    request: Request, context: Ctx, asked: Annotated[FindingsAsked, Query()]
) -> Response:
    """What attacks would have taken, the newest first: one where it had changed."""
    return reply(request, await context.reading.do(_findings, context, asked))


@router.get("/findings/{finding}", response_model=models.FindingDetail)
async def finding(request: Request, context: Ctx, finding: FindingPath, _: NoQuery) -> Response:
    """All of one finding: accounts, plan, what it rests on, where it ends."""
    return reply(request, await context.reading.do(_finding, finding))


def _teller(store: Store, context: Context) -> Teller:
    unit = context.config.settings.unit
    return Teller(store, context.config.rules, unit=unit, now=context.now())


def _alerts(store: Store, context: Context, asked: AlertsAsked) -> models.Alerts:
    below = number_of(asked.cursor)
    page = alert_page(store, every=asked.state == "all", below=below, limit=asked.limit)
    teller = _teller(store, context)
    return models.Alerts(
        items=[shown.alert(teller.tell(one)) for one in page.items],
        next=number_to_cursor(page.after),
    )


def _alert(store: Store, context: Context, text: str) -> models.AlertDetail:
    return shown.alert_detail(_teller(store, context).tell(store.find_alert(text)))


def _findings(store: Store, context: Context, asked: FindingsAsked) -> models.Findings:
    target_id = None if asked.target is None else find_target(store, asked.target).id
    page = finding_page(
        store,
        target_id=target_id,
        retracted=asked.retracted,
        below=number_of(asked.cursor),
        limit=asked.limit,
    )
    return models.Findings(
        unit=context.config.settings.unit,
        items=[shown.finding(one) for one in page.items],
        next=number_to_cursor(page.after),
    )


def _finding(store: Store, number: int) -> models.FindingDetail:
    return shown.finding_detail(store.finding(number))
