"""What people are told of a redemption rate: its sources by their labels, and why it is healthy."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.support.cli_history import CHAIN, LATEST, USDC, pair, table
from tests.support.strategies import address, pool
from watcher.cli.app import app
from watcher.config import load_config
from watcher.protocols.redemption_rate import PROTOCOL
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Block, Observation, RedemptionRate, State, Status, Target, Token
from watcher.state.target import Param
from watcher.store import Store

STAKED = Token(address(0x57), 18, "stUSD")
MARKET = address(0x58)
CONFIG = f"""
database = "sqlite:///watcher.db"
[chains."eip155:{CHAIN}"]
endpoints = [{{ url = "http://127.0.0.1:9" }}]

[[targets]]
chain = "eip155:{CHAIN}"
protocol = "uniswap_v2"
address = "{MARKET}"
name = "staked market"

[[prices]]
token = "eip155:{CHAIN}/erc20:{STAKED.address}"
source = "redemption_rate"
address = "{STAKED.address}"
getter = "getRate"
quote = "eip155:{CHAIN}/erc20:{USDC.address}"

[[prices]]
token = "eip155:{CHAIN}/erc20:{STAKED.address}"
source = "spot"
address = "{MARKET}"
quote = "eip155:{CHAIN}/erc20:{USDC.address}"

[[prices]]
token = "eip155:{CHAIN}/erc20:{STAKED.address}"
source = "fixed"
value = 1.2

[[prices]]
token = "eip155:{CHAIN}/erc20:{USDC.address}"
source = "fixed"
value = 1.0
"""
LIMITS = """
[limits.ln_source_over_redemption]
strained = 0.01
breached = 0.5
"""
RATE = RedemptionRate(rate=1_100_000_000_000_000_000, decimals=18)
STATES: dict[str, State] = {
    "uniswap_v2": pool(1_000 * 10**6, 1_078 * 10**18, decimals=(6, 18)),
    PROTOCOL: RATE,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One block of the rate, at 1.1, and of its market, where a coin costs 0.92764 of its quote."""
    (tmp_path / "watcher.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(time, "time", lambda: LATEST + 3.0)
    config = load_config(tmp_path / "watcher.toml", {})
    (rate,) = (entry for entry in config.entries if entry.protocol == PROTOCOL)
    name = "stUSD rate by getRate"
    params: dict[str, Param] = {"getter": "getRate", "decimals": 18}
    targets = [
        pair(0x58, "staked market", USDC, STAKED),
        Target(
            CHAIN, PROTOCOL, rate.address, RATE.KIND, rate.key, (STAKED, USDC), None, params, name
        ),
    ]
    observed = {one.id: Observation(one.id, Status.OK, STATES[one.protocol]) for one in targets}
    block = Block(CHAIN, 1, "0x" + "ab" * 32, "0x" + "cd" * 32, LATEST)
    with Store.create(config.database) as store:
        store.register(targets)
        store.save_settings(config.settings)
        start = Branch(cursor=None, in_force={}, keys={})
        watched = watchlist(targets, config.settings)
        store.commit_tick(advance(start, block, observed, watched).tick)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("command", ["measure", "history"])
def test_a_source_is_told_by_the_label_of_what_it_reads(folder: Path, command: str) -> None:
    rows = [row for row in table(run(command, "stUSD rate by getRate")) if len(row) > 2]
    sources = {
        cell
        for row in rows
        for cell in row
        if "ln_source_over_redemption" in row and cell.startswith(("spot", "fixed"))
    }
    assert sources == {"spot of staked market", "fixed"}
    done = run(command, "stUSD rate by getRate", "--json")
    dims = [row["dims"] for row in json.loads(done.stdout) if "source" in row["dims"]]
    assert {"source": "spot", "address": MARKET} in dims


def test_a_healthy_rate_says_what_it_redeems_for(folder: Path) -> None:
    (line,) = [row for row in table(run("status", "--all")) if row[1].startswith("stUSD")]
    assert line[:3] == ["healthy", "stUSD rate by getRate", "1 stUSD redeems for 1.10000 USDC"]


def test_a_source_beyond_a_limit_is_named(folder: Path) -> None:
    file = folder / "watcher.toml"
    file.write_text(CONFIG + LIMITS)
    (line,) = [row for row in table(run("status", "--all")) if row[1].startswith("stUSD")]
    assert line[0] == "strained"
    assert line[2] == "spot of staked market 15.67% under the redemption rate"
