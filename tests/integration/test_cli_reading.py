"""The commands that read the history, on one made by hand and told as a person would read it."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import time
import unicodedata
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.support.strategies import address, feed, pool, vault
from watcher.cli.app import app
from watcher.math.settings import PriceSource, Settings
from watcher.protocols import chainlink, erc4626, uniswap_v2
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Block, Observation, State, Status, Target, Token
from watcher.store import Store

CHAIN = 31337
FIRST, NEWEST = 100, 110
SECONDS = 12
LATEST = 1_700_000_000
NOW = LATEST + 3

WETH, USDC = Token(address(0xE), 18, "WETH"), Token(address(0xC), 6, "USDC")
OLD = Token(address(0x01D), 18, "OLD")
MARKUP = Token(address(0xBAD1), 18, "[/b][red]\x1b[31m\u202e=X\u05d0")
FORMULA = Token(address(0xBAD2), 18, "=cmd|' /C calc'!A0")

ETH_USD = Target(CHAIN, chainlink.PROTOCOL, address(0xF1), "price_feed", name="ETH / USD")
OLD_USD = Target(CHAIN, chainlink.PROTOCOL, address(0xF2), "price_feed", name="OLD / USD")
VAULT = Target(
    CHAIN,
    erc4626.PROTOCOL,
    address(0xA9),
    "share_vault",
    tokens=(USDC,),
    share=Token(address(0xA9), 12, "vUSDC"),
    name="vault",
)


def pair(number: int, name: str, *tokens: Token) -> Target:
    share = Token(address(number), 18, "UNI-V2")
    return Target(
        CHAIN,
        uniswap_v2.PROTOCOL,
        address(number),
        "constant_product",
        tokens=tokens,
        share=share,
        name=name,
    )


CALM = pair(0xA1, "calm", WETH, USDC)
OFF = pair(0xA2, "off", WETH, USDC)
TENSE = pair(0xA3, "tense", WETH, USDC)
STALE = pair(0xA4, "stale", OLD, USDC)
GONE = pair(0xA5, "gone", WETH, USDC)
HOSTILE = pair(0xA6, "hostile", MARKUP, FORMULA)
TARGETS = (CALM, OFF, TENSE, STALE, GONE, HOSTILE, VAULT, ETH_USD, OLD_USD)

SETTINGS = Settings(
    unit="USD",
    sizes=(1_000.0, 10_000.0),
    prices=(
        PriceSource(CHAIN, WETH.address, "chainlink", ETH_USD.id, heartbeat=3_600),
        PriceSource(CHAIN, OLD.address, "chainlink", OLD_USD.id, heartbeat=60),
        PriceSource(CHAIN, USDC.address, "fixed", value=1.0),
        PriceSource(CHAIN, MARKUP.address, "fixed", value=1.0),
        PriceSource(CHAIN, FORMULA.address, "fixed", value=1.0),
    ),
)

CONFIG = """
database = "sqlite:///watcher.db"
sizes = [1000, 10000]
[chains."eip155:31337"]
poll_seconds = 1
endpoints = [{ url = "http://127.0.0.1:9" }]
"""


def dollars(usdc: int) -> State:
    """1000 WETH against `usdc`: at 2,000,000 the pool is at the feed."""
    return pool(1_000 * 10**18, usdc * 10**6, decimals=(18, 6))


def readings(number: int, start: int) -> list[tuple[Target, State | Status]]:
    return [
        (CALM, dollars(2_001_000)),
        (OFF, dollars(2_000_000 if number < 106 else 1_957_800)),
        (TENSE, dollars(2_000_000 if number < 103 else 2_030_000)),
        (STALE, pool(10**21, 10**9, decimals=(18, 6))),
        (GONE, dollars(2_000_000) if number < 108 else Status.REVERTED),
        (HOSTILE, pool(10**21, 2 * 10**21)),
        (VAULT, vault(5 * 10**11, 4 * 10**17, offset=6, decimals=6)),
        (ETH_USD, feed(2_000 * 10**8, updated_at=start)),
        (OLD_USD, feed(10**8, updated_at=start)),
    ]


def observation(target: Target, found: State | Status) -> Observation:
    if isinstance(found, Status):
        return Observation(target.id, found, detail="getReserves() reverted")
    return Observation(target.id, Status.OK, found)


def fill(url: str, newest: int) -> None:
    """Blocks FIRST to NEWEST, the last of them at the time `newest`."""
    start = newest - SECONDS * (NEWEST - FIRST)
    with Store.create(url) as store:
        store.register(TARGETS)
        store.save_settings(SETTINGS)
        branch = Branch(cursor=None, in_force={}, keys={})
        for number in range(FIRST, NEWEST + 1):
            block = Block(
                CHAIN,
                number,
                f"0x{number:064x}",
                f"0x{number - 1:064x}",
                start + SECONDS * (number - FIRST),
            )
            observed = {
                target.id: observation(target, found) for target, found in readings(number, start)
            }
            advanced = advance(branch, block, observed, watchlist(TARGETS, SETTINGS))
            store.commit_tick(advanced.tick)
            branch = advanced.branch


def configuration() -> str:
    text = CONFIG
    unread = pair(0xAF, "unread", WETH, USDC)
    for target in (*TARGETS, unread):
        if target.protocol != chainlink.PROTOCOL:
            text += (
                f'[[targets]]\nchain = "eip155:{CHAIN}"\nprotocol = "{target.protocol}"\n'
                f'address = "{target.address}"\nname = "{target.name}"\n'
            )
    for source in SETTINGS.prices:
        text += f'[[prices]]\ntoken = "eip155:{CHAIN}/erc20:{source.token}"\n'
        feeds = {target.id: target for target in (ETH_USD, OLD_USD)}
        if source.feed_id:
            text += (
                f'source = "chainlink"\naddress = "{feeds[source.feed_id].address}"\n'
                f'heartbeat = "{source.heartbeat}s"\n'
            )
        else:
            text += f'source = "fixed"\nvalue = {source.value}\n'
    return text


Run = Callable[..., Result]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("filled") / "watcher.db"
    fill(f"sqlite:///{database}", LATEST)
    return database


@pytest.fixture
def folder(tmp_path: Path, filled: Path) -> Path:
    (tmp_path / "watcher.toml").write_text(configuration())
    for file in filled.parent.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in the folder, at the time NOW."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(time, "time", lambda: float(NOW))

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return invoke


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def table(done: Result) -> list[list[str]]:
    assert done.exit_code == 0, done.stderr
    return [cells(line) for line in done.stdout.splitlines()]


def document(done: Result) -> Any:
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


# status


def test_status_puts_first_what_needs_a_person(run: Run) -> None:
    heading, *lines = table(run("status"))
    assert heading == ["state", "target", "why", "since", "data"]
    words = [(line[0], line[1]) for line in lines]
    assert words == [
        ("breached", "hostile"),
        ("blind", "stale"),
        ("blind", "gone"),
        ("blind", "unread"),
        ("blind", "OLD / USD"),
        ("strained", "off"),
        ("strained", "tense"),
        ("healthy", "2 targets, 1 feed"),
    ]


def why(run: Run, name: str) -> list[str]:
    return next(line[2:] for line in table(run("status", "--all")) if line[1] == name)


def test_status_says_why_and_since_when(run: Run) -> None:
    text, since, data = why(run, "off")
    assert text == "WETH 2.11% under reference, depth to 1% $9,880"
    assert (since, data) == ("51 s", "3 s")


def test_status_names_the_feed_that_is_stale(run: Run) -> None:
    text, since, _ = why(run, "stale")
    assert text == "no reference for OLD: feed OLD / USD is stale (heartbeat 60 s)"
    assert since == "51 s"
    text, since, _ = why(run, "OLD / USD")
    assert text == "is stale (heartbeat 60 s), last answer 2 min before"
    assert since == "63 s"


def test_status_says_what_could_not_be_read(run: Run) -> None:
    text, since, _ = why(run, "gone")
    assert text == "could not be read: reverted, getReserves() reverted"
    assert since == "27 s"
    assert why(run, "unread") == ["not read yet: run `watcher once`"]


def test_status_as_json_lists_every_target(run: Run) -> None:
    rows = {row["target"]: row for row in document(run("status", "--json"))["targets"]}
    assert set(rows) == {target.name for target in TARGETS} | {"unread"}
    off = rows["off"]
    assert off["state"] == "strained"
    assert off["measure"] == "ln_spot_over_reference"
    assert off["value"] == pytest.approx(-0.0213, abs=1e-4)
    assert off["address"] == OFF.address
    assert (off["since_seconds"], off["data_age_seconds"]) == (51, 3)
    assert rows["unread"]["block"] is None


def test_status_ends_with_3_only_when_asked(run: Run) -> None:
    assert run("status").exit_code == 0
    assert run("status", "--exit-code").exit_code == 3


def test_data_that_are_late_make_blind(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # Ten polls of a second and five blocks of 12 s are waited for.
    monkeypatch.setattr(time, "time", lambda: LATEST + 70.0)
    assert "healthy" in run("status").stdout
    monkeypatch.setattr(time, "time", lambda: LATEST + 200.0)
    lines = table(run("status"))[1:]
    [late] = [line for line in lines if line[1] == "4 targets, 1 feed"]
    assert late == [
        "blind",
        "4 targets, 1 feed",
        "no new block for 3 min: is `watcher run` running?",
        "3 min",
        "3 min",
    ]
    assert lines[0][0] == "breached"
    assert lines[0][2].strip("\u2068\u2069").endswith("; no new block for 3 min")
    assert not any(line[0] in {"healthy", "strained"} for line in lines)
    rows = document(run("status", "--json"))["targets"]
    calm = next(row for row in rows if row["target"] == "calm")
    assert (calm["state"], calm["state_when_seen"]) == ("blind", "healthy")
    assert run("status", "--exit-code").exit_code == 3


# history


def test_history_shows_the_key_measures_where_something_changed(run: Run) -> None:
    heading, *lines = table(run("history", "off"))
    assert heading == ["block", "time", "measure", "dims", "value", "unit"]
    assert {line[0] for line in lines} == {"100", "106"}
    last = [line[2:] for line in lines[-7:]]
    assert last == [
        ["spot_price", "1,957.80", "USDC per WETH"],
        ["reference_price", "2,000.00", "USDC per WETH"],
        ["ln_spot_over_reference", "−0.0213258", "ln"],
        ["disparity_value", "1.07%"],
        ["depth_money", "WETH in, to 1%", "10,090.8", "USD"],
        ["depth_money", "USDC in, to 1%", "9,877.85", "USD"],
        ["arbitrage_value", "166.305", "USD"],
    ]


def test_history_for_programs_is_in_full(run: Run) -> None:
    rows = document(
        run("history", "off", "-m", "depth_money", "--from", "106", "--to", "106", "--json")
    )
    assert [row["dims"] for row in rows] == [
        {"move": "0.01", "token_in": WETH.address},
        {"move": "0.01", "token_in": USDC.address},
    ]
    assert rows[0]["block"] == 106
    assert rows[0]["time"].endswith("Z")
    assert rows[0]["unit"] == "USD"
    assert rows[0]["reason"] is None
    done = run(
        "history", "off", "-m", "depth_money", "--from", "106", "--to", "106", "--format=csv"
    )
    [first, _] = list(csv.DictReader(io.StringIO(done.stdout)))
    assert json.loads(first["dims"]) == rows[0]["dims"]
    assert float(first["value"]) == rows[0]["value"]


def test_history_says_what_it_leaves_out(run: Run) -> None:
    done = run("history", "off", "--limit", "3")
    assert len(done.stdout.splitlines()) == 4
    assert "only the newest 3 are shown" in done.stderr
    assert run("history", "off", "--limit", "1000").stderr == ""


def test_history_gives_the_reason_where_there_is_no_figure(run: Run) -> None:
    rows = table(run("history", "stale", "-m", "ln_spot_over_reference"))
    assert rows[-1][-1] == "no reference for OLD: the feed is stale (heartbeat 60 s)"
    [*_, last] = document(run("history", "gone", "-m", "spot_price", "--json"))
    assert (last["value"], last["reason"]) == (None, "target is reverted")


def test_history_suggests_the_measure_that_was_meant(run: Run) -> None:
    done = run("history", "off", "-m", "spot_pric")
    assert done.exit_code == 2
    assert done.stderr == 'watcher: unknown measure "spot_pric"; did you mean "spot_price"?\n'
    done = run("history", "off", "-m", "price_per_share")
    assert done.exit_code == 2
    assert "price_per_share is no measure of a constant_product" in done.stderr


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


# hostile text

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
