"""Histories: figures page by page or as lines of few points, and what flowed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from watcher.api.context import Ctx
from watcher.api.failures import Refusal
from watcher.api.finding import find_target
from watcher.api.v1 import models, shown
from watcher.api.v1.asked import (
    CONFLICT,
    ERRORS,
    FlowsAsked,
    HistoryAsked,
    SeriesAsked,
    TargetPath,
    require_measures,
)
from watcher.api.v1.cursor import position_of, position_to_cursor
from watcher.api.v1.reply import reply
from watcher.store import Store
from watcher.store.lines import lines
from watcher.store.paging import Position, flow_page, measure_page

MOST_LINES = 40
MOST_WINDOWS = 200

router = APIRouter(tags=["history"], responses=ERRORS)


@router.get("/targets/{target}/history", response_model=models.History, responses=CONFLICT)
async def history(
    request: Request, context: Ctx, target: TargetPath, asked: Annotated[HistoryAsked, Query()]
) -> Response:
    """Figures as they were computed, page by page."""
    require_measures(asked.measure)
    after = position_of(asked.cursor)
    return reply(request, await context.reading.do(_history, target, asked, after))


@router.get("/targets/{target}/series", response_model=models.Series)
async def series(
    request: Request, context: Ctx, target: TargetPath, asked: Annotated[SeriesAsked, Query()]
) -> Response:
    """One measure as lines for a chart: of many rows the extremes stay, and where it began to be
    unknown. With `from`, each begins with what was in force there."""
    require_measures([asked.measure])
    return reply(request, await context.reading.do(_series, target, asked))


@router.get("/targets/{target}/flows", response_model=models.Flows, responses=CONFLICT)
async def flows(
    request: Request, context: Ctx, target: TargetPath, asked: Annotated[FlowsAsked, Query()]
) -> Response:
    """What flowed through it by its contract's own events, block by block; of a page's `limit`
    never more than 200 blocks come at once."""
    after = position_of(asked.cursor)
    return reply(request, await context.reading.do(_flows, target, asked, after))


def _history(
    store: Store, text: str, asked: HistoryAsked, after: Position | None
) -> models.History:
    target = find_target(store, text)
    page = measure_page(
        store,
        target.id,
        asked.measure,
        span=asked.span,
        after=after,
        newest_first=asked.order == "desc",
        limit=asked.limit,
    )
    return models.History(
        target=target.id,
        units={
            name: shown.unit_of(name) for name in sorted({one.measure.name for one in page.items})
        },
        items=[shown.history_row(one) for one in page.items],
        next=position_to_cursor(page.after),
    )


def _series(store: Store, text: str, asked: SeriesAsked) -> models.Series:
    target = find_target(store, text)
    found = lines(
        store, target.id, asked.measure, dims=asked.dims, span=asked.span, points=asked.points
    )
    if len(found) > MOST_LINES:
        raise Refusal(422, f"dim: there are {len(found)} lines of {asked.measure}; say which")
    return models.Series(
        target=target.id,
        name=asked.measure,
        unit=shown.unit_of(asked.measure),
        lines=[shown.line(one) for one in found],
    )


def _flows(store: Store, text: str, asked: FlowsAsked, after: Position | None) -> models.Flows:
    target = find_target(store, text)
    page = flow_page(
        store, target.id, span=asked.span, after=after, limit=min(asked.limit, MOST_WINDOWS)
    )
    return models.Flows(
        target=target.id,
        items=[shown.flow_window(target, one) for one in page.items],
        next=position_to_cursor(page.after),
    )
