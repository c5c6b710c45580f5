"""`watcher rebalance`, from the store and from files: the legs, what they cost, what is left."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.support.cli_history import cells, document
from tests.support.strategies import address, pool
from watcher.cli.app import app
from watcher.math.quotes import quote_exact_in
from watcher.math.settings import PriceSource, Settings
from watcher.protocols import uniswap_v2
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Block, Observation, State, Status, Target, Token
from watcher.state.set_token import WAD, SetComponent, SetToken
from watcher.store import Store

CHAIN = 31337
WETH, USDC = Token(address(0xE), 18, "WETH"), Token(address(0xC), 6, "USDC")
NO_PARAMS: dict[str, str | int | bool] = {"weights": "0.5 0.5", "band": "", "valuer": False}
INDEX = Target(
    CHAIN,
    "set_token",
    address(0xB1),
    "set_token",
    tokens=(WETH, USDC),
    share=Token(address(0xB1), 18, "IDX"),
    params=NO_PARAMS,
    name="index",
)
PAIR = Target(
    CHAIN,
    uniswap_v2.PROTOCOL,
    address(0xA1),
    "constant_product",
    tokens=(WETH, USDC),
    share=Token(address(0xA1), 18, "UNI-V2"),
    name="pair",
)
STATES: dict[str, State] = {
    PAIR.id: pool(1_000 * 10**18, 2_000_000 * 10**6, decimals=(18, 6)),
    INDEX.id: SetToken(
        total_supply=10**18,
        components=(
            SetComponent(80 * 10**18, 80 * 10**18, 80 * 10**18),
            SetComponent(40_000 * 10**6, 40_000 * 10**6, 40_000 * 10**6),
        ),
        weights=(WAD // 2, WAD // 2),
        valuation=(),
        decimals=(18, 6),
    ),
}
SETTINGS = Settings(
    unit="USD",
    sizes=(1_000.0,),
    prices=(
        PriceSource(CHAIN, WETH.address, "fixed", value=2_000.0),
        PriceSource(CHAIN, USDC.address, "fixed", value=1.0),
    ),
)
CONFIG = f"""
database = "sqlite:///watcher.db"
[chains."eip155:{CHAIN}"]
endpoints = [{{ url = "http://127.0.0.1:9" }}]
[[targets]]
chain = "eip155:{CHAIN}"
protocol = "{PAIR.protocol}"
address = "{PAIR.address}"
name = "pair"
"""
RISK = ("--volatility", "WETH=0.6,USDC=0.01")
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    (tmp_path / "watcher.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    with Store.create("sqlite:///watcher.db") as store:
        store.register((PAIR, INDEX))
        store.save_settings(SETTINGS)
        block = Block(CHAIN, 7, f"0x{7:064x}", f"0x{6:064x}", 1_700_000_000)
        observed = {uid: Observation(uid, Status.OK, state) for uid, state in STATES.items()}
        branch = Branch(cursor=None, in_force={}, keys={})
        watched = watchlist((PAIR, INDEX), SETTINGS)
        store.commit_tick(advance(branch, block, observed, watched).tick)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return invoke


def test_the_best_plan_stands_beside_nothing_and_all_the_way(run: Run) -> None:
    found = document(run("rebalance", "index", *RISK, "--json"))
    plans = found["plans"]
    best = plans["best"]["objective"]
    assert best < min(plans["nothing"]["objective"], plans["all_the_way"]["objective"])
    assert plans["nothing"]["deviation"] == pytest.approx([0.3, -0.3])
    (leg,) = plans["best"]["legs"]
    assert (leg["pool"], leg["sell"], leg["buy"]) == (PAIR.id, WETH.address, USDC.address)
    paid = quote_exact_in(STATES[PAIR.id], 0, 1, int(leg["amount_in"])).amount_out
    assert leg["amount_out"] == str(paid)
    cost = int(leg["amount_in"]) / 10**18 * 2_000 - paid / 10**6
    assert leg["cost"] == pytest.approx(cost)
    assert plans["best"]["cost"] == pytest.approx(cost)
    assert leg["fee"] + leg["impact"] == pytest.approx(cost)
    assert 0 < plans["best"]["deviation"][0] < 0.02
    assert abs(plans["all_the_way"]["deviation"][0]) < 0.01, "but for what it costs"
    now, aimed, equal, parity = found["weights"]
    assert (now["of_each"], aimed["of_each"]) == ([0.8, 0.2], pytest.approx([0.5, 0.5]))
    assert now["volatility"] > aimed["volatility"]
    assert now["tracking_error"] == 0
    assert equal["tracking_error"] == pytest.approx(plans["nothing"]["tracking_error"])
    assert parity["risk_contributions"] == pytest.approx([0.5, 0.5])
    assert [band["above"] for band in found["bands"]] == [WETH.address, USDC.address]


def test_for_people_it_is_tables(run: Run) -> None:
    done = run("rebalance", "index", *RISK, "--steps", "3", "--step", "1d")
    assert done.exit_code == 0, done.stderr
    rows = [cells(line) for line in done.stdout.splitlines()]
    headings = [row[0] for row in rows if row]
    for name in ("asset", "pool", "plan", "above", "step"):
        assert name in headings
    steps = [row for row in rows if row and row[0] in "123"]
    assert len(steps) == 3
    assert "WETH for USDC" in steps[0][2]
    assert "nothing was executed" in done.stderr


def test_files_alone_say_the_same(run: Run) -> None:
    for name in ("index", "pair"):
        assert run("state", name, "--out", f"{name}.json").exit_code == 0
    files = ("--state", "index.json", "--state", "pair.json")
    from_files = document(run("rebalance", *files, *RISK, "--json"))
    from_store = document(run("rebalance", "index", *RISK, "--json"))
    assert from_files["plans"] == from_store["plans"]


def test_a_plot_shows_what_less_error_costs(run: Run) -> None:
    done = run("rebalance", "index", *RISK, "--plot", "cost.svg")
    assert done.exit_code == 0, done.stderr
    assert "<polyline" in Path("cost.svg").read_text()


def test_other_weights_and_other_aversion(run: Run) -> None:
    kept = ("--targets", "WETH=0.8,USDC=0.2")
    found = document(run("rebalance", "index", *kept, *RISK, "--json"))
    assert found["plans"]["best"]["legs"] == []
    eager = document(run("rebalance", "index", *RISK, "--lambda", "50", "--json"))
    lazy = document(run("rebalance", "index", *RISK, "--lambda", "0.05", "--json"))
    assert lazy["bands"][0]["width"] > 100 * eager["bands"][0]["width"]
    done = run("rebalance", "index", *kept, *RISK)
    assert "no trade pays" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pair", *RISK], "pair is no basket: name holdings or an index token"),
        ([*RISK], "name a basket, or files with --state, and not both"),
        (["index"], "the volatility of WETH, USDC is not known"),
        (["index", *RISK, "--targets", "WETH=0.5"], "the target weights sum to 0.5"),
        (["index", *RISK, "--targets", "ETH=1"], "there is no 'ETH' in the basket"),
        (["index", *RISK, "--targets", "WETH"], "'WETH' is not TOKEN=NUMBER"),
        (["index", "--volatility", "WETH=1,WETH=2"], "--volatility names WETH twice"),
        (["index", *RISK, "--steps", "900", "--step", "1d"], "are over a year"),
        (["--state", "none.json"], "none.json cannot be read"),
    ],
)
def test_it_says_what_is_wrong(run: Run, arguments: list[str], said: str) -> None:
    done = run("rebalance", *arguments)
    assert done.exit_code != 0
    assert said in done.stderr


def test_files_must_be_one_basket_and_pools(run: Run) -> None:
    assert run("state", "pair", "--out", "pair.json").exit_code == 0
    done = run("rebalance", "--state", "pair.json", *RISK)
    assert "0 of the files are of a basket: give one, and its pools" in done.stderr


def test_csv_is_the_legs(run: Run) -> None:
    done = run("rebalance", "index", *RISK, "--format", "csv")
    lines = done.stdout.splitlines()
    assert lines[0] == "pool,sell,amount_in,buy,amount_out,cost,fee,impact"
    assert len(lines) == 2
    assert json.loads(lines[1].split(",")[2]) > 10**18
