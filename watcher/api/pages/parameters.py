"""A state as rows: every number that the arithmetic uses, as it was read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from watcher.report import formats
from watcher.report.naming import symbols
from watcher.state.amount import amounts
from watcher.state.canonical import content_hash, state_to_json, state_to_plain
from watcher.state.kinds import State
from watcher.state.target import Target

MOST = 60
"""Rows; a pool with ticks has thousands of them."""
LONGEST = 120
HASH_DIGITS = 64


def parameters_of(target: Target, state: State) -> tuple[list[tuple[str, str, str]], int]:
    """Name, value, and for amounts the same in whole tokens; and how many rows were left out."""
    whole = {
        amount.field: f"{formats.number(amount.units)} {symbols(target)[amount.token.address]}"
        for amount in amounts(target, state)
    }
    plain = state_to_plain(state)
    rows = [
        (name, _shown(value), whole.get(name, ""))
        for name, value in _rows(plain, "")
        if name not in ("kind", "v")
    ]
    return rows[:MOST], max(0, len(rows) - MOST)


def hash_of(state: State) -> str:
    return content_hash(state_to_json(state))


def _rows(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _rows(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _rows(item, f"{name}[{place}]")
    else:
        yield name, value


def _shown(value: Any) -> str:
    """Integers are decimal strings in canonical JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= HASH_DIGITS + 20:
        return formats.whole(int(text))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
