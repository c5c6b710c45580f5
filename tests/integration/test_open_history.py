"""The history as arrays and frames: at every block what was in force, NaN where unknown."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support.cli_history import (
    CHAIN,
    FIRST,
    GONE,
    LATEST,
    NEWEST,
    OFF,
    SECONDS,
    SETTINGS,
    TARGETS,
    USDC,
    VAULT,
    WETH,
)
from tests.support.web import FLOWS, Writer, hashed
from watcher.errors import InputError, SetupError, StoreError
from watcher.state.flow import FlowReading
from watcher.store import History, Store, open_history

PAGE = Path(__file__).parents[2] / "docs" / "history.md"
BLOCKS = list(range(FIRST, NEWEST + 1))
PROFILED = f"slippage{{size=1000,token_in={WETH.address}}}"


@pytest.fixture
def history(store_url: str) -> Iterator[History]:
    """FIRST to NEWEST, and a block above them that a reorg has undone."""
    with Store.create(store_url) as store:
        store.register(TARGETS)
        store.save_settings(SETTINGS)
        writer = Writer(store)
        for number in BLOCKS:
            writer.commit(number)
        writer.commit(NEWEST + 1, fork=0xF)
        store.rewind(CHAIN, hashed(NEWEST))
    with open_history(store_url) as opened:
        yield opened


def test_every_stored_block_has_its_row(history: History) -> None:
    found = history.measures("off", "spot_price")
    assert found.target == OFF
    assert found.number.tolist() == BLOCKS
    assert found.hash.tolist() == [hashed(number) for number in BLOCKS]
    assert found.time[-1] == np.datetime64(LATEST, "s")
    assert set(np.diff(found.time).astype(int)) == {SECONDS}


def test_a_measure_holds_until_the_next_computation(history: History) -> None:
    price = history.measures("off", "spot_price")["spot_price"]
    assert price.dtype == np.float64
    assert price == pytest.approx([2_000.0] * 6 + [1_957.8] * 5)


def test_what_was_in_force_before_the_first_block_holds_there(history: History) -> None:
    whole = history.measures("off")
    part = history.measures("off", first=104, last=105)
    assert part.number.tolist() == [104, 105]
    assert set(part.figures) == set(whole.figures)
    for name, column in part.figures.items():
        np.testing.assert_array_equal(column, whole[name][4:6])


def test_measures_are_those_that_the_store_says_were_in_force(history: History) -> None:
    names = {PROFILED, "spot_price", f"value_share{{token={USDC.address}}}"}
    found = history.measures("off")
    assert names <= set(found.figures)
    for at, number in enumerate(BLOCKS):
        figures = history._store.figures_as_of(OFF.id, number)
        assert figures is not None
        assert len(figures.measures) == len(found.figures)
        for one in figures.measures:
            apart = ",".join(f"{key}={value}" for key, value in one.dims)
            label = f"{one.name}{{{apart}}}" if apart else one.name
            np.testing.assert_equal(found[label][at], one.value)


def test_what_cannot_be_read_is_unknown(history: History) -> None:
    price = history.measures(GONE.name, "spot_price")["spot_price"]
    held = history.amounts(GONE.name)["reserve0"]
    for column in (price, held):
        assert np.isfinite(column[:8]).all()
        assert np.isnan(column[8:]).all()
    assert history.amounts(GONE.name, exact=True)["reserve0"][8:].tolist() == [None] * 3


def test_a_measure_without_a_row_is_a_column_of_nan(history: History) -> None:
    found = history.measures(GONE.name, "spot_price", first=109)
    assert list(found.figures) == ["spot_price"]
    assert np.isnan(found["spot_price"]).all()


def test_amounts_in_whole_tokens_and_exact(history: History) -> None:
    units = history.amounts("off")
    exact = history.amounts("off", exact=True)
    assert list(units.figures) == ["reserve0", "reserve1", "balance0", "balance1", "total_supply"]
    assert units["reserve1"].tolist() == [2_000_000.0] * 6 + [1_957_800.0] * 5
    assert exact["reserve1"].tolist() == [2_000_000 * 10**6] * 6 + [1_957_800 * 10**6] * 5
    assert exact["reserve0"].tolist() == [1_000 * 10**18] * 11
    assert {type(each) for each in exact["reserve0"]} == {int}


def test_what_a_reorg_undid_is_not_in_it(history: History, store_url: str) -> None:
    with Store.open(store_url) as store:
        Writer(store).commit(NEWEST + 1)
    price = history.measures("off", "spot_price", first=NEWEST)
    held = history.amounts("off", first=NEWEST)
    assert price.hash.tolist() == [hashed(NEWEST), hashed(NEWEST + 1)]
    assert price["spot_price"] == pytest.approx([1_957.8] * 2)
    assert held["reserve1"].tolist() == [1_957_800.0] * 2


def test_flows_are_of_their_block_and_none_is_zero(history: History) -> None:
    flows = history.flows("off")
    assert list(flows.figures) == [f"{side}[{k}]" for k in (0, 1) for side in ("in", "out", "fee")]
    swapped = BLOCKS.index(106)
    assert flows["in[0]"][swapped] == pytest.approx(2**70 / 10**18)
    assert flows["out[1]"][swapped] == 42_200.0
    assert np.delete(flows["in[0]"], swapped).tolist() == [0.0] * 10


def test_flows_that_nobody_read_are_unknown(history: History) -> None:
    assert np.isnan(history.flows("calm")["in[0]"]).all()
    undecodable = np.isnan(history.flows(VAULT.name)["in[0]"])
    assert [number for number, is_nan in zip(BLOCKS, undecodable, strict=True) if is_nan] == [104]


def test_blocks_whose_logs_no_node_had_are_unknown(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = FLOWS[106].scope
    monkeypatch.setitem(FLOWS, 101, FlowReading(scope, failure="no node has the logs"))
    with Store.create(store_url) as store:
        store.register(TARGETS)
        store.save_settings(SETTINGS)
        for number in (100, 101, 102):
            Writer(store).commit(number)
    with open_history(store_url) as history:
        assert np.isnan(history.flows("off")["in[0]"]).tolist() == [False, True, False]


def test_a_stretch_without_blocks_is_empty(history: History) -> None:
    for found in (
        history.measures("off", "spot_price", first=NEWEST + 1),
        history.amounts("off", last=FIRST - 1),
        history.flows("off", first=NEWEST + 1),
    ):
        assert len(found) == 0
        assert all(len(column) == 0 for column in found.figures.values())


def test_frames(history: History) -> None:
    frame = history.amounts("off").frame()
    assert frame.index.name == "block_number"
    assert frame.index.tolist() == BLOCKS
    assert list(frame.columns)[:3] == ["block_hash", "time", "reserve0"]
    assert frame.loc[106, "reserve1"] == 1_957_800.0
    assert frame.loc[NEWEST, "time"].timestamp() == LATEST
    assert str(frame["time"].dt.tz) == "UTC"


def test_without_pandas_the_cure_is_named(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    found = history.amounts("off")
    with pytest.raises(SetupError, match=r"imbalance-watcher\[frames\]"):
        found.frame()


def test_what_is_not_there_is_said(history: History, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no stored target is called 'offf'"):
        history.measures("offf")
    for unknown in ("spot", "share_price"):
        with pytest.raises(InputError, match=f"'{unknown}' is no measure of a constant_product"):
            history.measures("off", unknown)
    with pytest.raises(StoreError, match="does not exist"):
        open_history(tmp_path / "none.db")


def test_targets_are_listed(history: History) -> None:
    assert {target.id for target in history.targets} == {target.id for target in TARGETS}


def test_a_path_is_a_file_and_nothing_can_be_written(tmp_path: Path) -> None:
    Store.create(f"sqlite:///{tmp_path / 'watcher.db'}").close()
    for database in (tmp_path / "watcher.db", str(tmp_path / "watcher.db")):
        with (
            open_history(database) as history,
            pytest.raises(StoreError, match=r"readonly|read-only"),
        ):
            history._store.register(TARGETS)


def test_the_example_of_the_page_prints_what_the_page_says(
    web_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = PAGE.read_text()
    (code,), (printed,) = (
        re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL) for kind in ("python", "text")
    )
    monkeypatch.chdir(web_folder)
    exec(compile(code, "docs/history.md", "exec"), {})
    assert capsys.readouterr().out == printed
