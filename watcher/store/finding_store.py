"""What the store keeps of attacks: findings, and receipts of their simulations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from watcher.state.block import Block
from watcher.state.finding import Finding
from watcher.store import findings, register
from watcher.store.database import Database
from watcher.store.findings import StoredFinding


class FindingStore:
    """A part of Store."""

    database: Database
    _now: Callable[[], datetime]
    _book: register.Book

    def add_findings(
        self, target_id: str, block: Block, found: Sequence[Finding]
    ) -> tuple[int, ...]:
        """Append what attacks on a target would take at a stored block; their rows' numbers, those
        in force where nothing differs. Raises StaleBlock where the block left the branch."""
        return self.add_all_findings(block, {target_id: found})[target_id]

    def add_all_findings(
        self, block: Block, found: Mapping[str, Sequence[Finding]]
    ) -> dict[str, tuple[int, ...]]:
        """The same of several targets, by their ids: of all, or of none."""
        with self.database.writing() as connection:
            known = self._book.entries(connection, found)
            return {
                target_id: findings.add_findings(
                    connection,
                    known.get(target_id) or register.entry_of(connection, target_id),
                    block,
                    each,
                )
                for target_id, each in found.items()
            }

    def add_receipt(self, finding_id: int, *, level: str, reason: str, body: str) -> str:
        """Keep the receipt of a finding's simulation; its id."""
        with self.database.writing() as connection:
            return findings.add_receipt(
                connection, finding_id, level=level, reason=reason, body=body, now=self._now()
            )

    def findings(
        self,
        target_id: str | None = None,
        *,
        first: int | None = None,
        last: int | None = None,
        limit: int | None = None,
        retracted: bool = False,
    ) -> tuple[StoredFinding, ...]:
        """What attacks on a target, or on any, would have taken from block `first` to `last`, the
        oldest first; of more than `limit` rows the newest. With `retracted` also those of blocks
        that have left the chain."""
        with self.database.reading() as connection:
            entry = None if target_id is None else register.entry_of(connection, target_id)
            return findings.findings(
                connection, entry, first=first, last=last, limit=limit, retracted=retracted
            )

    def finding(self, finding_id: int) -> StoredFinding:
        with self.database.reading() as connection:
            return findings.finding_of(connection, finding_id)

    def receipt(self, text: str) -> str:
        """The JSON of the receipt whose id begins with `text`."""
        with self.database.reading() as connection:
            return findings.receipt_body(connection, text)
