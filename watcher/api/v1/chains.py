"""Chains: what of them is stored, what is missing, what befell their endpoints."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from watcher.api.context import Ctx
from watcher.api.facts import chain_facts
from watcher.api.v1 import models, shown
from watcher.api.v1.asked import ERRORS, BlocksAsked, ChainId, EventsAsked, GapsAsked, NoQuery
from watcher.api.v1.cursor import number_of, number_to_cursor, pair_of, pair_to_cursor
from watcher.api.v1.reply import reply
from watcher.config import Config
from watcher.store import Store
from watcher.store.paging import block_page, event_page, gap_page

router = APIRouter(tags=["chains"], responses=ERRORS)


@router.get("/chains", response_model=models.Chains)
async def chains(request: Request, context: Ctx, _: NoQuery) -> Response:
    """Every configured chain, and what of it is stored."""
    body = await context.reading.do(_chains, context.config, now=context.now())
    return reply(request, body)


@router.get("/chains/{chain}/blocks", response_model=models.Blocks)
async def blocks(
    request: Request,
    context: Ctx,
    chain_id: ChainId,
    asked: Annotated[BlocksAsked, Query()],
) -> Response:
    """The stored blocks of the chain as it is now, the newest first."""
    below = number_of(asked.cursor)
    page = await context.reading.do(
        block_page, chain_id, span=asked.span, below=below, limit=asked.limit
    )
    body = models.Blocks(
        chain=shown.chain(chain_id),
        items=[shown.stored_block(one) for one in page.items],
        next=number_to_cursor(page.after),
    )
    return reply(request, body)


@router.get("/chains/{chain}/gaps", response_model=models.Gaps)
async def gaps(
    request: Request, context: Ctx, chain_id: ChainId, asked: Annotated[GapsAsked, Query()]
) -> Response:
    """The blocks that were not read, open and filled, the lowest first."""
    after = pair_of(asked.cursor)
    page = await context.reading.do(gap_page, chain_id, after=after, limit=asked.limit)
    body = models.Gaps(
        chain=shown.chain(chain_id),
        items=[shown.gap(one) for one in page.items],
        next=pair_to_cursor(page.after),
    )
    return reply(request, body)


@router.get("/chains/{chain}/endpoint-events", response_model=models.EndpointEvents)
async def endpoint_events(
    request: Request, context: Ctx, chain_id: ChainId, asked: Annotated[EventsAsked, Query()]
) -> Response:
    """What befell the chain's endpoints, the newest first."""
    below = number_of(asked.cursor)
    page = await context.reading.do(event_page, chain_id, below=below, limit=asked.limit)
    body = models.EndpointEvents(
        chain=shown.chain(chain_id),
        items=[shown.endpoint_event(one) for one in page.items],
        next=number_to_cursor(page.after),
    )
    return reply(request, body)


def _chains(store: Store, config: Config, *, now: float) -> models.Chains:
    return models.Chains(
        chains=[
            models.Chain(
                chain=shown.chain(one.chain.chain_id),
                name=one.chain.name,
                blocks=one.blocks,
                first=shown.maybe_block(one.first),
                newest=shown.maybe_block(one.newest),
                late=one.late,
                missing_blocks=one.missing,
            )
            for one in chain_facts(store, config, store.extent(), now=now)
        ]
    )
