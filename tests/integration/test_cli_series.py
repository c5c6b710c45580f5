"""Figures of the history as series, asked of the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.support.stored import CHAIN, FEED, POOL, Watch, block, feed_state, ok, pool_state
from watcher.cli.app import app
from watcher.store import Store

CONFIGURATION = f"""\
database = "sqlite:///watcher.db"
[chains."eip155:{CHAIN}"]
endpoints = [{{ url = "http://127.0.0.1:8545" }}]
[[targets]]
chain = "eip155:{CHAIN}"
protocol = "{POOL.protocol}"
address = "{POOL.address}"
name = "{POOL.label}"
"""
PRICES = (2_000, 2_100, 2_000, 1_800, 1_900, 1_900)


@pytest.fixture(autouse=True)
def _history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool does in each block what the feed does, but for the last."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    Path("watcher.toml").write_text(CONFIGURATION)
    with Store.create("sqlite:///watcher.db") as store:
        watch = Watch(store)
        for number, price in enumerate(PRICES):
            pool = 1_700 if number == len(PRICES) - 1 else price
            watch.read(
                block(number),
                ok(FEED, feed_state(price)),
                ok(POOL, pool_state(1_000, 1_000 * pool)),
            )


def compare(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["compare", *arguments])


def correlate(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["correlate", *arguments])


def test_risk_and_correlation_of_two_series() -> None:
    done = correlate("ETH / USD", "WETH/USDC", "--step", "12s", "--tail", "0.2", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    feed, pool = found["series"]
    assert (feed["measure"], pool["measure"]) == ("feed_price", "spot_price")
    assert feed["drawdown"] == pytest.approx(1 - 1_900 / 2_100)
    assert feed["max_drawdown"] == pytest.approx(1 - 1_800 / 2_100)
    assert pool["max_drawdown"] == pytest.approx(1 - 1_700 / 2_100)
    assert (feed["beta"], feed["joint_tail"], pool["joint_tail"]) == (1, 1, 0)
    alone = json.loads(correlate("ETH / USD", "--step", "12s", "--json").stdout)
    assert alone["returns"] == len(PRICES) - 1, "the last price holds, though nothing changed"
    assert found["returns"] == len(PRICES) - 1
    assert 0 < found["correlation"][0][1] < 1


def test_for_people_it_is_two_tables() -> None:
    done = correlate("ETH / USD", "WETH/USDC", "--step", "12s")
    assert done.exit_code == 0, done.output
    assert "max_drawdown" in done.stdout
    assert "correlation of 5 returns of 12 s" in done.stderr


def test_it_says_why_it_cannot() -> None:
    short = correlate("ETH / USD")
    assert short.exit_code == 2
    assert "60 s of history are fewer than two steps of 3600 s" in short.stderr
    absent = correlate("ETH / USD", "--from", "900")
    assert "nothing is stored of these figures" in absent.stderr
    assert "--step 7 : write a duration" in correlate("ETH / USD", "--step", "7 ").stderr
    assert "is no measure of a price_feed" in correlate("ETH / USD", "-m", "spot_price").stderr
    assert "exchange them" in correlate("ETH / USD", "--from", "9", "--to", "1").stderr


def test_figures_stand_beside_each_other_at_one_block() -> None:
    done = compare("ETH / USD", "WETH/USDC", "-m", "reference_price", "--json")
    assert "reference_price is no measure of a price_feed" in done.stderr
    done = compare("ETH / USD", "WETH/USDC", "--at", "3", "--json")
    assert done.exit_code == 0, done.output
    rows = {(row["measure"], str(row["dims"])): row for row in json.loads(done.stdout)}
    feed, spot = rows["feed_price", "{}"], rows["spot_price", "{}"]
    assert (feed["ETH / USD"], feed["WETH/USDC"]) == (1_800, None)
    assert (spot["ETH / USD"], spot["WETH/USDC"]) == (None, 1_800)


def test_two_of_one_name_are_told_apart() -> None:
    done = compare("WETH/USDC", POOL.id[:12], "--all")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0].split("  ")[-1].strip() == f"WETH/USDC {POOL.id[:12]}"
    assert "depth_money" in done.stdout
