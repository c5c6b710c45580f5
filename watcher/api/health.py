"""/healthz and /readyz: for what starts, stops and balances programs."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from watcher.api.context import Ctx
from watcher.api.facts import chain_is_late
from watcher.config import Config
from watcher.store import Store

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> Response:
    """200 as long as the process answers; it looks at nothing else, so that a database that is
    away does not have the process killed."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def ready(context: Ctx) -> Response:
    """200 when every chain has a block that is not late, else 503 with what is wanting."""
    problems = await context.reading.do(_problems, context.config, now=context.now())
    status = "ready" if not problems else "not ready"
    return JSONResponse(
        {"status": status, "problems": problems}, status_code=503 if problems else 200
    )


def _problems(store: Store, config: Config, *, now: float) -> list[str]:
    found = []
    for chain in config.chains:
        if not store.recent_blocks(chain.chain_id, 1):
            found.append(f"no block of eip155:{chain.chain_id} is stored yet")
        elif chain_is_late(store, chain, now=now):
            found.append(f"no new block of eip155:{chain.chain_id} for too long")
    return found
