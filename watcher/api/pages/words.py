"""What the words, shapes and limits of the pages mean."""

from __future__ import annotations

import math

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from watcher.api.context import Ctx
from watcher.math.catalogue import CATALOGUE
from watcher.report import formats

router = APIRouter()


@router.get("/words")
async def page(context: Ctx) -> HTMLResponse:
    limits = [
        (name, *(_limit(name, value) for value in (limit.strained, limit.breached)))
        for name, limit in context.config.limits.items()
    ]
    definitions = [CATALOGUE[name] for name in context.config.limits if name in CATALOGUE]
    return context.html.page("words.html", page="words", limits=limits, definitions=definitions)


def _limit(name: str, value: float) -> str:
    """As pages show the figure: a logarithm as the relative difference that it is of."""
    if CATALOGUE[name].unit == "natural logarithm":
        value = math.expm1(value)
    return formats.percent(value)
