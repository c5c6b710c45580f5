"""What a request may ask: every parameter with its bounds, and no other."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from watcher.api.failures import ErrorBody, Refusal
from watcher.api.v1.cursor import PAIR, PLACE, ROW
from watcher.config import fields
from watcher.math.catalogue import CATALOGUE
from watcher.store.paging import Span

CHAIN = r"^eip155:[1-9][0-9]{0,18}$"
BIGGEST = 2**63 - 1
MOST_ITEMS = 1_000
MOST_NAMES = 20
MOST_DIMS = 10
MOST_POINTS = 2_000

ERRORS: dict[int | str, dict[str, object]] = {
    status: {"model": ErrorBody, "description": text}
    for status, text in (
        (401, "No valid token."),
        (404, "There is no such chain, target, block, alert or finding."),
        (422, "A parameter is out of its bounds."),
        (503, "The history cannot be read just now."),
    )
}
CONFLICT: dict[int | str, dict[str, object]] = {
    409: {"model": ErrorBody, "description": "The chain has changed below the cursor."}
}

Number: TypeAlias = Annotated[int, Field(ge=0, le=BIGGEST)]
Name: TypeAlias = Annotated[str, Field(json_schema_extra={"enum": sorted(CATALOGUE)})]
Dim: TypeAlias = Annotated[str, Field(pattern=r"^[a-z_]{1,40}=[ -~]{1,200}$")]

ChainPath: TypeAlias = Annotated[
    str, Path(pattern=CHAIN, description="CAIP-2", examples=["eip155:1"])
]
TargetPath: TypeAlias = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        description="Its id; also its name, address, CAIP-10 id, or the first digits of its id.",
    ),
]


class Asked(BaseModel):
    """Field names that are words of Python are given by their aliases."""

    model_config = ConfigDict(extra="forbid")


AlertPath: TypeAlias = Annotated[
    str, Path(pattern="^[0-9a-f]{4,64}$", description="Its id, or the first digits of it.")
]
FindingPath: TypeAlias = Annotated[int, Path(ge=1, le=BIGGEST, description="Its number.")]

NEXT = "The `next` of the page before, unchanged."


class PageAsked(Asked):
    limit: int = Field(100, ge=1, le=MOST_ITEMS, description="Of items in one page.")


class Blocks(Asked):
    first: Number | None = Field(None, alias="from", description="The first block.")
    last: Number | None = Field(None, alias="to", description="The last block.")

    @property
    def span(self) -> Span:
        return Span(self.first, self.last)


class BlocksAsked(PageAsked, Blocks):
    cursor: str | None = Field(None, pattern=ROW, description=NEXT)


class GapsAsked(PageAsked):
    cursor: str | None = Field(None, pattern=PAIR, description=NEXT)


class EventsAsked(PageAsked):
    cursor: str | None = Field(None, pattern=ROW, description=NEXT)


class AlertsAsked(PageAsked):
    cursor: str | None = Field(None, pattern=ROW, description=NEXT)
    state: Literal["open", "all"] = Field("open", description="All: those that are over too.")


class FindingsAsked(PageAsked):
    cursor: str | None = Field(None, pattern=ROW, description=NEXT)
    target: str | None = Field(
        None, min_length=1, max_length=200, description="As a target's path has it; all by default."
    )
    retracted: bool = Field(False, description="Also those of blocks that have left the chain.")


class FlowsAsked(PageAsked, Blocks):
    cursor: str | None = Field(None, pattern=PLACE, description=NEXT)


class HistoryAsked(PageAsked, Blocks):
    cursor: str | None = Field(None, pattern=PLACE, description=NEXT)
    measure: list[Name] = Field([], max_length=MOST_NAMES, description="Names; all by default.")
    order: Literal["asc", "desc"] = Field("asc", description="By block.")


class SeriesAsked(Blocks):
    measure: Name
    dim: list[Dim] = Field(
        [], max_length=MOST_DIMS, description="Of lines with these dims alone: `token_in=0x...`."
    )
    points: int = Field(400, ge=5, le=MOST_POINTS, description="At most so many of each line.")

    @property
    def dims(self) -> dict[str, str]:
        return {key: value for key, _, value in (one.partition("=") for one in self.dim)}


class AtAsked(Asked):
    block: Number | None = Field(None, description="As of this block; the newest by default.")


class Nothing(Asked):
    pass


def chain_id(chain: ChainPath, request: Request) -> int:
    """Raises Refusal where neither the configuration nor the history has the chain."""
    try:
        found = fields.chain_id(chain)
    except ValueError as error:
        raise Refusal(422, f"chain: {error}") from None
    known = {one.chain_id for one in request.app.state.context.config.chains}
    if found not in known:
        listed = ", ".join(f"eip155:{one}" for one in sorted(known))
        raise Refusal(404, f"{chain} is not watched here: there are {listed}")
    return found


ChainId: TypeAlias = Annotated[int, Depends(chain_id)]


def require_measures(names: list[str]) -> None:
    """Raises Refusal, with the name that was meant, where one is not in the catalogue."""
    for name in names:
        if name not in CATALOGUE:
            raise Refusal(422, f"measure: {fields.unknown(name, CATALOGUE, what='measure')}")


NoQuery: TypeAlias = Annotated[Nothing, Query()]
