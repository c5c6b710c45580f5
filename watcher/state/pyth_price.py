"""A price that Pyth's contract holds: what was last published on this chain for one id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PythPrice:
    """`price` is signed; it and `conf`, half of the interval that the publishers are confident of,
    are in units of 10**expo. `publish_time` is in seconds."""

    KIND: ClassVar[str] = "pyth_price"
    VERSION: ClassVar[int] = 1

    price: int
    conf: int
    expo: int
    publish_time: int
