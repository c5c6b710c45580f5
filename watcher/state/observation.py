"""What was found when a target was read at a block."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from watcher.state.kinds import State


class Status(StrEnum):
    """The closed set of outcomes of one reading."""

    OK = "ok"
    REVERTED = "reverted"
    NO_CODE = "no_code"
    DECODE_ERROR = "decode_error"
    TOO_LARGE = "too_large"
    UNAVAILABLE = "unavailable"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Observation:
    """`state` is present exactly when `status` is ok; `detail` says what went wrong otherwise."""

    target_id: str
    status: Status
    state: State | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        if (self.state is None) == (self.status is Status.OK):
            raise ValueError(f"an observation that is {self.status} with state {self.state}")
