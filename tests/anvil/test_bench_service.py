"""scripts/bench service on a few pairs of a real node."""

from __future__ import annotations

import pytest

from benchmarks.ticking import MODES, measure, tables_of

pytestmark = pytest.mark.anvil


def test_a_tick_is_split_into_parts_that_make_up_all_of_it() -> None:
    found, resident = measure(pairs=8, rounds=2)
    assert found.keys() == MODES.keys()
    for ticks in found.values():
        assert len(ticks) == 2
        for one in ticks:
            assert min(one.reading, one.rest, one.commit) > 0
            assert one.all == one.reading + one.rest + one.commit
    assert resident > 30
    assert "all changed" in tables_of(found, resident)
