"""What each measure is."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from watcher.api.v1 import models, shown
from watcher.api.v1.asked import ERRORS, NoQuery
from watcher.api.v1.reply import AN_HOUR, reply
from watcher.math.catalogue import DEFINITIONS
from watcher.math.flow_catalogue import FLOW_DEFINITIONS

router = APIRouter(tags=["measures"], responses=ERRORS)


@router.get("/measures", response_model=models.Measures)
async def measures(request: Request, _: NoQuery) -> Response:
    """Every measure: its unit, its formula, which direction is bad, and what it cannot say."""
    body = models.Measures(
        measures=[shown.measure(one) for one in DEFINITIONS],
        flow_figures=[shown.measure(one) for one in FLOW_DEFINITIONS],
    )
    return reply(request, body, cache=AN_HOUR)
