"""The block that a page shows its target at, and the stretch of time before it that charts show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from fastapi import Query

from watcher.state.block import Block
from watcher.store import Store

Span: TypeAlias = Literal["hour", "day", "week", "month", "all"]
SECONDS: dict[Span, int] = {"hour": 3_600, "day": 86_400, "week": 604_800, "month": 2_592_000}
SPANS: tuple[tuple[Span, str], ...] = (
    ("hour", "1 h"),
    ("day", "1 day"),
    ("week", "7 days"),
    ("month", "30 days"),
    ("all", "all"),
)

BlockQuery = Annotated[int | None, Query(ge=0, le=2**63 - 1, description="As known at this block.")]
SpanQuery = Annotated[Span, Query(description="How far back charts reach.")]


@dataclass(frozen=True, slots=True)
class Moment:
    """`block` is shown, `first` begins the charts; `asked` is whether somebody asked for it: then
    nothing later than it is on the page, ages neither."""

    block: Block
    first: Block
    span: Span
    asked: bool

    @property
    def number(self) -> int | None:
        """For queries that take None as the newest."""
        return self.block.number if self.asked else None

    @property
    def seconds(self) -> int:
        return self.block.timestamp - self.first.timestamp


def moment_of(store: Store, chain_id: int, number: int | None, span: Span) -> Moment:
    """Raises InputError where the block lies outside of what is stored."""
    block = store.block_as_of(chain_id, number)
    since = 0 if span == "all" else block.timestamp - SECONDS[span]
    return Moment(block, store.block_at(block, since), span, asked=number is not None)
