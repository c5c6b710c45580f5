"""Column types that hold the same values on SQLite and on PostgreSQL, and refuse all others.

Table models do not validate on construction, so the check stands here, where a value is bound.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Double, LargeBinary, Numeric, Text, TypeDecorator
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

UINT256_MAX = 2**256 - 1
SQLITE = "sqlite"

Int64 = BigInteger().with_variant(sqlite.INTEGER(), SQLITE)
Float64: TypeEngine[float] = Double().with_variant(sqlite.REAL(), SQLITE)


def uint256_from_storage(stored: object) -> int:
    """Read what either database holds for a uint256. Raises ValueError when it is none."""
    if isinstance(stored, (bytes, memoryview)) and len(stored) == 32:
        return int.from_bytes(stored, "big")
    if isinstance(stored, Decimal) and stored == stored.to_integral_value():
        return _checked(int(stored))
    if isinstance(stored, int) and not isinstance(stored, bool):
        return _checked(stored)
    raise ValueError(f"{type(stored).__name__} {str(stored)[:80]!r} is not a stored uint256")


def _checked(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"a uint256 is an int, not {type(value).__name__}")
    if not 0 <= value <= UINT256_MAX:
        raise ValueError(f"{value} does not fit into a uint256")
    return value


class Uint256(TypeDecorator[int]):
    """0 to 2**256 - 1: 32 bytes big-endian on SQLite, whose NUMERIC would lose digits silently and
    whose unpadded text sorts wrongly; NUMERIC(78, 0) on PostgreSQL."""

    impl = Numeric(78, 0)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == SQLITE:
            return dialect.type_descriptor(LargeBinary(32))
        return dialect.type_descriptor(Numeric(78, 0))

    def process_bind_param(self, value: int | None, dialect: Dialect) -> bytes | Decimal | None:
        if value is None:
            return None
        number = _checked(value)
        return number.to_bytes(32, "big") if dialect.name == SQLITE else Decimal(number)

    def process_result_value(self, value: object | None, dialect: Dialect) -> int | None:
        return None if value is None else uint256_from_storage(value)


class _Hash32(TypeDecorator[str]):
    """32 bytes, in Python lower-case hex behind `prefix`."""

    impl = LargeBinary(32)
    cache_ok = True
    prefix: ClassVar[str]

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        try:
            raw = bytes.fromhex(value.removeprefix(self.prefix))
        except ValueError:
            raw = b""
        if len(raw) != 32 or self.prefix + raw.hex() != value:
            raise ValueError(f"{value[:80]!r} is not {self.prefix!r} and 64 lower-case hex digits")
        return raw

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else self.prefix + bytes(value).hex()


class BlockHash(_Hash32):
    """What a chain calls a hash: 0x and 64 digits."""

    cache_ok = True
    prefix = "0x"


class ContentHash(_Hash32):
    """The SHA-256 of a content: 64 digits."""

    cache_ok = True
    prefix = ""


class UtcDateTime(TypeDecorator[datetime]):
    """Wall time with its zone: SQLite drops it, so ISO-8601 text in UTC is kept there."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == SQLITE:
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a wall time without its zone cannot be stored")
        moment = value.astimezone(UTC)
        # One fixed width, so that the text sorts as the time does.
        return moment.isoformat(timespec="microseconds") if dialect.name == SQLITE else moment

    def process_result_value(self, value: object | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return moment.astimezone(UTC)
