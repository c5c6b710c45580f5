"""`watcher init --list ethereum` against a chain with the id 1 that bears it out, or does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.e2e.command import watcher
from tests.support.mainnet import Mainnet, make_mainnet, put_feed, put_vault
from watcher.chain.anvil import run_anvil
from watcher.cli.app import app
from watcher.config import Config, load_config
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.local_chain import LocalChain, local_options
from watcher.protocols import Entry
from watcher.state import to_address

pytestmark = pytest.mark.anvil

DAI = to_address("0x6B175474E89094C44Da98b954EedeAC495271d0F")
TOKEN1_SLOT = 7
"""Of UniswapV2Pair."""


def configured(folder: Path, url: str) -> tuple[Path, Config]:
    """The list as it is written, with a node, and nothing else touched."""
    file = folder / "watcher.toml"
    done = CliRunner().invoke(app, ["init", "--list", "ethereum", str(file)])
    assert done.exit_code == 0, done.output
    return file, load_config(file, {"ETH_RPC_URL": url})


@dataclass(frozen=True, slots=True)
class Listed:
    mainnet: Mainnet
    config: Config

    def entry(self, name: str) -> Entry:
        return next(one for one in self.config.entries if one.name == name)


@pytest.fixture(scope="module")
def made(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listed]:
    with run_anvil(toolchain.anvil, replace(local_options(), chain_id=1)) as anvil:
        _, config = configured(tmp_path_factory.mktemp("list"), anvil.url)
        chain = LocalChain(anvil.url)
        yield Listed(make_mainnet(chain, toolchain, config.entries), config)


@pytest.fixture
def listed(made: Listed) -> Iterator[Listed]:
    chain = made.mainnet.chain
    snapshot = chain.snapshot()
    try:
        yield made
    finally:
        chain.revert(snapshot)


def check(file: Path, url: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = CliRunner().invoke(
        app, ["check", "--config", str(file), "--json"], env={"ETH_RPC_URL": url}
    )
    return done.exit_code, {one["what"]: one for one in json.loads(done.stdout)}


def test_every_entry_is_confirmed_by_the_real_contracts_at_its_address(
    listed: Listed, tmp_path: Path
) -> None:
    url = listed.mainnet.chain.url
    file, config = configured(tmp_path, url)
    code, told = check(file, url)
    assert code == 0, told
    assert {entry.name for entry in config.entries} <= told.keys()
    done = watcher("once", "--config", str(file), cwd=tmp_path, extra={"ETH_RPC_URL": url})
    assert done.returncode == 0, done.stderr


def test_an_entry_that_the_chain_contradicts_is_refused_loudly_and_nothing_is_watched(
    listed: Listed, tmp_path: Path
) -> None:
    mainnet = listed.mainnet
    nothing = "0x"
    pair, pool = listed.entry("dai-weth"), listed.entry("usdc-weth-500")
    mainnet.store(pair.address, TOKEN1_SLOT, DAI)
    mainnet.chain.request("anvil_setCode", pool.address, nothing)
    put_vault(mainnet, listed.entry("sfrxeth"), DAI)
    put_feed(mainnet, listed.entry("btc-usd").address, "ETH / BTC")
    url = mainnet.chain.url
    file, _ = configured(tmp_path, url)
    code, told = check(file, url)
    assert code == 5
    sentences = {
        "dai-weth": f"does not know {pair.address} as the pair of",
        "usdc-weth-500": f"nothing is deployed at {pool.address}",
        "sfrxeth": f"its token 0 is a token without a symbol at {DAI}, the file says",
        "btc-usd": "its description is 'ETH / BTC', the file says 'BTC / USD'",
    }
    wrong = {name for name, one in told.items() if one["result"] == "wrong"}
    assert wrong == sentences.keys()
    for name, sentence in sentences.items():
        assert sentence in told[name]["detail"]
    for command in ("once", "run"):
        done = watcher(command, "--config", str(file), cwd=tmp_path, extra={"ETH_RPC_URL": url})
        assert done.returncode == 5, (command, done.stderr)
        for name, sentence in sentences.items():
            assert name in done.stderr
            assert sentence in done.stderr


def test_another_chain_than_the_lists_is_refused_before_anything_is_read(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    with run_anvil(toolchain.anvil, local_options()) as anvil:
        file, _ = configured(tmp_path, anvil.url)
        done = watcher(
            "once", "--config", str(file), cwd=tmp_path, extra={"ETH_RPC_URL": anvil.url}
        )
    assert done.returncode == 5, done.stderr
    assert "is on chain 31337, the configuration says eip155:1" in done.stderr
