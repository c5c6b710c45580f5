"""What befell nodes and contracts, as `watcher status` and `watcher history --events` tell it."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.support.stored import CALM, CHAIN, POOL, START, TARGETS, VAULT, Watch, address, block
from watcher.cli.app import app
from watcher.cli.events import MOST_SHOWN, WORDS
from watcher.state.code import CodeEvent, Deployed
from watcher.state.endpoint_event import EndpointEvent, EventKind
from watcher.store import Store

NEWEST = 5
NOW = START + 12 * NEWEST + 3
HOUR = 3_600
A, B = "node-a.example:8545", "node-b.example"
LIE = "node-b.example answered the read of \x1b[31m\u202e0xA1 with 0x02 against 0x01 of the others"
FIRST, SECOND = address(0x1111), address(0x2222)

Run = Callable[..., Result]


def hashed(number: int) -> str:
    return f"0x{number:064x}"


CODES = (
    (Deployed(POOL.id, hashed(1), FIRST, hashed(7)), Deployed(VAULT.id, hashed(2))),
    (Deployed(POOL.id, hashed(1), SECOND, hashed(8)), Deployed(VAULT.id, None)),
    (Deployed(POOL.id, hashed(1), SECOND), Deployed(VAULT.id, hashed(2))),
    (Deployed(POOL.id, hashed(1)), Deployed(VAULT.id, hashed(3))),
)
EVENTS = (
    (NOW - 30 * HOUR, EndpointEvent(CHAIN, A, EventKind.KEY_REFUSED, "the key is refused")),
    (NOW - 2 * HOUR, EndpointEvent(CHAIN, B, EventKind.VALUE_OUTVOTED, LIE, block(2))),
    (NOW - 60, EndpointEvent(1, A, EventKind.WRONG_CHAIN, "of another chain than is watched")),
    (NOW, EndpointEvent(CHAIN, B, EventKind.AGREES_AGAIN, "it agrees again", block(5))),
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    clock = [float(NOW)]
    with Store.create(
        f"sqlite:///{tmp_path / 'watcher.db'}", now=lambda: datetime.fromtimestamp(clock[0], UTC)
    ) as store:
        watch = Watch(store)
        for number in range(NEWEST + 1):
            tick = watch.tick(block(number), *(CALM if number == 0 else ()))
            codes = CODES[number] if number < len(CODES) else ()
            store.commit_tick(replace(tick, codes=codes))
            watch.follow(tick)
        for at, event in EVENTS:
            clock[0] = at
            store.record_endpoint_events([event])
    (tmp_path / "watcher.toml").write_text(configuration())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def configuration() -> str:
    text = (
        'database = "sqlite:///watcher.db"\n'
        f'[chains."eip155:{CHAIN}"]\nendpoints = [{{ url = "http://127.0.0.1:9" }}]\n'
    )
    for target in TARGETS:
        text += (
            f'[[targets]]\nchain = "eip155:{CHAIN}"\nprotocol = "{target.protocol}"\n'
            f'address = "{target.address}"\nname = "{target.name}"\n'
        )
    return text


def document(done: Result) -> Any:
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def told(done: Result) -> list[list[str]]:
    """The lines of the second table, below the heading: ago, event, of, detail."""
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    below = lines[lines.index("") + 1 :]
    assert below[0].split() == ["ago", "event", "of", "detail"]
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in below[1:]]


def test_every_kind_has_its_words() -> None:
    assert set(WORDS) == {*EventKind, *CodeEvent}
    assert len(set(WORDS.values())) == len(WORDS)


def test_status_tells_what_befell_of_late_the_newest_first(run: Run) -> None:
    lines = told(run("status"))
    assert [line[1] for line in lines] == [
        "believed again",
        "other code",
        "upgraded",
        "code is back",
        "upgraded",
        "code gone",
        "upgraded",
        "outvoted on a value",
    ]
    assert lines[0] == ["0 s", "believed again", B, "it agrees again"]
    assert [line[3] for line in lines if line[1] == "upgraded"] == [
        "its proxy points nowhere any more, seen first at block 3",
        f"its proxy points at {SECOND}, where nothing is deployed, seen first at block 2",
        f"behind its proxy is now the code at {SECOND}, seen first at block 1",
    ]
    assert lines[-1][0] == "2 h"


def test_status_names_the_chain_where_there_are_several(run: Run) -> None:
    more = '[chains."eip155:1"]\nendpoints = [{ url = "http://127.0.0.1:9" }]\n'
    Path("watcher.toml").write_text(configuration().replace("[[targets]]", f"{more}[[targets]]", 1))
    names = {line[2] for line in told(run("status", "--since", "65s"))}
    assert {f"{A} (eip155:1)", f"{B} (eip155:{CHAIN})"} < names


def test_how_far_status_looks_back_can_be_said(run: Run) -> None:
    assert [line[1] for line in told(run("status", "--since", "5s"))] == ["believed again"]
    further = run("status", "--since", "2d")
    assert len(told(further)) == MOST_SHOWN + 1
    assert further.stdout.endswith("1 more within 2d: `watcher history --events` lists them\n")
    refused = run("status", "--since", "soon")
    assert refused.exit_code == 2
    assert "write a duration" in refused.stderr


def test_status_as_json_holds_them_beside_the_targets(run: Run) -> None:
    shown = document(run("status", "--json"))
    assert {row["target"] for row in shown["targets"]} == {target.name for target in TARGETS}
    assert len(shown["events"]) == 8
    assert shown["events"][0] == {
        "time": "2023-11-14T20:14:23Z",
        "chain": f"eip155:{CHAIN}",
        "of": "node",
        "name": B,
        "event": "value_outvoted",
        "block": 2,
        "detail": LIE,
    }
    gone = next(row for row in shown["events"] if row["event"] == "destroyed")
    assert (gone["of"], gone["name"], gone["block"]) == ("contract", "vault", 1)


def test_a_contract_that_is_no_longer_watched_is_left_to_the_history(run: Run) -> None:
    Path("watcher.toml").write_text(configuration().replace(VAULT.address, address(0xDD)))
    events = document(run("status", "--json"))["events"]
    assert {row["name"] for row in events} == {B, POOL.name}
    assert "vault" in {row["name"] for row in document(run("history", "--events", "--json"))}


def test_history_lists_all_of_them_the_oldest_first(run: Run) -> None:
    rows = document(run("history", "--events", "--json"))
    assert [row["event"] for row in rows] == [
        "key_refused",
        "value_outvoted",
        "implementation_changed",
        "destroyed",
        "implementation_changed",
        "deployed",
        "implementation_changed",
        "code_changed",
        "agrees_again",
    ]
    assert "wrong_chain" not in {row["event"] for row in rows}, "a chain that is not in the file"


def test_history_of_events_of_one_target_and_of_some_blocks(run: Run) -> None:
    of_pool = document(run("history", "--events", "WETH/USDC", "--json"))
    assert {row["name"] for row in of_pool} == {"WETH/USDC"}
    assert [row["block"] for row in of_pool] == [1, 2, 3]
    some = document(run("history", "--events", "--from", "2", "--to", "2", "--json"))
    assert {(row["name"], row["block"]) for row in some} == {(B, 2), ("WETH/USDC", 2), ("vault", 2)}
    newest = run("history", "--events", "--limit", "1")
    assert "only the newest 1 are shown" in newest.stderr
    assert "it agrees again" in newest.stdout
    assert "no such event" in run("history", "--events", "--from", "9").stderr


def test_what_does_not_go_together_is_refused(run: Run) -> None:
    assert "give --events or --measure" in run("history", "--events", "-m", "spot_price").stderr
    nothing = run("history")
    assert (nothing.exit_code, "say of which target" in nothing.stderr) == (2, True)


@pytest.mark.parametrize("command", [["status"], ["history", "--events"]], ids=" ".join)
@pytest.mark.parametrize("format_", ["table", "json", "csv"])
def test_what_a_node_wrote_does_not_act_on_a_terminal(
    run: Run, command: list[str], format_: str
) -> None:
    shown = run(*command, "--format", format_).stdout
    assert (
        "[31m0xA1 with 0x02" in shown
        or (command, format_) == (["status"], "csv")
        or (format_ == "json" and "\\u001b[31m\\u202e0xA1" in shown)
    )
    assert not {char for char in shown if char != "\n" and unicodedata.category(char)[0] == "C"}
