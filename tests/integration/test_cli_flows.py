"""`watcher flow`: the events of a target as they happened, and what they come to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.support.stored import (
    CHAIN,
    FEED,
    POOL,
    SETTINGS,
    TARGETS,
    VAULT,
    block,
    feed_state,
    ok,
    pool_state,
)
from watcher.cli.app import app
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Observation
from watcher.state.flow import Decoded, Flow, FlowAmount, FlowKind, FlowReading, Side
from watcher.store import Store

WETH, USDC = POOL.tokens
E18, E6 = 10**18, 10**6
TAKER = WETH.address
CONFIG = """
database = "sqlite:///watcher.db"
[chains."eip155:31337"]
endpoints = [{ url = "http://127.0.0.1:9" }]
[[targets]]
chain = "eip155:31337"
protocol = "erc4626"
address = "0x00000000000000000000000000000000000000A2"
name = "vault"
"""
SCOPE = tuple(sorted((POOL.id, VAULT.id)))


def amount(side: Side, weth: int = 0, usdc: int = 0) -> tuple[FlowAmount, ...]:
    found = ((WETH, weth), (USDC, usdc))
    return tuple(FlowAmount(side, token.address, raw) for token, raw in found if raw)


def sold(weth: int, usdc: int, index: int) -> Flow:
    amounts = (*amount(Side.IN, weth=weth * E18), *amount(Side.OUT, usdc=usdc * E6))
    return Flow(index, FlowKind.SWAP, TAKER, amounts)


BLOCKS: list[tuple[Observation, FlowReading]] = [
    (ok(POOL, pool_state(1_000, 2_000_000)), FlowReading(SCOPE)),
    (
        ok(POOL, pool_state(1_003, 1_994_000)),
        FlowReading(SCOPE, (Decoded(POOL.id, (sold(1, 2_000, 4), sold(2, 4_000, 7))),)),
    ),
    (ok(POOL, pool_state(1_003, 1_994_000)), FlowReading(SCOPE, failure="no logs")),
    (
        ok(POOL, pool_state(1_012, 2_016_000)),
        FlowReading(
            SCOPE,
            (
                Decoded(
                    POOL.id,
                    (
                        Flow(
                            2,
                            FlowKind.ADD,
                            None,
                            (*amount(Side.IN, weth=10 * E18, usdc=20_000 * E6),),
                        ),
                        Flow(
                            5,
                            FlowKind.SWAP,
                            TAKER,
                            (*amount(Side.IN, usdc=2_000 * E6), *amount(Side.OUT, weth=E18)),
                        ),
                    ),
                ),
                Decoded(VAULT.id, (), "log 9 is no Deposit event"),
            ),
        ),
    ),
]

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    (tmp_path / "watcher.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    with Store.create("sqlite:///watcher.db") as store:
        store.register(TARGETS)
        store.save_settings(SETTINGS)
        for number, (observed, reading) in enumerate(BLOCKS, start=1):
            stored = store.resume(CHAIN)
            branch = Branch(stored.cursor, stored.in_force, stored.computation_keys)
            watched = watchlist(TARGETS, SETTINGS)
            seen = {observed.target_id: observed, FEED.id: ok(FEED, feed_state(2_000))}
            store.commit_tick(advance(branch, block(number), seen, watched, flows=reading).tick)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["flow", *arguments])

    return invoke


def lines(done: Result) -> list[list[str]]:
    assert done.exit_code == 0, done.stderr
    return [
        [cell.strip() for cell in line.split("  ") if cell.strip()]
        for line in done.stdout.splitlines()
    ]


def document(done: Result) -> Any:
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_the_events_are_listed_and_summed(run: Run) -> None:
    done = run("WETH/USDC")
    heading, first, second, added, third, empty, totals, weth, usdc = lines(done)
    assert heading == ["block", "time", "log", "kind", "in", "out", "taker"]
    assert first[2:6] == ["4", "swap", "1 WETH", "2,000 USDC"]
    assert [second[0], second[2]] == ["2", "7"]
    assert added[2:] == ["2", "add", "10 WETH + 20,000 USDC"]
    assert third[3:6] == ["swap", "2,000 USDC", "1 WETH"]
    assert empty == []
    row = dict(zip(totals, weth, strict=True))
    assert (row["sold"], row["bought"], row["imbalance"]) == ("3", "1", "−50.00%")
    assert (row["added"], row["unexplained"]) == ("10", "0")
    assert dict(zip(totals, usdc, strict=True))["imbalance"] == "50.00%"
    assert done.stderr.strip() == (
        "of 4 stored blocks 1 are without their logs, at 1 of them no node had them"
    )


def test_a_span_of_blocks_for_programs_is_in_full(run: Run) -> None:
    found = document(run("WETH/USDC", "--from", "2", "--to", "2", "--limit", "1", "--json"))
    assert (found["from"], found["to"], found["blocks"], found["blocks_read"]) == (2, 2, 1, 1)
    [weth, usdc] = found["totals"]
    assert (weth["sold"], weth["bought"], weth["imbalance"]) == (str(3 * E18), "0", -1.0)
    assert (usdc["bought"], usdc["unexplained"]) == (str(6_000 * E6), 0.0)
    [event] = found["events"]
    assert (event["block"], event["log_index"], event["taker"]) == (2, 7, TAKER)
    assert event["amounts"][0] == {"side": "in", "token": WETH.address, "raw": str(2 * E18)}


def test_a_span_in_which_nothing_flowed(run: Run) -> None:
    found = document(run("WETH/USDC", "--to", "1", "--json"))
    assert (found["events"], found["totals"][0]["imbalance"]) == ([], None)
    assert found["totals"][0]["sold"] == "0"


def test_logs_that_are_none_are_told(run: Run) -> None:
    done = run("vault")
    assert "block 4: log 9 is no Deposit event" in done.stderr
    found = document(run("vault", "--json"))
    assert found["problems"] == [{"block": 4, "problem": "log 9 is no Deposit event"}]
    assert found["totals"][0]["unexplained"] is None


def test_older_events_are_counted(run: Run) -> None:
    assert (
        "3 older events are not listed: --limit lists more"
        in run("WETH/USDC", "--limit", "1").stderr
    )


def test_what_has_no_events_is_said(run: Run) -> None:
    done = run("ETH / USD")
    assert done.exit_code != 0
    assert "the events of chainlink are not decoded" in done.stderr
    done = run("WETH/USDC", "--from", "3", "--to", "2")
    assert "--from 3 is after --to 2" in done.stderr


def test_swaps_are_held_against_the_reference(run: Run) -> None:
    """The reference is 2,000 throughout; four WETH went in for 6,000, then one out for 2,000."""
    found = document(run("WETH/USDC", "--informed", "12s", "--json"))
    assert found["markout"] == pytest.approx(0.0, abs=1e-12), "all trades were at 2,000"
    assert found["wash_like"] == 0.0, "the taker ended two WETH short"
    assert (found["kyle_lambda"], found["skill"]) == (None, None)
    done = run("WETH/USDC", "--informed", "12s")
    assert done.exit_code == 0, done.stderr
    assert "return of the reference for 1 WETH bought net" in done.stdout
    assert "windows are too few to foretell by: it takes 30" in done.stderr


def test_what_is_no_pool_of_two_has_no_informed_flow(run: Run) -> None:
    done = run("vault", "--informed", "12s")
    assert "vault is no pool of two tokens: leave out --informed" in done.stderr
