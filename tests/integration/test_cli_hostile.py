"""Symbols of tokens that would act on a terminal, a spreadsheet or a reader."""

from __future__ import annotations

import csv
import io
import json
import time
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.cli_history import (
    CHAIN,
    FORMULA,
    MARKUP,
    SETTINGS,
    USDC,
    WETH,
    Run,
    configuration,
    document,
    dollars,
    observation,
    pair,
)
from watcher.cli.app import app
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Block
from watcher.store import Store

COMMANDS = (
    ["status"],
    ["status", "--all"],
    ["history", "hostile"],
    ["measure", "hostile"],
    ["quote", "hostile", "--in", "0", "--out", "1", "--amount", "1"],
)
ISOLATES = {"\u2068", "\u2069"}


def acting(text: str) -> set[str]:
    return {char for char in text if char != "\n" and unicodedata.category(char)[0] == "C"}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_symbol_acts_on_a_terminal_or_a_spreadsheet(run: Run, command: list[str]) -> None:
    shown = run(*command)
    assert shown.exit_code == 0
    assert acting(shown.stdout) <= ISOLATES
    if command[0] != "status" or "--all" in command:
        assert "[/b][red][31m=X" in shown.stdout
    as_csv = run(*command, "--format", "csv")
    for row in csv.reader(io.StringIO(as_csv.stdout)):
        for cell in row:
            assert not cell.startswith(("=", "+", "@"))
            assert not cell.startswith("-") or float(cell) < 0
    assert not acting(as_csv.stdout)
    as_json = run(*command, "--format", "json")
    assert not acting(as_json.stdout)
    json.loads(as_json.stdout)


def test_json_keeps_a_symbol_as_the_contract_gave_it(run: Run) -> None:
    quoted = document(run("quote", "hostile", "--in", "0", "--out", "1", "--amount", "1", "--json"))
    assert (quoted["symbol_in"], quoted["symbol_out"]) == (MARKUP.symbol, FORMULA.symbol)


def test_an_error_with_a_hostile_symbol_is_one_line(run: Run) -> None:
    done = run("quote", "hostile", "--in", "nothing", "--out", "1", "--amount", "1")
    assert done.exit_code == 2
    assert not acting(done.stderr)
    assert len(done.stderr.splitlines()) == 1


def test_two_tokens_of_one_symbol_are_told_apart(tmp_path: Path, monkeypatch: Any) -> None:
    twins = pair(0xA8, "twins", WETH, replace(USDC, symbol="weth"))
    states = {twins.id: observation(twins, dollars(2_000_000))}
    block = Block(CHAIN, 1, "0x" + "ab" * 32, "0x" + "cd" * 32, int(time.time()))
    with Store.create(f"sqlite:///{tmp_path / 'watcher.db'}") as store:
        store.register([twins])
        store.save_settings(SETTINGS)
        start = Branch(cursor=None, in_force={}, keys={})
        store.commit_tick(advance(start, block, states, watchlist([twins], SETTINGS)).tick)
    (tmp_path / "watcher.toml").write_text(configuration())
    monkeypatch.chdir(tmp_path)
    quote = ["quote", "twins", "--out", "1", "--amount", "1"]
    done = CliRunner().invoke(app, [*quote, "--in", "weth"])
    assert done.exit_code == 2
    assert "'weth' names 2 coins of twins: it has 0 WETH (0x0000…000E)" in done.stderr
    assert CliRunner().invoke(app, [*quote, "--in", WETH.address]).exit_code == 0
