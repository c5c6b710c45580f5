"""Values to columns and back."""

from __future__ import annotations

import json
import math
import zlib
from functools import lru_cache
from typing import Any

from sqlalchemy import RowMapping

from watcher.errors import InputError, StoreError
from watcher.state.block import Block
from watcher.state.canonical import canonical_json, content_hash, state_from_json, state_to_json
from watcher.state.kinds import State
from watcher.state.measure import Measure
from watcher.state.observation import Observation, Status

DETAIL_LENGTH = 500

Columns = dict[str, Any]


def storable(text: str, *, limit: int | None = None) -> str:
    """What both databases take: no NUL, which PostgreSQL refuses, and no half surrogates."""
    clean = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return clean[:limit]


def state_columns(state: State) -> Columns:
    text = state_to_json(state)
    return {
        "hash": content_hash(text),
        "kind": state.KIND,
        "version": state.VERSION,
        "body": zlib.compress(text.encode()),
    }


def state_text(body: bytes) -> str:
    """Raises ValueError when `body` is not text in zlib."""
    try:
        return zlib.decompress(body).decode()
    except zlib.error as error:
        raise ValueError(f"the body is not zlib: {error}") from None


def state_of(body: bytes, state_hash: str) -> State:
    try:
        return state_from_json(state_text(body))
    except (InputError, ValueError) as error:
        raise StoreError(
            f"state {state_hash[:12]} is damaged ({error}): run `watcher recompute`, which lists "
            "all that is, or restore a backup."
        ) from error


def observation_of(row: RowMapping) -> Observation:
    """`row` has uid, status, detail, state_hash and body."""
    state = None if row["body"] is None else state_of(row["body"], row["state_hash"])
    return Observation(
        target_id=row["uid"], status=Status(row["status"]), state=state, detail=row["detail"]
    )


def block_of(row: RowMapping) -> Block:
    return Block(
        chain_id=row["chain_id"],
        number=row["number"],
        hash=row["hash"],
        parent_hash=row["parent_hash"],
        timestamp=row["timestamp"],
    )


def measure_columns(measure: Measure, computation_id: int) -> Columns:
    """Raises ValueError as `figure_columns`."""
    return {"computation_id": computation_id, **figure_columns(measure)}


def figure_columns(measure: Measure) -> Columns:
    """NaN becomes null with its reason. Raises ValueError on infinity or a NaN without a reason:
    SQL could hold neither as what it is."""
    known = math.isfinite(measure.value)
    if math.isinf(measure.value) or known == bool(measure.reason):
        raise ValueError(f"{measure.name} is {measure.value} with the reason {measure.reason!r}")
    return {
        "name": measure.name,
        "dims": _dims_text(measure.dims),
        "value": measure.value if known else None,
        "reason": None if known else storable(measure.reason),
        "version": measure.version,
    }


def measure_of(row: RowMapping) -> Measure:
    return Measure(
        name=row["name"],
        value=math.nan if row["value"] is None else float(row["value"]),
        version=row["version"],
        dims=_dims(row["dims"]),
        reason=row["reason"] or "",
    )


@lru_cache(4_096)
def _dims_text(dims: tuple[tuple[str, str], ...]) -> str:
    return canonical_json(dict(dims))


@lru_cache(4_096)
def _dims(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(json.loads(text).items()))
