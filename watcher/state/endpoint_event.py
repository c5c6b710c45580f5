"""What befell an endpoint, as a fact that is stored: its host is named, never its URL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from watcher.state.block import Block


class EventKind(StrEnum):
    """The closed set of what is recorded of an endpoint."""

    HASH_OUTVOTED = "hash_outvoted"
    VALUE_OUTVOTED = "value_outvoted"
    UNDECIDED = "undecided"
    AGREES_AGAIN = "agrees_again"
    KEY_REFUSED = "key_refused"
    WRONG_CHAIN = "wrong_chain"


@dataclass(frozen=True, slots=True)
class EndpointEvent:
    """`endpoint` is the host and port; `block` the one that was read, where it was one."""

    chain_id: int
    endpoint: str
    kind: EventKind
    detail: str
    block: Block | None = None
