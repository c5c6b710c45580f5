"""scripts/bench store on a few rows: everyone writes the same ones."""

from __future__ import annotations

import pytest

from benchmarks.storing import CORE, OURS, POSTGRESQL, SESSION, SQLITE, measure, tables_of


@pytest.mark.parametrize("database", [SQLITE, POSTGRESQL])
def test_everyone_writes_a_block_and_history_is_read_back(database: str) -> None:
    found = measure(pairs=12, blocks=2, rounds=2, databases=(database,))
    writing = [one for one in found if one.rows]
    assert [one.who for one in writing] == [OURS, CORE, SESSION]
    [rows] = {one.rows for one in writing}
    assert rows > 12 * 20
    reading = [one for one in found if not one.rows]
    assert len(reading) == 4
    assert {len(one.times) for one in found} == {2}
    text = tables_of(found)
    assert f"| {database}" in text
    assert "1.00" in text
