"""Where a page goes on, as a text. Each kind has a pattern, and whatever fits it is a position: one
that was never given is of a block that is not on the chain, or of a page that is empty."""

from __future__ import annotations

from watcher.store.paging import Position

NUMBER = r"[0-9]{1,18}"
ROW = rf"^{NUMBER}$"
PAIR = rf"^{NUMBER}\.{NUMBER}$"
PLACE = rf"^{NUMBER}\.[0-9a-f]{{64}}\.[a-z0-9_]{{0,100}}\.([0-9a-f]{{2}}){{0,1000}}$"


def position_to_cursor(position: Position | None) -> str | None:
    if position is None:
        return None
    dims = position.dims.encode().hex()
    return f"{position.number}.{position.hash.removeprefix('0x')}.{position.name}.{dims}"


def position_of(cursor: str | None) -> Position | None:
    """`cursor` fits PLACE."""
    if cursor is None:
        return None
    number, block_hash, name, dims = cursor.split(".")
    # No database takes a NUL, and PostgreSQL none in a comparison either.
    text = bytes.fromhex(dims).decode("utf-8", "replace").replace("\0", "\ufffd")
    return Position(int(number), f"0x{block_hash}", name, text)


def number_to_cursor(number: int | None) -> str | None:
    return None if number is None else str(number)


def number_of(cursor: str | None) -> int | None:
    """`cursor` fits ROW."""
    return None if cursor is None else int(cursor)


def pair_to_cursor(pair: tuple[int, int] | None) -> str | None:
    return None if pair is None else f"{pair[0]}.{pair[1]}"


def pair_of(cursor: str | None) -> tuple[int, int] | None:
    """`cursor` fits PAIR."""
    if cursor is None:
        return None
    first, second = cursor.split(".")
    return int(first), int(second)
