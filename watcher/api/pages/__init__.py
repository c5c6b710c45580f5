"""The pages for people: one module a page, each with routes of its own."""

from __future__ import annotations

from fastapi import APIRouter

from watcher.api.pages import alerts, compare, overview, solvency, target, words

router = APIRouter(include_in_schema=False)
for page in (overview, target, compare, solvency, alerts, words):
    router.include_router(page.router)
