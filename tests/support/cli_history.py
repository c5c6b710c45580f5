"""A history made by hand, and commands that are run on it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.support.strategies import address, feed, pool, vault
from watcher.alerts.rule import Rule
from watcher.cli.app import app
from watcher.math.settings import PriceSource, Settings
from watcher.protocols import chainlink, erc4626, uniswap_v2
from watcher.service.alarming import Alarming
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


def fill(url: str, newest: int, *, rules: Sequence[Rule] = ()) -> None:
    """Blocks FIRST to NEWEST, the last of them at the time `newest`, with what `rules` make of
    them."""
    start = newest - SECONDS * (NEWEST - FIRST)
    with Store.create(url) as store:
        store.register(TARGETS)
        store.save_settings(SETTINGS)
        branch = Branch(cursor=None, in_force={}, keys={})
        alarming = Alarming(CHAIN, store, rules, TARGETS, unit=SETTINGS.unit)
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
            store.commit_tick(alarming.judged(advanced.tick, branch.cursor))
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
