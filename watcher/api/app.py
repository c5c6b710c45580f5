"""The web app: what it is made of, in one place."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from watcher import __version__
from watcher.api import failures, health, metrics, pages, v1
from watcher.api.assets import Assets
from watcher.api.context import Context
from watcher.api.guard import Guard
from watcher.api.html import Html
from watcher.api.reading import Reading
from watcher.api.standing import Judge, Standings
from watcher.api.telemetry import ServiceFigures
from watcher.config import Config
from watcher.store import Store


def create_app(
    config: Config,
    open_store: Callable[[], Store],
    *,
    judge: Judge,
    now: Callable[[], float] = time.time,
    service: ServiceFigures | None = None,
) -> FastAPI:
    """The app over one history, which it opens now and closes when it ends.

    `open_store` gives a store that is open for reading only, `judge` says how targets stand; `now`
    is wall time in seconds. `service` are the figures of a service in this process, which /metrics
    shows beside those of the history. Raises StoreError where there is no history.
    """
    reading = Reading(open_store())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        reading.close()

    app = FastAPI(
        title="imbalance watcher",
        version=__version__,
        openapi_url="/api/v1/openapi.json",
        # Both load scripts from elsewhere, which the policy forbids.
        docs_url=None,
        redoc_url=None,
        # A redirect would repeat whatever host the request names.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    assets = Assets()
    app.state.context = Context(
        config=config,
        reading=reading,
        judging=Standings(config, reading, judge, now=now),
        now=now,
        html=Html(assets),
    )
    app.add_middleware(Guard, tokens=config.api.tokens)
    failures.install(app)
    parts = (assets.router(), v1.router, health.router, metrics.router(service), pages.router)
    for router in parts:
        app.include_router(router)
    return app
