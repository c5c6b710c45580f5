"""docs/schema.md describes every table, view and column, nothing else, and its queries run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from models import metadata
from tests.support.stored import CALM, POOL, Watch, block, failed, ok, pool_state
from watcher.alerts.expression import expression
from watcher.alerts.rule import Rule
from watcher.math.flow import flow_measures
from watcher.state.alert import AlertEvent, EventKind
from watcher.state.flow import (
    BlockFlows,
    Decoded,
    Flow,
    FlowAmount,
    FlowKind,
    FlowReading,
    FlowWindow,
    Side,
)
from watcher.store import Store

DOCUMENT = (Path(__file__).parents[2] / "docs" / "schema.md").read_text()
SECTION = re.compile(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
COLUMN = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)
QUERY = re.compile(r"```sql\n(.*?)```", re.DOTALL)

RULE = Rule(name="cannot-be-read", when=expression("unread"), severity="warning")

SECTIONS = dict(SECTION.findall(DOCUMENT))
VIEWS = (
    "latest_measure",
    "measure_history",
    "observation_history",
    "flow_history",
    "flow_measure_history",
    "alert_history",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.create(f"sqlite:///{tmp_path_factory.mktemp('docs') / 'watcher.db'}") as opened:
        watch = Watch(opened)
        watch.read(block(1), *CALM)
        weth, usdc = POOL.tokens
        amounts = (
            FlowAmount(Side.OUT, weth.address, 100 * 10**18),
            FlowAmount(Side.IN, usdc.address, 10**12),
        )
        decoded = Decoded(POOL.id, (Flow(0, FlowKind.SWAP, None, amounts),))
        seen = ok(POOL, pool_state(900))
        window = FlowWindow(decoded, flow_measures(POOL, decoded, CALM[1], seen))
        flows = BlockFlows(FlowReading((POOL.id,), (decoded,)), (window,))
        tick = replace(watch.tick(block(2), seen), flows=flows)
        opened.commit_tick(tick)
        watch.follow(tick)
        tick = watch.tick(block(3), failed(POOL, detail="pruned"))
        opened.save_rules([RULE.text])
        events = [
            AlertEvent("ab" * 32, RULE.name, RULE.text.hash, POOL.id, kind, block(3))
            for kind in (EventKind.PENDING, EventKind.FIRED)
        ]
        opened.commit_tick(replace(tick, alerts=tuple(events)))
        yield opened


def test_every_table_and_view_is_described_and_nothing_else(store: Store) -> None:
    with store.database.reading() as connection:
        found = inspect(connection)
        assert SECTIONS.keys() == {*found.get_table_names(), *found.get_view_names()}
    assert set(metadata.tables) < SECTIONS.keys()


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_every_column_is_described_in_its_order(store: Store, name: str) -> None:
    with store.database.reading() as connection:
        columns = [column["name"] for column in inspect(connection).get_columns(name)]
    assert [column for column, _ in COLUMN.findall(SECTIONS[name])] == columns


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_has_an_example_that_finds_something(store: Store, view: str) -> None:
    [query] = QUERY.findall(SECTIONS[view])
    assert re.search(rf"\b(FROM|JOIN) {view}\b", query)
    with store.database.reading() as connection:
        rows = connection.execute(text(query)).all()
    assert len(rows) > 1


def test_the_command_line_example_runs(store: Store) -> None:
    [query] = re.findall(r'sqlite3 watcher\.db "(.+)"', DOCUMENT)
    with store.database.reading() as connection:
        assert connection.execute(text(query)).all() == [("WETH/USDC", "spot_price", None)]


def test_the_history_of_the_example_is_right(store: Store) -> None:
    [query] = QUERY.findall(SECTIONS["observation_history"])
    with store.database.reading() as connection:
        rows = connection.execute(text(query)).all()
    pool = [tuple(row) for row in rows if row.target == "WETH/USDC"]
    assert pool[0] == ("WETH/USDC", "ok", 2, 2, "reserve0", "WETH", 900.0)
    assert len(pool) == 5
