"""What /api/v1 answers with.

Amounts are decimal strings in the token's smallest unit, chains CAIP-2, accounts CAIP-10, tokens
CAIP-19, addresses EIP-55, times UTC in ISO 8601. What is unknown is null, its reason beside it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

DECIMAL = r"^-?[0-9]+$"
HASH = r"^0x[0-9a-f]{64}$"
ID = r"^[0-9a-f]{64}$"


class Model(BaseModel):
    """Takes what it is given as it is: it was checked when it was stored."""

    model_config = ConfigDict(extra="forbid")


class Block(Model):
    """A block of the target's chain."""

    number: int
    hash: str = Field(pattern=HASH)
    time: datetime


class StoredBlock(Block):
    parent_hash: str = Field(pattern=HASH)
    status: str = Field(description="latest, safe or finalized: how settled it is")
    seen_at: datetime = Field(description="When it was stored, wall time.")


class Blocks(Model):
    chain: str
    items: list[StoredBlock] = Field(description="The newest first.")
    next: str | None = Field(description="Give it as `cursor` for the next page; null at the end.")


class Chain(Model):
    chain: str = Field(description="CAIP-2", examples=["eip155:1"])
    name: str
    blocks: int = Field(description="How many blocks are stored.")
    first: Block | None
    newest: Block | None
    late: bool = Field(description="No block came for so long that nothing is known of now.")
    missing_blocks: int = Field(description="In open gaps.")


class Chains(Model):
    chains: list[Chain]


class Gap(Model):
    """Blocks that were not read."""

    first: int
    last: int
    reason: str
    found_at: datetime
    filled_at: datetime | None = Field(description="When all of them were read after all.")


class Gaps(Model):
    chain: str
    items: list[Gap]
    next: str | None


class EndpointEvent(Model):
    """What befell an endpoint; it is named by its host and port alone."""

    endpoint: str
    kind: str
    block_number: int | None
    block_hash: str | None
    detail: str
    found_at: datetime


class EndpointEvents(Model):
    chain: str
    items: list[EndpointEvent] = Field(description="The newest first.")
    next: str | None


class Token(Model):
    token: str = Field(description="CAIP-19")
    address: str
    symbol: str = Field(description="As the contract says it: hostile text.")
    decimals: int


class Figure(Model):
    """One figure. `value` is null when it is unknown, and `reason` then says why."""

    name: str
    dims: dict[str, str] = Field(description="What tells figures of one name apart.")
    value: float | None
    reason: str | None
    unit: str
    version: int = Field(description="Of the method.")


class Standing(Model):
    """How one target stands now: in a word, and the one figure that says why."""

    id: str = Field(pattern=ID)
    account: str = Field(description="CAIP-10")
    chain: str
    protocol: str
    address: str
    key: str = Field(description="What the address does not say; empty where it says all.")
    label: str
    state: str = Field(description="breached, blind, strained or healthy")
    state_when_seen: str = Field(description="The same by the newest data, however old they are.")
    why: str
    since: datetime | None
    figure: Figure | None
    status: str | None = Field(description="Of the last reading; null before the first.")
    detail: str | None
    newest: Block | None = Field(description="The newest stored block of its chain.")


class Standings(Model):
    unit: str = Field(description="The unit of account of every money figure.")
    targets: list[Standing] = Field(description="What needs a person first.")


class TargetDetail(Standing):
    kind: str = Field(description="Of its states.")
    tokens: list[Token]
    share: Token | None
    params: dict[str, str | int | bool]


class Figures(Model):
    """All figures in force at block `as_of`, which were computed at `computed_at`."""

    target: str = Field(pattern=ID)
    as_of: Block
    computed_at: Block | None
    settings_hash: str | None
    figures: list[Figure]


class HistoryRow(Model):
    block: Block
    name: str
    dims: dict[str, str]
    value: float | None
    reason: str | None
    version: int


class History(Model):
    """Figures as they were computed; each holds until the target's next computation."""

    target: str = Field(pattern=ID)
    units: dict[str, str] = Field(description="By name.")
    items: list[HistoryRow]
    next: str | None


class Point(Model):
    block: Block
    value: float | None
    reason: str | None


class Line(Model):
    """Points that differ in their block alone; each holds until the next."""

    dims: dict[str, str]
    rows: int = Field(description="How many there were; of more than `points` the extremes stay.")
    points: list[Point]


class Series(Model):
    target: str = Field(pattern=ID)
    name: str
    unit: str
    lines: list[Line]


class Amount(Model):
    """An amount of a state: `raw` exact, `units` in whole tokens."""

    field: str
    token: str = Field(description="CAIP-19")
    raw: str = Field(pattern=DECIMAL)
    units: float


class Observation(Model):
    """What was read of a target, in force at block `as_of` and since block `since`."""

    target: str = Field(pattern=ID)
    as_of: Block
    since: Block
    status: str
    detail: str
    state_hash: str | None = Field(description="SHA-256 of the state's canonical JSON.")
    state: dict[str, Any] | None = Field(description="Its integers are decimal strings.")
    amounts: list[Amount]


class FlowAmount(Model):
    side: str = Field(description="in, out, fee, owed or reserve")
    token: str = Field(description="CAIP-19")
    raw: str = Field(pattern=DECIMAL)
    units: float


class Flow(Model):
    """One event of the target's contract."""

    log_index: int
    kind: str
    taker: str | None
    amounts: list[FlowAmount]


class FlowWindow(Model):
    """One block in which something flowed, or reserves changed without."""

    block: Block
    problem: str = Field(description="Why nothing was taken of its logs; empty where all was.")
    flows: list[Flow]
    figures: list[Figure]


class Flows(Model):
    target: str = Field(pattern=ID)
    items: list[FlowWindow]
    next: str | None


class Measure(Model):
    """What a measure is."""

    name: str
    unit: str
    formula: str
    dims: str
    source: str
    bad: str = Field(description="Which direction worries whom.")
    cannot_say: str
    version: int
    kinds: list[str] = Field(description="Of targets that have it.")


class Measures(Model):
    measures: list[Measure]
    flow_figures: list[Measure] = Field(description="Of one block alone each.")
