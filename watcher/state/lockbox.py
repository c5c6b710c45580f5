"""A lockbox: what must be held somewhere for every token that was issued elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Lockbox:
    """`locked` is what each holder has, in the locked token's smallest unit; `issued` is what was
    issued for it, in the issued token's."""

    KIND: ClassVar[str] = "lockbox"
    VERSION: ClassVar[int] = 1

    locked: tuple[int, ...]
    issued: int
    locked_decimals: int
    issued_decimals: int
