"""What flowed through a target in one block, in the words of no protocol."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from watcher.state.measure import Measure
from watcher.state.token import Address


class FlowKind(StrEnum):
    """What an event was.

    `remove` takes liquidity out; where its tokens stay to be fetched, `collect` is their leaving.
    `fee` is fees that leave by themselves. `flash` is what a flash loan left
    behind. `sync` says what the reserves are from there on, whatever they were.
    """

    SWAP = "swap"
    ADD = "add"
    REMOVE = "remove"
    COLLECT = "collect"
    FEE = "fee"
    FLASH = "flash"
    SYNC = "sync"


class Side(StrEnum):
    """`in` and `out` are seen from the target's reserves; `fee` leaves them too, for whoever the
    fees go to. `owed` is set aside for its owner and still there. `reserve` is what the contract
    says that it holds after the event."""

    IN = "in"
    OUT = "out"
    FEE = "fee"
    OWED = "owed"
    RESERVE = "reserve"


@dataclass(frozen=True, slots=True)
class FlowAmount:
    """`raw` in the token's smallest unit; the token is one of the target's own."""

    side: Side
    token: Address
    raw: int


@dataclass(frozen=True, slots=True)
class Flow:
    """One event. `index` is its place in the block, `taker` who called for it, None where the event
    does not say it."""

    index: int
    kind: FlowKind
    taker: Address | None
    amounts: tuple[FlowAmount, ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The flows of one target in one block, in their order; with a `problem` its logs are none of
    its protocol, and nothing of the block is taken."""

    target_id: str
    flows: tuple[Flow, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FlowReading:
    """What the logs of one block said of the targets of `scope` (ids, sorted).

    `decoded` holds those with logs. With a `failure` the logs could not be read, and nothing is
    known of any of them.
    """

    scope: tuple[str, ...]
    decoded: tuple[Decoded, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True)
class FlowWindow:
    """What flowed through one target in one block, and the figures of it."""

    decoded: Decoded
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class BlockFlows:
    """A reading with its windows: of the targets through which something flowed, or whose reserves
    changed without."""

    reading: FlowReading
    windows: tuple[FlowWindow, ...]
