"""The pages for people; each module of this package adds its routes to `router`."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
