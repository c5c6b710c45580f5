"""What scripts/bench api measures over, and how it tells ratios."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.long_history import Chain, build
from benchmarks.serving import Phase, p95, ratios
from tests.support.web import client_of, got
from watcher.store import Store
from watcher.store.paging import measure_page


def test_a_long_history_is_whole_and_goes_on(tmp_path: Path) -> None:
    built = build(tmp_path, measures=3_000, targets=10)
    assert built.measures >= 2_500
    with Store.open(f"sqlite:///{tmp_path / 'watcher.db'}") as store:
        first, *_ = store.targets()
        rows = store.measure_history(first.id, ["spot_price"])
        assert [one.block.number for one in rows] == list(range(1, built.blocks + 1))
        assert len({one.measure.value for one in rows}) > 1
        Chain(store, 10).go_on(timestamp=int(time.time()))
        [chain] = store.extent().chains
        assert chain.newest.number == built.blocks + 1
        assert measure_page(store, first.id, limit=10).after is not None
    with client_of(tmp_path, now=time.time()) as client:
        assert len(got(client, "/api/v1/targets")["targets"]) == 10
        [shown] = got(client, "/api/v1/chains")["chains"]
        assert (shown["blocks"], shown["late"]) == (built.blocks + 1, False)


def test_ratios_are_of_the_most_clients_to_one_and_to_none() -> None:
    answers = {"targets": [float(one) for one in range(1, 101)]}
    slower = {"targets": [3.0 * one for one in range(1, 101)]}
    phases = [
        Phase(0, {}, [10.0, 10.0], 0.0),
        Phase(1, answers, [11.0], 0.1),
        Phase(50, slower, [15.0, 15.0, 90.0], 0.5),
    ]
    text = ratios(phases)
    assert "p95 of 50 clients to that of 1: 3.00 (at most 3)" in text
    assert "while nobody does: 1.50 (at most 1.5)" in text
    assert 95 <= p95(answers["targets"]) <= 97
