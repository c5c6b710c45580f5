"""What the words, shapes and limits of the pages mean."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from watcher.api.context import Ctx
from watcher.math.catalogue import CATALOGUE
from watcher.report import formats

router = APIRouter()


@router.get("/words")
async def page(context: Ctx) -> HTMLResponse:
    limits = [
        (name, *(_limit(value) for value in (limit.strained, limit.breached)))
        for name, limit in context.config.limits.items()
    ]
    definitions = [CATALOGUE[name] for name in context.config.limits if name in CATALOGUE]
    return context.html.page("words.html", page="words", limits=limits, definitions=definitions)


def _limit(value: float) -> str:
    """Of a logarithm too: near 0 it is the relative difference that it is of."""
    return formats.percent(value, 1)
