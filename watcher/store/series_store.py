"""What the store keeps of series from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from watcher.state.outside_series import OutsideSeries
from watcher.store import series
from watcher.store.database import Database
from watcher.store.values import StoredSeries


class SeriesStore:
    """A part of Store."""

    database: Database
    _now: Callable[[], datetime]

    def add_series(self, added: Sequence[OutsideSeries]) -> None:
        """What is stored already is not added again; of one name the newest counts."""
        with self.database.writing() as connection:
            series.add(connection, added, at=self._now())

    def outside_series(self) -> tuple[StoredSeries, ...]:
        """All series that were imported, by name, without their points."""
        with self.database.reading() as connection:
            return series.listed(connection)

    def read_outside(self, name: str) -> OutsideSeries:
        """The newest of a name, or of the first digits of a hash; raises InputError with hints."""
        with self.database.reading() as connection:
            return series.read(connection, name)
