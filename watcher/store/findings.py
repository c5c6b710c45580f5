"""Findings and receipts, into the tables and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select

from watcher.errors import InputError, StaleBlock, StoreError
from watcher.state.block import Block
from watcher.state.canonical import content_hash
from watcher.state.finding import Finding
from watcher.state.finding_json import finding_key, finding_to_json
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS, canonical_row
from watcher.store.bulk import insert_new
from watcher.store.register import IDS, Registered
from watcher.store.rows import block_of, state_text, storable

block, finding, receipt, target = tables.block, tables.finding, tables.receipt, tables.target

MOST_AT_ONCE = 64
"""Findings of one attack on one target at one block: there are two at the most."""

DIGITS = 12
"""Of a receipt's id where people are shown it."""


@dataclass(frozen=True, slots=True)
class ReceiptNote:
    """A receipt without its body."""

    id: str
    level: str
    reason: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding as it was appended; `retracted` where its block has left the chain."""

    id: int
    block: Block
    retracted: bool
    target_id: str
    attack: str
    goal: str
    proof: str
    profit: float
    victims_loss: float
    pools_loss: float
    reason: str
    body: str
    receipts: tuple[ReceiptNote, ...]

    @property
    def plain(self) -> dict[str, Any]:
        """All of the finding, as JSON has it."""
        found: dict[str, Any] = json.loads(self.body)
        return found


def add_findings(
    connection: Connection, entry: Registered, at: Block, findings: Sequence[Finding]
) -> tuple[int, ...]:
    """The rows of the findings, in their order: appended, or those in force where nothing differs.

    Raises StaleBlock where the block is not on the stored branch.
    """
    row = canonical_row(connection, at.chain_id, at.hash)
    if row is None:
        raise StaleBlock(
            f"block {at.number} ({at.hash[:10]}…) is not on the stored branch: nothing was added"
        )
    groups: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        groups.setdefault((each.attack, each.goal), []).append(each)
    ids: dict[str, int] = {}
    for group in groups.values():
        ids |= _add(connection, entry, row, group)
    return tuple(ids[finding_key(each)] for each in findings)


def _add(
    connection: Connection, entry: Registered, at: RowMapping, group: Sequence[Finding]
) -> dict[str, int]:
    """The rows of all findings of one attack and goal, by key: of one target there may be several,
    and they are appended together."""
    rows = {finding_key(each): _columns(entry, at, each) for each in group}
    number, known = _in_force(connection, entry, at["number"], group[0])
    if known.keys() == rows.keys():
        return known
    if number == at["number"]:
        rows = {key: row for key, row in rows.items() if key not in known}
    returning = insert(finding).returning(finding.c.id)
    added = {
        key: int(connection.execute(returning.values(row)).scalar_one())
        for key, row in rows.items()
    }
    return {**(known if number == at["number"] else {}), **added}


def _columns(entry: Registered, at: RowMapping, one: Finding) -> dict[str, Any]:
    return {
        "target_id": entry.id,
        "block_id": at["id"],
        "block_number": at["number"],
        "attack": one.attack,
        "goal": one.goal,
        "proof": str(one.proof),
        "profit": one.profit,
        "victims_loss": one.victims_loss,
        "pools_loss": one.liquidity_loss,
        "reason": storable(one.reason) or None,
        "key": finding_key(one),
        "body": zlib.compress(finding_to_json(one).encode()),
    }


def _in_force(
    connection: Connection, entry: Registered, number: int, one: Finding
) -> tuple[int | None, dict[str, int]]:
    """The newest block at or before `number` with rows of this attack and goal, and these rows by
    key."""
    query = (
        select(finding.c.block_number, finding.c.key, finding.c.id)
        .join(block, block.c.id == finding.c.block_id)
        .where(
            finding.c.target_id == entry.id,
            finding.c.attack == one.attack,
            finding.c.goal == one.goal,
            finding.c.block_number <= number,
            tables.canonical,
        )
        .order_by(finding.c.block_number.desc(), finding.c.id.desc())
        .limit(MOST_AT_ONCE)
    )
    rows = connection.execute(query).all()
    newest = rows[0][0] if rows else None
    return newest, {key: int(row_id) for at, key, row_id in rows if at == newest}


def add_receipt(
    connection: Connection, finding_id: int, *, level: str, reason: str, body: str, now: datetime
) -> str:
    """The receipt's id. One that a finding has already is left alone."""
    receipt_id = content_hash(body)
    row = {
        "finding_id": finding_id,
        "hash": receipt_id,
        "level": level,
        "reason": storable(reason) or None,
        "made_at": now,
        "body": zlib.compress(body.encode()),
    }
    insert_new(connection, receipt, [row])
    return receipt_id


def findings(
    connection: Connection,
    entry: Registered | None,
    *,
    first: int | None = None,
    last: int | None = None,
    limit: int | None = None,
    retracted: bool = False,
) -> tuple[StoredFinding, ...]:
    """Of one target or of all, oldest first; of more than `limit` rows the newest."""
    where: list[ColumnElement[bool]] = [] if retracted else [tables.canonical]
    if entry is not None:
        where.append(finding.c.target_id == entry.id)
    if first is not None:
        where.append(finding.c.block_number >= first)
    if last is not None:
        where.append(finding.c.block_number <= last)
    order = finding.c.block_number.desc(), finding.c.id.desc()
    return tuple(reversed(found_where(connection, where, order=order, limit=limit)))


def finding_of(connection: Connection, finding_id: int) -> StoredFinding:
    """Raises InputError where there is none."""
    for found in found_where(
        connection, [finding.c.id == finding_id], order=(finding.c.id,), limit=1
    ):
        return found
    raise InputError(f"no finding has the number {finding_id}: `watcher findings list` shows them")


def receipt_body(connection: Connection, text: str) -> str:
    """The JSON of the receipt whose id begins so. Raises InputError for none and for several,
    StoreError for one that is damaged."""
    wanted = text.lower()
    if not wanted or set(wanted) - set("0123456789abcdef"):
        raise InputError(f"{text[:80]!r} is neither a file nor the first digits of a receipt's id")
    hashes = dict.fromkeys(connection.execute(select(receipt.c.hash)).scalars())
    found = [each for each in hashes if each.startswith(wanted)]
    if len(found) != 1:
        what = "no receipt has" if not found else f"{len(found)} receipts have"
        raise InputError(f"{what} an id that begins with {wanted}: `watcher findings list`")
    query = select(receipt.c.body).where(receipt.c.hash == found[0]).limit(1)
    try:
        body = state_text(connection.execute(query).scalar_one())
    except ValueError as error:
        raise StoreError(f"receipt {found[0][:DIGITS]} is damaged ({error})") from error
    if content_hash(body) != found[0]:
        raise StoreError(f"receipt {found[0][:DIGITS]} is damaged: its id is that of another")
    return body


def found_where(
    connection: Connection,
    where: Sequence[ColumnElement[bool]],
    *,
    order: Sequence[ColumnElement[Any]],
    limit: int | None,
) -> list[StoredFinding]:
    query = (
        select(finding, target.c.uid, block.c.status, *BLOCK_COLUMNS)
        .join(block, block.c.id == finding.c.block_id)
        .join(target, target.c.id == finding.c.target_id)
        .where(*where)
        .order_by(*order)
        .limit(limit)
    )
    rows = connection.execute(query).mappings().all()
    notes = _notes(connection, [row["id"] for row in rows])
    return [_stored(row, notes.get(row["id"], ())) for row in rows]


def _notes(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[ReceiptNote, ...]]:
    found: dict[int, tuple[ReceiptNote, ...]] = {}
    columns = (receipt.c.finding_id, receipt.c.hash, receipt.c.level, receipt.c.reason)
    for start in range(0, len(ids), IDS):
        query = (
            select(*columns, receipt.c.made_at)
            .where(receipt.c.finding_id.in_(ids[start : start + IDS]))
            .order_by(receipt.c.id)
        )
        for finding_id, receipt_id, level, reason, made_at in connection.execute(query):
            note = ReceiptNote(receipt_id, level, reason or "", made_at)
            found[finding_id] = (*found.get(finding_id, ()), note)
    return found


def _stored(row: RowMapping, receipts: tuple[ReceiptNote, ...]) -> StoredFinding:
    try:
        body = state_text(row["body"])
    except ValueError as error:
        raise StoreError(f"finding {row['id']} is damaged ({error})") from error
    return StoredFinding(
        id=row["id"],
        block=block_of(row),
        retracted=row["status"] == tables.ORPHANED,
        target_id=row["uid"],
        attack=row["attack"],
        goal=row["goal"],
        proof=row["proof"],
        profit=row["profit"],
        victims_loss=row["victims_loss"],
        pools_loss=row["pools_loss"],
        reason=row["reason"] or "",
        body=body,
        receipts=receipts,
    )
