"""The demonstration's lines: one a block, none wider than the terminal, nothing lost elsewhere."""

from __future__ import annotations

import pytest

from tests.support.stored import POOL, block
from watcher.cli.demo import WatchedBlock
from watcher.cli.demo_report import HEADING, Narrator
from watcher.devnet.play import PlayedBlock
from watcher.service.watch import Ticked
from watcher.state.measure import Computation, Measure
from watcher.store import TickResult

LONG = "the last 4 blocks are replaced by 5 others: " + "and a whale sells 40.54 WETH " * 4
EFFECT = f"{POOL.label} +171.83% from reference"


def watched(text: str, *, ln_off: float = 1.0) -> WatchedBlock:
    measure = Measure("ln_spot_over_reference", ln_off, 1)
    tick = TickResult(block(6), "", (), (Computation(POOL.id, "", (), (measure,)),))
    played = PlayedBlock(6, "0x06", 0, "one_side_emptied", text)
    return WatchedBlock(played, (Ticked(tick, 0, 0, 0.0),))


def told(columns: int | None, text: str, *, ln_off: float = 1.0) -> str:
    return Narrator(columns).line(watched(text, ln_off=ln_off), (POOL,))


@pytest.mark.parametrize("columns", [70, 80, 110, 120, 200])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    lines = told(columns, LONG).splitlines()
    assert max(map(len, [*lines, Narrator(columns).heading()])) <= columns
    assert lines[-1].endswith(EFFECT)
    assert len(lines) == (1 if columns >= 110 else 2)


def test_where_nobody_looks_nothing_is_cut() -> None:
    line = told(None, LONG)
    assert LONG in line
    assert line.endswith(EFFECT)


def test_a_block_that_moves_little_is_told_alone() -> None:
    assert told(80, "nothing happens", ln_off=0.001) == (
        "     6  one side emptied  nothing happens"
    )


def test_the_heading_stands_over_its_columns() -> None:
    line = told(None, "a sale")
    for heading, shown in (("scene", "one side"), ("what happens", "a sale"), ("what it", EFFECT)):
        assert HEADING.index(heading) == line.index(shown)
