"""/api/v1: the history for programs, read only."""

from __future__ import annotations

from fastapi import APIRouter

from watcher.api.v1 import alarms, catalogue, chains, history, targets

router = APIRouter(prefix="/api/v1")
for part in (chains, targets, history, alarms, catalogue):
    router.include_router(part.router)
