"""The commands that compute from the history or from a file, on a history made by hand."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli_history import (
    Run,
    document,
    table,
)

# state, measure and quote, from the store and from a file


def test_a_file_measures_as_the_store_does(run: Run, folder: Path) -> None:
    file = folder / "off.json"
    assert run("state", "off", "--at", "104", "--out", str(file)).exit_code == 0
    assert json.loads(run("state", "off", "--at", "104").stdout) == json.loads(file.read_text())
    stored = document(run("measure", "off", "--at", "104", "--json"))
    assert document(run("measure", "--state", str(file), "--json")) == stored
    assert {row["block"] for row in stored} == {104}


def test_measures_are_those_that_were_stored(run: Run) -> None:
    stored = document(run("history", "off", "-m", "slippage", "-m", "arbitrage_value", "--json"))
    now = document(run("measure", "off", "--json"))

    def values(rows: list[dict[str, Any]]) -> dict[str, float]:
        return {f"{row['measure']} {row['dims']}": row["value"] for row in rows}

    newest = values([row for row in stored if row["block"] == 106])
    assert newest
    assert newest.items() <= values(now).items()


def test_a_file_without_prices_has_no_reference(run: Run, folder: Path) -> None:
    plain = json.loads(run("state", "off").stdout)
    del plain["prices"]
    (folder / "bare.json").write_text(json.dumps(plain))
    rows = document(run("measure", "--state", "bare.json", "--json"))
    by_name = {row["measure"]: row for row in rows}
    assert by_name["spot_price"]["value"] == pytest.approx(1957.8)
    assert by_name["reference_price"]["value"] is None
    assert by_name["reference_price"]["reason"].endswith("the file holds no prices")


def test_a_file_needs_neither_configuration_nor_database(
    run: Run,
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = folder / "off.json"
    run("state", "off", "--out", str(file))
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    assert run("measure", "--state", str(file)).exit_code == 0
    Path("watcher.toml").write_text("nonsense = ")
    done = run("measure", "--state", str(file))
    assert done.exit_code == 0
    assert done.stderr == "watcher.toml cannot be used: the trade sizes are the defaults\n"
    assert run("measure", "--state", str(file), "--config", "watcher.toml").exit_code == 5


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "off.json: it is not JSON"),
        (b"\xff\xfe", "off.json: it is no UTF-8 text"),
        (b"[" * 100_000, "off.json: it is not JSON: the brackets"),
        (b"x" * 1_000_001, "off.json is over 1,000,000 bytes"),
    ],
)
def test_a_damaged_file_gives_a_sentence(
    run: Run, folder: Path, content: bytes, sentence: str
) -> None:
    (folder / "off.json").write_bytes(content)
    for command in (["measure"], ["quote", "--in", "0", "--out", "1", "--amount", "1"]):
        done = run(*command, "--state", "off.json")
        assert done.exit_code == 2
        assert done.stderr.startswith(f"watcher: {sentence}")
        assert done.stdout == ""


def test_quote_says_what_a_trade_pays(run: Run) -> None:
    lines = table(run("quote", "off", "--in", "weth", "--out", "usdc", "--amount", "10"))
    assert lines[1:] == [
        ["in", "10 WETH", "10000000000000000000 smallest units"],
        ["out", "19,326.579997 USDC", "19326579997 smallest units"],
        ["average price", "1,932.66 USDC per WETH"],
        ["marginal price", "1,957.80 USDC per WETH", "before the trade"],
        ["slippage", "1.28%", "with the fee of 0.30%"],
        ["price impact", "0.99%", "without the fee"],
    ]


def test_quote_explains_itself_with_the_contracts_names(run: Run) -> None:
    quoted = document(
        run("quote", "off", "--in", "0", "--out", "1", "--amount", "10", "--explain", "--json")
    )
    explanation = quoted["explanation"]
    assert explanation["function"] == "UniswapV2Library.getAmountOut"
    names = [line["name"] for line in explanation["lines"]]
    assert names == ["amountInWithFee", "numerator", "denominator", "amountOut"]
    assert explanation["lines"][-1]["value"] == quoted["amount_out_raw"] == "19326579997"
    shown = run("quote", "off", "--in", "0", "--out", "1", "--amount", "10", "--explain").stdout
    assert "= amountIn * 997\n" in shown
    assert "= 10000000000000000000 * 997\n" in shown


def test_quote_of_what_comes_out(run: Run) -> None:
    quoted = document(
        run("quote", "vault", "--in", "usdc", "--out", "1", "--amount-out", "1", "--json")
    )
    assert quoted["amount_out"] == "1"
    assert quoted["amount_in_raw"] == "1250000"
    assert quoted["asked"] == "amount_out"
    assert quoted["fee"] == 0


def test_a_trade_that_would_revert_is_a_failed_check(run: Run) -> None:
    done = run("quote", "off", "--in", "0", "--out", "1", "--amount-out", "1957800")
    assert done.exit_code == 3
    assert "off would revert at block 110: INSUFFICIENT_LIQUIDITY" in done.stderr
    assert done.stdout == ""


def test_what_cannot_be_asked_is_a_usage_error(run: Run) -> None:
    quote = ["quote", "off", "--in", "0", "--out", "1"]
    for arguments, sentence in (
        (quote, "give --amount to sell or --amount-out to buy"),
        ([*quote, "--amount", "1", "--at", "999"], "the newest is 110"),
        ([*quote, "--amount", "1", "--at", "99"], "the history begins at 100"),
        (["quote", "gone", *quote[2:], "--amount", "1"], "it is reverted since block 108"),
        (["quote", "ETH / USD", *quote[2:], "--amount", "1"], "is a price feed"),
        (["measure"], "name a target, or a file with --state"),
        (["measure", "off", "--state", "x.json"], "and not both"),
        (["measure", "offf"], "did you mean"),
    ):
        done = run(*arguments)
        assert done.exit_code == 2, arguments
        assert sentence in done.stderr


# recompute and db


def test_recompute_finds_nothing_and_then_the_row_that_was_edited(run: Run, folder: Path) -> None:
    done = run("recompute")
    assert done.exit_code == 0
    assert done.stdout.endswith("no difference\n")
    with closing(sqlite3.connect(folder / "watcher.db")) as connection, connection:
        connection.execute(
            "UPDATE amount SET raw = ? WHERE field = 'reserve1' AND observation_id = "
            "(SELECT min(id) FROM observation)",
            ((2_001_000 * 10**6 + 1).to_bytes(32, "big"),),
        )
    done = run("recompute")
    assert done.exit_code == 3
    assert "of calm at block 100" in done.stdout
    assert "2001000000001" in done.stdout
    assert done.stdout.endswith("1 difference\n")
    found = json.loads(run("recompute", "--json").stdout)
    assert found["found"] == 1
    assert found["differences"][0]["table"] == "amount"
    assert found["checked"]["measures"] > 100


def test_db_upgrade_makes_the_database_and_current_tells_its_schema(run: Run, folder: Path) -> None:
    (folder / "watcher.db").unlink()
    done = run("db", "current")
    assert done.stdout.endswith("no schema yet; `watcher db upgrade` makes it\n")
    assert run("status").exit_code == 5
    assert run("db", "upgrade").stdout.endswith("(new)\n")
    assert run("db", "upgrade").stdout.endswith("nothing to do\n")
    assert document(run("db", "current", "--json"))["current"] is True
