"""Targets: how they stand, what was read of them, and their figures at any block."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from watcher.api.context import Ctx
from watcher.api.failures import Refusal
from watcher.api.finding import find_target
from watcher.api.v1 import models, shown
from watcher.api.v1.asked import ERRORS, AtAsked, NoQuery, TargetPath
from watcher.api.v1.reply import reply
from watcher.store import Store

router = APIRouter(tags=["targets"], responses=ERRORS)


@router.get("/targets", response_model=models.Standings)
async def targets(request: Request, context: Ctx, _: NoQuery) -> Response:
    """Every target of the configuration, what needs a person first."""
    found = await context.standings()
    body = models.Standings(
        unit=context.config.settings.unit, targets=[shown.standing(one) for one in found]
    )
    return reply(request, body)


@router.get("/targets/{target}", response_model=models.TargetDetail)
async def target(request: Request, context: Ctx, target: TargetPath, _: NoQuery) -> Response:
    """One target: how it stands, its tokens and its facts."""
    found = await context.reading.do(find_target, target)
    for one in await context.standings():
        if one.target_id == found.id:
            return reply(request, shown.detail(one, found))
    raise Refusal(404, f"{found.id[:12]} is stored, but no longer in the configuration")


@router.get("/targets/{target}/figures", response_model=models.Figures)
async def figures(
    request: Request, context: Ctx, target: TargetPath, asked: Annotated[AtAsked, Query()]
) -> Response:
    """All figures in force at a block, by default at the newest."""
    return reply(request, await context.reading.do(_figures, target, asked.block))


@router.get("/targets/{target}/observation", response_model=models.Observation)
async def observation(
    request: Request, context: Ctx, target: TargetPath, asked: Annotated[AtAsked, Query()]
) -> Response:
    """What was read of it, in force at a block: its state and the amounts inside."""
    return reply(request, await context.reading.do(_observation, target, asked.block))


def _figures(store: Store, text: str, number: int | None) -> models.Figures:
    target = find_target(store, text)
    as_of = store.block_as_of(target.chain_id, number)
    found = store.figures_as_of(target.id, as_of.number)
    return models.Figures(
        target=target.id,
        as_of=shown.block(as_of),
        computed_at=shown.maybe_block(found.block if found else None),
        settings_hash=found.settings_hash if found else None,
        figures=[shown.figure(one) for one in found.measures] if found else [],
    )


def _observation(store: Store, text: str, number: int | None) -> models.Observation:
    target = find_target(store, text)
    found = store.observation_as_of(target.id, number)
    if found is None:
        raise Refusal(404, f"{target.label} had not been read yet then: ask for a later block")
    return shown.observation(target, found)
